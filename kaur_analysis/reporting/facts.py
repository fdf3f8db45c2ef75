"""The facts of an edition that pages print beside the numbers (``published/edition``)."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from kaur_analysis.formats import long_date, month_words, number, percent, rupiah

UNLISTED = "†"
KINDS = {
    "dtsen_family": "keluarga DTSEN",
    "dtsen_person": "anggota keluarga DTSEN",
    "p3ke_family": "keluarga P3KE",
    "p3ke_person": "individu P3KE",
    "dtks_person": "individu DTKS",
    "bdt_household": "rumah tangga BDT",
    "podes": "potensi desa",
    "recipients": "daftar penerima",
    "household_survey": "survei rumah tangga",
    "susenas_household": "Susenas rumah tangga",
    "susenas_person": "Susenas anggota rumah tangga",
    "susenas_consumption": "Susenas konsumsi",
}


def short_name(name: str) -> str:
    """The abbreviation that a programme's name carries in brackets (``PKH``), else the name without its brackets."""
    found = re.search(r"\(([A-Z][A-Za-z/-]{1,9})\)$", name)
    if found and sum(map(str.isupper, found.group(1))) > 1:
        return found.group(1)
    return re.sub(r" \([^)]*\)$", "", name)


@dataclass(frozen=True)
class Source:
    """A list that was used: its name, kind, period and programme; its rows are in the published table.

    The period of a list that speaks of one day is that day.
    """

    name: str
    kind: str
    period: str
    programme: str


@dataclass(frozen=True)
class Finding:
    """A rule that rows of a list broke: in words, with what to do; ``rows`` is missing where it is protected."""

    source: str
    title: str
    remedy: str
    set_aside: bool
    rows: int | None


@dataclass(frozen=True)
class Programme:
    """A programme as the edition used it.

    ``listed`` says whether a list of its recipients is held: without one nobody knows who of the entitled has it
    already, and what is due is an upper bound. ``once`` marks benefits that a family gets one time, not every year.
    ``outside`` says who is outside its rule by desil, ``doubt`` what is uncertain of the rule or the amount.
    ``spanned`` marks rules by a desil that the model does not know: intervals then span what it may know.
    ``varies`` marks benefits that depend on who lives in the family.
    """

    code: str
    name: str
    agency: str
    strategy: str
    unit: str
    funds: tuple[str, ...]
    year: str
    source: str
    working_value: bool
    listed: bool = True
    once: bool = False
    outside: str = ""
    doubt: str = ""
    spanned: bool = False
    varies: bool = False

    @property
    def mark(self) -> str:
        """Sign behind its name where no list of its recipients is held."""
        return "" if self.listed else f" {UNLISTED}"

    @property
    def per(self) -> str:
        """What its rupiah are for: a year, or one time."""
        return "sekali" if self.once else "per tahun"

    @property
    def short(self) -> str:
        """Its name in as few words as readers know it by."""
        return short_name(self.name)


@dataclass(frozen=True)
class Facts:
    """Edition, basis and provenance.

    Attributes
    ----------
    lines
        Sentences about the poverty lines, with source.
    notes
        Sentences about model and linkage for the small print.
    scenarios
        Name of each scenario by its code.
    beyond_model
        Codes of the scenarios whose ranking may know what the model that judges it does not.
    route
        ``registry`` where families were modelled, ``survey`` where the study has no registry.
    targeting_list
        Name in the study of the list that recipients were chosen from.
    run, input
        Hashes; pages print the first twelve characters.
    """

    edition: str
    reference_date: date
    synthetic: bool
    status: str
    contact: str
    target_year: str
    minimum_families: int
    rse_caution: float
    rse_hide: float
    width_hide: float
    sampled_minimum: int
    lines: tuple[str, ...]
    benchmark: str
    sources: tuple[Source, ...]
    findings: tuple[Finding, ...]
    programmes: dict[str, Programme]
    notes: tuple[str, ...]
    scenarios: dict[str, str]
    beyond_model: tuple[str, ...]
    route: str
    targeting_list: str
    run: str
    input: str

    @property
    def provenance(self) -> str:
        """The run and what it was made from, as the small print of every page says them."""
        return provenance(self.run, self.input)

    @property
    def snapshot(self) -> str:
        """Day the data speak of."""
        return long_date(self.reference_date)

    def label(self, source: Source) -> str:
        """What a list is and its period, for readers; its name in the study too where two lists are the same."""
        told = self._told(source)
        return f"{told} ({source.name})" if [self._told(other) for other in self.sources].count(told) > 1 else told

    def _told(self, source: Source) -> str:
        return f"{self._what(source)} {source.period}".strip()

    def _what(self, source: Source) -> str:
        kind = next((words for kind, words in KINDS.items() if source.kind.startswith(kind)), source.kind)
        return self.programmes[source.programme].short if source.programme in self.programmes else kind

    @property
    def labels(self) -> dict[str, str]:
        """What each list is, by its name in the study."""
        return {source.name: self.label(source) for source in self.sources}

    @property
    def sources_in_words(self) -> str:
        """All lists in one sentence, those of a kind and period together."""
        together: dict[tuple[bool, str], list[str]] = {}
        for source in self.sources:
            key = (source.programme in self.programmes, source.period)
            together.setdefault(key, []).append(self._what(source))
        return "; ".join(
            f"{'penerima ' if recipients else ''}{', '.join(dict.fromkeys(names))}{f' ({period})' if period else ''}"
            for (recipients, period), names in together.items()
        )

    @property
    def registered(self) -> str:
        """What the list of target families is, and its day; empty where the study names none."""
        found = next((source for source in self.sources if source.name == self.targeting_list), None)
        return f"Daftar keluarga sasaran, tempat penerima ditetapkan: {self.label(found)}" if found else ""

    @property
    def unreached(self) -> str:
        """What is known of families without any programme, as the end of a sentence: only lists that are held count."""
        if self.route == "survey":
            return "tidak menerima satu pun program yang ditanyakan survei"
        held = sum(programme.listed for programme in self.programmes.values())
        return f"tidak ada di {number(held)} daftar penerima yang dipegang"


def provenance(run: str, made_from: str) -> str:
    """A run and the hash of its inputs in words.

    Parameters
    ----------
    run, made_from
        As :class:`Facts` has them.
    """
    return f"Nomor proses {run}, sidik masukan {made_from}."


def read_facts(facts: dict[str, Any]) -> Facts:
    """Facts from the dictionary of the store.

    Parameters
    ----------
    facts
        Needed: ``edition``, ``reference_date`` (ISO), ``run``, ``input``. Used where given: ``synthetic``, ``status``,
        ``contact``, ``target_year``, ``thresholds`` and ``benchmark`` as the study has them, ``lines`` (``kind, rupiah
        or times, month, source``), ``sources`` (``name, kind, programme, period``), ``findings`` (``source, title,
        remedy, set_aside, rows``), ``programmes`` (``code, name, agency, strategy, unit, funds, year, source, basis,
        listed, period, highest_desil, doubt, spanned, varies``), ``notes`` (sentences), ``scenarios`` (code → name),
        ``beyond_model`` (codes), ``route``, ``targeting_list`` (name of a source).

    Raises
    ------
    KeyError
        ``edition``, ``reference_date``, ``run`` or ``input`` is absent: without them a page cannot be traced.
    """
    thresholds = facts.get("thresholds") or {}
    programmes = [_programme(entry) for entry in facts.get("programmes") or []]
    return Facts(
        edition=str(facts["edition"]),
        reference_date=date.fromisoformat(str(facts["reference_date"])),
        synthetic=bool(facts.get("synthetic", False)),
        status=str(facts.get("status", "draf")),
        contact=str(facts.get("contact") or ""),
        target_year=str(facts.get("target_year") or ""),
        minimum_families=int(thresholds.get("minimum_families", 5)),
        rse_caution=float(thresholds.get("rse_caution", 0.25)),
        rse_hide=float(thresholds.get("rse_hide", 0.5)),
        width_hide=float(thresholds.get("width_hide", 0.3)),
        sampled_minimum=int(thresholds.get("sampled_minimum", 30)),
        lines=tuple(_line(entry) for entry in facts.get("lines") or []),
        benchmark=_benchmark(facts.get("benchmark"), bool(facts.get("synthetic", False))),
        sources=tuple(_source(entry) for entry in facts.get("sources") or []),
        findings=tuple(
            Finding(entry["source"], entry["title"], entry["remedy"], bool(entry["set_aside"]), entry["rows"])
            for entry in facts.get("findings") or []
        ),
        programmes={programme.code: programme for programme in programmes},
        notes=tuple(str(note) for note in facts.get("notes") or (facts.get("model") or {}).get("notes") or []),
        scenarios={str(code): str(name) for code, name in (facts.get("scenarios") or {}).items()},
        beyond_model=tuple(str(code) for code in facts.get("beyond_model") or []),
        route=str(facts.get("route") or "registry"),
        targeting_list=str(facts.get("targeting_list") or ""),
        run=str(facts["run"])[:12],
        input=str(facts["input"])[:12],
    )


_LINES = {"poverty": "Garis kemiskinan", "extreme": "Garis miskin ekstrem"}


def _line(entry: dict[str, Any]) -> str:
    amount = (
        f"{rupiah(entry['rupiah'])} per orang per bulan"
        if entry.get("rupiah")
        else f"menurut kolom garis di survei, dikali {number(entry.get('times') or 1, 2)}"
    )
    when = month_words(str(entry["month"]))
    return f"{_LINES.get(entry['kind'], entry['kind'])}: {amount} ({when}; {entry['source']})"


def _benchmark(entry: dict[str, Any] | None, synthetic: bool) -> str:
    if not entry:
        return ""
    official = f"{percent(entry['share'])} tahun {entry['year']} ({entry['source']})"
    return f"Disesuaikan dengan angka {'acuan buatan' if synthetic else 'resmi kabupaten'} {official}"


def _source(entry: dict[str, Any]) -> Source:
    return Source(
        name=str(entry["name"]),
        kind=str(entry.get("kind") or ""),
        period=month_words(str(entry.get("period") or "")) or _day(entry.get("as_of")),
        programme=str(entry.get("programme") or ""),
    )


def _day(day: str | None) -> str:
    return long_date(date.fromisoformat(day)) if day else ""


def _programme(entry: dict[str, Any]) -> Programme:
    return Programme(
        code=str(entry["code"]),
        name=str(entry["name"]),
        agency=str(entry["agency"]),
        strategy=str(entry.get("strategy") or ""),
        unit=str(entry.get("unit") or ""),
        funds=tuple(entry.get("funds") or ()),
        year=str(entry.get("year") or ""),
        source=str(entry.get("source") or ""),
        working_value=entry.get("basis") == "nilai_kerja",
        listed=bool(entry.get("listed", True)),
        once=entry.get("period") == "sekali",
        outside=f"di atas desil {entry['highest_desil']}" if entry.get("highest_desil") else "",
        doubt=str(entry.get("doubt") or ""),
        spanned=bool(entry.get("spanned", False)),
        varies=bool(entry.get("varies", False)),
    )
