"""Pairs that the model is not sure of, for a person to judge, and the answers as data."""

from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import read_answers
from kaur_analysis.study import DECISIONS_FILE as FILE

GREY = (0.02, 0.995)
DECISION_COLUMNS = ["record", "person", "same", "check"]
CLASSES = (0.0, 0.1, 0.5, 0.9, 0.99, 1.0)  # of probability, from unlikely to sure
_CHECK_LETTERS = 8


def grey_pairs(candidates: pd.DataFrame, registry_keys: pd.DataFrame, recipient_keys: pd.DataFrame) -> pd.DataFrame:
    """Pairs between sure and impossible, those nearest to a toss-up first.

    Parameters
    ----------
    candidates
        Scored pairs of a :class:`~kaur_analysis.linkage.Linkage`.
    registry_keys, recipient_keys
        Tokens of both sides, which tie an answer to its lines.

    Returns
    -------
    DataFrame
        ``record`` (of the recipient), ``person`` and ``person_record`` (of the registry), ``probability``, ``check``
        (ties an answer to the recipient's name, so that it cannot be applied to another line of a newer list).
    """
    if candidates.empty:
        return pd.DataFrame(columns=["record", "person", "person_record", "probability", "check"])
    low, high = GREY
    unsure = candidates[candidates["probability"].between(low, high, inclusive="neither")]
    person_record = registry_keys.drop_duplicates("person").set_index("person")["record"]
    table = unsure[["record", "person", "probability"]].assign(
        person_record=unsure["person"].map(person_record), check=_check(unsure["record"], recipient_keys)
    )
    order = (table["probability"] - 0.5).abs().sort_values(kind="stable").index
    return table.loc[order].reset_index(drop=True)


def probability_classes(candidates: pd.DataFrame, decisions: pd.DataFrame | None) -> pd.DataFrame:
    """Recipients by how sure the model is of their likeliest pair, and what a review answered in each class.

    Parameters
    ----------
    candidates
        Scored pairs of a :class:`~kaur_analysis.linkage.Linkage`.
    decisions
        Answers of a review, if there are any.

    Returns
    -------
    DataFrame
        One row per class of the model's probability (``low`` excluded, ``high`` included): ``recipients`` (likeliest
        pairs), ``stated`` (their mean probability), ``answered`` (pairs that a person judged), ``answered_stated`` and
        ``same`` (mean probability of those, and the share that the person called the same person). Means of nothing
        are missing.
    """
    table = pd.DataFrame({"low": CLASSES[:-1], "high": CLASSES[1:]})
    columns = ["recipients", "stated", "answered", "answered_stated", "same"]
    if candidates.empty:
        return table.assign(**dict.fromkeys(columns, np.nan)).fillna({"recipients": 0, "answered": 0})
    best = candidates.groupby("record")["stated"].max()
    answers = candidates.merge(
        decisions if decisions is not None else pd.DataFrame(columns=["record", "person", "same"]),
        on=["record", "person"],
    ).astype({"same": float})
    recipients = best.groupby(_class_of(best)).agg(["size", "mean"])
    answered = answers.groupby(_class_of(answers["stated"])).agg(
        answered=("same", "size"), answered_stated=("stated", "mean"), same=("same", "mean")
    )
    found = recipients.set_axis(columns[:2], axis=1).join(answered, how="outer")
    return table.join(found).fillna({"recipients": 0, "answered": 0})


def _class_of(probability: pd.Series) -> pd.Series:
    """Position of a probability among :data:`CLASSES`."""
    return pd.cut(probability, list(CLASSES), include_lowest=True, labels=False)


def load_decisions(folder: Path, recipient_keys: pd.DataFrame) -> pd.DataFrame | None:
    """Answers of earlier reviews beside the study (``padanan.csv``); ``None`` where there are none.

    Parameters
    ----------
    folder
        That of the study.
    recipient_keys
        Tokens of the recipients, to see whether a line still holds the same person.

    Returns
    -------
    ``record, person, same``, or nothing where nobody has answered.

    Raises
    ------
    DataRejected
        The file is damaged, columns are missing, an answer is neither 0 nor 1, or an answer's line now holds somebody
        else.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    table = read_answers(path)
    if missing := [name for name in DECISION_COLUMNS if name not in table]:
        raise DataRejected(f"{FILE}: kolom tidak ada: {', '.join(missing)}.")
    wrong = ~table["same"].isin(["0", "1"])
    if wrong.any():
        raise DataRejected(f"{FILE}: baris {int(wrong.idxmax()) + 2}: same harus 0 atau 1.")
    moved = _check(table["record"], recipient_keys).to_numpy() != table["check"].to_numpy()
    if moved.any():
        raise DataRejected(
            f"{FILE}: {int(moved.sum())} putusan tidak cocok lagi dengan daftar (misalnya baris "
            f"{int(moved.argmax()) + 2}): daftar berubah sejak ditinjau. Tinjau ulang dengan 'kaur review'."
        )
    return table.assign(same=table["same"].astype(int))


def _check(records: pd.Series, recipient_keys: pd.DataFrame) -> pd.Series:
    """First letters of the recipient's name token; empty where the line is gone."""
    token = recipient_keys.drop_duplicates("record").set_index("record")["name_token"].fillna("")
    return records.map(token).fillna("").str[:_CHECK_LETTERS]
