"""A table of a database (PostgreSQL, SQLite, ...) by SQLAlchemy URL, read as text like any file."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pandas as pd
import sqlalchemy
from sqlalchemy.exc import NoSuchTableError, OperationalError, SQLAlchemyError

from kaur_analysis.errors import DataRejected
from kaur_analysis.study import Source

_CONNECTION_HINT = (
    "Periksa alamat, nama pengguna dan jaringan; kata sandi PostgreSQL dibaca dari PGPASSWORD atau berkas .pgpass, "
    "tidak dari studi"
)


def read_database(source: Source, most_cells: int) -> pd.DataFrame:
    """All rows of the source's table with the database's types, always in the same order.

    Rows come by primary key; a table without one is sorted by all its columns, because SQL promises no order.

    Raises
    ------
    DataRejected
        No connection, no such table, or more than ``most_cells`` cells. The URL is never shown: it may hold a password.
    """
    with _connected(source) as connection:
        table = _table(source, connection)
        rows = connection.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(table)).scalar_one()
        if rows * len(table.columns) > most_cells:
            raise DataRejected(f"sumber '{source.name}': tabel {source.table} memuat lebih dari {most_cells} sel.")
        key = list(table.primary_key.columns)
        # Exact numbers: no float for a whole number with gaps (a NIK has 16 digits), none for a decimal.
        rows_wanted = sqlalchemy.select(*map(_as_written, table.columns)).order_by(*key)
        frame = pd.read_sql(rows_wanted, connection, coerce_float=False, dtype_backend="numpy_nullable")
    for column in table.columns:
        if isinstance(column.type, sqlalchemy.Numeric) and not pd.api.types.is_float_dtype(frame[column.name]):
            # pandas takes decimals for texts; they are numbers, to be written as the source declares
            cells = [None if pd.isna(cell) else Decimal(str(cell)) for cell in frame[column.name]]
            frame[column.name] = pd.Series(cells, dtype=object)
    if key or not len(frame.columns):
        return frame
    return frame.iloc[frame.astype(str).sort_values(list(frame.columns)).index].reset_index(drop=True)


def database_fingerprint(source: Source, most_cells: int) -> str:
    """Hash of a table's contents, so that a run knows when they have changed."""
    frame = read_database(source, most_cells).astype(str)
    digest = hashlib.sha256("\x1f".join(map(str, frame.columns)).encode())
    digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def _connected(source: Source) -> Iterator[sqlalchemy.Connection]:
    try:
        engine = sqlalchemy.create_engine(source.path)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()
    except ModuleNotFoundError as error:
        raise DataRejected(f"sumber '{source.name}': penggerak basis data '{error.name}' belum terpasang.") from None
    except OperationalError:
        raise DataRejected(
            f"sumber '{source.name}': tidak dapat tersambung ke basis data. {_CONNECTION_HINT}."
        ) from None
    except (SQLAlchemyError, ValueError) as error:
        raise DataRejected(f"sumber '{source.name}': basis data tidak dapat dibaca ({type(error).__name__}).") from None


def _as_written(column: sqlalchemy.Column[Any]) -> sqlalchemy.ColumnElement[Any]:
    """A day as the database itself writes it: a moment with a time zone would be moved to another day in UTC."""
    if isinstance(column.type, sqlalchemy.Date | sqlalchemy.DateTime):
        return sqlalchemy.func.substr(sqlalchemy.cast(column, sqlalchemy.Text), 1, 10).label(column.name)
    return column


def _table(source: Source, connection: sqlalchemy.Connection) -> sqlalchemy.Table:
    if not source.table:
        raise DataRejected(f"sumber '{source.name}': sebut table untuk sumber basis data.")
    schema, _, name = source.table.rpartition(".")
    try:
        return sqlalchemy.Table(name, sqlalchemy.MetaData(), schema=schema or None, autoload_with=connection)
    except NoSuchTableError:
        inspector = sqlalchemy.inspect(connection)
        there = sorted([*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)])
        raise DataRejected(
            f"sumber '{source.name}': tabel '{source.table}' tidak ada. Yang ada: {', '.join(there) or '(kosong)'}."
        ) from None
