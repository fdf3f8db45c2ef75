"""How text is compared: headings and codes without case, accents, spaces and punctuation."""

import re
import unicodedata

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_OTHER = re.compile(r"[^0-9a-z]+")


def normal(text: str) -> str:
    """Small letters and digits, single spaces: ``" No. KK "`` and ``"no_kk"`` become ``"no kk"``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _OTHER.sub(" ", plain).strip()


def among(texts: pd.Series, others: pd.Series) -> NDArray[np.bool_]:
    """Which texts occur among others; missing ones do not.

    As plain objects: pandas 3 goes through ``others`` of its own text type one by one, which takes forty times as long.
    """
    return texts.astype(object).isin(others.dropna().astype(object)).to_numpy()
