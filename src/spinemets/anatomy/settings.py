"""Numbers the geometry rooms are run with; their home is `knowledge/criteria/G-02.yaml` to `G-05.yaml`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Parameters of G-02 to G-05 by name; each is explained, with unit and mark, in its catalogue entry."""

    truncated_share: float
    cut_share: float
    inner_share: float
    smoothing_voxels: float
    destroyed_spread_mm: float
    disagreement_deg: float
    sacrum_tilt_deg: float
    debris_share: float
    hole_min_area_mm2: float
    canal_width_share: float
    transverse_mass_share: float
    dens_area_share: float
    conflict_mm: float
    wall_angle_deg: float
    finest_step_mm: float
    foramen_width_mm: float
    foramen_height_mm: float
    erosion_mm: float
    erosion_voxels: float
    thick_slice_mm: float
    endplate_margin_mm: float
    core_extra_mm: float
    wedge_width_share: float
    wedge_depth_share: float
    wedge_height_share: float
    min_voxels: int
    min_volume_ml: float


def load() -> Settings:
    """Settings as the catalogue states them."""
    from spinemets.knowledge.catalogue import load as catalogue

    entries = catalogue()
    values: dict[str, float] = {}
    for name in ("G-02", "G-03", "G-04", "G-05"):
        values.update(entries[name].values())
    values["min_voxels"] = int(values["min_voxels"])
    return Settings(**values)  # type: ignore[arg-type]  # names and types are proved by the test of the entries
