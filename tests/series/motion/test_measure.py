"""G-10: motion between series is found, told apart from other anatomy, and never claimed where nothing fits."""

from __future__ import annotations

from dataclasses import replace

import nibabel
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from spinemets.model.errors import UnreadableInput
from spinemets.model.grid import Grid
from spinemets.model.study import PatientFacts, Study
from spinemets.series.motion.measure import between, limits, shift_words, with_motions
from tests.series.moving_body import FIRST, SECOND, axial, body, sagittal, scan, series_of, turn


@pytest.fixture(scope="module")
def reference():
    return series_of(scan(body(), FIRST, sagittal()), sagittal(), 1)


def moving(seed: int = 4, grid: Grid | None = None, signal=SECOND, **motion):
    grid = grid or sagittal()
    return series_of(scan(body(seed), signal, grid, **motion), grid, 2, "t2", te_s=0.1)


def test_no_motion_agrees(reference):
    found = between(reference, moving())
    assert found.verdict == "agrees" and found.residual_mm < 0.7
    assert (found.reference_uid, found.moving_uid) == ("1.2.1", "1.2.2")
    assert "used together as they are" in found.sentence


def test_another_plane_agrees(reference):
    """Sagittal against axial slices of one patient: nothing but the grids differs."""
    assert between(reference, moving(grid=axial())).verdict == "agrees"


def test_moved_within_the_plane(reference):
    """3 mm backwards is found within 0.5 mm and needs a transform."""
    found = between(reference, moving(shift_mm=(0, 3, 0)))
    assert found.verdict == "moved"
    assert found.shift_mm == pytest.approx((0, 3, 0), abs=0.5)
    assert "mm backwards" in found.sentence and "only with this transform" in found.sentence


def test_one_voxel_across_thick_slices_agrees(reference):
    """`agrees` up to max(1 mm, 1 voxel): 3 mm across 4 mm slices is less than a voxel, and the number is still given."""
    found = between(reference, moving(shift_mm=(3, 0, 0)))
    assert found.verdict == "agrees"
    assert found.shift_mm[0] == pytest.approx(3, abs=0.5)


def test_nine_millimetres_are_refused(reference):
    found = between(reference, moving(shift_mm=(0, 9, 0)))
    assert found.verdict == "refused" and found.residual_mm == pytest.approx(9, abs=1)
    assert "not used together" in found.sentence


@pytest.mark.parametrize("seed", [97, 98, 99])
def test_other_anatomy_never_agrees(reference, seed: int):
    """Another body in the same frame: no confident small transform."""
    assert between(reference, moving(seed)).verdict in ("refused", "not measured")


def test_no_common_field_is_refused(reference):
    grid = sagittal()
    affine = np.array(grid.affine_lps_mm)
    affine[2, 3] -= 400
    low = Grid(shape_ijk=grid.shape_ijk, affine_lps_mm=affine, frame_of_reference_uid="1.9")
    other = series_of(np.zeros(low.shape_ijk), low, 2)
    found = between(reference, other)
    assert found.verdict == "refused" and "no common field" in found.sentence and found.shift_mm is None


def test_nothing_to_see_is_not_measured(reference):
    flat = series_of(np.full(sagittal().shape_ijk, 7.0), sagittal(), 2)
    assert between(reference, flat).verdict == "not measured"


def test_sides_unknown_are_not_named(reference):
    found = between(reference, replace(moving(shift_mm=(3, 0, 0)), sides_known=False))
    assert "sideways" in found.sentence
    assert "left" not in found.sentence and "right" not in found.sentence


def test_every_series_gets_a_line(reference):
    """A map and a plan are named as not measured: nothing is left out silently."""
    maps = replace(series_of(np.zeros(sagittal().shape_ijk), sagittal(), 3, "adc"), load=lambda: 1 / 0)
    study = Study(uid="1", patient=PatientFacts(), series=(reference, moving(), maps))
    found = {m.moving_uid: m for m in with_motions(study).motions}
    assert found["1.2.2"].verdict == "agrees"
    assert found["1.2.3"].verdict == "not measured" and "adc" in found["1.2.3"].sentence


def test_a_series_that_cannot_be_decoded_costs_its_own_line(reference):
    def broken():
        raise UnreadableInput("series 3 changed since it was listed.")

    bad = replace(series_of(np.zeros(sagittal().shape_ijk), sagittal(), 3, "t2"), load=broken)
    study = Study(uid="1", patient=PatientFacts(), series=(reference, bad, moving()))
    found = {m.moving_uid: m for m in with_motions(study).motions}
    assert found["1.2.2"].verdict == "agrees"
    assert found["1.2.3"].verdict == "not measured" and "changed since it was listed" in found["1.2.3"].sentence


def test_words_of_a_shift():
    assert shift_words(np.array([0.1, -3.04, 0.5]), True) == "content 3.0 mm forwards, 0.5 mm up"
    assert shift_words(np.zeros(3), True) == "content in the same place"


def test_limits_are_data():
    assert (limits()["use_mm"], limits()["apply_mm"]) == (1, 5)


def test_real_mr_finds_its_own_motion(shared_data):
    """A lumbar T1 exam against itself, displaced by 2.5 mm back, 1.2 mm up and turned by 2 degrees."""
    image = nibabel.load(shared_data / "mr-lumbar-vb" / "vb1_02_img.nii.gz")
    array = np.asarray(image.dataobj).astype(np.float32)
    grid = Grid(shape_ijk=array.shape, affine_lps_mm=np.diag([-1, -1, 1, 1.0]) @ image.affine)
    centre, shift = grid.corners_lps_mm.mean(axis=0), np.array([0.0, 2.5, 1.2])
    index = np.stack(np.meshgrid(*(np.arange(n) for n in array.shape), indexing="ij"), axis=-1).reshape(-1, 3)
    came_from = (grid.to_lps_mm(index) - centre - shift) @ turn((2, 0, 0)) + centre
    displaced = map_coordinates(array, grid.to_ijk(came_from).T, order=3, mode="nearest").reshape(array.shape)
    found = between(series_of(array, grid, 1), series_of(displaced, grid, 2))
    assert found.shift_mm == pytest.approx(shift, abs=0.5)
    assert found.rotation_deg == pytest.approx((2, 0, 0), abs=0.5)


def test_real_t1_and_tirm_of_one_patient(shared_data):
    """T1 FSE and TIRM of one exam: found forth and back alike, and small."""
    found = []
    for a, b in (("02", "03"), ("03", "02")):
        pair = []
        for number, name in enumerate((a, b), 1):
            image = nibabel.load(shared_data / "mr-lumbar-vb" / f"vb1_{name}_img.nii.gz")
            array = np.asarray(image.dataobj).astype(np.float32)
            grid = Grid(shape_ijk=array.shape, affine_lps_mm=np.diag([-1, -1, 1, 1.0]) @ image.affine)
            pair.append(series_of(array, grid, number))
        found.append(between(*pair))
    assert {m.verdict for m in found} == {"moved"}
    assert found[0].shift_mm == pytest.approx([-v for v in found[1].shift_mm], abs=0.6)
