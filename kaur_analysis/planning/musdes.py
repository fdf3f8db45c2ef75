"""The sheet for the village meeting: candidates by initials and dusun, why, and room to object or propose."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from kaur_analysis.planning.lists import Access, Identities, initials, log_access
from kaur_analysis.reference import Area
from kaur_analysis.reference.catalogue import known_fields
from kaur_analysis.store import write_text

MOST_CANDIDATES = 22
BLANK_LINES = 3


@dataclass(frozen=True)
class Candidate:
    """One family on the sheet: initials of its head, dusun, its programmes and the reasons for them together."""

    initials: str
    dusun: str
    programmes: str
    reasons: str


def candidates(rows: pd.DataFrame, identities: Identities) -> list[Candidate]:
    """Families of one desa in the order of their priority, from the rows of the recipient lists.

    What the law protects specially (health, disability) is left out of the reasons, and so are probabilities and
    receipt: the meeting judges living conditions that neighbours can see.
    """
    found = []
    for family, part in rows.sort_values(["priority", "programme"], kind="stable").groupby("family", sort=False):
        identity: Mapping[str, str] = identities.get(str(family), {})
        found.append(
            Candidate(
                initials=initials(identity.get("name", "")) or "–",
                dusun=identity.get("dusun", "") or "–",
                programmes=", ".join(short_name(name) for name in part["programme_name"]),
                reasons=public_reasons(part["why"]),
            )
        )
    return found


def short_name(name: str) -> str:
    """``Program Keluarga Harapan (PKH)`` becomes ``PKH``; a name without an abbreviation stays."""
    abbreviation = re.search(r"\(([A-Z][A-Za-z-]+)\)$", name)
    return abbreviation.group(1) if abbreviation else name


def public_reasons(whys: Iterable[str]) -> str:
    """What the reasons of several programmes say together, without what only the restricted list may say.

    Of several spans of the desil only the narrowest is kept; what is said twice is said once.
    """
    fields = known_fields()
    meanings = [field.meaning for field in fields.values() if field.sensitive or field.kind == "peluang"]
    hidden = re.compile("|".join(["nerima", *map(re.escape, meanings)]))
    parts = dict.fromkeys(part for why in whys for part in why.removeprefix("memenuhi ").split("; "))
    shown = [part for part in parts if not hidden.search(part)]
    ranks = sorted(part for part in shown if part.startswith(fields["desil"].meaning))
    return "; ".join([*ranks[:1], *(part for part in shown if part not in ranks)]) or "memenuhi syarat program"


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
    """One printable A4 sheet (HTML) per desa, with its most urgent families; how many others there are is said.

    Initials in a small village still tell who is meant, so the sheets are as restricted as the lists.

    Parameters
    ----------
    rows
        From :func:`~kaur_analysis.planning.lists.recipient_rows`.
    identities, area, folder, access, edition, synthetic
        As for :func:`~kaur_analysis.planning.lists.write_lists`.

    Returns
    -------
    The sheets written.
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
        listed = candidates(part, identities)
        page = template.render(
            desa=f"{kind} {names.at[desa, 'name']}",
            kecamatan=f"Kecamatan {area.kecamatan_name(str(desa)[:7])}",
            kabupaten=area.full_name,
            edition=edition,
            synthetic=synthetic,
            candidates=listed[:MOST_CANDIDATES],
            others=len(listed[MOST_CANDIDATES:]),
            blank_lines=BLANK_LINES,
        )
        written.append(write_text(folder / f"musdes-{edition}-{desa}.html", page, private=True))
    log_access(access, edition, "lembar musyawarah desa", families=rows["family"].nunique(), files=len(written))
    return written
