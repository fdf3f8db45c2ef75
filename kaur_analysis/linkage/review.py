"""Pairs that the model is not sure of, for a person to judge, and the answers as data."""

from pathlib import Path

import pandas as pd

from kaur_analysis.errors import DataRejected
from kaur_analysis.study import DECISIONS_FILE as FILE

GREY = (0.02, 0.995)
DECISION_COLUMNS = ["record", "person", "same", "check"]
_CHECK_LETTERS = 8


def grey_pairs(candidates: pd.DataFrame, registry_keys: pd.DataFrame, recipient_keys: pd.DataFrame) -> pd.DataFrame:
    """Pairs between sure and impossible, those nearest to a toss-up first.

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


def load_decisions(folder: Path, recipient_keys: pd.DataFrame) -> pd.DataFrame | None:
    """Answers of earlier reviews beside the study (``padanan.csv``); ``None`` where there are none.

    Raises
    ------
    DataRejected
        Columns are missing, an answer is neither 0 nor 1, or an answer's line now holds somebody else.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
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
