"""Truth of a radiograph: where levels, pedicles and lesions fall on the detector, and what each lesion changes there.

Places are millimetres on the detector from the picture's middle, along columns and rows, by the same `Beam.project` that
the rays follow. Sizes and landmarks are those of the patient as posed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.arch import SIDES
from spinemets.phantom.anatomy.landmarks import landmarks
from spinemets.phantom.anatomy.vertebra import Vertebra
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.coverage import rims
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.projection import DOWN, Beam
from spinemets.phantom.imaging.radiograph import energy_kev
from spinemets.phantom.imaging.radiograph_signals import AttenuationContrast
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.shape.block import Block
from spinemets.phantom.shape.distance import Rod

# Side of the bundle of rays through a lesion's middle that says what it changes, and distances within it.
BUNDLE_MM, ACROSS_MM, ALONG_MM = 3.0, 0.5, 0.25
# How far before and behind a lesion it can change anything.
REACH_MM = 60.0
LETTERS = {(1, 0): "L", (-1, 0): "R", (0, 1): "P", (0, -1): "A"}


def projected(record: Mapping[str, Any], patient: tuple[Anatomy, Anatomy], beam: Beam) -> dict[str, Any]:
    """`projection` of one series in the schema of the truth.

    Parameters
    ----------
    record
        Truth of the patient.
    patient
        As the record was made, and as posed for the radiograph.
    """
    lying, posed = patient
    p = beam.projection
    shares = _destroyed(record)
    return {
        "view": beam.view,
        "columns_towards": LETTERS[(round(beam.across[0]), round(beam.across[1]))],
        "rows_towards": "F",
        "source_detector_mm": p.sid_mm,
        "source_object_mm": p.sod_mm,
        "magnification": round(p.magnification, 6),
        "focal_spot_mm": p.focal_spot_mm,
        "penumbra_mm": round(p.penumbra_mm, 6),
        "pixel_mm": beam.pixel_mm,
        "columns": beam.shape[0],
        "rows": beam.shape[1],
        "source_lps_mm": _numbers(beam.source_lps_mm),
        "energy_kev": energy_kev(),
        "levels": [_level(vertebra, beam, shares) for vertebra in posed.vertebrae if beam.sees(vertebra.frame.origin)],
        "lesions": [
            _lesion(lesion, (lying.frames[lesion["level"]], posed), (beam, _host(record, lesion["level"])))
            for lesion in record["lesions"]
            if beam.sees(_moved(lesion, lying.frames[lesion["level"]], posed))
        ],
    }


def seen(posed: Anatomy, beam: Beam) -> dict[str, str]:
    """`whole` (both rims of the body lie on the picture), `cut` (a landmark does) or `absent`, by level."""
    states = {}
    for vertebra in posed.vertebrae:
        inside = beam.sees(rims(vertebra))
        points = np.array(list(landmarks(vertebra.frame, vertebra.body, vertebra.arch).values()))
        met = inside.any() or beam.sees(points).any()
        states[vertebra.level] = "whole" if inside.all() else "cut" if met else "absent"
    return states


def _level(vertebra: Vertebra, beam: Beam, destroyed: Mapping[tuple[str, str], float]) -> dict[str, Any]:
    """Landmarks of one level on the detector, and its pedicles as ellipses."""
    points = landmarks(vertebra.frame, vertebra.body, vertebra.arch)
    return {
        "name": vertebra.level,
        "magnification": round(float(beam.magnification(vertebra.frame.origin)), 6),
        "body_centre_mm": _numbers(beam.project(vertebra.frame.origin)),
        "landmarks_mm": {name: _numbers(beam.project(point)) for name, point in points.items()},
        "pedicles": {
            side: {
                **_ring(vertebra.arch.rods[f"pedicle_{side}"][0], beam),
                "destroyed_share": round(destroyed.get((vertebra.level, f"pedicle_{side}"), 0.0), 4),
            }
            for side in SIDES
        },
    }


def _ring(rod: Rod, beam: Beam) -> dict[str, Any]:
    """Middle of a bar, and half of the width and height of its section there, on the detector."""
    middle = (np.array(rod.start) + np.array(rod.end)) / 2
    half = np.array(rod.half_mm).mean(axis=0)
    around = beam.magnification(middle) * half[:, None] * rod.directions[1:]
    return {
        "centre_mm": _numbers(beam.project(middle)),
        "half_width_mm": round(float(np.hypot(*(around @ beam.across))), 3),
        "half_height_mm": round(float(np.hypot(*(around @ DOWN))), 3),
    }


def _destroyed(record: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """Share of each part of an arch that the lesions of its level take together, at most all of it."""
    shares: dict[tuple[str, str], float] = {}
    for lesion in record["lesions"]:
        for part, share in lesion["arch_shares"].items():
            key = (lesion["level"], part)
            shares[key] = min(1.0, shares.get(key, 0.0) + share)
    return shares


def _host(record: Mapping[str, Any], level: str) -> float:
    """Mineral of a level's normal marrow."""
    return float(next(row["mineral_mg_per_ml"] for row in record["levels"] if row["name"] == level))


def _moved(lesion: Mapping[str, Any], lying: Place, posed: Anatomy) -> NDArray[np.float64]:
    """Middle of a lesion in the posed patient: it keeps its place in its level."""
    offset = np.array(lesion["centroid_lps_mm"]) - lying.origin
    frame = posed.frames[lesion["level"]]
    return frame.lps(float(offset @ lying.left), float(offset @ lying.anterior), float(offset @ lying.superior))


def _lesion(lesion: Mapping[str, Any], where: tuple[Place, Anatomy], how: tuple[Beam, float]) -> dict[str, Any]:
    """One lesion on the detector."""
    (lying, posed), (beam, host) = where, how
    middle = _moved(lesion, lying, posed)
    insert = next(one for one in posed.inserts if one.id == lesion["id"])
    size = _size(lesion["radii_mm"], posed.frames[insert.level], beam, middle)
    depth = getattr(insert.region, "depth_mm", None)
    return {
        "id": lesion["id"],
        "level": lesion["level"],
        "centre_mm": _numbers(beam.project(middle)),
        "width_mm": size[0],
        "height_mm": size[1],
        "wall_depth_mm": depth,
        "mineral_loss_share": _loss(lesion["parts"], host),
        "log_attenuation_change": round(_change(posed, insert, beam, middle), 5),
    }


def _size(
    radii_mm: list[float] | None, frame: Place, beam: Beam, middle: NDArray[np.float64]
) -> tuple[float | None, float | None]:
    """Width and height of an ellipsoid's shadow, of parallel rays at its middle; None for other regions."""
    if radii_mm is None:
        return None, None
    half = np.array(radii_mm)[:, None] * np.stack([frame.left, frame.anterior, frame.superior])
    factor = 2.0 * float(beam.magnification(middle))
    across, down = (round(factor * float(np.linalg.norm(half @ along)), 3) for along in (beam.across, DOWN))
    return across, down


def _loss(parts: list[dict[str, Any]], host: float) -> float:
    """Share of the marrow's mineral that is gone, over all that is written; negative where mineral is gained."""
    volume = sum(part["volume_mm3"] for part in parts)
    mineral = sum(part["volume_mm3"] * part["mineral_mg_per_ml"] for part in parts)
    return round(1.0 - mineral / volume / host, 4) if volume and host else 0.0


def _change(posed: Anatomy, insert: Insert, beam: Beam, middle: NDArray[np.float64]) -> float:
    """Log attenuation with a lesion less that without it, of the rays through its middle."""
    along = middle - beam.source_lps_mm
    along /= np.linalg.norm(along)
    first = np.cross(along, DOWN)
    first /= np.linalg.norm(first)
    n, m = round(BUNDLE_MM / ACROSS_MM) + 1, round(2 * REACH_MM / ALONG_MM) + 1
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = (
        first * ACROSS_MM,
        np.cross(along, first) * ACROSS_MM,
        along * ALONG_MM,
    )
    affine[:3, 3] = middle - affine[:3, :3] @ np.array([(n - 1) / 2, (n - 1) / 2, (m - 1) / 2])
    block = Block(affine=affine, start=(0, 0, 0), shape=(n, n, m), reach_mm=ALONG_MM)
    contrast = AttenuationContrast(energy_kev())
    others = replace(posed, inserts=tuple(one for one in posed.inserts if one is not insert))
    with_it, without = (float(paint(anatomy, block, contrast).mean(axis=(1, 2)).sum()) for anatomy in (posed, others))
    return (with_it - without) * ALONG_MM / 10.0


def _numbers(values: Any) -> list[float]:
    """Rounded to a micrometre."""
    return [round(float(v), 3) for v in values]
