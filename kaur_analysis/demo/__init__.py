"""A synthetic kabupaten as the files an office would hold, deterministic by seed, with the truth beside them for tests.

Nobody in it exists: see :mod:`kaur_analysis.demo.identity`.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.demo.dirt import soil_dtsen, soil_p3ke, soil_recipients
from kaur_analysis.demo.province import BENGKULU, FAMILIES, Regency, write_province, write_references
from kaur_analysis.demo.reach import SHARES, add_reach
from kaur_analysis.demo.recipient_files import recipient_tables, write_recipients
from kaur_analysis.demo.registry_files import dtsen, p3ke, write_registry
from kaur_analysis.demo.study_file import demo_study_text, write_template
from kaur_analysis.demo.susenas_files import draw_susenas, write_susenas
from kaur_analysis.demo.world import World, make_world
from kaur_analysis.errors import UsageError
from kaur_analysis.reference import load_area
from kaur_analysis.store import write_text

__all__ = ["BENGKULU", "FAMILIES", "Regency", "make_demo", "make_province", "write_template"]

TRAILING_BLANKS = 30_000
MARK = "BACA_DATA_SINTETIS.txt"  # stands in every folder that may be written anew
LEAST_FAMILIES = 60  # fewer are no three blocks of rural neighbours, of which the survey draws its strata
NOTE = """DATA SINTETIS

Semua berkas di folder ini dibuat oleh program. Tidak ada orang nyata: kode provinsi 99 pada NIK dan nomor KK tidak
pernah dipakai, dan nama disusun dari suku kata rekaan. Folder truth/ memuat keadaan sebenarnya dari penduduk rekaan
ini, hanya untuk menguji program; tidak ada langkah analisis yang membacanya.
"""


def make_demo(
    folder: Path,
    seed: int = 20240227,
    families: int = 39_000,
    dirt: str = "none",
    area: str = "1704",
) -> Path:
    """Write the files of a synthetic kabupaten, Kaur where no other is named, and a study that names them.

    Parameters
    ----------
    folder
        Where to write; made where absent.
    seed
        Same seed, same bytes.
    families
        Number of families, about 3.4 people each; at least ``LEAST_FAMILIES``.
    dirt
        ``none`` for clean files, ``field`` for the dirt seen in the field (:mod:`kaur_analysis.demo.dirt`).
    area
        The kabupaten: a code of the package, or its reference folder seen from ``folder``.

    Returns
    -------
    Path
        The study file ``studi.yaml``. The truth lies in ``truth/*.parquet``: ``families`` and ``persons`` with NIK, KK
        number and name as written before dirt, and ``recipients`` (list, row in the list, family; -1 for nobody).

    Raises
    ------
    UsageError
        Too few families, or the folder holds something else; nothing is written.
    """
    if families < LEAST_FAMILIES:
        raise UsageError(f"Data sintetis memerlukan paling sedikit {LEAST_FAMILIES} keluarga, bukan {families}.")
    _take(folder)  # a path like ../acuan is seen from a folder that is there
    place = load_area(area, folder)
    names = (place.province_name, place.name)
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(8)]
    world = make_world(place, families, streams[0])
    add_reach(world, streams[1])
    neighbour = make_world(place, max(600, families // 8), streams[2])
    add_reach(neighbour, streams[2])
    p3ke_tables = p3ke(world, names, streams[3])
    dtsen_tables = dtsen(world, names, streams[4])
    lists = recipient_tables(world, names, streams[5])
    if dirt == "field":
        p3ke_tables = soil_p3ke(p3ke_tables, streams[6])
        dtsen_tables = soil_dtsen(dtsen_tables, streams[6])
        lists = {name: soil_recipients(rows, streams[6]) for name, rows in lists.items()}
    sources = folder / "sumber"
    write_registry(sources, p3ke_tables, dtsen_tables, TRAILING_BLANKS if dirt == "field" else 0)
    write_recipients(sources, lists, place.full_name)
    write_susenas(sources, draw_susenas(world, neighbour, place.code, streams[7]))
    _write_truth(folder / "truth", world, lists)
    share = float(np.average(world.families["poor"], weights=world.families["household_size"]))
    return write_text(folder / "studi.yaml", demo_study_text(place, area, round(share, 4), seed))


def make_province(
    folder: Path,
    seed: int = 20240227,
    families: int = FAMILIES,
    dirt: str = "none",
    regencies: tuple[Regency, ...] = BENGKULU,
) -> Path:
    """Write a synthetic office for each kabupaten of a province, and the list of their studies.

    Parameters
    ----------
    folder
        Where to write.
    seed, dirt
        As in :func:`make_demo`; each kabupaten draws from a stream of its own, whichever others are made.
    families
        Families of all ``regencies`` together, shared by their people; at least 300 for each.
    regencies
        The kabupaten and kota to make.

    Returns
    -------
    Path
        The list ``provinsi.yaml``.

    Raises
    ------
    UsageError
        The folder holds something else; nothing is written.
    """
    _take(folder)
    references = write_references(folder, regencies)
    people = sum(regency.people for regency in regencies)
    studies = {}
    for regency in regencies:
        own = max(300, round(families * regency.people / people))
        study = make_demo(folder / regency.code, seed + int(regency.code), own, dirt, references[regency.code])
        studies[regency.code] = study.relative_to(folder).as_posix()
    return write_province(folder, regencies, studies)


def _take(folder: Path) -> None:
    """Make the folder and mark it as synthetic, before anything else: one that is begun may be begun again."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise UsageError(
            f"Folder {folder.name} sudah berisi dan bukan data sintetis (tidak ada {MARK}); tidak ditimpa. "
            "Pilih folder baru atau kosong."
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / MARK, NOTE)


def _write_truth(folder: Path, world: World, lists: dict[str, pd.DataFrame]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    heads = world.persons[world.persons["order"] == 0].set_index("family")
    families = world.families.assign(name=heads["name"].to_numpy(), nik=heads["nik"].to_numpy())
    keys = ["family", "kk", "nik", "name", "kecamatan", "desa", "household_size", "expenditure_rp_month"]
    flags = ["poor", "extreme", "registered", "listed", "desil", "desil_2021", "pkh_before", *SHARES]
    families[keys + flags].to_parquet(folder / "families.parquet", index=False)
    world.persons[["family", "nik", "name", "age", "female"]].to_parquet(folder / "persons.parquet", index=False)
    rows = [
        pd.DataFrame({"list": name, "row": np.arange(len(table)), "family": table["_family"].to_numpy()})
        for name, table in lists.items()
    ]
    pd.concat(rows, ignore_index=True).to_parquet(folder / "recipients.parquet", index=False)
