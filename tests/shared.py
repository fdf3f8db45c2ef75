"""Where tests find the reference material that is kept beside the project, not in it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared_path(relative: str) -> Path:
    """Path of a file beside the checkout; the calling test is skipped, with the reason, where it is absent."""
    path = ROOT.parent / "shared" / relative
    if not path.exists():
        pytest.skip(f"reference material not beside this checkout: {relative}")
    return path
