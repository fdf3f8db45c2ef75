"""Which registry people a recipient may be: pairs worth scoring, found by what both sides share."""

import duckdb
import numpy as np
import pandas as pd

MINIMUM_LIKENESS = 0.5
# Names as sets of keyed letter pairs in the bits of a few words: what two names share is then counted in nanoseconds.
WORDS = 12
WORD_BITS = 64


def likeness(left: str, right: str) -> str:
    """SQL of the likeness of two names, Dice's coefficient of their letter pairs; ``{}`` in a side takes the column."""
    shared = " + ".join(f"bit_count({left.format(f'pairs_{i}')} & {right.format(f'pairs_{i}')})" for i in range(WORDS))
    return f"2.0 * ({shared}) / ({left.format('pairs_count')} + {right.format('pairs_count')})"


_ALIKE = f"{likeness('l.{}', 'r.{}')} >= {MINIMUM_LIKENESS}"
_RULES = (
    # one digit of the NIK differs
    "select l.record, r.person from open_masks l join registry_masks r using (mask)",
    # the same family card
    "select l.record, r.person from open l join registry r using (family_token)",
    # the same name in the kecamatan, or with the same year of birth
    "select l.record, r.person from open l join registry r using (name_token, kecamatan)",
    "select l.record, r.person from open l join registry r using (name_token, birth_year)",
    # the same date of birth in the kecamatan
    "select l.record, r.person from open l join registry r using (birth_token, kecamatan)",
    # a name like it in the desa; where the desa is unknown, in the kecamatan
    f"select l.record, r.person from open l join registry r using (desa) where {_ALIKE}",
    f"select l.record, r.person from open l join registry r using (kecamatan) where l.desa is null and {_ALIKE}",
)


def load_sides(connection: duckdb.DuckDBPyConnection, registry: pd.DataFrame, recipients: pd.DataFrame) -> None:
    """Put both sides into tables ``registry`` and ``recipients``; letter pairs become bits, masks become lists.

    ``open`` holds the recipients whose NIK is missing or in no registry: for the others the NIK has spoken.
    """
    names = [table["name_bigrams"].astype("str") for table in (registry, recipients)]  # categories of their own
    bits = _pair_bits(pd.concat(names, ignore_index=True))
    sides = {"registry": (registry, bits.iloc[: len(registry)]), "recipients": (recipients, bits.iloc[len(registry) :])}
    for name, (table, own_bits) in sides.items():
        plain = table.drop(columns="name_bigrams").reset_index(drop=True)
        connection.register("given", pd.concat([plain, own_bits.reset_index(drop=True)], axis=1))
        connection.execute(
            f"create or replace table {name} as select * replace (string_split(nik_masks::varchar, ' ') as nik_masks, "
            "try_cast(birth_year as integer) as birth_year) from given"
        )
        connection.unregister("given")
    connection.execute(
        "create or replace table open as select * from recipients l anti join registry r using (person_token)"
    )
    for side, key in (("open", "record"), ("registry", "person")):
        connection.execute(
            f"create or replace table {side}_masks as "
            f"select {key}, unnest(nik_masks) as mask from {side} where nik_masks is not null"
        )


def candidate_pairs(connection: duckdb.DuckDBPyConnection) -> int:
    """Make table ``pairs`` (``record, person``) and return how many there are."""
    exact = "select l.record, r.person from recipients l join registry r using (person_token)"
    union = " union ".join((exact, *_RULES))
    connection.execute(f"create or replace table pairs as select distinct record, person from ({union})")
    return counted(connection, "select count(*) from pairs")


def counted(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """The one number a query gives."""
    return int(connection.execute(query).fetchall()[0][0])


def _pair_bits(names: pd.Series) -> pd.DataFrame:
    """Letter pairs of every name as bits of ``pairs_0``, ``pairs_1``, ... and their number; missing without a name.

    Pairs are numbered as they occur; beyond ``WORDS * WORD_BITS`` different ones numbers repeat, which can only make
    two names look a little more alike.
    """
    codes, distinct = pd.factorize(names)
    pairs = pd.Series(distinct, dtype="str").str.split(" ").explode()
    number = pd.factorize(pairs)[0] % (WORDS * WORD_BITS)
    bits = np.zeros((len(distinct) + 1, WORDS), dtype=np.uint64)
    one = np.uint64(1) << (number % WORD_BITS).astype(np.uint64)
    np.bitwise_or.at(bits, (pairs.index.to_numpy(), number // WORD_BITS), one)
    table = pd.DataFrame(bits[codes], columns=[f"pairs_{i}" for i in range(WORDS)])
    count = pd.Series(np.bitwise_count(bits).sum(axis=1)[codes], dtype="Int32")
    return table.assign(pairs_count=count.mask(count == 0))
