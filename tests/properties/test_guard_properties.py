"""The quick search for persons' numbers finds what the rules, written as one would say them, find."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from kaur_analysis.disclosure.guard import _PATTERNS

# What may not stand before a number is asked here before its first character, in the order in which one says it.
SAID = {
    "nomor 16 angka": r"(?<![0-9A-Za-z])(?<!\d\.)\d{16}(?![0-9A-Za-z])",
    "nomor 16 angka berkelompok": (
        r"(?<![\w-])(?<!\d\.)"
        r"(?:\d{4}([ .-])\d{4}\1\d{4}\1\d{4}|\d{6}([ .-])\d{6}\2\d{4}|\d\d([ .-])\d\d\3\d\d\3\d{6}\3\d{4})"
        r"(?!\w)(?![.-]\d)"
    ),
    "NIK yang rusak oleh Excel": r"(?i)(?<!\w)\d[.,]\d{2,}E\+15(?!\d)",
    "alamat RT/RW": r"(?i)\bRT\.?\s*/?\s*0?\d{1,3}\s*[/ ]\s*RW\.?\s*0?\d{1,3}\b",
    "nomor telepon": (
        r"(?<![\w+-])(?<!\d\.)(?:\+62[ -]?|0)8(?:\d{8,11}|\d{1,2}([ -])\d{3,4}\1\d{3,5})(?!\w)(?![.-]\d)"
    ),
}
digits = st.sampled_from([1, 2, 3, 4, 5, 6, 10, 15, 16, 17]).map(lambda length: "9012345678901234567"[:length])
signs = st.sampled_from([*" .,-+/\n_aEé", "E+15", "e+15", "RT", "rt.", "RW", "/RW ", "08", "+62", "8"])


def found(pattern: str | re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(pattern, text)]


@settings(max_examples=400, deadline=None)
@given(st.lists(digits | signs, max_size=14).map("".join))
@example("9901019001010001")
@example("3.9901019001010001 x9901019001010001")
@example("9901-0190-0101-0001, 990101 900101 0001, 99.01.01.900101.0001")
@example("9.90E+15 RT 01/RW 02 xRT.1 RW 2 0812-3456-7890 +62 81234567890 1.081234567890")
def test_persons_numbers_are_found_where_the_rules_say(text: str) -> None:
    assert {kind: found(pattern, text) for kind, pattern in _PATTERNS.items()} == {
        kind: found(pattern, text) for kind, pattern in SAID.items()
    }
