"""MR-CE-01: 'scale check: fat and air-free muscle change < 10 %, else correct by fat'."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.from_study.contrast_pair import of_pair
from spinemets.maps.from_study.dynamic import enhancement_maps
from spinemets.maps.from_study.how import CannotMap, How
from spinemets.model.study_view import SeriesSet

FAT = np.s_[6:18, 6:8]
TUMOUR = np.s_[10:14, 10:14]


@pytest.fixture
def mapped(build, tissue, rician):
    """Function: the map of a pair whose second series has a gain."""

    def made(gain, fat_suppressed=False):
        before = np.where(tissue, 300.0, 0.0)
        before[FAT] = 900
        after = before.copy()
        after[TUMOUR] *= 1.6
        facts = {
            "scanning_sequence": ("SE",),
            "tr_s": 0.6,
            "te_s": 0.01,
            "fat_suppressed": fat_suppressed,
            "flip_deg": 90.0,
        }
        kinds = ("t1_fs", "t1_gd_fs") if fat_suppressed else ("t1", "t1_gd")
        study = build(
            [
                (rician(before, 3.0, seed=1), {**facts, "kind": kinds[0], "contrast_agent": False}),
                (rician(gain * after, 3.0, seed=2), {**facts, "kind": kinds[1], "contrast_agent": True}),
            ]
        )
        (found,) = enhancement_maps(study, How(motion=False))
        return found

    return made


@pytest.mark.parametrize("gain", [1.0, 1.05])
def test_one_gain_is_left_alone(mapped, gain):
    found = mapped(gain)
    assert np.median(found.maps[0].array[TUMOUR]) == pytest.approx(100 * (1.6 * gain - 1), abs=2)
    assert found.inputs["gain_after_over_before"] == 1 and any("one receiver gain" in note for note in found.notes)


@pytest.mark.parametrize("gain", [0.5, 1.4])
def test_another_gain_is_corrected_by_fat(mapped, gain):
    """A tumour would else lose signal, or muscle enhance."""
    found = mapped(gain)
    assert np.median(found.maps[0].array[TUMOUR]) == pytest.approx(60, abs=2)
    assert np.median(found.maps[0].array[15:18, 12:18]) == pytest.approx(0, abs=2)
    assert any("the gain was corrected" in note for note in found.notes)


def test_suppressed_fat_tells_nothing(mapped):
    found = mapped(1.4, fat_suppressed=True)
    assert found.inputs["gain_after_over_before"] == 1 and any("was not checked" in note for note in found.notes)


def test_tissue_in_which_fat_does_not_stand_out_tells_nothing(build, tissue, rician):
    """All of it enhances: that is no gain."""
    facts = {"scanning_sequence": ("SE",), "tr_s": 0.6, "te_s": 0.01, "flip_deg": 90.0}
    study = build(
        [
            (rician(np.where(tissue, signal, 0.0), 3.0, seed=n), {**facts, "kind": kind, "contrast_agent": n == 1})
            for n, (signal, kind) in enumerate(((200.0, "t1"), (320.0, "t1_gd")))
        ]
    )
    (found,) = enhancement_maps(study, How(motion=False))
    assert np.median(found.maps[0].array[tissue]) == pytest.approx(60, abs=2)
    assert any("does not stand out" in note for note in found.notes)


def test_two_lattices(build, tissue):
    study = build([(300.0 * tissue, {}), (300.0 * tissue, {"affine": np.diag([2.2, 2, 4, 1])})])
    group = SeriesSet(kind="contrast_pair", name="pair", members=tuple(s.uid for s in study.series), varies=("", ""))
    with pytest.raises(CannotMap, match="lattice"):
        of_pair(study, group, How(motion=False))
