import numpy as np
import pytest

from spinemets.lesions.ground import ARCH, MARROW, PEDICLE, prepare
from spinemets.model.grid import Grid
from spinemets.model.volume import Volume

NUMBERS = {"inner_depth_mm": 2.0, "fwhm_mm": 1.5, "raw_marrow": False, "most_voxels": 20000}


def ready(scene, level="L2", volume=None, **changes):
    return prepare(volume or scene.volume(), scene.spine[level], **{**NUMBERS, **changes})


def test_inner_bone_keeps_away_from_the_surface(blocks):
    """G-05: candidates live in the bone eroded by about 2 mm: cortex, endplates and osteophytes are not searched."""
    scene = blocks()
    ground = ready(scene)
    points = ground.points_lps_mm(ground.inner & ground.parts["body"]) - scene.centres["L2"]
    assert np.abs(points[:, 0]).max() <= 16 - 2
    assert np.abs(points[:, 2]).max() <= 12 - 2
    assert np.abs(points[:, 0]).max() > 16 - 3.6


def test_body_and_pedicle_have_no_gap_between_them(blocks):
    """A focus may cross from the body into a pedicle: depth is measured in the whole vertebra."""
    scene = blocks()
    ground = ready(scene)
    points = ground.points_lps_mm(ground.inner) - scene.centres["L2"]
    bridge = (np.abs(points[:, 0] - 11) < 2) & (np.abs(points[:, 2] - 6) < 2)
    depths = np.unique(np.round(points[bridge, 1]))
    assert (np.diff(depths) == 1).all()
    assert depths.max() > 20


def test_parts_are_disjoint_and_cover_the_bone(blocks):
    scene = blocks()
    ground = ready(scene)
    total = sum(m.astype(int) for m in ground.parts.values())
    assert total.max() == 1
    assert total.sum() == scene.spine["L2"].regions["vertebra"].n_voxels
    assert set(ground.parts) == {"body", "pedicle_left", "pedicle_right", "posterior_elements"}
    assert set(np.unique(ground.compartment)) == {MARROW, PEDICLE, ARCH}


def test_smoothing_lowers_noise_and_keeps_the_level(blocks):
    """CT-02: "Gaussian FWHM 1.5 mm"."""
    from scipy.ndimage import gaussian_filter

    scene = blocks()
    ground = ready(scene)
    whole = gaussian_filter(scene.array, 1.5 / 2.3548, truncate=3.0, mode="nearest")
    box = tuple(slice(s, s + n) for s, n in zip(ground.start_ijk, ground.inner.shape, strict=True))
    assert ground.judged == pytest.approx(whole[box][ground.inner], abs=1e-2)
    assert ground.judged.std() < ground.raw.std()
    assert (ready(scene, fwhm_mm=0).judged == ground.raw).all()


def test_a_lost_slice_does_not_darken_its_neighbours(blocks):
    """Voxels without a measurement are neither searched nor smoothed into what lies beside them."""
    scene = blocks()
    whole = scene.volume()
    lost = int(whole.grid.to_ijk(scene.centres["L2"])[2].round())
    array, padding = np.array(whole.array), np.zeros(whole.array.shape, bool)
    array[:, :, lost], padding[:, :, lost] = -1024, True
    volume = Volume(array=array, grid=whole.grid, quantity="attenuation", unit="[hnsf'U]", padding=padding)
    plain, ground = ready(scene), ready(scene, volume=volume)
    k = lost - ground.start_ijk[2]
    assert not ground.inner[:, :, k].any()
    beside = np.argwhere(ground.inner)[:, 2]
    kept = np.argwhere(plain.inner)[:, 2] != k
    assert ((beside == k - 1) | (beside == k + 1)).any()
    # Noise is smoothed by a little less there; a slice of air would take hundreds.
    assert np.abs(ground.judged - plain.judged[kept]).max() < 60


def test_marrow_statistics_from_the_image_or_the_smoothed_one(blocks):
    scene = blocks()
    smooth, raw = ready(scene).marrow, ready(scene, raw_marrow=True).marrow
    assert raw.std() == pytest.approx(25, rel=0.1)
    assert smooth.std() < 20
    assert np.median(raw) == pytest.approx(np.median(smooth), abs=2)


def test_thinning_keeps_the_count(blocks):
    scene = blocks()
    ground = ready(scene, most_voxels=500)
    assert ground.marrow.size <= 1000
    assert ground.n_marrow == scene.spine["L2"].regions["marrow"].n_voxels


def test_padding_and_missing_values_are_not_searched(blocks):
    scene = blocks()
    ball = scene.ball("L2", (0, 0, 0), 5)
    array = scene.array.copy()
    array[scene.ball("L2", (10, 0, 0), 2)] = np.nan
    volume = Volume(array=array, grid=scene.grid, quantity="attenuation", unit="[hnsf'U]", padding=ball, series_uid="1")
    ground = ready(scene, volume=volume)
    box = tuple(slice(s, s + n) for s, n in zip(ground.start_ijk, ground.inner.shape, strict=True))
    assert not (ground.inner & ball[box]).any()
    assert np.isfinite(ground.raw).all()
    plain = ready(scene)
    assert ground.inner.sum() < plain.inner.sum()


def test_mask_comes_to_the_grid_of_the_image(blocks):
    """The measured image is never resampled; masks are."""
    fine = blocks()
    shape = tuple(n // 2 for n in fine.grid.shape_ijk)
    affine = np.array(fine.grid.affine_lps_mm) @ np.diag([2, 2, 2, 1.0])
    grid = Grid(shape_ijk=shape, affine_lps_mm=affine)
    volume = Volume(array=np.full(shape, 160.0, np.float32), grid=grid, quantity="attenuation", unit="[hnsf'U]")
    ground = ready(fine, volume=volume)
    assert ground.grid is grid
    assert ground.parts["body"].sum() * 8 == pytest.approx(fine.spine["L2"].regions["body"].n_voxels, rel=0.15)


def test_nothing_to_search_is_none(blocks):
    from dataclasses import replace

    scene = blocks(levels=("L1", "L2"))
    vertebra = scene.spine["L1"]
    away = Grid(shape_ijk=(10, 10, 10), affine_lps_mm=np.block([[np.eye(3), np.full((3, 1), 500.0)], [0, 0, 0, 1]]))
    volume = Volume(array=np.zeros((10, 10, 10)), grid=away, quantity="attenuation", unit="[hnsf'U]")
    assert prepare(volume, vertebra, **NUMBERS) is None
    bodiless = replace(vertebra, regions={"vertebra": vertebra.regions["vertebra"]})
    assert prepare(scene.volume(), bodiless, **NUMBERS) is None
    assert ready(scene, "L1", inner_depth_mm=50) is None


def test_body_only_masks_have_no_arch(blocks):
    from dataclasses import replace

    scene = blocks(levels=("L1", "L2"))
    names = ("body", "marrow", "trabecular_core")
    vertebra = replace(scene.spine["L1"], regions={n: scene.spine["L1"].regions[n] for n in names})
    ground = prepare(scene.volume(), vertebra, **NUMBERS)
    assert set(ground.parts) == {"body"}
    assert set(np.unique(ground.compartment)) == {MARROW}


def test_in_box_and_region_put_voxels_back(blocks):
    scene = blocks()
    ground = ready(scene)
    first = np.zeros(ground.judged.shape, bool)
    first[:7] = True
    box = ground.in_box(first)
    region = ground.region("x", box, "test")
    assert region.n_voxels == box.sum() == 7
    assert region.values(scene.volume()) == pytest.approx(ground.raw[:7])


@pytest.mark.parametrize("phase_mm", [0.0, 1.1, 2.2, 3.3])
def test_thick_slices_are_searched_where_they_are_bone_through_and_through(blocks, phase_mm):
    """G-11, CV-PV: a slice that ends in the shell or beyond mixes it in; wherever the slices fall, none such is searched."""
    scene = blocks()
    fine = scene.volume().grid
    spacing = np.array([0.8, 4.4, 0.8])
    affine = np.array(fine.affine_lps_mm)
    affine[:3, :3] = fine.axes * spacing
    affine[:3, 3] += fine.axes[:, 1] * phase_mm
    shape = tuple(int(n * d / s) - 1 for n, d, s in zip(fine.shape_ijk, fine.spacing_mm, spacing, strict=True))
    grid = Grid(shape_ijk=shape, affine_lps_mm=affine)
    volume = Volume(array=np.full(shape, 100.0, np.float32), grid=grid, quantity="mr_signal", unit="1")
    ground = ready(scene, volume=volume, fwhm_mm=0, raw_marrow=True)
    inner = ground.points_lps_mm(ground.inner & ground.parts["body"])
    assert len(inner)
    body = scene.spine["L2"].regions["body"]
    for side in (-1.0, 1.0):
        ends = inner + side * (2.2 + 1.5) * fine.axes[:, 1]
        index = np.rint(body.grid.to_ijk(ends)).astype(int)
        mask = np.logical_or.reduce([r.full_mask() for r in scene.spine["L2"].regions.values()])
        assert mask[tuple(index.T)].all()
