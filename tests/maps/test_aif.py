"""Arterial input functions: vectors E-43 and E-44, published tables, a vessel."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.maps.aif import georgiou, measured, parker
from spinemets.model.errors import UsageError
from spinemets.physics.arterial_input import GeorgiouInput, ParkerInput


@pytest.fixture
def published(shared_data):
    """Function: columns label, time in s, blood in mM and delay in s of a published table."""

    def read(name):
        path = shared_data.parent / "reference" / "osipi_dce" / name
        if not path.is_file():
            pytest.skip("reference suites are not here")
        with path.open() as file:
            rows = list(csv.DictReader(file))
        time, blood, delay = (np.array([float(row.get(key, 0.0)) for row in rows]) for key in ("time", "Cb", "delay"))
        return 60.0 * time, blood, delay

    return read


def test_parker():
    """E-43: plasma, Hct 0.42; not 0 at the moment of arrival."""
    times_s = 60.0 * np.array([0.0, 0.1, 0.17046, 0.3, 0.5, 1.0, 2.0, 5.0])
    plasma = [0.138594264, 4.74579266, 10.4642254, 2.22522441, 2.11158691, 1.52963316, 1.29242118, 0.779593491]
    assert parker(times_s, 0.42) == pytest.approx(plasma, rel=1e-5)
    assert parker(times_s) == pytest.approx(plasma, rel=1e-5)


def test_georgiou():
    """E-44: blood at nine times, three passes and the wash-out."""
    times_s = 60.0 * np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0])
    blood = [
        1.89185816, 7.85837038, 8.02281952, 5.08029583, 1.39740585, 1.99785759, 1.26875227, 0.997273122, 0.65110469,
    ]  # fmt: skip
    assert georgiou(times_s, 0.0) == pytest.approx(blood, rel=1e-5)
    assert georgiou(times_s) == pytest.approx(np.array(blood) / 0.65, rel=1e-5)


@pytest.mark.parametrize("name", ["ParkerAIF_ref.csv", "ParkerAIF_ref_with_delay.csv"])
def test_parker_against_the_published_table(published, name):
    """Every point inside the owners' tolerance, 1e-4 mM + 1 %, and far inside it."""
    times_s, blood, delays_s = published(name)
    for delay in np.unique(delays_s):
        rows = delays_s == delay
        found = parker(times_s[rows], 0.0, delay_s=delay)
        assert np.abs(found - blood[rows]).max() < 1e-6


def test_georgiou_against_the_published_table(published):
    """By the closed form with its rounded constants 95 % of the points lie inside the owners' tolerance."""
    times_s, blood, _ = published("GeorgiouAIF_ref.csv")
    inside = np.abs(georgiou(times_s, 0.0) - blood) <= 1e-4 + 0.01 * blood
    assert inside.mean() >= 0.95


@pytest.mark.parametrize(
    ("ours", "other"), [(parker, ParkerInput.POPULATION_2006), (georgiou, GeorgiouInput.POPULATION_2018)]
)
def test_against_the_forward_model(ours, other):
    """Two implementations of one curve, from before the injection to an hour, with a delay."""
    times_s = np.linspace(-20.0, 3600.0, 5001)
    expected = other.plasma_mmol_per_l(times_s / 60.0, delay_min=0.2)
    assert ours(times_s, delay_s=12.0) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(delay=st.floats(0.0, 60.0), hematocrit=st.floats(0.0, 0.7))
def test_a_delay_shifts_and_cells_raise(delay, hematocrit):
    """Property: later by the delay, 0 before it, more in plasma the more cells there are; the shape of the times kept."""
    times_s = np.arange(0.0, 240.0).reshape(12, 20)
    for curve in (parker, georgiou):
        late = curve(times_s + delay, hematocrit, delay_s=delay)
        assert late.shape == times_s.shape
        assert late == pytest.approx(curve(times_s, 0.0) / (1.0 - hematocrit), rel=1e-6, abs=1e-9)
        assert (curve(times_s - 1000.0) == 0.0).all()


def test_a_single_time():
    assert parker(60.0).shape == georgiou(60.0).shape == ()


@pytest.mark.parametrize("hematocrit", [-0.1, 1.0, 42.0])
def test_no_share(hematocrit):
    with pytest.raises(UsageError, match="is no share of blood"):
        parker([0.0, 1.0], hematocrit)


class TestVessel:
    """A curve measured in an artery."""

    def test_the_mean_in_plasma(self):
        """Of the vessel's voxels only, over 1 - Hct; a voxel without a number at some time is left out."""
        series = np.zeros((4, 4, 5))
        series[1, 1], series[1, 2], series[2, 2] = np.arange(5), 3 * np.arange(5), np.nan
        vessel = np.zeros((4, 4), bool)
        vessel[1, 1:3] = vessel[2, 2] = True
        assert measured(series, vessel, hematocrit=0.5) == pytest.approx(4 * np.arange(5))

    def test_no_vessel(self):
        with pytest.raises(UsageError, match="No voxel of the vessel"):
            measured(np.ones((2, 2, 3)), np.zeros((2, 2)), hematocrit=0.4)

    def test_another_grid(self):
        with pytest.raises(UsageError, match=r"shape \(3, 2\)"):
            measured(np.ones((2, 2, 3)), np.zeros((3, 2)), hematocrit=0.4)
