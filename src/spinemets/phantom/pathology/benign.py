"""What is no metastasis: bone islands, marrow islands, haemangiomas, infection, irradiated marrow, cement."""

from __future__ import annotations

from dataclasses import replace

from spinemets.knowledge.lookup import table
from spinemets.phantom.pathology.inserts import Insert, Part
from spinemets.phantom.pathology.patterns import coarse_struts
from spinemets.phantom.pathology.shapes import Ellipsoid, EndplateBand, Point, Shape, Spiculated, Whole
from spinemets.phantom.pathology.walls import WallPatch

# The fat in the middle of a bull's-eye, as a share of the radius.
FAT_SHARE = 0.3
# Haemangiomas by what fills them between the struts.
STROMA = {"typical": "hemangioma_typical", "atypical": "hemangioma_atypical", "aggressive": "hemangioma_aggressive"}
# Of an endplate, where infection eats it.
ERODED_SHARE = 0.5
WHOLE_BONE = ("body", "posterior_elements")


def enostosis(level: str, *, length_mm: float = 10.0, centre_mm: Point = (0.0, 0.0, 0.0)) -> Insert:
    """A bone island: compact bone with thorns into the trabeculae around it."""
    radius = length_mm / 2
    core = Ellipsoid(centre_mm=centre_mm, radii_mm=(radius, radius * 0.9, radius))
    return Insert(
        id=f"enostosis-{level}",
        kind="enostosis",
        level=level,
        tissue="enostosis",
        shape=Spiculated(core=core),
        edge_mm=0.5,
        malignant=False,
    )


def red_island(level: str, *, radius_mm: float, centre_mm: Point = (0.0, 0.0, 0.0)) -> Insert:
    """Blood-forming marrow between untouched trabeculae."""
    return Insert(
        id=f"red-marrow-{level}",
        kind="red_marrow",
        level=level,
        tissue="red_marrow_island",
        mineral_retained=1.0,
        centre_mm=centre_mm,
        radii_mm=(radius_mm,) * 3,
        edge_mm=2.0,
        malignant=False,
    )


def bulls_eye(level: str, *, radius_mm: float, centre_mm: Point = (0.0, 0.0, 0.0)) -> Insert:
    """A red marrow island with fat in its middle."""
    fat = Part(tissue="yellow_marrow", mineral_retained=1.0, inset_mm=(1 - FAT_SHARE) * radius_mm)
    return replace(red_island(level, radius_mm=radius_mm, centre_mm=centre_mm), id=f"bulls-eye-{level}", parts=(fat,))


def haemangioma(level: str, kind: str, shape: Shape) -> Insert:
    """Coarse vertical trabeculae in fat (`typical`) or vessels (`atypical`, `aggressive`)."""
    mineral = table("phantom_pathology")["struts"]["mineral_mg_per_ml"]
    # Bone in itself: dark on MR, as the stroma between is not.
    strut = Part(tissue="enostosis", mineral_retained=0.0, mineral_added_mg_per_ml=mineral, pattern=coarse_struts())
    return Insert(
        id=f"haemangioma-{level}",
        kind="haemangioma",
        level=level,
        tissue=STROMA[kind],
        mineral_retained=0.35,
        shape=shape,
        edge_mm=0.5,
        parts=(strut,),
        compartments=WHOLE_BONE if isinstance(shape, Whole) else ("body",),
        malignant=False,
    )


def infected(level: str, side: str, *, depth_mm: float, eroded_mm: float) -> tuple[Insert, Insert]:
    """Oedema from an endplate into the body, and the eroded plate itself."""
    oedema = Insert(
        id=f"infection-{side}-{level}",
        kind="infection",
        level=level,
        tissue="discitis_marrow",
        mineral_retained=0.9,
        shape=EndplateBand(side=side, depth_mm=depth_mm),
        edge_mm=4.0,
        malignant=False,
    )
    erosion = replace(
        oedema,
        id=f"erosion-{side}-{level}",
        mineral_retained=0.2,
        shape=WallPatch(wall=side, share=ERODED_SHARE, depth_mm=eroded_mm),
        edge_mm=1.0,
        breaks_cortex=True,
    )
    return oedema, erosion


def irradiated(
    level: str, *, low_mm: float | None = None, high_mm: float | None = None, edge_mm: float = 3.0
) -> Insert:
    """Fatty marrow of a radiotherapy field: a whole bone, or its slab where the field ends in it."""
    return Insert(
        id=f"field-{level}",
        kind="irradiated",
        level=level,
        tissue="marrow_post_radiation",
        mineral_retained=1.0,
        shape=Whole(low_mm=low_mm, high_mm=high_mm),
        edge_mm=edge_mm,
        compartments=WHOLE_BONE,
        malignant=False,
    )


def cement(level: str, *, volume_ml: float, centre_mm: Point = (0.0, 3.0, 0.0)) -> Insert:
    """Cement in the body: an ellipsoid, wider than it is high, of that volume."""
    radius = (volume_ml * 1000 * 3 / (4 * 3.141592653589793)) ** (1 / 3)
    return Insert(
        id=f"cement-{level}",
        kind="cement",
        level=level,
        tissue="cement",
        centre_mm=centre_mm,
        radii_mm=(1.25 * radius, radius, 0.8 * radius),
        edge_mm=0.5,
        malignant=False,
    )
