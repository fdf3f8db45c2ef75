"""Names that no family has are counted on the links: steps that run side by side read nothing of each other."""

import pandas as pd

from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.steps import shown
from kaur_analysis.store import Store
from tests.intake_files import recipients, study


def test_the_unmatched_are_known_before_the_targeting_step_has_written(tmp_path):
    lists = [recipients("lama", period="2023"), recipients("baru"), recipients("lain", programme="sembako")]
    made = study(tmp_path, *lists)
    edition = Edition(made, tmp_path / "studi.yaml", made.reference, Store(tmp_path / "data", tmp_path, "uji"))
    rows = [("pkh", "2023", None), ("pkh", "2024", None), ("pkh", "2024", "a"), ("pkh", "2024", None)]
    links = pd.DataFrame(rows, columns=["programme", "period", "family"]).astype({"family": "str"})
    edition.store.write("clean/links", links)
    assert shown._unmatched(edition).to_dict() == {"pkh": 2.0, "sembako": 0.0}
