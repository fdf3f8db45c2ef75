"""How each office writes what the world holds: words of P3KE, codes of DTSEN and of Susenas March 2024."""

P3KE = {
    "tenure": {
        "own": "Milik Sendiri",
        "rent": "Kontrak/Sewa",
        "free": "Bebas Sewa",
        "official": "Dinas",
        "other": "Lainnya",
    },
    "roof": {
        "concrete": "Beton",
        "tile": "Genteng",
        "zinc_asbestos": "Asbes/Seng",
        "wood": "Kayu/Sirap",
        "bamboo": "Bambu",
        "thatch": "Jerami/Ijuk/Rumbia/Daun-daunan",
    },
    "wall": {"brick": "Tembok", "wood": "Kayu/Papan", "bamboo": "Bambu", "zinc": "Seng"},
    "floor": {
        "ceramic": "Keramik/Granit/Marmer/Ubin/Tegel/Teraso",
        "cement": "Semen",
        "wood": "Kayu/Papan",
        "bamboo": "Bambu",
        "earth": "Tanah",
    },
    "lighting": {
        "pln_up_to_900": "Listrik Pribadi s/d 900 Watt",
        "pln_above_900": "Listrik Pribadi > 900 Watt",
        "non_pln": "Genset/solar cell",
        "pln_shared": "Listrik Bersama",
        "none": "Non-Listrik",
    },
    "cooking": {
        "gas_electric": "Listrik/Gas",
        "kerosene": "Minyak Tanah",
        "wood_charcoal": "Arang/Kayu",
        "other": "Lainnya",
    },
    "water": {
        "bottled": "Air Kemasan/Isi Ulang",
        "piped": "Ledeng/PAM",
        "borehole": "Sumur Bor",
        "protected_well": "Sumur Terlindung",
        "unprotected_well": "Sumur Tidak Terlindung",
        "surface": "Air Permukaan (Sungai, Danau, dll)",
        "rain": "Air Hujan",
    },
    "toilet": {
        "own_septic": "Ya, dengan Septic Tank",
        "own_no_septic": "Ya, tanpa Septic Tank",
        "shared": "Tidak, Jamban Umum/Bersama",
        "none": "Lainnya",
    },
    "head_education": {
        "none": "Tidak/belum sekolah",
        "primary_incomplete": "Tidak tamat SD/sederajat",
        "primary": "Tamat SD/sederajat",
        "junior": "Tamat SMP/sederajat",
        "senior": "Tamat SMA/sederajat",
        "tertiary": "Tamat Perguruan Tinggi",
    },
}
WORK = {
    "agriculture": ("Petani", "Petani", "Petani", "Nelayan"),
    "other": ("Pedagang", "Wiraswasta", "Pegawai Swasta", "Pekerja Lepas"),
    "not_working": ("Tidak/belum bekerja", "Pensiunan"),
}
RELATION = {"head": "Kepala Keluarga", "spouse": "Istri/Suami", "child": "Anak", "other": "Lainnya"}

# Susenas March 2024. Tenure, roof, closet, water, lighting and fuel: the codes of the public label files. Wall, floor,
# user and final disposal of the toilet: the questionnaire's order as remembered, to be checked by the office.
SUSENAS = {
    "R1802": ("tenure", {"own": 1, "rent": 2, "free": 3, "official": 4, "other": 5}),
    "R1806A": (
        "roof",
        {"concrete": 1, "tile": 2, "zinc_asbestos": 3, "bamboo": 5, "wood": 6, "thatch": 7, "other": 8},
    ),
    "R1807": ("wall", {"brick": 1, "wood": 3, "bamboo": 6, "zinc": 7, "other": 7}),
    "R1808": ("floor", {"ceramic": 2, "wood": 5, "cement": 6, "bamboo": 7, "earth": 8, "other": 9}),
    "R1809A": ("toilet", {"own_septic": 1, "own_no_septic": 1, "shared": 2, "none": 6}),
    "R1809B": ("toilet", {"own_septic": 1, "own_no_septic": 1, "shared": 1, "none": None}),
    "R1809C": ("toilet", {"own_septic": 1, "own_no_septic": 4, "shared": 1, "none": None}),
    "R1810A": (
        "water",
        {
            "bottled": 2,
            "piped": 3,
            "borehole": 4,
            "protected_well": 5,
            "unprotected_well": 6,
            "surface": 9,
            "rain": 10,
            "other": 11,
        },
    ),
    "R1816": ("lighting", {"pln_up_to_900": 1, "pln_above_900": 1, "pln_shared": 2, "non_pln": 3, "none": 4}),
    "R1816B1": (
        "lighting",
        {"pln_up_to_900": 2, "pln_above_900": 3, "pln_shared": None, "non_pln": None, "none": None},
    ),
    "R1817": ("cooking", {"gas_electric": 4, "kerosene": 7, "wood_charcoal": 10, "other": 11}),
}
SUSENAS_ASSETS = {
    "R2001A": "asset_gas_large",
    "R2001B": "asset_refrigerator",
    "R2001C": "asset_air_conditioner",
    "R2001F": "asset_computer",
    "R2001G": "asset_gold",
    "R2001H": "asset_motorcycle",
    "R2001I": "asset_boat",
    "R2001J": "asset_motor_boat",
    "R2001K": "asset_car",
    "R2001L": "asset_flat_television",
    "R2001M": "asset_land",
}
# R614, highest certificate: 1-24 by kind of school, 25 none.
CERTIFICATE = {"none": 25, "primary_incomplete": 25, "primary": 2, "junior": 7, "senior": 12, "tertiary": 20}

DTSEN_ASSETS = {
    "aset_bergerak_tabung_gas": "asset_gas_large",
    "aset_bergerak_lemari_es": "asset_refrigerator",
    "aset_bergerak_ac": "asset_air_conditioner",
    "aset_bergerak_komputer_laptop_tablet": "asset_computer",
    "aset_bergerak_emas_perhiasan": "asset_gold",
    "aset_bergerak_sepeda_motor": "asset_motorcycle",
    "aset_bergerak_perahu": "asset_boat",
    "aset_bergerak_kapal_perahu_motor": "asset_motor_boat",
    "aset_bergerak_mobil": "asset_car",
    "aset_bergerak_tv_datar": "asset_flat_television",
    "aset_tidak_bergerak_lahan_lainnya": "asset_land",
}
