"""A synthetic province: one synthetic office per kabupaten, each with a reference folder of its own.

Codes, names and the number of kecamatan of Bengkulu's kabupaten and kota are real, and so is all of Kaur's reference
folder. The other nine folders are DATA SINTETIS: kecamatan and desa have invented names, and numbers of people are
rounded to a size that makes the province as large as life (2.1 million), claiming nothing about any of them.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator
from ruamel.yaml import YAML

from kaur_analysis.demo.identity import invented
from kaur_analysis.reference import Area, load_area, read_yaml, reference_path
from kaur_analysis.store import write_bytes, write_text

FILE = "provinsi.yaml"
MODEL_AREA = "1704"  # its agencies, province and official figures of country and province serve for all
DESA_PER_KECAMATAN = 12
PEOPLE_PER_FAMILY = 3.4
SYNTHETIC = "DATA SINTETIS: buatan untuk demo provinsi"


@dataclass(frozen=True)
class Regency:
    """A kabupaten or kota of the demo.

    Attributes
    ----------
    code, name
        BPS code and name.
    people, kecamatan
        How many.
    kind
        ``Kabupaten`` or ``Kota``.
    """

    code: str
    name: str
    people: int
    kecamatan: int
    kind: str = "Kabupaten"


BENGKULU = (
    Regency("1701", "Bengkulu Selatan", 170_000, 11),
    Regency("1702", "Rejang Lebong", 285_000, 15),
    Regency("1703", "Bengkulu Utara", 305_000, 19),
    Regency("1704", "Kaur", 133_000, 15),
    Regency("1705", "Seluma", 215_000, 14),
    Regency("1706", "Mukomuko", 200_000, 15),
    Regency("1707", "Lebong", 110_000, 12),
    Regency("1708", "Kepahiang", 155_000, 8),
    Regency("1709", "Bengkulu Tengah", 125_000, 11),
    Regency("1771", "Bengkulu", 402_000, 9, "Kota"),
)
FAMILIES = round(sum(regency.people for regency in BENGKULU) / PEOPLE_PER_FAMILY)


def write_references(folder: Path, regencies: tuple[Regency, ...]) -> dict[str, str]:
    """Write the reference folders below ``folder/acuan``.

    Returns
    -------
    dict
        Per BPS code the area as a study in ``folder/<code>`` names it: Kaur by its code in the package.
    """
    model = load_area(MODEL_AREA)
    named = {}
    for regency in regencies:
        if regency.code == MODEL_AREA:
            named[regency.code] = MODEL_AREA
            continue
        _write_reference(folder / "acuan" / regency.code, regency, model)
        named[regency.code] = f"../acuan/{regency.code}"
    return named


def write_province(folder: Path, regencies: tuple[Regency, ...], studies: dict[str, str]) -> Path:
    """Write the list of the province's studies, ``provinsi.yaml``."""
    model = load_area(MODEL_AREA)
    lines = [
        f"# {SYNTHETIC}. Sebuah provinsi adalah daftar studi kabupaten/kota.",
        f'province: "{model.province}"',
        f"name: {model.province_name}",
        "studies:",
        *(f"  - {studies[regency.code]} # {regency.kind} {regency.name}" for regency in regencies),
    ]
    return write_text(folder / FILE, "\n".join(lines) + "\n")


def _write_reference(folder: Path, regency: Regency, model: Area) -> None:
    random = np.random.default_rng(int(regency.code))
    facts = read_yaml(reference_path("areas", MODEL_AREA, "area.yaml")) | {
        "code": regency.code,
        "kemendagri": regency.code,
        "name": regency.name,
        "kind": regency.kind,
        "seat": f"Ibu kota {regency.name}",
        "seat_desa": f"{regency.code}010001",  # the first kecamatan's first place, the town of :func:`_places`
        "peers": {other.code: _short(other) for other in BENGKULU if other.code != regency.code},
        "sources": [{"what": "kecamatan, desa dan banyak penduduk", "source": SYNTHETIC, "accessed": "2026-11-01"}],
    }
    for code, place in (("baznas", "BAZNAS"), ("csr", "Forum CSR")):
        facts["agencies"][code]["name"] = f"{place} {regency.kind} {regency.name}"
    text = io.StringIO()
    YAML(typ="safe", pure=True).dump(facts, text)
    write_text(folder / "area.yaml", f"# {SYNTHETIC}\n{text.getvalue()}")
    kecamatan, desa = _places(regency, random)
    _write_table(folder / "kecamatan.csv", kecamatan)
    _write_table(folder / "desa.csv", desa)
    _write_table(folder / "official.csv", _official(regency, kecamatan, model, random))


def _short(regency: Regency) -> str:
    return regency.name if regency.kind == "Kabupaten" else f"{regency.kind} {regency.name}"


def _places(regency: Regency, random: Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    count = regency.kecamatan * (DESA_PER_KECAMATAN + 1)
    words = invented(count, random)
    order = np.arange(1, regency.kecamatan + 1)
    kecamatan = pd.DataFrame(
        {
            "kecamatan": [f"{regency.code}{10 * number:03d}" for number in order],
            "kemendagri": [f"{regency.code}{number:02d}" for number in order],
            "name": words[: regency.kecamatan],
            "latitude": (-3.5 + random.uniform(-0.4, 0.4, regency.kecamatan)).round(2),
            "longitude": (102.5 + random.uniform(-0.4, 0.4, regency.kecamatan)).round(2),
            "spelling_variants": "",
        }
    )
    owner = kecamatan.loc[np.repeat(kecamatan.index, DESA_PER_KECAMATAN)].reset_index(drop=True)
    number = np.tile(np.arange(1, DESA_PER_KECAMATAN + 1), regency.kecamatan)
    seat = (number == 1) & (owner.index < DESA_PER_KECAMATAN)  # the first kecamatan's first place is the town
    level = np.where(seat, 1000, 2000) + number
    desa = pd.DataFrame(
        {
            "desa": owner["kecamatan"] + pd.Series(number).map("{:03d}".format),
            "kemendagri": owner["kemendagri"] + pd.Series(level).astype(str),
            "name": words[regency.kecamatan :],
            "kind": np.where(seat, "kelurahan", "desa"),
            "kecamatan": owner["kecamatan"],
            "latitude": (owner["latitude"] + random.uniform(-0.05, 0.05, len(owner))).round(2),
            "longitude": (owner["longitude"] + random.uniform(-0.05, 0.05, len(owner))).round(2),
            "spelling_variants": "",
            "code_match": "synthetic",
        }
    )
    return kecamatan, desa


def _official(regency: Regency, kecamatan: pd.DataFrame, model: Area, random: Generator) -> pd.DataFrame:
    """People of the kabupaten and its kecamatan, synthetic; country and province as published."""
    share = random.dirichlet(np.full(len(kecamatan), 8.0))
    people = pd.DataFrame(
        {
            "area": [regency.code, *kecamatan["kecamatan"]],
            "indicator": "population",
            "year": 2022,
            "value": [regency.people, *(share * regency.people).round()],
            "unit": "orang",
            "source": SYNTHETIC,
            "accessed": "2026-11-01",
            "doubt": SYNTHETIC,
        }
    )
    wider = model.official[model.official["area"].isin(["00", model.province])]
    return pd.concat([wider, people], ignore_index=True)[list(model.official.columns)]


def _write_table(path: Path, table: pd.DataFrame) -> None:
    write_bytes(path, table.to_csv(index=False, lineterminator="\n").encode("utf-8"))
