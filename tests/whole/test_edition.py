"""One command turns an office's files into an edition."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import jsonschema
import nbformat
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from rocrate.rocrate import ROCrate

from kaur_analysis.disclosure.publish import KEYS
from kaur_analysis.errors import KaurError, UsageError
from kaur_analysis.intake import demo_keys
from kaur_analysis.pipeline.archive import archive
from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.manifest import SCHEMA, verify
from kaur_analysis.pipeline.notebooks import page
from kaur_analysis.pipeline.run import RESEARCH, page_jobs, research_jobs, run_edition
from kaur_analysis.pipeline.share import write_cards
from kaur_analysis.pipeline.steps.publish import desa_rows, unprotected_rows
from kaur_analysis.pipeline.steps.targeting import SCENARIO_DRAWS
from kaur_analysis.store import file_hash
from tests import pencil, picture_numbers
from tests.edition_attack import knowledge


def test_every_kecamatan_has_its_page(finished):
    area = finished.edition.area
    wanted = {finished.edition.kecamatan_page(code) for code in area.kecamatan["kecamatan"]}
    assert wanted <= {path.name for path in finished.pages()}


def test_pages_are_named_by_edition_code_and_name(finished):
    assert (finished.folder / "kaur-2025-1704010-nasal.html").is_file()


def test_every_agency_with_a_programme_has_its_page(finished):
    agencies = {programme.agency for programme in finished.edition.study.programmes}
    assert {finished.edition.agency_page(code) for code in agencies} <= {path.name for path in finished.pages()}


def test_the_agencies_of_the_meeting_are_there(finished):
    names = {path.name for path in finished.pages()}
    assert {
        f"kaur-2025-opd-{code}.html" for code in ("dinsos", "dinkes", "dkukm", "pupr", "perkim", "baznas", "csr")
    } <= names


def test_the_edition_holds_index_kabupaten_table_and_manifest(finished):
    for name in ("index.html", finished.edition.kabupaten_page, "published.csv", "manifest.json"):
        assert (finished.folder / name).is_file(), name


def test_the_edition_holds_the_executed_research_notebooks(finished):
    names = [path.stem for path in sorted((finished.folder / "notebooks").iterdir())]
    steps = ["01_clean", "02_poverty", "03_incidence", "03_targeting", "04_planning", "04_publishing"]
    assert names == steps


def test_the_manifest_agrees_with_every_product(finished):
    assert verify(finished.folder) == []


@pytest.fixture(scope="module")
def manifest(finished):
    return json.loads((finished.folder / "manifest.json").read_text(encoding="utf-8"))


def test_the_manifest_has_the_form_of_its_schema(manifest):
    jsonschema.validate(manifest, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_manifest_names_every_input_file_with_size_and_hash(finished, manifest):
    files = {
        file_hash(path): path.stat().st_size for paths in finished.edition.study.files().values() for path in paths
    }
    named = {entry["sha256"]: entry["bytes"] for entry in manifest["inputs"] if entry["kind"] != "reference"}
    assert named == files


def test_the_manifest_names_the_key_of_the_pseudonyms(manifest):
    assert manifest["key"] == demo_keys().key_id


def test_the_manifest_names_no_folder_of_this_computer(finished, manifest):
    assert str(finished.made_in) not in json.dumps(manifest)


def test_the_manifest_says_what_each_step_cost(manifest):
    costs = manifest["timing"]
    assert list(costs) == sorted(step["name"] for step in manifest["steps"])
    assert all(cost["seconds"] > 0 and cost["peak_bytes"] > 50_000_000 for cost in costs.values())


def test_every_step_of_the_manifest_left_a_product_of_the_edition(manifest):
    assert {step["product"] for step in manifest["steps"]} < set(manifest["products"])


def test_the_edition_can_be_archived_and_read_back_as_a_crate(finished, manifest, tmp_path):
    with zipfile.ZipFile(archive(finished.folder)) as packed:
        packed.extractall(tmp_path)
    run = ROCrate(str(tmp_path)).get(f"#proses-{manifest['run']}")
    hashes = [entity["sha256"] for entity in run["object"]]
    assert hashes == [entry["sha256"] for entry in manifest["inputs"]]


def test_no_page_is_larger_than_a_phone_message_should_be(finished):
    assert {path.name: path.stat().st_size for path in finished.pages() if path.stat().st_size > 300_000} == {}


def test_every_page_of_synthetic_data_says_so(finished):
    assert [path.name for path in finished.pages() if "DATA SINTETIS" not in path.read_text(encoding="utf-8")] == []


def test_page_and_notebook_say_which_ways_their_judge_knows_too_little_of(finished):
    for name in (finished.edition.kabupaten_page, "notebooks/03_targeting.ipynb"):
        assert "“Kuota desa, urutan model” dinilai dengan perkiraan model" in (finished.folder / name).read_text(
            encoding="utf-8"
        )


def spent(finished, name):
    """Remaining extreme poverty by scenario at the budget that was spent."""
    table = finished.edition.store.read(f"estimates/{name}")
    table = table[(table["measure"] == "headcount_after") & (table["budget_share"].sub(1).abs() < 1e-9)]
    return table.set_index("programme")["value"]


def test_as_delivered_leaves_the_extreme_poverty_of_today(finished):
    store, line = finished.edition.store, finished.edition.study.line("extreme")
    size = store.read("estimates/family_poverty")["household_size"].to_numpy()
    draws = store.read("estimates/welfare_draws").drop(columns="family").to_numpy()[:, :SCENARIO_DRAWS]
    today = size @ (draws < line).mean(axis=1) / size.sum()
    found = spent(finished, "scenarios")["delivered"]
    # Lists pay a few families more than a draw says they spend: at the floor they end above it (exact without: units).
    assert today - 0.001 < found < today + 1e-9


def test_draws_agree_with_the_official_share_on_average(finished):
    store, study = finished.edition.store, finished.edition.study
    size = store.read("estimates/family_poverty")["household_size"].to_numpy()
    draws = store.read("estimates/welfare_draws").drop(columns="family").to_numpy()
    drawn = size @ (draws < study.line("poverty")).mean(axis=1) / size.sum()
    assert drawn == pytest.approx(study.benchmark.share, abs=2e-5)


def test_as_delivered_leaves_the_extreme_poverty_that_the_survey_observes(finished):
    observed = finished.edition.store.read("estimates/direct").set_index(["area", "indicator"])["value"]
    found = spent(finished, "scenarios_survey")
    assert found["delivered"] == pytest.approx(observed[finished.edition.area.code, "extreme_share"], rel=1e-9)
    assert found["none"] > found["delivered"]


def test_a_house_or_a_premium_closes_no_gap(finished):
    table = finished.edition.store.read("estimates/cost_effectiveness")
    judged = set(table.loc[table["measure"] == "gap_reduction", "programme"])
    assert judged == {"pkh", "sembako", "blt_dd", "baznas", "csr"}
    notebook = (finished.folder / "notebooks/03_incidence.ipynb").read_text(encoding="utf-8")
    assert "tidak dinilai" in notebook


def test_desa_and_kabupaten_miss_the_same_families(finished):
    desa = desa_rows(finished.edition)
    missed = finished.edition.store.read("estimates/targeting").set_index(["measure", "programme", "group"])["value"]
    gap = desa.loc[desa["indicator"] == "gap_extreme_families", "value"].sum()
    assert gap == pytest.approx(missed["missed_poor", "any", "all"], rel=1e-9)


def test_no_page_reaches_outside(finished):
    outside = re.compile(
        r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import|<script""", re.IGNORECASE
    )
    assert [path.name for path in finished.pages() if outside.search(path.read_text(encoding="utf-8"))] == []


def test_index_links_only_to_files_of_the_edition(finished):
    text = (finished.folder / "index.html").read_text(encoding="utf-8")
    links = list(re.findall(r'href="([^"#]+)"', text))
    assert links and all((finished.folder / link).is_file() for link in links)


def _identities(office) -> set[str]:
    truth = pd.concat(
        [pd.read_parquet(path) for path in sorted((office / "truth").glob("*.parquet"))], ignore_index=True
    )
    columns = [name for name in truth.columns if any(word in name for word in ("nik", "kk", "name", "nama"))]
    values = {str(value) for name in columns for value in truth[name].dropna().unique()}
    return {value for value in values if len(value) >= 9}


def _standing_in(text: str, values: set[str]) -> Iterator[str]:
    """Those values that stand in a text, wherever: each of their words must then stand in one of its words."""
    runs = re.compile(r"[^\W\d_]+|\d+")
    words = "\n".join(set(runs.findall(text)))
    for value in values:
        if all(word in words for word in runs.findall(value)) and value in text:
            yield value


def test_a_value_is_found_in_the_middle_of_words():
    name, number = "SITI AMINAH", "9" * 16
    assert set(_standing_in(f"x{name}y 0{number}1", {name, number, "SITI AMAN"})) == {name, number}


def test_no_name_and_no_number_of_a_person_is_in_any_product(finished):
    identities = _identities(finished.office)
    assert len(identities) > 1000
    everything = "\n".join(path.read_text(encoding="utf-8") for path in finished.folder.rglob("*") if path.is_file())
    assert [value[:4] for value in _standing_in(everything, identities)] == []


def test_no_name_and_no_number_of_a_person_is_in_the_tables_between(finished):
    identities = _identities(finished.office)
    cells: set[str] = set()
    for path in finished.edition.store.data.rglob("*.parquet"):
        table = pd.read_parquet(path)
        for column in table.select_dtypes(include=["object", "string", "str"]).columns:
            cells |= {str(value) for value in table[column].dropna().unique()}
    assert cells & identities == set()


def _texts_of(path) -> Iterator[str]:
    """What can be read in a file: cells of tables, members of workbooks, else its bytes."""
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
        yield from (
            str(value)
            for column in table.select_dtypes(include=["object", "string", "str"]).columns
            for value in table[column].dropna().unique()
        )
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    else:
        yield path.read_bytes().decode("utf-8", "replace")


def test_no_byte_outside_the_vault_holds_an_identity(finished):
    identities = _identities(finished.office)
    numbers = {value for value in identities if value.isdigit()}
    words = {word for value in identities if not value.isdigit() for word in value.split() if len(word) > 5}
    produced = [
        path
        for folder in (finished.edition.store.data, finished.edition.store.reports)
        for path in folder.rglob("*")
        if path.is_file() and path != finished.edition.vault
    ]
    assert len(produced) > 60 and len(words) > 100
    found = set()
    for path in produced:
        for text in _texts_of(path):
            if numbers.intersection(re.findall(r"\d{16}", text)) or words.intersection(re.findall(r"\w+", text)):
                found.add(path.name)
    assert found == set()


def test_the_vault_cannot_be_read_without_its_key(finished):
    content = finished.edition.vault.read_bytes()
    assert not any(value.encode() in content for value in sorted(_identities(finished.office))[:200])


def test_no_executed_notebook_holds_a_family(finished):
    families = set(finished.edition.store.read("clean/families", ["family"])["family"].head(500))
    text = "".join(path.read_text(encoding="utf-8") for path in (finished.folder / "notebooks").iterdir())
    assert [family[:6] for family in families if family in text] == []


def test_executed_notebooks_show_results(finished):
    for path in (finished.folder / "notebooks").iterdir():
        notebook = nbformat.read(path, as_version=4)
        least = 1 if path.name == "04_publishing.ipynb" else 4  # publishing shows its decisions alone
        assert sum(bool(cell.get("outputs")) for cell in notebook.cells) >= least, path.name


def test_a_second_run_has_nothing_to_do(finished):
    outcome = run_edition(finished.edition, jobs=1)
    assert (outcome.made, outcome.failed) == ([], {})


def test_one_page_can_be_made_alone(finished):
    outcome = run_edition(finished.edition, only=["1704010"], jobs=1)
    assert "05_kecamatan 1704010" in outcome.kept + outcome.made and len(outcome.kept + outcome.made) == 7


def test_an_unknown_code_is_refused_with_those_that_exist(finished):
    with pytest.raises(UsageError, match="1704010"):
        page_jobs(finished.edition, ["9999999"])


def in_jupyterlab(path, parameters):
    """A notebook as a researcher runs it: the parameters' cell filled in, all cells run by a kernel."""
    notebook = nbformat.read(path, as_version=4)
    (cell,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    cell.source = "\n".join(f"{name}: str = {value!r}" for name, value in parameters.items())
    return NotebookClient(notebook, kernel_name="python3").execute()


@pytest.mark.parametrize("name", RESEARCH[:-1])  # publishing so few families takes a minute
def test_a_research_notebook_writes_the_same_tables_in_a_kernel_of_its_own(finished, tmp_path_factory, name):
    made, data = finished.edition.store.data, tmp_path_factory.mktemp(name) / "data"
    shutil.copytree(made, data)
    job = next(job for job in research_jobs(finished.edition) if job.name == name)
    in_jupyterlab(job.notebook, job.parameters | {"data": str(data)})
    tables = sorted(data.rglob("*.parquet"))
    assert [p.name for p in tables if p.read_bytes() != (made / p.relative_to(data)).read_bytes()] == []


def test_plain_papermill_makes_the_same_page(finished, tmp_path):
    (job,) = page_jobs(finished.edition, ["1704020"])
    parameters = [part for name, value in job.parameters.items() for part in ("-p", name, str(value))]
    output = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", str(job.notebook), str(output), "--no-progress-bar", *parameters]
    subprocess.run(command, check=True, capture_output=True)
    made = page(nbformat.read(output, as_version=4), Path(job.product).stem)
    assert made == (finished.folder / job.product).read_text(encoding="utf-8")


def test_filling_in_the_parameters_cell_in_jupyterlab_makes_the_same_page(finished):
    (job,) = page_jobs(finished.edition, ["1704020"])
    executed = in_jupyterlab(job.notebook, job.parameters)
    assert page(executed, Path(job.product).stem) == (finished.folder / job.product).read_text(encoding="utf-8")


def test_the_same_inputs_give_the_same_bytes(finished, tmp_path):
    again = open_edition(str(finished.edition.study_file), str(tmp_path / "data"), str(tmp_path / "reports"))
    run_edition(again, only=["1704010", "dinsos", "1704"], jobs=2)
    names = ["kaur-2025-1704010-nasal.html", "kaur-2025-opd-dinsos.html", again.kabupaten_page, "published.csv"]
    names += [f"notebooks/{path.name}" for path in (finished.folder / "notebooks").iterdir()]
    different = [n for n in names if (again.store.pages / n).read_bytes() != (finished.folder / n).read_bytes()]
    assert different == []


def test_a_run_that_breaks_leaves_the_last_good_edition(finished, tmp_path):
    office = tmp_path / "demo"
    shutil.copytree(finished.office, office)
    shutil.copytree(finished.edition.store.data, tmp_path / "data")
    shutil.copytree(finished.edition.store.reports, tmp_path / "reports")
    victim = next(iter(sorted(office.rglob("*dtsen*"))))
    victim.write_bytes(b"bukan,daftar\n1,2\n")
    broken = open_edition(
        str(office / finished.edition.study_file.name), str(tmp_path / "data"), str(tmp_path / "reports")
    )
    with pytest.raises(KaurError):
        run_edition(broken, jobs=1)
    assert verify(broken.store.pages) == []


def test_every_desa_has_an_interval_that_holds_its_expectation(finished):
    rows = desa_rows(finished.edition)
    assert (rows["low"] <= rows["value"]).all() and (rows["value"] <= rows["high"]).all()
    assert (rows.loc[rows["value"] > 1, "high"] > rows.loc[rows["value"] > 1, "low"]).all()


def test_the_intervals_of_desa_are_those_of_the_joint_draws(finished):
    store, rows = finished.edition.store, desa_rows(finished.edition)
    draws = store.read("estimates/welfare_draws").drop(columns="family") < finished.edition.study.line("extreme")
    sums = draws.groupby(store.read("estimates/family_poverty")["desa"].to_numpy()).sum()
    row = rows[rows["indicator"] == "extreme_families"].sort_values("value").iloc[-1]
    assert (row["low"], row["high"]) == pytest.approx(tuple(sums.loc[row["area"]].quantile([0.025, 0.975])))


@pytest.fixture(scope="module")
def known(finished):
    """What a reader of the edition's published table can write down."""
    published = finished.edition.store.read("published/published")
    return knowledge(unprotected_rows(finished.edition), published, finished.edition.study.thresholds.minimum_families)


def test_no_withheld_number_of_the_edition_can_be_worked_out(known):
    assert len(known.withheld) > 1000 and known.leaks() == []


def test_withheld_numbers_of_the_edition_keep_their_width_under_linear_programmes(known):
    for place in np.random.default_rng(0).choice(known.counts(), 25, replace=False):
        low, high = known.bounds(place)
        assert high - low >= known.system.needed[place] * (1 - 1e-6), known.names[place]


def test_the_attack_on_the_edition_succeeds_where_companions_are_shown(finished, known):
    store = finished.edition.store
    decisions = store.read("published/decisions")
    naive = store.read("published/published").merge(decisions[[*KEYS, "rule"]], on=KEYS)
    naive["status"] = naive["status"].mask(naive["rule"] == "pendamping", "tampil")
    attacked = knowledge(unprotected_rows(finished.edition), naive, finished.edition.study.thresholds.minimum_families)
    assert len(attacked.leaks()) > 10


@pytest.fixture(scope="module")
def drawn(finished):
    return picture_numbers.pages(finished.folder)


def test_what_a_map_tells_of_a_place_stands_in_a_table_about_it(drawn):
    told = picture_numbers.told(drawn)
    on_maps = {pair for page in drawn.values() for pair in picture_numbers.of_places(page)}
    assert {pair for pair in on_maps if pair[1] not in told.get(pair[0], ())} == set()


def test_every_number_written_in_a_picture_stands_beside_it_too(drawn):
    alone = {
        (name, number)
        for name, page in drawn.items()
        for number in set(picture_numbers.words(page)) - picture_numbers.around(page)
    }
    assert alone == set()


@pytest.fixture(scope="module")
def cards(finished):
    return write_cards(finished.edition)


def test_every_kecamatan_has_a_picture_to_forward_and_its_caption(finished, cards):
    names = {finished.edition.kecamatan_page(code) for code in finished.edition.area.kecamatan["kecamatan"]}
    wanted = {name.replace(".html", ending) for name in names for ending in (".png", ".txt")}
    assert {path.name for path in cards.iterdir()} == wanted


def test_a_caption_says_the_headline_of_its_page(finished, cards):
    page = BeautifulSoup((finished.folder / "kaur-2025-1704010-nasal.html").read_text(encoding="utf-8"), "html.parser")
    caption = (cards / "kaur-2025-1704010-nasal.txt").read_text(encoding="utf-8")
    assert page.select_one(".finding").get_text(" ", strip=True).split(" (")[0] in caption


def worked_out(finished, published):
    """Counts of few families that sums written by hand bound more closely than the minimum."""
    truth, minimum = unprotected_rows(finished.edition), finished.edition.study.thresholds.minimum_families
    for programme in ("any", *finished.edition.study.listed):
        written = pencil.read(published, truth, programme)
        for name in pencil.small(truth, programme, minimum):
            low, high = written.range(name) if name in written.place else (0.0, np.inf)
            if high - low < minimum - 1e-6:
                yield name


def test_nobody_with_a_pencil_works_out_few_families(finished):
    assert list(worked_out(finished, finished.edition.store.read("published/published"))) == []


def test_the_pencil_finds_what_a_table_of_small_numbers_alone_withheld_gives_away(finished):
    truth, decisions = unprotected_rows(finished.edition), finished.edition.store.read("published/decisions")
    told = truth.merge(decisions[[*KEYS, "rule"]], on=KEYS)
    told["value"] = told["value"].mask(told["rule"].isin(["sedikit", "semua atau tidak ada", "dasar kecil"]))
    assert len(list(islice(worked_out(finished, told), 11))) == 11


@pytest.fixture(scope="module")
def protected(finished):
    return pd.read_csv(finished.folder / "published.csv", dtype={"area": str}, keep_default_na=False, na_values={
        name: [""] for name in ("value", "low", "high", "rse", "n")
    })  # fmt: skip


# What no draw can differ in: a benefit's price, and the same cost under another model that has no draws.
WITHOUT_ERROR = ("unit_cost_rp_year", "sensitivity_rp_year")


@pytest.mark.parametrize("topic", ["needs", "reasons", "overlap", "zero_cost"])
def test_every_estimate_goes_to_the_gate_with_its_relative_error(finished, topic):
    rows = unprotected_rows(finished.edition)
    rows = rows[(rows["topic"] == topic) & (rows["value"] > 0) & ~rows["indicator"].isin(WITHOUT_ERROR)]
    assert rows["rse"].notna().all() and len(rows)


@pytest.mark.parametrize("topic", ["needs", "reasons", "overlap", "zero_cost"])
def test_no_estimate_is_shown_whose_error_is_above_the_limit(finished, protected, topic):
    shown = protected[(protected["topic"] == topic) & protected["status"].isin(["tampil", "hati-hati"])]
    assert (shown["rse"].fillna(0) <= finished.edition.study.thresholds.rse_hide).all()


def test_the_error_of_the_desil_ranking_is_told_as_a_range_where_both_ends_may_be_shown(finished, protected):
    page = (finished.folder / finished.edition.kabupaten_page).read_text(encoding="utf-8")
    errors = protected["indicator"].isin(["exclusion_error", "exclusion_error_informed"])
    ends = protected[errors & protected["topic"].eq("scenarios") & protected["group"].eq("desil")]
    shown = bool(ends["value"].notna().all())
    assert len(ends) == 2
    assert ("Bagian yang terlewat pada “Menurut desil” terletak kira-kira antara" in page) == shown


def test_the_notebook_tells_the_programmes_rules_from_extreme_poverty(finished):
    told = (finished.folder / "notebooks" / "03_targeting.ipynb").read_text(encoding="utf-8")
    assert "Di luar syarat program" in told
