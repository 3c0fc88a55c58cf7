"""CT of the synthetic patient: noise of each kernel in water, thick slices, oblique grids, voltages, streaks, bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from spinemets import phantom
from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid
from spinemets.phantom.imaging import ct_scan, ct_sections, slabs
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.ct_scan import kernel_row, render_ct
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue
from tests.phantom.imaging.cylinders import BODY, painter

KERNELS = pytest.mark.parametrize("kernel", ["BONE", "SOFT", "BODY"])


def box(centre, shape, sides, turn=None):
    """A grid of a shape and voxel sides about a point."""
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3) if turn is None else turn) * np.array(sides)
    affine[:3, 3] = np.asarray(centre) - affine[:3, :3] @ (np.array(shape) - 1) / 2
    return Grid(shape_ijk=tuple(shape), affine_lps_mm=affine)


@pytest.fixture
def water(monkeypatch):
    """The reference cylinder of water in place of the patient; larger with `water(radius_mm)`."""

    def put(radius_mm=100.0, *others):
        for module in (ct_scan, ct_sections):
            monkeypatch.setattr(module, "paint", painter((0, radius_mm, (0.0, 0.0)), *others))

    put()
    return put


def shot(acquisition, grid, seed=1):
    """HU as numbers."""
    return render_ct(BODY, acquisition, grid, np.random.default_rng(seed)).array.astype(float)


# --- noise ------------------------------------------------------------------------------------------------------------


@KERNELS
@pytest.mark.parametrize(("pixel", "slice_mm"), [(0.35, 1.0), (0.8, 1.0), (0.5, 3.0)])
def test_noise_in_the_reference_cylinder(water, kernel, pixel, slice_mm):
    """35, 12 and 12 HU at 1 mm (PHA-52), at any pixel; thicker slices go with one over the root."""
    sd = kernel_row(kernel)["noise_hu"]
    a = replace(default("ct_bone"), kernel=kernel, noise=sd, pixel_mm=pixel, slice_mm=slice_mm)
    found = shot(a, box((0, 0, 0), (96, 96, 6), (pixel, pixel, slice_mm)))
    inner = np.s_[8:-8, 8:-8]
    assert found[inner].std() == pytest.approx(sd / np.sqrt(slice_mm), rel=0.05)
    assert found[inner].mean() == pytest.approx(0.0, abs=1.5)


@KERNELS
def test_colour_of_the_noise(water, kernel):
    """Mean frequency of the power in two dimensions: ``2 f0/sqrt(pi)``."""
    a = replace(default("ct_bone"), kernel=kernel, noise=100.0)
    found = shot(a, box((0, 0, 0), (128, 128, 12), (0.25, 0.25, 1.0)))
    power = np.mean([np.abs(np.fft.fft2(found[:, :, k])) ** 2 for k in range(12)], axis=0)
    f = np.hypot(np.fft.fftfreq(128, 0.25)[:, None], np.fft.fftfreq(128, 0.25)[None, :])
    used = f > 0.02
    mean = (power * f)[used].sum() / power[used].sum()
    assert mean == pytest.approx(2 * kernel_row(kernel)["f0_per_mm"] / np.sqrt(np.pi), rel=0.05)


def test_noise_grows_with_the_body(water):
    """30 cm of water instead of 20: 2.6 times the noise."""
    a, grid = replace(default("ct_soft"), noise=10.0), box((0, 0, 0), (60, 60, 8), (0.8, 0.8, 1.0))
    small = shot(a, grid).std()
    water(150.0)
    assert shot(a, grid).std() / small == pytest.approx(2.6, rel=0.08)


def test_noise_of_neighbouring_slices(water):
    """Slices share their flanks: 0.235 with the next, nothing with the third; overlapping ones share half."""
    a, grid = default("ct_soft"), box((0, 0, 0), (80, 80, 24), (0.8, 0.8, 1.0))
    found = shot(a, grid)

    def correlation(stack, apart):
        return np.corrcoef(stack[..., apart:].ravel(), stack[..., :-apart].ravel())[0, 1]

    assert correlation(found, 1) == pytest.approx(0.235, abs=0.05)
    assert correlation(found, 3) == pytest.approx(0.0, abs=0.05)
    half = shot(replace(a, slice_mm=4.0), box((0, 0, 0), (80, 80, 12), (0.8, 0.8, 2.0)))
    assert correlation(half, 1) == pytest.approx(0.5, abs=0.07)


def test_water_has_no_cup(water):
    """A large cylinder of water without noise reads 0 from its middle to near its border."""
    water(150.0)
    a = replace(default("ct_body"), noise=0.0)
    found = shot(a, box((0, 0, 0), (100, 100, 2), (2.0, 2.0, 5.0)))
    assert np.abs(found).max() <= 3.0


def test_a_dark_band_between_bones(water):
    """Bones in water: darker between them, the same without hardening."""
    water(150.0, (1, 20.0, (-45.0, 0.0)), (1, 20.0, (45.0, 0.0)))
    a, grid = replace(default("ct_body"), noise=0.0), box((0, 0, 0), (20, 6, 2), (2.0, 2.0, 5.0))
    assert shot(a, grid).mean() < -5.0
    assert shot(replace(a, hardening=False), grid).mean() == pytest.approx(0.0, abs=0.5)


# --- slices and places ------------------------------------------------------------------------------------------------


def clean(name, **changes):
    """A protocol without noise and hardening."""
    return replace(default(name), noise=0.0, hardening=False, **changes)


@pytest.mark.parametrize("thick", [2.5, 5.0])
def test_thick_slices_are_means_of_thin_ones(normal, thick):
    """Across the endplate of L3: noise-free thin slices add up to the thick one (PHA-03), to rounding."""
    centre = normal.anatomy.frames["L3"].origin + np.array([0.0, 0.0, 12.0])
    n = round(thick / 1.25)
    thin = clean("ct_soft", slice_mm=1.25, pixel_mm=0.8)
    fine = _rendered(normal, thin, box(centre, (60, 60, 3 * n), (0.8, 0.8, 1.25)))
    coarse = _rendered(normal, replace(thin, slice_mm=thick), box(centre, (60, 60, 3), (0.8, 0.8, thick)))
    assert coarse == pytest.approx(fine.reshape(60, 60, 3, n).mean(axis=3), abs=1.1)
    assert np.abs(np.diff(coarse, axis=2)).max() > 100


def _rendered(patient, acquisition, grid):
    return patient.render_together((acquisition,), grid)[0].array.astype(float)


def test_slices_with_gaps_are_as_thin_as_stated(normal):
    """Every fourth slice of a contiguous stack: the gap thickens nothing."""
    centre = normal.anatomy.frames["L3"].origin
    a = clean("ct_soft", pixel_mm=0.8, slice_mm=1.25)
    whole = _rendered(normal, a, box(centre, (40, 40, 17), (0.8, 0.8, 1.25)))
    apart = _rendered(normal, replace(a, gap_mm=3.75), box(centre, (40, 40, 5), (0.8, 0.8, 5.0)))
    assert apart == pytest.approx(whole[:, :, ::4], abs=1.0)


@pytest.mark.parametrize("kind", ["tilted", "oblique", "reformatted"])
def test_oblique_grids_show_the_same_patient(normal, kind):
    """Sheared by a tilted gantry, turned, or sagittal: the values that an isotropic volume has at those places."""
    centre = normal.anatomy.frames["L3"].origin + np.array([0.0, 12.0, 0.0])
    a = clean("ct_soft", pixel_mm=1.0, slice_mm=1.0)
    upright = box(centre, (70, 70, 60), (1.0, 1.0, 1.0))
    volume = _rendered(normal, a, upright)
    turn = {
        "tilted": Rotation.from_euler("x", 15, degrees=True).as_matrix(),
        "oblique": Rotation.from_euler("zyx", (20, 12, 9), degrees=True).as_matrix(),
        "reformatted": np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]]),
    }[kind]
    if kind == "tilted":
        turn[:, 2] = (0.0, 0.0, 1.0)
    grid = box(centre, (40, 40, 12), (1.0, 1.0, 1.0), turn)
    found = _rendered(normal, a, grid)
    at = upright.to_ijk(grid.to_lps_mm(np.stack(np.indices(grid.shape_ijk), axis=-1)))
    expected = ndimage.map_coordinates(volume, np.moveaxis(at, -1, 0), order=1)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.96
    assert np.median(np.abs(found - expected)) < 12.0


def test_noise_on_every_grid(normal):
    """A reformatted grid has noise and hardening too, of the usual size."""
    centre = normal.anatomy.frames["L3"].origin
    turn = np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]])
    a = replace(default("ct_soft"), pixel_mm=1.0)
    pair = [
        _rendered(normal, one, box(centre, (40, 40, 6), (1.0, 1.0, 1.0), turn)) for one in (a, replace(a, noise=0.0))
    ]
    assert 12.0 < (pair[0] - pair[1]).std() < 40.0


# --- tissues ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ct_80kv", "ct_100kv", "ct_140kv", "ct_contrast"])
def test_tissues_at_each_voltage(normal, name):
    """Marrow of L3, aorta and liver-side muscle as the forward model says: within 8 HU with hardening and all."""
    a = replace(default(name), noise=0.0, pixel_mm=1.5, slice_mm=1.5)
    contrast = CtContrast(kvp=a.kvp, iodine_s=a.iodine_s)
    frame, host = normal.anatomy.frames["L3"], normal.anatomy.hosts["L3"]
    grid = box(frame.origin, (90, 100, 12), (1.5, 1.5, 1.5))
    block, values = Block.of_grid(grid), _rendered(normal, a, grid)
    body = normal.anatomy.vertebra("L3").body
    l, ahead, s = frame.local(block)  # noqa: E741
    spongy = (body.distance(l, ahead, s).whole < -4.5) & ((ahead > 0) | (np.abs(l) > 8))
    (base,), (slope,) = contrast.spongy(host, host.mineral_mg_per_ml)
    assert values[spongy].mean() == pytest.approx(base + slope, abs=8.0)
    for soft, of in (("aorta", "aorta_blood_pre"), ("psoas_left", "muscle")):
        deep = _deep(normal, soft, block)
        assert deep.sum() > 50, soft
        assert np.median(values[deep]) == pytest.approx(contrast.tissue(tissue(of))[0], abs=8.0)


def _deep(patient, name, block):
    """Samples well inside one soft structure, and outside all others."""
    found = np.zeros(block.shape, bool)
    for soft in patient.anatomy.soft:
        distance = np.broadcast_to(soft.distance(block), block.shape)
        found = (distance < -5.0) if soft.name == name else found & (distance > 5.0)
    return found


def test_the_myelogram_shows_the_sac():
    """8 mg iodine per ml: the sac is bright on every CT of that patient, and the more so at a lower voltage."""
    patient = phantom.build("lm-nodules", 1)
    grid = box(patient.anatomy.frames["L1"].lps(0.0, -28.0, 0.0), (30, 30, 4), (1.0, 1.0, 1.0))
    inside = patient.anatomy.canal.sac(Block.of_grid(grid)) < -2.0
    high, low = (
        np.percentile(_rendered(patient, clean(name, pixel_mm=1.0), grid)[inside], 90)
        for name in ("ct_myelogram", "ct_80kv")
    )
    assert 180.0 < high < 300.0 and low > 1.3 * high


def test_metal_streaks_on_its_case():
    """Screws of hw-ct: dark in front of the tip of a screw, untouched at T12; hardening off takes the streaks away."""
    patient = phantom.build("hw-ct", 1)
    rod = patient.anatomy.metal[0]
    tip, head = (np.asarray(p) for p in (rod.end, rod.start))
    ahead = tip + 12.0 * (tip - head) / np.linalg.norm(tip - head)
    a = replace(default("ct"), noise=0.0)
    grid = box(ahead, (10, 10, 3), (0.8, 0.8, 1.25))
    with_streaks, without = (_rendered(patient, replace(a, hardening=on), grid) for on in (True, False))
    assert (with_streaks - without).min() < -80.0
    away = box(patient.anatomy.frames["T12"].origin, (10, 10, 3), (0.8, 0.8, 1.25))
    calm = [_rendered(patient, replace(a, hardening=on), away).mean() for on in (True, False)]
    assert calm[0] == pytest.approx(calm[1], abs=5.0)


# --- bytes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ct", "ct_soft3"])
def test_slabs_change_nothing(normal, monkeypatch, name):
    """A slab above another one continues its slices and its noise."""
    few = replace(default(name), n_slices=9, pixel_mm=1.6)
    whole = normal.render(name, few).array
    monkeypatch.setattr(slabs, "SLAB_SAMPLES", 1)
    monkeypatch.setattr(ct_scan, "LEAST_SLICES", 2)
    assert np.array_equal(normal.render(name, few).array, whole)


def test_a_case_with_metal_is_the_same_twice():
    """Counting behind metal draws from a stream of the slice."""
    patient = phantom.build("hw-ct", 1)
    grid = box(patient.anatomy.metal[0].start, (20, 20, 3), (1.0, 1.0, 1.25))
    first, second = (_rendered(patient, default("ct"), grid) for _ in range(2))
    assert np.array_equal(first, second)


def test_unknown_kernels():
    """Refused with those that there are."""
    with pytest.raises(UsageError, match="LUNG"):
        kernel_row("LUNG")
    for name in table("phantom_protocols")["sequences"]:
        if default(name).modality == "CT":
            assert kernel_row(default(name).kernel)["fwhm_mm"] > 0


def test_a_blur_of_ones_own(normal):
    """A width in place of the kernel's: softer edges, the same mean."""
    grid = box(normal.anatomy.frames["L3"].origin, (60, 60, 2), (0.8, 0.8, 1.0))
    sharp, soft = (_rendered(normal, clean("ct", blur_mm=width), grid) for width in (0.3, 3.0))
    assert soft[10:-10, 10:-10].mean() == pytest.approx(sharp[10:-10, 10:-10].mean(), abs=6.0)
    assert np.abs(np.diff(soft, axis=0)).max() < 0.6 * np.abs(np.diff(sharp, axis=0)).max()
