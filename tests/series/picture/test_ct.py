"""CT slices drawn from circles, each with the truth: head, thorax, values, noise, canal."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from spinemets.series.picture import ct as ct_picture
from spinemets.series.picture.slices import Picture
from spinemets.series.picture.table import picture_table

TABLE = picture_table()
PX = 1.5


def disc(radius_mm: float, at=(0.0, 0.0), size: int = 240, stretch: float = 1.0):
    """Mask of an ellipse around the middle of a picture of `size` pixels of 1.5 mm."""
    rows, columns = (np.indices((size, size)) - size / 2) * PX
    return (rows - at[0]) ** 2 + ((columns - at[1]) / stretch) ** 2 <= radius_mm**2


def picture(values, noise: float = 8.0) -> Picture:
    noisy = values + np.random.default_rng(3).normal(0, noise, values.shape)
    return Picture(values=noisy.astype(np.float32), spacing_mm=(PX, PX), plane="axial")


def head(cut: bool = False, inside: float = 32.0):
    """Skin, skull of 8 mm and brain; `cut` shows only the middle of it."""
    values = np.full((240, 240), -1000.0)
    values[disc(95)], values[disc(90)], values[disc(82)] = 20, 900, inside
    return values[70:170, 60:180] if cut else values


def trunk(lungs: bool = False):
    """Fat, muscle, a vertebra with its canal behind its middle; lungs where wanted."""
    values = np.full((240, 240), -1000.0)
    values[disc(120, stretch=1.35)], values[disc(105, stretch=1.35)] = -100, 50
    if lungs:
        values[disc(60, (-20, 75))] = values[disc(60, (-20, -75))] = -820
    values[disc(24, (60, 0))] = 400
    values[disc(19, (56, 0))] = 180
    values[disc(14, (88, 0), stretch=1.4)] = 500
    values[disc(9, (86, 0))] = 30
    return values


def test_a_skull_around_brain_is_a_head():
    """The whole head, and a field of view that cuts the skull on two sides."""
    assert ct_picture.brain_cm2(picture(head()), TABLE.head) > 150
    assert ct_picture.brain_cm2(picture(head(cut=True)), TABLE.head) > 80


@pytest.mark.parametrize(
    "values", [trunk(), trunk(lungs=True), np.full((240, 240), 40.0), np.full((240, 240), -1000.0)]
)
def test_what_is_no_head(values):
    """A trunk, tissue without any edge in view, and air."""
    assert ct_picture.brain_cm2(picture(values), TABLE.head) == 0


def test_contents_of_a_skull_must_be_brain():
    """A ring of bone around fat, water or contrast is not called a head."""
    for inside in (-80, 0, 120):
        assert ct_picture.brain_cm2(picture(head(inside=inside)), TABLE.head) == 0


def test_lungs_make_a_thorax_and_gas_does_not():
    """Lung is brighter than gas: the same area at -990 HU is bowel."""
    assert ct_picture.lung_cm2(picture(trunk(lungs=True)), TABLE) > TABLE.thorax.area_min_cm2
    assert ct_picture.lung_cm2(picture(trunk()), TABLE) == 0
    gas = np.where(trunk(lungs=True) == -820, -990.0, trunk(lungs=True))
    assert ct_picture.lung_cm2(picture(gas), TABLE) == 0


def test_canal_is_found_behind_the_body_and_not_in_its_marrow():
    """The hole of a vertebra gives its own median; the marrow in front (180 HU) is not taken for contrast."""
    plain = ct_picture.canal_hu(picture(trunk()), TABLE.canal)
    assert plain == pytest.approx(30, abs=8)
    filled = trunk()
    filled[disc(9, (86, 0))] = 200
    assert ct_picture.canal_hu(picture(filled), TABLE.canal) == pytest.approx(200, abs=8)
    assert ct_picture.canal_hu(picture(np.full((240, 240), 40.0)), TABLE.canal) is None
    sagittal = Picture(values=trunk().astype(np.float32), spacing_mm=(PX, PX), plane="sagittal")
    assert ct_picture.canal_hu(sagittal, TABLE.canal) is None


@pytest.mark.parametrize(("offset", "said"), [(0.0, None), (1024.0, "Hounsfield"), (-120.0, "air measures")])
def test_values_that_are_no_hounsfield_units(offset, said):
    """A forgotten intercept, and a shift beyond 50 HU; true values, and padding at -2000, are left in peace."""
    found = ct_picture.values_wrong(picture(trunk() + offset), TABLE.hounsfield)
    assert found is None if said is None else said in found
    padded = trunk()
    padded[~disc(170)] = -2000
    assert ct_picture.values_wrong(picture(padded), TABLE.hounsfield) is None


def test_lungs_and_blankets_are_not_the_air_around():
    """Lungs at -820 HU and a blanket that brightens half of the air do not make the values wrong."""
    values = trunk(lungs=True)
    values[:, :60] = np.where(values[:, :60] < -900, -930, values[:, :60])
    assert ct_picture.values_wrong(picture(values), TABLE.hounsfield) is None
    assert ct_picture.values_wrong(picture(np.zeros((100, 100)), 0.0), TABLE.hounsfield) is None


def noisy(sigma_px: float, edge: bool) -> Picture:
    """Tissue with noise of a smooth or of an edge-enhancing kernel."""
    noise = np.random.default_rng(5).normal(0, 1, (200, 200))
    shaped = ndimage.gaussian_filter(noise, sigma_px) if sigma_px else noise
    if edge:
        shaped = noise - 0.8 * ndimage.gaussian_filter(noise, 1.5)
    values = 50 + 15 * shaped / shaped.std()
    return Picture(values=values.astype(np.float32), spacing_mm=(0.7, 0.7), plane="axial")


def test_texture_tells_smooth_from_sharp_noise():
    """CT-01: "ratio of high to low frequency noise"; clear cases are named, the median over slices decides."""
    smooth = ct_picture.texture(noisy(1.5, edge=False), TABLE.texture)
    sharp = ct_picture.texture(noisy(0, edge=True), TABLE.texture)
    assert smooth < TABLE.texture.smooth_max and sharp > TABLE.texture.sharp_min
    assert ct_picture.texture_word([smooth], TABLE.texture) == "smooth"
    assert ct_picture.texture_word([sharp, sharp, smooth], TABLE.texture) == "sharp"
    assert ct_picture.texture_word([2.0], TABLE.texture) is None
    assert ct_picture.texture_word([], TABLE.texture) is None


def test_texture_needs_tissue():
    """Air and bone alone say nothing about noise."""
    assert ct_picture.texture(picture(np.full((240, 240), -1000.0)), TABLE.texture) is None
    flat = Picture(values=np.full((100, 100), 50, np.float32), spacing_mm=(1.0, 1.0), plane="axial")
    assert ct_picture.texture(flat, TABLE.texture) is None
