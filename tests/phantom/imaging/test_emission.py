"""PET and SPECT."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases.case import Case
from spinemets.phantom.imaging import emission
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.activity import ActivityContrast, bq_per_ml_per_suv
from spinemets.phantom.imaging.emission import samples, seen
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.pathology.treatment import variant
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue
from spinemets.physics import recovery

RADIUS_MM, HOT, COLD = 8.0, 12.0, 1.3


@pytest.fixture(scope="module")
def hot():
    """A hot ball in L3."""
    uptake = replace(tissue("lytic_tumour").uptake, fdg_suv_g_per_ml=HOT)
    ball = Insert(
        id="hot", kind="grid", level="L3", tissue=variant("lytic_tumour", uptake=uptake), radii_mm=(RADIUS_MM,) * 3,
        edge_mm=0.01, mineral_retained=1.0,
    )  # fmt: skip
    return phantom.build(Case(name="hot-ball", about="", inserts=(ball,)), 1)


def quiet(name="pet", **changes):
    """A protocol without noise."""
    return replace(default(name), noise=0.0, **changes)


def ball_of(patient, grid):
    """Distance of each voxel from the middle of L3."""
    return np.linalg.norm(
        np.stack(np.broadcast_arrays(*Block.of_grid(grid).axes))
        - patient.anatomy.frames["L3"].origin[:, None, None, None],
        axis=0,
    )


def suv_of(volume, a, patient):
    """Values as SUV."""
    return np.asarray(volume.array, float) / bq_per_ml_per_suv(a.emission, patient.case.patient.weight_kg)


@pytest.mark.parametrize("voxel_mm", [2.0, 4.0])
def test_recovery_is_that_of_the_forward_model(hot, cube, voxel_mm):
    """Centre and mean of a ball of 8 mm at 6 mm FWHM keep what physics.recovery says, whatever the voxels."""
    a = quiet()
    grid = cube(hot.anatomy.frames["L3"].origin, 32, voxel_mm)
    (volume,) = hot.render_together((a,), grid)
    (plain,) = phantom.build("normal", 1).render_together((a,), grid)
    image, base = suv_of(volume, a, hot), suv_of(plain, a, hot)
    n = grid.shape_ijk[0] // 2
    around = hot.anatomy.hosts["L3"].uptake.fdg_suv_g_per_ml
    centre = (image - base)[n, n, n] / (HOT - around)
    expected = recovery.sphere_centre_recovery(radius_mm=RADIUS_MM, fwhm_mm=6.0)
    assert centre == pytest.approx(float(expected), rel=0.03)
    # The contrast of the whole ball is conserved: blur moves it, and loses none.
    contrast = (image - base).sum() * voxel_mm**3
    assert contrast == pytest.approx((HOT - around) * 4 / 3 * np.pi * RADIUS_MM**3, rel=0.03)


def test_mean_of_the_ball(hot, cube):
    """Mean inside the ball itself, in fine voxels."""
    a = quiet()
    grid = cube(hot.anatomy.frames["L3"].origin, 20, 1.0)
    (volume,), (plain,) = (p.render_together((a,), grid) for p in (hot, phantom.build("normal", 1)))
    inside = ball_of(hot, grid) < RADIUS_MM
    around = hot.anatomy.hosts["L3"].uptake.fdg_suv_g_per_ml
    kept = (suv_of(volume, a, hot) - suv_of(plain, a, hot))[inside].mean() / (HOT - around)
    assert kept == pytest.approx(float(recovery.sphere_mean_recovery(radius_mm=RADIUS_MM, fwhm_mm=6.0)), rel=0.03)


def test_divided_voxels_lie_in_their_voxel(normal, cube):
    """Finely painted, blurred and averaged, the picture is that painted in voxels and blurred: not shifted, not turned."""
    from scipy.ndimage import gaussian_filter

    grid = cube(normal.anatomy.frames["L3"].origin + np.array([8.0, 20.0, 4.0]), (32, 44, 20), 2.0)
    contrast = ActivityContrast("fdg")
    plain = gaussian_filter(np.asarray(paint(normal.anatomy, Block.of_grid(grid), contrast)[0]), 6 / 2.3548 / 2)
    fine = seen(normal.anatomy, grid, (contrast,), (6.0, samples(grid, 6.0)))[0]
    assert fine.shape == grid.shape_ijk
    inner = (slice(4, -4),) * 3
    agreement = np.corrcoef(fine[inner].ravel(), plain[inner].ravel())[0, 1]
    assert agreement > 0.998
    for axis in range(3):
        for way in (1, -1):
            assert np.corrcoef(np.roll(fine, way, axis)[inner].ravel(), plain[inner].ravel())[0, 1] < agreement - 0.003


@pytest.mark.parametrize("decay", ["START", "ADMIN", "NONE"])
def test_units_follow_the_convention(hot, cube, decay):
    """The same patient in three units: their ratios are decay alone."""
    grid = cube(hot.anatomy.frames["L3"].origin, 8, 4.0)
    start, other = quiet(), quiet(emission=replace(default("pet").emission, decay_correction=decay))
    one, two = (hot.render_together((a,), grid)[0] for a in (start, other))
    assert (two.quantity, two.unit, two.array.dtype) == ("activity", "Bq/mL", np.float32)
    ratio = bq_per_ml_per_suv(other.emission, 68.0) / bq_per_ml_per_suv(start.emission, 68.0)
    assert np.asarray(two.array) == pytest.approx(np.asarray(one.array) * ratio, rel=1e-5)


def test_noise_in_liver(normal, cube):
    """Liver: CV 12 %, mean kept; neighbours are alike as the point spread is wide, distant voxels are not."""
    a, z_of = default("pet"), normal.anatomy.column.z_of
    x = float(np.mean(normal.anatomy.column.x.values))
    y = float(normal.anatomy.column.y.at(np.asarray(z_of["T12"])))
    grid = cube((x - 85, y - 62, z_of["T12"] + 10), (36, 36, 36), 4.0)
    (noisy,), (clean,) = (normal.render_together((p,), grid) for p in (a, quiet()))
    noisy, clean = (np.asarray(v.array, float) for v in (noisy, clean))
    liver = clean > 0.995 * np.median(clean)
    liver &= clean < 1.005 * np.median(clean)
    relative = np.where(liver, noisy / clean - 1, np.nan)
    assert np.nanstd(relative) == pytest.approx(0.12, rel=0.08)
    assert np.nanmean(relative) == pytest.approx(0.0, abs=0.012)
    near, far = (np.nanmean(relative[n:] * relative[:-n]) / np.nanvar(relative) for n in (1, 5))
    assert near == pytest.approx(np.exp(-(4.0**2) / (4 * (6.0 / 2.3548) ** 2)), abs=0.1) and abs(far) < 0.1


def test_without_correction_the_middle_is_dark(normal):
    """The skin of the back keeps more than twice what the middle keeps; nothing is brighter than with correction."""
    low = {"pixel_mm": 8.0, "slice_mm": 12.0, "blur_mm": 12.0}
    corrected, not_corrected = quiet(**low), quiet("pet_nac", **low)
    whole, x_y = normal.grid(corrected), normal.anatomy.frames["L3"].origin
    affine = np.array(whole.affine_lps_mm)
    affine[2, 3] = x_y[2]
    grid = replace(whole, shape_ijk=(*whole.shape_ijk[:2], 2), affine_lps_mm=affine)
    with_it, without = (
        np.asarray(normal.render_together((a,), grid)[0].array)[:, :, 0] for a in (corrected, not_corrected)
    )
    body = with_it > 0.2 * np.median(with_it[with_it > 0])
    kept = np.where(body, without / np.where(body, with_it, 1.0), 0.0)
    assert kept.max() <= 1.0
    i = round(float(grid.to_ijk(x_y)[0]))
    rows = np.flatnonzero(body[i])
    front, middle, back = kept[i, [rows[0], (rows[0] + rows[-1]) // 2, rows[-1]]]
    assert middle < 0.2 and front > 2 * middle and back > 2 * middle


def test_same_seed_same_picture(hot, cube):
    """Noise is the case's, the seed's and the series', and of nothing else."""
    grid = cube(hot.anatomy.frames["L3"].origin, 12, 4.0)
    a = default("pet")
    one, two = (np.asarray(hot.render_together((a,), grid)[0].array) for _ in range(2))
    assert np.array_equal(one, two)
    other = phantom.build(hot.case, 2).render_together((a,), grid)[0].array
    assert not np.array_equal(one, other)


def test_only_emission(normal, cube):
    """Another protocol is refused."""
    grid = cube((0, 0, 0), 4, 4.0)
    with pytest.raises(ValueError, match="no series of emitted photons"):
        emission.render_volume(normal.anatomy, default("t1"), grid, np.random.default_rng(1), normal.case)
