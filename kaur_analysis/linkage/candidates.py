"""Which registry people a recipient may be: pairs worth scoring, found by what both sides share.

Inside the database both sides are numbered by their rows (``unique_id``), and tokens are 64-bit hashes of themselves:
only their equality counts.
"""

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from kaur_analysis.intake import NAME_PAIRS

MINIMUM_LIKENESS = 0.5
_TOKENS = ("person_token", "family_token", "name_token", "birth_token", "birth_day_token", "birth_month_token")
# Names as sets of keyed letter pairs in the bits of a few words: what two names share is then counted in nanoseconds.
_SHARED = " + ".join(f"bit_count(l.{word} & r.{word})" for word in NAME_PAIRS)
# Dice's coefficient of the letter pairs of two names
_LIKENESS = f"create macro alike(l, r) as 2.0 * ({_SHARED}) / (l.n + r.n)"
_ALIKE = f"alike(l.pairs, r.pairs) >= {MINIMUM_LIKENESS}"
_BOTH = "select l.unique_id as record, r.unique_id as person from"
_RULES = (
    # one digit of the NIK differs
    f"{_BOTH} (select unique_id, unnest(near) as number from open) l join registry r using (number)",
    # the same family card
    f"{_BOTH} open l join registry r using (family_token)",
    # the same name in the kecamatan, or with the same year of birth
    f"{_BOTH} open l join registry r using (name_token, kecamatan)",
    f"{_BOTH} open l join registry r using (name_token, birth_year)",
    # the same date of birth in the kecamatan
    f"{_BOTH} open l join registry r using (birth_token, kecamatan)",
    # a name like it in the desa; where the desa is unknown, in the kecamatan
    f"{_BOTH} open l join registry r using (desa) where {_ALIKE}",
    f"{_BOTH} open l join registry r using (kecamatan) where l.desa is null and {_ALIKE}",
)


def load_registry(connection: duckdb.DuckDBPyConnection, registry: pd.DataFrame) -> None:
    """Put the registry into table ``registry`` and what names it holds how often into ``name_frequencies``."""
    connection.execute(_LIKENESS)
    _put(connection, "registry", registry)
    connection.execute("alter table registry add column near ubigint[]")
    connection.execute(
        "create table name_frequencies as select name_token, count(*) / sum(count(*)) over () as tf_name_token "
        "from registry where name_token is not null group by name_token order by name_token"
    )


def load_list(connection: duckdb.DuckDBPyConnection, recipients: pd.DataFrame, near: pd.DataFrame) -> None:
    """Put a list into table ``recipients`` in place of the list before it.

    ``open`` holds the recipients whose NIK is missing or in no registry: for the others the NIK has spoken.
    """
    _put(connection, "given_list", recipients)
    rows = pd.Series(np.arange(len(recipients)), recipients["record"].to_numpy())
    numbers = near.assign(unique_id=rows.loc[near["record"]].to_numpy())[["unique_id", "person_token"]]
    connection.register("given_near", pa.Table.from_pandas(numbers, preserve_index=False))
    connection.execute(
        "create or replace table recipients as select * from given_list left join (select unique_id, "
        "list(hash(person_token)) as near from given_near group by unique_id) using (unique_id) order by unique_id"
    )
    connection.unregister("given_near")
    connection.execute("drop table given_list")
    connection.execute(
        "create or replace table open as select * from recipients l anti join registry r using (person_token)"
    )


def candidate_pairs(connection: duckdb.DuckDBPyConnection) -> None:
    """Make table ``pairs`` of the rows ``record, person``."""
    exact = f"{_BOTH} recipients l join registry r using (person_token)"
    union = " union ".join((exact, *_RULES))
    connection.execute(f"create or replace table pairs as select distinct record, person from ({union})")


def counted(connection: duckdb.DuckDBPyConnection, query: str) -> list[int]:
    """The numbers of the one row that a query gives."""
    return [int(value) for value in connection.execute(query).fetchall()[0]]


def _put(connection: duckdb.DuckDBPyConnection, name: str, table: pd.DataFrame) -> None:
    """Make a table of keys; ``number`` is its NIK once more, for comparisons that are to hold beside that of NIKs."""
    plain = table[[*_TOKENS, "birth_year", "female", "kecamatan", "desa"]].reset_index(drop=True)
    words = table[list(NAME_PAIRS)].reset_index(drop=True)
    if words.isna().all(axis=None):  # whoever has nothing has no name either; numbers with gaps would have lost bits
        words = words.fillna(0).astype(np.uint64)
    count = np.bitwise_count(words.to_numpy()).sum(axis=1)
    given = pd.concat([plain, words], axis=1).assign(pairs_count=count, unique_id=np.arange(len(table), dtype=np.int32))
    connection.register("given", pa.Table.from_pandas(given, preserve_index=False))
    tokens = ", ".join(f"case when {token} is not null then hash({token}) end as {token}" for token in _TOKENS)
    pairs = ", ".join(f"'{word}': {word}" for word in NAME_PAIRS)
    connection.execute(
        f"create or replace table {name} as select unique_id, {tokens}, "
        "case when person_token is not null then hash(person_token) end as number, "
        "try_cast(birth_year as integer) as birth_year, female, kecamatan::varchar as kecamatan, desa::varchar as desa,"
        f" case when pairs_count > 0 then {{{pairs}, 'n': pairs_count}} end as pairs from given"
    )
    connection.unregister("given")
