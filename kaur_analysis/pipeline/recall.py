"""What a step worked out the last time is not worked out again where it would be made of the very same things.

A new list of one programme changes nothing of the others: what is worked out programme by programme is kept so, sealed
on a shelf of the edition's like the readings, and found again by the contents of everything it was made from.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kaur_analysis.intake import Shelf, keys_for
from kaur_analysis.pipeline.content import content
from kaur_analysis.pipeline.edition import Edition

Tables = Sequence[pd.DataFrame]
WHOLE = "semua"  # name of the only part where there are no parts


def each_recalled(
    edition: Edition,
    name: str,
    work: Callable[..., Mapping[str, Tables]],
    parts: Mapping[str, Mapping[str, Any]],
    **shared: Any,
) -> dict[str, Tables]:
    """Tables that a pure function makes of each part of an edition, those parts anew whose givens have changed.

    Tables come back as the shelf gives them, known or new, so that nothing hangs on which they were.

    Parameters
    ----------
    edition
        Whose shelf keeps them; parts that are no longer asked for are removed from it.
    name
        What this is called on the shelf.
    work
        A function. Called once, with those ``parts`` whose tables are not known, and with ``shared``; it
        returns the tables of each. Those of a part may hang on nothing but what is given for it and what is shared.
    parts
        What is given for each part alone, by the part's name: tables, arrays, settings, and plain values.
    shared
        What is given for all parts.

    Returns
    -------
    The tables, by part, in the order asked for.

    Raises
    ------
    TypeError
        Something given has no content that could be compared.
    """
    folder = edition.recollections / name
    shelf = Shelf(folder, edition.program_hash, keys_for(edition.study.synthetic))
    shelf.clear(parts)
    common = content(shared)
    fingerprints = {part: shelf.fingerprint(name, part, common, content(own)) for part, own in parts.items()}
    known = {part: shelf.recall(part, fingerprint) for part, fingerprint in fingerprints.items()}
    if unknown := {part: own for part, own in parts.items() if known[part] is None}:
        for part, tables in work(unknown, **shared).items():
            shelf.keep(part, fingerprints[part], tables, {})
            known[part] = shelf.recall(part, fingerprints[part])
    return {part: _tables(kept, folder) for part, kept in known.items()}


def recalled(edition: Edition, name: str, work: Callable[..., Tables], **given: Any) -> Tables:
    """Tables of a pure function that is asked once, made anew only where what it is given has changed."""

    def whole(parts: Mapping[str, Mapping[str, Any]], **shared: Any) -> dict[str, Tables]:
        return {part: work(**shared) for part in parts}

    return each_recalled(edition, name, whole, {WHOLE: {}}, **given)[WHOLE]


def of_tables(edition: Edition, name: str, work: Callable[..., Tables], tables: Sequence[str], **given: Any) -> Tables:
    """Tables of a pure function of some tables of the edition, made anew only where one of them has changed.

    They are told by their files, and not even read where none has.

    Parameters
    ----------
    work
        Called with ``read``, which reads these tables and no other, and with what is given.
    tables
        Names in the store.

    Raises
    ------
    ValueError
        ``work`` reads a table that is not among them.
    """

    def read(table: str, columns: list[str] | None = None) -> pd.DataFrame:
        if table not in tables:
            raise ValueError(f"{name} reads {table}, which is not among the tables it is known by")
        return edition.store.read(table, columns)

    def whole(_files: Mapping[str, str], **given: Any) -> Tables:
        return work(read, **given)

    return recalled(edition, name, whole, _files={table: edition.store.hash(table) for table in tables}, **given)


def of_all(found: Mapping[str, Tables]) -> pd.DataFrame:
    """The first table of every programme, below each other."""
    return pd.concat([tables[0] for tables in found.values()], ignore_index=True)


def of_each(table: pd.DataFrame, programmes: Iterable[str]) -> dict[str, Tables]:
    """Rows of each programme."""
    return {code: [table[table["programme"] == code].reset_index(drop=True)] for code in programmes}


def _tables(kept: tuple[list[pd.DataFrame], dict[str, Any]] | None, folder: Path) -> Tables:
    if kept is None:
        raise OSError(f"{folder}: what was just kept is not there")
    return kept[0]
