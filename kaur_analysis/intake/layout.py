"""Where a table begins and ends on its sheet, and which column is which: headings by alias, never by position."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from rapidfuzz import fuzz, process

from kaur_analysis.intake.codebook import Codebook, Column
from kaur_analysis.intake.findings import Findings
from kaur_analysis.intake.readers import RawTable
from kaur_analysis.intake.text import by_pieces, factorized, normal

HEADER_SEARCH_ROWS = 40
NEAR, NEAR_REQUIRED = 75, 55  # likeness (0-100) from which a heading is proposed for a column that is absent
_TOTAL = re.compile(r"^(jumlah|total|grand total|sub ?total)\b")
_NOTE = re.compile(
    r"^(keterangan|catatan|sumber|mengetahui|ttd|kepala desa|camat|dibuat|dicetak|nb|bintuhan|demikian)\b"
)
NOTE_CELLS = 2  # a closing note fills no more; a person of desa Sumber Harapan does
_NUMBER = re.compile(r"[\d ./-]*\d[\d ./-]*")  # a date, an amount, the number of a person
_NUMBERING = re.compile(r"^\(?\d{1,3}\)?$")


@dataclass(frozen=True)
class Layout:
    """A table found on a sheet.

    Attributes
    ----------
    cells
        Data rows below the header, blank rows dropped; columns as in the raw table.
    lines
        Line of each data row as a spreadsheet shows it.
    headings
        Normalised heading of each column.
    positions
        First column of each normalised heading.
    printed
        The header row as it is printed.
    titles
        Text of the rows above the header, and the sheet's name.
    """

    cells: pd.DataFrame
    lines: np.ndarray
    headings: tuple[str, ...]
    positions: dict[str, int]
    printed: tuple[str, ...]
    titles: tuple[str, ...]


def find_layout(raw: RawTable, book: Codebook, source: str, findings: Findings) -> Layout | None:
    """Find header and body; ``None`` where headings or a required one are missing (reported with the nearest)."""
    known = _known(book)
    headings, body_start = _header(raw, known)
    place = pd.DataFrame(
        {"source": [source], "file": raw.file, "sheet": raw.sheet, "line": raw.first_line + max(body_start - 1, 0)}
    )
    titles = tuple(cell for row in raw.cells.iloc[: max(body_start - 1, 0)].to_numpy() for cell in row if cell.strip())
    if raw.headings is None and known.isdisjoint(headings) and any(map(_NUMBER.fullmatch, headings)):
        # What stands there are people: nothing of it is proposed as a heading or shown.
        findings.add("judul_wajib", place, "", "tidak ada baris judul; baris teratas tampak berisi data")
        return None
    positions: dict[str, int] = {}
    repeated = []
    for position, heading in enumerate(headings):
        if heading and heading in positions:
            repeated.append(position)
        elif heading:
            positions[heading] = position
    body = raw.cells.iloc[body_start:]
    filled = np.ones(len(body), dtype=bool)
    filled[_blank_rows(body, np.arange(len(body)))] = False
    lines = (np.arange(len(body)) + body_start + raw.first_line)[filled]
    printed = tuple(raw.cells.iloc[body_start - 1].str.strip()) if body_start else ()
    cells = (body if filled.all() else body[filled]).reset_index(drop=True)
    layout = Layout(cells, lines, headings, positions, printed, (*titles, raw.sheet))
    for position in repeated:
        first = positions[headings[position]]
        if headings[position] in known and not layout.cells[position].equals(layout.cells[first]):
            findings.add("judul_ganda", place, headings[position], headings[position])
    _report_rivals(layout, book, place, findings)
    return layout if _complete(layout, book, known, place, findings) else None


def has_known_heading(raw: RawTable, book: Codebook) -> bool:
    """Whether any heading of a sheet is one of the codebook's."""
    known = _known(book)
    return not known.isdisjoint(_header(raw, known)[0])


def _known(book: Codebook) -> set[str]:
    return {heading for column in book.columns.values() for heading in column.headings}


def _report_rivals(layout: Layout, book: Codebook, place: pd.DataFrame, findings: Findings) -> None:
    """Headings of one column that say different things: the first that the codebook names is used.

    Only headings that no other column uses. A choice that the study states is settled, any key of a family is as good
    as another, and no estimate reads an address.
    """
    in_use = {heading for column in book.columns.values() for heading in _present(layout, column)[:1]}
    for name, column in book.columns.items():
        found = _present(layout, column)
        settled = column.chosen and found[:1] == [normal(column.aliases[0])]
        if len(found) < 2 or settled or column.quiet or column.type in ("address", "key"):
            continue
        used, *others = (layout.cells[layout.positions[heading]] for heading in found)
        rivals = [
            heading
            for heading, cells in zip(found[1:], others, strict=True)
            if heading not in in_use and not cells.equals(used) and cells.str.strip().ne("").any()
        ]
        if rivals:
            findings.add("judul_bersaing", place, name, f"dipakai: {found[0]}; tidak dibaca: {', '.join(rivals)}")


def _present(layout: Layout, column: Column) -> list[str]:
    """Headings of the table that are other names of the column, the first that the codebook names first."""
    return [h for h in dict.fromkeys(map(normal, column.aliases)) if h in layout.positions]


def _header(raw: RawTable, known: set[str]) -> tuple[tuple[str, ...], int]:
    """Normalised headings and the first row of the body: the row, or two merged rows, with most known headings."""
    if raw.headings is not None:
        return tuple(normal(heading) for heading in raw.headings), 0
    top = raw.cells.iloc[:HEADER_SEARCH_ROWS].to_numpy(dtype=object)
    rows = [tuple(normal(cell) for cell in row) for row in top]
    best: tuple[int, tuple[str, ...], int] = (0, (), 0)
    for i, row in enumerate(rows):
        candidates = [(row, i + 1)]
        if i + 1 < len(rows):
            candidates.append((_merged(row, rows[i + 1]), i + 2))
        for headings, start in candidates:
            score = len(known & set(headings))
            if score > best[0]:
                best = (score, headings, start)
    return (best[1], best[2]) if best[0] else (rows[0] if rows else (), min(1, len(rows)))


def _merged(upper: tuple[str, ...], lower: tuple[str, ...]) -> tuple[str, ...]:
    """Headings of two rows: the lower where filled, else the upper."""
    return tuple(below or above for above, below in zip(upper, lower, strict=True))


def _complete(layout: Layout, book: Codebook, known: set[str], place: pd.DataFrame, findings: Findings) -> bool:
    unknown = [h for h in layout.positions if h not in known and not book.ignores(h)]
    absent = [
        name
        for name, column in book.columns.items()
        if column.from_title is None and not any(h in layout.positions for h in column.headings)
    ]
    missing = [name for name in absent if book.columns[name].required and book.columns[name].instead in (None, *absent)]
    for name in absent:
        cutoff = NEAR_REQUIRED if name in missing else NEAR
        best = [
            found
            for heading in book.columns[name].headings
            if (found := process.extractOne(heading, unknown, scorer=fuzz.ratio, score_cutoff=cutoff))
        ]
        nearest = max(best, key=lambda found: found[1], default=None)
        if nearest:
            findings.propose(place, name, name in missing, nearest[0], round(nearest[1]))
        if name not in missing:
            continue
        text = f"'{nearest[0]}' (kemiripan {nearest[1]:.0f})" if nearest else "tidak ada judul yang mirip"
        allowed = " / ".join(book.columns[name].headings[:4])
        findings.add("judul_wajib", place, name, text, allowed=allowed)
    if missing:
        return False
    for heading in unknown:
        best_known = process.extractOne(heading, known, scorer=fuzz.ratio, score_cutoff=NEAR)
        suggestion = f"mungkin '{best_known[0]}' (kemiripan {best_known[1]:.0f})" if best_known else ""
        findings.add("judul_tidak_dikenal", place, heading, heading, allowed=suggestion or None)
    return True


def without_furniture(layout: Layout, book: Codebook, source: str, raw: RawTable, findings: Findings) -> Layout:
    """Set aside repeated headings, column numbers, totals and footnotes: rows of the file but not of the list."""
    cells, lines = layout.cells, layout.lines
    if cells.empty:
        return layout
    needed = [
        layout.positions[h]
        for column in book.columns.values()
        if column.filled or column.required
        for h in column.headings
        if h in layout.positions
    ]
    empty = np.zeros(len(cells), dtype=bool)
    filled = _filled(cells)
    few = filled <= max(3, len(cells.columns) // 3)  # never a person whose name alone is missing
    if needed:
        empty[_blank_rows(cells[list(dict.fromkeys(needed))], np.flatnonzero(few))] = True
    note = _begins(cells, few & (filled <= NOTE_CELLS) & (filled < len(cells.columns)), _NOTE)
    suspicious = few & (empty | note | _begins(cells, few, _TOTAL))
    heading_row = _repeats_heading(cells, layout)
    numbers = np.zeros(len(cells), dtype=bool)
    if _is_numbering([cell for cell in cells.iloc[0] if cell.strip()]):
        numbers[0] = True
    foot = suspicious & ~heading_row & ~numbers

    def places(rows: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame({"source": source, "file": raw.file, "sheet": raw.sheet, "line": lines[rows]})

    findings.set_aside("judul_berulang", places(heading_row | numbers))
    doubtful = note & ~empty & (filled > 1)  # nobody would look for a person among footnotes
    findings.set_aside("baris_kaki", places(foot & ~doubtful))
    findings.set_aside("baris_kaki", places(foot & doubtful), report=True)
    kept = ~(foot | heading_row | numbers)
    if kept.all():
        return layout
    return Layout(
        cells[kept].reset_index(drop=True),
        lines[kept],
        layout.headings,
        layout.positions,
        layout.printed,
        layout.titles,
    )


def _filled(cells: pd.DataFrame) -> np.ndarray:
    """How many cells of each row are filled."""
    filled = np.zeros(len(cells), dtype=np.int32)
    for c in cells.columns:
        filled += (cells[c] != "").to_numpy()
    return filled


def _blank_rows(cells: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """Those of the rows in which every cell is empty or holds only spaces."""
    for column in cells.columns:
        if not len(rows):
            break
        rows = rows[_says(cells[column], rows, "")]
    return rows


def _begins(cells: pd.DataFrame, among: np.ndarray, word: re.Pattern[str]) -> np.ndarray:
    """Rows among the given ones whose first filled cell begins with such a word."""
    marked = np.zeros(len(cells), dtype=bool)
    rows = np.flatnonzero(among)
    for column in cells.columns:
        if not len(rows):
            break
        codes, distinct = factorized(cells[column].iloc[rows].str.strip())
        marked[rows] = np.array([bool(word.match(normal(text))) for text in distinct], dtype=bool)[codes]
        rows = rows[np.array([text == "" for text in distinct], dtype=bool)[codes]]
    return marked


def _repeats_heading(cells: pd.DataFrame, layout: Layout) -> np.ndarray:
    """Rows that print the headings again, as page breaks do."""
    printed = [(position, text) for position, text in enumerate(layout.printed) if text][:3]
    if not printed:
        return np.zeros(len(cells), dtype=bool)
    alike = np.ones(len(cells), dtype=bool)
    for position, text in printed:
        rows = np.flatnonzero(alike)
        alike[rows] = _says(cells[position], rows, text)
    return alike


def _says(cells: pd.Series, rows: np.ndarray, text: str) -> np.ndarray:
    """Which of the rows hold the text and nothing but spaces around it; a column is not copied to ask of every row."""
    asked = cells if len(rows) == len(cells) else cells.iloc[rows]
    return by_pieces(asked, lambda piece: pc.equal(pc.utf8_trim_whitespace(piece), text), np.bool_)


def _is_numbering(filled: list[str]) -> bool:
    return (
        len(filled) > 2
        and all(_NUMBERING.match(cell.strip()) for cell in filled)
        and [int(cell.strip(" ()")) for cell in filled] == list(range(1, len(filled) + 1))
    )
