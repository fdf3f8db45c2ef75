"""Errors a user can act on, and the exit code of each kind.

Every error carries a message in Bahasa Indonesia, because an office worker reads it, and never holds an identifier:
whoever raises one masks what was found (see :func:`mask`).
"""

import re

EXIT_OK = 0
EXIT_PROGRAM_FAILED = 1
EXIT_USAGE = 2
EXIT_REJECTED = 3
EXIT_PARTLY_DONE = 4


class KaurError(Exception):
    """Base of all errors raised on purpose; ``exit_code`` is what the command line returns for it."""

    exit_code = EXIT_PROGRAM_FAILED


class UsageError(KaurError):
    """The command was called in a way it does not offer."""

    exit_code = EXIT_USAGE


class StudyRejected(KaurError):
    """The study file cannot be used as it stands."""

    exit_code = EXIT_REJECTED


class DataRejected(KaurError):
    """An input cannot be used as it stands; ``findings`` lists every problem with file, sheet and line."""

    exit_code = EXIT_REJECTED

    def __init__(self, message: str, findings: object = None) -> None:
        super().__init__(message)
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


_DIGITS = re.compile(r"\d{8,}")  # seven are the code of a kecamatan, and tell of nobody
_WORDS = re.compile(r"[^\W\d_]{2,}")
_QUOTED = re.compile(r"(['\"]).*?\1")


def mask(text: object, *, name: bool = False) -> str:
    """Make a value safe to show: long digit runs keep their first four characters, names their initials.

    Parameters
    ----------
    text
        What was found in a cell.
    name
        Whether the cell holds a person's name, an address or free text about a person.
    """
    shown = _DIGITS.sub(lambda match: match.group()[:4] + "•" * (len(match.group()) - 4), str(text))
    return _WORDS.sub(lambda match: match.group()[0] + "•", shown) if name else shown


def mask_quoted(error: object) -> str:
    """Message of an error that was not raised on purpose, where libraries quote cells: what is quoted may be a name."""
    return _QUOTED.sub(lambda match: mask(match.group(), name=True), mask(error))
