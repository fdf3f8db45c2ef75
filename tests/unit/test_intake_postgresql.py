"""A table in PostgreSQL is a source like any other: read from a real server started for these tests alone."""

import datetime as dt
import os
import shutil
import socket
import subprocess
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake.readers import read_source, table_fingerprint
from tests.intake_files import recipients

LONELY = "nobody"  # a server refuses to run as root
PASSWORD = "rahasia-sekali-77"
PEOPLE = [
    (3, 9771010101800003, "Zoraé Vekador", Decimal("1250000.50"), True, dt.date(1980, 1, 5), None),
    (1, 9771010101800001, "Ana; \"Lyz\"\tQ", Decimal("900000"), False, dt.date(1999, 12, 31), "a"),
    (2, None, "=BAHAYA()", None, None, None, ""),
]  # fmt: skip
AS_TEXT = [
    ["1", "9771010101800001", 'Ana; "Lyz"\tQ', "900000,00", "0", "1999-12-31", "a"],
    ["2", "", "=BAHAYA()", "", "", "", ""],
    ["3", "9771010101800003", "Zoraé Vekador", "1250000,50", "1", "1980-01-05", ""],
]


def programs() -> Path:
    """Folder of the server's programs; without one these tests say so and are left out."""
    folders = [Path(found).parent for found in [shutil.which("initdb")] if found]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not folders:
        pytest.skip("no PostgreSQL server on this machine")
    return folders[0]


@pytest.fixture(scope="module")
def server():
    folder = programs()
    home = Path(tempfile.mkdtemp(prefix="pg"))
    as_user = {}
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        try:
            shutil.chown(home, LONELY)
        except LookupError:
            pytest.skip(f"no user {LONELY!r} to run the server as")
        as_user = {"user": LONELY}
    (home / "sandi").write_text(PASSWORD)
    (home / "sandi").chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(program, *arguments):
        subprocess.run([folder / program, *arguments], check=True, capture_output=True, cwd=home, **as_user)

    call("initdb", "-D", f"{home}/data", "-U", "kaur", "-A", "scram-sha-256", f"--pwfile={home}/sandi", "-E", "UTF8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c fsync=off"
    call("pg_ctl", "-D", f"{home}/data", "-w", "-l", f"{home}/log", "-o", options, "start")
    yield f"postgresql+psycopg://kaur@127.0.0.1:{port}/postgres"
    call("pg_ctl", "-D", f"{home}/data", "-m", "immediate", "stop")
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def filled(server):
    os.environ["PGPASSWORD"] = PASSWORD
    engine = sa.create_engine(server)
    columns = [
        sa.Column("no", sa.Integer, primary_key=True), sa.Column("nik", sa.BigInteger), sa.Column("nama", sa.Text),
        sa.Column("rupiah", sa.Numeric(14, 2)), sa.Column("aktif", sa.Boolean), sa.Column("lahir", sa.Date),
        sa.Column("ket", sa.Text),
    ]  # fmt: skip
    tables = sa.MetaData()
    kept = sa.Table("penerima", tables, *columns)
    text = sa.Table("teks", tables, sa.Column("nik", sa.Text), sa.Column("nama", sa.Text), schema=None)
    tables.create_all(engine)
    names = [column.name for column in columns]
    with engine.begin() as connection:
        connection.execute(kept.insert(), [dict(zip(names, row, strict=True)) for row in PEOPLE])
        connection.execute(
            text.insert(), [{"nik": "9904072811040002", "nama": "B"}, {"nik": "9904072811040001", "nama": "A"}]
        )
        connection.execute(sa.text("create schema bansos; create table bansos.pkh as select * from penerima"))
    engine.dispose()
    yield server
    del os.environ["PGPASSWORD"]


def read(url, table="penerima"):
    [raw] = read_source(recipients(path=url, table=table), ())
    return raw


def rows(raw):
    return raw.cells.to_numpy().tolist()


def test_every_type_becomes_the_text_a_file_would_hold(filled):
    assert rows(read(filled)) == AS_TEXT


def test_headings_are_the_columns_of_the_table(filled):
    assert read(filled).headings == ("no", "nik", "nama", "rupiah", "aktif", "lahir", "ket")


def test_a_nik_kept_as_text_keeps_its_sixteen_digits(filled):
    assert rows(read(filled, "teks"))[0] == ["9904072811040001", "A"]


def test_a_table_of_another_schema_is_named_with_it(filled):
    assert len(rows(read(filled, "bansos.pkh"))) == 3


def test_a_table_without_key_comes_in_the_same_order_after_a_rewrite(filled):
    before = rows(read(filled, "bansos.pkh"))
    engine = sa.create_engine(filled)
    with engine.begin() as connection:
        connection.execute(sa.text("update bansos.pkh set no = no where no = 1"))  # moves the row to the end
    engine.dispose()
    assert rows(read(filled, "bansos.pkh")) == before


def test_the_same_rows_from_sqlite_read_the_same(filled, tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    frame = pd.DataFrame(PEOPLE, columns=["no", "nik", "nama", "rupiah", "aktif", "lahir", "ket"])
    frame[["no", "nama", "ket"]].to_sql("penerima", sa.create_engine(url), index=False)
    assert rows(read(url)) == [[row[0], row[2], row[6]] for row in rows(read(filled))]


def test_an_unknown_table_names_those_that_are_there(filled):
    with pytest.raises(DataRejected, match=r"'penerina' tidak ada\. Yang ada: penerima, teks"):
        read(filled, "penerina")


def test_a_wrong_password_says_where_it_is_read_and_not_what_it_was(filled, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "salah-12345")
    with pytest.raises(DataRejected, match="PGPASSWORD") as caught:
        read(filled)
    assert "salah-12345" not in str(caught.value)


def test_a_server_that_is_not_there_is_a_clear_error():
    with pytest.raises(DataRejected, match="tidak dapat tersambung"):
        read("postgresql+psycopg://kaur@127.0.0.1:1/postgres?connect_timeout=2")


@pytest.mark.parametrize(
    "address",
    ["postgresql+psycopg://kaur:sandi@h/d", "postgresql://u:ra/x@h/d", "postgresql:/u:p@h/d",
     "postgresql://h/d?user=a&password=b", "mssql://?odbc_connect=UID%3Da;PWD%3Db"],
)  # fmt: skip
def test_a_password_in_the_study_is_refused(address):
    with pytest.raises(ValidationError, match="kata sandi tidak boleh ditulis dalam studi"):
        recipients(path=address, table="penerima")


@pytest.mark.parametrize(
    "path", ["sumber/*.xlsx", "C:/data/pkh@2024.xlsx", "sqlite:///C:/a.db", "postgresql://u@h:5432/d"]
)
def test_an_address_without_a_password_is_taken(path):
    assert recipients(path=path, table="penerima").path == path


def test_a_moment_keeps_the_day_the_database_shows(filled):
    engine = sa.create_engine(filled)
    with engine.begin() as connection:
        connection.execute(sa.text("create table waktu (lahir timestamptz, daftar timestamp)"))
        connection.execute(sa.text("set time zone 'Asia/Jakarta'"))
        connection.execute(sa.text("insert into waktu values ('1980-05-12 00:00+07', '2024-01-31 23:59')"))
        connection.execute(sa.text("alter role kaur set timezone to 'Asia/Jakarta'"))
    engine.dispose()
    assert rows(read(filled, "waktu")) == [["1980-05-12", "2024-01-31"]]


def test_an_impossible_date_does_not_stop_the_rest(filled):
    engine = sa.create_engine(filled)
    with engine.begin() as connection:
        connection.execute(sa.text("create table selamanya (lahir date)"))
        connection.execute(sa.text("insert into selamanya values ('infinity'), ('1980-05-12')"))
    engine.dispose()
    assert rows(read(filled, "selamanya")) == [["1980-05-12"], ["infinity"]]


def test_decimals_are_written_as_the_source_declares(filled):
    [raw] = read_source(recipients(path=filled, table="penerima", locale="en"), ())
    assert [row[3] for row in rows(raw)] == ["900000.00", "", "1250000.50"]


def test_a_changed_table_changes_the_fingerprint_of_the_input(filled):
    source = recipients(path=filled, table="teks")
    before = table_fingerprint(source)
    engine = sa.create_engine(filled)
    with engine.begin() as connection:
        connection.execute(sa.text("update teks set nama = 'C' where nama = 'B'"))
    engine.dispose()
    assert table_fingerprint(source) != before


def test_a_table_beyond_the_limit_is_refused_before_it_is_read(filled, monkeypatch):
    monkeypatch.setattr("kaur_analysis.intake.readers.MAX_TABLE_CELLS", 20)
    with pytest.raises(DataRejected, match="lebih dari 20 sel"):
        read(filled)


def test_a_table_read_some_rows_at_a_time_is_the_same_table(filled, monkeypatch):
    whole = rows(read(filled)), table_fingerprint(recipients(path=filled, table="bansos.pkh"))
    monkeypatch.setattr("kaur_analysis.intake.database._ROWS_AT_ONCE", 1)
    assert (rows(read(filled)), table_fingerprint(recipients(path=filled, table="bansos.pkh"))) == whole


def test_a_column_of_photographs_is_left_in_the_database(filled):
    engine = sa.create_engine(filled)
    with engine.begin() as connection:
        connection.execute(sa.text("create table foto (nik text, wajah bytea)"))
        connection.execute(sa.text("insert into foto values ('9904072811040001', '\\x0102')"))
    engine.dispose()
    raw = read(filled, "foto")
    assert (raw.headings, rows(raw)) == (("nik",), [["9904072811040001"]])


def test_a_server_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr("kaur_analysis.intake.database.CONNECT_SECONDS", 2)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        start = time.monotonic()
        with pytest.raises(DataRejected, match="tidak dapat tersambung"):
            read(f"postgresql+psycopg://kaur@127.0.0.1:{mute.getsockname()[1]}/postgres")
    assert time.monotonic() - start < 30
