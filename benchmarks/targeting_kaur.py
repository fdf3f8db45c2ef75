"""Do the registry route's 95% intervals hold the true targeting errors of the synthetic Kaur with field dirt?

    python -m benchmarks.targeting_kaur --replicates 300 --runs runs.csv --out benchmarks/targeting_kaur.csv

Every replicate keeps the places and people of one synthetic Kaur (6 000 families in all 15 kecamatan) and draws anew
whatever else is random: effects of kecamatan and desa, schooling, work, housing and expenditure; who is registered,
ranked and served by three programmes; the dirt of the field on their lists; the survey. The pipeline's own steps then
run on tables in memory: cleaning of the lists, linkage, choice of the welfare model, empirical best prediction without
kecamatan codes, draws, and targeting errors and scenarios with their intervals, held against the truth that nobody told
them. So are, for the kabupaten, what the extreme poor are due and what that costs, how many programmes they have, and
why they were missed and others included; and how many are poor at all, on which all of it hangs, as the draws say it
and as the small-area model does (of every kecamatan too). Rules go by a desil that the model does not know: intervals
of needs, costs and reasons span what it may know; answers ``… by the draws alone`` are those that leave it out. Of the
desil's range the row ``desil, from informed to stated`` counts how often the two scores hold the true one between them,
and ``desil, the range with intervals`` how often their intervals together do; the value is the point of the range
nearest to the truth, so that its bias is by how much the range misses.

Files are not written and read again, the registry carries no dirt of its own, and the survey's answers are coded as the
registry's: what intake does is tested elsewhere. Ten replicates share who is registered and are linked in
one go. ``--runs`` keeps their rows, so that a long run can be stopped and taken up again.
"""

import argparse
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.cleaning import Clean
from kaur_analysis.cleaning.recipients import recipient_tables as clean_recipients
from kaur_analysis.cleaning.registry import KEY_COLUMNS
from kaur_analysis.contracts import ASSETS, CATEGORIES, COUNTS
from kaur_analysis.demo.dirt import soil_recipients
from kaur_analysis.demo.reach import add_reach
from kaur_analysis.demo.recipient_files import recipient_tables
from kaur_analysis.demo.study_file import demo_study_text
from kaur_analysis.demo.susenas_files import BLOCKS, draw_sample
from kaur_analysis.demo.world import EXTREME_LINE, POVERTY_LINE, World, make_world, redrawn
from kaur_analysis.intake import Findings, Intake, demo_keys
from kaur_analysis.intake.identity import judge_numbers
from kaur_analysis.intake.pseudonyms import Pseudonymiser
from kaur_analysis.linkage import link, reach
from kaur_analysis.pipeline.content import content
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.steps import planning, poverty, targeting
from kaur_analysis.planning import due_intervals, needs_matrix, zero_cost
from kaur_analysis.poverty import SurveyDesign, comparability, empirical_best, welfare_model
from kaur_analysis.poverty.intervals import held_interval
from kaur_analysis.poverty.unit_level import ALL
from kaur_analysis.reference import Area, load_area
from kaur_analysis.store import Store
from kaur_analysis.study import Study, load_study
from kaur_analysis.targeting import (
    Scenario,
    compare_scenarios,
    error_decomposition,
    informed_draws,
    overlap,
    targeting_measures,
)

FAMILIES = 6_000
LISTS = {"pkh_2024": "pkh", "sembako_2024": "sembako", "blt_dd_2024": "blt_dd"}
MEASURES = ("exclusion_error", "inclusion_error")
BATCH = 10
UNREGISTERED = 0.03
SCORES = ("exclusion_error", "headcount_after", "families_out")
DUE = ("families_due_extreme", "rupiah_year_extreme")
COST = ("programme_mix", "uncovered", "lifted")
ALONE = " by the draws alone"  # answers whose intervals leave out what a desil that the model does not know may know
TRANSFER = 300_000.0
KEYS = ["measure", "programme", "group"]
_HEADINGS = {
    "nik": ("NIK", "nik"),
    "kk": ("NOKK",),
    "name": ("Nama", "nama"),
    "birth": ("tanggal_lahir",),
    "kabupaten_name": ("kabupaten",),
    "kecamatan_name": ("kecamatan", "_kecamatan"),
    "desa_name": ("desa_kelurahan", "desa"),
}


@dataclass(frozen=True)
class Memory(Store):
    """Tables of one replicate, kept in memory."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    def write(self, name: str, table: pd.DataFrame) -> Path:
        """Keep a table."""
        self.tables[name] = table
        return Path(name)

    def read(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        """Hand a table out."""
        return self.tables[name] if columns is None else self.tables[name][columns]

    def hash(self, name: str) -> str:
        """Hash of what a table holds."""
        return content(self.tables[name])


@dataclass(frozen=True)
class Setting:
    """What all replicates share: the places and people of a synthetic Kaur, its study, and its people's tokens."""

    area: Area
    study: Study
    people: World
    tokens: pd.DataFrame


@cache
def setting(folder: Path, families: int) -> Setting:
    """Make the people once; ``folder`` takes the study file."""
    area = load_area("1704")
    people = make_world(area, families, np.random.default_rng(1704))
    path = folder / "studi.yaml"
    path.write_text(demo_study_text(area, area.code, 0.17, 0), encoding="utf-8")
    study = load_study(path)
    kept = tuple(s for s in study.sources if s.programme is None or s.name in LISTS)
    programmes = tuple(p for p in study.programmes if p.code in LISTS.values())
    model = study.model.model_copy(update={"mse_replicates": 0})
    study = study.model_copy(update={"sources": kept, "programmes": programmes, "model": model})
    persons, maker = people.persons, Pseudonymiser(demo_keys())
    cards = people.families.set_index("family")["kk"].loc[persons["family"]].to_numpy()
    births = persons["birth_date"].to_numpy().astype("datetime64[D]")
    tokens = pd.concat(
        [
            pd.DataFrame(
                {
                    "person_token": maker.tokens(persons["nik"].astype("str"), "nik"),
                    "family_token": maker.tokens(pd.Series(cards, dtype="str"), "kk"),
                    "female": persons["female"].astype(float),
                }
            ),
            maker.names(persons["name"].astype("str")),
            maker.births(births, persons.index),
        ],
        axis=1,
    )
    return Setting(area, study, people, tokens)


def replicates(batch: int, folder: Path, families: int = FAMILIES, size: int = BATCH) -> pd.DataFrame:
    """Value, interval and truth of both errors, per programme, kecamatan and kabupaten, by two answers.

    Replicates of a batch share who is registered, so that their lists can be linked in one go, each on its own.
    """
    known = setting(folder, families)
    registered = np.random.default_rng([batch, 0]).random(families) > UNREGISTERED
    seeds = range(batch * size, (batch + 1) * size)
    worlds, lists, randoms = {}, {}, {}
    for seed in seeds:
        random = randoms[seed] = np.random.default_rng([seed, 1])
        world = redrawn(known.people, random)
        world.families["registered"] = registered
        add_reach(world, random)
        written = recipient_tables(world, (known.area.province_name, known.area.name), random)
        worlds[seed] = world
        lists[seed] = {name: soil_recipients(written[name], random) for name in LISTS}
    links = _links(known, lists, registered)
    return pd.concat(
        _replicate(seed, known, folder, worlds[seed], lists[seed], links[links["period"] == str(seed)], randoms[seed])
        for seed in seeds
    )


def _replicate(
    seed: int,
    known: Setting,
    folder: Path,
    world: World,
    lists: dict[str, pd.DataFrame],
    links: pd.DataFrame,
    random: np.random.Generator,
) -> pd.DataFrame:
    registered = world.families[world.families["registered"]].reset_index(drop=True)
    survey = _survey(world, random)
    # The official share of a kabupaten is what this very survey says, with the error that has.
    share = float(np.average(survey["expenditure_rp_month"] < POVERTY_LINE, weights=survey["weight_person"]))
    benchmark = known.study.benchmark.model_copy(update={"share": round(share, 4)}) if known.study.benchmark else None
    study = known.study.model_copy(update={"seed": seed, "benchmark": benchmark})
    edition = Edition(study, folder / "studi.yaml", known.area, Memory(folder, folder, study.edition))
    store = edition.store
    store.write("clean/families", _families(registered))
    store.write("clean/persons", _persons(world, registered))
    store.write("clean/survey", survey)
    store.write("clean/links", links)
    design = poverty.survey_design(edition)
    covariates = _covariates(edition, design)
    store.write("estimates/model_coefficients", pd.DataFrame({"term": covariates}))
    areas = _small_areas(study, design, _registry(edition), covariates)
    poverty.family_poverty(edition, areas)
    found = [
        _held_against_truth(edition, targeting.registry_route(edition), world, lists),
        _area_model(edition, areas, registered),
    ]
    return pd.concat(found, ignore_index=True).assign(seed=seed)


def _families(registered: pd.DataFrame) -> pd.DataFrame:
    """Registry families as cleaning leaves them."""
    named = ["kecamatan", "desa", *COUNTS, "head_age", *CATEGORIES, *ASSETS, "floor_area_m2", "has_business"]
    table = registered[[*named, "disabled_members", "severely_disabled", "pregnant", "desil"]]
    numeric = {name: float for name in table if name not in ("kecamatan", "desa", *CATEGORIES)}
    return table.astype(numeric).assign(
        family=registered["family"].astype("str"),
        head_female=registered["head_female"].astype(float),
        in_targeting_list=registered["listed"].astype(float),
    )


def _persons(world: World, registered: pd.DataFrame) -> pd.DataFrame:
    own = world.persons[world.persons["family"].isin(registered["family"])]
    return pd.DataFrame(
        {
            "person": own.index.astype("str"),
            "family": own["family"].astype("str").to_numpy(),
            "age": own["age"].astype(float).to_numpy(),
            "female": own["female"].astype(float).to_numpy(),
            "is_head": (own["order"] == 0).astype(float).to_numpy(),
            "in_school": own["in_school"].astype(float).to_numpy(),
            "disabled": own["disabled"].astype(float).to_numpy(),
        }
    )


def _survey(world: World, random: np.random.Generator) -> pd.DataFrame:
    """A Susenas sample without kecamatan codes; receipt as reported."""
    sample = draw_sample(world, 1704, BLOCKS, random)
    owner = sample["families"].explode().astype(int)
    counts = world.families.set_index("family")[list(COUNTS)].loc[owner].groupby(owner.index.to_numpy()).sum()
    facts = sample[["head_age", *CATEGORIES, *ASSETS, "floor_area_m2", "has_business", "expenditure_rp_month"]]
    return pd.concat([facts, counts.astype(float)], axis=1).assign(
        household=[f"{number}" for number in range(len(sample))],
        head_female=sample["head_female"].astype(float),
        urban=sample["urban"].astype(float),
        psu=sample["PSU"].astype("str"),
        stratum=sample["STRATA"].astype("str"),
        weight_household=sample["FWT"],
        weight_person=sample["FWT"] * counts["household_size"],
        **{f"received_{code}": sample[code].astype(float) for code in LISTS.values()},
    )


def _registry(edition: Edition) -> pd.DataFrame:
    """Registry families with receipt of each programme as in the survey."""
    links = reach(edition.store.read("clean/links"))
    received = links.pivot_table(index="family", columns="programme", values="received", aggfunc="max")
    flags = (received >= edition.study.thresholds.link_probability).astype(float).add_prefix("received_")
    registry = edition.store.read("clean/families").join(flags, on="family")
    return registry.fillna(dict.fromkeys(flags.columns, 0.0))


def _covariates(edition: Edition, design: SurveyDesign) -> tuple[str, ...]:
    """The step ``choose_model`` with two of its four candidates: all covariates, or the few that a lasso keeps."""
    shared = poverty.shared_covariates(edition, design.data)
    comparison = comparability(design.data, _registry(edition), shared, "weight_household")
    candidates = list(comparison.loc[comparison["comparable"], "covariate"])
    line, seed = edition.study.line("poverty"), edition.study.seed
    kept = poverty.receipt_covariates(candidates)
    kinds = ("wls", "lasso")
    model = welfare_model(
        design, poverty.WELFARE, candidates, line, kinds=kinds, always=kept, rare=poverty.RARE, seed=seed
    )
    return model.covariates


def _small_areas(
    study: Study, design: SurveyDesign, registry: pd.DataFrame, covariates: tuple[str, ...]
) -> poverty.SmallAreas:
    """The step ``fit_small_areas``, headcounts only."""
    before = empirical_best(
        design.data,
        registry,
        poverty.WELFARE,
        covariates,
        "kecamatan",
        {"poor": study.line("poverty"), "extreme": study.line("extreme")},
        indicators=("fgt0",),
        method="census_eb",
        census_weights="household_size",
        seed=study.seed,
        psu="psu",
        unseen="reference",
        rare=poverty.RARE,
    )
    if study.benchmark is None:
        raise AssertionError("the demo has an official share")
    error = poverty.official_error(study, design)
    after = before.benchmarked(study.benchmark.share, "poor", error=error)
    return poverty.SmallAreas(before, after, registry, covariates, pd.DataFrame(), error)


def _links(known: Setting, lists: dict[int, dict[str, pd.DataFrame]], registered: np.ndarray) -> pd.DataFrame:
    """The dirty lists read, tokenised, cleaned and linked to the registry; a replicate's lists are its own period."""
    maker = Pseudonymiser(demo_keys())
    read = pd.concat(
        [_read(name, rows, seed) for seed, own in lists.items() for name, rows in own.items()], ignore_index=True
    )
    persons = known.people.persons
    inside = registered[persons["family"].to_numpy()]
    masks = maker.shared_masks(
        {"registry": persons.loc[inside, "nik"].astype("str").reset_index(drop=True), "recipients": read["nik"]}
    )
    tokens = pd.DataFrame(
        {"person_token": maker.tokens(read["nik"], "nik"), "family_token": maker.tokens(read["kk"], "kk")}
    )
    births = read["birth"].to_numpy().astype("datetime64[D]")
    rows = pd.concat([read, tokens, maker.names(read["name"]), maker.births(births, read.index)], axis=1)
    rows = rows.assign(nik_masks=masks["recipients"].to_numpy(), female=np.nan, region_codes="kemendagri")
    empty = pd.DataFrame(columns=["record", "source", "file", "sheet", "line"])
    nothing = dict.fromkeys((f.name for f in Intake.__dataclass_fields__.values()), empty)
    recipients, recipient_keys = clean_recipients(Intake(**nothing | {"recipients": rows}), known.study, Findings())
    places = known.people.families.set_index("family").loc[persons.loc[inside, "family"], ["kecamatan", "desa"]]
    registry_keys = known.tokens[inside].assign(
        person=persons.index[inside].astype("str"),
        record=persons.index[inside].astype("str"),
        family=persons.loc[inside, "family"].astype("str"),
        nik_masks=masks["registry"].to_numpy(),
        kecamatan=places["kecamatan"].to_numpy(),
        desa=places["desa"].to_numpy(),
    )[["person", "family", *KEY_COLUMNS, "female", "kecamatan", "desa"]]
    cleaned = Clean(**dict.fromkeys(Clean.__dataclass_fields__, empty))
    cleaned = replace(
        cleaned,
        recipients=recipients,
        recipient_keys=recipient_keys,
        registry_keys=registry_keys.reset_index(drop=True),
    )
    return link(cleaned, known.study).links


def _read(name: str, rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """One list under canonical headings, as intake would hand it on."""
    found = {
        column: next((rows[heading].astype("str") for heading in headings if heading in rows), "")
        for column, headings in _HEADINGS.items()
    }
    table = pd.DataFrame(found, index=rows.index).reset_index(drop=True)
    line = pd.Series(range(2, len(table) + 2))
    return table.assign(
        nik=judge_numbers(table["nik"], "nik", True).usable,
        kk=judge_numbers(table["kk"], "kk", True).usable,
        birth=pd.to_datetime(table["birth"], format="%d/%m/%Y", errors="coerce"),
        record=f"{name}:{seed}:" + line.astype("str"),
        source=name,
        file=name,
        sheet="",
        line=line,
        programme=LISTS[name],
        period=str(seed),
    )


def _held_against_truth(
    edition: Edition, route: targeting.RegistryRoute, world: World, lists: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Errors of the families in the registry: estimated with intervals, by yes/no, and true."""
    truth = world.families.set_index(world.families["family"].astype("str")).loc[route.frame["family"]]
    frame = route.frame.assign(
        truly_poor=truth["extreme"].astype(float).to_numpy(),
        said_poor=(route.frame["expected_welfare_rp_month"] < EXTREME_LINE).astype(float),
    )
    programmes = list(route.programmes)
    for name, code in LISTS.items():
        frame[f"true_{code}"] = truth["family"].isin(set(lists[name]["_family"])).astype(float).to_numpy()
        frame[f"said_{code}"] = (frame[code] > 0.5).astype(float)
    drawn = {"poor_draws": route.poor_draws}
    answers = {
        "registry route": targeting_measures(frame, "p_extreme", programmes, by="kecamatan", **drawn),
        "naive yes/no": _errors(frame, "said_poor", "said_", programmes),
    }
    true = _errors(frame, "truly_poor", "true_", programmes)
    parts = [
        _beside(table[table["measure"].isin(MEASURES)], true).assign(answer=name) for name, table in answers.items()
    ]
    true_frame = frame.assign(p_extreme=frame["truly_poor"], **{code: frame[f"true_{code}"] for code in programmes})
    welfare = truth["expenditure_rp_month"].to_numpy(dtype=float)
    found = [
        _level(route, welfare),
        _reasons(edition, route, true_frame),
        _overlap(route, true_frame),
        _needs_and_cost(edition, route, true_frame, welfare),
        _scenarios(route, truth),
    ]
    return pd.concat([*parts, *found], ignore_index=True)


def _area_model(edition: Edition, areas: poverty.SmallAreas, registered: pd.DataFrame) -> pd.DataFrame:
    """Shares of people below the lines as the small-area model states them."""
    people = registered["household_size"].to_numpy(dtype=float)
    place = registered["kecamatan"].to_numpy()
    total = pd.Series(people).groupby(place).sum()
    stated = areas.after.estimates.set_index(["indicator", "area"])
    tables = []
    for measure, indicator, line in (
        ("poor_share", "fgt0_poor", POVERTY_LINE),
        ("extreme_share", "fgt0_extreme", EXTREME_LINE),
    ):
        below = people * (registered["expenditure_rp_month"].to_numpy(dtype=float) < line)
        truth = pd.Series(below).groupby(place).sum() / total
        truth[ALL] = below.sum() / people.sum()
        own = stated.loc[indicator, ["value", "low", "high"]]
        tables.append(own.assign(measure=measure, truth=truth.reindex(own.index).to_numpy()))
    table = pd.concat(tables).rename_axis("group").reset_index()
    return table.assign(programme="all", group=table["group"].replace({ALL: "all"}), answer="area model")


def _level(route: targeting.RegistryRoute, welfare: np.ndarray) -> pd.DataFrame:
    """How many are poor at all, as the draws say: everything else hangs on it."""
    people = route.frame["household_size"].to_numpy(dtype=float)
    counted = {
        "poor_share": (POVERTY_LINE, "p_poor", people / people.sum()),
        "extreme_families": (EXTREME_LINE, "p_extreme", np.ones(len(people))),
    }
    rows = []
    for measure, (line, chance, weight) in counted.items():
        value = weight @ route.frame[chance].to_numpy(dtype=float)
        low, high = held_interval([value], weight[None, :] @ (route.welfare_draws < line))
        limits = {"value": value, "low": low[0], "high": high[0], "truth": weight @ (welfare < line)}
        rows.append({"measure": measure, "programme": "all", "group": "all", **limits})
    return pd.DataFrame(rows).assign(answer="level")


def _reasons(edition: Edition, route: targeting.RegistryRoute, true_frame: pd.DataFrame) -> pd.DataFrame:
    """Families of the kabupaten by reason of their error: by the draws alone, and as the pipeline states them."""
    eligible = {code: f"eligible_{code}" for code in route.programmes}
    given = {"poor": "p_extreme", "received": list(eligible), "listed": "listed", "eligible": eligible}
    true = error_decomposition(true_frame, **given)
    tables = {
        f"reasons{ALONE}": error_decomposition(route.frame, poor_draws=route.poor_draws, **given),
        "reasons": targeting.split_by_reason(edition, route, eligible, "kecamatan"),
    }
    parts = []
    for name, table in tables.items():
        told = (table["group"] == "all") & table["measure"].str.endswith("_families") & (table["high"] > table["low"])
        parts.append(_beside(table[told], true).assign(answer=name))
    return pd.concat(parts)


def _overlap(route: targeting.RegistryRoute, true_frame: pd.DataFrame) -> pd.DataFrame:
    """The extreme poor of the kabupaten by number of programmes."""
    programmes = list(route.programmes)
    stated = overlap(route.frame, programmes, "p_extreme", poor_draws=route.poor_draws).measures
    told = stated["measure"].str.match("^poor_(none|one|several)$")
    return _beside(stated[told], overlap(true_frame, programmes, "p_extreme").measures).assign(answer="overlap")


def _needs_and_cost(
    edition: Edition, route: targeting.RegistryRoute, true_frame: pd.DataFrame, welfare: np.ndarray
) -> pd.DataFrame:
    """What the extreme poor of the kabupaten are due, and what their programmes cost, leave and lift.

    Stated by the draws alone and as the pipeline does, beside the truth: the true lists and the true poor. The mix of
    programmes is that of the stated poverty in both, for the office has no other.
    """
    store, programmes = edition.store, edition.study.programmes
    families, modelled = store.read("clean/families"), store.read("estimates/family_poverty")
    stated = planning.match_needs(edition)
    listed = true_frame.melt("family", [*route.programmes], "programme", "received").assign(period="2024")
    true = needs_matrix(families, modelled, listed, programmes, persons=store.read("clean/persons"))
    draws = {"draws": route.welfare_draws, "line_rp_month": EXTREME_LINE, "seed": edition.study.seed}
    due = {
        f"needs{ALONE}": due_intervals(stated, modelled, programmes, levels=("kabupaten",), **draws),
        "needs": planning.due_of_each(edition, stated)[1],
    }
    value, truth = (
        _due(needs, poor)
        for needs, poor in ((stated, stated["p_extreme"]), (true, true["family"].map(_poor_of(true_frame))))
    )
    parts = []
    for name, table in due.items():
        known = table[(table["fund"] == "") & (table["area"] == edition.area.code)]
        named = value.merge(known[["programme", "measure", "low", "high"]], on=["programme", "measure"])
        parts.append(_beside(named, truth).assign(answer=name))
    truly = {"draws": np.repeat(welfare[:, None], 2, axis=1), "line_rp_month": EXTREME_LINE}
    true_cost = _cost(zero_cost(modelled, true, programmes, **truly), edition).assign(value=lambda table: table["low"])
    costs = {
        f"cost{ALONE}": zero_cost(modelled, stated, programmes, **draws),
        "cost": planning.cost_of_zero(edition, stated),
    }
    parts += [_beside(_cost(table, edition), true_cost).assign(answer=name) for name, table in costs.items()]
    return pd.concat(parts)


def _due(needs: pd.DataFrame, poor: pd.Series) -> pd.DataFrame:
    """Families and rupiah due to the extreme poor, by programme."""
    due = pd.DataFrame({"programme": needs["programme"], DUE[0]: needs["due"] * poor})
    due[DUE[1]] = due[DUE[0]] * needs["rupiah_year"]
    return due.groupby("programme", as_index=False).sum().melt("programme", var_name="measure").assign(group="all")


def _cost(table: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """The kabupaten's rows of what the mix costs, leaves and lifts; of true draws both limits are the truth."""
    kept = table["measure"].isin(COST) & (table["area"] == edition.area.code) & (table["fund"] == "")
    return table[kept].assign(
        value=table["families"].fillna(table["rupiah_year"]),
        programme=table["programme"].replace("", "all"),
        group="all",
    )


def _poor_of(true_frame: pd.DataFrame) -> pd.Series:
    return true_frame.set_index("family")["truly_poor"]


def _beside(stated: pd.DataFrame, true: pd.DataFrame) -> pd.DataFrame:
    """Rows as stated with their truth."""
    truth = true.set_index(KEYS)["value"].reindex(pd.MultiIndex.from_frame(stated[KEYS]))
    return stated[[*KEYS, "value", "low", "high"]].assign(truth=truth.to_numpy())


def _scenarios(route: targeting.RegistryRoute, truth: pd.DataFrame) -> pd.DataFrame:
    """Scores of two rankings as the pipeline states them, on draws of welfare, and as they truly are."""
    frame = route.frame.assign(
        delivered=route.frame[list(route.programmes)].sum(axis=1) * TRANSFER,
        desil_rank=route.frame["desil"],
        welfare=truth["expenditure_rp_month"].to_numpy(),
    )
    alternatives = [
        Scenario("delivered", "delivered", "delivered"),
        Scenario("desil", "ranked", "desil_rank"),
        Scenario("model", "ranked", "expected_welfare_rp_month"),
    ]
    draws = route.welfare_draws[:, : targeting.SCENARIO_DRAWS]
    informed = informed_draws(draws, frame["desil_rank"], seed=int(frame["family"].nunique()))
    stated, best, true = (
        compare_scenarios(
            frame,
            "welfare",
            EXTREME_LINE,
            alternatives,
            TRANSFER,
            household_size="household_size",
            welfare_includes_benefit=False,
            welfare_draws=given,
        )
        for given in (draws, informed, None)
    )
    wanted = stated["measure"].isin(SCORES) & stated["programme"].isin(["desil", "model"])
    scored, at_best = _beside(stated[wanted], true), _beside(best[wanted], true)
    at_best = at_best[at_best["programme"] == "desil"]
    both = scored.loc[at_best.index]
    ranges = {
        "desil, from informed to stated": (
            np.minimum(both["value"], at_best["value"]),
            np.maximum(both["value"], at_best["value"]),
        ),
        "desil, the range with intervals": (
            np.minimum(both["low"], at_best["low"]),
            np.maximum(both["high"], at_best["high"]),
        ),
    }
    held = [
        at_best.assign(programme=name, value=at_best["truth"].clip(low, high), low=low, high=high)
        for name, (low, high) in ranges.items()
    ]
    return pd.concat([scored, at_best.assign(programme="desil, informed"), *held]).assign(answer="scenarios")


def _errors(frame: pd.DataFrame, poor: str, prefix: str, programmes: list[str]) -> pd.DataFrame:
    named = frame[[poor, "kecamatan"]].join(frame[[f"{prefix}{code}" for code in programmes]].rename(
        columns=lambda name: name.removeprefix(prefix)
    ))  # fmt: skip
    return targeting_measures(named, poor, programmes, by="kecamatan")


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """Bias and coverage of nominal 95% intervals with its Monte Carlo error, by answer, level and measure.

    A kecamatan without a truly poor family, or without a recipient, has no true error and is left out.
    """
    known = found.dropna(subset=["value", "truth"])
    level = np.where(known["group"] == "all", "kabupaten", "kecamatan")
    inside = ((known["low"] <= known["truth"]) & (known["truth"] <= known["high"])).astype(float)
    known = known.assign(
        level=level,
        inside=inside.where(known["low"].notna()),
        error=known["value"] - known["truth"],
        width=known["high"] - known["low"],
    )
    parts = [known.assign(programme="every programme"), known]
    by = ["answer", "level", "measure", "programme"]
    table = (
        pd.concat(parts)
        .groupby(by)
        .agg(
            truth=("truth", "mean"),
            value=("value", "mean"),
            bias=("error", "mean"),
            rmse=("error", lambda error: float(np.sqrt((error**2).mean()))),
            width=("width", "mean"),
            coverage=("inside", "mean"),
        )
    )
    by_seed = pd.concat(parts).groupby([*by, "seed"])["inside"].mean()
    table["coverage_error"] = by_seed.groupby(level=[0, 1, 2, 3]).sem()
    table["replicates"] = by_seed.groupby(level=[0, 1, 2, 3]).size()
    return table.round(4).reset_index()


def run(first: int, wanted: int, runs: Path) -> pd.DataFrame:
    """Every batch not yet in ``runs``, appended one by one; the wanted replicates from the first below each other."""
    done = set(pd.read_csv(runs, usecols=["seed"])["seed"]) if runs.is_file() else set()
    for batch in range(first // BATCH, (first + wanted) // BATCH):
        if (batch + 1) * BATCH - 1 not in done:
            table = replicates(batch, runs.parent)
            table.to_csv(runs, mode="a", header=not runs.is_file(), index=False, lineterminator="\n")
    found = pd.read_csv(runs, dtype={"group": str})
    return found[found["seed"].between(first, first + wanted - 1)]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=1000, help="seed of the first replicate")
    parser.add_argument("--replicates", type=int, default=300)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    table = summary(run(options.first, options.replicates, options.runs))
    print(table.to_string(index=False))
    if options.out:
        table.to_csv(options.out, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
