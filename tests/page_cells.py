"""What the tables of finished pages say, cell by cell, read as a stranger reads them: from words and columns alone.

Nothing of the program's own formatting is used: Indonesian numbers are parsed here afresh.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup, Tag

NUMBER = re.compile(r"(Rp)?(\d[\d.]*)(?:,(\d+))?(%)?(?: (juta|miliar|triliun))?")
SCALES = {"": 1.0, "juta": 1e6, "miliar": 1e9, "triliun": 1e12}


@dataclass(frozen=True)
class Cell:
    """A number of a page and of which row of the published table it speaks; no text where it is not shown."""

    page: str
    name: str
    area: str
    programme: str
    group: str
    text: str

    def says(self, value: float) -> bool:
        """Whether a value reads so: within half a step of its last printed digit."""
        _, whole, decimals, percent, scale = NUMBER.fullmatch(self.text).groups(default="")
        unit = SCALES[scale] * (0.01 if percent else 1.0)
        step = unit * 10.0 ** -(len(decimals) if decimals or not scale else 1)
        return abs(float(f"{whole.replace('.', '')}.{decimals or 0}") * unit - value) <= step * (0.5 + 1e-9)


@dataclass(frozen=True)
class Places:
    """Names as pages print them, and the codes they stand for."""

    kabupaten: str
    kecamatan: dict[str, str]
    programmes: dict[str, str]


def cells(file: Path, places: Places) -> Iterator[Cell]:
    """Every cell of the tables of a page that speaks of one row of the published table."""
    page = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
    for told in page.select("[aria-hidden=true]"):
        if told.name != "svg":
            told.extract()
    for hidden in page.select(".not-shown"):
        hidden.string = ""
    own = next(iter(re.findall(r"-(\d{7})-", file.name)), places.kabupaten)
    for table in page.find_all("table"):
        heads = tuple(_text(head) for head in table.select("thead th"))
        for name, area, programme, group, cell in _rows(table, heads, own, places):
            yield Cell(file.name, name, area, programme, group, cell)


def _rows(table: Tag, heads: tuple[str, ...], own: str, places: Places) -> Iterator[tuple[str, str, str, str, str]]:
    """Name, area, programme, group and text of each cell, by the heads of its table."""
    caption = _text(table.caption)
    rows = [row for row in table.select("tbody tr") if row.find("td")]
    if heads == ("Kecamatan", "Nilai", "Kisaran", "Dibanding kabupaten"):
        for area, row in _of_kecamatan(rows, places):
            yield "poverty.poor_share", area, "", "", _number(row[0])
    elif heads[:1] == ("Desa",):
        columns = ("gap", "served", "extreme") if "Belum" in heads else ("extreme",)
        names = {"gap": "gap_extreme_families", "served": "served_extreme_families", "extreme": "extreme_families"}
        for row in rows:
            if row.get("id", "").startswith("desa-"):
                for column, cell in zip(columns, row.find_all("td"), strict=False):
                    yield f"desa.{names[column]}", row["id"].removeprefix("desa-"), "", "", _number(cell)
    elif heads[-1:] == ("Bukan miskin ekstrem",) and heads[1].startswith("Penerima"):
        yield from _reach(rows, own, places)
    elif heads[0] == "Program" and heads[-1] == "Rupiah":
        yield from _needs(rows, own, places)
    elif heads == ("Kecamatan", "Miskin ekstrem", "Terlewat", "Kedalaman (P1)"):
        for area, row in _of_kecamatan(rows, places):
            yield "poverty.extreme_share", area, "", "", _number(row[0])
            yield "targeting.exclusion_error", area, "any", "", _number(row[1])
    elif heads == ("Kecamatan", "Bagian", "Keluarga"):
        for area, row in _of_kecamatan(rows, places):
            yield "poverty.extreme_share", area, "", "", _number(row[0])
            yield "poverty.extreme_families", area, "", "", _number(row[1])
    elif heads == ("Kecamatan", "Keluarga miskin ekstrem", "Terlewat", "Rupiah per tahun"):
        for area, row in _of_kecamatan(rows, places):
            yield "poverty.extreme_families", area, "", "", _number(row[0])
            yield "targeting.missed_poor", area, "any", "", _number(row[1])
            yield "zero_cost.programme_mix_rp_year", area, "", "", _number(row[2])
    elif heads[0] == "Kecamatan" and "rupiah untuk semua program instansi ini" in caption:
        named = [places.programmes[head.rstrip(" †")] for head in heads[1:] if not head.startswith("Rupiah ")]
        for area, row in _of_kecamatan(rows, places):
            for programme, cell in zip(named, row, strict=False):
                yield "needs.due_extreme_families", area, programme, "", _number(cell)
    elif heads == ("Daftar", "Dibaca", "Dipakai", "Disisihkan"):
        for row in rows:
            source = _text(row.th.find("span", class_="small"))
            names = ("rows_read", "rows_kept", "rows_set_aside")
            for name, cell in zip(names, row.find_all("td"), strict=True):
                yield f"lists.{name}", own, "", source, _number(cell)


def _of_kecamatan(rows: Iterable[Tag], places: Places) -> Iterator[tuple[str, list[Tag]]]:
    for row in rows:
        name = _first(row.th).strip(" \u00a0○‡") if row.th else ""
        if name in places.kecamatan:
            yield places.kecamatan[name], row.find_all("td")


def _reach(rows: Iterable[Tag], own: str, places: Places) -> Iterator[tuple[str, str, str, str, str]]:
    for row in rows:
        programme = places.programmes.get(_text(row.th))
        if programme is None:
            continue
        recipients, missed, included = row.find_all("td")
        if small := recipients.find("span", class_="small"):
            yield "targeting.unmatched_recipients", own, programme, "", _number(small.extract())
        if small := included.find("span", class_="small"):
            yield "targeting.outside_rules", own, programme, "", _number(small.extract())
        yield "targeting.recipients", own, programme, "", _number(recipients)
        yield "targeting.exclusion_error", own, programme, "", _number(missed)
        yield "targeting.inclusion_error", own, programme, "", _number(included)


def _needs(rows: Iterable[Tag], own: str, places: Places) -> Iterator[tuple[str, str, str, str, str]]:
    programme = ""
    for row in rows:
        if row.th:
            programme = places.programmes[_text(row.th.find("span", class_="paper"))]
            families, rupiah = row.find_all("td")
            yield "needs.due_extreme_families", own, programme, "", _number(families)
            yield "needs.due_extreme_rupiah_year", own, programme, "", _number(rupiah)
        elif every := re.search(r"semua yang berhak: (.*?) keluarga, (.*)$", _text(row)):
            for name, text in zip(("due_families", "due_rupiah_year"), every.groups(), strict=True):
                yield f"needs.{name}", own, programme, "", _first_number(text)


def _text(tag: Tag | None) -> str:
    return " ".join(tag.get_text(" ").split()) if tag else ""


def _first(tag: Tag) -> str:
    """What stands in a cell before its small print."""
    return str(next(iter(tag.stripped_strings), ""))


def _number(tag: Tag) -> str:
    """The first number of a cell."""
    return _first_number(_text(tag))


def _first_number(text: str) -> str:
    found = NUMBER.search(text)
    return found.group().strip() if found else ""
