"""What a programme changed: difference-in-differences on the same families at two dates or more, or no claim at all.

Group-time effects of Callaway & Sant'Anna (2021), doubly robust (Sant'Anna & Zhao 2020) or by matching (Abadie & Imbens
2006, 2011); with two dates and one start they are the plain matched difference-in-differences.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.spatial import KDTree
from scipy.special import expit, ndtr, ndtri

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.checks import one_of
from kaur_analysis.targeting.inputs import Array, numbers
from kaur_analysis.targeting.logistic import fit_logit

Method = Literal["doubly_robust", "matching"]
Control = Literal["never", "not_yet"]
NEIGHBOURS = 3
TIED = 1e-9  # standard deviations by which rounding may part distances that are equal
OVERLAP = 0.995  # propensity above which no comparable family exists
ASSUMPTIONS = (
    "Tanpa program, keluarga penerima dan pembanding dengan ciri yang sama akan berubah dengan cara yang sama "
    "(tren sejajar); hal ini tidak dapat dibuktikan, hanya diuji pada periode sebelum program.",
    "Program tidak mengubah keluarga sebelum diterima, dan penerimaan seseorang tidak mengubah keluarga pembanding.",
    "Setiap penerima mempunyai keluarga pembanding yang serupa.",
)
NO_PLACEBO = "Uji sebelum program tidak dapat dilakukan: hanya ada satu periode sebelum program dimulai."


@dataclass(frozen=True)
class DifferenceInDifferences:
    """Effects with what they rest on.

    Attributes
    ----------
    effects
        ``(measure, start, period, value, se, low, high, p_value, n_treated, n_control)``: ``effect`` of families that
        started at ``start``, in ``period``; ``placebo`` is the same before the start, where there is nothing to find;
        ``average_effect`` and ``average_placebo`` weigh the cells by their treated families.
    balance
        ``(start, covariate, treated, control, standardised_difference)`` before the programme.
    assumptions
        Sentences a page prints beside the numbers, and whether a placebo was possible.
    set_aside
        Families left out, by reason.
    """

    effects: pd.DataFrame
    balance: pd.DataFrame
    assumptions: tuple[str, ...]
    set_aside: dict[str, int]


def difference_in_differences(
    panel: pd.DataFrame,
    family: str,
    period: str,
    outcome: str,
    first_received: str,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    *,
    method: Method = "doubly_robust",
    control: Control = "never",
    confidence: float = 0.95,
) -> DifferenceInDifferences:
    """Effect of receipt on those who received, from the same families at several dates.

    Parameters
    ----------
    panel
        One row per family and period.
    family, period, outcome
        Columns: the family, the period (numbers in the order of time), the outcome.
    first_received
        Column: the first period in which the family received, missing where it never did.
    covariates
        Columns, read at the family's first date.
    cluster
        Column of clusters (desa) for the standard errors; families by default. Not for ``matching``.
    method
        ``doubly_robust``: outcome regression and inverse-probability weighting, right if either model is. ``matching``:
        each recipient with its nearest comparison families (3, and all as near as the third; inverse-variance distance,
        with replacement).
    control
        ``never``: families that never received; ``not_yet``: those too that receive only later.
    confidence
        Level of the intervals.

    Returns
    -------
    DifferenceInDifferences
        Effects in the unit of the outcome.

    Raises
    ------
    EstimationError
        One date only: no causal claim is made from it. Also without comparison families, without overlap, with too few
        families for the covariates, with families listed twice in a period, or with an unknown method or control.

    References
    ----------
    Callaway & Sant'Anna (2021), Journal of Econometrics 225; Sant'Anna & Zhao (2020), Journal of Econometrics 219, for
    the doubly robust estimate. Abadie & Imbens (2006), Econometrica 74, and (2011), Journal of Business & Economic
    Statistics 29, for matching; Abadie, Drukker, Herr & Imbens (2004), Stata Journal 4, for ties.
    """
    one_of(method, get_args(Method), "method")
    one_of(control, get_args(Control), "control")
    data, covariate_table, started, clusters, set_aside = _read(
        panel, family, period, outcome, first_received, covariates, cluster
    )
    if method == "matching" and cluster is not None:
        raise EstimationError("Galat per gugus tidak tersedia untuk pemadanan; pakai 'doubly_robust'.")
    periods = list(data.columns)
    X = covariate_table.to_numpy(dtype=float)
    rows: list[dict[str, object]] = []
    balance: list[dict[str, object]] = []
    kept: dict[str, list[tuple[Array, int]]] = {"effect": [], "placebo": []}
    for start in sorted(set(started.dropna())):
        before = [when for when in periods if when < start]
        for when in periods[1:]:
            is_placebo = when < start
            base = periods[periods.index(when) - 1] if is_placebo else before[-1]
            treated = (started == start).to_numpy()
            waiting = (started > max(when, base)).to_numpy() & ~treated if control == "not_yet" else False
            compared = started.isna().to_numpy() | waiting
            used = treated | compared
            change = (data[when] - data[base]).to_numpy()
            _check_cell(treated, compared, X)
            if method == "matching":
                value, se = _matched(change[used], treated[used], X[used])
                influence = np.zeros(len(used))
            else:
                value, influence_used = _doubly_robust(change[used], treated[used], X[used])
                influence = np.zeros(len(used))
                influence[used] = influence_used / used.sum()
                se = _standard_error(influence, clusters)
            measure = "placebo" if is_placebo else "effect"
            kept[measure].append((influence, int(treated.sum())))
            rows.append(_row(measure, start, when, value, se, confidence, int(treated.sum()), int(compared.sum())))
        balance += _balance(start, covariate_table, (started == start).to_numpy(), started.isna().to_numpy())
    for measure, influences in kept.items():
        cells = [row for row in rows if row["measure"] == measure]
        if len(cells) > 1:
            rows.append(_average(measure, cells, influences, clusters, confidence, has_influence=method != "matching"))
    assumptions = ASSUMPTIONS if kept["placebo"] else (*ASSUMPTIONS, NO_PLACEBO)
    return DifferenceInDifferences(
        pd.DataFrame(rows),
        pd.DataFrame(balance, columns=["start", "covariate", "treated", "control", "standardised_difference"]),
        assumptions,
        set_aside,
    )


def _read(
    panel: pd.DataFrame,
    family: str,
    period: str,
    outcome: str,
    first_received: str,
    covariates: Sequence[str],
    cluster: str | None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series, Array, dict[str, int]]:
    """Outcomes families × periods, covariates and starts, of families seen at every date and untreated at the first."""
    needed = [family, period, first_received, *([cluster] if cluster else [])]
    missing = [name for name in needed if name not in panel.columns]
    if missing:
        raise EstimationError(f"Kolom tidak ada di tabel: {', '.join(missing)}.")
    if panel.duplicated([family, period]).any():
        raise EstimationError("Ada keluarga yang tercatat dua kali pada periode yang sama.")
    values = pd.to_numeric(panel[outcome], errors="coerce")
    wide = panel.assign(_outcome=values).pivot_table("_outcome", family, period, aggfunc="first", dropna=False)
    if wide.shape[1] < 2:
        raise EstimationError(
            "Hanya ada satu tanggal: tidak ada pernyataan sebab-akibat yang dapat dibuat. Diperlukan data keluarga "
            "yang sama pada dua tanggal atau lebih."
        )
    first = panel.sort_values(period).drop_duplicates(family).set_index(family).reindex(wide.index)
    started = pd.to_numeric(first[first_received], errors="coerce")
    started = started.where(started <= wide.columns.max())  # a start after the last date is none
    is_complete = wide.notna().all(axis=1)
    is_late = started.isna() | (started > wide.columns.min())
    keep = is_complete & is_late
    if not (started[keep].notna()).any() or not keep.any():
        raise EstimationError("Tidak ada keluarga yang mulai menerima di antara tanggal-tanggal yang ada.")
    chosen = first[keep]
    table = pd.DataFrame({name: numbers(chosen.reset_index(), name) for name in covariates}, index=chosen.index)
    clusters = pd.factorize(chosen[cluster] if cluster else chosen.index)[0]
    set_aside = {
        "tidak ada pada semua tanggal": int((~is_complete).sum()),
        "sudah menerima pada tanggal pertama": int((is_complete & ~is_late).sum()),
    }
    return wide[keep], table, started[keep], clusters, set_aside


def _check_cell(treated: Array, compared: Array, X: Array) -> None:
    fewest = X.shape[1] + 2
    if not compared.any():
        raise EstimationError("Tidak ada keluarga pembanding yang belum menerima.")
    if treated.sum() < fewest or compared.sum() < fewest:
        raise EstimationError(f"Terlalu sedikit keluarga: paling sedikit {fewest} penerima dan {fewest} pembanding.")


def _doubly_robust(change: Array, treated: Array, X: Array) -> tuple[float, Array]:
    """ATT and the influence of each family on it (Sant'Anna & Zhao 2020, eq. 3.1 and theorem A.1, panel data)."""
    D, n = treated.astype(float), len(change)
    design = np.column_stack([np.ones(n), _standardised(X)])
    p = expit(design @ fit_logit(design, D, np.ones(n)))
    if (p[treated] > OVERLAP).any():
        raise EstimationError("Sebagian penerima tidak mempunyai keluarga pembanding yang serupa.")
    gram = design.T @ ((1 - D)[:, None] * design) / n
    slope = np.linalg.lstsq(gram, design.T @ ((1 - D) * change) / n, rcond=None)[0]
    rest = change - design @ slope
    weight_treated, weight_control = D, p * (1 - D) / (1 - p)
    mean_treated = (weight_treated * rest).mean() / weight_treated.mean()
    mean_control = (weight_control * rest).mean() / weight_control.mean()
    of_slope = ((1 - D) * rest)[:, None] * design @ np.linalg.pinv(gram)
    of_propensity = (D - p)[:, None] * design @ np.linalg.pinv(design.T @ ((p * (1 - p))[:, None] * design) / n)
    on_treated = weight_treated * (rest - mean_treated) - of_slope @ (weight_treated[:, None] * design).mean(axis=0)
    on_control = (
        weight_control * (rest - mean_control)
        + of_propensity @ ((weight_control * (rest - mean_control))[:, None] * design).mean(axis=0)
        - of_slope @ (weight_control[:, None] * design).mean(axis=0)
    )
    influence = on_treated / weight_treated.mean() - on_control / weight_control.mean()
    return float(mean_treated - mean_control), influence


def _standardised(X: Array) -> Array:
    spread = X.std(axis=0)
    if (spread == 0).any():
        raise EstimationError("Ada ciri yang sama pada semua keluarga.")
    return (X - X.mean(axis=0)) / spread


def _standard_error(influence: Array, clusters: Array) -> float:
    totals = np.bincount(clusters, influence)
    return float(np.sqrt((totals**2).sum() * len(totals) / (len(totals) - 1)))


def _matched(change: Array, treated: Array, X: Array) -> tuple[float, float]:
    """Nearest-neighbour ATT on the changes, with Abadie & Imbens' (2006) error for matching with replacement.

    All comparison families as near as the ``NEIGHBOURS``-th stand in for a recipient, with equal weights, so that
    nothing hangs on the order of families. With K and K' the sums of these weights and of their squares that one of
    them gets, the variance is Σ (gain − effect)² + Σ (K² − K') σ², and σ² = m/(m + 1) (y − ȳ)² from its m nearest
    fellows. Neighbours are near, not alike: what the covariates themselves make of that, by the regression of the
    comparison families, is taken out first (Abadie & Imbens 2011).
    """
    if X.shape[1] == 0:
        raise EstimationError("Pemadanan memerlukan paling sedikit satu ciri.")
    Z = _standardised(X)
    design = np.column_stack([np.ones(len(Z)), Z])
    change = change - design @ np.linalg.lstsq(design[~treated], change[~treated], rcond=None)[0]
    gained, y = change[treated], change[~treated]
    places, place = _alike(Z[~treated])
    points, point = _alike(Z[treated])
    count, total, tree = np.bincount(place), np.bincount(place, y), KDTree(places)

    near = _within(tree, points, _reach(tree, points, count, min(NEIGHBOURS, len(y))))
    number = near @ count
    gains = gained - (near @ total / number)[point]
    effect = gains.mean()
    recipients = np.bincount(point)
    times, squares = ((near.T @ (recipients / number**power))[place] for power in (1, 2))

    beside = tree.query(places, k=[2])[0][:, 0]  # from a place with one family to the next
    fellows = _within(tree, places, np.where(count > 1, 0.0, beside))
    others = (fellows @ count - 1)[place]
    local = others / (others + 1) * (y - ((fellows @ total)[place] - y) / others) ** 2
    variance = ((gains - effect) ** 2).sum() + ((times**2 - squares) * local).sum()
    return float(effect), float(np.sqrt(variance) / len(gains))


def _alike(Z: Array) -> tuple[Array, Array]:
    """Distinct rows, and which of them each row is."""
    distinct, number = np.unique(Z, axis=0, return_inverse=True)
    return distinct, number.ravel()


def _reach(tree: KDTree, points: Array, count: Array, wanted: int) -> Array:
    """Distance from each point to the ``wanted``-th family, of which ``count`` live at each place of the tree."""
    distance, place = tree.query(points, k=range(1, min(wanted, tree.n) + 1))
    is_enough = count[place].cumsum(axis=1) >= wanted
    return np.asarray(distance[np.arange(len(points)), is_enough.argmax(axis=1)])


def _within(tree: KDTree, points: Array, radius: Array) -> sparse.csr_matrix:
    """Points × places of the tree: ones where the place lies within the point's radius."""
    found = tree.query_ball_point(points, radius * (1 + TIED) + TIED)
    ends = np.cumsum([0, *map(len, found)])
    return sparse.csr_matrix((np.ones(ends[-1]), np.concatenate(found).astype(int), ends), shape=(len(points), tree.n))


def _row(
    measure: str, start: float, when: float, value: float, se: float, confidence: float, treated: int, control: int
) -> dict[str, object]:
    step = ndtri((1 + confidence) / 2) * se
    return {
        "measure": measure,
        "start": start,
        "period": when,
        "value": value,
        "se": se,
        "low": value - step,
        "high": value + step,
        "p_value": 2 * ndtr(-abs(value) / se) if se > 0 else np.nan,
        "n_treated": treated,
        "n_control": control,
    }


def _average(
    measure: str,
    cells: Sequence[dict[str, object]],
    influences: Sequence[tuple[Array, int]],
    clusters: Array,
    confidence: float,
    *,
    has_influence: bool,
) -> dict[str, object]:
    """Mean over the cells by treated families, whose shares are taken as given; matched cells have no joint error."""
    number = np.array([count for _, count in influences], dtype=float)
    share = number / number.sum()
    value = float(share @ np.array([row["value"] for row in cells], dtype=float))
    joint = np.column_stack([influence for influence, _ in influences]) @ share
    se = _standard_error(joint, clusters) if has_influence else np.nan
    controls = max(int(str(row["n_control"])) for row in cells)
    return _row(f"average_{measure}", np.nan, np.nan, value, se, confidence, int(number.max()), controls)


def _balance(start: float, covariates: pd.DataFrame, treated: Array, control: Array) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name in covariates.columns:
        values = covariates[name].to_numpy(dtype=float)
        one, other = values[treated], values[control]
        pooled = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2) if len(other) > 1 else np.nan
        rows.append(
            {
                "start": start,
                "covariate": name,
                "treated": one.mean(),
                "control": other.mean() if len(other) else np.nan,
                "standardised_difference": (one.mean() - other.mean()) / pooled if pooled > 0 else np.nan,
            }
        )
    return rows
