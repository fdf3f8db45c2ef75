"""What ``kaur explain`` answers where there is no such number."""

from types import SimpleNamespace

import pandas as pd
import pytest

from kaur_analysis.errors import UsageError, mask
from kaur_analysis.pipeline.explain import explain


@pytest.fixture
def edition():
    rows = [("desa", "extreme_families", code) for code in ("1704010", "1704010001", "1704010002")]
    table = pd.DataFrame(rows, columns=["topic", "indicator", "area"])
    return SimpleNamespace(store=SimpleNamespace(read=lambda name: table))


def refusal(edition, area):
    with pytest.raises(UsageError) as refused:
        explain(edition, "extreme_families", area)
    return mask(refused.value, codes=refused.value.codes)


def test_an_unknown_desa_is_answered_with_whole_codes(edition):
    said = refusal(edition, "1704010009")
    assert "'1704010009'" in said and "1704010001" in said and "•" not in said


def test_a_number_of_a_person_that_was_typed_for_a_code_is_masked(edition):
    assert "9904071204950001" not in refusal(edition, "9904071204950001")
