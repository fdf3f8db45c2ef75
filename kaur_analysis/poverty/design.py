"""Survey designs: which records were drawn together, and the variance that follows.

Everything here is linearisation. An estimator hands over the influence of each record on its value; the variance of the
value is that of the weighted total of the influences under sampling of primary sampling units (PSUs) within strata,

    V = Σ_h (1 − f_h) n_h / (n_h − 1) Σ_k (t_hk − t̄_h)²,    t_hk = Σ_{i in PSU k} w_i u_i,

with-replacement at the first stage unless a finite population correction is given (Särndal, Swensson & Wretman 1992,
§4.6; Wolter 2007, ch. 6). A domain keeps the whole design: records outside it have influence zero, their PSUs still
count.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from kaur_analysis.errors import EstimationError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
SinglePsuRule = Literal["fail", "center", "certainty", "average"]

CHUNK = 256  # PSUs whose totals fit into a processor's cache together
PART = 1 << 16  # records looked at together where whole columns would cost fresh memory

WHOLE = "ALL"
"""Label of the area column when an estimate is for everybody."""


def sum_by(code: IntArray, values: FloatArray, size: int) -> FloatArray:
    """Sum of the values of each code 0 … size−1, shape (size,)."""
    return np.bincount(code, values, size).astype(np.float64, copy=False)


def nested(outer: npt.NDArray[Any], inner: IntArray, inners: int) -> npt.NDArray[Any] | None:
    """Outer number of each inner code, shape (inners,), if every inner code lies in one outer number."""
    outer_of = np.zeros(inners, dtype=outer.dtype)
    parts = [slice(start, start + PART) for start in range(0, len(inner), PART)]
    for tried in (parts[:1], parts):  # codes that do not nest mostly show it in the first records already
        for part in tried:
            outer_of[inner[part]] = outer[part]
        if not all((outer_of[inner[part]] == outer[part]).all() for part in tried):
            return None
    return outer_of


def numbered(outer: IntArray, inner: IntArray, inners: int) -> tuple[IntArray, IntArray, IntArray]:
    """Number the pairs of two codes that occur.

    Parameters
    ----------
    outer, inner
        Codes of each record, shapes (n,).
    inners
        Number of inner codes, each of which occurs.

    Returns
    -------
    Number of each record's pair, shape (n,), and the outer and inner code of each pair, shapes (pairs,).
    """
    outer_of = nested(outer, inner, inners)
    if outer_of is not None:  # the inner codes number the pairs already
        return inner, outer_of, np.arange(inners)
    key = outer * inners + inner
    outers = int(outer.max()) + 1
    if outers * inners > 16 * len(key):
        number, found = pd.factorize(key)
        return number, found // inners, found % inners
    occupied = np.zeros((outers, inners), dtype=bool)  # several times quicker than hashing
    occupied.ravel()[key] = True
    outer_of, inner_of = np.nonzero(occupied)
    table = np.empty(outers * inners, dtype=np.int64)
    table[np.flatnonzero(occupied)] = np.arange(len(outer_of))
    return table[key], outer_of, inner_of


def factorised(series: pd.Series) -> tuple[IntArray, npt.NDArray[np.generic] | pd.Index]:
    """Codes and labels of a column; codes of missing labels are −1. Whole numbers that lie close need no hashing."""
    if len(series) and isinstance(series.dtype, np.dtype) and series.dtype.kind in "iu":
        values = series.to_numpy()
        low, high = int(values.min()), int(values.max())
        if high - low < 2 * len(values):
            # Codes are multiplied with others later on: in the eight bits of a narrow column that would overflow.
            wide = values if values.dtype.kind == "u" else values.astype(np.int64, copy=False)
            place = (wide - values.min() if low else wide).astype(np.int64, copy=False)
            present = np.zeros(high - low + 1, dtype=bool)
            present[place] = True
            number = place if present.all() else (np.cumsum(present) - 1)[place]
            return number, np.flatnonzero(present) + low
    return pd.factorize(series, sort=False)


@dataclass(frozen=True, eq=False)
class Sampling:
    """First stage of a design in integer codes.

    Attributes
    ----------
    psu
        PSU of each record, 0 … P−1, shape (n,). PSU labels are read within their stratum.
    stratum
        Stratum of each PSU, 0 … H−1, shape (P,).
    stratum_labels
        The strata as the data name them, shape (H,).
    factor
        What a stratum's sum of squares is multiplied by, (1 − f_h) n_h / (n_h − 1), shape (H,).
    recentred
        Strata centred at the mean over all PSUs instead of their own, shape (H,); only under ``single_psu="center"``.
    single
        Strata with one PSU that is not a certainty, shape (H,).
    """

    psu: IntArray
    stratum: IntArray
    stratum_labels: npt.NDArray[np.object_]
    factor: FloatArray
    recentred: npt.NDArray[np.bool_]
    single: npt.NDArray[np.bool_]

    @cached_property
    def psu_per_stratum(self) -> IntArray:
        """Number of sampled PSUs in each stratum, shape (H,)."""
        return np.bincount(self.stratum, minlength=len(self.stratum_labels))

    @property
    def degrees_of_freedom(self) -> int:
        """PSUs minus strata."""
        return len(self.stratum) - len(self.stratum_labels)

    @cached_property
    def ordered(self) -> IntArray:
        """The PSUs in the order of their strata, shape (P,)."""
        return np.argsort(self.stratum, kind="stable")

    @cached_property
    def by_stratum(self) -> tuple[IntArray, IntArray]:
        """Place of each PSU when PSUs are ordered by stratum, shape (P,), and where each stratum ends, shape (H,)."""
        place = np.empty(len(self.stratum), dtype=np.int64)
        place[self.ordered] = np.arange(len(self.stratum))
        return place, np.cumsum(self.psu_per_stratum)

    @cached_property
    def cells(self) -> Cells:
        """The PSUs themselves as cells of one domain."""
        psus = len(self.stratum)
        return Cells(self, np.arange(psus), np.zeros(psus, dtype=np.int64), 1)


@dataclass(frozen=True, eq=False)
class Cells:
    """PSUs cut by domains: a cell is the part of a PSU that lies in one domain.

    Attributes
    ----------
    sampling
        First stage of the design.
    psu, domain
        PSU and domain of each cell, shapes (C,). Parts without a record need no cell.
    domains
        Number of domains D.
    """

    sampling: Sampling
    psu: IntArray
    domain: IntArray
    domains: int

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.psu)

    @cached_property
    def _pair(self) -> IntArray:
        """Domain and stratum of each cell as one code."""
        return self.domain * len(self.sampling.stratum_labels) + self.sampling.stratum[self.psu]

    @cached_property
    def _absent(self) -> IntArray:
        """PSUs of each stratum without a cell in the domain, shape (D, H)."""
        strata = len(self.sampling.stratum_labels)
        present = np.bincount(self._pair, minlength=self.domains * strata).reshape(self.domains, strata)
        return self.sampling.psu_per_stratum - present

    def sum(self, totals: FloatArray) -> FloatArray:
        """Sum of the cells' totals in each domain, shape (D,)."""
        return sum_by(self.domain, totals, self.domains)

    def sums(self, totals: FloatArray) -> FloatArray:
        """Sums of the cells' totals over each stratum's PSUs, shape (H, D)."""
        strata = len(self.sampling.stratum_labels)
        return sum_by(self._pair, totals, self.domains * strata).reshape(self.domains, strata).T

    def touched(self, counted: npt.NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
        """PSUs and strata with a counted cell in each domain, shapes (D,)."""
        pairs = np.bincount(self._pair[counted], minlength=self._absent.size).reshape(self._absent.shape)
        return pairs.sum(axis=1), (pairs > 0).sum(axis=1)

    def variance(self, totals: FloatArray) -> FloatArray:
        """Design variance of the sum of the cells' totals Σ w u, shape (C,), in each domain, shape (D,)."""
        sampling = self.sampling
        sums = self.sums(totals).T
        centre = sums / sampling.psu_per_stratum
        if sampling.recentred.any():
            centre[:, sampling.recentred] = sums.sum(axis=1, keepdims=True) / len(sampling.stratum)
        deviation = totals - centre.ravel()[self._pair]
        squares = self.sums(deviation * deviation).T
        # PSUs without a record in the domain have total zero and are part of the sample all the same.
        squares += self._absent * centre**2
        return squares @ sampling.factor

    def ratios(self, above: Iterable[FloatArray], below: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
        """Ratio R of the sums of each of ``above`` to that of ``below``, and the variance of Σ above − R below.

        Shapes (D,); the ratio is 0 where ``below`` sums to zero.
        """
        whole, out = self.sum(below), []
        for top in above:
            value = _over(self.sum(top), whole)
            out.append((value, self.variance(top - value[self.domain] * below)))
        return out


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Some pairs of a grid, told apart by domain and stratum alone: which PSU each is of, sums need not know.

    ``code`` is domain · H + stratum of each.
    """

    sampling: Sampling
    code: IntArray
    domains: int

    def sums(self, totals: FloatArray) -> FloatArray:
        """Sums of the pairs' totals over each stratum's PSUs, shape (H, D)."""
        strata = len(self.sampling.stratum_labels)
        return sum_by(self.code, totals, self.domains * strata).reshape(self.domains, strata).T

    def products(self, one: FloatArray, other: FloatArray) -> FloatArray:
        """Sums over PSUs of the products of two totals, times their strata's factors, shape (D,)."""
        return self.sampling.factor @ self.sums(one * other)


@dataclass(frozen=True, eq=False)
class Grid:
    """All pairs of PSU and domain, occupied or not: quicker than cells where most PSUs meet many domains.

    A grid's totals lie PSU by PSU in the order of strata, so that each stratum is one block that fits into the
    processor's cache. Same meaning as :class:`Cells`.
    """

    sampling: Sampling
    domains: int

    @property
    def size(self) -> int:
        """Number of pairs."""
        return len(self.sampling.stratum) * self.domains

    def _rows(self, totals: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return totals.reshape(-1, self.domains)

    def _blocks(self) -> list[slice]:
        _, ends = self.sampling.by_stratum
        return [slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]

    def sum(self, totals: FloatArray) -> FloatArray:
        """Sum of the totals in each domain, shape (D,)."""
        return np.asarray(np.add.reduce(self._rows(totals), axis=0), dtype=np.float64)

    def touched(self, counted: npt.NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
        """PSUs and strata with a counted pair in each domain, shapes (D,)."""
        rows = self._rows(counted.view(np.uint8))
        narrow = np.min_scalar_type(int(self.sampling.psu_per_stratum.max()))  # sums without widening are quicker
        psus = np.array([np.add.reduce(rows[block], axis=0, dtype=narrow) for block in self._blocks()])
        return psus.sum(axis=0, dtype=np.int64), (psus > 0).sum(axis=0)

    def variance(self, totals: FloatArray) -> FloatArray:
        """Design variance of the sum of the totals in each domain, shape (D,)."""
        return self._variance(self.products(totals, totals), self.sums(totals))

    def occupied(self, pair: IntArray) -> tuple[IntArray, IntArray]:
        """Pairs that occur among these, in order, and the number of each of these among them, shape (n,)."""
        occurs = np.zeros(self.size, dtype=bool)
        occurs[pair] = True
        pairs = np.flatnonzero(occurs)
        narrow = np.min_scalar_type(-self.size)  # fresh memory costs more than widening
        number = np.empty(self.size, dtype=narrow)
        number[pairs] = np.arange(len(pairs), dtype=narrow)
        return pairs, number[pair].astype(np.int64)

    def _some(self, pairs: IntArray) -> _Pairs:
        row = pairs // self.domains
        code = pairs - row * self.domains
        code *= len(self.sampling.stratum_labels)
        code += self.sampling.stratum[self.sampling.ordered][row]
        return _Pairs(self.sampling, code, self.domains)

    def ratios(
        self, above: Iterable[FloatArray], below: FloatArray, pairs: IntArray | None = None
    ) -> list[tuple[FloatArray, FloatArray]]:
        """As :meth:`Cells.ratios`; ``above`` may be given for some pairs alone where it is zero in all others.

        With t = a − R b, Σ t² = Σ a² − 2R Σ ab + R² Σ b², so that no t is ever written down. A variance of zero may
        come out as rounding, some 1e-16 of the squared value.
        """
        part, beside = (self, below) if pairs is None else (self._some(pairs), below[pairs])
        sizes, squares = self.sums(below), self.products(below, below)
        whole, out = sizes.sum(axis=0), []
        for top in above:
            sums = part.sums(top)
            value = _over(sums.sum(axis=0), whole)
            spread = part.products(top, top) - 2 * value * part.products(top, beside) + value**2 * squares
            out.append((value, self._variance(spread, sums - value * sizes)))
            del top  # may be as large as the sample: gone before the next is made
        return out

    def sums(self, totals: FloatArray) -> FloatArray:
        """Sums of totals over each stratum's PSUs, shape (H, D).

        A product with ones is several times quicker here than a sum down the rows.
        """
        rows, ones = self._rows(totals), np.ones(int(self.sampling.psu_per_stratum.max()))
        out = np.empty((len(self.sampling.stratum_labels), self.domains))
        for stratum, block in enumerate(self._blocks()):
            own = rows[block]
            np.matmul(ones[: len(own)], own, out=out[stratum])
        return out

    def products(self, one: FloatArray, other: FloatArray) -> FloatArray:
        """Sums over PSUs of the products of two totals, times their strata's factors, shape (D,)."""
        one, other = self._rows(one), self._rows(other)
        factor = np.repeat(self.sampling.factor, self.sampling.psu_per_stratum)
        out = np.zeros(self.domains)
        for start in range(0, len(one), CHUNK):
            part = slice(start, start + CHUNK)
            out += factor[part] @ (one[part] * other[part])
        return out

    def _variance(self, squares: FloatArray, sums: FloatArray) -> FloatArray:
        """Variance from Σ factor · t², shape (D,), and the sums of each stratum's totals, shape (H, D)."""
        sampling = self.sampling
        drawn = sampling.psu_per_stratum[:, None]
        mean = sums.sum(axis=0) / len(sampling.stratum)
        taken = np.where(sampling.recentred[:, None], (2 * sums - drawn * mean) * mean, sums**2 / drawn)
        return np.maximum(squares - sampling.factor @ taken, 0.0)


def _over(above: FloatArray, below: FloatArray) -> FloatArray:
    """The ratio, 0 where there is nothing below."""
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)


@dataclass(frozen=True, eq=False)
class Calibration:
    """What calibration of the weights leaves behind for the variance.

    A calibrated estimator varies like the residuals of its influences from the weighted regression on the calibration
    variables, multiplied by the g-weights.

    Attributes
    ----------
    basis
        Orthonormal basis of √w₀·X, shape (n, p), w₀ the weights before calibration.
    scale
        g·√w₀, shape (n,).

    References
    ----------
    Deville & Särndal (1992), JASA 87, eq. 3.4.
    """

    basis: FloatArray
    scale: FloatArray

    def residuals(self, scores: FloatArray) -> FloatArray:
        """Scores with the part explained by the calibration variables taken out.

        Parameters
        ----------
        scores
            Σ w u of each record, shape (n,).

        Returns
        -------
        Residual scores, shape (n,).
        """
        standardised = np.divide(scores, self.scale, out=np.zeros_like(scores), where=self.scale != 0)
        return self.scale * (standardised - self.basis @ (self.basis.T @ standardised))


@dataclass(frozen=True, eq=False)
class SurveyDesign:
    """A sample and how it was drawn.

    Parameters
    ----------
    data
        One row per record (household or person). Not changed.
    weights
        Column of sampling weights: how many persons (or households) a record stands for; zero or more, none missing.
    strata
        Column of first-stage strata; without it, one stratum.
    psu
        Column of primary sampling units, read within strata; without it, every record is its own PSU.
    fpc
        Column for the finite population correction, constant within a stratum: the number of PSUs in the population of
        the stratum, or (all values at most 1) the sampled fraction. Without it, sampling is taken as with replacement.
    single_psu
        What to do with a stratum that has one PSU, whose variance the sample cannot show. ``"fail"`` refuses and
        names the strata; ``"center"`` takes the PSU's distance from the mean of all PSU totals (conservative);
        ``"certainty"`` gives the stratum variance zero; ``"average"`` gives it the mean variance of the other strata.
        (Lumley 2010, §2.6; the ``lonely.psu`` rules fail, adjust, certainty and average of R's ``survey``.)
    household
        Column that identifies households, when the records are persons; used for counting only.
    calibration
        Left by :func:`kaur_analysis.poverty.calibrate` and its kin; not set by hand.

    Raises
    ------
    EstimationError
        A column is absent or not given by its name, a weight is missing, negative or infinite, all weights are zero, a
        stratum or PSU label is missing, the correction is smaller than the sample or varies within a stratum, or a
        stratum has one PSU under ``"fail"``.

    Notes
    -----
    V = Σ_h (1 − f_h) n_h/(n_h − 1) Σ_k (t_hk − t̄_h)² with t_hk the total of w·u over a PSU and u the influences of the
    estimate. Every door splits the sample by a column ``by``: a record without a label there belongs to no area (its
    PSU still counts in the variance), an area without weight has no row, and an area with one PSU has no standard
    error, for it shows no variation between PSUs.

    References
    ----------
    Särndal, Swensson & Wretman (1992), §4.6; Wolter (2007), ch. 6; Lumley (2010), §2.6.

    Examples
    --------
    >>> sample = pd.DataFrame({"y": [3.0, 5.0, 9.0, 9.0], "w": 10.0, "block": ["a", "a", "b", "b"]})
    >>> SurveyDesign(sample, "w", psu="block").degrees_of_freedom
    1
    """

    data: pd.DataFrame
    weights: str
    strata: str | None = None
    psu: str | None = None
    fpc: str | None = None
    single_psu: SinglePsuRule = "fail"
    household: str | None = None
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        # A lazy copy: what the caller later does to the frame must not change a design that has been numbered.
        object.__setattr__(self, "data", self.data.copy(deep=False))
        if self.single_psu not in get_args(SinglePsuRule):
            raise EstimationError(f"single_psu must be one of {get_args(SinglePsuRule)}, not {self.single_psu!r}")
        if self.data.empty:
            raise EstimationError("the sample has no records")
        weight = self.weight
        if not (weight.min() >= 0 and 0 < weight.max() < np.inf):  # nor does a missing weight pass
            raise EstimationError(
                f"weights in {self.weights!r} must be finite, not negative and not all zero: "
                f"{int((~np.isfinite(weight)).sum())} not finite, {int((weight < 0).sum())} negative",
                "weights_invalid",
                column=self.weights,
                count=int((~(weight >= 0)).sum()),
            )
        _ = self.sampling  # faults of the design show here, not at the first estimate

    def series(self, name: str) -> pd.Series:
        """Return a column of the sample.

        Parameters
        ----------
        name
            Of the column.

        Returns
        -------
        The column.

        Raises
        ------
        EstimationError
            The sample has no such column, or several, or what is given is no name.
        """
        _require_name(name)
        if name not in self.data.columns:
            raise EstimationError(f"the sample has no column {name!r}; it has {sorted(map(str, self.data.columns))}")
        found = self.data[name]
        if found.ndim != 1:
            raise EstimationError(f"the sample has {found.shape[1]} columns {name!r}")
        return found

    def numeric(self, name: str) -> FloatArray:
        """Return a column as numbers, booleans as 0 and 1, missing as NaN.

        Parameters
        ----------
        name
            Of the column.

        Returns
        -------
        Values as float64, shape (n,).

        Raises
        ------
        EstimationError
            The column is absent or not numeric.
        """
        series = self.series(name)
        if not (pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series)):
            raise EstimationError(f"column {name!r} must be numeric, it is {series.dtype}")
        if series.dtype == np.float64:
            return series.to_numpy()
        return series.to_numpy(dtype=np.float64, na_value=np.nan)

    @cached_property
    def weight(self) -> FloatArray:
        """Sampling weights, shape (n,)."""
        return self.numeric(self.weights)

    @cached_property
    def all_count(self) -> bool:
        """Whether every record has a positive weight."""
        return bool(self.weight.min() > 0)

    @cached_property
    def sampling(self) -> Sampling:
        """First stage of the design in integer codes."""
        psu, stratum_of_psu, labels = _first_stage(self)
        drawn = np.bincount(stratum_of_psu, minlength=len(labels)).astype(np.float64)
        left = np.ones(len(labels))
        if self.fpc is not None:
            left -= _sampled_fraction(self, self.numeric(self.fpc), stratum_of_psu[psu], labels, drawn)
        single = (drawn == 1) & (left > 0)
        if single.any() and self.single_psu == "fail":
            raise EstimationError(
                f"{int(single.sum())} of {len(labels)} strata have a single PSU and so no variance of their own: "
                f"{_some(labels[single])}. Join strata, or choose single_psu='center', 'average' or 'certainty'."
            )
        factor = left * drawn / np.maximum(drawn - 1.0, 1.0)
        if self.single_psu == "average":
            factor = np.where(single, 0.0, factor) * len(labels) / max(len(labels) - int(single.sum()), 1)
            if single.all():
                raise EstimationError("every stratum has a single PSU: there is no variance to average")
        recentred = single & (self.single_psu == "center")
        return Sampling(psu, stratum_of_psu, labels, factor, recentred, single)

    @property
    def degrees_of_freedom(self) -> int:
        """PSUs minus strata of the whole design."""
        return self.sampling.degrees_of_freedom

    def summary(self) -> dict[str, object]:
        """What a report says of the design.

        Returns
        -------
        Records, sum of weights, strata, PSUs, degrees of freedom, the rule for single PSUs with the strata that it is
        about, and whether weights are calibrated.
        """
        sampling = self.sampling
        return {
            "records": len(self.data),
            "weight_total": float(self.weight.sum()),
            "strata": len(sampling.stratum_labels),
            "psus": len(sampling.stratum),
            "degrees_of_freedom": sampling.degrees_of_freedom,
            "single_psu_rule": self.single_psu,
            "single_psu_strata": sampling.stratum_labels[sampling.single].tolist(),
            "calibrated": self.calibration is not None,
        }

    def with_weights(self, weight: npt.ArrayLike, calibration: Calibration | None = None) -> SurveyDesign:
        """Return the same sample and sampling with other weights.

        Parameters
        ----------
        weight
            New weights, shape (n,).
        calibration
            What calibration left behind, where the weights come from one.

        Returns
        -------
        The other design.
        """
        data = self.data.assign(**{self.weights: np.asarray(weight, dtype=np.float64)})
        return replace(self, data=data, calibration=calibration)

    def where(self, inside: npt.ArrayLike) -> SurveyDesign:
        """Restrict to a sub-population by zero weights outside, keeping the whole design for the variance.

        Parameters
        ----------
        inside
            Boolean per record, none missing, shape (n,); read by position.

        Returns
        -------
        The restricted design.

        Raises
        ------
        EstimationError
            ``inside`` is not boolean or has another length.
        """
        mask = np.asarray(inside)
        if mask.dtype != bool:  # a missing value, or any number but zero, would count as inside
            raise EstimationError(f"the sub-population must be given in booleans, none missing, not in {mask.dtype}")
        if mask.shape != self.weight.shape:
            raise EstimationError(f"the sub-population must have one boolean per record, shape {self.weight.shape}")
        return self.with_weights(np.where(mask, self.weight, 0.0), self.calibration)

    def variance(self, influence: FloatArray) -> float:
        """Design variance of Σ w u.

        Parameters
        ----------
        influence
            u of each record, shape (n,), zero outside the domain.

        Returns
        -------
        The variance, in the squared unit of the estimate.
        """
        scores = np.where(self.weight > 0, self.weight * influence, 0.0)
        if self.calibration is not None:
            scores = self.calibration.residuals(scores)
        totals = sum_by(self.sampling.psu, scores, len(self.sampling.stratum))
        return float(self.sampling.cells.variance(totals)[0])

    @cached_property
    def _domains(self) -> dict[str | None, Domains]:
        return {}

    def covariance(self, influence: FloatArray) -> FloatArray:
        """Design covariance matrix of several estimates.

        Parameters
        ----------
        influence
            Influence of each record on each estimate, shape (n, k). For regression coefficients these are
            (Σ w x x')⁻¹ x (y − x'b), which makes the matrix the stratified sandwich.

        Returns
        -------
        Covariances, shape (k, k).

        References
        ----------
        Binder (1983), International Statistical Review 51.
        """
        sampling = self.sampling
        scores = [np.where(self.weight > 0, self.weight * each, 0.0) for each in influence.T]
        if self.calibration is not None:
            scores = [self.calibration.residuals(each) for each in scores]
        totals = np.column_stack([sum_by(sampling.psu, each, len(sampling.stratum)) for each in scores])
        strata = len(sampling.stratum_labels)
        sums = np.column_stack([sum_by(sampling.stratum, each, strata) for each in totals.T])
        centre = sums / sampling.psu_per_stratum[:, None]
        centre[sampling.recentred] = totals.mean(axis=0)
        deviation = totals - centre[sampling.stratum]
        return (deviation * sampling.factor[sampling.stratum, None]).T @ deviation

    def domains(self, by: str | None) -> Domains:
        """Split the sample by a column, once.

        Parameters
        ----------
        by
            Column of labels, or nothing for everybody as one domain. A record without a label is in no domain but stays
            in the design; a label without weight is no domain.

        Returns
        -------
        The design crossed with its domains, sorted by label (categories in their own order).

        Raises
        ------
        EstimationError
            The column is absent, several are given, or no record with weight has a label.
        """
        _require_name(by)
        if by not in self._domains:
            self._domains[by] = self._split(by)
        return self._domains[by]

    def _split(self, by: str | None) -> Domains:
        if by is None:
            return Domains(self, np.array([WHOLE], dtype=object), np.zeros(len(self.data), dtype=np.int64))
        code, labels = pd.factorize(self.series(by))
        found, first = pd.factorize(labels, sort=True)
        if code.min() < 0:  # records without a label: outside, with the labels of no weight
            code = np.where(code < 0, len(labels), code)
        used = np.full(len(labels), True) if self.all_count else sum_by(code, self.weight, len(labels) + 1)[:-1] > 0
        if not used.any():
            raise EstimationError(f"no record with positive weight has a label in {by!r}")
        kept = used[np.argsort(found)]
        number = np.where(kept, np.cumsum(kept) - 1, kept.sum())
        np.take(np.append(number[found], kept.sum()), code, out=code, mode="clip")  # in place: fresh memory costs more
        return Domains(self, np.array(list(first), dtype=object)[kept], code)


def _require_name(name: object) -> None:
    """Refuse values and lists in the place of a column's name."""
    if not isinstance(name, Hashable):
        raise EstimationError(
            f"a column of the sample is given by its name, not by a {type(name).__name__}: put values into the sample "
            "under a name, and several columns of labels together into one, first"
        )


@dataclass(frozen=True, eq=False)
class Chosen:
    """Some records: their positions, weights and cells, and how many cells there are to sum over.

    Of a grid ``pairs`` names those that they occupy, and ``cell`` numbers these alone: the rest need not be gone over.
    """

    place: IntArray
    weight: FloatArray
    cell: IntArray
    size: int
    pairs: IntArray | None = None


@dataclass(frozen=True, eq=False)
class Domains:
    """A design crossed with the domains estimates are wanted for.

    Attributes
    ----------
    design
        The whole design.
    labels
        Domains as the data name them, shape (D,).
    code
        Domain of each record, shape (n,); D marks a record outside all of them.
    """

    design: SurveyDesign
    labels: npt.NDArray[np.object_]
    code: IntArray

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def _crossing(self) -> tuple[IntArray, Cells | Grid]:
        """Cell of each record, and the cells; the last domain of the cells is the outside of all."""
        sampling = self.design.sampling
        psus, strata = len(sampling.stratum), len(sampling.stratum_labels)
        roomy = strata * 8 <= psus and psus * (len(self) + 1) <= 4 * len(self.code)
        if roomy and nested(self.code, sampling.psu, psus) is None:
            place, _ = sampling.by_stratum
            cell = (place * (len(self) + 1))[sampling.psu]
            cell += self.code
            return cell, Grid(sampling, len(self) + 1)
        cell, domain, psu = numbered(self.code, sampling.psu, len(sampling.stratum))
        return cell, Cells(sampling, psu, domain, len(self) + 1)

    @cached_property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Records that count: in a domain and with positive weight, shape (n,)."""
        return (self.code < len(self)) & (self.design.weight > 0)

    @cached_property
    def _cell_weight(self) -> FloatArray:
        return self._cell_totals(self.design.weight)

    @cached_property
    def weight(self) -> FloatArray:
        """Sum of weights in each domain, shape (D,)."""
        return self._sum(self._cell_weight)

    @cached_property
    def n_households(self) -> IntArray:
        """Households with positive weight in each domain (records, unless the design names a household column)."""
        if self.design.household is None:
            code = self.code if self.design.all_count else self.code[self.inside]
            return np.bincount(code, minlength=len(self))[: len(self)]
        household, labels = _codes(self.design, self.design.household)
        code = pd.unique(self.code[self.inside] * len(labels) + household[self.inside]) // len(labels)
        return np.bincount(code, minlength=len(self))

    @cached_property
    def _touched(self) -> tuple[IntArray, IntArray]:
        return self._crossing[1].touched(self._cell_weight > 0)

    @property
    def n_psu(self) -> IntArray:
        """PSUs with a counted record in each domain, shape (D,)."""
        return self._touched[0][:-1]

    @property
    def degrees_of_freedom(self) -> IntArray:
        """PSUs minus strata that the domain touches, at least 1 (Korn & Graubard 1999, §5.2), shape (D,)."""
        psus, strata = self._touched
        return np.maximum(psus - strata, 1)[:-1]

    def values(self, name: str) -> FloatArray:
        """Return a numeric column, refusing missing values where they would count; zero elsewhere."""
        values = self.design.numeric(name)
        if -np.inf < values.min(initial=0.0) and values.max(initial=0.0) < np.inf:  # not true of a missing value
            return values
        finite = np.isfinite(values)
        missing = int((~finite & self.inside).sum())
        if missing:
            raise EstimationError(
                f"{name!r} is missing or infinite in {missing} records with positive weight; "
                "impute them, or restrict the design with .where()",
                "values_missing",
                column=name,
                count=missing,
            )
        return np.where(finite, values, 0.0)

    def total(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Σ w y and its variance in each domain, shapes (D,)."""
        totals = self._cell_totals(self.design.weight, values)
        if self.design.calibration is not None:
            return self._sum(totals), self._each(values)
        return self._sum(totals), self._crossing[1].variance(totals)[:-1]

    def ratio(self, numerator: FloatArray, denominator: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Σ w y / Σ w x and its variance in each domain.

        Parameters
        ----------
        numerator
            y, shape (n,).
        denominator
            x, shape (n,); ones by default, which makes the ratio a mean.

        Returns
        -------
        Ratios and variances, shapes (D,); influence u = (y − R x) / Σ w x.
        """
        return self.ratios([numerator], denominator)[0]

    def ratios(
        self, numerators: Iterable[FloatArray], denominator: FloatArray | None = None, rows: Chosen | None = None
    ) -> list[tuple[FloatArray, FloatArray]]:
        """Several ratios over one denominator, as :meth:`ratio`.

        Parameters
        ----------
        numerators
            y of each, shape (n,), or only of the records ``rows`` (:meth:`chosen`) when the others are zero.
        denominator
            x, shape (n,); ones by default.
        rows
            The records the numerators are given for.
        """
        if denominator is None:
            below, size = self._cell_weight, self.weight
        else:
            below = self._cell_totals(self.design.weight, denominator)
            size = self._sum(below)
        if (size == 0).any():
            raise EstimationError(f"the denominator is zero in {_some(self.labels[size == 0])}")
        if self.design.calibration is not None:
            return [self._calibrated_ratio(each, denominator, rows, size) for each in numerators]
        above = (self._cell_totals(self.design.weight, each, rows) for each in numerators)
        cells, pairs = self._crossing[1], None if rows is None else rows.pairs
        found = cells.ratios(above, below, pairs) if isinstance(cells, Grid) else cells.ratios(above, below)
        return [(value[:-1], variance[:-1] / size**2) for value, variance in found]

    def _calibrated_ratio(
        self, numerator: FloatArray, denominator: FloatArray | None, rows: Chosen | None, size: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same where the weights are calibrated: the variance is that of residuals, domain by domain."""
        full = numerator if rows is None else sum_by(rows.place, numerator, len(self.code))
        value = self._sum(self._cell_totals(self.design.weight, full)) / size
        per_record = np.append(value, 0.0)[self.code] * (1.0 if denominator is None else denominator)
        return value, self._each((full - per_record) / np.append(size, 1.0)[self.code])

    def chosen(self, place: IntArray) -> Chosen:
        """Records at these positions, for ratios whose numerator is zero in all others."""
        cell, cells = self._crossing
        weight = self.design.weight[place]
        if isinstance(cells, Grid):
            pairs, number = cells.occupied(cell[place])
            return Chosen(place, weight, number, len(pairs), pairs)
        return Chosen(place, weight, cell[place], cells.size)

    def influence(self, domain: int, values: FloatArray) -> FloatArray:
        """Values of the records of one domain, zero outside it, shape (n,)."""
        return np.where(self.code == domain, values, 0.0)

    def rows(self) -> list[IntArray]:
        """Positions of the counted records of each domain."""
        order = np.argsort(self.code, kind="stable")
        order = order[self.inside[order]]
        ends = np.cumsum(np.bincount(self.code[order], minlength=len(self)))
        return np.split(order, ends[:-1])

    def _cell_totals(
        self, weight: FloatArray, values: FloatArray | None = None, rows: Chosen | None = None
    ) -> FloatArray:
        cell, size = self._crossing[0], self._crossing[1].size
        if rows is not None:
            cell, size, weight = rows.cell, rows.size, rows.weight
        return sum_by(cell, weight if values is None else weight * values, size)

    def _sum(self, totals: FloatArray) -> FloatArray:
        return self._crossing[1].sum(totals)[:-1]

    def _each(self, influence: FloatArray) -> FloatArray:
        return np.array([self.design.variance(self.influence(d, influence)) for d in range(len(self))])


def _first_stage(design: SurveyDesign) -> tuple[IntArray, IntArray, npt.NDArray[np.object_]]:
    """PSU of each record, stratum of each PSU, and the strata as the data name them."""
    if design.psu is None:
        stratum, labels = _codes(design, design.strata)
        return np.arange(len(stratum)), stratum, labels
    raw, psus = _numbers(design, design.psu)
    given = None if design.strata is None else design.series(design.strata)
    if given is not None and isinstance(given.dtype, np.dtype) and given.dtype.kind in "iuf":
        number_of = nested(given.to_numpy(), raw, len(psus))
        if number_of is not None:  # none is missing, and PSUs are enough to tell the strata apart
            stratum_of, found = factorised(pd.Series(number_of))
            return raw, stratum_of, np.array(list(found), dtype=object)
    stratum, labels = _codes(design, design.strata)
    psu, stratum_of, _ = numbered(stratum, raw, len(psus))
    return psu, stratum_of, labels


def _codes(design: SurveyDesign, column: str | None) -> tuple[IntArray, npt.NDArray[np.object_]]:
    """Codes of each record's label in a column, and the labels; one for all without a column."""
    if column is None:
        return np.zeros(len(design.data), dtype=np.int64), np.array([WHOLE], dtype=object)
    code, labels = _numbers(design, column)
    return code, np.array(list(labels), dtype=object)


def _numbers(design: SurveyDesign, column: str) -> tuple[IntArray, npt.NDArray[np.generic] | pd.Index]:
    """The same with labels as they were found, refusing records without one."""
    code, labels = factorised(design.series(column))
    if code.min() < 0:
        count = int((code < 0).sum())
        raise EstimationError(
            f"{column!r} is missing in {count} records of the sample", "design_missing", column=column, count=count
        )
    return code, labels


def _sampled_fraction(
    design: SurveyDesign, given: FloatArray, stratum: IntArray, labels: npt.NDArray[np.object_], drawn: FloatArray
) -> FloatArray:
    """Sampled fraction of PSUs in each stratum from what each record says of its own, shape (n,)."""
    size = np.empty(len(labels))
    size[stratum] = given
    if not (size[stratum] == given).all():
        raise EstimationError(f"{design.fpc!r} must be present and the same for all records of a stratum")
    fraction = size if (size <= 1).all() else drawn / size
    wrong = (size <= 0) | (fraction > 1)
    if wrong.any():
        raise EstimationError(
            f"{design.fpc!r} must be the number of PSUs in the population, at least as many as were drawn; "
            f"it is not in strata {_some(labels[wrong])}"
        )
    return fraction


def _some(labels: npt.NDArray[np.object_], shown: int = 10) -> str:
    """Name the first few labels."""
    text = ", ".join(repr(label) for label in labels[:shown])
    return text if len(labels) <= shown else f"{text} and {len(labels) - shown} more"
