"""A survey whose columns the study names: size, unit of money, urban and rural lines."""

import pytest

from kaur_analysis.cleaning import clean
from kaur_analysis.errors import StudyRejected
from kaur_analysis.intake import demo_keys, read_study
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.steps.poverty import survey_design
from kaur_analysis.store import Store
from kaur_analysis.study import Source
from tests.intake_files import study

HOUSEHOLDS = [("a", 600, 4, 1), ("b", 300, 2, 0), ("c", 450, 3, 0)]


def survey_study(folder, households=HOUSEHOLDS, headings=("hhid", "belanja", "besar", "kota"), **more):
    lines = [",".join(headings)] + [",".join(map(str, household[: len(headings)])) for household in households]
    (folder / "survei.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = dict(zip(("hhid", "belanja", "besar", "kota"),
                     ("household", "expenditure_rp_month", "household_size", "urban"), strict=True))  # fmt: skip
    aliases = {names[heading]: heading for heading in headings}
    source = Source(name="survei", kind="household_survey", path="survei.csv", locale="en", aliases=aliases, **more)
    return study(folder, source)


def cleaned(own):
    return clean(read_study(own, demo_keys(), strict=False), own)


def lines_by(own, *urban_rural):
    return own.model_copy(
        update={
            "lines": tuple(
                line.model_copy(update={"urban_rural": place}) for line in own.lines for place in urban_rural
            )
        }
    )


def designed(own, folder):
    store = Store(folder / "data", folder / "reports", own.edition)
    store.write("clean/survey", cleaned(own).survey)
    return survey_design(Edition(own, folder / "studi.yaml", own.reference, store))


def test_a_person_weight_is_household_weight_times_size(tmp_path):
    assert list(cleaned(survey_study(tmp_path)).survey["weight_person"]) == [4, 2, 3]


def test_without_a_size_column_every_household_counts_once(tmp_path):
    own = survey_study(tmp_path, headings=("hhid", "belanja"))
    assert list(cleaned(own).survey["weight_person"]) == [1, 1, 1]


def test_a_household_whose_size_is_not_filled_in_is_set_aside(tmp_path):
    result = cleaned(survey_study(tmp_path, [*HOUSEHOLDS, ("d", 500, "", 1)]))
    assert list(result.set_aside["reason"]) == ["Rumah tangga survei tanpa ukuran"]


def test_thousands_of_rupiah_become_rupiah(tmp_path):
    own = survey_study(tmp_path, times={"expenditure_rp_month": 1000})
    assert list(cleaned(own).survey["expenditure_rp_month"]) == [600_000, 300_000, 450_000]


def test_a_survey_without_urban_column_does_not_say_that_all_is_rural(tmp_path):
    assert "urban" not in cleaned(survey_study(tmp_path, headings=("hhid", "belanja", "besar"))).survey


def test_urban_and_rural_lines_reach_their_households(tmp_path):
    own = lines_by(survey_study(tmp_path), "urban", "rural")
    urban = [line.model_copy(update={"rupiah": line.rupiah + 1}) for line in own.lines if line.urban_rural == "urban"]
    own = own.model_copy(update={"lines": (*urban, *(line for line in own.lines if line.urban_rural == "rural"))})
    assert list(designed(own, tmp_path).data["line_poverty"]) == [500_001, 500_000, 500_000]


def test_urban_and_rural_lines_are_refused_where_the_survey_tells_no_urban(tmp_path):
    own = lines_by(survey_study(tmp_path, headings=("hhid", "belanja", "besar")), "urban", "rural")
    with pytest.raises(StudyRejected, match="3 dari 3 rumah tangga survei tidak mempunyai garis"):
        designed(own, tmp_path)


def test_an_urban_line_alone_is_refused(tmp_path):
    with pytest.raises(StudyRejected, match="2 dari 3"):
        designed(lines_by(survey_study(tmp_path), "urban"), tmp_path)


def extreme_by_size(own, rupiah):
    """The extreme line as so much for each member, which only the survey can tell."""
    poverty, extreme = own.lines
    own_line = extreme.model_copy(update={"rupiah": None, "column": "household_size", "times": rupiah})
    return own.model_copy(update={"lines": (poverty, own_line)})


def test_an_extreme_line_of_the_survey_that_reaches_the_poverty_line_is_refused(tmp_path):
    with pytest.raises(StudyRejected, match="tidak di bawah garis kemiskinan pada 1 dari 3 rumah tangga"):
        designed(extreme_by_size(survey_study(tmp_path), 125_000), tmp_path)


def test_an_extreme_line_of_the_survey_just_under_the_poverty_line_is_accepted(tmp_path):
    table = designed(extreme_by_size(survey_study(tmp_path), 124_999), tmp_path).data
    assert list(table["line_extreme"]) == [499_996, 249_998, 374_997]
