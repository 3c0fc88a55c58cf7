"""Cases of what tracers show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.knowledge.catalogue import table
from spinemets.model.grid import Grid
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.activity import value_per_suv
from spinemets.phantom.imaging.planar_scan import expected
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


def along_the_spine(patient, levels):
    """Counts of the posterior view over the middle of some levels, per pixel."""
    a = replace(default("bone_scan"), pixel_mm=4.4, slice_mm=4.4)
    grid = patient.grid(a)
    back = expected(patient.anatomy, a, grid, patient.case)[1]
    found = {}
    for level in levels:
        i, _, k = np.round(grid.to_ijk(patient.anatomy.frames[level].origin)).astype(int)
        found[level] = float(back[i - 3 : i + 4, k - 1 : k + 2].mean())
    return found, back


def test_cold_vertebra():
    """NM-03: at most 0.7 of what its neighbours but one show; the truth states 0.3."""
    patient = phantom.build("nm-cold", 1)
    (lesion,) = patient.truth["lesions"]
    assert lesion["parts"][0]["bone_scan_ratio"] == pytest.approx(0.3) and lesion["level"] == "L2"
    counts, _ = along_the_spine(patient, ("T12", "L2", "L4"))
    assert counts["L2"] < 0.7 * np.mean([counts["T12"], counts["L4"]])


def test_superscan_has_bone_and_no_kidneys():
    """NM-04: bone over soft tissue at least twice the usual one, kidney under half of the spine, vertebrae alike."""
    levels = ("T10", "T12", "L2", "L4")
    patients = [phantom.build(name, 1) for name in ("nm-superscan", "normal")]
    ratios, kidneys, spread = [], [], []
    for patient in patients:
        counts, back = along_the_spine(patient, levels)
        grid = patient.grid(replace(default("bone_scan"), pixel_mm=4.4, slice_mm=4.4))
        frame = patient.anatomy.frames
        i, _, k = np.round(grid.to_ijk(frame["L4"].origin + np.array([80.0, 0, 0]))).astype(int)
        kidney = np.round(grid.to_ijk(frame["L2"].origin + np.array([-62.0, 0, 0]))).astype(int)
        spine = np.mean(list(counts.values()))
        ratios.append(spine / back[i - 2 : i + 3, k - 2 : k + 3].mean())
        kidneys.append(back[kidney[0], kidney[2]] / spine)
        spread.append(np.std(list(counts.values())) / spine)
    assert ratios[0] > 2 * ratios[1]
    assert kidneys[0] <= 0.5 < kidneys[1]
    assert spread[0] <= 0.2


def test_shares_of_the_focus():
    """NM-06: the focus of L2 lies in body and left pedicle, each of them more than a tenth; that of T12 in the body alone."""
    patient = phantom.build("spect-loc", 1)
    origin = patient.anatomy.frames["L2"].origin
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = origin - np.array([30.0, 25.0, 25.0])
    grid = Grid(shape_ijk=(60, 70, 110), affine_lps_mm=affine)
    lesions, regions = patient.lesion_labels(grid), patient.region_labels(grid)
    codes = table("phantom_anatomy")["regions"]["codes"]
    body = [codes[name] for name in ("body", "cortex", "endplate_superior", "endplate_inferior")]
    through, alone = (regions[lesions == n] for n in (1, 2))
    share = np.isin(through, body).mean()
    assert 0.3 < share < 0.7 and (through == codes["pedicle_left"]).mean() > 0.2
    assert np.isin(alone, body).all() and alone.size > 500
    assert [x["part"] for x in patient.truth["benign"]] == ["right"]


def test_treated_sclerosis_is_not_avid():
    """`fig08-pet`: lytic 5.5, treated sclerotic 1.5 (PET-03), side by side."""
    lesions = phantom.build("fig08-pet", 1).truth["lesions"]
    found = {x["level"]: (x["kind"], x["parts"][0]["fdg_suv_g_per_ml"]) for x in lesions}
    assert {found[level] for level in ("T5", "T8", "T11", "L1", "L3", "L5")} == {("lytic", 5.5)}
    assert {found[level] for level in ("T6", "T10", "T12", "L2", "L4")} == {("treated", 1.5)}
