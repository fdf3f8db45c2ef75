"""The identity vault: the one table in which tokens lead back to people, encrypted with AES-256-GCM.

Only ``intake`` writes it, only ``planning`` opens it, for its lists by name, and every opening leaves a line in the log
beside it.
"""

import datetime as dt
import getpass
import io
import os
from pathlib import Path

import pandas as pd

from kaur_analysis.errors import DataRejected, UsageError, mask
from kaur_analysis.intake.keys import Keys
from kaur_analysis.intake.seal import sealing, unseal
from kaur_analysis.store import PARTIAL, append_entry, writing

VAULT_COLUMNS = ["record", "person_token", "family_token", "nik", "kk", "name", "address"]
_MAGIC = b"KAURVAULT1\n"
_PURPOSE = "vault"


def write_vault(identities: pd.DataFrame, path: Path, keys: Keys) -> Path:
    """Encrypt identities (``VAULT_COLUMNS``) into a file, whole or not at all."""
    head = _MAGIC + keys.key_id.encode("ascii") + b"\n"
    with writing(path, private=True) as stream, sealing(stream, keys, _PURPOSE, head) as sealed:
        # almost every value occurs once: a dictionary would only be given up again
        identities[VAULT_COLUMNS].to_parquet(sealed, index=False, compression="zstd", use_dictionary=False)
    return path


def waiting_vault(path: Path) -> Path:
    """Where this process puts identities that are read but not yet accepted; a killed run's is swept by the next."""
    return path.with_name(f"{path.name}.baru.{os.getpid()}{PARTIAL}")


def keep_vault(path: Path) -> Path:
    """Let the identities read last by this process take the vault's place, now that what was read is accepted.

    Parameters
    ----------
    path
        The vault, as it was given to :func:`~kaur_analysis.intake.read_study`.

    Returns
    -------
    The vault.

    Raises
    ------
    UsageError
        Nothing was read for it, or it has been put there already.
    """
    try:
        return waiting_vault(path).replace(path)
    except FileNotFoundError:
        raise UsageError("Identitas masukan ini tidak ada lagi. Baca masukan sekali lagi.") from None


def open_vault(path: Path, keys: Keys, reason: str) -> pd.DataFrame:
    """Decrypt the vault and note who opened it, when and why.

    Parameters
    ----------
    path, keys
        The vault, and the office's key that made it.
    reason
        Why names are needed, e.g. ``"daftar verifikasi Dinas Sosial"``; written to ``<vault>.log``.

    Returns
    -------
    Identities: one row per record.

    Raises
    ------
    UsageError
        No vault, or no reason given.
    DataRejected
        Another key made it, or the file was changed.
    """
    if not reason.strip():
        raise UsageError("Membuka brankas identitas memerlukan alasan.")
    if not path.is_file():
        raise UsageError("Brankas identitas belum ada. Jalankan dahulu langkah 01.")
    content = path.read_bytes()
    head = content[: content.find(b"\n", len(_MAGIC)) + 1]
    if not head.startswith(_MAGIC):
        raise DataRejected("Berkas ini bukan brankas identitas.")
    made_with = head[len(_MAGIC) :].strip().decode("ascii", errors="replace")
    if made_with != keys.key_id:
        raise DataRejected(f"Brankas dibuat dengan kunci {made_with}, bukan {keys.key_id}.")
    plain = unseal(content, keys, _PURPOSE, head)
    if plain is None:
        raise DataRejected("Brankas identitas rusak atau diubah.")
    _log(path.with_name(path.name + ".log"), reason)
    return pd.read_parquet(io.BytesIO(plain))


def _log(path: Path, reason: str) -> None:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such entry on this system
        user = "?"
    time = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    append_entry(path, {"time": time, "user": user, "reason": mask(reason)})
