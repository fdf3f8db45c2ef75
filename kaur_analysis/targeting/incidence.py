"""Who gets the rupiah: incidence by quantile or desil, concentration curves and coefficients."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting.engine import Rules, estimate, rows_of
from kaur_analysis.targeting.evidence import Block, Evidence, Uncertainty, read_evidence
from kaur_analysis.targeting.formulas import Formula, formulas
from kaur_analysis.targeting.inputs import Array, Benefit, Draws, Groups
from kaur_analysis.targeting.intervals import COLUMNS, tidy
from kaur_analysis.targeting.measures import measure_rows, with_route
from kaur_analysis.targeting.ranks import Ranks, fractional_ranks, orders
from kaur_analysis.targeting.totals import Totals, bottom_influence

_RANKED = ("concentration_coefficient", "gini", "kakwani", "rank_correlation")
_INCIDENCE: Mapping[str, Formula] = {
    "population_share": lambda t: t["population_inside"] / t["population"],
    "recipient_share": lambda t: t["recipients_inside"] / t["recipients"],
    "benefit_share": lambda t: t["benefit_inside"] / t["benefit"],
    "quantile_coverage": lambda t: t["recipients_inside"] / t["population_inside"],
    "quantile_mean_benefit": lambda t: t["benefit_inside"] / t["recipients_inside"],
}


@dataclass
class _Quantile:
    """One quantile in one block of draws: its edges with the ranks per partition, or the rows of a given class.

    The part of each family inside is worked out once for all programmes.
    """

    edges: tuple[float, float]
    ranks: Sequence[Ranks]
    members: Array | None = None
    _families: dict[int, Totals] = field(default_factory=dict)

    def inside(self, place: int) -> Array:
        """Part of each family inside the quantile, rows × M, in one partition."""
        return self._parts[place] if self.members is None else self.members

    def population(self, place: int, matrix: sparse.csr_matrix) -> Totals:
        """Families inside, in one partition."""
        if place not in self._families:
            self._families[place] = {"population_inside": matrix @ self.inside(place)}
        return self._families[place]

    @cached_property
    def _parts(self) -> list[Array]:
        return [ranks.within(*self.edges) for ranks in self.ranks]


@dataclass(frozen=True)
class _Receipts:
    """One programme's receipt in one block of draws.

    ``rows`` are those who may receive, nobody else is read; ``summing`` in each partition their classes × recipients:
    weights, and weights times rupiah (or weights where only receipt is known).
    """

    received: Array
    amount: Array | None
    rows: NDArray[np.intp]
    matrices: Sequence[sparse.csr_matrix]
    summing: Sequence[tuple[sparse.csr_matrix, sparse.csr_matrix]]

    @cached_property
    def of_rows(self) -> Array:
        """Their receipt."""
        return self.received[self.rows]

    @cached_property
    def whole(self) -> list[Totals]:
        """Recipients and rupiah of everybody, in each partition."""
        return [self._totals(place, self.of_rows) for place in range(len(self.matrices))]

    def inside(self, place: int, part: Array) -> Totals:
        """Recipients and rupiah, each family counted by a part of it (rows × M)."""
        return {f"{name}_inside": sums for name, sums in self._totals(place, self.of_rows * part[self.rows]).items()}

    def _totals(self, place: int, column: Array) -> Totals:
        people, rupiah = self.summing[place]
        return {"recipients": people @ column, "benefit": rupiah @ column}


@dataclass(frozen=True)
class _Band:
    """One programme's receipt and one quantile."""

    receipts: _Receipts
    quantile: _Quantile

    def sums(self, place: int) -> Totals:
        """Totals in one partition."""
        matrix = self.receipts.matrices[place]
        everybody = {"population": matrix @ np.ones((matrix.shape[1], 1))}
        inside = self.receipts.inside(place, self.quantile.inside(place))
        return everybody | self.quantile.population(place, matrix) | self.receipts.whole[place] | inside


def benefit_incidence(
    frame: pd.DataFrame,
    received: str | Sequence[str],
    welfare: str | None = None,
    weights: str | None = None,
    benefit: Benefit = None,
    quantiles: int = 10,
    by: str | None = None,
    design: SurveyDesign | None = None,
    *,
    classes: str | None = None,
    welfare_draws: Draws | None = None,
    received_draws: Mapping[str, Array] | None = None,
    with_any: bool = True,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Benefit incidence: what each quantile of welfare, or each desil of a registry, receives.

    Quantiles hold exactly equal weight: a family on a border counts by the part of it on either side, so that shares
    are differences of the concentration curve and add up to one.

    Parameters
    ----------
    frame, received, weights, benefit, by, design, welfare_draws, received_draws, with_any, confidence, seed
        As in :func:`targeting_measures`.
    welfare
        Column of welfare that makes the quantiles (within each group of ``by``).
    quantiles
        How many, 10 for deciles.
    classes
        Instead of ``welfare``: a column of given classes (a national desil), which need not be equally large.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`targeting_measures` and ``quantile`` (text); measures ``population_share``,
        ``recipient_share``, ``benefit_share``, ``quantile_coverage``, ``quantile_mean_benefit``.

    Raises
    ------
    EstimationError
        Neither welfare nor classes, or both; fewer than two quantiles; or as in :func:`targeting_measures`.

    References
    ----------
    Coady, Grosh & Hoddinott (2004), for benefit incidence; ``definitions.yaml`` beside each measure.

    Examples
    --------
    >>> frame = pd.DataFrame({"y": [1.0, 2.0, 3.0, 4.0], "pkh": [1, 1, 0, 0]})
    >>> table = benefit_incidence(frame, "pkh", "y", quantiles=2)
    >>> table[table["measure"] == "recipient_share"]["value"].tolist()
    [1.0, 0.0]
    """
    if (classes is None) == (welfare is None):
        raise EstimationError("Beri salah satu: kolom kesejahteraan atau kolom kelas (desil).")
    if quantiles < 2:
        raise EstimationError("Jumlah kuantil paling sedikit dua.")
    given = Uncertainty(None, received_draws, welfare_draws, seed)
    evidence = read_evidence(
        frame, None, received, weights, benefit, welfare, by, design, given, confidence, with_any=with_any
    )
    by_class = None if classes is None else Groups.read(frame, classes)
    labels = by_class.labels if by_class else tuple(str(number) for number in range(1, quantiles + 1))
    members = [None if by_class is None else (by_class.codes == k).astype(float)[:, None] for k in range(len(labels))]
    fixed = [] if evidence.welfare is None else _ranks(evidence, evidence.welfare)
    matrices = [groups.matrix(evidence.setting.weights) for groups in evidence.setting.partitions]

    recipients = evidence.recipients(given)
    summing = {
        name: [_summing(matrix[:, rows], evidence.amounts[name], rows) for matrix in matrices]
        for name, rows in recipients.items()
    }

    def views(block: Block) -> Iterator[tuple[tuple[str, str], _Band]]:
        is_drawn = welfare_draws is not None and block.welfare is not None and by_class is None
        ranks = _ranks(evidence, block.welfare) if is_drawn and block.welfare is not None else fixed
        receipts = {
            name: _Receipts(now, evidence.amounts[name], recipients[name], matrices, summing[name])
            for name, now in block.received.items()
        }
        for number, label in enumerate(labels):
            quantile = _Quantile((number / quantiles, (number + 1) / quantiles), ranks, members[number])
            for programme, receipt in receipts.items():
                yield (programme, label), _Band(receipt, quantile)

    point = dict(views(evidence.expected()._replace(welfare=None)))
    rules = _band_rules(evidence, given, point, matrices)
    draws = ((block.size, views(block)) for block in evidence.joint_draws(given))
    rows: list[dict[str, object]] = []
    for (place, (programme, label)), by_measure in estimate(evidence.setting, point, draws, rules).items():
        groups = evidence.setting.partitions[place]
        inside = point[programme, label].quantile.inside(place)[:, 0]
        counts = _band_counts(evidence, groups, programme, inside)
        for measure, estimated in by_measure.items():
            rows += rows_of(measure, programme, groups, estimated, counts[measure], quantile=label)
    return with_route(tidy(rows, [*COLUMNS[:4], "quantile", *COLUMNS[4:]]), design)


def _benefit(received: Array, amount: Array | None) -> Array:
    return received if amount is None else received * amount[:, None]


def _summing(
    people: sparse.csr_matrix, amount: Array | None, rows: NDArray[np.intp]
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    return people, people if amount is None else sparse.csr_matrix(people @ sparse.diags(amount[rows]))


def _ranks(evidence: Evidence, welfare: Array) -> list[Ranks]:
    columns = welfare[:, None] if welfare.ndim == 1 else welfare
    order = orders(columns)
    return [
        fractional_ranks(columns, evidence.setting.weights, groups, order) for groups in evidence.setting.partitions
    ]


def _band_rules(
    evidence: Evidence,
    given: Uncertainty,
    point: Mapping[tuple[str, str], _Band],
    matrices: Sequence[sparse.csr_matrix],
) -> Rules[_Band, tuple[str, str]]:
    def columns(view: _Band, place: int) -> dict[str, Array]:
        inside = view.quantile.inside(place)
        received = view.receipts.received
        benefit = _benefit(received, view.receipts.amount)
        return {
            "population": np.ones_like(received),
            "recipients": received,
            "benefit": benefit,
            "population_inside": inside,
            "recipients_inside": inside * received,
            "benefit_inside": inside * benefit,
        }

    def sums(view: _Band) -> list[Totals]:
        return [view.sums(place) for place in range(len(matrices))]

    def influence(view: _Band, place: int, at: Totals) -> Totals:
        plain = {name: column[:, 0] for name, column in columns(view, place).items()}
        if view.quantile.members is None:
            codes = evidence.setting.partitions[place].codes
            for whole in ("population", "recipients", "benefit"):
                low, high = (
                    bottom_influence(plain[whole], view.quantile.ranks[place], edge, matrices[place], codes)
                    for edge in view.quantile.edges
                )
                plain[f"{whole}_inside"] = high - low
        return plain

    def behind(key: tuple[str, str], measure: str, place: int) -> list[Array]:
        whole = evidence.behind(key[0], measure)
        if not measure.startswith("quantile_"):
            return whole
        inside = point[key].quantile.inside(place)[:, 0] > 0
        return [rows & inside for rows in whole]

    chosen = dict.fromkeys(point, _INCIDENCE)
    links = evidence.dependent_links(given)
    joint = frozenset(key for key in chosen if key[0] in links)
    from_draws = frozenset(_INCIDENCE) if given.welfare is not None else ()
    return Rules(sums, influence, chosen, joint, from_draws, behind)


def _band_counts(evidence: Evidence, groups: Groups, programme: str, inside: Array) -> dict[str, dict[str, Array]]:
    """Families behind each measure: the denominators are the whole group's for shares, the quantile's for rates."""
    whole = evidence.counts(groups, programme)
    present = inside * (evidence.setting.weights > 0)
    received = next(receipt.expected for receipt in evidence.receipts if receipt.programme == programme)
    within = {
        "population": np.bincount(groups.codes, present, groups.size),
        "recipients": np.bincount(groups.codes, present * received, groups.size),
    }
    return {name: within if name.startswith("quantile_") else whole for name in _INCIDENCE}


@dataclass(frozen=True)
class Concentration:
    """Curves and coefficients.

    Attributes
    ----------
    curve
        ``(programme, group, population, share)``: the share of the benefit that the poorest ``population`` receive;
        ``programme`` ``welfare`` is the Lorenz curve of welfare itself.
    measures
        Tidy rows: ``concentration_coefficient``, ``gini``, ``kakwani``, ``rank_correlation``, ``cgh_bottom_*``.
    """

    curve: pd.DataFrame
    measures: pd.DataFrame


def concentration(
    frame: pd.DataFrame,
    received: str | Sequence[str],
    welfare: str,
    weights: str | None = None,
    benefit: Benefit = None,
    by: str | None = None,
    design: SurveyDesign | None = None,
    *,
    points: int = 101,
    bottom: Sequence[float] = (0.2, 0.4),
    welfare_is_rank: bool = False,
    welfare_draws: Draws | None = None,
    received_draws: Mapping[str, Array] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Concentration:
    """Concentration curves with the coefficient, the Kakwani index and the Coady–Grosh–Hoddinott index.

    C = 2 Σ w b r / Σ w b − 1 with mid-ranks r, equals sharing one rank; for welfare itself this is the Gini.

    Parameters
    ----------
    frame, received, welfare, weights, benefit, by, design
        As in :func:`targeting_measures`.
    points
        Points of the curve, its ends included.
    bottom, welfare_is_rank, welfare_draws, received_draws, confidence, seed
        As in :func:`targeting_measures`.

    Returns
    -------
    Concentration
        Shares 0–1; coefficients −1…1.

    Raises
    ------
    EstimationError
        As in :func:`targeting_measures`.

    References
    ----------
    Kakwani, Wagstaff & van Doorslaer (1997); Coady, Grosh & Hoddinott (2004).
    """
    given = Uncertainty(None, received_draws, welfare_draws, seed)
    evidence = read_evidence(frame, None, received, weights, benefit, welfare, by, design, given, confidence)
    wanted = formulas(rupiah=False, ranked=True, monetary=not welfare_is_rank, bottom=bottom)
    chosen = {name: formula for name, formula in wanted.items() if name in _RANKED or name.startswith("cgh_bottom")}
    rows = measure_rows(
        evidence, dict.fromkeys((receipt.programme for receipt in evidence.receipts), chosen), given, bottom
    )
    return Concentration(_curves(evidence, points, with_welfare=not welfare_is_rank), with_route(tidy(rows), design))


def concentration_curve(
    frame: pd.DataFrame,
    received: str | Sequence[str],
    welfare: str,
    weights: str | None = None,
    benefit: Benefit = None,
    by: str | None = None,
    *,
    points: int = 101,
) -> pd.DataFrame:
    """The curve of :func:`concentration` alone: nothing is summed over families of which it does not speak.

    Parameters
    ----------
    frame, received, welfare, weights, benefit, by, points
        As in :func:`concentration`.

    Returns
    -------
    pandas.DataFrame
        The ``curve`` of a :class:`Concentration`.

    References
    ----------
    As of :func:`concentration`.
    """
    return _curves(read_evidence(frame, None, received, weights, benefit, welfare, by), points, with_welfare=True)


def _curves(evidence: Evidence, points: int, *, with_welfare: bool) -> pd.DataFrame:
    """Curves through the cumulated shares at the end of every block of equals, read off at even steps."""
    if evidence.welfare is None:
        raise EstimationError("Kolom kesejahteraan belum disebut.")
    steps = np.linspace(0.0, 1.0, points)
    benefits = {
        receipt.programme: _benefit(receipt.expected[:, None], evidence.amounts[receipt.programme])[:, 0]
        for receipt in evidence.receipts
    }
    if with_welfare:
        benefits["welfare"] = evidence.welfare
    parts = []
    for groups, ranks in zip(evidence.setting.partitions, _ranks(evidence, evidence.welfare), strict=True):
        upto = ranks.high[:, 0]
        for place, label in enumerate(groups.labels):
            inside = np.flatnonzero(groups.codes == place)
            order = inside[np.argsort(upto[inside], kind="stable")]
            for programme, values in benefits.items():
                rupiah = np.cumsum(evidence.setting.weights[order] * values[order])
                if not len(rupiah) or rupiah[-1] <= 0:
                    continue
                is_last = np.append(upto[order][1:] != upto[order][:-1], True)
                known = np.concatenate(([0.0], upto[order][is_last]))
                share = np.concatenate(([0.0], rupiah[is_last] / rupiah[-1]))
                parts.append(
                    pd.DataFrame(
                        {
                            "programme": programme,
                            "group": label,
                            "population": steps,
                            "share": np.interp(steps, known, share),
                        }
                    )
                )
    return pd.concat(parts, ignore_index=True)
