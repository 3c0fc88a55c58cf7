"""The stated section."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.pathology.canal.section import StatedSection


@pytest.fixture(scope="module")
def section(normal):
    """The section at T6."""
    return StatedSection(span=(("T6", 0.5), ("T6", -0.5))).placed(normal.anatomy.site)


def test_csf_around_the_cord(section):
    """CSF 1 mm in front of the cord, 5.2 mm behind, 3.35 mm at both sides (specification PHA-28)."""
    far, z = np.float32(9.0), np.full(1, (section.low + section.high) / 2, np.float32)
    for u, v, depth in ((0, -1, 1.0), (0, 1, 5.2), (1, 0, 3.35), (-1, 0, 3.35)):
        at = (np.full(1, u * far), np.full(1, section.centre_mm + v * far, np.float32), z)
        own = np.zeros(1, np.float32)
        assert section.cord(own, at) - section.sac(own, at) == pytest.approx(depth, abs=1e-3)


def test_own_section_far_away(section):
    """Beyond the blend the patient's own distances are kept."""
    own = np.array([3.0], np.float32)
    at = (np.zeros(1, np.float32), np.zeros(1, np.float32), np.array([section.high + section.blend_mm + 1], np.float32))
    assert section.sac(own, at) == pytest.approx(own)
    assert section.cord(own, at) == pytest.approx(own)
