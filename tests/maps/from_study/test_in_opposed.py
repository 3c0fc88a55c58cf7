"""Opposed phase of studies: which images pair, what is refused, noise taken off."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.from_study.how import How
from spinemets.maps.from_study.in_opposed import opposed_phase_maps, pairs, phase_of
from spinemets.model.parametric_map import MapResult, NotMapped

STILL = How(motion=False)


@pytest.fixture
def pair(tissue, rician):
    """In-phase and opposed-phase image: 40 % of the signal is lost."""
    return rician(np.where(tissue, 400.0, 0), 4.0, 1), rician(np.where(tissue, 240.0, 0), 4.0, 2)


def test_by_echo_time(build, tissue, pair):
    study = build([(pair[0], {"te_s": 0.0046}), (pair[1], {"te_s": 0.0023})])
    (found,) = opposed_phase_maps(study, STILL)
    assert isinstance(found, MapResult) and found.maps[0].unit == "%"
    assert np.median(found.maps[0].array[tissue]) == pytest.approx(40.0, abs=1.0)
    assert found.inputs["echo_time_opposed_s"] == 0.0023 and found.inputs["field_t"] == 1.5
    assert found.inputs["noise_sigma"] == pytest.approx(4.0, rel=0.2)
    assert found.rejected["in phase signal below 3 sigma"] > 1000


def test_by_image_type(build, tissue, pair):
    study = build(
        [
            (pair[0], {"te_s": None, "image_type": ("IN_PHASE",)}),
            (pair[1], {"te_s": None, "image_type": ("OPP_PHASE",)}),
        ]
    )
    (found,) = opposed_phase_maps(study, STILL)
    assert np.median(found.maps[1].array[tissue]) == pytest.approx(0.6, abs=0.02)
    assert any("echo time is not stated" in note for note in found.notes)


def test_a_late_opposed_echo_is_refused(build, pair):
    """Decay adds a drop that is not fat's."""
    study = build(
        [
            (pair[0], {"te_s": 0.0046, "image_type": ("IN_PHASE",)}),
            (pair[1], {"te_s": 0.0069, "image_type": ("OUT_PHASE",)}),
        ]
    )
    (found,) = opposed_phase_maps(study, STILL)
    assert isinstance(found, NotMapped) and "later than the in-phase" in found.reason


def test_after_contrast_is_refused(build, pair):
    facts = {"contrast_agent": True}
    study = build([(pair[0], {"te_s": 0.0046, **facts}), (pair[1], {"te_s": 0.0023, **facts})])
    (found,) = opposed_phase_maps(study, STILL)
    assert isinstance(found, NotMapped) and "Contrast" in found.reason


def test_echo_trains_of_two_fields_do_not_mix(build, pair):
    """The second echo of 3 T is in phase at 2.3 ms, that of 1.5 T opposed: each pairs with its own."""
    parts = [(pair[n % 2], {"te_s": te, "stem": "1.2.8"}) for n, te in enumerate((0.0023, 0.0046, 0.0069))]
    parts += [
        (pair[n % 2], {"te_s": te, "stem": "1.2.9", "field_t": 3.0}) for n, te in enumerate((0.00115, 0.0023, 0.00345))
    ]
    study = build(parts)
    found = [pair for group in study.sets if group.kind == "echoes" for pair in pairs(study, group)]
    assert {tuple(one.acquisition.field_t for one in two) for two in found} == {(1.5, 1.5), (3.0, 3.0)}
    assert {tuple(one.acquisition.te_s for one in two) for two in found} == {(0.0023, 0.0046), (0.00115, 0.0023)}


def test_words_of_a_phase():
    assert phase_of("opposed phase, TE 2.3 ms") == "opposed phase"
    assert phase_of("TE 4.6 ms, in phase") == "in phase"
    assert phase_of("TE 3.2 ms") is None
    assert opposed_phase_maps is not None
