"""The needs table turned into families × programmes arrays, as costing and allocation compute with it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.errors import DataRejected
from kaur_analysis.reference.catalogue import Programme

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
MONTHS = 12


@dataclass(frozen=True)
class Wide:
    """Families × programmes.

    Attributes
    ----------
    family, kecamatan, desa
        Codes of the families (rows).
    programmes
        The programmes (columns), in the study's order.
    due
        Expected share of the entitlement not yet received; 0 where there is none.
    rupiah
        Rupiah of a year that serving the family with the programme takes: the due share of the entitlement.
    units
        Units of the same.
    chance
        Probability that the family is extremely poor.
    gap
        Its expected extreme-poverty gap in rupiah per year: gap per person and month × people × 12.
    exclusive
        Programmes × programmes: which may not go to one family together.
    """

    family: NDArray[np.object_]
    kecamatan: NDArray[np.object_]
    desa: NDArray[np.object_]
    programmes: tuple[Programme, ...]
    due: Array
    rupiah: Array
    units: Array
    chance: Array
    gap: Array
    exclusive: Flags

    @property
    def conditional_gap(self) -> Array:
        """Gap of the family if it is extremely poor: expected gap over probability."""
        return np.divide(self.gap, self.chance, out=np.zeros(len(self.gap)), where=self.chance > 0)

    @property
    def lifts(self) -> Array:
        """Rupiah of each entitlement that raises consumption in the same year."""
        return self.rupiah * np.array([programme.closes_gap for programme in self.programmes])


def expected_gap(family_poverty: pd.DataFrame) -> Array:
    """Expected extreme-poverty gap of each family in rupiah per year, in the table's order."""
    gap = family_poverty["gap_extreme_rp_month"] * family_poverty["household_size"] * MONTHS
    return gap.to_numpy(dtype=float)


def widen(needs: pd.DataFrame, family_poverty: pd.DataFrame, programmes: Iterable[Programme]) -> Wide:
    """Arrays of all modelled families against all programmes.

    Parameters
    ----------
    needs, family_poverty
        Contracts ``NEEDS`` and ``FAMILY_POVERTY``.
    programmes
        The study's programmes, which become the columns.

    Returns
    -------
    Wide

    Raises
    ------
    DataRejected
        A family that is due something has no modelled poverty.
    """
    listed = tuple(programmes)
    rows = needs.loc[needs["due"] > 0, ["family", "programme", "due", "rupiah_year", "units"]]
    families = pd.Index(family_poverty["family"])
    place = modelled(families, rows["family"])
    columns = places(pd.Index([programme.code for programme in listed]), rows["programme"])
    inside = columns >= 0
    due = np.zeros((len(families), len(listed)))
    rupiah, units = np.zeros_like(due), np.zeros_like(due)
    cells = (place[inside], columns[inside])
    share = rows["due"].to_numpy(dtype=float)[inside]
    due[cells] = share
    rupiah[cells] = share * rows["rupiah_year"].to_numpy(dtype=float)[inside]
    units[cells] = share * rows["units"].to_numpy(dtype=float)[inside]
    return Wide(
        family=families.to_numpy(dtype=object),
        kecamatan=family_poverty["kecamatan"].to_numpy(dtype=object),
        desa=family_poverty["desa"].to_numpy(dtype=object),
        programmes=listed,
        due=due,
        rupiah=rupiah,
        units=units,
        chance=family_poverty["p_extreme"].to_numpy(dtype=float),
        gap=expected_gap(family_poverty),
        exclusive=exclusive_pairs(listed),
    )


def places(among: pd.Index, named: pd.Series) -> NDArray[np.intp]:
    """Where each of what is named stands among all, -1 where it does not; text is looked up once for all its rows."""
    codes, distinct = pd.factorize(named)
    return np.append(among.get_indexer(distinct), -1)[codes]


def modelled(families: pd.Index, due: pd.Series) -> NDArray[np.intp]:
    """Where families that are due something stand among those whose poverty is modelled.

    Raises
    ------
    DataRejected
        One does not.
    """
    place = places(families, due)
    if (place < 0).any():
        raise DataRejected(f"{int((place < 0).sum())} kebutuhan menyebut keluarga tanpa perkiraan kemiskinan.")
    return place


def exclusive_pairs(programmes: Iterable[Programme]) -> Flags:
    """Which programmes may not go to one family together; exclusion works both ways whoever states it."""
    listed = tuple(programmes)
    stated = np.array([[two.code in one.excludes for two in listed] for one in listed], dtype=bool)
    stated = stated.reshape(len(listed), len(listed))
    return stated | stated.T
