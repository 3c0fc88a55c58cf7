"""Cases of what tracers show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.activity import value_per_suv
from spinemets.phantom.shape.block import Block
from spinemets.physics import recovery

# SUVpeak: the mean of a ball of 1 ml.
PEAK_MM = 6.2


def suv_around(patient, level, cube, half_mm=40):
    """SUV of a PET without noise on a cube around a level, and the distance of its voxels from the level's lesion."""
    a = replace(default("pet"), noise=0.0)
    centre = next(np.array(x["centroid_lps_mm"]) for x in patient.truth["lesions"] if x["level"] == level)
    grid = cube(centre, half_mm, 4.0)
    (volume,) = patient.render_together((a,), grid)
    away = np.stack(np.broadcast_arrays(*Block.of_grid(grid).axes)) - centre[:, None, None, None]
    return np.asarray(volume.array) / value_per_suv(a, patient.case.patient.weight_kg), np.linalg.norm(away, axis=0)


def test_pet_focal_is_on_both_sides_of_the_rule(cube):
    """PET-02: peaks of 4.1 and 2.1 over bodies of 1.5: one more than 1.5 times as avid, one less, after the blur."""
    patient = phantom.build("pet-focal", 1)
    normal = patient.truth["uptake"]["marrow_fdg_suv_g_per_ml"]
    peaks = []
    for level in ("L2", "L4"):
        image, away = suv_around(patient, level, cube)
        peaks.append(image[away < PEAK_MM].mean())
    assert peaks == pytest.approx([4.1, 2.1], rel=0.06)
    assert peaks[0] > 1.5 * normal > peaks[1]


def test_pet_suv_steps_through_size_and_uptake(cube):
    """Each ball by its own recovery: the small hot one shows less than half of its SUV."""
    patient = phantom.build("pet-suv", 1)
    rows = [(x["parts"][0]["fdg_suv_g_per_ml"], x["radii_mm"]) for x in patient.truth["lesions"]]
    assert {suv for suv, _ in rows} == {2.0, 4.0, 8.0, 12.0}
    assert (min(r[0] for _, r in rows), max(r[0] for _, r in rows)) == (3.0, 15.0)
    normal = patient.truth["uptake"]["marrow_fdg_suv_g_per_ml"]
    for lesion, (suv, radii) in list(zip(patient.truth["lesions"], rows, strict=True))[:4]:
        image, away = suv_around(patient, lesion["level"], cube, 24)
        kept = recovery.sphere_centre_recovery(radius_mm=radii[0], fwhm_mm=6.0)
        expected = float(recovery.apparent(lesion=suv, background=normal, recovery=kept))
        assert image[away < 1.0].mean() == pytest.approx(expected, rel=0.08)
    assert {default(name).emission.decay_correction for name in case_of("pet-suv").series[:3]} == {
        "START",
        "ADMIN",
        "NONE",
    }


def test_treated_sclerosis_is_not_avid():
    """`fig08-pet`: lytic 5.5, treated sclerotic 1.5 (PET-03), side by side."""
    lesions = phantom.build("fig08-pet", 1).truth["lesions"]
    found = {x["level"]: (x["kind"], x["parts"][0]["fdg_suv_g_per_ml"]) for x in lesions}
    assert {found[level] for level in ("T5", "T8", "T11", "L1", "L3", "L5")} == {("lytic", 5.5)}
    assert {found[level] for level in ("T6", "T10", "T12", "L2", "L4")} == {("treated", 1.5)}
