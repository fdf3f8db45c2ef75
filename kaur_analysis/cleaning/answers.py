"""Codes under which people answered, as the families are called today: a newer registry gives families new codes."""

import pandas as pd

from kaur_analysis.errors import StudyRejected

MOST_LOST = 0.5  # families leave a registry one by one; where most are gone, another registry has taken its place


def current_codes(file: str, codes: pd.Series, families: pd.Series, former: pd.DataFrame) -> pd.Series:
    """Codes of families as they are today.

    Parameters
    ----------
    file
        Name of the file in which the codes stand.
    codes
        Family of each answer, as the lists called it when they were written.
    families
        Families of today.
    former
        From :attr:`kaur_analysis.cleaning.Clean.former_codes`: ``former, family``.

    Returns
    -------
    Today's code of each answer; one that no family has or had stays as it is.

    Raises
    ------
    StudyRejected
        More than half of the codes are of no family: the answers would be lost without a word.
    """
    renamed = former.set_index("former")["family"]
    known = codes.isin(families)
    current = codes.where(known, codes.map(renamed).fillna(codes))
    answered = current[~current.duplicated()]
    lost = int((~answered.isin(families)).sum())
    if lost > MOST_LOST * len(answered):
        raise StudyRejected(
            f"{file}: {lost} dari {len(answered)} kode keluarga tidak ada di registri studi ini, sehingga jawabannya "
            "akan hilang. Bila registri diganti, sebut juga registri lamanya di sources dan registry.precedence, "
            "supaya keluarganya dikenali kembali. Baris keluarga yang memang tidak ada lagi, hapus dari berkas itu."
        )
    return current


def unknown_codes(file: str, codes: pd.Series, families: pd.Series, former: pd.DataFrame) -> str:
    """What to tell of answers about families that are not there any more; empty where there are none.

    Parameters
    ----------
    file, codes, families, former
        As for :func:`current_codes`.

    Returns
    -------
    A sentence.

    Raises
    ------
    StudyRejected
        As :func:`current_codes`.
    """
    current = current_codes(file, codes, families, former).drop_duplicates()
    lost = int((~current.isin(families)).sum())
    if not lost:
        return ""
    return f"{file}: {lost} dari {len(current)} kode keluarga tidak ada di registri; jawabannya tidak dipakai."
