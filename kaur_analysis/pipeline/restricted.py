"""What names people: lists for agencies, sheets for village meetings, doubtful links; and the answers that come back.

Everything is written below ``data/terbatas/<edition>/`` and logged there; answers become data beside the study, without
names, and change the next run.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from kaur_analysis.disclosure import protect_parts
from kaur_analysis.errors import DataRejected, UsageError
from kaur_analysis.intake import csv_text, keys_for, read_answers
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.run import READS_FILES, changed_since, held, read_state
from kaur_analysis.pipeline.steps import has_lists
from kaur_analysis.pipeline.steps.targeting import UNION
from kaur_analysis.planning import (
    Access,
    Provenance,
    identities_of,
    load_verification,
    log_access,
    read_clerical,
    read_verification,
    recipient_rows,
    write_budget_workbook,
    write_clerical,
    write_lists,
    write_musdes,
    write_reasons_workbook,
)
from kaur_analysis.store import private_folder, write_text
from kaur_analysis.study import DECISIONS_FILE, VERIFICATION_FILE, Thresholds

LOG = "akses.log"


def access_to(edition: Edition, person: str, reason: str) -> Access:
    """Who opens names and why; every use leaves a line in the edition's restricted folder.

    Whole NIK are shown only where the study grants it (``show_nik``).
    """
    return Access(person, reason, _folder(edition) / LOG, edition.study.show_nik)


def _folder(edition: Edition) -> Path:
    """The edition's restricted folder, made so that nobody but its owner looks into it."""
    private_folder(edition.restricted.parent)
    return private_folder(edition.restricted)


def recipient_lists(
    edition: Edition, access: Access, password: str, agencies: Iterable[str] = (), desa: Iterable[str] = ()
) -> list[Path]:
    """Lists per agency and desa, and a sheet per desa for the village meeting.

    Whom the allocation chose where the study names budgets, else everybody who is more likely due than not.

    Parameters
    ----------
    agencies, desa
        Codes; all where none is named.

    Raises
    ------
    UsageError
        Nobody is due anything there, or a run is going on.
    DataRejected
        Vault and tables are not of the same reading.
    StudyRejected
        A family that is due something has no identity there.
    """
    with _names_in_place(edition, "clean/families"):
        return _recipient_lists(edition, access, password, agencies, desa)


def _recipient_lists(
    edition: Edition, access: Access, password: str, agencies: Iterable[str], desa: Iterable[str]
) -> list[Path]:
    store = edition.store
    chosen = store.read("estimates/allocation") if edition.study.budgets else None
    rows = recipient_rows(store.read("estimates/needs"), edition.study.programmes, chosen)
    for column, chosen in (("agency", set(agencies)), ("desa", set(desa))):
        if unknown := sorted(chosen - set(rows[column])):
            raise UsageError(f"Tidak ada calon penerima untuk: {', '.join(unknown)}.", codes=unknown)
        rows = rows[rows[column].isin(chosen)] if chosen else rows
    heads = store.read("clean/families", ["family", "head_record"]).set_index("family")["head_record"]
    identities = identities_of(heads, edition.vault, keys_for(edition.study.synthetic), access)
    lists = write_lists(
        rows,
        identities,
        edition.area,
        private_folder(_folder(edition) / "daftar"),
        password=password,
        access=access,
        edition=edition.name,
        synthetic=edition.study.synthetic,
    )
    sheets = write_musdes(
        rows,
        identities,
        edition.area,
        private_folder(_folder(edition) / "musdes"),
        access=access,
        edition=edition.name,
        synthetic=edition.study.synthetic,
    )
    return [*lists, *sheets]


@contextmanager
def _names_in_place(edition: Edition, table: str) -> Iterator[None]:
    """Hold the edition while names are put to a table's records, which are lines of the files that step 01 read.

    Raises
    ------
    UsageError
        A run is going on.
    DataRejected
        Vault or table are not what step 01 left: records of one would get the names of another.
    """
    with held(edition):
        if changed_since(edition, read_state(edition), READS_FILES, (edition.vault, edition.store.path(table))):
            raise DataRejected(
                f"Nama tidak dapat ditulis: langkah {READS_FILES} edisi {edition.name} belum selesai, atau hasilnya "
                "berubah sesudahnya, sehingga nama dan keluarga mungkin tidak cocok. Jalankan kaur run sampai selesai, "
                "lalu ulangi perintah ini."
            )
        yield


def budget_workbook(edition: Edition) -> Path:
    """Workbook of budget lines, cost of zero and metadata, for typing into RKPD and RPKD; not for sharing."""
    study, store = edition.study, edition.store
    return write_budget_workbook(
        _folder(edition) / f"rkpd-{edition.name}.xlsx",
        store.read("estimates/budget"),
        store.read("estimates/zero_cost"),
        list(study.programmes),
        edition.area,
        _provenance(edition),
        listed=study.listed,
        minimum=study.thresholds.minimum_families,
    )


def reasons_workbook(edition: Edition) -> Path | None:
    """Workbook of why families of each desa were missed or included; nothing where no list is held.

    Pages tell reasons of kecamatan only: of a desa almost every number is of a few families. Here those are left empty,
    with as many others as it takes that a row does not give them away, and numbers whose error is too large.
    """
    if not has_lists(edition):
        return None
    table = edition.store.read("estimates/reasons_desa")
    order = {UNION: 0} | {code: place for place, code in enumerate(edition.study.listed, start=1)}
    names = edition.names | {UNION: "Program apa pun"}
    rows = table[table["measure"].str.endswith("_families") & table["group"].str.fullmatch(r"\d{10}")]
    sides = {side: rows[rows["measure"].str.startswith(side)] for side in ("missed", "included")}
    missed, included = (
        told_apart(part, edition.study.thresholds).assign(
            order=lambda told: told["programme"].map(order), programme_name=lambda told: told["programme"].map(names)
        )
        for part in sides.values()
    )
    return write_reasons_workbook(
        _folder(edition) / f"sebab-{edition.name}.xlsx",
        missed,
        included,
        edition.study.thresholds.minimum_families,
        edition.area,
        _provenance(edition),
    )


def told_apart(rows: pd.DataFrame, limits: Thresholds) -> pd.DataFrame:
    """Protect the counts of each desa and programme.

    Parameters
    ----------
    rows
        ``group`` (desa), ``programme, reason``, ``value`` (families) and ``se``.
    limits
        Smallest count that is told and largest relative error.

    Returns
    -------
    ``desa, programme``, ``total`` and a column per reason; missing where not told.
    """
    told = []
    for (desa, programme), own in rows.groupby(["group", "programme"], sort=True):
        counts = {str(reason): round(value) for reason, value in zip(own["reason"], own["value"], strict=True)}
        parts, total = protect_parts(counts, limits.minimum_families)
        unsure = set(own.loc[own["se"] > limits.rse_hide * own["value"], "reason"])
        shown = {
            reason: None if reason in unsure and count else parts.get(reason, 0) for reason, count in counts.items()
        }
        told.append({"desa": desa, "programme": programme, "total": total, **shown})
    return pd.DataFrame(told)


def _provenance(edition: Edition) -> Provenance:
    study = edition.study
    return Provenance(
        edition=edition.name,
        reference_date=study.reference_date,
        period=f"{study.reference_date.year + 1}",
        source=", ".join(source.name for source in study.sources),
        producer=study.contact or edition.area.full_name,
        lines="; ".join(f"{line.kind} {line.rupiah or line.column}: {line.source}" for line in study.priced_lines),
        synthetic=study.synthetic,
    )


def review_workbook(edition: Edition, access: Access, password: str) -> Path:
    """Workbook of the links that the model doubts, with names of both sides.

    Raises
    ------
    UsageError
        There is nothing to judge, or a run is going on.
    DataRejected
        Vault and tables are not of the same reading.
    """
    with _names_in_place(edition, "clean/grey_pairs"):
        return _review_workbook(edition, access, password)


def _review_workbook(edition: Edition, access: Access, password: str) -> Path:
    pairs = edition.store.read("clean/grey_pairs")
    if pairs.empty:
        raise UsageError("Tidak ada padanan yang diragukan pada edisi ini.")
    return write_clerical(
        pairs,
        edition.vault,
        keys_for(edition.study.synthetic),
        _folder(edition) / f"padanan-{edition.name}.xlsx",
        password=password,
        access=access,
        edition=edition.name,
        synthetic=edition.study.synthetic,
    )


def take_review(edition: Edition, access: Access, file: Path, password: str | None) -> Path:
    """Put the answers of a review beside the study; a later answer about the same pair replaces the earlier one.

    That names were opened for it is logged, whether or not the answers can be used.
    """
    log_access(access, edition.name, "jawaban tinjauan padanan dibaca", files=1)
    return _merged(edition.study.folder / DECISIONS_FILE, read_clerical(file, password), ["record", "person"])


def take_verification(edition: Edition, access: Access, files: Sequence[Path], password: str | None) -> Path:
    """Put what the field found beside the study; a later round replaces what it says of the same family.

    That names were opened for it is logged, whether or not the answers can be used.

    Raises
    ------
    DataRejected
        Nothing was filled in, or something that cannot be used; or earlier answers cannot be.
    """
    log_access(access, edition.name, "hasil verifikasi dibaca", files=len(files))
    programmes = [programme.code for programme in edition.study.programmes]
    found = read_verification(files, password, programmes).drop(columns="file")
    if found.empty:
        raise DataRejected("Tidak ada hasil verifikasi yang terisi. Isi kolom Hasil verifikasi dan Tanggal kunjungan.")
    folder = edition.study.folder
    earlier = load_verification(folder)
    return _merged(folder / VERIFICATION_FILE, found, ["family", "programme", "visited"], earlier)


def _merged(path: Path, new: pd.DataFrame, key: list[str], earlier: pd.DataFrame | None = None) -> Path:
    new = new.astype(str)
    if earlier is None:
        earlier = read_answers(path) if path.is_file() else new.iloc[:0]
    table = pd.concat([earlier, new], ignore_index=True).drop_duplicates(key, keep="last").sort_values(key)
    return write_text(path, csv_text(table), lasting=True)
