"""Pictures as inline SVG: small, the same bytes every time, legible in grey, drawn for the width of a phone.

Colours are those of Okabe & Ito (2008); no meaning rests on colour alone: shape, line or word says it too.
"""

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from kaur_analysis.formats import number
from kaur_analysis.reporting.figures import HIGHER, LOWER, SIGNS, UNCLEAR
from kaur_analysis.reporting.grids import least_moved

BLUE, ORANGE, GREEN, VERMILLION, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7"
INK, GREY, PALE = "#1a1a1a", "#595959", "#e6e6e6"
ORANGE_INK = "#9A6A00"  # the orange, darkened until it stands out from paper three to one
BESIDE = 20  # characters; longer labels stand above their bar
LABEL = 12  # a point is a pixel on a phone, and 8.5 points in a column of the printed page
WIDTH_INCHES = 4.7  # 338 points, the content width of a 360 px phone: a point is a pixel there
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same widths on every computer
    "font.size": LABEL,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "path.simplify": True,
    "figure.dpi": 72,
}


def canvas(height: float, width: float = WIDTH_INCHES) -> tuple[Canvas, Axes]:
    """An empty figure in the project's style; no window, no global state."""
    with mpl.rc_context(STYLE):
        figure = Canvas(figsize=(width, height))
        return figure, figure.add_subplot()


def _within(figure: Canvas, left: Sequence[str], right: Sequence[str], top: float, bottom: float) -> None:
    """Leave room (points) for the words left and right of the axes, so that the picture is as wide as a phone."""
    width, height = (size * 72 for size in figure.get_size_inches())
    aside, beyond = (max(map(len, texts), default=0) * 0.56 * LABEL for texts in (left, right))
    figure.subplots_adjust(
        left=(aside + 6) / width, right=1 - (beyond + 10) / width, top=1 - top / height, bottom=bottom / height
    )


def _cut(label: str, longest: int = 22) -> str:
    """A label that would not leave room for the picture ends in an ellipsis; the table beside it has all of it."""
    return label if len(label) <= longest else label[: longest - 1].rstrip() + "…"


def svg(figure: Canvas, name: str) -> Markup:
    """The figure as an inline SVG that screen readers skip: its text alternative stands beside it.

    Parameters
    ----------
    name
        Prefix of the ids inside, so that pictures on one page do not share any.
    """
    for words in figure.findobj(Text):
        words.set_parse_math(False)  # a dollar sign in a name is a dollar sign
    stream = io.StringIO()
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        figure.savefig(
            stream,
            format="svg",
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
            bbox_inches=_as_far_as_drawn(figure),
        )
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', text))
    text = re.sub(r'(<g[^>]*?) id="([^"]+)"', lambda m: m.group(0) if m.group(2) in used else m.group(1), text)
    for identifier in sorted(used, key=len, reverse=True):
        text = text.replace(f'"{identifier}"', f'"{name}-{identifier}"').replace(
            f"#{identifier}", f"#{name}-{identifier}"
        )
    text = re.sub(r' xmlns:xlink="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(r' xmlns="[^"]*"', "", text)
    text = re.sub(r'<svg ([^>]*?)width="[^"]*"', r"<svg \1", text, count=1)
    text = re.sub(r'<svg ([^>]*?)height="[^"]*"', r'<svg \1aria-hidden="true" focusable="false"', text, count=1)
    text = re.sub(r"font-family: [^;\"]*", "font-family: Arial, Helvetica, sans-serif", text)
    text = re.sub(r">\s+<", "><", text)
    return Markup(text.strip())


def _as_far_as_drawn(figure: Canvas) -> Bbox:
    """What is drawn on, with a little room around: as ``savefig`` finds it itself, but by drawing everything once."""
    width, height = figure.get_size_inches() * figure.dpi
    return figure.get_tightbbox(RendererSVG(width, height, io.StringIO(), image_dpi=figure.dpi)).padded(0.02)


MARKERS = {HIGHER: "^", LOWER: "v", UNCLEAR: "o"}
COLOURS = {HIGHER: VERMILLION, LOWER: BLUE}


def dots(
    labels: Sequence[str],
    values: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    texts: Sequence[str],
    words: Sequence[str],
    own: Sequence[bool],
    reference: float,
    reference_text: str,
    unit: str,
) -> Canvas:
    """Dot and interval per area; the shape is the comparison's, the own area is a filled diamond in bold.

    Areas come in the order given, the first on top; a missing value leaves its line empty but for the text.
    """
    count = len(labels)
    figure, axes = canvas(0.27 * count + 0.6)
    labels = [_cut(label) for label in labels]
    _within(figure, labels, texts, top=20, bottom=22)
    scale = 100 if unit == "bagian" else 1
    position = np.arange(count)
    for place in range(count):
        value, low, high = (scale * part[place] for part in (values, lows, highs))
        mine, word = own[place], words[place]
        if not np.isnan(value):
            colour = INK if mine else COLOURS.get(word, GREY)
            if not np.isnan(low):
                axes.plot(
                    [low, high], [place, place], color=colour, linewidth=2.4 if mine else 1.4, solid_capstyle="butt"
                )
            axes.plot(
                [value],
                [place],
                marker="D" if mine else MARKERS.get(word, "s"),
                color=colour,
                markersize=7.5 if mine else 6,
                markerfacecolor=colour if mine or word in COLOURS else "white",
                markeredgewidth=1.3,
                linestyle="none",
            )
        axes.annotate(
            texts[place], (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=LABEL,
            fontweight="bold" if mine else "normal", annotation_clip=False,
        )  # fmt: skip
    axes.set_yticks(position, labels, fontsize=LABEL)
    for label, mine in zip(axes.get_yticklabels(), own, strict=True):
        label.set_fontweight("bold" if mine else "normal")
    axes.set_ylim(count - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    if not np.isnan(reference):
        axes.axvline(scale * reference, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=0)
        axes.annotate(reference_text, (scale * reference, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
                      textcoords="offset points", ha="center", fontsize=LABEL, annotation_clip=False)  # fmt: skip
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(
        lambda tick, _: number(tick, 0 if tick == round(tick) else 1) + ("%" if scale == 100 else "")
    )
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(4))
    return figure


def _name_dots(axes: Axes, labels: Sequence[str], x: np.ndarray, y: np.ndarray) -> None:
    """Write each name right, left, above or below its dot, where it covers no other; else leave it to the table."""
    wide, high = axes.get_xlim()[1] / 270, axes.get_ylim()[1] / 215  # about one point in data units
    taken = [(px - 4 * wide, px + 4 * wide, py - 4 * high, py + 4 * high) for px, py in zip(x, y, strict=True)]
    labels = [_cut(label) for label in labels]
    for place in np.argsort(-y, kind="stable"):
        length = 0.53 * LABEL * len(labels[place]) * wide
        choices = [
            ("left", x[place] + 6 * wide, y[place]),
            ("right", x[place] - 6 * wide, y[place]),
            ("center", x[place], y[place] + 11 * high),
            ("center", x[place], y[place] - 11 * high),
        ]
        for side, left, middle in choices:
            start = left - length * {"left": 0.0, "right": 1.0, "center": 0.5}[side]
            box = (start, start + length, middle - 6 * high, middle + 6 * high)
            own = taken[place]
            if start >= 0 and box[2] >= 0 and not any(_meet(box, other) for other in taken if other is not own):
                ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # the dashed lines pass behind it
                axes.text(left, middle, labels[place], fontsize=LABEL, ha=side, va="center", bbox=ground, zorder=2)
                taken.append(box)
                break


def _meet(one: tuple[float, ...], two: tuple[float, ...]) -> bool:
    return one[0] < two[1] and two[0] < one[1] and one[2] < two[3] and two[2] < one[3]


def tile_places(latitude: Sequence[float], longitude: Sequence[float]) -> tuple[list[tuple[int, int]], int, int]:
    """Cells of a small grid, one per area, that move the areas least from where they lie.

    Returns
    -------
    cells : list of (row, column)
        Row 0 is the north, column 0 the west.
    rows, columns
        Size of the grid that is used.
    """
    count = len(latitude)
    columns = max(1, min(5, int(np.ceil(np.sqrt(count * 1.2)))))
    rows = int(np.ceil(count / columns)) + (count > 8)
    north, east = -np.asarray(latitude, dtype=float), np.asarray(longitude, dtype=float)
    if count == 0 or np.isnan(north).any() or np.isnan(east).any():
        return [(place // columns, place % columns) for place in range(count)], -(-count // columns), columns

    def spread(part: np.ndarray, cells: int) -> np.ndarray:
        # Half by rank, half by distance: crowded areas find room, far ones stay far.
        rank = np.argsort(np.argsort(part, kind="stable"), kind="stable") / max(count - 1, 1)
        width = np.ptp(part)
        return (0.5 * rank + 0.5 * (part - part.min()) / (width if width > 0 else 1)) * (cells - 1)

    grid = [(row, column) for row in range(rows) for column in range(columns)]
    y, x = spread(north, rows), spread(east, columns)
    distance = np.array(
        [[(y[place] - row) ** 2 + (x[place] - column) ** 2 for row, column in grid] for place in range(count)]
    )
    cells = [grid[place] for place in least_moved(distance)]
    top, left = min(row for row, _ in cells), min(column for _, column in cells)
    cells = [(row - top, column - left) for row, column in cells]
    return cells, max(row for row, _ in cells) + 1, max(column for _, column in cells) + 1


def bars(
    labels: Sequence[str],
    values: Sequence[float],
    texts: Sequence[str],
    own: Sequence[bool] | None = None,
    ends: Sequence[tuple[float, float]] = (),
) -> Canvas:
    """Horizontal bars from zero with their values beside them; a missing value has its sign alone.

    Labels stand left of the bars, or above them where one is too long for that. ``ends`` are intervals, drawn as lines;
    one with a missing end is left out.
    """
    above = max(map(len, labels), default=0) > BESIDE
    labels = [_cut(label, 46) for label in labels]
    figure, axes = canvas((0.42 if above else 0.27) * len(labels) + 0.1)
    _within(figure, [] if above else labels, texts, top=4, bottom=2)
    position = np.arange(len(labels))
    heights = np.nan_to_num(np.asarray(values, dtype=float))
    marked = np.zeros(len(labels), dtype=bool) if own is None else np.asarray(own, dtype=bool)
    reach = heights.copy()
    for row, (low, high) in enumerate(ends):
        if not (np.isnan(low) or np.isnan(high)):
            axes.plot([low, high], [row, row], color=INK, linewidth=1.3, solid_capstyle="butt")
            reach[row] = max(reach[row], high)
    axes.barh(
        position,
        heights,
        height=0.42 if above else 0.62,
        color=np.where(marked, INK, "#7FB2D6"),
        edgecolor=INK,
        linewidth=0.6,
    )
    for place, text in zip(position, texts, strict=True):
        axes.annotate(
            text, (reach[place], place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=LABEL
        )
    axes.set_yticks(position, [""] * len(labels) if above else labels, fontsize=LABEL)
    for label, mine in zip(axes.get_yticklabels(), marked, strict=True):
        label.set_fontweight("bold" if mine else "normal")
    for place, name in zip(position, labels if above else [], strict=False):
        axes.annotate(
            name, (0, place - 0.26), xytext=(4, 0), textcoords="offset points", va="bottom", fontsize=LABEL,
            annotation_clip=False,
        )  # fmt: skip
    axes.set_ylim(len(labels) - (0.6 if above else 0.4), -0.95 if above else -0.6)
    axes.set_xlim(0, float(reach.max(initial=0)) or 1)
    axes.spines["left"].set_bounds(-0.5, len(labels) - 0.5)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    return figure


MARKS: dict[str, dict[str, Any]] = {
    "●": {"marker": "o", "facecolor": BLUE, "edgecolor": BLUE},
    "◇": {"marker": "D", "facecolor": "white", "edgecolor": ORANGE_INK},
    "○": {"marker": "o", "facecolor": "white", "edgecolor": VERMILLION},
}
ACROSS = 20


def families(parts: Sequence[tuple[str, str, int]]) -> Canvas:
    """A hundred families as marks, twenty in a row, each kind with its words beside its own mark.

    Parameters
    ----------
    parts
        Sign (a key of :data:`MARKS`), words and number of each kind; the numbers add up to a hundred.
    """
    kinds = [sign for sign, _, count in parts for _ in range(count)]
    rows = -(-len(kinds) // ACROSS)
    figure, axes = canvas(0.23 * rows + 0.25)
    figure.subplots_adjust(0, 0, 1, 1)
    for sign, _, _ in parts:
        places = np.array([place for place, kind in enumerate(kinds) if kind == sign], dtype=int)
        axes.scatter(places % ACROSS, places // ACROSS, s=62 if sign != "◇" else 44, linewidth=1.6, **MARKS[sign])
    widths = np.array([len(words) + 4 for _, words, _ in parts], dtype=float)
    starts = np.concatenate([[0.0], np.cumsum(widths)[:-1]]) / max(widths.sum(), 50) * ACROSS
    for start, (sign, words, _) in zip(starts, parts, strict=True):
        axes.scatter([start], [rows + 0.15], s=62 if sign != "◇" else 44, linewidth=1.6, **MARKS[sign])
        axes.text(start + 0.6, rows + 0.15, words, va="center", fontsize=LABEL, fontweight="bold")
    axes.set_xlim(-0.6, ACROSS - 0.4)
    axes.set_ylim(rows + 0.7, -0.6)
    axes.axis("off")
    return figure


LINES: tuple[dict[str, Any], ...] = (
    {"color": VERMILLION, "marker": "D", "linewidth": 2.4, "linestyle": "-"},
    {"color": BLUE, "marker": "s", "linewidth": 1.6, "linestyle": (0, (5, 2))},
    {"color": GREY, "marker": "o", "linewidth": 1.4, "linestyle": (0, (1.5, 1.5))},
)


def series(
    years: Sequence[int], values: Sequence[Sequence[float]], labels: Sequence[str], margin: float = np.nan
) -> Canvas:
    """Shares by year, one line per area with its own dash and marker; unknown years stay gaps.

    Parameters
    ----------
    margin
        Half of the 95 per cent interval of the first area's values, drawn as whiskers; missing: none are drawn.
    """
    figure, axes = canvas(2.9)
    if not np.isnan(margin):
        first = np.asarray(values[0], dtype=float) * 100
        axes.errorbar(years, first, yerr=margin * 100, fmt="none", ecolor=GREY, elinewidth=1.2, capsize=3)
    for line, style in zip(values, LINES, strict=False):
        axes.plot(years, np.asarray(line, dtype=float) * 100, markersize=5, **style)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(lambda tick, _: f"{number(tick)}%")
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(4, integer=True))
    _within(figure, ["100%"], labels, top=8, bottom=22)
    _name_lines(axes, values, labels, figure.get_figheight())
    return figure


def _name_lines(axes: Axes, values: Sequence[Sequence[float]], labels: Sequence[str], figure_height: float) -> None:
    """Write each name beside the end of its line, in its colour, a line of text apart from the next."""
    ends = []
    for line, name, style in zip(values, labels, LINES, strict=False):
        known = [100 * value for value in line if not np.isnan(value)]
        if known:
            ends.append((known[-1], name, style["color"]))
    height = axes.get_ylim()[1] / (axes.get_position().height * figure_height * 72)
    lowest = -np.inf
    for value, name, colour in sorted(ends):
        lowest = max(value, lowest + 1.15 * LABEL * height)
        axes.annotate(
            name, (1, lowest), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points",
            va="center", color=colour, fontsize=LABEL, fontweight="bold", annotation_clip=False,
        )  # fmt: skip


def quadrants(
    labels: Sequence[str], shares: Sequence[float], numbers: Sequence[float], share_line: float, number_line: float
) -> Canvas:
    """Share against number, one dot per area with its name, cut by the kabupaten's share and the mean number."""
    figure, axes = canvas(3.7)
    _within(figure, ["1.000 000"], ["", "00"], top=8, bottom=40)
    known = [place for place in range(len(labels)) if not (np.isnan(shares[place]) or np.isnan(numbers[place]))]
    x, y = (np.array([part[place] for place in known]) for part in (np.asarray(shares) * 100, np.asarray(numbers)))
    axes.scatter(x, y, s=26, color=INK, zorder=3)
    axes.axvline(share_line * 100, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
    axes.axhline(number_line, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
    axes.set_xlim(0, max(float(x.max(initial=0)), share_line * 100, 1) * 1.25)
    axes.set_ylim(0, max(float(y.max(initial=0)), number_line, 1) * 1.12)
    _name_dots(axes, [labels[place] for place in known], x, y)
    axes.set_xlabel("Penduduk miskin ekstrem (persen)")
    axes.set_ylabel("Keluarga miskin ekstrem")
    axes.yaxis.set_major_formatter(lambda tick, _: number(tick))
    axes.xaxis.set_major_formatter(lambda tick, _: number(tick, 0 if tick == round(tick) else 1))
    return figure


FILLS = {HIGHER: "#F3C9B0", LOWER: "#CBE2F0", UNCLEAR: "#FFFFFF"}
HATCHED = "////"
TILE = 0.78  # inches from one row of tiles to the next


def tiles(
    names: Sequence[str],
    texts: Sequence[str],
    words: Sequence[str],
    own: Sequence[bool],
    latitude: Sequence[float],
    longitude: Sequence[float],
) -> Canvas:
    """Tile map: one square per area about where it lies, with name, value and the comparison's sign.

    Hatched where an area cannot be told from the whole; words stand on plain ground.
    """
    cells, rows, columns = tile_places(latitude, longitude)
    figure, axes = canvas(TILE * rows)
    figure.subplots_adjust(0, 0, 1, 1)
    for name, text, word, mine, (row, column) in zip(names, texts, words, own, cells, strict=True):
        fill, hatched = FILLS.get(word, PALE), word == UNCLEAR
        axes.add_patch(
            mpl.patches.Rectangle(
                (column + 0.03, row + 0.03), 0.94, 0.94, facecolor=fill, edgecolor=INK if mine else GREY,
                linewidth=3 if mine else 0.8, hatch=HATCHED if hatched else None,
            )
        )  # fmt: skip
        ground = {"facecolor": fill, "edgecolor": "none", "pad": 1.0} if hatched else None
        lines = _two_lines(_cut(name)).split("\n")
        for place, line in enumerate(lines):  # one text each: only a single line is centred by the browser itself
            axes.text(
                column + 0.5,
                row + 0.37 + (place - (len(lines) - 1) / 2) * LABEL / 72 / TILE,
                line,
                ha="center",
                va="center",
                fontsize=LABEL,
                fontweight="bold" if mine else "normal",
                bbox=ground,
            )
        axes.text(
            column + 0.5,
            row + 0.78,
            f"{SIGNS.get(word, '')} {text}".strip(),
            ha="center",
            va="center",
            fontsize=LABEL,
            fontweight="bold",
            bbox=ground,
        )
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.axis("off")
    return figure


def _two_lines(name: str) -> str:
    """A name broken near its middle where it is too long for a tile."""
    if len(name) <= 9 or " " not in name:
        return name
    breaks = [place for place, sign in enumerate(name) if sign == " "]
    middle = min(breaks, key=lambda place: abs(place - len(name) / 2))
    return name[:middle] + "\n" + name[middle + 1 :]
