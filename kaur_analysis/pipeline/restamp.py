"""A page that would say what it said the last time is not laid out again: it only gets the new run's number.

A list with one row more changes the run, but hardly any page beyond its small print. What a page says is its view; one
whose notebook lays out nothing else is told by the view's content, and its last edition by the bytes it left.
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kaur_analysis.pipeline.content import content
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.steps import pages
from kaur_analysis.reporting.facts import provenance

# What the cells of a notebook say that lays out a view alone: imports, the edition, its view, sections of it.
_BEGIN = (
    "from kaur_analysis import reporting\n"
    "from kaur_analysis.pipeline.edition import open_edition\n"
    "from kaur_analysis.pipeline.steps import pages",
    "edition = open_edition(study, data, reports)",
)
_VIEW = re.compile(r"view = pages\.(view_\w+)\(edition(?:, (\w+))?\)")
_SECTION = re.compile(r"reporting\.\w+\(view\)")


@dataclass(frozen=True)
class Told:
    """What a page says, and the run that it says it comes from.

    Attributes
    ----------
    content
        Hash of everything the page says but its provenance.
    run, input
        The provenance, as the page prints it.
    """

    content: str
    run: str
    input: str

    @property
    def stamp(self) -> str:
        """The provenance in the page's words."""
        return provenance(self.run, self.input)


def told(edition: Edition, notebook: Path, parameters: dict[str, Any]) -> Told | None:
    """What the page of a notebook would say; nothing where the notebook lays out more than a view."""
    call = view_of(notebook)
    if call is None:
        return None
    name, wanted = call
    view = getattr(pages, name)(edition, *(parameters[each] for each in wanted))
    facts = view.frame.facts
    unstamped = replace(view, frame=replace(view.frame, facts=replace(facts, run="", input="")))
    return Told(content(unstamped), facts.run, facts.input)


def view_of(notebook: Path) -> tuple[str, tuple[str, ...]] | None:
    """The view that a notebook lays out, and by which of its parameters; nothing where its cells say anything else."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [
        "".join(cell["source"])
        for cell in cells
        if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", [])
    ]
    known = _VIEW.fullmatch(code[2]) if len(code) > 2 and tuple(code[:2]) == _BEGIN else None
    if known is None or not all(map(_SECTION.fullmatch, code[3:])):
        return None
    return known[1], known.groups()[1:] if known[2] else ()


def restamped(page: str, before: Told, now: Told) -> str | None:
    """The last page with the new provenance; nothing where it says something else now, or cannot be told apart in it.

    Examples
    --------
    >>> before, now = Told("a", "1f", "2e"), Told("a", "3d", "4c")
    >>> restamped("<p>Nomor proses 1f, sidik masukan 2e.</p>", before, now)
    '<p>Nomor proses 3d, sidik masukan 4c.</p>'
    """
    once = all(page.count(word) == 1 for word in (before.stamp, before.run, before.input))
    return page.replace(before.stamp, now.stamp) if once and before.content == now.content else None
