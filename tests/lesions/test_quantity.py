"""signs.md 0.8: least voxels, rims left out, medians with intervals; what has no value in a map is not forgotten."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.lesions.quantity import Least, Quantity, look, of_focus, of_marrow, of_region, scaled, without_rim
from spinemets.model.grid import Grid
from spinemets.model.lesion import Focus
from spinemets.model.measurement import Estimate, Refused
from spinemets.model.region import Region
from spinemets.model.volume import Volume

LEAST = Least(voxels=20, ml=0.1, n_eff=5, share=0.5)
SHAPE = (16, 16, 16)


def volume(array: np.ndarray) -> Volume:
    grid = Grid(shape_ijk=SHAPE, affine_lps_mm=np.eye(4))
    return Volume(array=np.asarray(array, np.float32), grid=grid, quantity="adc_mm2_per_s", unit="mm2/s")


def region(low: int, high: int, name: str = "marrow") -> Region:
    mask = np.zeros(SHAPE, bool)
    mask[low:high, low:high, low:high] = True
    return Region.from_mask(name, mask, volume(np.zeros(SHAPE)).grid)


@pytest.fixture
def noisy():
    """A focus of 2 in marrow of 1, with noise of 0.1; its rim holds something else."""
    draw = np.random.default_rng(3)
    array = 1 + 0.1 * draw.standard_normal(SHAPE)
    array[4:11, 4:11, 4:11] = 5
    array[5:10, 5:10, 5:10] = 2 + 0.1 * draw.standard_normal((5, 5, 5))
    return volume(array)


FOCUS = Focus(lesion_id="L3-1t1", region=region(4, 11), kinds=frozenset({"t1_dark"}), searched=("MR-T1-03",))


class TestRegion:
    def test_interval_of_a_median(self):
        """signs.md 0.9: 1.2533 * 1.4826 MAD / sqrt(n / 2.25)."""
        draw = np.random.default_rng(1)
        array = 10 + draw.standard_normal(SHAPE)
        found = of_region(volume(array), region(0, 16), LEAST)
        assert found.standard_error == pytest.approx(1.2533 * found.spread / np.sqrt(4096 / 2.25))
        assert found.median.ci95[1] - found.median.value == pytest.approx(1.96 * found.standard_error)
        assert found.mean.value == pytest.approx(array.mean(), abs=1e-5) and found.n_voxels == 4096

    def test_repeatability_in_quadrature(self):
        found = of_region(volume(np.full(SHAPE, 2.0)), region(0, 16), LEAST, repeatability=0.05)
        assert found.standard_error == pytest.approx(0.1)

    def test_too_few(self):
        refused = of_region(volume(np.ones(SHAPE)), region(0, 2), LEAST)
        assert isinstance(refused, Refused) and refused.code == "NA-FEW" and "8 voxels of the marrow" in refused.missing

    def test_most_have_no_value(self):
        array = np.ones(SHAPE)
        array[:, :, ::4] = array[:, :, 1::4] = array[:, :, 2::4] = np.nan
        refused = of_region(volume(array), region(0, 16), LEAST)
        assert isinstance(refused, Refused) and "1024 of 4096 voxels" in refused.missing

    @pytest.mark.parametrize("hidden", ["low", "high"])
    def test_the_interval_holds_the_median_that_missing_values_hide(self, hidden):
        """A map that tells no slow exchange shows the fast part of a region only."""
        truth = np.random.default_rng(5).uniform(0, 1, SHAPE)
        seen = np.where((truth < 0.3) if hidden == "low" else (truth > 0.7), np.nan, truth)
        found = of_region(volume(seen), region(0, 16), LEAST)
        low, high = found.median.ci95
        assert low <= np.median(truth) <= high
        assert abs(found.median.value - 0.5) > 0.1


class TestFocus:
    def test_the_rim_is_left_out(self, noisy):
        found = of_focus(noisy, FOCUS, LEAST)
        assert found.median.value == pytest.approx(2, abs=0.03) and found.caveats == ()
        assert found.region.name == "focus L3-1t1" and found.n_voxels == 125

    def test_small_focus_is_measured_whole_with_a_caveat(self, noisy):
        """signs.md 0.8-4: partial volume is said."""
        small = replace(FOCUS, region=region(5, 10))
        found = of_focus(noisy, small, replace(LEAST, voxels=60))
        assert found.caveats == ("CV-PV",) and found.n_voxels == 125

    def test_too_small_and_none(self, noisy):
        assert isinstance(of_focus(noisy, replace(FOCUS, region=region(5, 6)), LEAST), Refused)
        assert of_focus(noisy, Focus(), LEAST) is None

    def test_thick_slices_keep_the_ends_of_the_stack(self):
        """A focus of three thick slices would else be one slice."""
        grid = Grid(shape_ijk=(9, 9, 3), affine_lps_mm=np.diag([1.0, 1, 4, 1]))
        block = Region.from_mask("focus", np.ones((9, 9, 3), bool), grid)
        assert without_rim(block).mask.shape == (7, 7, 3)
        assert without_rim(region(4, 9)).mask.shape == (3, 3, 3)
        assert without_rim(region(0, 0)).n_voxels == 0


class TestLook:
    def test_focus_and_marrow_around_it(self, noisy):
        found = look(noisy, region(0, 16), FOCUS, LEAST)
        assert found.judged and found.what == "focus" and "L3-1t1" in found.notes[0]
        assert found.around.median.value == pytest.approx(1, abs=0.02)

    def test_a_focus_that_fills_the_marrow(self, noisy):
        found = of_marrow(noisy, region(4, 11), FOCUS, LEAST)
        assert isinstance(found, Quantity) and found.n_voxels == 343

    @pytest.mark.parametrize(
        ("searched", "words"), [(("CT-02",), "No series shows a focus"), ((), "No series was searched")]
    )
    def test_marrow_as_a_whole_is_not_judged(self, noisy, searched, words):
        found = look(noisy, region(0, 16), Focus(searched=searched), LEAST)
        assert not found.judged and found.what == "marrow as a whole" and words in found.notes[0]

    def test_sclerosis_is_measured_and_not_judged_where_asked(self, noisy):
        dense = replace(FOCUS, kinds=frozenset({"t1_dark", "blastic"}))
        assert look(noisy, region(0, 16), dense, LEAST).judged
        found = look(noisy, region(0, 16), dense, LEAST, sclerosis=False)
        assert not found.judged and found.what == "sclerotic focus" and "dense" in found.notes[1]

    def test_refusals(self, noisy):
        assert isinstance(look(noisy, region(0, 16), replace(FOCUS, region=region(5, 6)), LEAST), Refused)
        assert isinstance(look(noisy, region(0, 2), Focus(), LEAST), Refused)

    def test_no_marrow_beside_the_focus(self, noisy):
        found = look(noisy, region(0, 2), FOCUS, LEAST)
        assert found.judged and found.around is None


def test_scaled():
    assert scaled(Estimate(value=2.0, ci95=(1.0, 3.0)), 10.0) == Estimate(value=20.0, ci95=(10.0, 30.0))
