"""What rules go by and the model does not know: the desil, where the survey has none to learn it from."""

from collections.abc import Callable, Collection, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.recall import Tables, of_tables
from kaur_analysis.pipeline.steps import drawn
from kaur_analysis.reference.catalogue import Programme
from kaur_analysis.targeting import informed_draws

DESIL = "desil"


def ruled_by_unseen_desil(edition: Edition) -> tuple[str, ...]:
    """Codes of the study's programmes that are :func:`ruled_by_unseen`."""
    terms = set(edition.store.read("estimates/model_coefficients")["term"])
    return tuple(programme.code for programme in ruled_by_unseen(edition.study.programmes, terms))


def ruled_by_unseen(programmes: Iterable[Programme], covariates: Collection[str]) -> list[Programme]:
    """Programmes whose rule goes by the desil where it is no covariate of the model: draws do not know what it knows.

    How many of the families that such a rule admits are extremely poor lies between what the draws say and what they
    would say had the desil known the most that it can (:func:`informed_welfare`).
    """
    return [programme for programme in programmes if DESIL in programme.eligibility.fields and DESIL not in covariates]


def informed_welfare(edition: Edition) -> NDArray[np.float32]:
    """Joint draws of welfare, had the model known the desil and had that known the most that it can."""
    (table,) = of_tables(
        edition, "desil-tahu", _informed, ("clean/families", "estimates/welfare_draws"), seed=edition.study.seed
    )
    return np.asarray(table.to_numpy(dtype=np.float32))


def desil_of_draws(read: Callable[..., pd.DataFrame]) -> pd.Series:
    """Desil of the families in the order of their draws; ``read`` reads a table of the edition."""
    desil = read("clean/families", ["family", DESIL]).set_index("family")[DESIL]
    families = read("estimates/welfare_draws", ["family"])["family"]
    return desil.reindex(families).reset_index(drop=True)


def _informed(read: Callable[..., pd.DataFrame], seed: int) -> Tables:
    draws = drawn(read("estimates/welfare_draws"))
    return [pd.DataFrame(informed_draws(draws, desil_of_draws(read), seed)).rename(columns=str)]
