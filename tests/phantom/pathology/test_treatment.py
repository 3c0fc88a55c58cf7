"""Treatment: factors against the lesion before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.phantom.cases.ingredients import LYTIC
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.pathology import metastases
from spinemets.phantom.pathology.shapes import Whole
from spinemets.phantom.pathology.treatment import Response, altered, treated, usual, variant
from spinemets.phantom.tissue.tissues import tissue


def _hu(insert, host):
    (part,) = insert.all_parts
    (base,), (slope,) = CtContrast().spongy(part.written, part.mineral_mg_per_ml(host))
    return base + slope


def test_sclerosis_gains_its_hounsfield_units(normal):
    """PHA-35: what is added is read on CT, to a tenth of a unit."""
    host = normal.anatomy.hosts["L2"]
    after = treated(LYTIC, Response(sclerosis_hu=300.0))
    assert _hu(after, host) - _hu(LYTIC, host) == pytest.approx(300.0, abs=0.1)


def test_volume_factor():
    """Seven tenths of the volume: radii by its cube root."""
    after = treated(LYTIC, Response(volume_factor=0.7))
    assert np.prod(after.radii_mm) / np.prod(LYTIC.radii_mm) == pytest.approx(0.7)
    assert after.centre_mm == LYTIC.centre_mm


def test_diffusion_and_uptake():
    """0.70 becomes 1.10; the ratio of the bone scan is multiplied."""
    before = tissue("marrow_only_infiltrate")
    after = altered(before, usual("diffusion"))
    assert before.diffusion.adc_mm2_per_s == pytest.approx(0.70e-3)
    assert after.diffusion.adc_mm2_per_s == pytest.approx(1.10e-3, rel=0.001)
    flare = altered(before, usual("flare"))
    assert flare.uptake.bone_scan_ratio == pytest.approx(1.5 * before.uptake.bone_scan_ratio)


def test_necrosis_fills_the_middle(normal):
    """Half of the radius: an eighth of the volume."""
    from spinemets.phantom.pathology.measure import measure

    after = treated(LYTIC, Response(necrosis_share=0.5))
    rim, core = measure(after, normal.anatomy.vertebra("L2"), {}).part_volumes_mm3
    assert core / (core + rim) == pytest.approx(1 / 8, rel=0.03)


def test_no_change_changes_nothing(normal):
    host = normal.anatomy.hosts["L2"]
    assert _hu(treated(LYTIC, Response()), host) == pytest.approx(_hu(LYTIC, host))


def test_only_ellipsoids():
    with pytest.raises(ValueError, match="ellipsoids"):
        treated(replace(metastases.sclerosis("L2"), shape=Whole()), Response())


def test_variant():
    """One value changed, the rest kept; a set ADC holds for both models of diffusion."""
    found = variant("lytic_tumour", t2_ms=120.0, adc_mm2_per_s=1e-3, ktrans_per_min=0.5)
    assert found.t2_ms == 120.0
    assert found.t1_ms == tissue("lytic_tumour").t1_ms
    assert (found.diffusion.adc_mm2_per_s, found.diffusion.d_mm2_per_s, found.diffusion.perfused_share) == (
        1e-3,
        1e-3,
        0.0,
    )
    assert found.perfusion.ktrans_per_min == 0.5
    assert found.perfusion.ve == tissue("lytic_tumour").perfusion.ve
    mixed = variant("lytic_tumour", perfused_share=0.2, dstar_mm2_per_s=0.03).diffusion
    assert (mixed.perfused_share, mixed.dstar_mm2_per_s) == (0.2, 0.03)
    assert mixed.d_mm2_per_s == tissue("lytic_tumour").diffusion.d_mm2_per_s
