"""Statistical refusals reach an office in Indonesian, told by kind and facts."""

import ast
import string

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import DataRejected, EstimationError
from kaur_analysis.pipeline.refusals import MEANINGS, UNNAMED, meaning, told_in_indonesian
from kaur_analysis.poverty import SurveyDesign, welfare_model
from tests.shared import ROOT


def raised_kinds() -> dict[str, set[str]]:
    """Kinds that the numeric rooms raise, with the facts they carry."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "kaur_analysis").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "EstimationError" and len(node.args) > 1:
                facts = {word.arg for word in node.keywords}
                found[node.args[1].value] = found.get(node.args[1].value, facts) & facts
    return found


def test_every_kind_that_is_raised_has_a_meaning_and_no_meaning_is_left_over():
    assert set(raised_kinds()) == set(MEANINGS)


@pytest.mark.parametrize("kind", MEANINGS)
def test_a_meaning_uses_only_facts_that_come_with_its_kind(kind):
    used = {name for _, name, _, _ in string.Formatter().parse(MEANINGS[kind]) if name}
    assert used <= raised_kinds()[kind]


def test_a_refusal_without_a_kind_says_whom_to_ask():
    assert UNNAMED in meaning(EstimationError("the matrix is singular"))


def test_a_refused_step_is_rejected_data_with_the_english_reason_behind_it():
    table = pd.DataFrame({"welfare": np.full(40, 9e5), "x": np.arange(40.0), "w": 1.0, "psu": np.arange(40) // 4})
    step = told_in_indonesian(lambda: welfare_model(SurveyDesign(table, "w", psu="psu"), "welfare", ["x"], 1e6))
    with pytest.raises(DataRejected, match="garis kemiskinan tidak memisahkan siapa pun") as caught:
        step()
    assert "separates nobody" in str(caught.value.__cause__)
