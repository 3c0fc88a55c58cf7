"""Grids: one property stepped through from level to level, so that a measure can be held against what was put in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import LUMBAR_FIELD, NO_CRITERION
from spinemets.phantom.pathology import metastases
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.pathology.metastases import sphere
from spinemets.phantom.pathology.treatment import variant
from spinemets.phantom.tissue.tissues import Tissue

RADII_MM = (2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 15.0)
DIAMETERS_MM = (5.0, 7.5, 10.0, 12.5, 15.0, 17.5, 20.0)
PEDICLE_SHARES = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
SCALLOPS_MM = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0)
ADC_MM2_PER_S = tuple(n * 1e-3 for n in (0.3, 0.6, 0.9, 1.2, 1.6, 2.0, 2.5))
# Perfused share, D and D* [mm2/s] of two exponentials: what marrow and tumours are said to have, and their corners; no fat.
IVIM = (
    (0.05, 0.5e-3, 20e-3), (0.10, 0.5e-3, 20e-3), (0.20, 0.5e-3, 20e-3), (0.30, 0.5e-3, 20e-3), (0.20, 1.2e-3, 20e-3),
    (0.20, 0.8e-3, 10e-3), (0.20, 0.8e-3, 50e-3),
)  # fmt: skip
FAT_FRACTIONS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
T2STAR_MS = (5.0, 30.0)
# What is left of water in pure fat: HU of the water part are worked out from it.
MOST_FAT = 0.999
# With the CT that says what the radiograph should show.
RADIOGRAPHS = ("ct", "xr_ap", "xr_lat")
# Where two balls of one body lie, and their radius.
SIDES_MM, SMALL_MM = (10.0, -10.0), 7.0
# Ktrans, ve and vp by the type of the curve that they make over four minutes (a choice): A none, E rapid and then a slower rise, C rapid to a
# plateau, D rapid with wash-out. A slow rise (B) takes a slower injection than the bolus of these patients.
CURVES = {
    "A": (0.0, 0.05, 0.0),
    "E": (0.04, 0.35, 0.01),
    "C": (0.20, 0.40, 0.02),
    "D": (0.60, 0.15, 0.10),
    "D-vascular": (0.90, 0.10, 0.25),
}
# T1 and fat that make bright and dark on T1, dark and bright under fat suppression.
PROPERTIES = {
    "fat": {"fat_fraction": 0.9, "t1_ms": 850.0, "t2_ms": 40.0},
    "blood": {"fat_fraction": 0.0, "t1_ms": 330.0, "t2_ms": 120.0},
    "melanin": {"fat_fraction": 0.01, "t1_ms": 300.0, "t2_ms": 50.0},
    "tumour": {"fat_fraction": 0.03, "t1_ms": 1252.0, "t2_ms": 75.0},
    "fluid": {"fat_fraction": 0.0, "t1_ms": 3000.0, "t2_ms": 400.0},
    "sclerosis": {"fat_fraction": 0.03, "t1_ms": 900.0, "t2_ms": 5.0},
    "half-fat": {"fat_fraction": 0.5, "t1_ms": 1100.0, "t2_ms": 60.0},
}


def _spheres(tissues: Sequence[Tissue], radius_mm: float = SMALL_MM) -> tuple[Insert, ...]:
    """A ball of each tissue, the same everywhere in it: one a level, then two."""
    two = len(tissues) > len(LUMBAR_FIELD)
    made = []
    for number, tissue in enumerate(tissues):
        level = LUMBAR_FIELD[number // 2 if two else number]
        left = SIDES_MM[number % 2] if two else 0.0
        made.append(
            Insert(
                id=f"ball-{number + 1:02d}-{tissue.name}",
                kind="grid",
                level=level,
                tissue=tissue,
                centre_mm=(left, 1.0, 0.0),
                radii_mm=(radius_mm,) * 3,
                edge_mm=0.5,
                mineral_retained=1.0,
                even=True,
            )
        )
    return tuple(made)


def _lesion_grid(value: float | None) -> Case:
    retained = 0.2 if value is None else value
    inserts = tuple(
        replace(metastases.lytic(level, sphere(radius), mineral_retained=retained), kind="grid")
        for level, radius in zip(LUMBAR_FIELD, RADII_MM, strict=True)
    )
    return Case(
        name="lesion-grid" if value is None else f"lesion-grid-{value:.2f}",
        about="Lytic balls of 2 to 15 mm radius, T11 to L5; the number is the share of mineral left.",
        inserts=inserts,
        awaits="what is found depends on size and contrast: a table, not a state",
    )


def _xr_detect(value: float | None) -> Case:
    loss = 0.5 if value is None else value
    inserts = tuple(
        replace(metastases.lytic(level, sphere(diameter / 2), mineral_retained=1 - loss), kind="grid")
        for level, diameter in zip(LUMBAR_FIELD, DIAMETERS_MM, strict=True)
    )
    return Case(
        name="xr-detect-grid" if value is None else f"xr-detect-grid-{value:.2f}",
        about="Balls of 5 to 20 mm, T11 to L5; the number is the share of mineral lost.",
        inserts=inserts,
        series=RADIOGRAPHS,
        awaits=NO_CRITERION,
    )


def _xr_pedicle(_: float | None) -> Case:
    inserts = tuple(
        metastases.arch_lesion(level, "pedicle_left", share=share)
        for level, share in zip(LUMBAR_FIELD, PEDICLE_SHARES, strict=True)
    )
    return Case(
        name="xr-pedicle",
        about="Left pedicles replaced over 10 to 100 %, T11 to L5.",
        inserts=inserts,
        series=RADIOGRAPHS,
        awaits=NO_CRITERION + ": for radiographs; on CT no left pedicle is left to compare with",
    )


def _xr_scallop(_: float | None) -> Case:
    inserts = tuple(
        metastases.scallop(level, depth_mm=depth) for level, depth in zip(LUMBAR_FIELD, SCALLOPS_MM, strict=True)
    )
    return Case(
        name="xr-scallop",
        about="Back walls hollowed by 1 to 6 mm, T11 to L5.",
        inserts=inserts,
        series=RADIOGRAPHS,
        awaits=NO_CRITERION,
    )


def _grid(
    _: float | None, name: str, about: str, tissues: Callable[[], Sequence[Tissue]], series: tuple[str, ...]
) -> Case:
    return Case(name=name, about=about, inserts=_spheres(tissues()), series=series, awaits=NO_CRITERION)


def _tumour(name: str, **changes: float) -> Tissue:
    return variant("marrow_only_infiltrate", name=name, **changes)


def _by_fat(t2star_ms: float) -> tuple[Tissue, ...]:
    return tuple(
        _tumour(f"fat-{share:.1f}-t2star-{t2star_ms:.0f}", fat_fraction=min(share, MOST_FAT), t2star_ms=t2star_ms)
        for share in FAT_FRACTIONS
    )


def _by_adc() -> tuple[Tissue, ...]:
    return tuple(_tumour(f"adc-{1000 * adc:.1f}", adc_mm2_per_s=adc) for adc in ADC_MM2_PER_S)


def _by_ivim() -> tuple[Tissue, ...]:
    return tuple(
        _tumour(
            f"ivim-{share:.2f}-{1000 * d:.1f}-{1000 * dstar:.0f}",
            fat_fraction=0.0,
            perfused_share=share,
            d_mm2_per_s=d,
            dstar_mm2_per_s=dstar,
        )
        for share, d, dstar in IVIM
    )


def _by_curve() -> tuple[Tissue, ...]:
    return tuple(_tumour(f"curve-{name}", ktrans_per_min=k, ve=ve, vp=vp) for name, (k, ve, vp) in CURVES.items())


def _by_properties() -> tuple[Tissue, ...]:
    return tuple(_tumour(name, **values) for name, values in PROPERTIES.items())


MR = ("t1", "t2", "stir")
CASES: Group = {
    "lesion-grid": _lesion_grid,
    "xr-detect-grid": _xr_detect,
    "xr-pedicle": _xr_pedicle,
    "xr-scallop": _xr_scallop,
    "adc-grid": partial(
        _grid, name="adc-grid", about="ADC of 0.3 to 2.5e-3 mm2/s, T11 to L5.", tissues=_by_adc, series=("dwi", *MR)
    ),
    "ivim-grid": partial(
        _grid,
        name="ivim-grid",
        about="Perfused shares of 0.05 to 0.3, slow and fast, T11 to L5.",
        tissues=_by_ivim,
        series=("dwi_ivim", *MR),
    ),
    "csi-grid": partial(
        _grid,
        name="csi-grid",
        about="Fat fractions of 0 to 1, two balls a level.",
        tissues=partial(_by_fat, 20.0),
        series=MR,
    ),
    "fs-table": partial(
        _grid,
        name="fs-table",
        about="Bright and dark on T1, with fat and without.",
        tissues=_by_properties,
        series=(*MR, "t2_fs"),
    ),
    "dce-types": partial(
        _grid,
        name="dce-types",
        about="Curves of type A, E, C, D and D, of more and more leak and plasma, T11 to L3.",
        tissues=_by_curve,
        series=("t1", "stir", "t1_gd", "t1_gd_fs", "vfa", "dce"),
    ),
    **{
        f"pdff-grid{'' if t2star == T2STAR_MS[0] else f'-{t2star:.0f}'}": partial(
            _grid,
            name=f"pdff-grid{'' if t2star == T2STAR_MS[0] else f'-{t2star:.0f}'}",
            about=f"Fat fractions of 0 to 1 at a T2* of {t2star:.0f} ms, two balls a level.",
            tissues=partial(_by_fat, t2star),
            series=MR,
        )
        for t2star in T2STAR_MS
    },
}
SIZED = ("lesion-grid", "xr-detect-grid")
