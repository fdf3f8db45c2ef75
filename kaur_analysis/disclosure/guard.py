"""A last look at every product before it is shared: nothing in it may look like a person's number."""

import re
from html import escape

from kaur_analysis.errors import KaurError

# NIK and KK numbers have 16 digits, written whole, in fours, as 6-6-4, or as 2-2-2-6-4. Digits after a decimal point
# are a float; letters beside the digits make it a hash. A comma beside them parts the cells of a table. What may not
# stand before a number is asked once its first character is there: a search goes from one such character to the next.
_PATTERNS = {
    "nomor 16 angka": re.compile(r"\d(?<![0-9A-Za-z]\d)(?<!\d\.\d)\d{15}(?![0-9A-Za-z])"),
    "nomor 16 angka berkelompok": re.compile(
        r"\d(?<![\w-]\d)(?<!\d\.\d)"
        r"(?:\d{3}([ .-])\d{4}\1\d{4}\1\d{4}|\d{5}([ .-])\d{6}\2\d{4}|\d([ .-])\d\d\3\d\d\3\d{6}\3\d{4})"
        r"(?!\w)(?![.-]\d)"
    ),
    "NIK yang rusak oleh Excel": re.compile(r"\d(?<!\w\d)[.,]\d{2,}[Ee]\+15(?!\d)"),
    "alamat RT/RW": re.compile(r"[Rr](?<!\w[Rr])[Tt]\.?\s*/?\s*0?\d{1,3}\s*[/ ]\s*[Rr][Ww]\.?\s*0?\d{1,3}\b"),
    "nomor telepon": re.compile(
        r"[+0](?<![\w+-][+0])(?<!\d\.[+0])(?:(?<=\+)62[ -]?|(?<=0))8"
        r"(?:\d{8,11}|\d{1,2}([ -])\d{3,4}\1\d{3,5})(?!\w)(?![.-]\d)"
    ),
}
# What stands in every number of a kind: a text without any of it is not searched character by character.
_MARKS = {"NIK yang rusak oleh Excel": ("+15",), "alamat RT/RW": ("RW", "Rw", "rW", "rw")}


def identifier_findings(text: str) -> list[str]:
    """Kinds of identifiers that a text seems to hold, each with how often and on which lines; never the value.

    Parameters
    ----------
    text
        A whole product: page, table, executed notebook, log.

    Returns
    -------
    list of str
        Empty where nothing was found.
    """
    found = []
    for kind, pattern in _PATTERNS.items():
        if not any(mark in text for mark in _MARKS.get(kind, ("",))):
            continue
        lines = [text.count("\n", 0, match.start()) + 1 for match in pattern.finditer(text)]
        if lines:
            found.append(f"{kind}: {len(lines)} kali, baris {', '.join(map(str, sorted(set(lines))[:5]))}")
    return found


def require_publishable(text: str, product: str, allowed: str = "") -> None:
    """Refuse a product that seems to hold an identifier.

    Parameters
    ----------
    text
        The whole product.
    product
        Its name, for the message.
    allowed
        What may stand in it all the same, as it is or escaped for HTML: the office's own telephone number.

    Raises
    ------
    KaurError
        Names the product, the kind and the lines.
    """
    for known in {allowed, escape(allowed)} - {""}:
        text = text.replace(known, "")
    if found := identifier_findings(text):
        raise KaurError(f"{product} tidak boleh dibagikan: {'; '.join(found)}.")
