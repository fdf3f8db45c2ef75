"""How poor is whom: lines, survey estimates with design-based errors, the welfare model and small areas.

Shares are 0–1, money is rupiah per person per month. The room knows no file and only numpy, scipy, pandas and
statsmodels.
"""

from kaur_analysis.poverty.area_level import FayHerriot, fay_herriot, smooth_variances
from kaur_analysis.poverty.basket import (
    BasicNeedsLine,
    BasketSettings,
    RavallionBounds,
    basic_needs_line,
    ravallion_bounds,
)
from kaur_analysis.poverty.benchmark import benchmark
from kaur_analysis.poverty.calibration import calibrate, poststratify, rake
from kaur_analysis.poverty.decomposition import (
    PovertyTarget,
    decompose_fgt,
    estimate_fgt_contributions,
    estimate_fgt_difference,
    estimate_median_gap,
)
from kaur_analysis.poverty.design import Calibration, SurveyDesign
from kaur_analysis.poverty.estimates import EstimateSettings
from kaur_analysis.poverty.fgt import RelativeLine, estimate_fgt, estimate_line
from kaur_analysis.poverty.inequality import estimate_inequality
from kaur_analysis.poverty.means import design_effect, estimate_mean, estimate_ratio, estimate_total, share_interval
from kaur_analysis.poverty.quantiles import estimate_quantile
from kaur_analysis.poverty.replicates import (
    ReplicateDesign,
    balanced_half_samples,
    given_replicates,
    jackknife,
    rao_wu_bootstrap,
)
from kaur_analysis.poverty.unit_level import EmpiricalBest, empirical_best
from kaur_analysis.poverty.welfare import WelfareModel, comparability, welfare_model

__all__ = [
    "BasicNeedsLine",
    "BasketSettings",
    "Calibration",
    "EmpiricalBest",
    "EstimateSettings",
    "FayHerriot",
    "PovertyTarget",
    "RavallionBounds",
    "RelativeLine",
    "ReplicateDesign",
    "SurveyDesign",
    "WelfareModel",
    "balanced_half_samples",
    "basic_needs_line",
    "benchmark",
    "calibrate",
    "comparability",
    "decompose_fgt",
    "design_effect",
    "empirical_best",
    "estimate_fgt",
    "estimate_fgt_contributions",
    "estimate_fgt_difference",
    "estimate_inequality",
    "estimate_line",
    "estimate_mean",
    "estimate_median_gap",
    "estimate_quantile",
    "estimate_ratio",
    "estimate_total",
    "fay_herriot",
    "given_replicates",
    "jackknife",
    "poststratify",
    "rake",
    "rao_wu_bootstrap",
    "ravallion_bounds",
    "share_interval",
    "smooth_variances",
    "welfare_model",
]
