"""The key that turns identities into tokens: where it lives, who may read it, and one subkey for each purpose."""

import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kaur_analysis.errors import DataRejected, KeyMissing, UsageError
from kaur_analysis.store import folder_on_disk, on_disk, owners_alone

KEY_BYTES = 32
KEY_VARIABLE = "KAUR_KEY_FILE"
# Published on purpose: it protects nothing and is accepted for synthetic studies alone.
_DEMO_KEY = hashlib.sha256(b"kaur-analysis: kunci contoh yang diumumkan, hanya untuk data sintetis").digest()


@dataclass(frozen=True)
class Keys:
    """A master key and what is derived from it.

    Attributes
    ----------
    synthetic_only
        Whether this is the published key of the demo, which may only touch synthetic identifiers.
    """

    _master: bytes
    synthetic_only: bool = False

    def __repr__(self) -> str:
        return f"Keys({self.key_id})"

    @property
    def key_id(self) -> str:
        """Short public name of the key for manifests; does not reveal it."""
        return self.derive("key id")[:4].hex()

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (HKDF-SHA-256, RFC 5869); keys of different purposes say nothing of each other.

        Parameters
        ----------
        purpose
            What the key is for.

        Returns
        -------
        The derived key.
        """
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=f"kaur-analysis/1/{purpose}".encode()).derive(
            self._master
        )


def demo_keys() -> Keys:
    """The published key of synthetic studies.

    Returns
    -------
    Keys
    """
    return Keys(_DEMO_KEY, synthetic_only=True)


def default_key_path() -> Path:
    """``KAUR_KEY_FILE`` where set, else a file in the user's own data folder, outside any project."""
    named = os.environ.get(KEY_VARIABLE)
    return (
        Path(named) if named else Path(platformdirs.user_data_dir("kaur-analysis", appauthor=False)) / "penyamaran.key"
    )


def create_key(path: Path | None = None) -> Path:
    """Write a new random key, readable by its owner alone.

    Parameters
    ----------
    path
        Where to; the office's usual place by default.

    Returns
    -------
    Where it was written.

    Raises
    ------
    UsageError
        A key is there already (it is never overwritten: old tokens could no longer be matched), or the place is
        inside a git repository.
    """
    target = (path or default_key_path()).expanduser().resolve()
    if target.exists():
        raise UsageError(f"Kunci sudah ada: {target}. Kunci tidak pernah ditimpa.")
    if any((folder / ".git").exists() for folder in target.parents):
        raise UsageError("Kunci tidak boleh disimpan di dalam repositori git. Pilih tempat lain.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "xb", opener=owners_alone) as stream:
        stream.write(secrets.token_bytes(KEY_BYTES).hex().encode("ascii") + b"\n")
        on_disk(stream)
    folder_on_disk(target.parent)
    return target


def load_key(path: Path | None = None) -> Keys:
    """Read the office's key.

    Parameters
    ----------
    path
        Of the key; the office's usual place by default.

    Returns
    -------
    Keys

    Raises
    ------
    KeyMissing
        There is none.
    DataRejected
        The file is damaged, or other users of the computer may read it (POSIX).
    """
    target = (path or default_key_path()).expanduser()
    if not target.is_file():
        raise KeyMissing(f"Kunci penyamaran tidak ada ({target}). Buat dengan 'kaur key new' dan simpan salinannya.")
    if os.name == "posix" and stat.S_IMODE(target.stat().st_mode) & 0o077:
        raise DataRejected(f"Kunci {target} dapat dibaca orang lain. Jalankan: chmod 600 {target}")
    try:
        master = bytes.fromhex(target.read_text(encoding="ascii").strip())
    except ValueError:
        master = b""
    if len(master) != KEY_BYTES:
        raise DataRejected(f"Kunci {target} rusak: harus 64 angka heksadesimal.")
    return Keys(master)


def keys_for(synthetic: bool, path: Path | None = None) -> Keys:
    """Keys of a study: the published one for synthetic data, else the office's own.

    Parameters
    ----------
    synthetic
        Whether the study's data are synthetic.
    path
        Of the office's key.

    Returns
    -------
    Keys

    Raises
    ------
    KeyMissing
        There is no key for real data.
    """
    return demo_keys() if synthetic else load_key(path)
