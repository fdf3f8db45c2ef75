"""Bytes sealed under the office's key (AES-256-GCM): nobody reads or changes them without it."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kaur_analysis.intake.keys import Keys

_NONCE_BYTES = 12


def seal(plain: bytes, keys: Keys, purpose: str, head: bytes) -> bytes:
    """``head``, which stays readable and cannot be changed either, a nonce of its own, and the sealed bytes."""
    nonce = os.urandom(_NONCE_BYTES)
    return head + nonce + AESGCM(keys.derive(purpose)).encrypt(nonce, plain, head)


def unseal(content: bytes, keys: Keys, purpose: str, head: bytes) -> bytes | None:
    """What :func:`seal` was given; ``None`` where head or key are others, or it was cut short or changed."""
    if not content.startswith(head):
        return None
    nonce, sealed = content[len(head) :][:_NONCE_BYTES], content[len(head) + _NONCE_BYTES :]
    try:
        return AESGCM(keys.derive(purpose)).decrypt(nonce, sealed, head)
    except (InvalidTag, ValueError):
        return None
