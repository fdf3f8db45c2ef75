"""Where names stand on a map so that none covers another: at their place, else beside it with a line to it."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

WIDE = 0.56  # mean width of a letter of Arial, in heights of the type
TALL = 1.05  # of a line of type
DIRECTIONS = 24
STEPS = 24
ON_LAND = 0.14  # how far, in widths of the frame, a name goes to stand in the sea instead of on a neighbour

Box = tuple[float, float, float, float]  # left, top, right, bottom
Rings = list[np.ndarray]


@dataclass(frozen=True)
class Name:
    """A name to be placed: its lines of text and the point that it names."""

    code: str
    lines: tuple[str, ...]
    x: float
    y: float


@dataclass(frozen=True)
class Placed:
    """Where a name stands: the middle of its text, and the end of a line to its point (none where it stands on it)."""

    name: Name
    x: float
    y: float
    end: tuple[float, float] | None


def rings(path: str) -> Rings:
    """Points of every ring of a path ``Mx,yldx,dy dx,dy…z``, as boundaries are drawn."""
    found = []
    for ring in path.split("z"):
        numbers = np.array(re.findall(r"-?[\d.]+", ring), dtype=float).reshape(-1, 2)
        if len(numbers):
            found.append(np.cumsum(numbers, axis=0))
    return found


def extent(shape: Rings) -> Box:
    """The smallest box that holds the rings."""
    points = np.concatenate(shape)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def inside(shape: Rings, x: float, y: float) -> bool:
    """Whether a point lies in the rings: a ray from it crosses their edges an odd number of times."""
    crossings = 0
    for ring in shape:
        after = np.roll(ring, -1, axis=0)
        over = (ring[:, 1] > y) != (after[:, 1] > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = ring[:, 0] + (y - ring[:, 1]) / (after[:, 1] - ring[:, 1]) * (after[:, 0] - ring[:, 0])
        crossings += int((over & (at > x)).sum())
    return crossings % 2 == 1


def place(names: Iterable[Name], frame: Box, size: float, land: Sequence[Rings] = ()) -> list[Placed]:
    """Places for names, the loneliest first; a name that finds none is left out.

    Parameters
    ----------
    frame
        What the picture shows.
    size
        Height of the type.
    land
        Outlines that a name which cannot stand on its own point had better not cover.
    """
    waiting = list(names)
    points = [(name.x, name.y) for name in waiting]

    def alone(name: Name) -> float:
        return min((math.dist((name.x, name.y), point) for point in points if point != (name.x, name.y)), default=0.0)

    placed: list[Placed] = []
    taken: list[Box] = []
    for name in sorted(waiting, key=lambda name: (-alone(name), name.code)):
        best: tuple[float, Placed, Box] | None = None
        others = [point for point in points if point != (name.x, name.y)]
        for distance, x, y in _candidates(name, frame, size):
            if best is not None and distance >= best[0]:
                break
            box = _box(name.lines, x, y, size)
            if not _fits(box, frame, taken, others if distance else []):
                continue
            covered = distance > 0 and any(inside(shape, x, y) for shape in land)
            cost = distance + (ON_LAND * (frame[2] - frame[0]) if covered else 0.0)
            if best is None or cost < best[0]:
                end = (min(max(name.x, box[0]), box[2]), min(max(name.y, box[1]), box[3])) if distance else None
                best = (cost, Placed(name, x, y, end), box)
        if best is not None:
            placed.append(best[1])
            taken.append(best[2])
    return placed


def _candidates(name: Name, frame: Box, size: float) -> Iterable[tuple[float, float, float]]:
    """The point itself, then points on wider and wider circles around it, from the south-west on."""
    yield 0.0, name.x, name.y
    step = (frame[2] - frame[0]) / 60
    for ring in range(2, STEPS):
        for turn in range(DIRECTIONS):
            angle = 0.75 * math.pi + turn * 2 * math.pi / DIRECTIONS
            yield ring * step, name.x + ring * step * math.cos(angle), name.y + ring * step * math.sin(angle)


def _box(lines: Sequence[str], x: float, y: float, size: float) -> Box:
    wide, tall = max(map(len, lines)) * WIDE * size, len(lines) * TALL * size
    return x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2


def _fits(box: Box, frame: Box, taken: Iterable[Box], points: Iterable[tuple[float, float]]) -> bool:
    """Whether a box lies in the frame, beside the boxes that are taken, and covers none of the points."""
    within = box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
    apart = all(box[2] <= o[0] or box[0] >= o[2] or box[3] <= o[1] or box[1] >= o[3] for o in taken)
    return within and apart and not any(box[0] < x < box[2] and box[1] < y < box[3] for x, y in points)
