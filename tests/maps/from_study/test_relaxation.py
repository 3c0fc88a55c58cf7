"""T1 of studies: flip angles, inversion times, what headers leave out."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.from_study.how import FlipScale, How
from spinemets.maps.from_study.relaxation import t1_maps
from spinemets.model.parametric_map import MapResult, NotMapped

STILL = How(motion=False)
T1_S, TR_S = 0.8, 0.005


def spoiled(flip, tissue):
    a, e = np.radians(flip), np.exp(-TR_S / T1_S)
    return np.where(tissue, 20000 * np.sin(a) * (1 - e) / (1 - e * np.cos(a)), 0.0)


@pytest.mark.parametrize("method", ["nonlinear", "linear"])
def test_flip_angles(build, tissue, rician, method):
    flips = (3.0, 8.0, 15.0)
    study = build(
        [
            (rician(spoiled(f, tissue), 1.0, int(f)), {"flip_deg": f, "tr_s": TR_S, "fat_suppressed": True})
            for f in flips
        ]
    )
    (found,) = t1_maps(study, How(motion=False, t1_method=method))
    assert isinstance(found, MapResult) and found.maps[0].unit == "s"
    assert np.nanmedian(found.maps[0].array[tissue]) == pytest.approx(T1_S, rel=0.02)
    assert found.inputs == {"flip_angles_deg": list(flips), "tr_s": TR_S}
    assert sum(found.rejected.values()) > 1000
    assert any("B1" in note for note in found.notes) and not any(
        "fat is not suppressed" in note for note in found.notes
    )


def test_flip_angles_scaled_by_a_map(build, tissue, rician):
    """Angles that are a tenth smaller than stated: T1 is right with the map, a fifth off without, and untold where the map has none."""
    scale = np.full(tissue.shape, 0.9, np.float32)
    scale[:9] = np.nan
    study = build(
        [(rician(spoiled(0.9 * f, tissue), 1.0, int(f)), {"flip_deg": f, "tr_s": TR_S}) for f in (3.0, 8.0, 15.0)]
    )
    how = How(motion=False, b1=FlipScale(values=scale, grid=study.series[0].grid))
    (found,), (plain,) = t1_maps(study, how), t1_maps(study, STILL)
    known = tissue & np.isfinite(scale)
    assert np.nanmedian(found.maps[0].array[known]) == pytest.approx(T1_S, rel=0.02)
    assert np.nanmedian(plain.maps[0].array[known]) == pytest.approx(0.81 * T1_S, rel=0.02)
    assert np.isnan(found.maps[0].array[:9]).all()
    assert any("scaled by the map of B1" in note for note in found.notes)


def test_fat_is_warned_of(build, tissue, rician):
    study = build([(rician(spoiled(f, tissue), 1.0, int(f)), {"flip_deg": f, "tr_s": TR_S}) for f in (3.0, 15.0)])
    (found,) = t1_maps(study, STILL)
    assert any("fat is not suppressed" in note for note in found.notes)


def test_no_repetition_time(build, tissue):
    study = build([(spoiled(f, tissue), {"flip_deg": f, "tr_s": None}) for f in (3.0, 15.0)])
    (found,) = t1_maps(study, STILL)
    assert isinstance(found, NotMapped) and "TR" in found.reason


def test_inversion_times(build, tissue, rician):
    times = (0.05, 0.2, 0.5, 0.9, 1.8, 3.0)
    parts = [
        (rician(np.where(tissue, 500 * np.abs(1 - 1.9 * np.exp(-ti / 0.8)), 0.0), 1.5, n), {"ti_s": ti, "tr_s": 5.0})
        for n, ti in enumerate(times)
    ]
    (found,) = t1_maps(build(parts), STILL)
    assert np.nanmedian(found.maps[0].array[tissue]) == pytest.approx(0.8, rel=0.02)
    assert found.inputs["inversion_times_s"] == list(times)
    (found,) = t1_maps(build(parts[:3]), STILL)
    assert isinstance(found, NotMapped) and "four inversion times" in found.reason


def test_nothing_to_map(build):
    assert t1_maps(build([]), STILL) == []
