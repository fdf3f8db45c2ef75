"""Registries become one row per family and per person; whoever is left out is counted with a reason."""

from datetime import date

import pandas as pd
import pytest

from kaur_analysis.cleaning import clean
from kaur_analysis.cleaning.places import Gazetteer, locate
from kaur_analysis.demo import make_demo
from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import demo_keys, read_study
from kaur_analysis.intake.findings import Findings
from kaur_analysis.reference import load_area
from kaur_analysis.study import Registry, Source, load_study
from tests.intake_files import card, dtsen, nik, study, workbook

MEMBER = {"hub_kepala_keluarga": "Anak", "nama": "Lyzizotyx Rykoq", "tanggal_lahir": "01/02/2010"}
CHILD = MEMBER | {"nik": nik(date(2010, 2, 1), serial=7)}


@pytest.fixture
def registry(tmp_path):
    def _clean(families, persons, old_families=(), old_persons=()):
        sources = list(dtsen(tmp_path, families, persons))
        if old_families:
            more = dtsen(tmp_path, list(old_families), list(old_persons), stem="lama")
            sources += [source.model_copy(update={"as_of": date(2023, 6, 30)}) for source in more]
        founders = tuple(source.name for source in sources if source.name.endswith("keluarga"))
        own = study(tmp_path, *sources, registry=Registry(precedence=founders))
        return clean(read_study(own, demo_keys(), strict=False), own)

    return _clean


def reasons(result):
    return sorted(result.set_aside["reason"])


def test_a_family_and_its_people_are_kept(registry):
    result = registry([{}], [{}, CHILD])
    assert (len(result.families), len(result.persons), reasons(result)) == (1, 2, [])


def test_the_size_of_a_family_is_its_people(registry):
    assert registry([{}], [{}, CHILD]).families["household_size"].item() == 2


def test_the_age_groups_are_at_the_reference_date(registry):
    assert registry([{}], [{}, CHILD]).families["children_13_15"].item() == 1


def test_a_family_twice_is_kept_once(registry):
    result = registry([{}, {}], [{}])
    assert (len(result.families), reasons(result)) == (1, ["Baris ganda"])


def test_of_two_rows_the_fuller_one_is_kept(registry):
    result = registry([{"alamat": "", "atap": ""}, {"atap": "seng"}], [{}])
    assert list(result.set_aside["line"]) == [2]


def test_the_same_person_twice_in_a_family_is_one(registry):
    result = registry([{}], [{}, CHILD, CHILD])
    assert (result.families["household_size"].item(), reasons(result)) == (2, ["Baris ganda"])


def test_a_person_on_two_cards_stays_where_they_are_head(registry):
    second = {"id_keluarga": "K2", "no_kk": card(2), "nik": nik(serial=2), "nama_kepala_keluarga": "Qiledvin Tvasop"}
    head = {"id_keluarga": "K2", "no_kk": card(2), "nik": nik(serial=2), "nama": "Qiledvin Tvasop"}
    guest = {"id_keluarga": "K2", "no_kk": card(2), "hub_kepala_keluarga": "Lainnya"}
    result = registry([{}, second], [{}, head, guest])
    assert sorted(result.families["household_size"]) == [1, 1] and reasons(result) == ["Orang tercatat di dua keluarga"]


def test_the_dead_are_set_aside(tmp_path):
    head = ["No KK", "NIK", "Nama", "Hubungan", "Kecamatan", "Kelurahan", "Keterangan Meninggal"]
    people = [
        [card(), nik(), "Zorabruk Vekador", "Kepala Keluarga", "Nasal", "Merpas", ""],
        [card(), nik(serial=2), "Qiledvin Tvasop", "Istri", "Nasal", "Merpas", "Meninggal"],
    ]
    workbook(tmp_path / "dtks.xlsx", [head, *people])
    source = Source(name="dtks", kind="dtks_person", path="dtks.xlsx", as_of=date(2024, 1, 1))
    own = study(tmp_path, source, registry=Registry(precedence=("dtks",)))
    result = clean(read_study(own, demo_keys(), strict=False), own)
    assert (len(result.persons), reasons(result)) == (1, ["Tercatat meninggal"])


def test_a_member_without_a_family_is_set_aside(registry):
    result = registry([{}], [{}, CHILD | {"id_keluarga": "K9"}])
    assert (len(result.persons), reasons(result)) == (1, ["Anggota tanpa keluarga"])


def test_a_member_without_a_family_is_told(registry):
    result = registry([{}], [{}, CHILD | {"id_keluarga": "K9"}])
    assert set(result.findings["rule"]) == {"keluarga_tidak_ada"}


def test_a_family_of_another_kabupaten_is_set_aside(registry):
    other = {"id_keluarga": "K2", "nik": nik(serial=2), "kabupaten": "SELUMA"}
    result = registry([{}, other], [{}])
    assert "Di luar wilayah studi" in reasons(result)
    assert list(result.findings.loc[result.findings["rule"] == "wilayah_lain", "found"]) == ["S•"]


def test_a_family_of_an_unknown_desa_is_set_aside_and_reported(registry):
    result = registry([{}, {"id_keluarga": "K2", "nik": nik(serial=2), "kelurahan": "Qwertyuiop"}], [{}])
    assert "wilayah_tidak_dikenal" in set(result.findings["rule"]) and len(result.families) == 1


def test_a_misspelt_desa_is_understood_and_reported(registry):
    result = registry([{"kelurahan": "MERPASS"}], [{}])
    assert (len(result.families), "wilayah_ditebak" in set(result.findings["rule"])) == (1, True)


def test_the_newer_registry_says_where_a_family_lives(registry):
    result = registry([{"kelurahan": "MERPAS"}], [{}], old_families=[{"kelurahan": "AIR BATANG"}], old_persons=[{}])
    names = load_area("1704").desa.set_index("desa")["name"]
    assert names[result.families["desa"]].tolist() == ["Merpas"]


def test_families_that_only_the_older_registry_knows_are_added(registry):
    old = {"id_keluarga": "K5", "no_kk": card(5), "nik": nik(serial=5), "nama_kepala_keluarga": "Lama Saja"}
    person = {"id_keluarga": "K5", "no_kk": card(5), "nik": nik(serial=5), "nama": "Lama Saja"}
    assert len(registry([{}], [{}], old_families=[old], old_persons=[person]).families) == 2


def test_the_code_of_a_family_in_the_older_registry_leads_to_todays(registry):
    alone = registry([{"id_keluarga": "LAMA"}], [{"id_keluarga": "LAMA"}]).families["family"].item()
    result = registry([{}], [{}], [{"id_keluarga": "LAMA"}], [{"id_keluarga": "LAMA"}])
    assert result.former_codes.to_dict("records") == [{"former": alone, "family": result.families["family"].item()}]


def test_a_family_of_one_registry_has_no_former_code(registry):
    assert registry([{}], [{}]).former_codes.empty


def test_people_who_left_a_family_since_are_told(registry):
    result = registry([{}], [{}], old_families=[{}], old_persons=[{}, CHILD])
    assert reasons(result) == ["Digantikan sumber yang lebih baru"]


def test_rows_read_are_rows_kept_and_set_aside(tmp_path):
    own = load_study(make_demo(tmp_path, seed=4, families=500, dirt="field"))
    table = clean(read_study(own, demo_keys(), strict=False), own).accounting
    assert (table["rows_read"] == table["rows_kept"] + table["rows_set_aside"]).all()


# --- a registry that cannot be used ---


def families_alone(tmp_path, **row):
    family, _ = dtsen(tmp_path, [row], [{}])
    own = study(tmp_path, family, registry=Registry(precedence=(family.name,)))
    return clean(read_study(own, demo_keys(), strict=False), own)


def test_a_registry_may_be_a_list_of_families_alone(tmp_path):
    result = families_alone(tmp_path, jumlah_anggota_keluarga="4")
    assert (result.families["household_size"].item(), len(result.persons)) == (4, 0)


def test_the_head_of_a_family_without_members_can_be_found_on_lists(tmp_path):
    keys = families_alone(tmp_path, jumlah_anggota_keluarga="4").registry_keys
    assert keys["person_token"].notna().tolist() == [True]


def test_a_registry_that_says_nothing_of_the_size_of_families_is_rejected(tmp_path):
    with pytest.raises(DataRejected, match="Besar keluarga tidak diketahui"):
        families_alone(tmp_path)


def test_a_registry_of_another_kabupaten_is_rejected_with_what_was_set_aside(registry):
    with pytest.raises(DataRejected, match="dtsen_keluarga: 1 baris disisihkan: Di luar wilayah studi"):
        registry([{"kabupaten": "SELUMA"}], [{}])


def test_a_registry_without_any_family_code_is_rejected_with_what_was_set_aside(registry):
    with pytest.raises(DataRejected, match="dtsen_keluarga: 1 baris disisihkan: Isian wajib kosong"):
        registry([{"id_keluarga": ""}], [{"id_keluarga": ""}])


def test_one_code_for_many_families_is_rejected(registry):
    with pytest.raises(DataRejected, match="hanya 1 kode keluarga pada 3 baris"):
        registry([{}, {}, {}], [{}])


def test_one_code_for_too_many_people_is_rejected(registry):
    people = [MEMBER | {"nik": nik(date(2010, 2, 1), serial=serial), "nama": f"Anak {serial}"} for serial in range(41)]
    with pytest.raises(DataRejected, match="lebih dari 40 orang"):
        registry([{}], people)


# --- where is this: two code systems that number the same places differently ---


@pytest.fixture(scope="module")
def gazetteer():
    return Gazetteer(load_area("1704"))


def test_the_first_kecamatan_of_kemendagri_is_kinal(gazetteer):
    assert gazetteer.find("", "", "", "17.04.01", "kemendagri").kecamatan == "1704050"


def test_the_first_kecamatan_of_bps_is_nasal(gazetteer):
    assert gazetteer.find("", "", "", "1704010", "bps").kecamatan == "1704010"


def test_a_code_of_another_kabupaten_is_outside(gazetteer):
    assert gazetteer.find("", "", "", "1705010", "bps").outside


@pytest.mark.parametrize("written", ["NASAL", "Kec. Nasal", "kecamatan nasal", "Nasall"])
def test_a_kecamatan_is_known_however_it_is_written(gazetteer, written):
    assert gazetteer.find("", written, "", "", "bps").kecamatan == "1704010"


def test_where_code_and_name_differ_the_name_wins_and_is_marked(gazetteer):
    place = gazetteer.find("", "Nasal", "", "17.04.01", "kemendagri")
    assert (place.kecamatan, place.contradiction) == ("1704010", True)


def test_the_code_of_a_desa_is_shown_whole_where_it_contradicts_the_name(gazetteer):
    findings = Findings()
    place = {"source": ["p3ke"], "file": ["p3ke.xlsx"], "sheet": [""], "line": [2]}
    table = pd.DataFrame(place | {"kecamatan_name": ["Nasal"], "region_code": ["1704020001"], "region_codes": ["bps"]})
    locate(table, gazetteer.area, findings)
    assert findings.table()["found"].tolist() == ["Nasal /  1704020001"]


@pytest.mark.parametrize("kecamatan", ["Nasal", ""])
def test_where_code_and_name_are_two_desa_of_a_kecamatan_the_name_wins_and_is_marked(gazetteer, kecamatan):
    place = gazetteer.find("", kecamatan, "Merpas", "1704010001", "bps")
    assert (place.desa, place.contradiction) == ("1704010005", True)


@pytest.mark.parametrize("desa", ["Arah Tiga", ""])
def test_a_code_against_names_that_are_all_unlike_its_place_places_nobody(gazetteer, desa):
    place = gazetteer.find("", "LUBUK PINANG", desa, "1704010001", "bps")
    assert (place.kecamatan, place.desa, place.contradiction) == ("", "", True)


def test_a_code_whose_desa_is_named_otherwise_than_any_in_its_kecamatan_is_marked(gazetteer):
    place = gazetteer.find("", "Nasal", "Qwertyuiop", "1704010001", "bps")
    assert (place.desa, place.contradiction) == ("1704010001", True)


@pytest.mark.parametrize("names", [("Nasal", "Tanjung Betuah"), ("", ""), ("Nasal", "")])
def test_a_code_with_its_own_names_or_none_is_not_marked(gazetteer, names):
    place = gazetteer.find("", *names, "1704010001", "bps")
    assert (place.desa, place.contradiction, place.score) == ("1704010001", False, 100.0)


AS_WRITTEN = ["KAUR", "Kab. Kaur", "Kabupaten Kaur, Bengkulu", "KAUR BENGKULU", "1704 - KAUR", "17.04 KAUR"]
WITH_MORE = ["17.04 Kab. Kaur", "KAUR (1704)", "Kaur - Prov. Bengkulu", "Provinsi Bengkulu, Kabupaten Kaur", "17.04"]


@pytest.mark.parametrize("written", [*AS_WRITTEN, *WITH_MORE])
def test_the_kabupaten_is_known_however_it_is_written(gazetteer, written):
    assert not gazetteer.find(written, "Nasal", "", "", "bps").outside


@pytest.mark.parametrize("written", ["Seluma", "SELUMA, BENGKULU", "Bengkulu", "1705 - SELUMA", "1705 KAUR", "17.05"])
def test_another_kabupaten_is_outside_however_it_is_written(gazetteer, written):
    assert gazetteer.find(written, "Nasal", "", "", "bps").outside


def test_a_name_between_two_places_is_not_guessed(gazetteer):
    assert gazetteer.find("", "Padang Guci", "", "", "bps").kecamatan == ""


def test_every_desa_is_found_by_its_own_name(gazetteer):
    area = gazetteer.area
    kecamatan = area.kecamatan.set_index("kecamatan")["name"]
    wrong = [
        row.name
        for row in area.desa.itertuples()
        if gazetteer.find("Kaur", kecamatan[row.kecamatan], row.name, "", "bps").desa != row.desa
    ]
    assert wrong == []
