"""What a scanner does to an image."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.training import degradation
from spinemets.phantom.training.degradation import Frame
from spinemets.phantom.training.recipe import recipe_of

SHAPE = (8, 40, 44)
NOTHING = {
    name: {"share": 0.0} for name in ("bias", "coil", "ghosts", "gibbs", "blur", "zipper", "station", "truncated")
}


def rows(**changes):
    """Degradation without anything but the changes; hardly any noise."""
    return recipe_of("slab", {"degradation": {**NOTHING, "snr": [1e5, 1e5], **changes}})["degradation"]


def frame(metal=(), slice_axis=0):
    """Slices of 3 mm, pixels of 1.6 mm, along the patient's left, down and back."""
    affine = np.eye(4)
    affine[:3, :3] = np.array([[3.0, 0, 0], [0, 0, 1.6], [0, -1.6, 0]])
    return Frame(
        affine=affine,
        spacing_mm=np.array([3.0, 1.6, 1.6]),
        slice_axis=slice_axis,
        metal=np.array(metal, float).reshape(-1, 2, 3),
    )


@pytest.fixture
def image():
    """A bright block in a darker field."""
    made = np.full(SHAPE, 0.3, np.float32)
    made[:, 10:30, 12:30] = 1.0
    return made


def draw(seed=1):
    """A stream."""
    return np.random.default_rng(seed)


def test_nothing_changes_where_nothing_is_asked(image):
    """All shares 0 and hardly any noise."""
    got = degradation.mr(image.copy(), frame(), rows(), draw())
    assert np.abs(got - image).max() < 1e-3


def test_noise_is_rician_of_the_stated_ratio(image):
    """Deviation in bright tissue as SNR says; its floor in air is Rayleigh."""
    flat = np.full((10, 60, 60), 1.0, np.float32)
    flat[:, :30] = 0.0
    got = degradation.mr(flat, frame(), rows(snr=[20.0, 20.0]), draw())
    sigma = got[:, 30:].std()
    assert sigma == pytest.approx(1 / 20, rel=0.1)
    assert got[:, :30].mean() == pytest.approx(sigma * np.sqrt(np.pi / 2), rel=0.05)


@pytest.mark.parametrize("name", ["bias", "coil", "ghosts", "gibbs", "blur", "zipper", "station"])
def test_each_changes_the_image_and_none_of_its_geometry(image, name):
    """Something changes; the block stays where it is: its centre of brightness above the rest moves by less than a voxel."""
    got = degradation.mr(image.copy(), frame(), rows(**{name: {"share": 1.0}}), draw(3))
    assert np.abs(got - image).max() > 0.01
    assert got.shape == image.shape
    assert np.isfinite(got).all()
    # Correlation with the block itself is highest where it was.
    plain = image - image.mean()
    best = max(
        ((a, b) for a in (-3, 0, 3) for b in (-3, 0, 3)),
        key=lambda shift: (np.roll(plain, shift, (1, 2)) * (got - got.mean())).sum(),
    )
    assert best == (0, 0)


def test_coil_falls_to_its_floor():
    """Across a long way from one end to the other, down to the floor."""
    flat = np.ones((4, 4, 300), np.float32)
    falls = []
    for seed in range(6):
        far = rows(coil={"share": 1.0, "length_mm": [50, 50]})
        got = degradation.mr(flat.copy(), frame(), far, draw(seed))
        falls.append(got.min() / got.max())
    assert min(falls) == pytest.approx(0.05, abs=0.01)


def test_metal_makes_a_void_where_it_is(image):
    """The bar's place in the patient, not its mirror image."""
    own = frame(metal=[[[12.0, 40.0, -30.0], [12.0, 45.0, -30.0]]])
    got = degradation.mr(np.ones(SHAPE, np.float32), own, rows(metal={"void_mm": [5.0, 5.0]}), draw())
    holes = np.argwhere(got < 0.2)
    centre = own.affine[:3, :3] @ holes.mean(0)
    assert np.abs(centre - [12.0, 42.5, -30.0]).max() < 2.0
    assert len(holes) > 50
    del image


def test_ct_noise_follows_the_dose():
    """A tenth of the dose has about three times the noise; HU keep their mean."""
    row = {**rows(), **recipe_of()["contrast"]["ct"]}
    sds = []
    for dose in (1.0, 0.1):
        got = degradation.ct(np.full((16, 64, 64), 40.0, np.float32), frame(), {**row, "dose": [dose, dose]}, draw(5))
        assert got.mean() == pytest.approx(40, abs=1.0)
        sds.append(got.std())
    assert sds[1] / sds[0] == pytest.approx(np.sqrt(10), rel=0.05)
    line = np.eye(64, dtype=np.float32)[None].repeat(4, 0) * 1000
    blurred = degradation.ct(line, frame(), {**row, "noise_full_dose_hu": 0.0}, draw(1))
    assert 300 < blurred.max() < 1000


def test_truncation_cuts_the_brightest(image):
    """A stated share at the top has one value."""
    graded = image + np.linspace(0, 1, image.size, dtype=np.float32).reshape(SHAPE)
    got = degradation.truncated(graded.copy(), rows(truncated={"share": 1.0, "top": [0.05, 0.05]}), draw())
    assert (got == got.max()).mean() == pytest.approx(0.05, abs=0.01)
    assert np.array_equal(degradation.truncated(graded.copy(), rows(), draw()), graded)


def test_streaks_run_in_the_planes_that_the_tube_turns_in():
    """Slabs have the patient's height on another axis than volumes: streaks stay at the height of the metal."""
    row = {**rows(), **recipe_of()["contrast"]["ct"], "noise_full_dose_hu": 0.0}
    own = frame(metal=[[[10.0, 30.0, -30.0], [14.0, 30.0, -30.0]]])
    assert own.height_axis == 1
    changed = np.abs(degradation.ct(np.zeros(SHAPE, np.float32), own, row, draw())) > 1e-3
    heights_mm = -1.6 * np.flatnonzero(changed.any((0, 2)))
    assert len(heights_mm)
    assert np.abs(heights_mm + 30).max() < 8
    assert changed.any((0, 1)).all()


def test_even_images_have_a_brightness():
    """Rounding must not leave an image without a value at its mean: the noise of such an image was not a number."""
    flat = np.full((33, 47, 61), 0.1, np.float32)
    assert np.isfinite(degradation.mr(flat, frame(), rows(), draw())).all()
