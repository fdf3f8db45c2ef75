"""Bytes sealed under the office's key (AES-256-GCM): nobody reads or changes them without it."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from kaur_analysis.intake.keys import Keys

_NONCE_BYTES = 12


class _Sealed(io.RawIOBase):
    """What is written here goes on encrypted."""

    def __init__(self, stream: IO[bytes], cipher: CipherContext) -> None:
        self._stream, self._cipher = stream, cipher

    def writable(self) -> bool:
        return True

    def write(self, plain: Any) -> int:
        return self._stream.write(self._cipher.update(plain))


@contextmanager
def sealing(stream: IO[bytes], keys: Keys, purpose: str, head: bytes) -> Iterator[io.RawIOBase]:
    """Seal what is written, part by part: names of millions of people are held neither twice nor whole.

    The stream gets ``head``, which stays readable and cannot be changed either, a nonce of its own, and the sealed
    bytes, whose last tell whether any was changed.
    """
    nonce = os.urandom(_NONCE_BYTES)
    cipher = Cipher(AES(keys.derive(purpose)), GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(head)
    stream.write(head + nonce)
    yield _Sealed(stream, cipher)
    stream.write(cipher.finalize() + cipher.tag)


def unseal(content: bytes, keys: Keys, purpose: str, head: bytes) -> bytes | None:
    """What was written to :func:`sealing`; ``None`` where head or key are others, or it was cut short or changed."""
    if not content.startswith(head):
        return None
    rest = memoryview(content)[len(head) :]  # nothing is copied
    try:
        return AESGCM(keys.derive(purpose)).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], head)
    except (InvalidTag, ValueError):
        return None
