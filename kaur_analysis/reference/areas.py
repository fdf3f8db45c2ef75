"""A kabupaten as data: its kecamatan and desa under both code systems, its agencies, its official figures."""

from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.errors import StudyRejected
from kaur_analysis.reference.files import read_yaml, reference_path

EARTH_RADIUS_KM = 6371.0088  # mean radius of the WGS 84 ellipsoid (IUGG)
# Degrees between which Indonesia lies (BIG: 6 LU-11 LS, 95-141 BT), a little rounded up.
_DEGREES = {"latitude": (-12.0, 7.0), "longitude": (94.0, 142.0)}


@dataclass(frozen=True)
class Agency:
    """An office, the zakat agency or the companies' forum that runs programmes.

    Attributes
    ----------
    code, name
        As programmes name it, and as readers do.
    kind
        ``opd``, ``zakat`` or ``csr``.
    """

    code: str
    name: str
    kind: str


@dataclass(frozen=True)
class Area:
    """One kabupaten.

    Attributes
    ----------
    code, kemendagri
        BPS and Kemendagri code (four digits). They are different systems below the kabupaten: join only by table.
    name, kind
        Without and with what it is: ``Kaur``, ``Kabupaten``.
    province, province_name, country_name
        BPS code and name of the province, and the country's name.
    peers
        Neighbours to compare with: code → name.
    agencies
        By code.
    kecamatan
        ``kecamatan`` (BPS, 7 digits), ``kemendagri`` (6 digits), ``name``, ``latitude``, ``longitude``,
        ``spelling_variants``.
    desa
        ``desa`` (BPS, 10 digits), ``kemendagri`` (10 digits), ``name``, ``kind``, ``kecamatan``, ``latitude``,
        ``longitude``, ``spelling_variants``, ``code_match`` (how the two codes were matched).
    official
        Published figures: ``area``, ``indicator``, ``year``, ``value`` (shares 0-1; missing where nobody found it),
        ``unit``, ``source``, ``accessed``, ``doubt``.
    seat
        BPS code of the desa or kelurahan that is the kabupaten's seat; ``""`` where the folder does not say.
    """

    code: str
    kemendagri: str
    name: str
    kind: str
    province: str
    province_name: str
    country_name: str
    peers: dict[str, str]
    agencies: dict[str, Agency]
    kecamatan: pd.DataFrame
    desa: pd.DataFrame
    official: pd.DataFrame
    seat: str = ""

    @property
    def full_name(self) -> str:
        """Name as a heading has it, e.g. ``Kabupaten Kaur``."""
        return f"{self.kind} {self.name}"

    def kecamatan_name(self, code: str) -> str:
        """Name of a kecamatan by its BPS code.

        Parameters
        ----------
        code
            Seven digits.

        Returns
        -------
        The name.
        """
        return self._names_of_kecamatan[code]

    @cached_property
    def _names_of_kecamatan(self) -> dict[str, str]:
        return dict(zip(self.kecamatan["kecamatan"], self.kecamatan["name"], strict=True))

    def kilometres_to_seat(self) -> pd.Series:
        """Great-circle distance of every desa's point to that of the seat, by BPS code; empty where no seat is named.

        Points are rounded to 0.01 degree, a kilometre: a class of distance, not a road.

        Returns
        -------
        Kilometres, indexed by the desa's code.
        """
        place = self.desa.set_index("desa")[["latitude", "longitude"]]
        if not self.seat:
            return pd.Series(dtype=float)
        latitude, longitude = np.radians(place["latitude"]), np.radians(place["longitude"])
        own = np.sin((latitude - latitude[self.seat]) / 2) ** 2
        across = np.sin((longitude - longitude[self.seat]) / 2) ** 2
        haversine = own + np.cos(latitude) * np.cos(latitude[self.seat]) * across
        return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(haversine))


def load_area(area: str, folder: Path | None = None) -> Area:
    """Read the reference folder of a kabupaten.

    Parameters
    ----------
    area
        BPS code of a folder in the package (``"1704"``), or a path to a folder with the same files.
    folder
        Folder that a relative path is meant from (that of the study file).

    Returns
    -------
    Area

    Raises
    ------
    StudyRejected
        No such folder (the message lists those the package has), or a place without coordinates in Indonesia.
    """
    packages = reference_path("areas")
    if (packages / area / "area.yaml").is_file() and (packages / area).parent == packages:
        own = _packaged(area)
        # tables can be changed in place: everybody gets their own
        return replace(own, kecamatan=own.kecamatan.copy(), desa=own.desa.copy(), official=own.official.copy())
    path = (folder or Path()) / area
    if not (path / "area.yaml").is_file():
        known = ", ".join(sorted(p.name for p in reference_path("areas").iterdir() if p.is_dir()))
        raise StudyRejected(f"area: folder acuan '{area}' tidak ada. Tersedia: {known}, atau jalur ke sebuah folder.")
    return _read(path)


@cache
def _packaged(code: str) -> Area:
    """A folder of the package, which does not change while the program runs."""
    return _read(reference_path("areas", code))


def _read(path: Path) -> Area:
    facts = read_yaml(path / "area.yaml")
    agencies = {code: Agency(code, entry["name"], entry["kind"]) for code, entry in facts["agencies"].items()}
    official = pd.read_csv(path / "official.csv", dtype={"area": str, "indicator": str, "year": int, "value": float})
    return Area(
        code=facts["code"],
        kemendagri=facts["kemendagri"],
        name=facts["name"],
        kind=facts["kind"],
        province=facts["province"],
        province_name=facts["province_name"],
        country_name=facts["country_name"],
        peers=facts["peers"],
        agencies=agencies,
        kecamatan=_located(path / "kecamatan.csv"),
        desa=_located(path / "desa.csv"),
        official=official,
        seat=facts.get("seat_desa", ""),
    )


def _located(file: Path) -> pd.DataFrame:
    """A table of places with coordinates in degrees; everything else stays text."""
    places = pd.read_csv(file, dtype=str, keep_default_na=False)
    for name, (lowest, highest) in _DEGREES.items():
        if name not in places.columns:
            raise StudyRejected(
                f"{file.name}: kolom '{name}' tidak ada; isi derajat desimal titik tengah tiap wilayah."
            )
        degrees = pd.to_numeric(places[name], errors="coerce")
        wrong = ~degrees.between(lowest, highest)
        if wrong.any():
            line = int(wrong.to_numpy().argmax())
            raise StudyRejected(
                f"{file.name}, baris {line + 2}, kolom '{name}': '{places.at[line, name]}' bukan derajat desimal di "
                f"Indonesia. Yang boleh: {lowest:g} sampai {highest:g}, dengan titik desimal."
            )
        places[name] = degrees
    return places
