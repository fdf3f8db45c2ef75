"""How text is compared: headings and codes without case, accents, spaces and punctuation."""

import re
import unicodedata

_OTHER = re.compile(r"[^0-9a-z]+")


def normal(text: str) -> str:
    """Small letters and digits, single spaces: ``" No. KK "`` and ``"no_kk"`` become ``"no kk"``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _OTHER.sub(" ", plain).strip()
