"""What the field verification found, as data that change the next run."""

import pandas as pd

OUTCOMES = {"verified": "layak", "moved": "pindah", "died": "meninggal", "not_poor": "tidak miskin"}


def latest_outcomes(verification: pd.DataFrame | None) -> pd.Series:
    """Outcome per family; where agencies visited the same family, the latest visit counts."""
    if verification is None or verification.empty:
        return pd.Series(dtype=object, name="outcome", index=pd.Index([], name="family"))
    ordered = verification.sort_values(["visited", "outcome"], kind="stable")
    return ordered.drop_duplicates("family", keep="last").set_index("family")["outcome"].astype(object)
