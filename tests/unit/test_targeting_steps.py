"""What step 03 refuses before it reads anything, and does once."""

from types import SimpleNamespace

import pytest

from kaur_analysis.errors import UsageError
from kaur_analysis.pipeline.steps.targeting import registry_route


def test_a_programme_that_is_called_as_at_least_one_of_them_is_refused():
    edition = SimpleNamespace(study=SimpleNamespace(registry="ada", listed=("pkh", "any")), store=None)
    with pytest.raises(UsageError, match="Kode program 'any' dipakai"):
        registry_route(edition)
