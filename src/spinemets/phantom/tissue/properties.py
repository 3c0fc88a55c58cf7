"""Groups of tissue properties beside relaxation and CT: diffusion, perfusion, tracer uptake, and how widely all spread."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Diffusion:
    """Motion of the water protons; that of fat protons is one value for all tissues (`fat_pool` in the table).

    Attributes
    ----------
    adc_mm2_per_s
        Apparent coefficient of one exponential.
    d_mm2_per_s, dstar_mm2_per_s, perfused_share
        Of two exponentials: ``(1 - f) exp(-b D) + f exp(-b D*)`` with f = `perfused_share`.
    """

    adc_mm2_per_s: float
    d_mm2_per_s: float
    dstar_mm2_per_s: float
    perfused_share: float


@dataclass(frozen=True, kw_only=True)
class Perfusion:
    """Exchange of a contrast agent, as in `spinemets.physics.tissue_kinetics`.

    Attributes
    ----------
    ktrans_per_min
        Transfer from plasma, ml of plasma per ml of tissue per min.
    ve, vp
        Shares of the tissue that are interstitium and plasma.
    """

    ktrans_per_min: float
    ve: float
    vp: float


@dataclass(frozen=True, kw_only=True)
class Uptake:
    """Uptake of tracers: means, not maxima.

    Attributes
    ----------
    fdg_suv_g_per_ml
        FDG, by body weight.
    bone_scan_ratio
        Bone-seeking tracer, over a normal vertebra.
    bone_scan_suv_g_per_ml
        The same as SUV by body weight: the ratio times the mean of normal vertebrae.
    """

    fdg_suv_g_per_ml: float
    bone_scan_ratio: float
    bone_scan_suv_g_per_ml: float


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Standard deviations between patients, each in the unit of its value.

    Where a study or a choice states none, the table's general one stands. None: there is no general one either.

    Attributes
    ----------
    pd, fat_fraction, t1_ms, t2_ms, t2star_ms, hu
        Of the tissue.
    adc_mm2_per_s, d_mm2_per_s, dstar_mm2_per_s
        Of its diffusion.
    ktrans_per_min, ve, vp
        Of its perfusion.
    fdg_suv_g_per_ml, bone_scan_ratio
        Of its uptake.
    """

    pd: float
    fat_fraction: float | None
    t1_ms: float
    t2_ms: float
    t2star_ms: float
    hu: float
    adc_mm2_per_s: float
    d_mm2_per_s: float | None
    dstar_mm2_per_s: float | None
    ktrans_per_min: float
    ve: float
    vp: float
    fdg_suv_g_per_ml: float
    bone_scan_ratio: float | None
