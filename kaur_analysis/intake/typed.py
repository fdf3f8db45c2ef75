"""Cells become canonical columns: the codebook says which heading is which column and what its texts mean."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kaur_analysis.intake import values
from kaur_analysis.intake.codebook import Codebook, Column, code_key
from kaur_analysis.intake.findings import Findings
from kaur_analysis.intake.layout import Layout
from kaur_analysis.intake.readers import RawTable
from kaur_analysis.intake.text import factorized, normal, same_text, spread, stripped
from kaur_analysis.study import Source

PLACE = ["source", "file", "sheet", "line"]
# The declared locale is wrong where this share of the cells that tell can only be of the other one.
CONTRADICTION_SHARE = 0.5
_PLACE_WORDS = "desa|kelurahan|kecamatan|kec|kabupaten|kab|provinsi|tahun"


@dataclass(frozen=True)
class Context:
    """What typing needs to know besides the cells."""

    source: Source
    book: Codebook
    latest: dt.date
    findings: Findings


def typed_table(raw: RawTable, layout: Layout, context: Context) -> pd.DataFrame:
    """One row per data row: ``source, file, sheet, line`` and the codebook's columns that the file has.

    Personal columns stay text here and are turned into tokens by the caller; cells that mean nothing become missing
    and are reported; rows without a value that every row needs are set aside.
    """
    source, book, findings = context.source, context.book, context.findings
    rows = layout.cells.index
    said = {"source": source.name, "file": raw.file, "sheet": raw.sheet}
    places = {name: same_text(text, rows) for name, text in said.items()} | {"line": layout.lines}
    table = pd.DataFrame(places, copy=False)
    columns = {}
    for name, column in book.columns.items():
        if column.sum:
            if (total := _summed(raw, layout, name, column, table, context)) is not None:
                columns[name] = total
            continue
        texts = _texts(layout, column)
        if texts is None:
            texts = _from_titles(layout, column)
        if texts is not None:
            position = _position(layout, column)
            labels = raw.labels.get(position, {}) if position is not None else {}
            columns[name] = _typed(texts, name, column, *_locale(raw, position, source), labels, table, context)
    table = pd.DataFrame(places | columns, index=rows, copy=False)  # numbers side by side would be copied
    lacking = np.zeros(len(table), dtype=bool)
    for name, column in book.columns.items():
        if column.filled and name in columns:
            empty = (table[name].isna() | (table[name] == "")).to_numpy(dtype=bool)
            findings.add("isian_wajib_kosong", table[empty & ~lacking], name)
            lacking |= empty
    if not lacking.any():
        return table
    findings.set_aside("isian_wajib_kosong", table[lacking])
    return table[~lacking].reset_index(drop=True)


def _locale(raw: RawTable, position: int | None, source: Source) -> tuple[str, bool]:
    """How a column writes numbers, and whether the format itself is certain of it."""
    certain = raw.locale is not None and position not in raw.free
    return str(raw.locale) if certain else source.locale, certain


def _summed(
    raw: RawTable, layout: Layout, name: str, column: Column, places: pd.DataFrame, context: Context
) -> pd.Series | None:
    """Sum of the numbers of the column's headings, whichever there are; missing where none is filled."""
    parts = []
    for heading in column.headings:
        if (position := layout.positions.get(heading)) is not None:
            texts = stripped(layout.cells[position])
            parsed = values.numbers(texts, *_locale(raw, position, context.source))
            parts.append(_numbers(texts, name, column, parsed, places, context))
    return pd.concat(parts, axis=1).sum(axis=1, min_count=1) if parts else None


def _texts(layout: Layout, column: Column) -> pd.Series | None:
    """The column's texts: of the first heading found; of several headings joined where it combines them."""
    if column.combine or column.any_of:
        return _joined(layout, column.combine or column.any_of) if column.combine else _any_texts(layout, column)
    position = _position(layout, column)
    return None if position is None else stripped(layout.cells[position])


def _position(layout: Layout, column: Column) -> int | None:
    """Where the first known heading of a column stands."""
    return next((layout.positions[h] for h in column.headings if h in layout.positions), None)


def _joined(layout: Layout, headings: tuple[str, ...]) -> pd.Series | None:
    positions = [layout.positions.get(normal(heading)) for heading in headings]
    if any(position is None for position in positions):
        return None
    first, *others = [stripped(layout.cells[position]) for position in positions]
    for other in others:
        first = first + "/" + other
    return first


def _any_texts(layout: Layout, column: Column) -> pd.Series | None:
    """Text of a heading whose code is 1, else of the first filled one, over ``any_of`` or else ``otherwise``."""
    for group in (column.any_of, column.otherwise):
        found = [stripped(layout.cells[layout.positions[normal(h)]]) for h in group if normal(h) in layout.positions]
        if not found:
            continue
        texts = found[0]
        for other in found[1:]:
            codes, distinct = factorized(other)
            yes = np.array([column.codes.get(code_key(text)) == 1 for text in distinct], dtype=bool)[codes]
            texts = other.where(yes | texts.eq(""), texts)
        return texts
    return None


def _from_titles(layout: Layout, column: Column) -> pd.Series | None:
    """A place that stands above the table ("DESA: ...") or is the sheet's name, for every row of the table."""
    if column.from_title is None:
        return None
    pattern = re.compile(rf"\b(?<!dana ){column.from_title} (?!tahun\b)([a-z][a-z ]*?)(?= (?:{_PLACE_WORDS})\b|$)")
    for title in layout.titles[:-1]:
        if found := pattern.search(normal(title)):
            return pd.Series(found[1], index=layout.cells.index, dtype="str")
    sheet = layout.titles[-1]
    if column.from_title == "desa" and sheet and not normal(sheet).startswith(("sheet", "lembar")):
        return pd.Series(sheet, index=layout.cells.index, dtype="str")
    return None


def _typed(
    texts: pd.Series,
    name: str,
    column: Column,
    locale: str,
    certain: bool,
    labels: Mapping[str, str],
    places: pd.DataFrame,
    context: Context,
) -> pd.Series:
    kind = column.type
    if kind == "number":
        if column.codes:
            codes, distinct = factorized(texts)
            texts = spread([_number_of(text, column) for text in distinct], codes, texts.index)
        return _numbers(texts, name, column, values.numbers(texts, locale, certain), places, context)
    if kind == "date":
        return _dates(texts, name, locale, places, context)
    if kind in ("category", "flag", "any_flag"):
        parsed = values.words(texts, column, labels)
        if (against := parsed.contradicted).any():
            shown = texts[against].map(lambda code: f"{code} = {labels[code]}")
            context.findings.add("label_bertentangan", places[against], name, shown)
        if not column.quiet:
            _report_codes(parsed.bad, texts, name, column, places, context.findings)
        if kind == "category":
            return spread(parsed.distinct, parsed.codes, texts.index)
        return pd.Series(parsed.values, index=texts.index, dtype="float64")
    if labels and kind in ("kabupaten", "kecamatan", "desa"):
        codes, distinct = factorized(texts)
        texts = spread([labels.get(code, code) for code in distinct], codes, texts.index)
    blank = values.blanks(texts)
    return texts.mask(blank, "") if blank.any() else texts


def _number_of(text: str, column: Column) -> str:
    """The number that a word means, else the text."""
    number = column.codes.get(code_key(text))
    return text if number is None else f"{number:g}"


def _report_codes(
    bad: np.ndarray, texts: pd.Series, name: str, column: Column, places: pd.DataFrame, findings: Findings
) -> None:
    if not bad.any():
        return
    shown, rows = texts[bad], places[bad]
    known = {text: bool(values.nearest_code(text, column)) or len(text) <= 2 for text in shown.unique()}
    near = shown.map(known).to_numpy(dtype=bool)
    allowed = ", ".join(list(column.codes)[:8])
    findings.add("kode_tidak_dikenal", rows[near], name, shown[near], allowed)
    # text far from every code may be a name in the wrong column
    findings.add("kode_tidak_dikenal", rows[~near], name, shown[~near], allowed, personal=True)


def _numbers(
    texts: pd.Series, name: str, column: Column, parsed: values.Parsed, places: pd.DataFrame, context: Context
) -> pd.Series:
    findings = context.findings
    result = parsed.distinct * context.source.times.get(name, 1.0)
    _judge_locale(parsed, np.isfinite(result), texts, name, places, findings, "angka_tidak_terbaca")
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    outside = (result < low) | (result > high) | (column.whole & (result != np.round(result)) & np.isfinite(result))
    if outside.any():
        rows = outside[parsed.codes]
        findings.add("angka_di_luar_batas", places[rows], name, texts[rows], f"{low:g} sampai {high:g}")
    return pd.Series(np.where(outside, np.nan, result)[parsed.codes], index=texts.index)


def _dates(texts: pd.Series, name: str, locale: str, places: pd.DataFrame, context: Context) -> pd.Series:
    parsed = values.dates(texts, locale, context.latest)
    days = parsed.distinct
    _judge_locale(parsed, ~np.isnat(days), texts, name, places, context.findings, "tanggal_tidak_terbaca")
    outside = ~np.isnat(days) & ((days < np.datetime64("1900-01-01")) | (days > np.datetime64(context.latest, "D")))
    if outside.any():
        context.findings.add("tanggal_di_luar_batas", places[outside[parsed.codes]], name, "tanggal di luar batas")
    return pd.Series(np.where(outside, np.datetime64("NaT"), days)[parsed.codes], index=texts.index)


def _judge_locale(
    parsed: values.Parsed,
    read: np.ndarray,
    texts: pd.Series,
    name: str,
    places: pd.DataFrame,
    findings: Findings,
    rule: str,
) -> None:
    """Cells that fit only the other locale: a wrong declaration where they are many, wrong cells where they are few.

    ``read`` says which distinct texts were read.
    """
    if not parsed.states.any():
        return
    other = parsed.other_locale
    if other.any() and other.sum() >= CONTRADICTION_SHARE * (other.sum() + _telling(texts[read[parsed.codes]])):
        findings.add("locale_bertentangan", places[other].head(20), name, texts[other].head(20))
        return
    wrong = parsed.bad | other
    findings.add(rule, places[wrong], name, texts[wrong], personal=True)


def _telling(texts: pd.Series) -> int:
    """How many read texts have a separator that only the declared locale explains; plain digits tell nothing."""
    return int(texts.str.contains(r"\d[.,/-]\d", regex=True).sum())
