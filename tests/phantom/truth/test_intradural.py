"""Disease in the CSF and the cord, and contrast medium."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.knowledge.catalogue import table
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.pathology.canal.region import centre
from spinemets.phantom.shape.block import Block
from spinemets.phantom.truth.epidural import epidural_truth
from spinemets.phantom.truth.intradural import intramedullary_truth, leptomeningeal_truth, myelogram_truth
from spinemets.phantom.truth.soft import soft_truth


def _csf_hu(patient, mark):
    """Median HU of CSF at a mark."""
    anatomy = patient.anatomy
    z = anatomy.site.z(mark)
    x, y = centre(anatomy.canal, z)
    affine = np.diag([0.4, 0.4, 0.4, 1.0])
    affine[:3, 3] = (x - 12, y - 12, z)
    block = Block(affine=affine, start=(0, 0, 0), shape=(61, 61, 1), reach_mm=0.4)
    deep = anatomy.canal.sac(block) < -0.5
    deep &= (anatomy.canal.cord(block) > 0.5) & (anatomy.canal.roots(block) > 0.5)
    return float(np.median(paint(anatomy, block, CtContrast())[0][deep]))


def test_nine_nodules_of_three_to_six_millimetres():
    """fig12: nine nodules whose volumes are those of balls, less what lies outside the sac."""
    patient = phantom.build("fig12", 1)
    (row,) = leptomeningeal_truth(patient.case, patient.anatomy)
    volumes = [r["volume_mm3"] for r in soft_truth(patient.anatomy, 1)]
    diameters = [n["diameter_mm"] for n in row["nodules"]]
    assert len(diameters) == 9
    assert 3.0 <= min(diameters) < max(diameters) <= 6.0
    for diameter, volume in zip(diameters, volumes, strict=True):
        ball = np.pi / 6 * diameter**3
        assert 0.9 * ball < volume < 1.02 * ball


def test_film_has_its_thickness():
    """lm-film: volume of the film over its length and the outline of the cord is about a millimetre."""
    patient = phantom.build("lm-film", 1)
    (row,) = leptomeningeal_truth(patient.case, patient.anatomy)
    (film,) = soft_truth(patient.anatomy, 1)
    assert {"T11", "T12"} <= set(row["levels"])
    # Ellipse of 7.1 x 8.8 mm with a millimetre around it; roots below the conus have more surface.
    ring = np.pi * (4.55 * 5.4 - 3.55 * 4.4)
    assert film["volume_mm3"] / row["length_mm"] == pytest.approx(ring, rel=0.25)


def test_cord_lesion():
    """im-hemorrhage: 11 mm in 40 mm of oedema; the cord is wider there."""
    patient = phantom.build("im-hemorrhage", 1)
    (row,) = intramedullary_truth(patient.case, patient.anatomy)
    assert (row["level"], row["lesion_length_mm"], row["oedema_length_mm"]) == ("T11", 11.0, 40.0)
    assert 1.15 < row["cord_area_ratio"] < 1.5
    assert intramedullary_truth(patient.case, phantom.build("normal", 1).anatomy)[0]["cord_area_ratio"] == 1.0


@pytest.mark.parametrize(("name", "above", "area"), [("partial", 0.7, 0.2), ("complete", 0.0, 0.0)])
def test_block(name, above, area):
    """Below T8 8 mg/ml, above it what passes; at T8 the stated share of the CSF is left. HU are linear in iodine."""
    patient = phantom.build(f"ctm-block-{name}", 1)
    (row,) = myelogram_truth(patient.case, patient.anatomy)
    assert row["iodine_mg_per_ml"]["T11"] == pytest.approx(8.0)
    assert row["iodine_mg_per_ml"]["T5"] == pytest.approx(8.0 * above)
    worst = min(r["csf_area_ratio"] for r in epidural_truth(patient.anatomy))
    assert worst == pytest.approx(area, abs=0.02)
    assert _csf_hu(patient, ("T11", 0.0)) == pytest.approx(230, abs=3)
    assert _csf_hu(patient, ("T5", 0.0)) == pytest.approx(8 + 222 * above, abs=3)


def test_thick_roots():
    """lm-thick: each root is as much wider as the factor 2.4 makes one of the usual diameter; together they fill the sac."""
    thick, usual = phantom.build("lm-thick", 1).anatomy, phantom.build("normal", 1).anatomy
    z = usual.site.z(("L3", 0.0))
    x, y = centre(usual.canal, z)
    affine = np.diag([0.1, 0.1, 0.1, 1.0])
    affine[:3, 3] = (x - 12, y - 12, z)
    block = Block(affine=affine, start=(0, 0, 0), shape=(241, 241, 1), reach_mm=0.1)
    found = [np.broadcast_to(a.canal.roots(block), block.shape) for a in (thick, usual)]
    wider = (2.4 - 1) * table("phantom_anatomy")["neural"]["root_diameter_mm"] / 2
    near = np.abs(found[1]) < 0.3
    assert np.median((found[1] - found[0])[near]) == pytest.approx(wider, abs=0.02)
    # Neighbours run into one another.
    areas = [np.count_nonzero(f < 0) for f in found]
    assert 1.6 < areas[0] / areas[1] < 2.4**2


def test_paraspinal_mass_of_62_ml():
    """par-mass: 62 ml at the left of T9 to T11."""
    (row,) = phantom.build("par-mass", 1).truth["soft_lesions"]
    assert row["volume_mm3"] / 1000 == pytest.approx(62, abs=1)
    assert row["levels"] == ["T9", "T10", "T11"]
    assert row["centroid_lps_mm"][0] > 20
