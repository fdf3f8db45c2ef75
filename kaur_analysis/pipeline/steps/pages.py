"""Notebooks 05-07: what a page says, from the published table, the edition's facts and the area's names alone."""

from typing import Any

import pandas as pd

from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.reporting import (
    AgencyView,
    KabupatenView,
    KecamatanView,
    agency_view,
    kabupaten_view,
    kecamatan_view,
)


def view_kecamatan(edition: Edition, code: str) -> KecamatanView:
    """Everything the page of a kecamatan says; papermill's ``-p`` hands its BPS code over as a number."""
    return kecamatan_view(*_public(edition), edition.area, str(code))


def view_agency(edition: Edition, code: str) -> AgencyView:
    """Everything the page of an agency (code of ``area.yaml``) says."""
    return agency_view(*_public(edition), edition.area, code)


def view_kabupaten(edition: Edition) -> KabupatenView:
    """Everything the kabupaten's page says."""
    return kabupaten_view(*_public(edition), edition.area)


def _public(edition: Edition) -> tuple[pd.DataFrame, dict[str, Any]]:
    return edition.store.read("published/published"), edition.store.read_facts("published/edition")
