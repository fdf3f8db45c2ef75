"""Maps of the kabupaten's desa: a tile per desa about where it lies, or its boundary where the edition has boundaries.

The layout of tiles is an assignment problem: every desa goes to one cell of a grid so that the desa move least from
where they lie, and those of one kecamatan stay together. Shades are multiples of the kabupaten's value, not quantiles,
from light to dark so that a grey print keeps their order; hatching says that a desa cannot be told from the kabupaten.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from kaur_analysis.formats import number, percent
from kaur_analysis.reference import Area
from kaur_analysis.reporting import labels, titles
from kaur_analysis.reporting.actions import compared, rule_table
from kaur_analysis.reporting.figures import UNCLEAR, Figure, PublishedTable, compare
from kaur_analysis.reporting.grids import least_moved
from kaur_analysis.reporting.html import Section, section

Cell = tuple[int, int]
SHADES = ("#F2F2F2", "#C6DBEF", "#6BAED6", "#08519C")
INK, QUIET, PAPER = "#1a1a1a", "#595959", "#ffffff"
DARK = 3  # from this shade on, hatching is light
MULTIPLES = (0.5, 1.0, 1.5)  # of the kabupaten's value: where one shade ends and the next begins
TILE = 10.0
LABEL = 3.5  # size of a name, in hundredths of the width
TOGETHER = 3.0  # how much dearer it is to leave one's kecamatan than to leave one's place
ROUNDS = 12
MARGIN = 0.12  # room around a kecamatan shown from near, in its larger side


@dataclass(frozen=True)
class Shape:
    """An area as drawn: an SVG path, and where its sign stands."""

    path: str
    x: float
    y: float


@dataclass(frozen=True)
class Shapes:
    """Desa and kecamatan of a kabupaten as drawn, by BPS code, in a picture of some width and height."""

    width: float
    height: float
    desa: dict[str, Shape]
    kecamatan: dict[str, Shape]
    tiled: bool

    @property
    def areas(self) -> dict[str, Shape]:
        """What is shaded: desa, or kecamatan where no outlines of desa are known."""
        return self.desa or self.kecamatan


@dataclass(frozen=True)
class MapPlace:
    """A desa (or kecamatan) on the map: its share of extremely poor families, and how the kabupaten compares."""

    code: str
    name: str
    kecamatan: str
    figure: Figure
    word: str


@dataclass(frozen=True)
class MapView:
    """Everything a map says; ``own`` is the kecamatan of the page (empty: the kabupaten's)."""

    shapes: Shapes
    places: tuple[MapPlace, ...]
    kecamatan: tuple[tuple[str, str], ...]
    reference: Figure
    own: str
    title: str = ""

    @property
    def level(self) -> str:
        """What is shaded: desa, or kecamatan where no outlines of desa are known."""
        return "desa" if self.shapes.desa else "kecamatan"

    @property
    def listed(self) -> list[MapPlace]:
        """The places that the page is about."""
        return [place for place in self.places if self.own in ("", place.kecamatan)]


def map_view(table: PublishedTable, facts: dict[str, Any], area: Area, own: str = "") -> MapView:
    """Shares of extremely poor families per desa, from the published table, on the edition's map.

    Parameters
    ----------
    facts
        Facts of the edition as stored; ``boundaries`` where the study has a boundary file.
    own
        BPS code of the kecamatan whose page it is.
    """
    shapes = _drawn(facts["boundaries"]) if facts.get("boundaries") else tile_shapes(area)
    reference = _share(table, area.code)
    rows = area.desa if shapes.desa else area.kecamatan.assign(desa=area.kecamatan["kecamatan"])
    places = []
    for row in rows.itertuples():
        figure = _share(table, row.desa)
        word = _word(table, row.desa, area.code, figure, reference) if figure.shown else ""
        places.append(MapPlace(row.desa, row.name, row.kecamatan, figure, word))
    kecamatan = tuple(zip(area.kecamatan["kecamatan"], area.kecamatan["name"], strict=True))
    view = MapView(shapes, tuple(places), kecamatan, reference, own)
    apart = [(place.name, place.word) for place in view.listed if place.figure.shown]
    return replace(view, title=titles.comparison(apart, area.full_name, view.level, len(view.listed) - len(apart)))


def _word(table: PublishedTable, code: str, whole: str, figure: Figure, reference: Figure) -> str:
    """The word that pages say of a kecamatan; of a desa by the difference of its share of families."""
    if len(code) != 10:
        return compared(table, "poverty.extreme_share", code, whole)
    difference = table.one("desa.extreme_share_difference", code)
    return compare(figure, reference, rule_table()["equivalence"], difference)


def _share(table: PublishedTable, code: str) -> Figure:
    """Extremely poor of all families; not shown, and why, where one of the two is not shown."""
    topic = "desa" if len(code) == 10 else "poverty"
    poor, every = table.one(f"{topic}.extreme_families", code), table.one("registry.families", code)
    hidden = next((figure for figure in (poor, every) if not figure.shown), None)
    if hidden is not None or every.value <= 0:
        return Figure(unit="bagian", status=hidden.status if hidden else "belum ada data")
    value, low, high = (part / every.value for part in (poor.value, poor.low, poor.high))
    return Figure(value, low, high, "bagian", every.value, poor.status)


def tile_grid(
    latitude: Sequence[float], longitude: Sequence[float], parent: Sequence[str], room: float = 1.7
) -> list[Cell]:
    """Cell (row, column) of each place: row 0 is the north, column 0 the west.

    Parameters
    ----------
    parent
        Kecamatan of each place; places of one stay together where they can.
    room
        Cells of the grid per place.
    """
    count = len(latitude)
    if count == 0:
        return []
    y, x = -np.asarray(latitude, dtype=float), np.asarray(longitude, dtype=float)
    side = int(np.ceil(np.sqrt(count * room)))

    def spread(part: np.ndarray) -> np.ndarray:
        # Half by rank, half by distance: crowded coasts find room, far places stay far.
        rank = np.argsort(np.argsort(part, kind="stable"), kind="stable") / max(count - 1, 1)
        width = float(np.ptp(part))
        return (0.5 * rank + 0.5 * (part - part.min()) / (width if width > 0 else 1.0)) * (side - 1)

    home = np.column_stack([spread(y), spread(x)])
    grid = np.array([(row, column) for row in range(side) for column in range(side)], dtype=float)
    _, group = np.unique(np.asarray(parent), return_inverse=True)
    centre = np.array([home[group == kecamatan].mean(axis=0) for kecamatan in range(group.max() + 1)])
    away = ((home[:, None, :] - grid[None, :, :]) ** 2).sum(axis=2)
    best: tuple[float, list[Cell]] = (np.inf, [])
    for weight in np.linspace(1.0, TOGETHER, ROUNDS):
        apart = ((centre[group][:, None, :] - grid[None, :, :]) ** 2).sum(axis=2)
        # Whole thousandths, so that the last digits of a float decide nothing.
        cost = np.round(1000 * (away + weight * apart))
        chosen = least_moved(cost)
        cells = [(int(row), int(column)) for row, column in grid[chosen]]
        pieces = sum(_pieces([cells[place] for place in np.flatnonzero(group == k)]) for k in range(len(centre)))
        moved = float(away[np.arange(count), chosen].sum())
        best = min(best, (1e6 * pieces + moved, cells))
        centre = np.array([grid[chosen][group == k].mean(axis=0) for k in range(len(centre))])
    top, left = min(row for row, _ in best[1]), min(column for _, column in best[1])
    return [(row - top, column - left) for row, column in best[1]]


def _pieces(cells: Iterable[Cell]) -> int:
    """How many pieces cells form whose neighbours share an edge."""
    left, pieces = set(cells), 0
    while left:
        pieces += 1
        waiting = [left.pop()]
        while waiting:
            row, column = waiting.pop()
            beside = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)} & left
            left -= beside
            waiting += beside
    return pieces


@cache
def _cached_grid(latitude: tuple[float, ...], longitude: tuple[float, ...], parent: tuple[str, ...]) -> list[Cell]:
    return tile_grid(latitude, longitude, parent)


def tile_shapes(area: Area) -> Shapes:
    """The kabupaten as tiles; an empty picture where its desa are not listed."""
    desa = area.desa
    if desa.empty:
        return Shapes(0.0, 0.0, {}, {}, tiled=True)
    cells = _cached_grid(tuple(desa["latitude"]), tuple(desa["longitude"]), tuple(desa["kecamatan"]))
    tiles, members = {}, defaultdict(list)
    for code, kecamatan, (row, column) in zip(desa["desa"], desa["kecamatan"], cells, strict=True):
        x, y = column * TILE, row * TILE
        tiles[code] = Shape(f"M{x:g},{y:g}h{TILE:g}v{TILE:g}h-{TILE:g}z", x + TILE / 2, y + TILE / 2)
        members[kecamatan].append((row, column))
    outlines = {
        code: Shape(_outline(inside), *(TILE * (np.mean(inside, axis=0)[::-1] + 0.5)).tolist())
        for code, inside in members.items()
    }
    rows, columns = (max(part) + 1 for part in zip(*cells, strict=True))
    return Shapes(columns * TILE, rows * TILE, tiles, outlines, tiled=True)


def _outline(cells: list[Cell]) -> str:
    """The edges of cells that no neighbour among them shares, as one path of strokes."""
    inside, strokes = set(cells), []
    for row, column in sorted(cells):
        x, y = column * TILE, row * TILE
        for beside, start, stroke in (
            ((row - 1, column), (x, y), f"h{TILE:g}"),
            ((row + 1, column), (x, y + TILE), f"h{TILE:g}"),
            ((row, column - 1), (x, y), f"v{TILE:g}"),
            ((row, column + 1), (x + TILE, y), f"v{TILE:g}"),
        ):
            if beside not in inside:
                strokes.append(f"M{start[0]:g},{start[1]:g}{stroke}")
    return "".join(strokes)


def _drawn(boundaries: dict[str, Any]) -> Shapes:
    """The boundaries that the edition carries as facts."""
    kecamatan, desa = (
        {code: Shape(path, x, y) for code, (path, x, y) in boundaries[level].items()} for level in ("kecamatan", "desa")
    )
    return Shapes(float(boundaries["width"]), float(boundaries["height"]), desa, kecamatan, tiled=False)


def shade(figure: Figure, reference: Figure) -> int:
    """Class of a shown share: 0 below half the kabupaten's, 3 from one and a half times on; -1 where not shown.

    All are 0 where the kabupaten's is not shown or nothing.
    """
    if not figure.shown:
        return -1
    if not reference.shown or reference.value <= 0:
        return 0
    return int(np.searchsorted(MULTIPLES, figure.value / reference.value + 1e-9, side="right"))


def draw(view: MapView, name: str) -> Markup:
    """The map as inline SVG: shades, hatching, a dot where a number is not shown, names of kecamatan.

    A kecamatan whose desa have boundaries is shown from near, with the names of its desa.

    Parameters
    ----------
    name
        Prefix of the ids inside, so that pictures on one page do not share any.
    """
    shapes, frame = view.shapes, _frame(view)
    unit = (frame[2] - frame[0]) / 100  # a hundredth of the picture's width
    sight = f"{frame[0]:g} {frame[1]:g} {frame[2] - frame[0]:g} {frame[3] - frame[1]:g}"
    parts = [
        f'<svg viewBox="{sight}" aria-hidden="true" focusable="false" '
        'font-family="Arial, Helvetica, sans-serif" text-anchor="middle"><defs>'
    ]
    for chosen, colour in enumerate(SHADES):
        parts.append(
            f'<pattern id="{escape(name)}-{chosen}" width="{2 * unit:g}" height="{2 * unit:g}" '
            'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            f'<path d="M0,0h{2 * unit:g}v{2 * unit:g}h-{2 * unit:g}z" fill="{colour}"/>'
            f'<path d="M0,0v{2 * unit:g}" stroke="{INK if chosen < DARK else PAPER}" stroke-width="{0.7 * unit:g}"/>'
            "</pattern>"
        )
    parts.append(f'</defs><g stroke="{QUIET}" stroke-width="{0.15 * unit:.2f}">')
    dots = []
    for place in view.places:
        shape = shapes.areas[place.code]
        if not _seen(view, shape, frame):
            continue
        chosen = shade(place.figure, view.reference)
        hatched = place.word == UNCLEAR
        fill = PAPER if chosen < 0 else f"url(#{escape(name)}-{chosen})" if hatched else SHADES[chosen]
        title = f"{place.name}: {place.figure.text if place.figure.shown else place.figure.why}"
        parts.append(f'<path d="{shape.path}" fill="{fill}"><title>{escape(title)}</title></path>')
        if chosen < 0:
            dots.append(f'<circle cx="{shape.x:g}" cy="{shape.y:g}" r="{0.45 * unit:.2f}"/>')
    parts += [f'</g><g fill="{QUIET}">', *dots, "</g>"]
    for code, _ in view.kecamatan:
        outline = shapes.kecamatan.get(code)
        if outline is not None and _seen(view, outline, frame):
            width = (1.1 if code == view.own else 0.45) * unit
            parts.append(f'<path d="{outline.path}" fill="none" stroke="{INK}" stroke-width="{width:.2f}"/>')
    parts += _names(view, frame, LABEL * unit)
    return Markup("".join(parts) + "</svg>")


def _near(view: MapView) -> bool:
    """Whether the map shows one kecamatan from near."""
    return bool(view.own and view.shapes.desa and not view.shapes.tiled and view.own in view.shapes.kecamatan)


def _frame(view: MapView) -> labels.Box:
    """The whole picture, or a kecamatan with a margin."""
    if not _near(view):
        return 0.0, 0.0, view.shapes.width, view.shapes.height
    left, top, right, bottom = labels.extent(labels.rings(view.shapes.kecamatan[view.own].path))
    room = MARGIN * max(right - left, bottom - top)
    wide = max(right - left, 0.8 * (bottom - top)) / 2 + room  # a tall one would fill a phone
    middle = (left + right) / 2
    return middle - wide, top - room, middle + wide, bottom + room


def _seen(view: MapView, shape: Shape, frame: labels.Box) -> bool:
    """Whether any of a shape may lie in the frame."""
    if not _near(view):
        return True
    left, top, right, bottom = labels.extent(labels.rings(shape.path))
    return left < frame[2] and right > frame[0] and top < frame[3] and bottom > frame[1]


def _names(view: MapView, frame: labels.Box, size: float) -> list[str]:
    """Names of kecamatan, from near those of its own desa, with lines to what they name where they had to move."""
    shapes = view.shapes
    near = _near(view)
    named = {place.code: place.name for place in view.places if place.kecamatan == view.own} if near else {}
    named = named or dict(view.kecamatan)
    every = shapes.desa if near else shapes.kecamatan
    wanted = [
        labels.Name(code, tuple(text.split(" ")), every[code].x, every[code].y)
        for code, text in named.items()
        if code in every
    ]
    land = [] if shapes.tiled or near else [labels.rings(shape.path) for shape in shapes.kecamatan.values()]
    parts = []
    for placed in labels.place(wanted, frame, size, land):
        lines, own = placed.name.lines, placed.name.code == view.own
        if placed.end is not None:
            parts.append(
                f'<path d="M{placed.name.x:.1f},{placed.name.y:.1f}L{placed.end[0]:.1f},{placed.end[1]:.1f}" '
                f'fill="none" stroke="{INK}" stroke-width="{0.07 * size:.2f}"/>'
            )
        for line, text in enumerate(lines):
            y = placed.y + (line - (len(lines) - 1) / 2 + 0.35) * size
            parts.append(
                f'<text x="{placed.x:.1f}" y="{y:.1f}" font-size="{size:.2f}" '
                f'font-weight="{"bold" if own else "normal"}" fill="{INK}" stroke="{PAPER}" '
                f'stroke-width="{0.23 * size:.2f}" paint-order="stroke">{escape(text)}</text>'
            )
    return parts


def _told(hidden: int, every: int, about: str) -> str:
    """Of how many places the number is not shown."""
    if hidden in (0, every):
        return f"Angka semua {about} disajikan." if not hidden else f"Angka semua {about} tidak disajikan."
    return f"Angka {number(hidden)} dari {about} tidak disajikan."


def desa_map(view: Any) -> Section:
    """The map of all desa, its key, and a table of the same numbers per kecamatan; nothing where no desa are listed.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    shown: MapView = view.desa_map
    if not shown.shapes.areas or not (shown.reference.shown or any(place.figure.shown for place in shown.places)):
        return Section("")
    level, listed = shown.level, shown.listed
    own = dict(shown.kecamatan).get(shown.own, "")
    classes = shown.reference.shown and shown.reference.value > 0
    limits = [percent(multiple * shown.reference.value, 1) for multiple in MULTIPLES] if classes else []
    hidden = sum(not place.figure.shown for place in listed)
    about = f"{number(len(listed))} {level}{' kecamatan ini' if own else ''}"
    return section(
        "desa_map",
        picture=draw(shown, "petadesa"),
        title=shown.title,
        level=level,
        limits=limits,
        own=own,
        caption=f"Keluarga miskin ekstrem dari semua keluarga di registri, tiap {level}"
        + (f" di dan sekitar {own}" if _near(shown) else "")
        + (f"; satu petak satu {level}, kira-kira di tempatnya" if shown.shapes.tiled else "")
        + " (utara di atas).",
        words=f"Peta {len(shown.places)} {level}"
        + (f"; kecamatan {own} bergaris tebal" if own else "")
        + f". {_told(hidden, len(listed), about)}",
        groups=[
            (name if level == "desa" and not own else "", places)
            for code, name in shown.kecamatan
            if (places := [place for place in listed if place.kecamatan == code])
        ],
    )
