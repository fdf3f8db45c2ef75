"""Who is due what: every family against every programme, minus what it already receives."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from kaur_analysis.contracts import NEEDS, checked
from kaur_analysis.errors import DataRejected
from kaur_analysis.planning.rules import Verdict, counts, distinct, judge, rule_fields
from kaur_analysis.planning.verification import latest_outcomes
from kaur_analysis.planning.wide import places
from kaur_analysis.reference.catalogue import Programme, check_together

OUTCOME_WORDS = {
    "moved": "hasil verifikasi: pindah",
    "died": "hasil verifikasi: meninggal",
    "not_poor": "hasil verifikasi: tidak miskin",
}


def needs_matrix(
    families: pd.DataFrame,
    family_poverty: pd.DataFrame,
    reach: pd.DataFrame,
    programmes: Iterable[Programme],
    *,
    persons: pd.DataFrame | None = None,
    verification: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compare what every family is entitled to with what it receives.

    Parameters
    ----------
    families, family_poverty, persons
        Tables of contracts ``FAMILIES``, ``FAMILY_POVERTY`` and, optionally, ``PERSONS``.
    reach
        Who is on which list: ``family``, ``programme``, ``received`` (probability of the link), ``period`` (begins with
        the year), optionally ``units_received`` (people it names, if right; used for programmes paid per person, whose
        lists otherwise count as serving all of the family's entitled members). Rows of the same
        family, programme and year are the same receipt seen several times: the largest probability counts. Regular
        programmes are judged by their latest year; one-time benefits by all years.
    programmes
        The study's programmes.
    verification
        What the field round found, as :func:`~kaur_analysis.planning.verification.read_verification` returns it.
        Families that moved, died or are not poor are no longer due; verified ones are certain.

    Returns
    -------
    DataFrame
        Contract ``NEEDS``: one row per family and programme where the family is eligible or perhaps served.
        ``due`` is the expected share of the entitlement not yet received, 0 where the family has a programme that
        excludes this one; ``units`` and ``rupiah_year`` are the whole entitlement of a year, so that ``due *
        rupiah_year`` is what has to be budgeted; ``due_extreme`` is ``due`` times the probability of extreme poverty.
        ``priority`` 1 is served first: largest expected extreme-poverty gap of the family, then vulnerability
        (probability of being poor, then share of dependants). ``confidence`` (0-1) falls with every unknown field
        that the rule asks about and with doubt about the link.

    Raises
    ------
    DataRejected
        ``reach`` names programmes or families that are not there.
    """
    listed = list(programmes)
    check_together(listed)
    fields = rule_fields(families, family_poverty, persons)
    modelled = family_poverty.set_index("family").reindex(fields.index)
    received = _receipt(reach, listed, fields.index)
    outcomes = latest_outcomes(verification).reindex(fields.index)
    priority = _priority(fields, modelled)
    p_extreme = modelled["p_extreme"].fillna(0).to_numpy(dtype=float)
    place = families[["kecamatan", "desa"]].reset_index(drop=True)  # in the order of the fields
    verified = outcomes.eq("verified").to_numpy(dtype=bool)
    ended = pd.Index(list(OUTCOME_WORDS)).get_indexer(outcomes) + 1  # 0 where nothing ended what is due

    shares = {code: receipt.probability for code, receipt in received.items()}
    tables = []
    for programme in listed:
        verdict = judge(fields, programme)
        receipt = received[programme.code]
        probability = receipt.probability
        served = probability * np.fmin(receipt.people, verdict.units)
        missing = 1 - np.divide(served, verdict.units, out=np.zeros(len(fields)), where=verdict.units > 0)
        barred = 1 - _chance_of_any(shares, programme.excludes, len(fields))
        allowed = (
            _chance_of_any(shares, programme.requires, len(fields)) if programme.requires else np.ones(len(fields))
        )
        due = np.where(verdict.eligible & (ended == 0), missing * barred * allowed, 0.0)
        certain = np.where(verified, 1.0, verdict.known * np.maximum(probability, 1 - probability))
        rows = np.flatnonzero(verdict.eligible | (probability > 0))
        eligible = verdict.eligible[rows]
        tables.append(
            pd.DataFrame(
                {
                    "family": fields.index[rows],
                    "kecamatan": place["kecamatan"].array[rows],
                    "desa": place["desa"].array[rows],
                    "programme": programme.code,
                    "agency": programme.agency,
                    "eligible": eligible.astype(float),
                    "received": probability[rows],
                    "received_period": receipt.periods.take(receipt.latest[rows]),
                    "due": due[rows],
                    "units": np.where(eligible, verdict.units[rows], 0.0),
                    "rupiah_year": np.where(eligible, verdict.rupiah_year[rows], 0.0),
                    "why": _why(programme, verdict, receipt, barred < 0.5, allowed < 0.5, ended, rows),
                    "priority": priority[rows],
                    "confidence": certain[rows],
                    "p_extreme": p_extreme[rows],
                    "due_extreme": (due * p_extreme)[rows],
                }
            )
        )
    needs = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return checked(NEEDS, needs)


@dataclass(frozen=True)
class _Receipt:
    """Of each family: probability that it is on a programme's list, people served, number of the latest period.

    People are missing where lists do not say; period 0 is none.
    """

    probability: np.ndarray
    people: np.ndarray
    latest: np.ndarray
    periods: ExtensionArray


def _receipt(reach: pd.DataFrame, programmes: Sequence[Programme], families: pd.Index) -> dict[str, _Receipt]:
    """What each programme's lists say of the families."""
    known = {programme.code for programme in programmes}
    if unknown := sorted(set(reach["programme"].unique()) - known):
        raise DataRejected(f"Daftar penerima menyebut program yang tidak ada di studi: {', '.join(unknown)}.")
    linked = reach[reach["family"].notna() & (reach["received"] > 0)]
    linked = linked.assign(place=places(families, linked["family"]))
    if (linked["place"] < 0).any():
        raise DataRejected("Daftar penerima tertaut ke keluarga yang tidak ada di registri.")
    people_known = "units_received" in reach.columns
    lists = dict(list(linked.groupby("programme", sort=False)))
    result = {}
    for programme in programmes:
        rows = lists.get(programme.code, linked.iloc[:0])
        if programme.period != "sekali" and len(rows):
            year = rows["period"].str[:4]
            rows = rows[year == year.max()]
        place = rows["place"].to_numpy()
        best, people = np.zeros(len(families)), np.full(len(families), np.nan)
        np.maximum.at(best, place, rows["received"].to_numpy(dtype=float))
        if people_known and programme.unit in ("orang", "murid"):
            np.fmax.at(people, place, rows["units_received"].to_numpy(dtype=float))
        order, periods = pd.factorize(rows["period"], sort=True)
        latest = np.zeros(len(families), dtype=np.intp)
        np.maximum.at(latest, place, order + 1)
        result[programme.code] = _Receipt(best, people, latest, _text(["", *periods]))
    return result


def _text(values: Sequence[str]) -> ExtensionArray:
    """Text as tables hold it, of which rows are taken without turning each into an object."""
    return pd.array(list(values), dtype="str")


def _chance_of_any(shares: dict[str, np.ndarray], codes: Sequence[str], size: int) -> np.ndarray:
    """Probability that the family has at least one of the programmes, links taken as independent."""
    none = np.ones(size)
    for code in codes:
        none *= 1 - shares.get(code, np.zeros(size))
    return np.asarray(1 - none)


def _priority(fields: pd.DataFrame, modelled: pd.DataFrame) -> np.ndarray:
    """Rank of the families, 1 first: expected yearly gap, probability of being poor, share of dependants, pseudonym."""
    size = modelled["household_size"].fillna(0).to_numpy(dtype=float)
    gap = modelled["gap_extreme_rp_month"].fillna(0).to_numpy(dtype=float) * size
    dependants = sum(counts(fields, name) for name in ("children_0_6", "elderly_60", "disabled_members"))
    share = np.divide(dependants, size, out=np.zeros(len(size)), where=size > 0)
    poor = modelled["p_poor"].fillna(0).to_numpy(dtype=float)
    order = np.lexsort((fields.index.to_numpy(dtype=str), -share, -poor, -gap))
    rank = np.empty(len(order))
    rank[order] = np.arange(1, len(order) + 1)
    return rank


def _why(
    programme: Programme,
    verdict: Verdict,
    receipt: _Receipt,
    barred: np.ndarray,
    unmet: np.ndarray,
    ended: np.ndarray,
    rows: np.ndarray,
) -> ExtensionArray:
    """Rule and receipt of some families in one sentence, built once per distinct combination.

    ``ended`` is the number of the field's word that ended what is due, 0 where none did.
    """
    state = np.select([receipt.probability >= 0.9, receipt.probability > 0], [2, 1], 0)
    period = np.where(state > 0, receipt.latest, 0)
    told = (verdict.outcome, verdict.eligible, state, period, barred, unmet, ended)
    first, sentence = distinct([each[rows] for each in told])
    words = list(OUTCOME_WORDS.values())
    sentences = []
    for row in rows[first]:
        parts = [verdict.sentences[verdict.outcome[row]]]
        if state[row]:
            parts.append(f"{'sudah' if state[row] == 2 else 'mungkin sudah'} menerima ({receipt.periods[period[row]]})")
        elif verdict.eligible[row]:
            parts.append("belum ada di daftar penerima")
        if verdict.eligible[row] and barred[row]:
            parts.append("tidak boleh bersama " + ", ".join(programme.excludes))
        if verdict.eligible[row] and unmet[row]:
            parts.append("harus menerima dahulu " + ", ".join(programme.requires))
        if ended[row]:
            parts.append(words[ended[row] - 1])
        sentences.append("; ".join(parts))
    return _text(sentences).take(sentence)


def conflicts(needs: pd.DataFrame, programmes: Iterable[Programme]) -> pd.DataFrame:
    """Families that have, or are due, two things that do not go together.

    Parameters
    ----------
    needs
        Contract ``NEEDS``.
    programmes
        The study's programmes.

    Returns
    -------
    DataFrame
        ``kind, family, kecamatan, desa, programme, agency, other, other_agency, probability, rupiah_year``; ``kind`` is
        ``terlarang_diterima`` (receives two programmes that exclude each other), ``terlarang_hak`` (due both: only one
        can be budgeted; ``rupiah_year`` is the smaller amount, which would be counted twice) or ``ganda_instansi``
        (receives programmes of the same strategy from two agencies: not wrong, but to be agreed between them).
    """
    listed = list(programmes)
    excluded = {frozenset((p.code, other)) for p in listed for other in p.excludes}
    rows_of = needs.groupby("programme").indices
    family = pd.factorize(needs["family"])[0]
    received, due = needs["received"].to_numpy(dtype=float), needs["due"].to_numpy(dtype=float)
    pairs, found = [], []
    for one, two in combinations(listed, 2):
        if one.code not in rows_of or two.code not in rows_of:
            continue
        barred = frozenset((one.code, two.code)) in excluded
        if not barred and (one.agency == two.agency or one.strategy != two.strategy):
            continue
        row_of = np.full(len(needs), -1)
        row_of[family[rows_of[two.code]]] = rows_of[two.code]
        other = row_of[family[rows_of[one.code]]]
        own, other = rows_of[one.code][other >= 0], other[other >= 0]
        chances = {"terlarang_diterima" if barred else "ganda_instansi": received[own] * received[other]}
        if barred:
            chances["terlarang_hak"] = np.minimum(due[own], due[other])
        for kind, probability in chances.items():
            met = probability > 0
            pairs.append((kind, one.code, one.agency, two.code, two.agency))
            found.append((own[met], other[met], probability[met]))
    columns = ["kind", "family", "kecamatan", "desa", "programme", "agency", "other", "other_agency"]
    columns += ["probability", "rupiah_year"]
    if not found:
        return pd.DataFrame(columns=columns)
    own, other, probability = (np.concatenate(parts) for parts in zip(*found, strict=True))
    pair = np.repeat(np.arange(len(pairs)), [len(rows) for rows, _, _ in found])
    rupiah = needs["rupiah_year"].to_numpy(dtype=float)
    names = ["kind", "programme", "agency", "other", "other_agency"]
    table = pd.DataFrame(pairs, columns=names).take(pair).reset_index(drop=True)
    return table.assign(
        **{name: needs[name].array[own] for name in ("family", "kecamatan", "desa")},
        probability=probability,
        rupiah_year=np.minimum(rupiah[own], rupiah[other]),
    )[columns]
