"""Links of a synthetic Kaur against its hidden truth."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.cleaning import Clean, clean
from kaur_analysis.intake import Intake, keys_for, read_study
from kaur_analysis.intake.pseudonyms import Pseudonymiser
from kaur_analysis.linkage import Linkage, link
from kaur_analysis.linkage.review import CLASSES
from kaur_analysis.study import Study, load_study

FIRST_LINE = {"umkm_2024": 3, "baznas_2024": 3}  # lists with a title above the heading
PER_DESA = "blt_dd_2024"  # one sheet per desa, one file per kecamatan


@dataclass(frozen=True)
class Linked:
    """One row per recipient record: ``programme, source, probability, method``, its family in the registry as linked
    and as true (``linked``, ``true``; missing where none), and whether the true one is in the registry at all."""

    records: pd.DataFrame
    linkage: Linkage
    registry: pd.Series

    @property
    def precision(self) -> float:
        """Share of the links that are right."""
        made = self.records.dropna(subset="linked")
        return float((made["linked"] == made["true"]).mean())

    @property
    def recall(self) -> float:
        """Share of the recipients in the registry that were found, and rightly."""
        there = self.records[self.records["in_registry"]]
        return float((there["linked"] == there["true"]).mean())


def link_and_compare(study_file: Path) -> Linked:
    """Read, clean and link a demo's files, then look its recipients up in the truth beside them."""
    study = load_study(study_file)
    intake = read_study(study, keys_for(True), strict=False)
    cleaned = clean(intake, study)
    linkage = link(cleaned, study)
    return compare(linkage, intake, cleaned, study, study_file.parent)


def compare(linkage: Linkage, intake: Intake, cleaned: Clean, study: Study, folder: Path) -> Linked:
    """Linked and true family of every recipient record, and the true family of every registry family."""
    truth, families, persons = (
        pd.read_parquet(folder / "truth" / f"{name}.parquet") for name in ("recipients", "families", "persons")
    )
    tokens = Pseudonymiser(keys_for(True)).tokens(persons["nik"].astype("str"), "nik")
    family_of = dict(zip(tokens, persons["family"], strict=True))
    members = cleaned.registry_keys.assign(true=cleaned.registry_keys["person_token"].map(family_of))
    registry = members.dropna(subset="true").groupby("family")["true"].agg(lambda own: own.mode().iloc[0])
    place = linkage.links["record"].str.split(":", expand=True)
    records = linkage.links.assign(source=place[0], line=place[2].astype(int))
    records["row"] = records["line"] - records["source"].map(FIRST_LINE).fillna(2)
    rows = truth.rename(columns={"list": "source", "family": "true"})
    found = [
        records[records["source"] != PER_DESA].merge(rows, on=["source", "row"]),
        records.merge(_of_desa_lists(rows, families, intake, study), on="record"),
    ]
    table = pd.concat(found, ignore_index=True)
    records = table.assign(linked=table["family"].map(registry), in_registry=table["true"].isin(set(registry)))
    columns = ["record", "programme", "source", "probability", "method", "linked", "true", "in_registry"]
    return Linked(records[columns], linkage, registry)


def _of_desa_lists(rows: pd.DataFrame, families: pd.DataFrame, intake: Intake, study: Study) -> pd.DataFrame:
    """True family by record of the lists written per desa, which are read in the order of their files and sheets."""
    area = study.reference
    own = rows[rows["source"] == PER_DESA].merge(
        families[["family", "kecamatan", "desa"]], left_on="true", right_on="family"
    )
    own = own.assign(
        file=own["kecamatan"].map(area.kecamatan.set_index("kecamatan")["name"]),
        sheet=own["desa"].map(area.desa.set_index("desa")["name"]),
    ).sort_values(["file", "sheet", "row"], kind="stable")
    read = intake.recipients[intake.recipients["source"] == PER_DESA]
    if len(read) != len(own):
        raise AssertionError("lists per desa were not read whole")
    return pd.DataFrame({"record": read["record"].to_numpy(), "true": own["true"].to_numpy()})


def calibration(linked: Linked) -> pd.DataFrame:
    """Best pair of each record by its stated probability: ``pairs, stated, right``."""
    family_of = linked.linkage.candidates
    best = family_of.sort_values("probability").drop_duplicates("record", keep="last")
    best = best.merge(linked.records[["record", "true"]], on="record")
    best["right"] = (best["family"].map(linked.registry) == best["true"]).astype(float)
    best["range"] = pd.cut(best["probability"], list(CLASSES), include_lowest=True).astype(str)
    grouped = best.groupby("range")
    return grouped.agg(pairs=("right", "size"), stated=("probability", "mean"), right=("right", "mean"))


def damage_niks(folder: Path, share: float, seed: int = 0) -> None:
    """Change one digit in a share of the NIKs of the lists of PBI-JK recipients and companies (in place)."""
    random = np.random.default_rng(seed)
    for name in ("pbi_jk_2024.csv", "csr_2024.csv"):
        path = folder / "sumber" / name
        lines = path.read_text(encoding="utf-8-sig").split("\n")
        for number, line in enumerate(lines):
            found = re.search(r"(?<!\d)\d{16}(?!\d)", line)
            if found and random.random() < share:
                place = found.start() + int(random.integers(6, 16))
                lines[number] = line[:place] + str((int(line[place]) + 1) % 10) + line[place + 1 :]
        path.write_text("\n".join(lines), encoding="utf-8-sig")
