"""Metastases of bone by kind."""

from __future__ import annotations

from dataclasses import replace

from spinemets.phantom.pathology.inserts import Insert, Part
from spinemets.phantom.pathology.patterns import Grains
from spinemets.phantom.pathology.shapes import ArchPart, Ellipsoid, Point, Shape, Whole
from spinemets.phantom.pathology.walls import WallPatch

# Mineral that lytic tumour leaves unless a case says otherwise, and where it destroys whole walls or pedicles.
LEFT, LEFT_WHERE_DESTROYED = 0.2, 0.1


def lytic(
    level: str, shape: Shape, *, edge_mm: float = 0.5, mineral_retained: float = LEFT, rim_mm: float = 0.0
) -> Insert:
    """Lysis; with a rim, its outer millimetres are sclerotic."""
    lesion = Insert(
        id=f"lytic-{level}",
        kind="lytic",
        level=level,
        tissue="lytic_tumour",
        shape=shape,
        edge_mm=edge_mm,
        mineral_retained=mineral_retained,
    )
    if not rim_mm:
        return lesion
    core = Part(tissue="lytic_tumour", mineral_retained=mineral_retained, inset_mm=rim_mm)
    return replace(lesion, tissue="blastic_tumour", mineral_retained=None, parts=(core,))


def nodule(level: str, shape: Shape, *, edge_mm: float = 1.0) -> Insert:
    """A sclerotic nodule."""
    return Insert(
        id=f"blastic-{level}", kind="blastic", level=level, tissue="blastic_tumour", shape=shape, edge_mm=edge_mm
    )


def mottled(level: str, shape: Shape, *, share: float = 0.45) -> Insert:
    """Sclerosis in grains of 2 to 4 mm over a share of the region, marrow replaced between them."""
    return Insert(
        id=f"mottled-{level}",
        kind="blastic",
        level=level,
        tissue="marrow_only_infiltrate",
        mineral_retained=1.0,
        shape=shape,
        edge_mm=2.0,
        parts=(Part(tissue="blastic_tumour", pattern=Grains(share=share, size="grains")),),
    )


def sclerosis(level: str, *, mineral_added_mg_per_ml: float = 150.0) -> Insert:
    """Sclerosis of the whole bone: mineral of the host and more."""
    return Insert(
        id=f"blastic-{level}",
        kind="blastic",
        level=level,
        tissue="blastic_tumour",
        mineral_retained=1.0,
        mineral_added_mg_per_ml=mineral_added_mg_per_ml,
        shape=Whole(),
        compartments=("body", "posterior_elements"),
    )


def replaced(level: str, *, share: float, patchy: bool = True) -> Insert:
    """Marrow of the whole bone replaced over a share, in patches of 8 mm."""
    whole = Insert(
        id=f"diffuse-{level}",
        kind="diffuse",
        level=level,
        tissue="diffuse_infiltrate",
        mineral_retained=0.9,
        compartments=("body", "posterior_elements"),
    )
    return replace(whole, pattern=Grains(share=share, size="patches")) if patchy else replace(whole, share=share)


def halo(level: str, core: Ellipsoid, *, rim_mm: float, core_tissue: str = "blastic_tumour") -> Insert:
    """A core in a rim of fluid-like marrow."""
    return Insert(
        id=f"halo-{level}",
        kind="halo",
        level=level,
        tissue="halo_rim",
        mineral_retained=1.0,
        shape=grown(core, rim_mm),
        edge_mm=0.5,
        parts=(Part(tissue=core_tissue, inset_mm=rim_mm),),
    )


def breach(level: str, wall: str, share: float) -> Insert:
    """Tumour that destroys a share of one wall, and what lies behind it."""
    lesion = lytic(level, WallPatch(wall=wall, share=share), mineral_retained=LEFT_WHERE_DESTROYED)
    return replace(lesion, id=f"breach-{wall}-{level}", breaks_cortex=True)


def scallop(level: str, *, depth_mm: float, share: float = 0.4) -> Insert:
    """Back wall hollowed from the canal."""
    hollow = lytic(level, WallPatch(wall="posterior", share=share, depth_mm=depth_mm), mineral_retained=0.0)
    return replace(hollow, id=f"scallop-{level}", tissue="epidural_tumour", breaks_cortex=True)


def arch_lesion(level: str, part: str, *, share: float = 1.0, expansion_mm: float = 0.0) -> Insert:
    """Tumour in a part of the arch."""
    lesion = lytic(level, ArchPart(part=part, share=share), mineral_retained=LEFT_WHERE_DESTROYED)
    return replace(lesion, id=f"{part}-{level}", breaks_cortex=True, compartments=(part,), expansion_mm=expansion_mm)


def sphere(radius_mm: float, centre_mm: Point = (0.0, 0.0, 0.0)) -> Ellipsoid:
    """A ball."""
    return Ellipsoid(centre_mm=centre_mm, radii_mm=(radius_mm,) * 3)


def grown(core: Ellipsoid, by_mm: float) -> Ellipsoid:
    """The ellipsoid with longer half axes."""
    l, a, s = (radius + by_mm for radius in core.radii_mm)  # noqa: E741
    return replace(core, radii_mm=(l, a, s))
