"""The protected list against the published scheme (MS-OFFCRYPTO 2.3.4.11-14), decoded here step by step.

Excel and LibreOffice follow the same text, so a file that passes these steps opens there with its password.
"""

import hashlib
import hmac
from base64 import b64decode
from io import BytesIO
from xml.etree import ElementTree

import olefile
import pandas as pd
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from kaur_analysis.planning.workbook import Heading, Sheet, encrypt, write_workbook

PASSWORD = "gunung-laut-kaur-12"
PLAIN = write_workbook([Sheet("x", [], {"a": Heading("A", "number")}, pd.DataFrame({"a": range(2000)}))])
NAMES = {
    "e": "http://schemas.microsoft.com/office/2006/encryption",
    "p": "http://schemas.microsoft.com/office/2006/keyEncryptor/password",
}
VERIFIER_INPUT, VERIFIER_VALUE = bytes.fromhex("fea7d2763b4b9e79"), bytes.fromhex("d7aa0f6d3061344e")
KEY_VALUE = bytes.fromhex("146e0be7abacd0d6")
HMAC_KEY, HMAC_VALUE = bytes.fromhex("5fb2ad010cb9e1f6"), bytes.fromhex("a0677f02b22c8433")


class Package:
    """The streams of a protected workbook and the keys a password gives."""

    def __init__(self, content, password):
        streams = olefile.OleFileIO(BytesIO(content))
        self.package = streams.openstream("EncryptedPackage").read()
        info = ElementTree.fromstring(streams.openstream("EncryptionInfo").read()[8:])
        self.data, self.key = info.find("e:keyData", NAMES), info.find(".//p:encryptedKey", NAMES)
        self.integrity = info.find("e:dataIntegrity", NAMES)
        salt = b64decode(self.key.get("saltValue"))
        digest = self.hash(salt + password.encode("utf-16-le"))
        for turn in range(int(self.key.get("spinCount"))):
            digest = self.hash(turn.to_bytes(4, "little") + digest)
        self.digest, self.salt = digest, salt

    @staticmethod
    def hash(data):
        return hashlib.sha512(data).digest()

    @staticmethod
    def decrypt(key, start, data):
        machine = Cipher(AES(key), CBC(start[:16])).decryptor()
        return machine.update(data) + machine.finalize()

    def from_password(self, block, name):
        length = int(self.key.get("keyBits")) // 8
        return self.decrypt(self.hash(self.digest + block)[:length], self.salt, b64decode(self.key.get(name)))

    @property
    def secret(self):
        return self.from_password(KEY_VALUE, "encryptedKeyValue")[: int(self.data.get("keyBits")) // 8]

    def start(self, block):
        return self.hash(b64decode(self.data.get("saltValue")) + block)


@pytest.fixture(scope="module")
def package():
    return Package(encrypt(PLAIN, PASSWORD), PASSWORD)


def test_the_scheme_is_aes_with_sha_512(package):
    found = [package.key.get(name) for name in ("cipherAlgorithm", "cipherChaining", "hashAlgorithm")]
    assert found == ["AES", "ChainingModeCBC", "SHA512"]


def test_guessing_passwords_costs_a_hundred_thousand_turns(package):
    assert int(package.key.get("spinCount")) >= 100_000


def test_the_password_is_verified_as_published(package):
    guess = package.from_password(VERIFIER_INPUT, "encryptedVerifierHashInput")
    assert package.hash(guess) == package.from_password(VERIFIER_VALUE, "encryptedVerifierHashValue")[:64]


def test_another_password_is_not_verified():
    other = Package(encrypt(PLAIN, PASSWORD), "salah-sekali-123")
    guess = other.from_password(VERIFIER_INPUT, "encryptedVerifierHashInput")
    assert other.hash(guess) != other.from_password(VERIFIER_VALUE, "encryptedVerifierHashValue")[:64]


def test_the_content_is_that_which_went_in(package):
    size, body = int.from_bytes(package.package[:8], "little"), package.package[8:]
    segments = [
        package.decrypt(package.secret, package.start(turn.to_bytes(4, "little")), body[begin : begin + 4096])
        for turn, begin in enumerate(range(0, len(body), 4096))
    ]
    assert b"".join(segments)[:size] == PLAIN


def test_a_changed_file_would_be_noticed(package):
    key = package.decrypt(
        package.secret, package.start(HMAC_KEY), b64decode(package.integrity.get("encryptedHmacKey"))
    )[:64]
    stated = package.decrypt(
        package.secret, package.start(HMAC_VALUE), b64decode(package.integrity.get("encryptedHmacValue"))
    )[:64]
    assert hmac.new(key, package.package, hashlib.sha512).digest() == stated
