"""Step 04, publishing: everything a page may show, in one long table, through the disclosure gate."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kaur_analysis.disclosure import largest_two, protect_parts, publish
from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import read_answers
from kaur_analysis.intake.findings import rules
from kaur_analysis.linkage import any_reach, latest
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.recall import Tables, of_tables
from kaur_analysis.pipeline.steps import drawn, has_lists, has_registry, where_lists, where_registry
from kaur_analysis.pipeline.steps.determinants import TABLES as DETERMINANT_TABLES
from kaur_analysis.pipeline.steps.determinants import determinant_table
from kaur_analysis.pipeline.steps.poverty import differences_of_shares
from kaur_analysis.pipeline.steps.unseen import DESIL, ruled_by_unseen_desil
from kaur_analysis.poverty.intervals import held_interval
from kaur_analysis.reference.boundaries import read_boundaries
from kaur_analysis.study import Study

KEY = ["topic", "indicator", "area", "programme", "agency", "group", "period"]
NUMBERS = ["value", "low", "high", "rse", "n"]
LARGEST = ["first", "second"]  # largest amounts of one family in a row of money, for the gate alone
ROWS = ("rows_read", "rows_kept", "rows_set_aside")  # of a list
# Source of what was estimated from a sample alone, as the poverty step names it.
SURVEY = "survei rumah tangga"
LINKED = "daftar penerima dipadankan dengan registri"
# What the intervals of numbers rest on whose rule goes by a desil that the model does not know.
UNSEEN_DESIL = "kisaran: dari desil tanpa pengetahuan di luar model sampai desil yang tahu sejauh mungkin"
# Measures of the targeting room that pages show, and their units.
TARGETING_UNITS = {
    "coverage": "bagian",
    "exclusion_error": "bagian",
    "inclusion_error": "bagian",
    "inclusion_error_nonpoor": "bagian",
    "targeting_differential": "indeks",
    "cgh_bottom_40": "indeks",
    "concentration_coefficient": "indeks",
    "poor": "keluarga",
    "missed_poor": "keluarga",
    "included_nonpoor": "keluarga",
    "true_positive_rate": "bagian",
    "precision": "bagian",
    "recipients": "keluarga",
    "benefit_rupiah": "rupiah_tahun",
    "unmatched_rupiah": "rupiah_tahun",
    "unmatched_recipients": "unit",
    "unmatched_share": "bagian",
    "leakage_rupiah": "rupiah_tahun",
    "unserved_rupiah": "rupiah_tahun",
    "outside_rules": "bagian",
    "outside_rules_families": "keluarga",
}
# Told for the kabupaten alone: less those of them who are not poor (topic reasons) they are a handful in a kecamatan.
KABUPATEN_ONLY = ("outside_rules", "outside_rules_families")
# Measures of a scenario: published indicator and unit.
SCENARIO_MEASURES = {
    "exclusion_error": ("exclusion_error", "bagian"),
    "inclusion_error": ("inclusion_error", "bagian"),
    "headcount_after": ("extreme_share_after", "bagian"),
    "poverty_gap_after": ("gap_index_after", "indeks"),
    "severity_after": ("severity_index_after", "indeks"),
    "crra_gain_share": ("crra_gain", "bagian"),
    "families_out": ("families_out", "keluarga"),
    "served_families": ("served_families", "keluarga"),
    "rupiah_per_rupiah_gap": ("rupiah_per_rupiah_gap", "indeks"),
}
SCENARIO_NAMES = {
    "none": "Tanpa bantuan sama sekali",
    "delivered": "Seperti yang disalurkan (keadaan sekarang)",
    "desil": "Menurut desil",
    "model": "Menurut taksiran model",
    "model_unadjusted": "Menurut model, tanpa angka resmi",
    "geographic": "Desa termiskin lebih dahulu",
    "categorical": "Lansia dan disabilitas",
    "quota": "Kuota desa, urutan model",
    "universal": "Sama rata untuk semua",
    "perfect": "Pengetahuan sempurna",
}


def long(table: pd.DataFrame, **constants: Any) -> pd.DataFrame:
    """Give a table the columns of the published table and whether a sample alone gave it; what it lacks is empty."""
    shaped = table.assign(**{name: value for name, value in constants.items() if name not in table.columns})
    for name in (*KEY, "unit", "source"):
        shaped[name] = shaped[name].fillna("") if name in shaped.columns else ""
    for name in NUMBERS:
        shaped[name] = shaped[name].astype(float) if name in shaped.columns else np.nan
    for name in LARGEST:
        shaped[name] = shaped[name].astype(float) if name in shaped.columns else np.nan
    shaped["sampled"] = shaped["source"].eq(SURVEY)
    return shaped[[*KEY, "unit", *NUMBERS, "source", "sampled", *LARGEST]]


def official_rows(edition: Edition) -> pd.DataFrame:
    """Published figures of country, province, peers and kabupaten, with what nobody found left blank."""
    official = edition.area.official
    table = official.assign(period=official["year"].astype(str), source=official["source"].fillna(""))
    kept = table.drop_duplicates(["area", "indicator", "period"], keep="last")
    return long(kept, topic="official")


def poverty_rows(edition: Edition) -> pd.DataFrame:
    """Modelled and survey estimates of poverty."""
    table = edition.store.read("estimates/poverty")
    return long(table.assign(n=table["n_households"]), period=edition.name)


def list_rows(edition: Edition) -> pd.DataFrame:
    """Rows of every list: read, kept, set aside; the list is the group.

    The programme is named where the measures rest on the list: of the lists that were no proposal, the latest.
    """
    counts = edition.store.read("clean/accounting").groupby("source", as_index=False)[list(ROWS)].sum()
    links = edition.store.read("clean/links", ["record", "programme", "period"])
    judged = latest(links)
    judged = judged.assign(source=judged["record"].str.replace(":.*", "", regex=True))
    programmes = judged.drop_duplicates("source").set_index("source")["programme"].to_dict()
    registers = [source.name for source in edition.study.sources if source.kind.endswith("_family")]
    table = counts.rename(columns={"source": "group"}).melt("group", var_name="indicator", value_name="value")
    families = table["group"].isin(registers) & table["indicator"].eq("rows_kept")
    return long(
        table.assign(
            indicator=table["indicator"].mask(families, "families_kept"),
            programme=[programmes.get(group, "") for group in table["group"]],
        ),
        topic="lists",
        area=edition.area.code,
        unit="baris",
        source="pembukuan baris",
    )


@where_registry
def registry_rows(edition: Edition) -> pd.DataFrame:
    """How many families and people the registry holds, per area."""
    desil_extreme = edition.study.registry.desil_extreme if edition.study.registry else 1
    (rows,) = of_tables(edition, "hitungan", registered, ("clean/families",), desil_extreme=desil_extreme)
    return rows


def registered(read: Callable[..., pd.DataFrame], desil_extreme: int) -> Tables:
    """Rows of families and people of each area, and of families in the lowest desil and on the targeting list."""
    families = read("clean/families", ["desa", "household_size", "desil", "in_targeting_list"])
    counts = pd.DataFrame(
        {
            "desa": families["desa"],
            "families": 1.0,
            "people": families["household_size"],
            "desil_1_families": (families["desil"] <= desil_extreme).astype(float),
            "listed_families": families["in_targeting_list"],
        }
    )
    sums = pd.concat(_sums(counts))
    sums = sums.assign(unit=np.where(sums["indicator"].eq("people"), "orang", "keluarga"), n=sums["value"])
    return [long(sums, topic="registry", source="registri")]


def targeting_rows(edition: Edition) -> pd.DataFrame | None:
    """Targeting errors per programme, kabupaten and kecamatan: by the registry route, else by the survey route.

    With a registry but without any list there are none: those of the survey stand in a topic of their own.
    """
    if edition.study.registry is None:
        rows = survey_targeting_rows(edition, kabupaten_only=False)
        return rows.assign(topic="targeting")
    if not has_lists(edition):
        return None
    table = _measures(edition.store.read("estimates/targeting"), edition)
    table = table[~table["indicator"].isin(KABUPATEN_ONLY) | table["area"].eq(edition.area.code)]
    table = table.merge(edition.store.read("estimates/largest"), on=["area", "programme", "indicator"], how="left")
    return long(table, topic="targeting", source=LINKED)


def survey_targeting_rows(edition: Edition, kabupaten_only: bool = True) -> pd.DataFrame:
    """Targeting errors by the survey route; kecamatan only where the survey carries codes and stands alone."""
    table = _measures(edition.store.read("estimates/targeting_survey"), edition)
    if kabupaten_only:
        table = table[table["area"] == edition.area.code]
    return long(table, topic="targeting_survey", source=SURVEY)


@where_lists
def reason_rows(edition: Edition) -> pd.DataFrame:
    """Why families were missed or included: share of the cases and expected families."""
    table = edition.store.read("estimates/reasons")
    table = table[table["measure"].str.match("^(missed|included)_")]
    families = table["measure"].str.endswith("_families")
    shaped = table.assign(
        indicator=table["measure"],
        unit=np.where(families, "keluarga", "bagian"),
        rse=relative_error(table),
        source=_with_ends(LINKED, table["spans"]),
    )
    return long(_placed(shaped, edition), topic="reasons")


@where_lists
def timeliness_rows(edition: Edition) -> pd.DataFrame:
    """Months that payments came late, where lists carry both dates.

    Kecamatan are told apart only where none of a programme's has too few payments: what is left of the kabupaten's mean
    would be theirs.
    """
    table = edition.store.read("estimates/timeliness")
    places = table[table["group"] != "all"]
    few = places["n"].between(0, edition.study.thresholds.minimum_families, inclusive="neither")
    kept = table[(table["group"] == "all") | ~table["programme"].isin(places.loc[few, "programme"])]
    shaped = kept.assign(
        indicator=kept["measure"], unit=np.where(kept["measure"] == "late_share", "bagian", "indeks"), low=np.nan
    )
    return long(_placed(shaped, edition), topic="timeliness", source="daftar penerima")


@where_lists
def overlap_rows(edition: Edition) -> pd.DataFrame:
    """Families with none, one and several programmes; families served by two agencies."""
    table = edition.store.read("estimates/overlap")
    named = table.assign(
        indicator=table["measure"].str.replace("^poor_", "extreme_families_", regex=True),
        unit=np.where(table["measure"].str.contains("share"), "bagian", "keluarga"),
        programme="",
        rse=relative_error(table),
    )
    matrix = edition.store.read("estimates/agency_overlap")
    pairs = matrix.rename(columns={"group": "place", "other": "group", "families": "value"})
    pairs = pairs.rename(columns={f"families_{side}": side for side in ("se", "low", "high")})
    pairs = pairs.assign(indicator="agency_pair", unit="keluarga", n=pairs["value"], rse=relative_error(pairs))
    pairs = pairs[(pairs["place"] == "all") & (pairs["agency"] != pairs["group"])].assign(area=edition.area.code)
    return pd.concat(
        [long(_placed(named, edition), topic="overlap", source=LINKED), long(pairs, topic="overlap", source=LINKED)]
    )


@where_registry
def needs_rows(edition: Edition) -> pd.DataFrame:
    """What is due per programme, agency and source of funds, per kabupaten and kecamatan."""
    budget = edition.store.read("estimates/budget")
    budget = budget[budget["area"].str.len() <= 7].assign(group=lambda table: table["fund"])
    columns = {
        "due_families": ("families_due", "keluarga"),
        "due_units": ("units_due", "unit"),
        "due_rupiah_year": ("rupiah_year", "rupiah_tahun"),
        "due_extreme_families": ("families_due_extreme", "keluarga"),
        "due_extreme_units": ("units_due_extreme", "unit"),
        "due_extreme_rupiah_year": ("rupiah_year_extreme", "rupiah_tahun"),
        "unit_cost_rp_year": ("unit_cost_rp_year", "rupiah_tahun"),
    }
    errors = edition.store.read("estimates/budget_intervals")
    every = budget["fund"] == ""
    tables = []
    for indicator, (column, unit) in columns.items():
        rows = budget[every] if indicator == "unit_cost_rp_year" else budget
        own = errors.loc[errors["measure"] == column, ["area", "programme", "fund", "se", "low", "high", "spans"]]
        rows = rows.merge(own, on=["area", "programme", "fund"], how="left")
        rows = rows.assign(indicator=indicator, value=rows[column], unit=unit, n=rows["families_due"])
        tables.append(rows.assign(rse=relative_error(rows)))
    keys = ["area", "programme", "indicator", "group"]
    rows = pd.concat(tables).merge(_largest_needs(edition), on=keys, how="left")
    rows = rows.assign(source=_with_ends("matriks kebutuhan", rows["spans"]))
    return long(rows, topic="needs")


def _largest_needs(edition: Edition) -> pd.DataFrame:
    """The two largest rupiah that one family is due, by programme and area, for the gate alone."""
    needs = edition.store.read("estimates/needs", ["kecamatan", "programme", "due", "due_extreme", "rupiah_year"])
    places = (pd.Series(edition.area.code, needs.index), needs["kecamatan"])
    shares = {"due_rupiah_year": needs["due"], "due_extreme_rupiah_year": needs["due_extreme"]}
    return pd.concat(
        largest_two(share * needs["rupiah_year"], needs[["programme"]].assign(area=place)).assign(
            indicator=indicator, group=""
        )
        for indicator, share in shares.items()
        for place in places
    )


@where_registry
def desa_rows(edition: Edition) -> pd.DataFrame:
    """Extreme poor families of each desa, how many any programme serves, and the gap between them, with intervals.

    The intervals are those of the joint draws of welfare; where a link is uncertain, each draw also draws whether the
    family is the one on the list.

    Without any list nobody knows who is served: then only how many they are.
    """
    counts, sums, extreme = of_tables(
        edition,
        "desa",
        extreme_by_desa,
        ("estimates/family_poverty", "estimates/welfare_draws"),
        line_rp_month=edition.study.line("extreme"),
    )
    if has_lists(edition):
        counts = pd.concat([counts, _served_by_desa(edition, sums.to_numpy(), extreme.to_numpy())])
    return long(counts, topic="desa", source="taksiran model dan daftar penerima")


def extreme_by_desa(read: Callable[..., pd.DataFrame], line_rp_month: float) -> Tables:
    """Extreme poor families of each desa and their share beside the kabupaten's, and what the draws say.

    Returns
    -------
    The rows; how many extreme poor families each desa has in each draw; and of each family in which draws it is one:
    eight to a number, so that the draws themselves need not be read again.
    """
    poverty = read("estimates/family_poverty", ["desa", "p_extreme"])
    extreme, expected = drawn(read("estimates/welfare_draws")) < line_rp_month, poverty["p_extreme"].to_numpy()
    desa, inside = _by_desa(poverty["desa"])
    sums, one = inside @ extreme.astype(np.float32), np.ones(len(poverty))
    value = differences_of_shares(expected[:, None], one, poverty["desa"])[:, 0]
    low, high = held_interval(value, differences_of_shares(extreme, one, poverty["desa"]))
    counted = _counted("extreme_families", desa, inside, expected, sums)
    # Beside the kabupaten's share of families; withheld where the number of the desa is too uncertain to be shown.
    against = counted.assign(
        indicator="extreme_share_difference", value=value, low=low, high=high, n=counted["n"], unit="bagian"
    )
    told = (pd.DataFrame(each).rename(columns=str) for each in (sums, np.packbits(extreme, axis=1)))
    return pd.concat([counted, against], ignore_index=True), *told


def _served_by_desa(edition: Edition, sums: NDArray[np.float64], packed: NDArray[np.uint8]) -> pd.DataFrame:
    """Extreme poor families of each desa whom any programme serves, and those whom none does.

    Parameters
    ----------
    sums
        How many extreme poor families each desa has in each draw.
    packed
        Of each family in which draws it is extremely poor, eight draws to a number.
    """
    poverty = edition.store.read("estimates/family_poverty", ["family", "desa", "p_extreme"])
    links = edition.store.read("clean/links", ["family", "programme", "period", "probability"])
    families, draws, expected = len(poverty), sums.shape[1], poverty["p_extreme"].to_numpy()
    missed = 1 - any_reach(links).reindex(poverty["family"], fill_value=0.0).to_numpy()
    random = np.random.default_rng(edition.study.seed).random((families, draws), dtype=np.float32)
    named = np.flatnonzero(missed < 1)  # the others are on no list in any draw
    extreme = np.unpackbits(packed[named], axis=1, count=draws).astype(bool)
    served = extreme & (random[named] >= missed[named, None])
    desa, inside = _by_desa(poverty["desa"])
    reached = inside[:, named] @ served.astype(np.float32)
    return pd.concat(
        [
            _counted("served_extreme_families", desa, inside, expected * (1 - missed), reached),
            _counted("gap_extreme_families", desa, inside, expected * missed, sums - reached),
        ]
    )


def _by_desa(desa: pd.Series) -> tuple[NDArray[np.object_], csr_array]:
    """Codes of the desa, and the matrix that sums families into them."""
    codes, position = np.unique(desa, return_inverse=True)
    return codes, csr_array((np.ones(len(position)), (position, np.arange(len(position)))))


def _counted(
    indicator: str, desa: NDArray[np.object_], inside: csr_array, expected: NDArray[np.float64], sums: NDArray[Any]
) -> pd.DataFrame:
    """Expected families of each desa, with the interval and relative error of their number over the draws."""
    value = inside @ expected
    low, high = held_interval(value, sums)
    rse = sums.std(axis=1) / np.where(value > 0, value, np.nan)
    size = np.diff(inside.indptr)
    return pd.DataFrame(
        {"indicator": indicator, "area": desa, "value": value, "low": low, "high": high, "rse": rse, "n": size}
    ).assign(unit="keluarga")


@where_registry
def determinant_rows(edition: Edition) -> pd.DataFrame:
    """What goes with extreme poverty, from the registry and the draws."""
    (table,) = of_tables(
        edition,
        "penentu",
        lambda read, **given: [determinant_table(read, **given)],
        DETERMINANT_TABLES,
        area=edition.area.code,
        line_rp_month=edition.study.line("extreme"),
    )
    table = table.assign(
        rse=relative_error(table).where(table["group"] != "difference"),
        unit=np.where(table["group"] == "difference", "indeks", "bagian"),
    )
    return long(table, topic="determinants", source="registri dan taksiran model")


@where_registry
def zero_cost_rows(edition: Edition) -> pd.DataFrame:
    """What zero extreme poverty costs a year, at least and by programme mix, and how many families the mix lifts."""
    table = edition.store.read("estimates/zero_cost")
    in_families = table["families"].notna()
    # Families lifted are told for the kabupaten alone: beside its extremely poor a kecamatan's could name the rest.
    table = table[table["area"].str.len().between(4, 7) & (~in_families | table["area"].str.len().eq(4))]
    in_families = table["families"].notna()
    table = table.assign(value=table["families"].where(in_families, table["rupiah_year"]))
    return long(
        table.assign(
            indicator=table["measure"] + np.where(in_families, "_families", "_rp_year"),
            rse=relative_error(table),
            group=(table["detail"] + " " + table["fund"]).str.strip(),
            period=table["year"].astype(str),
            unit=np.where(in_families, "keluarga", "rupiah_tahun"),
            source=_with_ends("taksiran model", table["spans"]),
        ),
        topic="zero_cost",
    )


@where_lists
def scenario_rows(edition: Edition) -> pd.DataFrame | None:
    """What the same rupiah could have done, per scenario, at the budget that was really spent; none without any.

    Relative errors are those of the draws, so that the gate judges scores as it judges every other estimate.
    """
    table = edition.store.read("estimates/scenarios")
    if table.empty:
        return None
    spent = table[np.isclose(table["budget_share"], 1.0) & table["measure"].isin(SCENARIO_MEASURES)]
    named = spent.assign(
        indicator=spent["measure"].map(SCENARIO_MEASURES).str[0],
        unit=spent["measure"].map(SCENARIO_MEASURES).str[1],
        group=spent["programme"],
        programme="",
        n=np.nan,
    )
    named.loc[named["indicator"] == "served_families", ["se", "low", "high"]] = np.nan  # the budget decides it
    most = named.dropna(subset="informed").assign(
        indicator=lambda rows: rows["indicator"] + "_informed",
        value=lambda rows: rows["informed"],
        se=lambda rows: rows["informed_se"],
        low=lambda rows: rows["informed_low"],
        high=lambda rows: rows["informed_high"],
    )
    scored = pd.concat([named, most[most["indicator"] != "served_families_informed"]])
    scored = scored.assign(rse=relative_error(scored))
    return long(scored, topic="scenarios", area=edition.area.code, source="taksiran model")


def unprotected_rows(edition: Edition) -> pd.DataFrame:
    """All topics in the shape of the published table, as they come to the disclosure gate."""
    topics = [
        official_rows,
        poverty_rows,
        survey_targeting_rows,
        list_rows,
        registry_rows,
        targeting_rows,
        reason_rows,
        overlap_rows,
        timeliness_rows,
        needs_rows,
        desa_rows,
        determinant_rows,
        zero_cost_rows,
        scenario_rows,
    ]
    found = [topic(edition) for topic in topics]
    return pd.concat([rows for rows in found if rows is not None], ignore_index=True)


def publish_edition(edition: Edition) -> pd.DataFrame:
    """Pass all topics through the disclosure gate, and store the published table with its record of decisions."""
    rows = unprotected_rows(edition)
    published, decisions, search = publish(
        dict(list(rows.groupby("topic"))), edition.study.thresholds, previous_issue(edition.study)
    )
    edition.store.write("published/published", published)
    edition.store.write("published/decisions", decisions)
    gate = {"method": search.method, "gap": round(search.gap, 4), "searched": search.searched}
    edition.store.write_facts("published/edition", edition_facts(edition, published) | {"gate": gate})
    return published


def previous_issue(study: Study) -> pd.DataFrame | None:
    """What readers of an earlier issue know, where the study names it.

    Raises
    ------
    DataRejected
        The file is not a published table, or tells nothing of the study's area.
    """
    path = study.previous_file
    if path is None:
        return None
    table = read_answers(path)
    if absent := {*KEY, "unit", *NUMBERS, "status"} - set(table.columns):
        raise DataRejected(
            f"{path.name}: kolom {', '.join(sorted(absent))} tidak ada; "
            "berkas 'previous' harus published.csv sebuah edisi."
        )
    try:
        issue = table.assign(**{name: table[name].replace("", np.nan).astype(float) for name in NUMBERS})
    except ValueError:
        raise DataRejected(f"{path.name}: ada yang bukan angka di kolom {', '.join(NUMBERS)}.") from None
    # official figures tell of other kabupaten too
    own = issue["area"].str.startswith(study.reference.code) & issue["topic"].ne("official")
    if not own.any():
        raise DataRejected(
            f"{path.name}: tidak ada angka {study.reference.full_name} ({study.reference.code}) di dalamnya; "
            "berkas 'previous' harus published.csv edisi lalu dari kabupaten studi ini."
        )
    return issue


def edition_facts(edition: Edition, published: pd.DataFrame) -> dict[str, Any]:
    """What pages say about the edition itself: settings, sources, programmes, provenance."""
    study, area = edition.study, edition.area
    spanned = ruled_by_unseen_desil(edition) if has_registry(edition) else ()
    inputs, run = edition.hashes()
    hidden = published["indicator"].eq("rows_set_aside") & published["status"].eq("disembunyikan")
    found = list_findings(
        edition.store.read("clean/set_aside"),
        edition.store.read("clean/findings"),
        study.thresholds.minimum_families,
        set(published.loc[hidden & published["topic"].eq("lists"), "group"]),
    )
    return {
        "edition": edition.name,
        "reference_date": study.reference_date.isoformat(),
        "area": area.code,
        "synthetic": study.synthetic,
        "status": study.status,
        "contact": study.contact,
        "target_year": study.target_year,
        "lines": [line.model_dump(mode="json") for line in study.priced_lines],
        "benchmark": study.benchmark.model_dump(mode="json") if study.benchmark else None,
        "thresholds": study.thresholds.model_dump(mode="json"),
        "sources": [
            {
                "name": source.name,
                "kind": source.kind,
                "programme": source.programme or "",
                "period": source.period or source.wave or "",
                "as_of": source.as_of.isoformat() if source.as_of else "",
            }
            for source in study.sources
        ],
        "targeting_list": (study.registry.targeting_list if study.registry else None) or "",
        "findings": found,
        "programmes": [
            {
                "code": programme.code,
                "name": programme.name,
                "agency": programme.agency,
                "strategy": programme.strategy,
                "unit": programme.unit,
                "period": programme.period,
                "unit_cost_rp_year": programme.rupiah_unit_year,
                "funds": dict(programme.funds),
                "basis": programme.basis,
                "highest_desil": programme.highest_desil,
                "doubt": programme.doubt,
                "year": programme.year,
                "source": programme.source,
                "listed": programme.code in study.listed,
                "spanned": programme.code in spanned,
                "varies": bool(programme.components),
            }
            for programme in study.programmes
        ],
        "agencies": {
            code: {"name": agency.name, "kind": agency.kind}
            for code, agency in area.agencies.items()
            if any(programme.agency == code for programme in study.programmes)
        },
        "scenarios": _scenario_names(edition),
        "beyond_model": _beyond_model(edition),
        "notes": edition.store.read_facts("estimates/model")["notes"],
        "route": "registry" if study.registry else "survey",
        "boundaries": read_boundaries(study.boundary_file, area) if study.boundary_file else None,
        "key": edition.store.read_facts("clean/key")["key"],
        "input": inputs,
        "run": run[:12],
    }


def _scenario_names(edition: Edition) -> dict[str, str]:
    """Ways to spend the same rupiah that this edition compares, by code; none where no list brings cash or food."""
    if not has_lists(edition):
        return {}
    compared = set(edition.store.read("estimates/scenarios")["programme"])
    return {code: name for code, name in SCENARIO_NAMES.items() if code in compared}


def _beyond_model(edition: Edition) -> list[str]:
    """Scenarios whose ranking may know of families what their judge, the model, does not."""
    if not has_lists(edition):
        return []
    table = edition.store.read("estimates/scenarios")
    return sorted(table.loc[table["beyond_model"].astype(bool), "programme"].unique())


def list_findings(
    set_aside: pd.DataFrame, findings: pd.DataFrame, minimum: int, protected: Collection[str]
) -> list[dict[str, Any]]:
    """What may be told about the lists to whoever sent them: which rules rows broke, and how often.

    Parameters
    ----------
    protected
        Lists whose rows set aside are not told: then no part of them is.

    Returns
    -------
    list of dict
        ``source, title, remedy, set_aside, rows``; ``rows`` missing where protected.
    """
    known = {entry["title"]: entry for entry in rules().values()}
    warnings = findings[findings["severity"] == "peringatan"]
    found: list[dict[str, Any]] = []
    for source in dict.fromkeys([*set_aside["source"], *warnings["source"]]):
        reasons = set_aside.loc[set_aside["source"] == source, "reason"].value_counts()
        parts, _ = protect_parts({str(reason): int(count) for reason, count in reasons.items()}, minimum)
        if source in protected:
            parts = dict.fromkeys(parts)
        cells = warnings.loc[warnings["source"] == source, "rule"].value_counts()
        warned = {rules()[str(rule)]["title"]: int(count) for rule, count in cells.items()}
        seen = {title: count if count >= minimum else None for title, count in warned.items()}
        for aside, counts in ((True, parts), (False, seen)):
            found += [
                {
                    "source": str(source),
                    "title": title,
                    "remedy": known[title]["remedy"],
                    "set_aside": aside,
                    "rows": counts[title],
                }
                for title in sorted(counts, key=lambda title: (counts[title] is None, -(counts[title] or 0), title))
            ]
    return found


def _with_ends(source: str, spans: pd.Series) -> NDArray[np.object_]:
    """The source of each row, with what its interval spans where that is more than the draws."""
    return np.where(spans.eq(DESIL), f"{source}; {UNSEEN_DESIL}", source).astype(object)


def _sums(counts: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Sums of every column per kabupaten, kecamatan and desa: ``area, indicator, value``."""
    columns = [name for name in counts.columns if name != "desa"]
    for digits in (4, 7, 10):
        sums = counts.groupby(counts["desa"].str[:digits].rename("area"))[columns].sum()
        yield sums.reset_index().melt("area", var_name="indicator", value_name="value")


def _placed(table: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """Turn the targeting room's groups into area codes; rows of an unknown place are the kabupaten's business only."""
    area = table["group"].where(table["group"] != "all", edition.area.code)
    placed = table.assign(area=area, group="")
    return placed[placed["area"].str.fullmatch(r"\d+")]


def _measures(table: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """Rows of the measures pages show, with unit and relative error."""
    shown = table[table["measure"].isin(TARGETING_UNITS)]
    units = shown["measure"].map(TARGETING_UNITS)
    return _placed(shown.assign(indicator=shown["measure"], unit=units, rse=relative_error(shown)), edition)


def relative_error(table: pd.DataFrame) -> pd.Series:
    """Standard error as a share of the value; missing where the value is zero or the error is not known."""
    size = table["value"].abs()
    return table["se"] / size.where(size > 0)
