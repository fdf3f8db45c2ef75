"""The last look at a product: what looks like a person's number is refused, what does not passes."""

import pytest

from kaur_analysis.disclosure import identifier_findings, require_publishable
from kaur_analysis.errors import KaurError

# Put together at run time, so that no file of the project holds sixteen such digits.
NUMBER = "1704" + "06" + "31" + "1390" + "0001"


@pytest.mark.parametrize(
    "text",
    [
        f"<td>{NUMBER}</td>",
        f"a,{NUMBER},b",
        f"{NUMBER[:4]} {NUMBER[4:8]} {NUMBER[8:12]} {NUMBER[12:]}",
        f"{NUMBER[:6]}-{NUMBER[6:12]}-{NUMBER[12:]}",
        f"NIK {NUMBER[:4]} {NUMBER[4:8]} {NUMBER[8:12]} {NUMBER[12:]}.",
        f"5,{NUMBER[:4]} {NUMBER[4:8]} {NUMBER[8:12]} {NUMBER[12:]},7",
        f"{NUMBER[:6]}-{NUMBER[6:12]}-{NUMBER[12:]},Budi",
        f"{NUMBER[:2]}.{NUMBER[2:4]}.{NUMBER[4:6]}.{NUMBER[6:12]}.{NUMBER[12:]}",
        "a,0812" + "34567890,b",
        "0812-3456-" + "7890",
        "1,70406E+15",
        "1.70406e+15",
        "RT 03/RW 01",
        "rt 3 rw 1",
        "Rt.03/Rw.01",
        "0812" + "3456" + "7890",
    ],
)
def test_what_looks_like_an_identifier_is_found(text):
    assert len(identifier_findings(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "0.1234567890123456",
        "d=" + "a1" * 20 + NUMBER + "f",
        "Rp1.234.567.890.123",
        "17,83% dari 131.063 jiwa",
        "kode 1704010, 1704010001",
        "M 12.345678 90.123456 L 33.123456 12.345678",
        "2024-03-31",
        "123456,654321,2024",
        "0.0812345678",
        "M 1.1234 5678 1234 5678",
    ],
)
def test_what_is_a_number_of_another_kind_passes(text):
    assert identifier_findings(text) == []


def test_a_finding_names_line_and_kind_but_not_the_value():
    found = identifier_findings(f"satu\ndua {NUMBER}\n")[0]
    assert "baris 2" in found and NUMBER not in found


def test_a_product_with_an_identifier_is_refused_by_name():
    with pytest.raises(KaurError, match=r"index\.html"):
        require_publishable(f"x {NUMBER} y", "index.html")


def test_a_clean_product_passes():
    require_publishable("Sekitar 1 dari 6 penduduk", "index.html")


def test_the_office_s_own_number_may_stand_in_a_product():
    contact = "Litbang & Bappeda, 081234567890"
    require_publishable("<p>Litbang &amp; Bappeda, 081234567890</p>", "index.html", contact)
    with pytest.raises(KaurError, match="nomor telepon"):
        require_publishable("<p>081234567891</p>", "index.html", contact)
