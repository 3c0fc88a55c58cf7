from dataclasses import replace

import numpy as np
import pytest

from spinemets.knowledge import catalogue
from spinemets.lesions.candidates import Candidate, Keep, limits_by_part, search
from spinemets.lesions.ground import ARCH, MARROW, PEDICLE, prepare
from spinemets.lesions.rules import rules
from spinemets.model.grid import Grid

CATALOGUE = catalogue.load()
NUMBERS = CATALOGUE["G-11"].values()
KEEP = Keep(**{n: NUMBERS[n] for n in Keep.__dataclass_fields__})
RULES = {r.criterion: r for r in rules(CATALOGUE)}


def found_in(scene, criterion="CT-02", level="L2", centre=(160, 25), parts=None, keep=KEEP):
    rule = RULES[criterion]
    ground = prepare(
        scene.volume(), scene.spine[level], inner_depth_mm=2.0, fwhm_mm=1.5, raw_marrow=False, most_voxels=20000
    )
    parts = {PEDICLE: centre, ARCH: centre} if parts is None else parts
    return search(ground, limits_by_part(rule, centre, parts), rule, keep), ground


@pytest.mark.parametrize(("radius", "count"), [(2.0, 0), (3.0, 1), (5.0, 1)])
def test_least_size(blocks, radius, count):
    """G-11: "keep >= 0.05 mL"; a ball of 2 mm radius has 0.03 mL."""
    scene = blocks()
    scene.array[scene.ball("L2", (0, 0, 0), radius)] = 700
    assert len(found_in(scene)[0]) == count


def test_noise_alone_makes_no_candidate(blocks):
    for seed in range(3):
        assert found_in(blocks(seed=seed, sd=35), centre=(160, 25))[0] == ()


def test_thick_slices_need_one_slice_only():
    """G-11: "1 slice if slice > 3 mm, CV-PV"."""
    thick = Grid(shape_ijk=(5, 5, 5), affine_lps_mm=np.diag([1.0, 1, 4, 1]))
    assert KEEP.size(thick).slices == 1
    assert KEEP.size(Grid(shape_ijk=(5, 5, 5), affine_lps_mm=np.diag([1.0, 1, 3, 1]))).slices == 2


def test_groups_whose_volume_is_not_told_from_zero_do_not_stand(blocks):
    """signs.md 0.9: half a voxel of doubt at the surface; thin threads vanish in it."""
    scene = blocks()
    z = np.round(scene.centres["L2"][2])
    points = scene.grid.to_lps_mm(np.moveaxis(np.indices(scene.grid.shape_ijk), 0, -1))
    thread = (np.abs(points[..., 0]) < 13) & (np.abs(points[..., 1]) < 0.6) & (np.abs(points[..., 2] - z) < 1.1)
    scene.array[thread] = 2500
    loose = replace(KEEP, least_ml=0.01)
    candidates, _ = found_in(scene, keep=loose)
    assert all(int(c.mask.sum()) > 40 for c in candidates)


def test_lucent_canal_needs_more_marrow_than_a_dense_focus(blocks):
    """A vein canal is lucent: lytic components must lie in the marrow for the larger part, dense ones for a tenth."""
    for value, count in ((40, 0), (800, 1)):
        scene = blocks()
        scene.array[scene.ball("L2", (0, 9, 0), 3.4)] = value
        _, ground = found_in(scene)
        points = ground.points_lps_mm(np.ones(ground.inner.shape, bool)) - scene.centres["L2"]
        outside_wedge = (points[:, 1] < 8.0).reshape(ground.inner.shape)
        wedged = replace(ground, seeds=ground.seeds & outside_wedge)
        limits = limits_by_part(RULES["CT-02"], (160, 25), {})
        assert len(search(wedged, limits, RULES["CT-02"], KEEP)) == count


def test_arch_is_judged_against_the_arch_of_the_neighbours(blocks):
    """Dense arches and pedicles are usual: voxels must stand out from the same part of the neighbours as well."""
    scene = blocks()
    scene.array[scene.spine["L2"].regions["posterior_elements"].full_mask()] += 300
    assert found_in(scene, parts={PEDICLE: (460, 60), ARCH: (460, 60)})[0] == ()
    assert len(found_in(scene)[0]) >= 1
    assert found_in(scene, parts={})[0] == ()


def test_limits_by_part():
    rule = RULES["CT-02"]
    found = limits_by_part(rule, (160, 25), {PEDICLE: (250, 60)})
    assert set(found) == {MARROW, PEDICLE}
    assert found[PEDICLE].low == 97.5
    assert found[PEDICLE].high == 430
    assert set(limits_by_part(RULES["MR-T1-03"], (400, 10), {PEDICLE: (0, 5)})) == {MARROW}


def test_fatty_part_leaves_the_dense_part(blocks):
    scene = blocks()
    scene.array[scene.ball("L2", (-6, -3, 0), 5)] = -90
    scene.array[scene.ball("L2", (5, -3, 0), 5)] = 700
    ((candidate,), ground) = found_in(scene)
    assert candidate.low.sum() == 0
    assert ground.points_lps_mm(candidate.mask)[:, 0].min() >= 0


def test_rim_of_gas_is_no_lytic_focus(blocks):
    scene = blocks()
    scene.array[scene.ball("L2", (0, -3, 0), 6)] = -900
    assert found_in(scene)[0] == ()


def test_largest_first_and_masks_add_up(blocks):
    scene = blocks()
    scene.array[scene.ball("L2", (9, -2, 0), 3.5)] = 700
    scene.array[scene.ball("L2", (-6, -2, 0), 5)] = 700
    candidates, _ = found_in(scene)
    assert [isinstance(c, Candidate) for c in candidates] == [True, True]
    sizes = [int(c.mask.sum()) for c in candidates]
    assert sizes == sorted(sizes, reverse=True)
    for c in candidates:
        assert ((c.low | c.high) == c.mask).all()


@pytest.mark.parametrize("flip", [(1, 1, -1), (-1, 1, 1)])
def test_flipping_the_image_changes_nothing(blocks, flip):
    scene = blocks()
    scene.array[scene.ball("L2", (4, -3, 2), 5)] = 700
    plain = found_in(scene)[0]
    steps = tuple(slice(None, None, f) for f in flip)
    mirrored = blocks()
    mirrored.array[:] = scene.array
    affine = np.array(scene.grid.affine_lps_mm)
    for axis, f in enumerate(flip):
        if f < 0:
            affine[:3, 3] += affine[:3, axis] * (scene.grid.shape_ijk[axis] - 1)
            affine[:3, axis] *= -1
    grid = Grid(shape_ijk=scene.grid.shape_ijk, affine_lps_mm=affine)
    mirrored.array = np.ascontiguousarray(scene.array[steps])
    mirrored.grid = grid
    turned = found_in(mirrored)[0]
    assert [int(c.mask.sum()) for c in plain] == [int(c.mask.sum()) for c in turned]
