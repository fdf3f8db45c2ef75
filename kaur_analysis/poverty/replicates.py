"""Replicate weights: the check on linearised variances, and the way to errors of anything a door can estimate.

A replicate design is a sample with R sets of multipliers of its weights. An estimate is repeated with each set and

    V = scale · Σ_r rscales_r (θ_r − θ̄)²,

around the mean of the replicates, or around the estimate itself with ``around="estimate"`` (Wolter 2007, ch. 3–5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import hadamard

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.checks import one_of
from kaur_analysis.poverty.design import FloatArray, SurveyDesign

Around = Literal["mean", "estimate"]


@dataclass(frozen=True, eq=False)
class ReplicateDesign:
    """A design with replicate multipliers.

    Parameters
    ----------
    design
        The sample with its full weights.
    multipliers
        What the weights are multiplied by in each replicate, shape (n, R).
    scale
        Common factor of the variance.
    rscales
        Factor of each replicate, shape (R,); ones by default.
    around
        ``"mean"`` of the replicates or the full-sample ``"estimate"``.

    Raises
    ------
    EstimationError
        Multipliers or factors of another shape, negative or missing; an unknown ``around``.

    References
    ----------
    Wolter (2007), ch. 3–5.
    """

    design: SurveyDesign
    multipliers: FloatArray
    scale: float
    rscales: FloatArray | None = None
    around: Around = "mean"

    def __post_init__(self) -> None:
        if self.multipliers.ndim != 2 or len(self.multipliers) != len(self.design.data):
            raise EstimationError(f"multipliers must have a row per record: {self.multipliers.shape}")
        if not np.isfinite(self.multipliers).all() or (self.multipliers < 0).any():
            raise EstimationError("multipliers must be finite and not negative")
        factors = np.asarray([self.scale] if self.rscales is None else [self.scale, *self.rscales])
        if self.rscales is not None and len(self.rscales) != self.multipliers.shape[1]:
            raise EstimationError(f"{len(self.rscales)} rscales do not fit {self.multipliers.shape[1]} replicates")
        if not (np.isfinite(factors).all() and (factors >= 0).all() and factors[0] > 0):
            raise EstimationError("scale must be positive, and rscales zero or more")
        one_of(self.around, get_args(Around), "around")

    def estimate(self, door: Callable[[SurveyDesign], pd.DataFrame]) -> pd.DataFrame:
        """Repeat an estimate over the replicates: V = scale · Σ_r rscales_r (θ_r − θ̄)².

        Parameters
        ----------
        door
            Function of a design that returns the tidy table, e.g. ``lambda d: estimate_fgt(d, "expenditure",
            500_000)``.

        Returns
        -------
        ``(indicator, area, value, se, rse, replicates)``: the full-sample values with replicate standard errors;
        ``replicates`` counts those in which the area still had records. The others are left out, and the variance is
        scaled up to all; an area with one PSU has no standard error, as in the tidy table.

        Raises
        ------
        EstimationError
            As the door itself.
        """
        keys = ["indicator", "area"]
        table = door(self.design).set_index(keys)
        full = table["value"]
        repeated = np.column_stack(
            [
                door(self.design.with_weights(self.design.weight * multiplier))
                .set_index(keys)["value"]
                .reindex(full.index)
                for multiplier in self.multipliers.T
            ]
        )
        rscales = np.ones(repeated.shape[1]) if self.rscales is None else self.rscales
        value = full.to_numpy()
        centre = np.nanmean(repeated, axis=1) if self.around == "mean" else value
        squares = np.nansum(rscales * (repeated - centre[:, None]) ** 2, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            se = np.sqrt(self.scale * squares * rscales.sum() / (np.isfinite(repeated) @ rscales))
            if "n_psu" in table:
                se = np.where(table["n_psu"] > 1, se, np.nan)
            rse = np.where(value != 0, se / np.abs(value), np.nan)
        return pd.DataFrame(
            {"value": value, "se": se, "rse": rse, "replicates": np.isfinite(repeated).sum(axis=1)}, index=full.index
        ).reset_index()


def jackknife(design: SurveyDesign) -> ReplicateDesign:
    """Delete-one-PSU jackknife: JK1 with one stratum, JKn with several.

    Deleting a PSU multiplies the others of its stratum by n_h/(n_h − 1); the replicate counts with (1 − f_h)(n_h −
    1)/n_h. Strata with a single PSU are not deleted from.

    Parameters
    ----------
    design
        The sample.

    Returns
    -------
    A replicate for each PSU that can be deleted.

    References
    ----------
    Wolter (2007), §4.5.

    Examples
    --------
    >>> sample = pd.DataFrame({"y": [1.0, 2.0, 3.0, 6.0], "w": 1.0, "block": [1, 1, 2, 2]})
    >>> jackknife(SurveyDesign(sample, "w", psu="block")).multipliers[:, 0].tolist()
    [0.0, 0.0, 2.0, 2.0]
    """
    sampling = design.sampling
    size = sampling.psu_per_stratum[sampling.stratum]
    deleted = np.flatnonzero(size > 1)
    stratum = sampling.stratum[sampling.psu]
    multipliers = np.ones((len(design.data), len(deleted)))
    for replicate, psu in enumerate(deleted):
        multipliers[stratum == sampling.stratum[psu], replicate] = size[psu] / (size[psu] - 1)
        multipliers[sampling.psu == psu, replicate] = 0.0
    # factor is (1 − f) n/(n − 1)
    rscales = sampling.factor[sampling.stratum[deleted]] * ((size[deleted] - 1) / size[deleted]) ** 2
    return ReplicateDesign(design, multipliers, 1.0, rscales)


def rao_wu_bootstrap(design: SurveyDesign, replicates: int = 500, seed: int = 0) -> ReplicateDesign:
    """Rescaling bootstrap: n_h − 1 PSUs drawn with replacement from the n_h of each stratum.

    A PSU drawn m times is multiplied by m n_h/(n_h − 1). Strata with a single PSU keep it, and a finite population
    correction is left out: errors are those of sampling with replacement.

    Parameters
    ----------
    design
        The sample.
    replicates
        How many, at least 2.
    seed
        Of the draws.

    Returns
    -------
    The replicates; variance around the estimate.

    Raises
    ------
    EstimationError
        Fewer than 2 replicates.

    References
    ----------
    Rao & Wu (1988), JASA 83; Rao, Wu & Yue (1992), Survey Methodology 18.
    """
    if replicates < 2:
        raise EstimationError(f"a bootstrap needs at least 2 replicates, not {replicates}")
    sampling = design.sampling
    random = np.random.default_rng(seed)
    drawn = np.ones((len(sampling.stratum), replicates))
    for stratum, size in enumerate(sampling.psu_per_stratum):
        if size > 1:
            counts = random.multinomial(size - 1, np.full(size, 1.0 / size), size=replicates)
            drawn[sampling.stratum == stratum] = counts.T * (size / (size - 1))
    return ReplicateDesign(design, drawn[sampling.psu], 1.0 / replicates, around="estimate")


def balanced_half_samples(design: SurveyDesign, fay: float = 0.0) -> ReplicateDesign:
    """Balanced repeated replication with two PSUs in every stratum.

    Multipliers are 2 − ρ and ρ, V is divided by (1 − ρ)². A finite population correction is left out.

    Parameters
    ----------
    design
        The sample.
    fay
        ρ, the share of the PSU left out that is kept, 0 to below 1.

    Returns
    -------
    The replicates; variance around the estimate.

    Raises
    ------
    EstimationError
        A stratum has not exactly two PSUs, or ρ lies outside its range.

    References
    ----------
    McCarthy (1969); Judkins (1990), for Fay's variant.
    """
    if not 0 <= fay < 1:
        raise EstimationError(f"Fay's factor must lie in [0, 1), not {fay}")
    sampling = design.sampling
    if not (sampling.psu_per_stratum == 2).all():
        raise EstimationError("balanced half samples need exactly two PSUs in every stratum")
    strata = len(sampling.stratum_labels)
    order = 1 << strata.bit_length()  # a power of two above the number of strata: the constant column stays unused
    signs = hadamard(order)[:, 1 : strata + 1].T
    first = np.zeros(len(sampling.stratum), dtype=bool)
    first[np.unique(sampling.stratum, return_index=True)[1]] = True
    side = np.where(first[:, None], signs[sampling.stratum], -signs[sampling.stratum])
    multipliers = np.where(side > 0, 2.0 - fay, fay)[sampling.psu]
    return ReplicateDesign(design, multipliers, 1.0 / (order * (1 - fay) ** 2), around="estimate")


def given_replicates(
    design: SurveyDesign,
    multipliers: npt.ArrayLike,
    scale: float,
    rscales: npt.ArrayLike | None = None,
    around: Around = "mean",
) -> ReplicateDesign:
    """Replicate design from multipliers a statistical office delivers with its file.

    Parameters
    ----------
    design, multipliers, scale, rscales, around
        As in :class:`ReplicateDesign`.

    Returns
    -------
    The replicates.

    Raises
    ------
    EstimationError
        As :class:`ReplicateDesign`.

    References
    ----------
    Wolter (2007), ch. 3–5.
    """
    factors = None if rscales is None else np.asarray(rscales, dtype=np.float64)
    return ReplicateDesign(design, np.asarray(multipliers, dtype=np.float64), scale, factors, around)
