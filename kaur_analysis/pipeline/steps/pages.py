"""Notebooks 05-07: what a page says, from the published table, the edition's facts and the area's names alone."""

from functools import lru_cache
from typing import Any

from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.reporting import (
    AgencyView,
    KabupatenView,
    KecamatanView,
    agency_view,
    kabupaten_view,
    kecamatan_view,
)
from kaur_analysis.reporting.figures import PublishedTable
from kaur_analysis.store import Store


def view_kecamatan(edition: Edition, code: str) -> KecamatanView:
    """Everything the page of a kecamatan says; papermill's ``-p`` hands its BPS code over as a number."""
    return kecamatan_view(*_public(edition), edition.area, str(code))


def view_agency(edition: Edition, code: str) -> AgencyView:
    """Everything the page of an agency (code of ``area.yaml``) says."""
    return agency_view(*_public(edition), edition.area, code)


def view_kabupaten(edition: Edition) -> KabupatenView:
    """Everything the kabupaten's page says."""
    return kabupaten_view(*_public(edition), edition.area)


def _public(edition: Edition) -> tuple[PublishedTable, dict[str, Any]]:
    published = _published(edition.store, edition.store.hash("published/published"))
    return published, edition.store.read_facts("published/edition")


@lru_cache(maxsize=1)
def _published(store: Store, contents: str) -> PublishedTable:
    """Look-ups in the published table of these contents: a process that makes several pages reads it once."""
    return PublishedTable(store.read("published/published"))
