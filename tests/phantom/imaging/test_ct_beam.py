"""The beam of the synthetic scanner."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.imaging.ct_beam import BONE, MATERIALS, WATER, beam

VOLTAGES = pytest.mark.parametrize("kvp", [80.0, 100.0, 120.0, 140.0])


@VOLTAGES
def test_bone_counts_as_the_table_says(kvp):
    """Behind 20 cm of water a little bone reads what the table of tube voltages says, to 5 % (its own margin)."""
    rows = table("attenuation")["tube_voltage"]
    expected = 1.0 + rows["hu"]["cortical_bone"][rows["kvp"].index(int(kvp))] / 1000.0
    assert beam(kvp).counted[BONE] == pytest.approx(expected, rel=0.07)
    assert beam(kvp).counted[WATER] == pytest.approx(1.0, abs=1e-3)


@VOLTAGES
def test_water_is_read_as_water(kvp):
    """Up to the longest path of the calibration, and on a straight line beyond it."""
    its = beam(kvp)
    length = np.array([0.0, 5.0, 20.0, 40.0, 50.0])
    assert its.water_cm(its.attenuation(length, 0.0)) == pytest.approx(length, abs=0.02)
    assert its.bone_error_cm(length, 0.0) == pytest.approx(np.zeros(5), abs=0.03)
    beyond = its.water_cm(its.attenuation(np.array([50.0, 60.0, 70.0]), 0.0))
    assert np.diff(beyond) == pytest.approx([10.0, 10.0], rel=0.07)


def test_much_bone_reads_too_little():
    """Two thick bones in a body lose, a thin one behind the reference cylinder does not; lower voltages lose more."""
    its = beam(120.0)
    assert abs(float(its.bone_error_cm(20.0, 0.02))) < 2e-3
    thick = [float(beam(kvp).bone_error_cm(30.0, 4.0)) for kvp in (80.0, 100.0, 120.0, 140.0)]
    assert thick[2] < -0.3 and np.all(np.diff(thick) > 0)


def test_metal_counts_for_more_than_bone():
    """Cobalt chromium stops more than titanium, titanium more than bone."""
    counted = [beam(120.0).counted[name] for name in MATERIALS]
    assert np.all(np.diff(counted) > 0)


def test_voltages_outside_the_table():
    """A voltage that no table knows is refused."""
    with pytest.raises(ValueError, match="kVp"):
        beam(60.0)
