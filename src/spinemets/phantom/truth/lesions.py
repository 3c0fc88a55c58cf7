"""Truth of one insert."""

from __future__ import annotations

from typing import Any

from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.pathology.inserts import Insert, measure
from spinemets.phantom.truth.levels import point


def lesion_truth(anatomy: Anatomy, insert: Insert) -> dict[str, Any]:
    """One insert."""
    found = measure(insert, anatomy.vertebra(insert.level))
    return {
        "id": insert.id,
        "kind": insert.kind,
        "level": insert.level,
        "compartments": list(insert.compartments),
        "tissue": insert.tissue,
        "centroid_lps_mm": point(found.centroid_lps_mm),
        "volume_mm3": round(found.volume_mm3, 1),
        "body_share": round(found.body_share, 4),
        "radii_mm": [round(r, 3) for r in insert.radii_mm],
        "edge_mm": insert.edge_mm,
        "mineral_retained": insert.mineral_retained,
        "breaks_cortex": insert.breaks_cortex,
        "lytic_share": insert.lytic_share,
    }
