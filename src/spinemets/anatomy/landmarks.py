"""Landmarks for the naming of levels, as far as they are outlined: sacrum, dens, ribs, end of the cord, header words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.model.region import Region
from spinemets.model.spine import Vertebra
from spinemets.model.study import Study

# Farthest middle of the lowest lumbar body from the nearest voxel of the sacrum, and of a rib from its vertebra's middle.
SACRUM_REACH_MM = 35.0
RIB_REACH_MM = 35.0
# A dens stands this much bone [mL] in front of the canal, so far [mm] above the top of its body and beside the midline.
DENS_ML, DENS_ABOVE_MM, DENS_BESIDE_MM = 0.35, 4.0, 9.0
# A wider body is no axis (17 mm on average): where the image ends, a piece of the next body looks like a dens.
C2_WIDEST_MM = 23.0
# Where the head and neck of a rib lie about a body: from the body's side outwards, from behind its front to behind the canal,
# and in heights of the body up (heads reach the disc above) and down (below it lies the head of the next rib).
RIB_OUTWARDS_MM, RIB_BEHIND_MM, RIB_UP, RIB_DOWN = 24.0, 34.0, 0.95, 0.5
# So much rib [mL] on a side is one; where less than that other part is there, none is.
RIB_ML, NO_RIB_ML = 0.35, 0.08
# Coverage to the side of a body [mm] in which a rib would be seen.
RIB_SEEN_MM = 16.0
# The cord has ended where the canal goes on this far [mm] without it.
WITHOUT_CORD_MM = 35.0
# Words of BodyPartExamined and SeriesDescription that name a region of the spine.
WORDS = {
    "C": ("CSPINE", "C_SPINE", "C-SPINE", "CERVICAL"),
    "T": ("TSPINE", "T_SPINE", "T-SPINE", "THORACIC SPINE", "DORSAL SPINE"),
    "L": ("LSPINE", "L_SPINE", "L-SPINE", "LUMBAR", "LWS"),
}


def on_sacrum(vertebrae: Sequence[Vertebra], others: dict[str, Region]) -> int | None:
    """Place of the vertebra that lies on a labelled sacrum (labelled as such, or as vertebra S1); None if unknown."""
    sacrum = next((r for name, r in others.items() if name.startswith("sacrum")), None)
    if sacrum is None:
        return None
    return _nearest(vertebrae, sacrum, SACRUM_REACH_MM)


def bears_rib(vertebrae: Sequence[Vertebra], others: dict[str, Region], rib: str) -> int | None:
    """Place of the vertebra that bears a labelled rib (`T1`, `T12`): the nearest to its head; both sides must agree."""
    places = {
        _nearest(vertebrae, region, RIB_REACH_MM)
        for name, region in others.items()
        if name == f"rib_{rib}" or name.startswith(f"rib_{rib}_")
    }
    return places.pop() if len(places) == 1 else None


def dens_of(vertebrae: Sequence[Vertebra], outlines: Sequence[Region | None]) -> int | None:
    """Place of the vertebra that carries a dens: bone of its own above its body, in front of the canal; None without one.

    Only the highest two vertebrae with a body can (the atlas lies above it). `outlines` hold each whole vertebra as it was
    outlined: a dens stands outside the body's own outline, where bone is left out of `vertebra`.
    """
    bodies = [n for n, v in enumerate(vertebrae) if v.frame is not None and "body" in v.regions][:2]
    for place in bodies:
        vertebra = vertebrae[place]
        frame, whole, height = vertebra.frame, outlines[place], vertebra.size_mm.get("height_mm")
        if frame is None or whole is None or height is None or vertebra.size_mm.get("width_mm", 0.0) > C2_WIDEST_MM:
            continue
        local = frame.to_local_mm(whole.grid.to_lps_mm(whole.indices))
        depth = vertebra.size_mm.get("depth_mm", height)
        above = local[:, 2] > height / 2 + DENS_ABOVE_MM
        ahead = (np.abs(local[:, 0]) < DENS_BESIDE_MM) & (local[:, 1] > -0.6 * depth)
        if np.count_nonzero(above & ahead) * whole.grid.voxel_volume_mm3 / 1000 >= DENS_ML:
            return place
    return None


@dataclass(frozen=True, kw_only=True)
class Ribs:
    """First and last vertebra in view that bear ribs; None where the image does not show that it is the first or last one."""

    first: int | None
    last: int | None


def ribs_of(vertebrae: Sequence[Vertebra], others: dict[str, Region]) -> Ribs:
    """Ends of the run of vertebrae with ribs, from bone that is outlined as rib without a number."""
    region = others.get("rib")
    if region is None:
        return Ribs(first=None, last=None)
    points = region.grid.to_lps_mm(region.indices)
    sides = [_rib_ml(v, points, region.grid.voxel_volume_mm3) for v in vertebrae]
    bears = [s is not None and max(s) >= RIB_ML for s in sides]
    bare = [s is not None and max(s) < NO_RIB_ML for s in sides]
    first, last = _longest_run(bears)
    return Ribs(
        first=first if first > 0 and bare[first - 1] else None,
        last=last if 0 <= last < len(vertebrae) - 1 and bare[last + 1] else None,
    )


def _longest_run(bears: Sequence[bool]) -> tuple[int, int]:
    """First and last place of the longest run; (0, -1) without one. What is taken for ribs apart from it (a pelvis) is none."""
    best, begun = (0, -1), 0
    for place, yes in enumerate([*bears, False]):
        if not yes:
            best = max(best, (begun, place - 1), key=lambda run: run[1] - run[0])
            begun = place + 1
    return best


def _rib_ml(vertebra: Vertebra, points: NDArray[np.float64], voxel_mm3: float) -> tuple[float, float] | None:
    """Rib [mL] beside a body on either side; None where it has no body or its sides are not in view."""
    frame, body = vertebra.frame, vertebra.regions.get("body")
    if frame is None or body is None:
        return None
    width, height = vertebra.size_mm.get("width_mm"), vertebra.size_mm.get("height_mm")
    if width is None or height is None:
        return None
    sides = frame.to_lps_mm(np.array([[s * (width / 2 + RIB_SEEN_MM), -10.0, 0.0] for s in (-1, 1)]))
    index = body.grid.to_ijk(sides)
    if (index < -0.5).any() or (index > np.array(body.grid.shape_ijk) - 0.5).any():
        return None
    local = frame.to_local_mm(points)
    aside = np.abs(local[:, 0]) - width / 2
    near = (aside > -4.0) & (aside < RIB_OUTWARDS_MM) & (local[:, 1] < 4.0) & (local[:, 1] > -RIB_BEHIND_MM)
    near &= (local[:, 2] < RIB_UP * height) & (local[:, 2] > -RIB_DOWN * height)
    left = local[:, 0] > 0
    return (
        float(np.count_nonzero(near & left)) * voxel_mm3 / 1000,
        float(np.count_nonzero(near & ~left)) * voxel_mm3 / 1000,
    )


def conus_of(vertebrae: Sequence[Vertebra], others: dict[str, Region]) -> float | None:
    """Place of the tip of the cord among the vertebrae (3.5 = disc below the fourth); None where its end is not in view."""
    cord, canal = others.get("cord"), others.get("canal")
    framed = [(n, v.frame.origin_lps_mm) for n, v in enumerate(vertebrae) if v.frame is not None]
    if cord is None or canal is None or len(framed) < 2:
        return None
    tip = float(cord.grid.to_lps_mm(cord.indices)[:, 2].min())
    end = float(canal.grid.to_lps_mm(canal.indices)[:, 2].min())
    if tip - end < WITHOUT_CORD_MM:
        return None
    heights = np.array([origin[2] for _, origin in framed])
    places = np.array([n for n, _ in framed], float)
    if not heights[-1] <= tip <= heights[0]:
        return None
    return float(np.interp(-tip, -heights, places))


def _nearest(vertebrae: Sequence[Vertebra], region: Region, reach_mm: float) -> int | None:
    points = region.grid.to_lps_mm(region.indices)
    distances = []
    for vertebra in vertebrae:
        if vertebra.frame is None or "body" not in vertebra.regions:
            distances.append(np.inf)
        else:
            distances.append(float(np.linalg.norm(points - vertebra.frame.origin_lps_mm, axis=1).min()))
    if not distances or min(distances) > reach_mm:
        return None
    return int(np.argmin(distances))


def header_regions(study: Study) -> tuple[str, ...]:
    """Letters of the spine regions that body part or description of any series name."""
    found: set[str] = set()
    for series in study.series:
        text = " ".join(
            t.upper() for t in (series.acquisition.body_part, series.acquisition.description) if t is not None
        )
        found.update(letter for letter, words in WORDS.items() if any(word in text for word in words))
    return tuple(sorted(found))
