"""Lines are dated and cited, the extreme one is below the other, and inflation says what it did."""

import pytest

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import PovertyLine, check_lines, inflate

LINE = PovertyLine("1704", "all", "2024-03", "poverty", 500_000.0, "declared for this test", "2026-11-23")
EXTREME = PovertyLine("1704", "all", "2024-03", "extreme", 350_000.0, "declared for this test", "2026-11-23")


def changed(line: PovertyLine, **fields) -> PovertyLine:
    return PovertyLine(**(vars(line) | fields))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("area", " "),
        ("urban_rural", "kota"),
        ("month", "2024-13"),
        ("month", "Maret 2024"),
        ("kind", "near-poor"),
        ("rupiah", 0.0),
        ("rupiah", float("nan")),
        ("source", ""),
        ("accessed", "23-11-2026"),
    ],
)
def test_a_line_without_its_particulars_is_refused(field, value):
    with pytest.raises(EstimationError):
        changed(LINE, **{field: value})


def test_an_extreme_line_below_the_poverty_line_is_accepted():
    assert check_lines(EXTREME, LINE) is None


@pytest.mark.parametrize("extreme", [500_000.0, 500_001.0, 900_000.0, 0.0])
def test_an_extreme_line_at_or_above_the_poverty_line_is_refused(extreme):
    with pytest.raises(EstimationError, match="below the poverty line"):
        check_lines(extreme, 500_000.0)


def test_dollars_at_the_market_rate_are_refused():
    # 1.90 dollars a day at some 15 800 rupiah, against the line of Bengkulu province of March 2024
    with pytest.raises(EstimationError, match="purchasing power"):
        check_lines(1.90 * 15_800 * 30, 671_095.0)


def test_the_published_extreme_line_of_2023_is_accepted():
    assert check_lines(351_957.4, 671_095.0) is None


def test_an_extreme_line_one_rupiah_below_is_accepted():
    assert check_lines(499_999.0, 500_000.0) is None


def test_lines_of_different_months_are_not_compared():
    with pytest.raises(EstimationError, match="different months"):
        check_lines(changed(EXTREME, month="2023-03"), LINE)


INDEX = {"2024-03": 105.0, "2025-03": 106.05}


def test_inflation_multiplies_by_the_index():
    assert inflate(LINE, INDEX, "2024-03", "2025-03").rupiah == pytest.approx(505_000.0, rel=1e-12)


def test_an_inflated_line_carries_its_new_month_and_says_so():
    line = inflate(LINE, INDEX, "2024-03", "2025-03")
    assert (line.month, line.source) == ("2025-03", "declared for this test; inflated from 2024-03 by 1.01")


def test_inflation_starts_from_the_month_of_the_line():
    with pytest.raises(EstimationError, match="is of 2024-03"):
        inflate(LINE, INDEX, "2025-03", "2024-03")


def test_inflation_needs_both_months():
    with pytest.raises(EstimationError, match="2026-03"):
        inflate(LINE, INDEX, "2024-03", "2026-03")
