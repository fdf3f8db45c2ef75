"""The sheet for the village meeting: candidates by initials and dusun, why, and room to object or propose."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from kaur_analysis.planning.lists import Access, Identities, initials, log_access
from kaur_analysis.reference import Area
from kaur_analysis.reference.catalogue import known_fields
from kaur_analysis.store import write_text

BLANK_LINES = 4


@dataclass(frozen=True)
class Candidate:
    """One family on the sheet: initials of its head, dusun, and each programme with its reason."""

    initials: str
    dusun: str
    programmes: tuple[tuple[str, str], ...]


def candidates(rows: pd.DataFrame, identities: Identities) -> list[Candidate]:
    """Families of one desa in the order of their priority, from the rows of the recipient lists.

    What the law protects specially (health, disability) is left out of the reasons, and so are probabilities and
    receipt: the meeting judges living conditions that neighbours can see.
    """
    found = []
    for family, part in rows.sort_values(["priority", "programme"], kind="stable").groupby("family", sort=False):
        identity: Mapping[str, str] = identities.get(str(family), {})
        reasons = tuple(zip(part["programme_name"], (public_reason(why) for why in part["why"]), strict=True))
        found.append(Candidate(initials(identity.get("name", "")) or "–", identity.get("dusun", "") or "–", reasons))
    return found


def public_reason(why: str) -> str:
    """The reason without what only the restricted list may say."""
    meanings = tuple(field.meaning for field in known_fields().values() if field.sensitive or field.kind == "peluang")
    hidden = re.compile("|".join(["nerima", *map(re.escape, meanings)]))
    shown = [part for part in why.removeprefix("memenuhi ").split("; ") if not hidden.search(part)]
    return "; ".join(shown) or "memenuhi syarat program"


def write_musdes(
    rows: pd.DataFrame,
    identities: Identities,
    area: Area,
    folder: Path,
    *,
    access: Access,
    edition: str,
    synthetic: bool = False,
) -> list[Path]:
    """One printable A4 sheet (HTML) per desa. Initials in a small village still tell who is meant: restricted too.

    Parameters
    ----------
    rows
        From :func:`~kaur_analysis.planning.lists.recipient_rows`.
    identities, area, folder, access, edition, synthetic
        As for :func:`~kaur_analysis.planning.lists.write_lists`.
    """
    environment = Environment(
        loader=PackageLoader("kaur_analysis.planning", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("musdes.html.j2")
    names = area.desa.set_index("desa")
    written = []
    for desa, part in rows.groupby("desa", sort=True):
        kind = "Kelurahan" if str(names.at[desa, "kind"]).lower().startswith("kel") else "Desa"
        page = template.render(
            desa=f"{kind} {names.at[desa, 'name']}",
            kecamatan=f"Kecamatan {area.kecamatan_name(str(desa)[:7])}",
            kabupaten=area.full_name,
            edition=edition,
            synthetic=synthetic,
            candidates=candidates(part, identities),
            blank_lines=BLANK_LINES,
        )
        written.append(write_text(folder / f"musdes-{edition}-{desa}.html", page))
    log_access(access, edition, "lembar musyawarah desa", families=rows["family"].nunique(), files=len(written))
    return written
