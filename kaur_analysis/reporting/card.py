"""A picture to forward: a kecamatan's finding and three numbers, and the caption that says the same in words."""

import io
from collections.abc import Sequence
from textwrap import shorten, wrap

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas
from matplotlib.text import Text

from kaur_analysis.formats import number
from kaur_analysis.reporting.charts import GREY, INK, PALE, STYLE
from kaur_analysis.reporting.views import Indicator, KecamatanView

SIZE, DOTS = 1080, 100  # square, as messengers show it whole; pixels, and pixels to the inch
POINT = 72 / DOTS  # a pixel in points
NUMBERS = (0, 2, 3)  # of the page's indicators: share of the poor, extremely poor families, those without a programme
EDGE = 64
LEADING = 1.25  # from one line to the next, in heights of the letters


def card_image(view: KecamatanView) -> bytes:
    """The card as PNG; the same view gives the same bytes."""
    with mpl.rc_context({**STYLE, "figure.dpi": DOTS}):
        stream = io.BytesIO()
        drawn(view).savefig(stream, format="png", dpi=DOTS, metadata={"Software": None})
    return stream.getvalue()


def drawn(view: KecamatanView) -> Canvas:
    """The card before it is an image: a sentence that is too long gets smaller letters, never fewer words."""
    figure = Canvas(figsize=(SIZE / DOTS, SIZE / DOTS), facecolor="white")
    facts = view.frame.facts
    top = 0
    if facts.synthetic:
        figure.patches.append(_box(figure, 0, 0, SIZE, 60, INK))
        _write(figure, SIZE / 2, 44, "DATA SINTETIS · bukan angka sebenarnya", 28, "white", "bold", "center")
        top = 60
    title = shorten(view.frame.title, 40, placeholder="…")
    _write(figure, EDGE, top + 86, title, min(58, 1500 / len(title)), INK, "bold")
    _write(figure, EDGE, top + 130, f"{view.frame.place} · data per {facts.snapshot}", 28, GREY)
    line = top + 196.0
    line = _block(figure, EDGE, line, view.headline.finding, 4, ((42, 38), (52, 30), (64, 25)), "bold") + 4
    _block(figure, EDGE, line, view.headline.comparison, 2, ((54, 31), (64, 26), (78, 22)))
    for place, item in enumerate(_numbers(view)):
        _number(figure, EDGE + 14 + place * 326, 530, item)
    for action in view.actions[:1]:
        words = f"Yang perlu dilakukan: {action.sentence} {action.rupiah[:1].upper()}{action.rupiah[1:]}."
        _block(figure, EDGE, 878, words, 3, ((54, 30), (64, 26), (74, 23), (84, 21)))
    _foot(figure, view)
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    return figure


def _block(
    figure: Canvas, left: float, base: float, words: str, most: int, sizes: Sequence[tuple[int, int]],
    weight: str = "normal",
) -> float:  # fmt: skip
    """Write a text in the largest letters (signs to the line, pixels) that need at most so many lines; where it ends.

    Names of any length must find room: where even the smallest letters need more lines, they get them.
    """
    fitting = ((wrapped, pixels) for width, pixels in sizes if len(wrapped := _wrap(words, width)) <= most)
    lines, pixels = next(fitting, (_wrap(words, sizes[-1][0]), sizes[-1][1]))
    for row, text in enumerate(lines):
        _write(figure, left, base + LEADING * pixels * row, text, pixels, INK, weight)
    return base + LEADING * pixels * len(lines)


def _numbers(view: KecamatanView) -> list[Indicator]:
    return [view.indicators[place] for place in NUMBERS]


def _number(figure: Canvas, left: float, top: float, item: Indicator) -> None:
    figure.patches.append(_box(figure, left - 14, top, 300, 300, PALE))
    _block(figure, left, top + 44, item.label, 2, ((19, 27), (24, 22)), "bold")
    _write(figure, left, top + 156, item.figure.text, 76 if len(item.figure.text) < 6 else 60, INK, "bold")
    lines = [f"kisaran {item.figure.range}" if item.figure.has_range else "" if item.figure.shown else item.figure.why]
    lines += [item.word] if item.word else []
    lines += ["pakai dengan hati-hati"] if item.figure.caution else []
    base = top + 198.0
    for words in filter(None, lines):
        base = _block(figure, left, base, words, 1, ((20, 25), (23, 22), (26, 20)))


def _wrap(text: str, width: int) -> list[str]:
    return wrap(text, width, break_on_hyphens=False)


def _foot(figure: Canvas, view: KecamatanView) -> None:
    facts = view.frame.facts
    line = 994
    for words in _wrap(f"Perkiraan, bukan sensus; kisaran 95 persen. Pembanding: {view.frame.place}.", 76):
        _write(figure, EDGE, line, words, 23, GREY)
        line += 30
    source = " · ".join(filter(None, [facts.contact, f"edisi {facts.edition} ({facts.status})", facts.run]))
    for words in _wrap(source, 76):
        _write(figure, EDGE, line, words, 23, GREY)
        line += 30


def _box(figure: Canvas, left: float, top: float, width: float, height: float, colour: str) -> mpl.patches.Rectangle:
    corner = (left / SIZE, 1 - (top + height) / SIZE)
    return mpl.patches.Rectangle(
        corner, width / SIZE, height / SIZE, transform=figure.transFigure, facecolor=colour, edgecolor="none"
    )


def _write(
    figure: Canvas, left: float, base: float, words: str, pixels: float, colour: str, weight: str = "normal",
    side: str = "left",
) -> None:  # fmt: skip
    figure.text(
        left / SIZE, 1 - base / SIZE, words, fontsize=pixels * POINT, color=colour, fontweight=weight, ha=side,
        va="baseline",
    )  # fmt: skip


def card_caption(view: KecamatanView) -> str:
    """What is sent with the card: finding, actions, and the picture in words for those who cannot see it."""
    facts = view.frame.facts
    lines = [
        f"{view.frame.title}, {view.frame.place} · edisi {facts.edition} ({facts.status}) · data per {facts.snapshot}"
    ]
    lines += ["DATA SINTETIS, bukan angka sebenarnya."] if facts.synthetic else []
    lines += [f"{view.headline.finding} {view.headline.comparison}".strip(), "", "Yang perlu dilakukan:"]
    lines += [
        f"{number(place)}. {action.sentence} ({'; '.join(filter(None, [action.agency, action.rupiah, action.detail]))})"
        for place, action in enumerate(view.actions, 1)
    ]
    spoken = "; ".join(_spoken(item) for item in _numbers(view))
    lines += ["", f"Teks pengganti gambar: kartu {view.frame.title}. {spoken}."]
    return "\n".join(lines) + "\n"


def _spoken(item: Indicator) -> str:
    figure = item.figure
    if not figure.shown:
        return f"{item.label}: {figure.why}"
    parts = [f"kisaran {figure.range}" if figure.has_range else "", item.word, "hati-hati" if figure.caution else ""]
    more = ", ".join(filter(None, parts))
    return f"{item.label}: {figure.text}" + (f" ({more})" if more else "")
