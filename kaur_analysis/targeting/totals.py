"""The few sums every targeting measure is made of, for one point or for many draws at once.

Every measure of :mod:`kaur_analysis.targeting.formulas` is a function of these totals. So draws need no more than the
totals of each draw, and design-based standard errors no more than the influence of one family on each total.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kaur_analysis.targeting.inputs import Array, Groups
from kaur_analysis.targeting.ranks import Ranks, fractional_ranks, weight_above

Totals = dict[str, Array]


DENSITY_WINDOW = 0.05  # half-width, in shares of the population, of the local mean used at a quantile


def bottom_name(share: float) -> str:
    """Name of the total that the poorest ``share`` receive."""
    return f"benefit_bottom_{100 * share:g}"


@dataclass(frozen=True)
class Families:
    """One programme's families: all arrays are rows × M, or rows × 1 where they do not vary between draws.

    Attributes
    ----------
    weights
        One column, rows only.
    poor, received
        0/1 or expected values.
    amount
        Rupiah per recipient, rows only; ``None`` counts recipients instead of rupiah.
    welfare
        Welfare, low is poor; ``None`` where it is not known.
    """

    weights: Array
    poor: Array
    received: Array
    amount: Array | None = None
    welfare: Array | None = None

    @property
    def benefit(self) -> Array:
        """Rupiah received (or 1 where only receipt is known)."""
        return self.received if self.amount is None else self.received * self.amount[:, None]


def base_totals(poor: Array, matrix: sparse.csr_matrix, ranks: Ranks | None, welfare: Array | None) -> Totals:
    """What all programmes share, per class of the matrix: the weight of all families and of the poor; rank and welfare.

    ``rank_squared`` is Σ w r² with mid-rank r, ``welfare_by_rank`` Σ w y r.
    """
    shared = {"population": matrix @ np.ones((matrix.shape[1], 1)), "poor": matrix @ poor}
    if ranks is None:
        return shared
    shared["rank_squared"] = matrix @ (ranks.middle * ranks.middle)
    if welfare is not None:
        shared |= {"welfare": matrix @ welfare, "welfare_by_rank": matrix @ (welfare * ranks.middle)}
    return shared


def totals(
    received: Array,
    recipients: NDArray[np.intp],
    ranks: Ranks | None,
    ladder: "Ladder",
    on_rungs: Array,
    poor_on_rungs: Array,
    base: Totals,
    bottom: Sequence[float] = (),
) -> Totals:
    """Weighted sums per class; each value is classes × M.

    ``received`` is receipt of the ``recipients``, rows of the families; ``ladder`` sorts their amounts within the
    classes; ``on_rungs`` and ``poor_on_rungs`` are the recipients
    and poor recipients on each rung; ``base`` is :func:`base_totals`; ``ranks`` are the families' fractional welfare
    ranks within the classes. Besides the plain sums: ``concordant`` is the weight of pairs (poor, not poor) in which
    the poor family receives more, equals half; ``benefit_by_rank`` is Σ w b r with mid-rank r; ``benefit_bottom_20`` is
    what the poorest 20% get, a family on the edge counted by the part of it inside.
    """
    sums: Totals = {
        **base,
        "recipients": ladder.climb @ on_rungs,
        "poor_recipients": ladder.climb @ poor_on_rungs,
        "benefit": ladder.rupiah @ on_rungs,
        "poor_benefit": ladder.rupiah @ poor_on_rungs,
    }
    sums["concordant"] = ladder.concordant(on_rungs, poor_on_rungs, sums)
    if ranks is not None:
        by_rank = ladder.weighted(ranks.middle[recipients], received)
        sums["benefit_by_rank"] = ladder.rupiah @ by_rank
        sums["benefit_rank_product"], sums["benefit_rank_squared"] = ladder.rank_products(on_rungs, by_rank, sums)
        for share in bottom:
            sums[bottom_name(share)] = ladder.rupiah @ ladder.weighted(ranks.poorest(share)[recipients], received)
    return sums


@dataclass(frozen=True)
class Ladder:
    """Rungs of equal amounts within each class, ascending: what is summed over rungs once serves every measure.

    Who gets nothing stands below the lowest rung that gives something; a recipient of zero rupiah gets nothing.

    Attributes
    ----------
    rungs, climb, rupiah
        Rungs × rows (weights), classes × rungs (ones), classes × rungs (the rung's amount).
    group_of_rung, gives
        Class of each rung; 1 where its amount is above zero, as a column.
    """

    rungs: sparse.csr_matrix
    climb: sparse.csr_matrix
    rupiah: sparse.csr_matrix
    group_of_rung: Array
    gives: Array

    @classmethod
    def of(cls, amounts: Array | None, weights: Array, groups: Groups) -> "Ladder":
        """The ladder of one programme's amounts (``None``: everybody gets the same) in one partition."""
        if amounts is None:
            codes, group_of_rung, amount = groups.codes, np.arange(groups.size), np.ones(groups.size)
        else:
            distinct, level = np.unique(amounts, return_inverse=True)
            pairs, codes = np.unique(groups.codes * len(distinct) + level, return_inverse=True)
            group_of_rung, amount = pairs // len(distinct), distinct[pairs % len(distinct)]
        places = (group_of_rung, np.arange(len(group_of_rung)))
        shape = (groups.size, len(group_of_rung))
        return cls(
            rungs=Groups(tuple(map(str, places[1])), codes).matrix(weights),
            climb=sparse.csr_matrix((np.ones(shape[1]), places), shape=shape),
            rupiah=sparse.csr_matrix((amount, places), shape=shape),
            group_of_rung=group_of_rung,
            gives=(amount > 0).astype(float)[:, None],
        )

    def among(self, rows: NDArray[np.intp]) -> "Ladder":
        """The same rungs, with nobody on them but some rows, in their order."""
        return replace(self, rungs=self.rungs[:, rows])

    def gathered(self, finer: "Ladder") -> sparse.csr_matrix:
        """Rungs of this ladder × rungs of one whose classes refine it: ones where the one goes into the other."""
        first = finer.rungs.indices[finer.rungs.indptr[:-1]]  # a row of each finer rung
        own = np.empty(self.rungs.shape[1], dtype=np.intp)
        own[self.rungs.indices] = np.repeat(np.arange(self.rungs.shape[0]), np.diff(self.rungs.indptr))
        places = (own[first], np.arange(len(first)))
        return sparse.csr_matrix((np.ones(len(first)), places), shape=(self.rungs.shape[0], len(first)))

    def weighted(self, column: Array, values: Array) -> Array:
        """Sums over rungs of ``values``, each family counted by its entry in ``column`` too."""
        if column.shape[1] > 1:
            return np.asarray(self.rungs @ (values * column))
        # one column for all draws goes into the matrix: families that count nothing are then never read
        rungs = self.rungs.copy()
        rungs.data *= column[rungs.indices, 0]
        rungs.eliminate_zeros()
        return np.asarray(rungs @ values)

    def _standing(self, weight: Array, in_group: Array) -> tuple[Array, Array]:
        """Weight below the middle of each rung, who gets nothing included; and the weight of who gets nothing."""
        on_rungs = self.climb @ weight
        nothing = in_group - on_rungs
        before_group = (np.cumsum(on_rungs, axis=0) - on_rungs)[self.group_of_rung]
        below = np.cumsum(weight, axis=0) - weight / 2 - before_group
        return nothing[self.group_of_rung] + below, nothing

    def concordant(self, on_rungs: Array, poor_on_rungs: Array, sums: Totals) -> Array:
        """Weight of pairs (poor, not poor) in which the poor family gets more, equals half."""
        poor = self.gives * poor_on_rungs
        below, nonpoor_nothing = self._standing(self.gives * on_rungs - poor, sums["population"] - sums["poor"])
        poor_nothing = sums["poor"] - self.climb @ poor
        return self.climb @ (poor * below) + poor_nothing * nonpoor_nothing / 2

    def rank_products(self, on_rungs: Array, by_rank: Array, sums: Totals) -> tuple[Array, Array]:
        """Σ w r_b r_y and Σ w r_b² with mid-ranks r_b of the benefit; ``by_rank`` is Σ w T r_y on each rung."""
        population = sums["population"]
        weight, by_rank = self.gives * on_rungs, self.gives * by_rank
        rank, nothing = self._standing(weight, population)
        with np.errstate(divide="ignore", invalid="ignore"):
            rank = rank / population[self.group_of_rung]
            rank_nothing = nothing / population / 2
        product = self.climb @ (rank * by_rank) + rank_nothing * (population / 2 - self.climb @ by_rank)
        return product, self.climb @ (rank**2 * weight) + rank_nothing**2 * nothing


def influences(
    families: Families, ranks: Ranks | None, groups: Groups, sums: Totals, bottom: Sequence[float] = ()
) -> Totals:
    """Influence of one family on each total of its own class, per unit of its weight; arrays of rows.

    ``total = Σ w z`` to first order when weights change, so that ``Σ w z`` over a sample has the total's variance.
    Rank-based totals follow Deville (1999): the family's own term plus its effect on everyone else's rank.
    """
    codes, weights = groups.codes, families.weights
    poor, received, benefit = families.poor[:, 0], families.received[:, 0], families.benefit[:, 0]
    size = {name: values[:, 0][codes] for name, values in sums.items()}
    nonpoor = 1.0 - poor

    def above(values: Array, amounts: Array) -> Array:
        return weight_above(values, weights * amounts, groups)

    z: Totals = {
        "population": np.ones(len(weights)),
        "poor": poor,
        "recipients": received,
        "poor_recipients": received * poor,
        "benefit": benefit,
        "poor_benefit": benefit * poor,
        "concordant": poor * (size["population"] - size["poor"] - above(benefit, nonpoor))
        + nonpoor * above(benefit, poor),
    }
    if ranks is None:
        return z
    rank = ranks.middle[:, 0]
    benefit_rank = fractional_ranks(benefit, weights, groups).middle[:, 0]
    people = np.where(size["population"] > 0, size["population"], np.nan)
    z["benefit_by_rank"] = benefit * rank + (above(rank, benefit) - size["benefit_by_rank"]) / people
    z["rank_squared"] = rank**2 + 2 * (above(rank, rank) - size["rank_squared"]) / people
    z["benefit_rank_squared"] = (
        benefit_rank**2 + 2 * (above(benefit, benefit_rank) - size["benefit_rank_squared"]) / people
    )
    z["benefit_rank_product"] = (
        benefit_rank * rank
        + (above(rank, benefit_rank) + above(benefit, rank) - 2 * size["benefit_rank_product"]) / people
    )
    matrix = groups.matrix(weights)
    for share in bottom:
        z[bottom_name(share)] = bottom_influence(benefit, ranks, share, matrix, codes)
    if families.welfare is not None:
        welfare = families.welfare[:, 0]
        z["welfare"] = welfare
        z["welfare_by_rank"] = welfare * rank + (above(rank, welfare) - size["welfare_by_rank"]) / people
    return z


def bottom_influence(values: Array, ranks: Ranks, share: float, matrix: sparse.csr_matrix, codes: Array) -> Array:
    """Influence on the total of ``values`` among the poorest ``share``: the quantile moves with the sample too.

    z = v 1(r ≤ q) + E(v | r = q) (q − 1(r ≤ q)), the conditional mean taken within ``DENSITY_WINDOW`` of q.
    """
    if share <= 0:
        return np.zeros(len(values))
    inside = ranks.within(0.0, share)[:, 0]
    window = ranks.within(max(share - DENSITY_WINDOW, 0.0), min(share + DENSITY_WINDOW, 1.0))[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        at_edge = np.nan_to_num((matrix @ (window * values)) / (matrix @ window))[codes]
    return values * inside + at_edge * (share - inside)
