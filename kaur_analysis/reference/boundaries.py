"""Boundaries of kecamatan and desa from a file of the office, checked, joined by code and made small enough for pages.

geopandas and shapely come with the extra ``maps``; they are asked for only when a study names a boundary file.
"""

import itertools
import math
from pathlib import Path
from typing import Any

import pandas as pd

from kaur_analysis.errors import DataRejected, StudyRejected
from kaur_analysis.reference.areas import Area

SUFFIXES = (".geojson", ".json", ".gpkg", ".shp")
DEGREES = "EPSG:4326"
INDONESIA = (94.0, -12.0, 142.0, 7.0)  # west, south, east, north
WIDTH = 1000  # units across the picture
TOLERANCE = 1.5  # units within which a simplified line keeps to the true one
OVERLAP = 0.01  # share of the smaller area that two neighbours may both claim: drawing, not meaning
NAMED = 5  # areas that one message names


def boundary_files(path: Path) -> tuple[Path, ...]:
    """A boundary file with what belongs to it: a shapefile has its table and projection beside it."""
    beside = (path.with_suffix(suffix) for suffix in (".dbf", ".shx", ".prj", ".cpg"))
    return (path, *(file for file in beside if path.suffix.lower() == ".shp" and file.is_file()))


def read_boundaries(path: Path, area: Area) -> dict[str, Any]:
    """Outlines of a kabupaten as pages draw them.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage or shapefile of its desa or its kecamatan, in any stated coordinate system, with BPS or
        Kemendagri codes in one of its columns. Areas of other kabupaten are left out.
    area
        The kabupaten; both code systems come from it.

    Returns
    -------
    dict
        ``width``, ``height`` of the picture; ``desa`` and ``kecamatan``: BPS code → ``[path, x, y]``, an SVG path and a
        point inside. A file of kecamatan leaves ``desa`` empty.

    Raises
    ------
    StudyRejected
        The extra ``maps`` is not installed, or the file is not of a known kind.
    DataRejected
        The file cannot be read, states no coordinate system or lies outside Indonesia; codes are unknown, missing or
        there twice; an outline is empty or invalid; neighbours overlap.
    """
    try:
        import geopandas
        import shapely
    except ImportError as error:
        raise StudyRejected(
            'boundaries: peta batas memerlukan pustaka tambahan. Pasang dengan: pip install "kaur-analysis[maps]"'
        ) from error
    if path.suffix.lower() not in SUFFIXES:
        raise StudyRejected(f"boundaries: '{path.name}' bukan {', '.join(SUFFIXES)}.")
    try:
        layer = geopandas.read_file(path)
    except Exception as error:  # every driver has its own
        raise DataRejected(f"{path.name}: berkas batas tidak dapat dibaca ({type(error).__name__}).") from error
    if layer.crs is None:
        raise DataRejected(f"{path.name}: sistem koordinat tidak disebut. Sertakan berkas .prj, atau simpan ulang.")
    layer = layer.to_crs(DEGREES)
    codes, level = _codes(layer, area, path.name)
    layer = layer.assign(code=codes).dropna(subset="code")[["code", "geometry"]].reset_index(drop=True)
    _require_whole(layer, area, level, path.name)
    _require_sound(layer, path.name, shapely)
    return _outlines(layer.sort_values("code", ignore_index=True), level, shapely)


def _codes(layer: Any, area: Area, name: str) -> tuple[pd.Series, str]:
    """BPS code per row (missing for other kabupaten) from the column that knows most of the area's codes."""
    best: tuple[int, pd.Series, str] = (0, pd.Series(dtype=object), "")
    for level, table in (("desa", area.desa), ("kecamatan", area.kecamatan)):
        # Both systems may use the same digits for different places: the one that fits better speaks.
        for system in (level, "kemendagri"):
            known = dict(zip(table[system], table[level], strict=True))
            for column in layer.columns.drop("geometry"):
                digits = layer[column].astype(str).str.replace(r"\.0$|\D", "", regex=True)
                found = digits.map(known)
                if (count := int(found.nunique())) > best[0]:
                    stray = digits.str.startswith(area.kemendagri if system == "kemendagri" else area.code)
                    stray &= found.isna() & digits.str.len().eq(10 if level == "desa" else len(table[system].iloc[0]))
                    best = (count, found.mask(stray, "?" + digits), level)
    if not best[0]:
        raise DataRejected(
            f"{name}: tidak ada kolom dengan kode BPS atau Kemendagri {area.full_name}. "
            f"Kolom yang ada: {', '.join(layer.columns.drop('geometry'))}."
        )
    return best[1], best[2]


def _listed(codes: Any) -> str:
    every = sorted(str(code) for code in codes)
    return ", ".join(every[:NAMED]) + (f" dan {len(every) - NAMED} lagi" if len(every) > NAMED else "")


def _require_whole(layer: Any, area: Area, level: str, name: str) -> None:
    known = set((area.desa if level == "desa" else area.kecamatan)[level])
    if unknown := [code[1:] for code in layer["code"] if code.startswith("?")]:
        raise DataRejected(
            f"{name}: kode {level} tidak dikenal di {area.full_name}: {_listed(unknown)}.", codes=unknown
        )
    if twice := set(layer.loc[layer["code"].duplicated(), "code"]):
        raise DataRejected(
            f"{name}: {level} muncul lebih dari sekali: {_listed(twice)}. Gabungkan menjadi satu baris.", codes=twice
        )
    if missing := known - set(layer["code"]):
        raise DataRejected(f"{name}: {level} tidak ada dalam berkas: {_listed(missing)}.", codes=missing)


def _require_sound(layer: Any, name: str, shapely: Any) -> None:
    polygons = layer.geometry.geom_type.isin(["Polygon", "MultiPolygon"]) & ~layer.geometry.is_empty
    if not polygons.all():
        raise DataRejected(f"{name}: tanpa bidang (kosong, titik atau garis): {_listed(layer.loc[~polygons, 'code'])}.")
    west, south, east, north = layer.total_bounds
    if west < INDONESIA[0] or south < INDONESIA[1] or east > INDONESIA[2] or north > INDONESIA[3]:
        raise DataRejected(f"{name}: koordinat di luar Indonesia; sistem koordinat yang disebut berkas itu keliru.")
    invalid = layer.loc[~layer.geometry.is_valid]
    if len(invalid):
        reason = shapely.is_valid_reason(invalid.geometry.iloc[0])
        raise DataRejected(
            f"{name}: bidang tidak sah: {_listed(invalid['code'])} ({reason.partition('[')[0]}). "
            "Perbaiki, misalnya dengan 'Fix geometries' di QGIS."
        )
    first, second = layer.sindex.query(layer.geometry, predicate="intersects")
    pairs = first < second
    one, other = layer.geometry.iloc[first[pairs]], layer.geometry.iloc[second[pairs]]
    common = shapely.area(shapely.intersection(one.to_numpy(), other.to_numpy()))
    smaller = pd.Series(shapely.area(one.to_numpy())).combine(pd.Series(shapely.area(other.to_numpy())), min)
    both = [
        f"{layer['code'].iloc[a]} dan {layer['code'].iloc[b]}"
        for a, b, over in zip(first[pairs], second[pairs], common > OVERLAP * smaller.to_numpy(), strict=True)
        if over
    ]
    if both:
        raise DataRejected(f"{name}: bidang bertumpang tindih: {_listed(both)}.")


def _outlines(layer: Any, level: str, shapely: Any) -> dict[str, Any]:
    """Outlines in units of the picture, neighbours sharing their simplified line."""
    west, south, east, north = layer.total_bounds
    wide = math.cos(math.radians((south + north) / 2))  # a degree of longitude in degrees of latitude
    scale = WIDTH / ((east - west) * wide)

    def placed(points: Any) -> Any:
        points[:, 0] = (points[:, 0] - west) * wide * scale
        points[:, 1] = (north - points[:, 1]) * scale
        return points

    drawn = shapely.transform(layer.geometry.to_numpy(), placed)
    drawn = shapely.coverage_simplify(drawn, TOLERANCE)
    own = dict(zip(layer["code"], drawn, strict=True))
    above: dict[str, list[Any]] = {}
    for code, shape in own.items():
        above.setdefault(code[:7], []).append(shape)
    whole = {code: shapely.union_all(shapes) for code, shapes in above.items()}
    return {
        "width": WIDTH,
        "height": math.ceil((north - south) * scale),
        "desa": {code: _shape(shape) for code, shape in own.items()} if level == "desa" else {},
        "kecamatan": {code: _shape(shape) for code, shape in whole.items()},
    }


def _shape(shape: Any) -> list[Any]:
    """SVG path in whole units, each ring from its first point in steps, and a point inside."""
    rings = []
    for polygon in getattr(shape, "geoms", [shape]):
        for ring in (polygon.exterior, *polygon.interiors):
            points = [(round(x), round(y)) for x, y in ring.coords]
            steps = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(points) if a != b]
            if len(steps) > 2:
                rings.append(f"M{points[0][0]},{points[0][1]}l" + " ".join(f"{x},{y}" for x, y in steps[:-1]) + "z")
    inside = shape.representative_point()
    return ["".join(rings), round(inside.x), round(inside.y)]
