"""The identity vault: the one table in which tokens lead back to people, encrypted with AES-256-GCM.

Only ``intake`` writes it, only ``pipeline.restricted`` has it opened for planning's lists, and every opening leaves a
line in the log beside it.
"""

import datetime as dt
import getpass
import io
import os
from pathlib import Path

import pandas as pd
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kaur_analysis.errors import DataRejected, UsageError, mask
from kaur_analysis.intake.keys import Keys
from kaur_analysis.store import write_bytes

VAULT_COLUMNS = ["record", "person_token", "family_token", "nik", "kk", "name", "address"]
_MAGIC = b"KAURVAULT1\n"
_NONCE_BYTES = 12


def write_vault(identities: pd.DataFrame, path: Path, keys: Keys) -> Path:
    """Encrypt identities (``VAULT_COLUMNS``) into a file, whole or not at all."""
    buffer = io.BytesIO()
    # almost every value occurs once: a dictionary would only be given up again
    identities[VAULT_COLUMNS].to_parquet(buffer, index=False, compression="zstd", use_dictionary=False)
    nonce = os.urandom(_NONCE_BYTES)
    head = _MAGIC + keys.key_id.encode("ascii") + b"\n"
    sealed = AESGCM(keys.derive("vault")).encrypt(nonce, buffer.getvalue(), head)
    return write_bytes(path, head + nonce + sealed)


def open_vault(path: Path, keys: Keys, reason: str) -> pd.DataFrame:
    """Decrypt the vault and note who opened it, when and why.

    Parameters
    ----------
    reason
        Why names are needed, e.g. ``"daftar verifikasi Dinas Sosial"``; written to ``<vault>.log``.

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
    head_end = content.find(b"\n", len(_MAGIC)) + 1
    head, sealed = content[:head_end], content[head_end:]
    if not head.startswith(_MAGIC):
        raise DataRejected("Berkas ini bukan brankas identitas.")
    made_with = head[len(_MAGIC) :].strip().decode("ascii", errors="replace")
    if made_with != keys.key_id:
        raise DataRejected(f"Brankas dibuat dengan kunci {made_with}, bukan {keys.key_id}.")
    try:
        plain = AESGCM(keys.derive("vault")).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], head)
    except InvalidTag:
        raise DataRejected("Brankas identitas rusak atau diubah.") from None
    _log(path.with_name(path.name + ".log"), reason)
    return pd.read_parquet(io.BytesIO(plain))


def _log(path: Path, reason: str) -> None:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such entry on this system
        user = "?"
    line = f"{dt.datetime.now().astimezone().isoformat(timespec='seconds')}\t{user}\t{mask(reason)}\n"
    with path.open("a", encoding="utf-8") as stream:
        stream.write(line)
