"""Turning view models into HTML: a section is a fragment that a notebook shows and a page collects."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kaur_analysis.formats import number
from kaur_analysis.reporting.figures import SIGNS

TEMPLATES = Path(__file__).parent / "templates"
PAGE_TEMPLATES = TEMPLATES  # the folder in which nbconvert finds the template "page"


@dataclass(frozen=True)
class Section:
    """A fragment of a page; a notebook shows it as it will look.

    Attributes
    ----------
    html
        The fragment, escaped already.
    """

    html: str

    def _repr_html_(self) -> str:
        return self.html


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES / "sections", TEMPLATES / "page"], encoding="utf-8"),
        autoescape=lambda name: name is not None and name != "index.html.j2",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["groupby_in_order"] = _groupby_in_order
    environment.filters["whole"] = number
    environment.filters["anchor"] = lambda name: name.lower().replace(" ", "-")
    environment.filters["begun"] = lambda words: words[:1].upper() + words[1:]
    environment.filters["sign"] = lambda word: SIGNS.get(word, "")
    return environment


def _groupby_in_order(rows: Iterable[Any], name: str) -> list[tuple[Any, list[Any]]]:
    return [(key, list(group)) for key, group in groupby(rows, key=attrgetter(name))]


def compile_templates() -> None:
    """Compile every template once, so that processes forked from this one need not."""
    for name in _environment().list_templates(extensions=["j2"]):
        _environment().get_template(name)


def section(template: str, **values: Any) -> Section:
    """Render one of the section templates; every value is escaped."""
    return Section(str(Markup(_environment().get_template(f"{template}.html.j2").render(**values))).strip())


def page_html(sections: Iterable[Section | str], title: str) -> str:
    """One self-contained page from fragments.

    Parameters
    ----------
    sections
        Sections, or HTML fragments that came out of one.
    title
        Title of the browser's tab.

    Returns
    -------
    The HTML of the page.
    """
    fragments = [part.html if isinstance(part, Section) else part for part in sections]
    cells = [{"outputs": [{"data": {"text/html": fragment}}]} for fragment in fragments]
    return notebook_page({"cells": cells}, title)


def notebook_page(notebook: Any, title: str) -> str:
    """The text/html outputs of an executed notebook as one page.

    Code, logs and other outputs stay behind. The pipeline lets nbconvert render the same template (``page`` in
    :data:`PAGE_TEMPLATES`).

    Parameters
    ----------
    notebook
        An executed notebook.
    title
        Of the browser's tab.

    Returns
    -------
    The HTML of the page.
    """
    template = _environment().get_template("index.html.j2")
    return template.render(nb=notebook, resources={"metadata": {"name": title}})
