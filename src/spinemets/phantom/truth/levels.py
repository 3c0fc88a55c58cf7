"""Truth of one level: where it lies, its sizes, its bone."""

from __future__ import annotations

from typing import Any

from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.landmarks import landmarks
from spinemets.phantom.anatomy.levels import verse_id
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.pathology.fracture import before
from spinemets.phantom.pathology.inserts import body_volume_mm3

HEIGHT_POINTS = ("anterior", "middle", "posterior")


def level_truth(anatomy: Anatomy, level: str, number: int) -> dict[str, Any]:
    """One vertebra."""
    size, vertebra, host = anatomy.sizes[level], anatomy.vertebra(level), anatomy.hosts[level]
    frame = vertebra.frame
    return {
        "name": level,
        "index_from_top": number,
        "verse_id": verse_id(level),
        "present": True,
        "body_centre_lps_mm": point(frame.origin),
        "left_lps": point(frame.left),
        "anterior_lps": point(frame.anterior),
        "superior_lps": point(frame.superior),
        "landmarks_lps_mm": {n: point(p) for n, p in landmarks(frame, vertebra.body, vertebra.arch).items()},
        "heights_mm": heights(vertebra.body),
        "heights_before_mm": heights(before(vertebra.body)),
        "wedge_deg": round(size.wedge_deg, 3),
        "depth_mm": round(size.mean_depth, 3),
        "width_mm": round(size.mean_width, 3),
        "body_volume_mm3": round(body_volume_mm3(vertebra), 1),
        "canal_ap_mm": round(size.canal[0], 3),
        "canal_width_mm": round(size.canal[1], 3),
        "disc_below_mm": {n: round(v, 3) for n, v in zip(HEIGHT_POINTS, size.disc, strict=True)},
        "disc_below_grade": size.disc_grade,
        "mineral_mg_per_ml": round(host.mineral_mg_per_ml, 3),
        "fat_fraction": round(host.fat_fraction, 4),
        "marrow_hu_120kvp": round(host.hu, 2),
    }


def heights(body: Body) -> dict[str, float]:
    """Heights by name, rounded to a micrometre."""
    return {name: round(value, 3) for name, value in zip(HEIGHT_POINTS, body.heights_mm(), strict=True)}


def point(values: Any) -> list[float]:
    """LPS position, rounded to a micrometre."""
    return [round(float(v), 3) for v in values]
