"""What a result rests on is in its fingerprint."""

from importlib import metadata

import pytest

from kaur_analysis.pipeline import provenance


@pytest.fixture
def installed(monkeypatch):
    """A computer with some libraries, and what the program asks for."""
    versions = {"numpy": "2.3.0", "shapely": "2.2.0", "pytest": "9.0"}
    asked = ["numpy", 'shapely; extra == "maps"', "geopandas; extra == 'maps'", 'pytest; extra == "test"']

    def version(name):
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(provenance.metadata, "requires", lambda name: asked)
    monkeypatch.setattr(provenance.metadata, "version", version)
    return versions


def test_the_libraries_that_draw_maps_count_where_they_are_installed(installed):
    assert provenance.libraries.__wrapped__() == {"numpy": "2.3.0", "shapely": "2.2.0"}


def test_a_required_library_that_is_absent_is_no_computer_to_run_on(installed):
    del installed["numpy"]
    with pytest.raises(metadata.PackageNotFoundError):
        provenance.libraries.__wrapped__()
