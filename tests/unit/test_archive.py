"""The crate of an edition can be read without this program; inputs and notebooks are known in it by hash alone."""

import json
import zipfile

import pytest
from rocrate.rocrate import ROCrate

from kaur_analysis.errors import DataRejected, UsageError
from kaur_analysis.pipeline.archive import METADATA, MIT, PROFILE, archive, crate
from kaur_analysis.pipeline.manifest import verify, write_manifest

FACTS = {
    "area": "1704",
    "area_name": "Kabupaten Kaur",
    "edition": "2025",
    "synthetic": True,
    "contact": "Bappeda/Litbang (contoh)",
    "program": {"version": "0.1.0", "code": "c" * 64, "commit": "a" * 40, "dirty": False},
    "python": "3.11.9",
    "libraries": {"numpy": "2.3.0", "pandas": "3.0.0"},
    "inputs": [
        {"source": "pkh_2024", "kind": "recipients", "origin": "sumber/pkh.xlsx", "bytes": 7, "sha256": "1" * 64}
        | {"period": "2024"},
        {"source": "dtsen", "kind": "dtsen_family", "origin": "postgresql, tabel d", "bytes": None, "sha256": "2" * 64},
    ],
    "run": "0123456789ab",
    "input": "f" * 64,
    "timing": {
        "01_clean": {"finished": "2026-11-24T10:00:00+00:00", "seconds": 3.0, "peak_bytes": 5},
        "04_planning": {"finished": "2026-11-24T10:05:00+00:00", "seconds": 3.0, "peak_bytes": 5},
    },
}


@pytest.fixture
def edition(tmp_path):
    folder = tmp_path / "reports" / "2025"
    (folder / "notebooks").mkdir(parents=True)
    for name in ("kaur-2025-1704-kabupaten.html", "index.html", "published.csv", "notebooks/01_clean.ipynb"):
        (folder / name).write_text(f"isi {name}", encoding="utf-8")
    write_manifest(folder, FACTS)
    return folder


@pytest.fixture
def unpacked(edition, tmp_path):
    with zipfile.ZipFile(archive(edition)) as packed:
        packed.extractall(tmp_path / "baca")
    return tmp_path / "baca"


@pytest.fixture
def read(unpacked):
    return ROCrate(str(unpacked))


def test_the_crate_lies_beside_the_edition(edition):
    assert archive(edition) == edition.parent / "1704-2025-arsip.zip"


def test_an_archive_reads_what_it_is(read):
    root = read.root_dataset
    assert (root["name"], root["datePublished"], root["version"]) == (
        "Kabupaten Kaur: kemiskinan dan ketepatan sasaran, edisi 2025",
        "2026-11-24T10:05:00+00:00",
        "2025",
    )


def test_synthetic_data_is_called_so(read):
    assert read.root_dataset["description"].startswith("DATA SINTETIS")


def test_the_crate_says_which_profile_it_follows(read):
    assert read.root_dataset["conformsTo"].id == PROFILE


def test_author_and_publisher_are_offices(read):
    author, publisher = read.root_dataset["author"], read.root_dataset["publisher"]
    assert [(entity.type, entity["name"]) for entity in (author, publisher)] == [
        ("Organization", "Bappeda/Litbang (contoh)"),
        ("Organization", "Pemerintah Kabupaten Kaur"),
    ]


def test_a_licence_that_nobody_decided_is_said_to_be_undecided(read):
    assert "Belum ditetapkan" in read.root_dataset["license"]["description"]


def test_a_licence_that_was_decided_is_named():
    described = crate(FACTS | {"products": {}}, "https://creativecommons.org/licenses/by/4.0/")
    root = next(entity for entity in described["@graph"] if entity["@id"] == "./")
    assert root["license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}


def test_a_licence_that_is_no_address_is_refused(edition):
    with pytest.raises(UsageError, match="alamat"):
        archive(edition, "CC BY")


def test_every_file_of_the_edition_is_described_with_its_hash(read, edition):
    products = json.loads((edition / "manifest.json").read_text(encoding="utf-8"))["products"]
    described = {entity["name"]: entity.get("sha256") for entity in read.get("#proses-0123456789ab")["result"]}
    assert described == {name: entry["sha256"] for name, entry in products.items()} | {"manifest.json": None}


def test_no_notebook_leaves_the_office_in_a_crate(edition):
    with zipfile.ZipFile(archive(edition)) as packed:
        assert packed.namelist() == [
            METADATA, "index.html", "kaur-2025-1704-kabupaten.html", "manifest.json", "published.csv"
        ]  # fmt: skip


def test_a_notebook_is_no_file_of_the_crate_but_known_by_its_hash(read, edition):
    products = json.loads((edition / "manifest.json").read_text(encoding="utf-8"))["products"]
    kept = read.get("#di-kantor/notebooks/01_clean.ipynb")
    assert (kept.type, kept["sha256"]) == ("CreativeWork", products["notebooks/01_clean.ipynb"]["sha256"])


def test_every_described_file_is_there_as_it_was(unpacked, read, edition):
    assert all((unpacked / e.id).read_bytes() == (edition / e.id).read_bytes() for e in read.data_entities)


def test_the_run_leads_from_inputs_by_the_program_to_the_files(read):
    run = read.get("#proses-0123456789ab")
    assert (run.type, run["instrument"].id, len(run["object"]), len(run["result"])) == (
        "CreateAction",
        "#program",
        2,
        5,
    )


def test_inputs_are_known_by_hash_and_not_held(read, unpacked):
    hashes = {entity["sha256"] for entity in read.get("#proses-0123456789ab")["object"]}
    held = {path.name for path in unpacked.rglob("*") if path.is_file()}
    assert (hashes, "pkh.xlsx" in held, "pkh.xlsx" in (unpacked / METADATA).read_text()) == (
        {"1" * 64, "2" * 64},
        False,
        False,
    )


def test_the_program_is_named_with_commit_and_licence(read):
    program = read.get("#program")
    assert (program["identifier"], program["license"].id) == (f"git:{'a' * 40}", MIT)


def test_the_same_edition_gives_the_same_bytes(edition):
    first = archive(edition).read_bytes()
    (edition / "index.html").touch()
    assert archive(edition).read_bytes() == first


def test_the_edition_itself_stays_as_its_manifest_says(edition):
    archive(edition)
    assert verify(edition) == []


def test_a_changed_edition_is_not_archived(edition):
    (edition / "published.csv").write_text("lain", encoding="utf-8")
    with pytest.raises(DataRejected, match=r"published\.csv \(berubah\)"):
        archive(edition)
