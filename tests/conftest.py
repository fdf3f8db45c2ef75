"""Settings of all tests: property tests try the same cases every time, unless asked to wander."""

import os

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("wander", derandomize=False, deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole editions first, as they take longest: begun last, one core would wait for them at the end."""
    items.sort(key=lambda item: item.path.parent.name != "whole")
