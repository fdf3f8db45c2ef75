"""Which desa a row belongs to: by code in the declared system or by name within the kecamatan.

BPS and Kemendagri number the same places differently: Kemendagri 17.04.01 is Kinal while BPS 1704010 is Nasal. A
codebook declares which system its codes follow, nothing here guesses it, and the two meet only in the crosswalk.
"""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from kaur_analysis.errors import mask
from kaur_analysis.intake import Findings
from kaur_analysis.intake.text import encoded, spread
from kaur_analysis.reference import Area

MINIMUM_SCORE = 78.0
MINIMUM_LEAD = 6.0
_PREFIX = re.compile(r"^(desa|kelurahan|kel|kecamatan|kec|kabupaten|kab|kota)\b\.?\s*", re.IGNORECASE)
_KABUPATEN = re.compile(r"\b(?:kabupaten|kab)\b", re.IGNORECASE)
_COLUMNS = ("kabupaten_name", "kecamatan_name", "desa_name", "region_code", "region_codes")


@dataclass(frozen=True)
class Place:
    """What a row's region columns mean: BPS codes (``""`` unknown), how sure (0-100), and what is wrong with them."""

    kecamatan: str = ""
    desa: str = ""
    score: float = 100.0
    outside: bool = False
    contradiction: bool = False


@dataclass(frozen=True)
class Gazetteer:
    """Names and codes of an area, ready to look up."""

    area: Area

    @cached_property
    def _kecamatan_names(self) -> dict[str, str]:
        return _names(self.area.kecamatan, "kecamatan")

    @cached_property
    def _desa_names(self) -> dict[str, dict[str, str]]:
        """Desa by kecamatan; under ``""`` those whose name occurs once in the area."""
        by_kecamatan = {
            str(code): _names(rows, "desa") for code, rows in self.area.desa.groupby("kecamatan", sort=False)
        }
        every = [name for names in by_kecamatan.values() for name in names]
        unique = {
            name: code for names in by_kecamatan.values() for name, code in names.items() if every.count(name) == 1
        }
        return by_kecamatan | {"": unique}

    @cached_property
    def _codes(self) -> dict[str, dict[str, str]]:
        """BPS code of a kecamatan or desa by its code in each system."""
        kecamatan, desa = self.area.kecamatan, self.area.desa
        bps = [*kecamatan["kecamatan"], *desa["desa"]]
        return {
            "bps": {code: code for code in bps},
            "kemendagri": dict(zip([*kecamatan["kemendagri"], *desa["kemendagri"]], bps, strict=True)),
        }

    def find(self, kabupaten: str, kecamatan: str, desa: str, code: str, system: str) -> Place:
        """Place of one combination of region columns (``""`` where a column is missing).

        Where code and names point to different places the names win, and the row is marked.
        """
        if kabupaten and not self._is_this_kabupaten(kabupaten):
            return Place(outside=True)
        digits = re.sub(r"\D", "", code)
        own = {"bps": self.area.code, "kemendagri": self.area.kemendagri}[system]
        if len(digits) >= 4 and not digits.startswith(own):
            return Place(outside=True)
        known = self._codes[system]
        by_code = known.get(digits) or known.get(digits[: 7 if system == "bps" else 6], "")
        by_name = self._by_name(kecamatan, desa, by_code[:7])
        if not by_code:
            return by_name
        if by_name.kecamatan not in ("", by_code[:7]):
            return Place(by_name.kecamatan, by_name.desa, by_name.score, contradiction=True)
        return self._by_both(kecamatan, desa, by_code, by_name)

    def _by_both(self, kecamatan: str, desa: str, by_code: str, by_name: Place) -> Place:
        """Place of a known code beside names that mean no other kecamatan, though perhaps nothing known at all.

        Names that are all unlike the code's place tell that the code is wrong: then the place is unknown.
        """
        inside, own_desa = by_code[:7], by_code if len(by_code) == 10 else ""
        alike = bool(by_name.kecamatan) or _likeness(kecamatan, inside, self._kecamatan_names) >= MINIMUM_SCORE
        if by_name.desa:
            against = not alike or own_desa not in ("", by_name.desa)
            return Place(inside, by_name.desa, by_name.score, contradiction=against)
        likeness = _likeness(desa, own_desa, self._desa_names.get(inside, {}))
        sound = likeness >= MINIMUM_SCORE
        if not alike and not (_plain(desa) and own_desa and sound):
            return Place(contradiction=True)
        return Place(inside, own_desa, min(by_name.score, likeness) if sound else 100.0, contradiction=not sound)

    def _is_this_kabupaten(self, name: str) -> bool:
        """Whether a name, perhaps with its code before and its province behind, is that of the area."""
        digits = re.sub(r"\D", "", name)
        if len(digits) >= 4 and digits not in (self.area.code, self.area.kemendagri):
            return False
        found = _plain(_KABUPATEN.split(re.sub(r"[\d_]", " ", name).strip(" .,-/()"))[-1])
        alone = found.removesuffix(_plain(self.area.province_name)).removesuffix("provinsi").removesuffix("prov")
        return not found or any(fuzz.ratio(text, _plain(self.area.name)) >= 75 for text in (found, alone))

    def _by_name(self, kecamatan: str, desa: str, kecamatan_by_code: str) -> Place:
        code, score = _best(_plain(kecamatan), self._kecamatan_names)
        inside = code or kecamatan_by_code
        village, village_score = _best(_plain(desa), self._desa_names.get(inside, {}))
        if not inside and village:
            return Place(village[:7], village, village_score)
        return Place(code, village, min(score if code else 100.0, village_score if village else 100.0))


def _names(table: pd.DataFrame, code: str) -> dict[str, str]:
    rows = zip(table["name"].tolist(), table["spelling_variants"].tolist(), table[code].tolist(), strict=True)
    return {
        plain: str(own)
        for written, variants, own in rows
        for name in (written, *str(variants).split("|"))
        if (plain := _plain(name))
    }


def _plain(name: str) -> str:
    """A place name as it is compared: no kind of place in front, no case, spaces or punctuation."""
    return re.sub(r"[^a-z0-9]", "", _PREFIX.sub("", name.strip()).lower())


def _likeness(written: str, code: str, names: dict[str, str]) -> float:
    """How like (0-100) a written name is to those of a place; 100 where there is nothing to compare."""
    plain = _plain(written)
    own = [name for name, place in names.items() if place == code]
    return max((fuzz.ratio(plain, name) for name in own), default=100.0) if plain else 100.0


def _best(name: str, names: dict[str, str]) -> tuple[str, float]:
    """Code of the name, or of one name that is clearly nearer than any other; with its likeness."""
    if not name or name in names:
        return names.get(name, ""), 100.0
    found = process.extract(name, list(names), scorer=fuzz.ratio, score_cutoff=MINIMUM_SCORE, limit=4)
    if not found:
        return "", 0.0
    rivals = [score for other, score, _ in found[1:] if names[other] != names[found[0][0]]]
    if rivals and found[0][1] - max(rivals) < MINIMUM_LEAD:
        return "", 0.0
    return names[found[0][0]], float(found[0][1])


def locate(table: pd.DataFrame, area: Area, findings: Findings) -> pd.DataFrame:
    """Add ``kecamatan``, ``desa`` (missing where unknown) and ``outside`` to rows with region columns.

    Every distinct combination is looked up once. Likely misspellings and contradictions become findings; what to do
    with unknown and outside places is for the caller to say.
    """
    columns = [
        table[name].fillna("").astype("str") if name in table else pd.Series("", index=table.index, dtype="str")
        for name in _COLUMNS
    ]
    codes = np.zeros(len(table), dtype=np.int64)
    for column in columns:
        own, distinct = encoded(column)
        codes, _ = pd.factorize(codes * len(distinct) + own)
    first = np.flatnonzero(~pd.Series(codes).duplicated().to_numpy())
    gazetteer = Gazetteer(area)
    combinations = zip(*(column.iloc[first] for column in columns), strict=True)
    places = [gazetteer.find(*combination) for combination in combinations]

    def rows(values: list[bool]) -> np.ndarray:
        return np.array(values, dtype=bool)[codes]

    def written(of: np.ndarray) -> pd.Series:
        return columns[1][of] + " / " + columns[2][of]

    public = {*area.desa["desa"], *area.desa["kemendagri"]}
    guessed = rows([bool(p.kecamatan) and 0 < p.score < 100 for p in places])
    findings.add("wilayah_ditebak", table[guessed], "desa", written(guessed))
    against = rows([p.contradiction for p in places])
    shown = written(against) + " " + columns[3][against]
    findings.add("wilayah_bertentangan", table[against], "kode wilayah", shown, codes=public)
    return table.assign(
        kecamatan=spread([p.kecamatan or None for p in places], codes, table.index),
        desa=spread([p.desa or None for p in places], codes, table.index),
        outside=rows([p.outside for p in places]),
    )


def written_kabupaten(table: pd.DataFrame) -> pd.Series:
    """Kabupaten and code of each row as a finding may show them, whatever else stands in these columns."""
    return _shown(table, "kabupaten_name", "region_code")


def written_place(table: pd.DataFrame) -> pd.Series:
    """Kecamatan, desa and code of each row, as a finding may show them.

    A kecamatan that is known is written out; an unknown word may be a person's name in the wrong column.
    """
    known = table["kecamatan"].notna()
    kecamatan = table["kecamatan_name"].fillna("") if "kecamatan_name" in table else ""
    shown = _shown(table, "kecamatan_name", "desa_name", "region_code")
    rest = _shown(table, "desa_name", "region_code")
    return shown.where(~known, (kecamatan + " / " + rest).str.strip(" /"))


def _shown(table: pd.DataFrame, *names: str) -> pd.Series:
    texts = [table[name].fillna("").astype("str") for name in names if name in table]
    rows = [" / ".join(filter(None, cells)) for cells in zip(*texts, strict=True)]
    return pd.Series(rows or "", index=table.index, dtype="str").map(lambda text: mask(text, name=True))
