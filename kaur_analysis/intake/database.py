"""A table of a database (PostgreSQL, SQLite, ...) by SQLAlchemy URL, read as text like any file."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy
from sqlalchemy.exc import NoSuchTableError, OperationalError, SQLAlchemyError

from kaur_analysis.errors import DataRejected
from kaur_analysis.study import Source

CONNECT_SECONDS = 15
_TIMEOUT_OPTIONS = {"postgresql": "connect_timeout", "mysql": "connect_timeout", "mariadb": "connect_timeout"}
_ROWS_AT_ONCE = 20_000
_CONNECTION_HINT = (
    "Periksa alamat, nama pengguna dan jaringan; kata sandi PostgreSQL dibaca dari PGPASSWORD atau berkas .pgpass, "
    "tidak dari studi"
)


@dataclass(frozen=True)
class TableRows:
    """Rows of a table, some at a time.

    Attributes
    ----------
    frames
        Frames with the database's types, at least one; exact numbers, whole ones with gaps and decimals included.
    ordered
        Whether the table has a key by which the rows come; without one SQL promises no order.
    """

    frames: Iterator[pd.DataFrame]
    ordered: bool


@contextmanager
def table_rows(source: Source, folder: Path, most_cells: int, wanted: Callable[[str], bool]) -> Iterator[TableRows]:
    """The source's table, read as it is used, without columns that are not wanted or hold bytes (photographs, scans).

    Parameters
    ----------
    folder
        That of the study: files of a database are meant from it, as all files are.

    Raises
    ------
    DataRejected
        No connection, no such table, or more than ``most_cells`` cells. The URL is never shown: it may hold a password.
    """
    with _connected(source, folder) as connection:
        table = _table(source, connection)
        columns = [
            column
            for column in table.columns
            if wanted(column.name) and not isinstance(column.type, sqlalchemy.LargeBinary)
        ]
        rows = connection.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(table)).scalar_one()
        if rows * len(columns) > most_cells:
            raise DataRejected(f"sumber '{source.name}': tabel {source.table} memuat lebih dari {most_cells} sel.")
        if not columns:
            raise DataRejected(f"sumber '{source.name}': tabel {source.table} tidak punya kolom yang dapat dibaca.")
        key = list(table.primary_key.columns)
        yield TableRows(_frames(connection, columns, key), bool(key))


def _frames(
    connection: sqlalchemy.Connection, columns: list[sqlalchemy.Column[Any]], key: list[sqlalchemy.Column[Any]]
) -> Iterator[pd.DataFrame]:
    # Exact numbers: no float for a whole number with gaps (a NIK has 16 digits), none for a decimal.
    query = sqlalchemy.select(*map(_as_written, columns)).order_by(*key)
    streamed = connection.execution_options(stream_results=True, max_row_buffer=_ROWS_AT_ONCE)
    options: dict[str, Any] = {"coerce_float": False, "dtype_backend": "numpy_nullable"}
    for frame in pd.read_sql(query, streamed, chunksize=_ROWS_AT_ONCE, **options):
        for column in columns:
            if isinstance(column.type, sqlalchemy.Numeric) and not pd.api.types.is_float_dtype(frame[column.name]):
                # pandas takes decimals for texts; they are numbers, to be written as the source declares
                cells = [None if pd.isna(cell) else Decimal(str(cell)) for cell in frame[column.name]]
                frame[column.name] = pd.Series(cells, dtype=object)
        yield frame


def database_fingerprint(source: Source, folder: Path, most_cells: int) -> str:
    """Hash of a table's contents, so that a run knows when they have changed."""
    digest = hashlib.sha256()
    hashes = []
    with table_rows(source, folder, most_cells, lambda name: True) as rows:
        for frame in rows.frames:
            digest = hashlib.sha256("\x1f".join(map(str, frame.columns)).encode())
            hashes.append(pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy())
    every = np.concatenate(hashes)
    digest.update((every if rows.ordered else np.sort(every)).tobytes())
    return digest.hexdigest()


@contextmanager
def _connected(source: Source, folder: Path) -> Iterator[sqlalchemy.Connection]:
    try:
        address = sqlalchemy.make_url(source.path)
        if address.get_driver_name() == "pysqlite":
            address = _file_to_read(address, source, folder)
        engine = sqlalchemy.create_engine(address, connect_args=_patience(address))
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


def _file_to_read(address: sqlalchemy.URL, source: Source, folder: Path) -> sqlalchemy.URL:
    """A file of SQLite as it lies from the study's folder, opened to read: SQLite would make one that is not there."""
    path = (folder / (address.database or "")).resolve()
    if not path.is_file():
        raise DataRejected(
            f"sumber '{source.name}': berkas basis data itu tidak ada. Jalurnya dihitung dari folder studi."
        )
    return address.set(database=path.as_uri(), query={**address.query, "mode": "ro", "uri": "true"})


def _patience(address: sqlalchemy.URL) -> dict[str, int]:
    """How long to wait for a server that does not answer, where the address does not say it itself."""
    option = _TIMEOUT_OPTIONS.get(address.get_backend_name())
    return {option: CONNECT_SECONDS} if option and option not in address.query else {}


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
