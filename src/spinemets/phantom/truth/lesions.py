"""Truth of one insert."""

from __future__ import annotations

from typing import Any

from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.pathology.inserts import Insert, Part
from spinemets.phantom.pathology.measure import arch_shares, breaches, measure
from spinemets.phantom.pathology.shapes import Ellipsoid
from spinemets.phantom.tissue.tissues import Tissue
from spinemets.phantom.truth.levels import point


def lesion_truth(anatomy: Anatomy, insert: Insert) -> dict[str, Any]:
    """One insert, as later ones leave it."""
    vertebra, host = anatomy.vertebra(insert.level), anatomy.hosts[insert.level]
    number = next(n for n, other in enumerate(anatomy.inserts) if other is insert)
    later = tuple(other for other in anatomy.inserts[number + 1 :] if other.level == insert.level)
    found = measure(insert, vertebra, anatomy.fields, later)
    written = [_part(part, volume, host) for part, volume in zip(insert.all_parts, found.part_volumes_mm3, strict=True)]
    region = insert.region
    return {
        "id": insert.id,
        "kind": insert.kind,
        "malignant": insert.malignant,
        "level": insert.level,
        "compartments": list(insert.compartments),
        "tissue": _name(insert.tissue),
        "centroid_lps_mm": point(found.centroid_lps_mm),
        "volume_mm3": round(found.volume_mm3, 1),
        "body_share": round(found.body_share, 4),
        "radii_mm": [round(r, 3) for r in region.radii_mm] if isinstance(region, Ellipsoid) else None,
        "edge_mm": insert.edge_mm,
        "mineral_retained": insert.mineral_retained,
        "breaks_cortex": insert.breaks_cortex,
        "lytic_share": insert.lytic_share,
        "share": insert.share,
        "parts": written,
        "breach": [
            {
                "wall": breach.wall,
                "area_mm2": round(breach.area_mm2, 2),
                "wall_area_mm2": round(breach.wall_area_mm2, 2),
                "share": round(breach.share, 4),
            }
            for breach in breaches(insert, vertebra)
        ],
        "arch_shares": {part: round(share, 4) for part, share in arch_shares(insert, vertebra).items()},
        "expansion_mm": insert.expansion_mm,
    }


def _part(part: Part, volume_mm3: float, host: Tissue) -> dict[str, Any]:
    """What is written of one tissue."""
    written = part.written
    return {
        "tissue": written.name,
        "volume_mm3": round(volume_mm3, 1),
        "inset_mm": part.inset_mm,
        "mineral_mg_per_ml": round(part.mineral_mg_per_ml(host), 3),
        "fat_fraction": round(written.fat_fraction, 4),
        "t2_ms": written.t2_ms,
        "adc_mm2_per_s": written.diffusion.adc_mm2_per_s,
        "fdg_suv_g_per_ml": written.uptake.fdg_suv_g_per_ml,
        "bone_scan_ratio": written.uptake.bone_scan_ratio,
    }


def _name(written: str | Tissue) -> str:
    return written if isinstance(written, str) else written.name
