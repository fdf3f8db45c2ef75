"""Errors a user can act on, and the exit code of each kind.

Every error carries a message in Bahasa Indonesia, because an office worker reads it, and never holds an identifier:
whoever raises one masks what was found (see :func:`mask`).
"""

import re
from collections.abc import Iterable
from itertools import count
from pathlib import PureWindowsPath

EXIT_OK = 0
EXIT_PROGRAM_FAILED = 1
EXIT_USAGE = 2
EXIT_REJECTED = 3
EXIT_PARTLY_DONE = 4


class KaurError(Exception):
    """Base of all errors raised on purpose; ``exit_code`` is what the command line returns for it.

    ``codes`` are the BPS codes that the message speaks of: they are public, and shown whole.
    """

    exit_code = EXIT_PROGRAM_FAILED

    def __init__(self, message: str = "", *, codes: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.codes = frozenset(code for code in codes if re.fullmatch(r"\d{10}", code))


class UsageError(KaurError):
    """The command was called in a way it does not offer."""

    exit_code = EXIT_USAGE


class StudyRejected(KaurError):
    """The study file cannot be used as it stands."""

    exit_code = EXIT_REJECTED


class DataRejected(KaurError):
    """An input cannot be used as it stands; ``findings`` lists every problem with file, sheet and line."""

    exit_code = EXIT_REJECTED

    def __init__(self, message: str, findings: object = None, *, codes: Iterable[str] = ()) -> None:
        super().__init__(message, codes=codes)
        self.findings = findings


class KeyMissing(DataRejected):
    """No pseudonym key was found; nothing is read without one."""


class EstimationError(KaurError, ValueError):
    """A statistical method cannot give a trustworthy answer on these inputs and says why instead.

    The message is for a statistician, in English. ``kind`` names what happened where an office's own data can bring it
    about, and ``facts`` hold its numbers and names: from these the pipeline says it in Indonesian.
    """

    exit_code = EXIT_REJECTED

    def __init__(self, message: str, kind: str = "", **facts: object) -> None:
        super().__init__(message)
        self.kind = kind
        self.facts = facts


class RunFailed(KaurError):
    """The computer, not the data, kept a run from ending."""


class NotebookFailed(KaurError):
    """A notebook broke; the message names notebook and cell and repeats the error's last line, masked."""


class NotebookRejected(NotebookFailed):
    """A notebook stopped because study or data were rejected."""

    exit_code = EXIT_REJECTED


_BETWEEN = r"[ .\-/]"
_DIGITS = re.compile(r"\d{8,}")  # seven are the code of a kecamatan, and tell of nobody
# Numbers of persons as people write them apart, whole or with digits too few: 9904 0718 0795 0001, 99.04.07.180795.0001
_APART = re.compile(rf"(?<!\d)\d(?:{_BETWEEN}{{0,3}}\d){{11,}}")
# What is written apart and tells of nobody: days, and amounts below a thousand billion; one or several in a row.
_DAY = r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-[0-3]\d|[0-3]?\d([-/.])(?:0?[1-9]|1[0-2])\1(?:19|20)\d\d"
_AMOUNT = r"[1-9]\d{0,2}(?:\.\d{3}){1,3}"
_OF_NOBODY = re.compile(rf"(?:(?:{_DAY})(?:[ \-/]+(?!$)|$))+|(?:{_AMOUNT}(?:[ \-/]+(?!$)|$))+")
# In a column of NIK or KK numbers whatever stands between the digits; Excel's 9,90407E+15 holds six of them.
_IDENTIFIER = re.compile(r"\d(?:(?!E\+)\D)*(?:\d(?:(?!E\+)\D)*){6,}\d", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_]{2,}")
_QUOTED = re.compile(r"(['\"]).*?\1")


def mask(text: object, *, name: bool = False, identifier: bool = False, codes: Iterable[str] = ()) -> str:
    """Make a value safe to show: long numbers keep their first four digits, names their initials.

    Long are eight digits in a row, or twelve that are written apart and are neither days nor amounts.

    Parameters
    ----------
    text
        What was found in a cell.
    name
        Whether the cell holds a person's name, an address or free text about a person.
    identifier
        Whether it stands where NIK or KK numbers do: eight digits are long then, whatever stands between them.
    codes
        Public numbers that are shown whole: BPS codes of desa have ten digits.
    """
    public = frozenset(codes)

    def hidden(match: re.Match[str]) -> str:
        found = match.group()
        return found if public.issuperset(re.findall(r"\d+", found)) else _but_four(found)

    def hidden_apart(match: re.Match[str]) -> str:
        return match.group() if _OF_NOBODY.fullmatch(match.group()) else hidden(match)

    shown = _IDENTIFIER.sub(hidden, str(text)) if identifier else str(text)
    shown = _DIGITS.sub(hidden, _APART.sub(hidden_apart, shown))
    return _WORDS.sub(lambda match: match.group()[0] + "•", shown) if name else shown


def _but_four(found: str) -> str:
    """The text with a dot for every digit but the first four."""
    seen = count(1)
    return re.sub(r"\d", lambda digit: digit.group() if next(seen) <= 4 else "•", found)


def held_open(path: object) -> str:
    """What to do where a file cannot be written, usually on Windows.

    Parameters
    ----------
    path
        Of the file, as any system writes it; it is named without its folders, and nothing where it is not known.
    """
    name = mask(PureWindowsPath(str(path)).name) if path else "Sebuah berkas"
    return (
        f"{name} tidak dapat ditulisi, biasanya karena sedang dibuka program lain, misalnya Excel. Tutup, lalu ulangi "
        "perintahnya."
    )


def mask_quoted(error: object) -> str:
    """Message of an error that was not raised on purpose, where libraries quote cells: what is quoted may be a name."""
    return _QUOTED.sub(lambda match: mask(match.group(), name=True), mask(error))
