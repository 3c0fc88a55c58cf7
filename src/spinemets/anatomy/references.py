"""Reference tissues: what disc, muscle and fat look like in one series near one level (G-06).

Each level or disc that takes part is a member. The reference is the median over the members' voxels; its standard error
has a part from the voxels, 1.2533 * 1.4826 MAD / sqrt(n_eff), a part from the rounding of stored integers, and a part from
the members, the first formula on their medians, added in quadrature: two discs that differ are a worse reference than two
that agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy import reference_regions as places
from spinemets.anatomy.tissue_ratio import rounding
from spinemets.geometry.resampling import region_on_grid
from spinemets.knowledge.catalogue import load
from spinemets.model.reference import NoReference, Reference
from spinemets.model.region import Region
from spinemets.model.spine import Spine, Vertebra
from spinemets.model.volume import Volume
from spinemets.statistics.robust import effective_n, median_mad, se_of_median

Values = NDArray[np.float64]
TISSUES = ("disc", "muscle", "fat", "subcutaneous")


@dataclass(kw_only=True)
class Members:
    """Voxels by member, and members left out with the reason."""

    values: dict[str, Values] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, name: str, why: str) -> None:
        """Leave a member out."""
        self.values.pop(name, None)
        self.refused.append((name, why))

    def medians(self) -> dict[str, float]:
        """Median of each member."""
        return {name: float(np.median(v)) for name, v in self.values.items()}


def reference(
    volume: Volume, spine: Spine, level_id: str, tissue: str, parameters: Mapping[str, Any]
) -> Reference | NoReference:
    """Reference tissue in a series near a vertebra.

    Parameters
    ----------
    volume
        The series; never resampled.
    spine
        Vertebrae with frames; labelled discs and muscle where there are any.
    level_id
        Vertebra in question.
    tissue
        `disc`, `muscle`, `fat` (bright tissue behind the muscle) or `subcutaneous` (that layer, whatever its signal:
        where fat is suppressed it cannot be told by being bright).
    parameters
        Values that replace those of the catalogue entry G-06.

    Returns
    -------
    Reference or NoReference
        At least 30 voxels (and two discs) within 60 mm craniocaudally, or why not.
    """
    if tissue not in TISSUES:
        raise ValueError(f"no rule for the reference tissue {tissue!r}; known: {', '.join(TISSUES)}")
    rules = {**load()["G-06"].values(), **parameters}
    vertebra = spine[level_id]
    if vertebra.frame is None:
        return _none(tissue, f"{vertebra.level.words} has no frame to look around")
    finders: dict[str, Callable[[Volume, Spine, Vertebra, Mapping[str, Any]], Members]] = {
        "disc": _discs, "muscle": _muscle, "fat": _fat, "subcutaneous": _subcutaneous,
    }  # fmt: skip
    members = finders[tissue](volume, spine, vertebra, rules)
    return _pooled(tissue, members, vertebra, volume, rules)


def _pooled(
    tissue: str, members: Members, vertebra: Vertebra, volume: Volume, rules: Mapping[str, Any]
) -> Reference | NoReference:
    why = "; ".join(f"{name}: {reason}" for name, reason in members.refused)
    near = f"near {vertebra.level.words}"
    if tissue == "disc" and len(members.values) < rules["min_discs"]:
        found = f"{len(members.values)} usable disc{'' if len(members.values) == 1 else 's'} {near}"
        return _none(tissue, f"{found}, {rules['min_discs']} are needed" + (f" ({why})" if why else ""))
    voxels = np.concatenate(list(members.values.values())) if members.values else np.zeros(0)
    if len(voxels) < rules["min_voxels"]:
        return _none(tissue, f"{len(voxels)} voxels of {tissue} {near}" + (f" ({why})" if why else ""))
    median, spread = median_mad(voxels)
    own = math.hypot(se_of_median(spread, effective_n(len(voxels))), rounding(volume))
    between = 0.0
    if len(members.values) > 1:
        between = se_of_median(median_mad(list(members.medians().values())).spread, len(members.values))
    return Reference(
        tissue=tissue,
        median=median,
        spread=spread,
        standard_error=math.hypot(own, between),
        n_voxels=len(voxels),
        n_effective=effective_n(len(voxels)),
        members=tuple(members.values),
        refused=tuple(members.refused),
        caveats=("CV-FEWREF",) if len(members.values) == 1 else (),
    )


def _none(tissue: str, missing: str) -> NoReference:
    return NoReference(tissue=tissue, code="NA-REFERENCE", missing=missing, remedy=load()["G-06"].remedy)


def _near(spine: Spine, vertebra: Vertebra, reach_mm: float) -> list[int]:
    """Places of the vertebrae within reach along the vertebra's axis."""
    frame = vertebra.frame
    assert frame is not None
    return [
        n
        for n, other in enumerate(spine.vertebrae)
        if other.frame is not None
        and abs(float((other.frame.origin_lps_mm - frame.origin_lps_mm) @ frame.superior)) <= reach_mm
    ]


def _finite(region: Region, volume: Volume) -> Values:
    values = np.asarray(region.values(volume), dtype=np.float64)
    finite: Values = values[np.isfinite(values)]
    return finite


# --- disc -------------------------------------------------------------------------------------------------------------


def _discs(volume: Volume, spine: Spine, vertebra: Vertebra, rules: Mapping[str, Any]) -> Members:
    members = Members()
    for place in _near(spine, vertebra, rules["reach_mm"]):
        name = spine.vertebrae[place].level.id
        core = places.disc_core(spine, place, volume.grid, rules)
        if core is None:
            continue
        if isinstance(core, str):
            members.refuse(name, core)
            continue
        values = _finite(core, volume)
        if len(values) < rules["min_member_voxels"]:
            members.refuse(name, f"{len(values)} voxels of disc")
        else:
            members.values[name] = values
    if volume.quantity == "attenuation":
        _refuse_ct_discs(members, rules)
    elif members.values:
        _refuse_mr_discs(members, volume, spine, vertebra, rules)
    return members


def _refuse_ct_discs(members: Members, rules: Mapping[str, Any]) -> None:
    for name, median in members.medians().items():
        if median < rules["disc_gas_hu"]:
            members.refuse(name, "gas in the disc")
        elif median > rules["disc_calcium_hu"]:
            members.refuse(name, "calcified disc")


def _refuse_mr_discs(
    members: Members, volume: Volume, spine: Spine, vertebra: Vertebra, rules: Mapping[str, Any]
) -> None:
    """Discs that are gas, calcium or fat by their signal."""
    centre = float(np.median(list(members.medians().values())))
    fat = _fat(volume, spine, vertebra, rules).values
    bright = rules["disc_of_fat"] * float(np.median(np.concatenate(list(fat.values())))) if fat else math.inf
    for name, median in members.medians().items():
        if median < rules["disc_void_below"] * centre:
            members.refuse(name, "disc without signal (gas or calcium)")
        elif median > bright:
            members.refuse(name, "disc nearly as bright as fat")


# --- muscle -----------------------------------------------------------------------------------------------------------


def _muscle(volume: Volume, spine: Spine, vertebra: Vertebra, rules: Mapping[str, Any]) -> Members:
    members = Members()
    labelled = places.labelled_muscle(spine, volume.grid, rules)
    assert vertebra.frame is not None
    if labelled is not None:
        values = _tissue_only(_finite(places.near(labelled, vertebra.frame, rules["reach_mm"]), volume), volume, rules)
        if len(values) >= rules["min_member_voxels"]:
            members.values[labelled.name] = values
            return members
    boxes = _muscle_by_level(volume, spine, rules)
    for place in _near(spine, vertebra, rules["reach_mm"]):
        name = spine.vertebrae[place].level.id
        if name in boxes.values:
            members.values[name] = boxes.values[name]
        members.refused.extend(r for r in boxes.refused if r[0] == name)
    return members


def _muscle_by_level(volume: Volume, spine: Spine, rules: Mapping[str, Any]) -> Members:
    """Muscle boxes of the whole spine: which of them is fatty shows only beside all the others."""
    members = Members()
    for vertebra in spine.vertebrae:
        if vertebra.frame is None:
            continue
        region, in_view = places.muscle_box(vertebra, volume.grid, rules)
        values = _finite(region, volume)
        if in_view < 0.5 or len(values) < rules["min_member_voxels"]:
            members.refuse(vertebra.level.id, "muscle outside the image")
        else:
            members.values[vertebra.level.id] = values
    if volume.quantity != "attenuation":
        _refuse_air(members, rules)
    for name, values in list(members.values.items()):
        kept = _tissue_only(values, volume, rules)
        if len(kept) < rules["min_member_voxels"]:
            members.refuse(name, "no muscle in its box")
        else:
            members.values[name] = kept
    if volume.quantity != "attenuation":
        _refuse_fatty(members, rules)
    return members


def _tissue_only(values: Values, volume: Volume, rules: Mapping[str, Any]) -> Values:
    """Without fat (MR: the brightest quarter; CT: by attenuation) and, on CT, without bone."""
    if volume.quantity == "attenuation":
        keep = (values >= rules["muscle_fat_hu"]) & (values <= rules["muscle_bone_hu"])
    else:
        keep = values <= (np.percentile(values, rules["muscle_upper_percentile"]) if len(values) else np.inf)
    tissue: Values = values[keep]
    return tissue


def _refuse_air(members: Members, rules: Mapping[str, Any]) -> None:
    """A box that leaves the body meets voxels without signal: they are dropped, too many refuse the level."""
    if not members.values:
        return
    limit = rules["air_below"] * float(np.median(list(members.medians().values())))
    for name, values in list(members.values.items()):
        tissue = values[values >= limit]
        if len(tissue) < (1 - rules["air_share"]) * len(values):
            members.refuse(name, "its muscle box reaches out of the body")
        else:
            members.values[name] = tissue


def _refuse_fatty(members: Members, rules: Mapping[str, Any]) -> None:
    """One at a time, brightest first, so that two fatty levels do not hide each other."""
    while len(members.values) > 1:
        medians = members.medians()
        name = max(medians, key=lambda m: medians[m])
        centre = float(np.median([m for n, m in medians.items() if n != name]))
        if centre <= 0 or medians[name] <= rules["fatty_above"] * centre:
            return
        members.refuse(name, f"fatty muscle, {medians[name] / centre:.1f} times the other levels")


# --- fat --------------------------------------------------------------------------------------------------------------


def _fat(volume: Volume, spine: Spine, vertebra: Vertebra, rules: Mapping[str, Any]) -> Members:
    """Labelled fat, else (MR) bright tissue behind the muscle and at least 10 mm under the skin."""
    assert vertebra.frame is not None
    members = Members()
    labelled = [r for name, r in spine.others.items() if name.split("_")[0] == "fat"]
    for region in labelled:
        moved = region_on_grid(region, volume.grid)
        if moved.n_voxels:
            values = _finite(places.near(moved, vertebra.frame, rules["reach_mm"]), volume)
            if len(values) >= rules["min_member_voxels"]:
                members.values[region.name] = values
    if members.values or volume.quantity == "attenuation":
        return members
    return _behind_muscle(volume, spine, vertebra, rules, _bright)


def _subcutaneous(volume: Volume, spine: Spine, vertebra: Vertebra, rules: Mapping[str, Any]) -> Members:
    """Layer behind the muscle and at least 10 mm under the skin, whatever its signal (MR)."""
    if volume.quantity == "attenuation":
        return Members()
    return _behind_muscle(volume, spine, vertebra, rules, _whole)


def _behind_muscle(
    volume: Volume,
    spine: Spine,
    vertebra: Vertebra,
    rules: Mapping[str, Any],
    choose: Callable[[Values, float, Mapping[str, Any]], Values],
) -> Members:
    """Voxels chosen from the layer behind the muscle, one member for each vertebra near."""
    members = Members()
    muscle = _muscle(volume, spine, vertebra, rules).values
    if not muscle:
        return members
    centre = float(np.median(np.concatenate(list(muscle.values()))))
    for place in _near(spine, vertebra, rules["reach_mm"]):
        other = spine.vertebrae[place]
        values = choose(_layer(volume, other, centre, rules), centre, rules)
        if len(values) >= rules["min_member_voxels"]:
            members.values[other.level.id] = values
    return members


def _whole(values: Values, muscle: float, rules: Mapping[str, Any]) -> Values:
    del muscle, rules
    return values


def _bright(values: Values, muscle: float, rules: Mapping[str, Any]) -> Values:
    """Fat of a layer: voxels nearer to the bright end of what is seen there than to muscle."""
    bright: Values = values[values >= rules["fat_above_muscle"] * muscle]
    if not len(bright):
        return bright
    found: Values = bright[bright >= 0.5 * (muscle + float(np.percentile(bright, 90)))]
    return found


def _layer(volume: Volume, vertebra: Vertebra, muscle: float, rules: Mapping[str, Any]) -> Values:
    """Values behind the muscle box and 10 mm or more under the last voxel with signal, behind one vertebra."""
    frame = vertebra.frame
    assert frame is not None
    half = vertebra.size_mm.get("height_mm", 20.0) / 2
    low = np.array([-rules["fat_half_width_mm"], -rules["fat_reach_mm"], -half])
    high = np.array([rules["fat_half_width_mm"], -rules["muscle_near_mm"], half])
    strip = places.in_box("fat", volume.grid, frame, low, high, lambda p: np.ones(len(p), bool))
    if not strip.n_voxels:
        return np.zeros(0)
    values = np.asarray(volume.array[tuple(strip.indices.T)], dtype=np.float64)
    behind = -frame.to_local_mm(volume.grid.to_lps_mm(strip.indices))[:, 1]
    signal = values > rules["air_below"] * muscle
    if not signal.any():
        return np.zeros(0)
    skin = float(np.percentile(behind[signal], 98))
    deep = np.isfinite(values) & (behind >= rules["muscle_far_mm"]) & (behind <= skin - rules["fat_skin_mm"])
    layer: Values = values[deep]
    return layer
