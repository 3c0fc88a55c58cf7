"""What headers say of a series."""

from __future__ import annotations

from spinemets.phantom.files import headers
from spinemets.phantom.imaging.acquisition import default


def test_headers_of_each_sequence(first_light):
    """What CT and MR say of themselves; contrast has a time, weightings are averages."""
    about = headers.about(first_light, default("t1_gd"), 4)
    assert about.series_description == "SAG T1 SE POST GD" and about.series_number == 4
    facts = headers.mr_facts(default("t1_gd"), about.acquired)
    assert (about.acquired - facts.contrast.given).total_seconds() == 300
    assert headers.mr_facts(default("t1"), about.acquired).contrast is None
    weightings = [point.diffusion for point in headers.mr_facts(default("dwi"), about.acquired).points]
    assert [(w.b_s_per_mm2, w.averaged) for w in weightings] == [(50.0, True), (400.0, True), (800.0, True)]
    assert headers.ct_facts(default("ct")).kernel == "BONE"
