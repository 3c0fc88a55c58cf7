"""What treatment makes of a lesion: smaller, denser, less cellular, more or less avid, necrotic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from spinemets.knowledge.lookup import table
from spinemets.phantom.pathology.inserts import Insert, Part
from spinemets.phantom.pathology.shapes import Ellipsoid
from spinemets.phantom.tissue.tissues import Tissue, materials, tissue
from spinemets.physics import ct


@dataclass(frozen=True, kw_only=True)
class Response:
    """Factors against the lesion before.

    Attributes
    ----------
    volume_factor
        Of its volume.
    sclerosis_hu
        Added to what it reads at 120 kVp.
    adc_factor, bone_scan_factor
        Of its diffusion coefficients and of its uptake.
    necrosis_share
        Share of the radius that is necrotic, from the centre.
    """

    volume_factor: float = 1.0
    sclerosis_hu: float = 0.0
    adc_factor: float = 1.0
    bone_scan_factor: float = 1.0
    necrosis_share: float = 0.0


def usual(name: str) -> Response:
    """A response of the table."""
    return Response(**table("phantom_pathology")["response"][name])


def treated(insert: Insert, response: Response) -> Insert:
    """An ellipsoid of one tissue after treatment.

    Raises
    ------
    ValueError
        If the region is no ellipsoid.
    """
    region = insert.region
    if not isinstance(region, Ellipsoid):
        raise ValueError(f"{insert.id}: only ellipsoids answer to treatment here")
    scale = response.volume_factor ** (1 / 3)
    l, a, s = (scale * r for r in region.radii_mm)  # noqa: E741
    first = insert.all_parts[0]
    soft, m = first.written, materials()
    marrow_hu = float(ct.marrow_hu(soft.fat_fraction, m["hu_fat"], soft.soft_hu))
    grown = ct.CORTICAL_MINERAL_MG_PER_ML * response.sclerosis_hu / (m["hu_bone"] - marrow_hu)
    necrosis = Part(
        tissue="treated_necrotic", mineral_retained=0.1, inset_mm=(1 - response.necrosis_share) * min(l, a, s)
    )
    return replace(
        insert,
        shape=None,
        centre_mm=region.centre_mm,
        radii_mm=(l, a, s),
        tissue=altered(first.written, response),
        mineral_added_mg_per_ml=insert.mineral_added_mg_per_ml + grown,
        parts=(*insert.parts, necrosis) if response.necrosis_share else insert.parts,
    )


def altered(before: Tissue, response: Response) -> Tissue:
    """The tissue with its diffusion and uptake changed; its mineral is the insert's affair."""
    diffusion, uptake = before.diffusion, before.uptake
    return replace(
        before,
        diffusion=replace(
            diffusion,
            adc_mm2_per_s=diffusion.adc_mm2_per_s * response.adc_factor,
            d_mm2_per_s=diffusion.d_mm2_per_s * response.adc_factor,
        ),
        uptake=replace(
            uptake,
            bone_scan_ratio=uptake.bone_scan_ratio * response.bone_scan_factor,
            bone_scan_suv_g_per_ml=uptake.bone_scan_suv_g_per_ml * response.bone_scan_factor,
        ),
    )


def variant(of: str, **changes: Any) -> Tissue:
    """A tissue of the tables with other values, for grids of one property.

    Parameters
    ----------
    changes
        Fields of `Tissue`, or `adc_mm2_per_s` (then the tissue has no perfused part), `perfused_share`, `d_mm2_per_s`,
        `dstar_mm2_per_s`, `ktrans_per_min`, `ve`, `vp`.
    """
    found = tissue(of)
    adc = changes.pop("adc_mm2_per_s", None)
    if adc is not None:
        diffusion = replace(found.diffusion, adc_mm2_per_s=adc, d_mm2_per_s=adc, perfused_share=0.0)
        found = replace(found, diffusion=diffusion)
    ways = {key: changes.pop(key) for key in ("perfused_share", "d_mm2_per_s", "dstar_mm2_per_s") if key in changes}
    kinetic = {key: changes.pop(key) for key in ("ktrans_per_min", "ve", "vp") if key in changes}
    diffusion, perfusion = replace(found.diffusion, **ways), replace(found.perfusion, **kinetic)
    return replace(found, diffusion=diffusion, perfusion=perfusion, **changes)
