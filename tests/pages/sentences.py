"""Every sentence that rules make, over the editions at the edge: what ``sentences.txt`` holds, line by line.

``python -m tests.pages.sentences`` writes the file anew; its difference is read before it is committed.
"""

from collections.abc import Iterator
from pathlib import Path

from kaur_analysis import reporting as r
from tests.pages import extremes
from tests.pages import fabricated as made

FILE = Path(__file__).with_name("sentences.txt")
CODES = (extremes.CODE, "1704073")


def lines() -> Iterator[str]:
    """Sentences of each edition, with the edition and the page before them."""
    for name, table in extremes.editions().items():
        for route in ("registry", "survey") if name in ("biasa", "tanpa sampel") else ("registry",):
            facts = made.facts() | {"route": route}
            for code in CODES:
                yield from _marked(
                    f"{name} · {route} · {code}", _kecamatan(r.kecamatan_view(table, facts, made.AREA, code))
                )
            yield from _marked(f"{name} · {route} · kabupaten", _kabupaten(r.kabupaten_view(table, facts, made.AREA)))
            yield from _marked(f"{name} · {route} · opd", _agency(r.agency_view(table, facts, made.AREA, "dinsos")))
            yield from _marked(f"{name} · {route} · mutu", _headline(r.quality_view(table, facts, made.AREA)))


def _marked(mark: str, sentences: Iterator[str]) -> Iterator[str]:
    yield f"[{mark}]"
    yield from sentences
    yield ""


def _headline(view) -> Iterator[str]:
    yield view.headline.finding
    if view.headline.comparison:
        yield view.headline.comparison


def _shared(view) -> Iterator[str]:
    yield from _headline(view)
    for action in view.actions:
        yield f"{action.sentence} ({'; '.join(filter(None, [action.agency, action.rupiah, action.detail]))})"
    for reach in (view.reach_any, *view.reach[:2]):
        yield from reach.sentences if reach else ()
    yield view.needs.title
    yield from view.limits


def _kecamatan(view) -> Iterator[str]:
    yield from _shared(view)
    yield view.comparison.title
    yield view.desa_title
    for item in view.indicators:
        yield f"{item.label}: {item.figure.text if item.figure.shown else item.figure.why} {item.word}".strip()


def _kabupaten(view) -> Iterator[str]:
    yield from _shared(view)
    yield view.comparison.title
    yield view.position.sentence
    yield view.trend.sentence
    if view.trend.noise:
        yield view.trend.noise
    yield from view.changes.effectiveness
    yield from view.changes.relevance
    yield from view.association.sentences
    yield view.pockets.title
    yield view.scenarios.caution
    yield view.zero_cost.sentence


def _agency(view) -> Iterator[str]:
    yield from _shared(view)


if __name__ == "__main__":
    FILE.write_text("\n".join(lines()), encoding="utf-8", newline="\n")
