"""Truth of one insert."""

from __future__ import annotations

import pytest

from spinemets.phantom.pathology.measure import measure
from spinemets.phantom.truth.lesions import lesion_truth


def test_lesion_from_its_functions(first_light):
    """Volume and centroid are those of the insert's own measure."""
    insert = first_light.case.inserts[0]
    found = lesion_truth(first_light.anatomy, insert)
    exact = measure(insert, first_light.anatomy.vertebra(insert.level), {})
    assert found["volume_mm3"] == pytest.approx(exact.volume_mm3, abs=0.05)
    assert found["centroid_lps_mm"] == pytest.approx(exact.centroid_lps_mm, abs=1e-3)
    assert found["level"] == insert.level
