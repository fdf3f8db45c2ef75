"""The dirt of the field, put on clean files: what Excel, hurried typing and moving people do to a list.

Each function takes a clean table and returns a dirty one. A damaged number can no longer be repaired from the file,
which is the point: the office has to ask for a new export.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

# Shares of rows that get each kind of dirt.
DAMAGED_BY_EXCEL = 0.01
WRONG_DIGIT = 0.015
MISSPELT_NAME = 0.08
MISSPELT_PLACE = 0.03
DOUBLED = 0.01
ELSEWHERE = 0.006


def soil_recipients(rows: pd.DataFrame, random: Generator) -> pd.DataFrame:
    """Dirt on a recipient list: numbers, names, places, doubles, people of another kabupaten."""
    out = rows.copy()
    number = next(name for name in out.columns if name.lower() == "nik")
    name = next(label for label in out.columns if label.lower() in ("nama", "penerima"))
    out[number] = soil_numbers(out[number].to_numpy(dtype=object), random)
    out[name] = soil_names(out[name].to_numpy(dtype=object), random, MISSPELT_NAME)
    for place in ("desa", "desa_kelurahan", "kecamatan"):
        if place in out.columns and "_kecamatan" not in out.columns:
            out[place] = soil_names(out[place].to_numpy(dtype=object), random, MISSPELT_PLACE / 2)
    doubled = out.sample(n=int(len(out) * DOUBLED), random_state=random)
    out = pd.concat([out, doubled], ignore_index=True)
    region = next((label for label in out.columns if label in ("kabupaten", "kabkot")), None)
    if region:
        away = random.random(len(out)) < ELSEWHERE
        out.loc[away, region] = "SELUMA"
        out.loc[away, [label for label in ("kecamatan", "desa", "desa_kelurahan") if label in out.columns]] = "TALO"
        out.loc[away, "_family"] = -1
    return out


def soil_numbers(numbers: NDArray[np.object_], random: Generator) -> NDArray[np.object_]:
    """NIKs with a wrong digit, kept by Excel as numbers (last digit lost), shown as 9,90404E+15, or 15 digits long."""
    out = numbers.copy()
    dice = random.random(len(out))
    wrong = np.flatnonzero(dice < WRONG_DIGIT)
    places = random.integers(12, 16, len(wrong))
    digits = random.integers(1, 10, len(wrong))
    for row, place, step in zip(wrong, places, digits, strict=True):
        digit = (int(out[row][place]) + step) % 10
        out[row] = f"{out[row][:place]}{digit}{out[row][place + 1 :]}"
    damaged = np.flatnonzero((dice >= WRONG_DIGIT) & (dice < WRONG_DIGIT + DAMAGED_BY_EXCEL))
    for order, row in enumerate(damaged):
        text = str(out[row])
        out[row] = (text[:15] + "0", f"{text[0]},{text[1:6]}E+15", text[:15])[order % 3]
    return out


def soil_names(words: NDArray[np.object_], random: Generator, share: float) -> NDArray[np.object_]:
    """Words with two letters exchanged, one left out, or one doubled."""
    out = words.copy()
    for row in np.flatnonzero(random.random(len(out)) < share):
        text = str(out[row])
        place = int(random.integers(1, max(2, len(text) - 2)))
        kind = int(random.integers(0, 3))
        out[row] = (
            text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :],
            text[:place] + text[place + 1 :],
            text[:place] + text[place : place + 1] + text[place:],
        )[kind]
    return out


def soil_p3ke(tables: tuple[pd.DataFrame, pd.DataFrame], random: Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """P3KE with damaged NIKs, misspelt and padded headings, dates as fractional Excel serials, doubled families."""
    family, person = (table.copy() for table in tables)
    family["nik"] = soil_numbers(family["nik"].to_numpy(dtype=object), random)
    family["desa"] = soil_names(family["desa"].to_numpy(dtype=object), random, MISSPELT_PLACE)
    family = pd.concat([family, family.sample(n=int(len(family) * DOUBLED), random_state=random)], ignore_index=True)
    serial = random.random(len(family)) < 0.2
    born = pd.to_datetime(family["tanggal_lahir"], format="%d/%m/%Y")
    days = (born - pd.Timestamp("1899-12-30")).dt.days + 0.999988425926
    family["tanggal_lahir"] = family["tanggal_lahir"].astype(object).where(~serial, days.map("{:.10f}".format))
    family = family.rename(columns={"penerima_bpnt": "penerima_bnpt", "jenis_dinding": "jenis_dinding  "})
    person["nik"] = soil_numbers(person["nik"].to_numpy(dtype=object), random)
    person = person.rename(columns={"hubungan_keluarga": "Hub. dgn. Kpl Keluarga", "tanggal_lahir": "Tanggal Lahir "})
    return family, person


def soil_dtsen(tables: tuple[pd.DataFrame, pd.DataFrame], random: Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """DTSEN with a few people on two family cards and a few misspelt places."""
    family, person = (table.copy() for table in tables)
    family["kelurahan"] = soil_names(family["kelurahan"].to_numpy(dtype=object), random, MISSPELT_PLACE / 3)
    twice = person[person["hub_kepala_keluarga"] == "Anak"].sample(frac=0.004, random_state=random)
    target = family.sample(n=len(twice), random_state=random, replace=True)
    twice = twice.assign(id_keluarga=target["id_keluarga"].to_numpy(), no_kk=target["no_kk"].to_numpy())
    return family, pd.concat([person, twice], ignore_index=True)
