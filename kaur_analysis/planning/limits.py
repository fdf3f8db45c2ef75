"""What bounds an allocation: ceilings in rupiah, units and visits, and floors per desa."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaur_analysis.errors import StudyRejected
from kaur_analysis.planning.wide import Array, Flags, Wide
from kaur_analysis.reference.catalogue import FUND_NAMES


@dataclass(frozen=True)
class Limits:
    """Ceilings and floors of an allocation, and how far to solve it.

    Attributes
    ----------
    total, agency, programme, fund
        Rupiah per year: altogether, by agency, by programme, by source of funds (codes of the catalogue).
    quota
        Most units of a programme.
    capacity
        Families that the field can verify: one number, or by kecamatan code.
    desa_floor
        Families to be served at least in every desa (fewer where fewer are due), or by desa code.
    reserve
        Share of every rupiah ceiling that is kept back.
    family_programmes, family_rupiah
        Most programmes, and rupiah per year, newly given to one family.
    minimum_due
        Families whose share still due is smaller are not proposed.
    in_kind_weight
        What a rupiah that does not raise consumption (house, premium, capital) counts when it reaches the extremely
        poor, next to one rupiah of gap closed. A choice of policy: the default lets such programmes choose the right
        families without drawing money from transfers.
    mip_gap
        Optimality gap at which to stop.
    rounds, nodes
        Times the integer programme is widened, and branching nodes of each, at most. They count work, never seconds:
        who is chosen does not hang on the computer. An allocation of Kaur's size needs one of each.
    """

    total: float | None = None
    agency: Mapping[str, float] = field(default_factory=dict)
    programme: Mapping[str, float] = field(default_factory=dict)
    fund: Mapping[str, float] = field(default_factory=dict)
    quota: Mapping[str, float] = field(default_factory=dict)
    capacity: float | Mapping[str, float] | None = None
    desa_floor: int | Mapping[str, int] = 0
    reserve: float = 0.0
    family_programmes: int = 3
    family_rupiah: float | None = None
    minimum_due: float = 0.1
    in_kind_weight: float = 0.1
    mip_gap: float = 0.005
    rounds: int = 5
    nodes: int = 1000

    def __post_init__(self) -> None:
        numbers = [self.total or 0, *self.agency.values(), *self.programme.values(), *self.fund.values()]
        numbers += [*self.quota.values(), self.family_rupiah or 0]
        if min(numbers) < 0:
            raise StudyRejected("Pagu dan kuota tidak boleh negatif.")
        if not 0 <= self.reserve < 1:
            raise StudyRejected("Cadangan harus di antara 0 dan 1.")
        if self.family_programmes < 1:
            raise StudyRejected("Paling sedikit satu program per keluarga.")


def limits_from_budgets(budgets: Mapping[str, float], wide: Wide, **options: Any) -> Limits:
    """Limits from a study's ``budgets``, whose keys are ``total`` or codes of agencies, programmes or funds.

    Where a code names an agency as well as a programme (``baznas``, ``csr``), the ceiling is the agency's.

    Parameters
    ----------
    budgets
        Rupiah per year by ``total`` or code.
    wide
        Needs as arrays, which know the codes.
    options
        Further fields of :class:`Limits`.

    Returns
    -------
    Limits

    Raises
    ------
    StudyRejected
        A key is none of these.
    """
    agencies = {programme.agency for programme in wide.programmes}
    codes = {programme.code for programme in wide.programmes}
    parts: dict[str, dict[str, float]] = {"agency": {}, "programme": {}, "fund": {}}
    total = None
    for key, rupiah in budgets.items():
        if key == "total":
            total = rupiah
        elif key in agencies:
            parts["agency"][key] = rupiah
        elif key in codes:
            parts["programme"][key] = rupiah
        elif key in FUND_NAMES:
            parts["fund"][key] = rupiah
        else:
            raise StudyRejected(f"budgets: '{key}' bukan 'total', instansi, program atau sumber dana.")
    return Limits(total=total, agency=parts["agency"], programme=parts["programme"], fund=parts["fund"], **options)


@dataclass(frozen=True)
class _Row:
    """One ceiling before scaling: what a rupiah, a unit of each programme, a family of each kecamatan uses of it."""

    name: str
    limit: float
    rupiah: NDArray[Any] | None = None
    units: NDArray[Any] | None = None
    served: NDArray[Any] | None = None


@dataclass(frozen=True)
class Ceilings:
    """The ceilings as linear rows, each scaled so that its limit is 1.

    Attributes
    ----------
    names
        What each row limits, in Indonesian.
    limit
        The limits before scaling.
    rupiah, units
        Rows × programmes: use of a row per rupiah and per unit given.
    served
        Rows × kecamatan: use of a row per family served.
    kecamatan
        Position of each family's kecamatan.
    closed
        Names of limits of zero, which have no row: what they bound is ruled out.
    """

    names: tuple[str, ...]
    limit: Array
    rupiah: Array
    units: Array
    served: Array
    kecamatan: NDArray[np.int64]
    closed: tuple[str, ...] = ()

    def use(self, wide: Wide, pairs: Flags) -> Array:
        """Use of every row by a selection of (family, programme) pairs; 1 is the whole limit."""
        families = np.bincount(self.kecamatan[pairs.any(axis=1)], minlength=self.served.shape[1])
        spent, given = (wide.rupiah * pairs).sum(axis=0), (wide.units * pairs).sum(axis=0)
        return self.rupiah @ spent + self.units @ given + self.served @ families

    def pair_prices(self, wide: Wide, prices: Array) -> Array:
        """Price of every (family, programme) pair at the rows' prices."""
        return np.asarray(wide.rupiah * (prices @ self.rupiah) + wide.units * (prices @ self.units))

    def visit_prices(self, prices: Array) -> Array:
        """Price of serving each family at all."""
        return np.asarray((prices @ self.served)[self.kecamatan])


def ceilings(wide: Wide, limits: Limits) -> tuple[Ceilings, Flags]:
    """Rows of the limits, and which (programme, kecamatan) a limit of zero rules out altogether.

    Raises
    ------
    StudyRejected
        A limit names a code that the study does not have.
    """
    codes = np.array([programme.code for programme in wide.programmes])
    agencies = np.array([programme.agency for programme in wide.programmes])
    kecamatan, place = np.unique(wide.kecamatan.astype(str), return_inverse=True)
    kept = 1 - limits.reserve
    rows: list[_Row] = []
    if limits.total is not None:
        rows.append(_Row("pagu total", limits.total * kept, rupiah=np.ones(len(codes))))
    for code, rupiah in limits.agency.items():
        _known(code, agencies, "instansi")
        rows.append(_Row(f"pagu instansi {code}", rupiah * kept, rupiah=agencies == code))
    for code, rupiah in limits.programme.items():
        _known(code, codes, "program")
        rows.append(_Row(f"pagu program {code}", rupiah * kept, rupiah=codes == code))
    for fund, rupiah in limits.fund.items():
        _known(fund, FUND_NAMES, "sumber dana")
        shares = np.array([programme.fund_shares.get(fund, 0.0) for programme in wide.programmes])
        rows.append(_Row(f"pagu sumber dana {FUND_NAMES[fund]}", rupiah * kept, rupiah=shares))
    for code, units in limits.quota.items():
        _known(code, codes, "program")
        rows.append(_Row(f"kuota program {code}", units, units=codes == code))
    if isinstance(limits.capacity, Mapping):
        for code, families in limits.capacity.items():
            _known(code, kecamatan, "kecamatan")
            rows.append(_Row(f"kapasitas verifikasi kecamatan {code}", families, served=kecamatan == code))
    elif limits.capacity is not None:
        rows.append(_Row("kapasitas verifikasi", limits.capacity, served=np.ones(len(kecamatan))))

    open_pairs = np.ones((len(codes), len(kecamatan)), dtype=bool)
    for row in rows:
        if row.limit <= 0:
            used = np.zeros(open_pairs.shape, dtype=bool)
            for weights, axis in ((row.rupiah, 1), (row.units, 1), (row.served, 0)):
                if weights is not None:
                    used |= np.expand_dims(np.asarray(weights) > 0, axis)
            open_pairs &= ~used
    positive = [row for row in rows if row.limit > 0]

    def stack(weights: list[NDArray[Any] | None], width: int) -> Array:
        scaled = [
            np.zeros(width) if weight is None else weight / row.limit
            for weight, row in zip(weights, positive, strict=True)
        ]
        return np.array(scaled, dtype=float).reshape(len(positive), width)

    found = Ceilings(
        names=tuple(row.name for row in positive),
        limit=np.array([row.limit for row in positive], dtype=float),
        rupiah=stack([row.rupiah for row in positive], len(codes)),
        units=stack([row.units for row in positive], len(codes)),
        served=stack([row.served for row in positive], len(kecamatan)),
        kecamatan=place.ravel().astype(np.int64),
        closed=tuple(row.name for row in rows if row.limit <= 0),
    )
    return found, open_pairs


def _known(code: str, known: Iterable[str], what: str) -> None:
    if code not in list(known):
        raise StudyRejected(f"Batas menyebut {what} '{code}' yang tidak ada.")
