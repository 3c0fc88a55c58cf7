"""Landmarks of the trunk."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table


def test_hips_lie_where_the_pelvic_incidence_puts_them(first_light, person):
    """Incidence = slope of S1 + tilt of the line from the hips' axis to S1, at the stated distance."""
    rows, s1 = table("phantom_trunk")["habitus"]["pelvis"], first_light.anatomy.frames["S1"]
    line = s1.origin - np.asarray(person.hip)
    tilt = np.degrees(np.arctan2(line[1], line[2]))
    slope = np.degrees(np.arctan2(-s1.superior[1], s1.superior[2]))
    assert tilt + slope == pytest.approx(rows["incidence_deg"], abs=0.01)
    assert np.linalg.norm(line) == pytest.approx(person.size * rows["sacrofemoral_mm"])


def test_places_are_mirrored_about_the_midline(person):
    """Left and right of one place lie as far from the middle; up is up, behind is behind."""
    left, right = person.point("T8", 50, 10, 5), person.point("T8", -50, 10, 5)
    middle = float(person.midline.at(np.asarray(left[2])))
    assert left[0] - middle == pytest.approx(middle - right[0])
    assert left[0] > right[0]
    assert person.point("T8", 0, 10, 5)[1] > person.y("T8")
    assert left[2] == pytest.approx(person.z("T8") + 5 * person.size)


def test_heights_fall_from_neck_to_thigh(person):
    """Levels, hips, thighs in their order."""
    z = [person.z(level) for level in ("C2", "T1", "T12", "L5", "S1", "hip", "thigh")]
    assert np.all(np.diff(z) < 0)


def test_rows_are_lengths_and_places(person):
    """A width is scaled with the patient, a depth is measured from the bodies."""
    row = {"T4": 10.0, "L1": 10.0}
    z = np.asarray(person.z("T8"))
    assert float(person.widths(row).at(z)) == pytest.approx(10 * person.size)
    assert float(person.widths(row, 2.0).at(z)) == pytest.approx(20.0)
    at_level = np.asarray(person.z("L1"))
    deep = person.depths({"T10": 20.0, "T12": 20.0, "L1": 20.0, "L3": 20.0}).at(at_level)
    assert float(deep) == pytest.approx(person.y("L1") + 20 * person.size, abs=1.5)


def test_midline_follows_a_curved_spine_in_part(someone):
    """A scoliosis takes the trunk along, less than its apex."""
    bent = someone(cobb_deg=40.0, apex="T8")
    apex, end = (np.asarray(bent.col.z_of[level]) for level in ("T8", "L3"))
    spine = float(bent.col.x.at(apex) - bent.col.x.at(end))
    trunk = float(bent.midline.at(apex) - bent.midline.at(end))
    assert 0.3 * spine < trunk < spine


def test_tall_people_are_larger(someone):
    """Hips farther below the sacrum."""
    spans = [someone(height_cm=h).size for h in (150.0, 165.0, 180.0)]
    assert np.all(np.diff(spans) > 0)
