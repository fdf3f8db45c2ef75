"""Does the registry route's 95% interval hold the true targeting errors? A self-contained simulation.

    python -m benchmarks.targeting_simulation --replicates 500 --out benchmarks/targeting_simulation.csv

Each replicate makes a small kabupaten (15 kecamatan, log-normal welfare with area effects), a survey of it that reports
receipt, a registry without welfare, and a list whose links are partly uncertain. The registry's poverty draws come from
a nested-error model fitted to the survey by Gibbs sampling. True errors are those of the registry's families.

Worlds: recipients chosen on what the covariates show, or partly on true welfare beyond them; links known, or a tenth of
the families doubtful. Answers: draws of P(poor | x) with links as the linkage gives them or updated by the covariates;
draws adjusted for receipt by the survey as well; and the naive yes/no classification, which has no interval.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from kaur_analysis.targeting import links_given_covariates, receipt_adjustment, receipt_draws, targeting_measures

AREAS = 15
BETA = np.array([13.2, 0.25, 0.15, -0.2])
AREA_SD, FAMILY_SD = 0.15, 0.45
LINE = 390_000.0
MEASURES = ("exclusion_error", "inclusion_error")
# What recipients are chosen on beyond the covariates (weight of the hidden part of welfare), and doubtful links.
WORLDS = {
    "on covariates, links known": (0.0, 0.0),
    "on covariates, links doubtful": (0.0, 0.1),
    "on welfare, links doubtful": (0.8, 0.1),
}


@dataclass(frozen=True)
class World:
    """One simulated kabupaten: registry families, and survey households that cannot be found among them."""

    families: pd.DataFrame
    covariates: np.ndarray
    is_sampled: np.ndarray


def world(
    generator: np.random.Generator, beyond: float, doubtful: float, registry: int = 3000, survey: int = 600
) -> World:
    """Families with true welfare, true receipt and link probabilities; the last ``survey`` of them are interviewed."""
    families = registry + survey
    area = generator.integers(0, AREAS, families)
    X = np.column_stack([np.ones(families), generator.normal(size=(families, 3))])
    shown = X @ BETA
    hidden = AREA_SD * generator.normal(size=AREAS)[area] + FAMILY_SD * generator.normal(size=families)
    welfare = np.exp(shown + hidden)
    merit = -(shown - shown.mean()) / shown.std() - beyond * hidden / hidden.std()
    received = (merit + generator.normal(size=families) > 1.1 * np.sqrt(2 + beyond**2) / np.sqrt(2)).astype(float)
    is_doubtful = generator.random(families) < doubtful
    # Evidence for a doubtful link, and the probability that follows with the overall prior.
    evidence = generator.normal(size=families) + 2.0 * received
    prior = received.mean()
    doubted = expit(np.log(prior / (1 - prior)) + 2.0 * evidence - 2.0)
    frame = pd.DataFrame(
        {
            "area": area.astype(str),
            "welfare": welfare,
            "truly_poor": (welfare < LINE).astype(float),
            "truly_received": received,
            "pkh": np.where(is_doubtful, doubted, received),
        }
    )
    return World(frame, X, np.arange(families) >= registry)


def posterior(generator: np.random.Generator, X: np.ndarray, area: np.ndarray, y: np.ndarray, draws: int) -> Iterator:
    """Gibbs draws (β, area effects, σ_e) of the nested-error model, flat priors on β, log σ_e and σ_u."""
    gram = np.linalg.inv(X.T @ X)
    root = np.linalg.cholesky(gram)
    counts = np.bincount(area, minlength=AREAS)
    effects, error, between = np.zeros(AREAS), 0.2, 0.02
    for step in range(100 + 2 * draws):
        beta = gram @ (X.T @ (y - effects[area])) + np.sqrt(error) * root @ generator.normal(size=X.shape[1])
        residual = y - X @ beta
        precision = counts / error + 1 / between
        effects = np.bincount(area, residual, AREAS) / error / precision
        effects = effects + generator.normal(size=AREAS) / np.sqrt(precision)
        error = ((residual - effects[area]) ** 2).sum() / generator.chisquare(len(y))
        between = max((effects**2).sum() / generator.chisquare(AREAS - 1), 1e-8)
        if step >= 100 and step % 2:
            yield beta, effects, np.sqrt(error)


def replicate(seed: int, beyond: float, doubtful: float, draws: int = 200) -> pd.DataFrame:
    """One replicate: truth, and value, low, high of each answer, for everyone and per area."""
    generator = np.random.default_rng(seed)
    made = world(generator, beyond, doubtful)
    everyone, X = made.families, made.covariates
    area = everyone["area"].to_numpy().astype(int)
    sampled = made.is_sampled
    log_welfare = np.log(everyone["welfare"].to_numpy())
    poor_draws = np.empty((len(everyone), draws), dtype=bool)
    chance = np.zeros(len(everyone))
    fitted = np.zeros(len(everyone))
    for m, (beta, effects, error) in enumerate(
        posterior(generator, X[sampled], area[sampled], log_welfare[sampled], draws)
    ):
        mean = X @ beta + effects[area]
        poor_draws[:, m] = mean + error * generator.normal(size=len(mean)) < np.log(LINE)
        chance += norm.cdf((np.log(LINE) - mean) / error) / draws
        fitted += mean / draws
    everyone["p"] = chance
    survey = everyone[sampled].assign(pkh=everyone["truly_received"])
    adjustment = receipt_adjustment(survey, "truly_poor", "p", "pkh")
    frame = everyone[~sampled].copy()
    poor_draws, chance, fitted = poor_draws[~sampled], chance[~sampled], fitted[~sampled]
    frame["logit_p"] = logit(np.clip(chance, 1e-4, 1 - 1e-4))
    plain_lists = receipt_draws(frame, "pkh", draws, seed=seed)
    known = frame.assign(pkh=links_given_covariates(frame, "pkh", ["logit_p"]))
    lists = receipt_draws(known, "pkh", draws, seed=seed)
    adjusted = adjustment.draws(poor_draws, chance, lists, frame["area"], seed=seed)
    known["adjusted"] = adjusted.mean(axis=1)
    frame["naive"] = (fitted < np.log(LINE)).astype(float)
    frame["naive_list"] = (frame["pkh"] > 0.5).astype(float)
    answers = {
        "P(poor | x), links as given": targeting_measures(
            frame, "p", "pkh", by="area", poor_draws=poor_draws, received_draws=plain_lists
        ),
        "P(poor | x), links given x": targeting_measures(
            known, "p", "pkh", by="area", poor_draws=poor_draws, received_draws=lists
        ),
        "P(poor | x, receipt), links given x": targeting_measures(
            known, "adjusted", "pkh", by="area", poor_draws=adjusted, received_draws=lists
        ),
        "naive yes/no": targeting_measures(frame, "naive", "naive_list", by="area"),
    }
    truth = targeting_measures(frame, "truly_poor", "truly_received", by="area").set_index(["measure", "group"])[
        "value"
    ]
    parts = []
    for answer, table in answers.items():
        kept = table[table["measure"].isin(MEASURES)].copy()
        kept["truth"] = truth.loc[pd.MultiIndex.from_frame(kept[["measure", "group"]])].to_numpy()
        parts.append(kept.assign(answer=answer, seed=seed))
    return pd.concat(parts)


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """Bias, coverage of the 95% intervals and its Monte-Carlo error, per world, answer, level and measure."""
    known = results.dropna(subset=["value", "truth"])
    level = np.where(known["group"] == "all", "kabupaten", "kecamatan")
    covered = ((known["low"] <= known["truth"]) & (known["truth"] <= known["high"])).astype(float)
    known = known.assign(
        level=level, covered=covered.where(known["low"].notna()), error=known["value"] - known["truth"]
    )
    grouped = known.groupby(["world", "answer", "level", "measure"])
    table = grouped.agg(
        truth=("truth", "mean"), value=("value", "mean"), bias=("error", "mean"), coverage=("covered", "mean")
    )
    by_seed = known.groupby(["world", "answer", "level", "measure", "seed"])["covered"].mean()
    table["coverage_error"] = by_seed.groupby(level=[0, 1, 2, 3]).sem()
    table["replicates"] = by_seed.groupby(level=[0, 1, 2, 3]).size()
    return table.round(4).reset_index()


def simulate(replicates: int, worlds: dict[str, tuple[float, float]] = WORLDS) -> pd.DataFrame:
    """Run all replicates of the worlds; seeds are the replicate numbers."""
    return pd.concat(
        replicate(seed, *settings).assign(world=name) for name, settings in worlds.items() for seed in range(replicates)
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    table = summary(simulate(options.replicates))
    print(table.to_string(index=False))
    if options.out:
        table.to_csv(options.out, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
