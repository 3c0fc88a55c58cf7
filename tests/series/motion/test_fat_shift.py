"""Fat against water: the displacement of textbooks, its direction, and silence where it is not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import Series
from spinemets.series.motion.fat_shift import fat_shift_lps_mm

# Rows run to the back, columns to the feet, slices to the right: a sagittal stack of 0.8 x 0.8 x 4 mm.
SAGITTAL = np.array([[0, 0, -4.0, 0], [0.8, 0, 0, 0], [0, -0.8, 0, 0], [0, 0, 0, 1]])
FACTS = Acquisition(
    modality="MR",
    field_t=1.5,
    bandwidth_hz_per_px=217.1,
    phase_encoding="ROW",
    scanning_sequence=("SE",),
    fat_suppressed=False,
)


def series(acquisition: Acquisition = FACTS, affine=SAGITTAL) -> Series:
    grid = None if affine is None else Grid(shape_ijk=(8, 8, 4), affine_lps_mm=np.array(affine))
    return Series(uid="1", number=1, label="series 1", acquisition=acquisition, load=lambda: None, grid=grid)


def test_one_pixel_at_the_bandwidth_of_the_difference():
    """3.4 ppm of 63.87 MHz are 217 Hz: at 217 Hz a pixel fat lies one pixel off, along the columns (to the feet)."""
    np.testing.assert_allclose(fat_shift_lps_mm(series()), (0, 0, 0.8), rtol=1e-3, atol=1e-12)


def test_the_readout_is_the_other_direction_of_the_picture():
    """Phase along a column: readout along a row, from front to back."""
    found = fat_shift_lps_mm(series(replace(FACTS, phase_encoding="COL")))
    np.testing.assert_allclose(found, (0, 0.8, 0), rtol=1e-3, atol=1e-12)


@pytest.mark.parametrize(("field_t", "bandwidth", "pixels"), [(3.0, 217.1, 2.0), (1.5, 434.2, 0.5), (3.0, 868.4, 0.5)])
def test_it_grows_with_the_field_and_falls_with_the_bandwidth(field_t, bandwidth, pixels):
    """Linear in the field, inverse in the bandwidth."""
    found = fat_shift_lps_mm(series(replace(FACTS, field_t=field_t, bandwidth_hz_per_px=bandwidth)))
    np.testing.assert_allclose(found[2], 0.8 * pixels, rtol=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        {"field_t": None}, {"bandwidth_hz_per_px": None}, {"bandwidth_hz_per_px": 0.0}, {"phase_encoding": None},
        {"fat_suppressed": True}, {"scanning_sequence": ("SE", "IR")}, {"scanning_sequence": ("EP", "SE")},
    ],
)  # fmt: skip
def test_silent_where_it_is_not_known_or_fat_is_not_seen(change):
    """A missing header value is no allowance."""
    assert not fat_shift_lps_mm(series(replace(FACTS, **change))).any()


def test_without_a_place_nothing_is_said():
    """No grid, no direction."""
    assert not fat_shift_lps_mm(series(affine=None)).any()


def test_oblique_readouts_share_their_shift_between_the_axes():
    """A stack turned by 30 degrees about the left-right axis: the length of the shift stays."""
    c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)
    turned = np.array([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1]]) @ SAGITTAL
    found = fat_shift_lps_mm(series(affine=turned))
    assert np.linalg.norm(found) == pytest.approx(0.8, rel=1e-3)
    np.testing.assert_allclose(found, (0, 0.8 * s, 0.8 * c), rtol=1e-3, atol=1e-12)
