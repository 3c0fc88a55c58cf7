"""The vertebral body: heights, depth and width as requested."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.sizes import LEVELS, Collapse, Patient, sizes


@pytest.fixture(params=["T11", "L1", "L3", "L5"])
def body(request):
    """One body."""
    return Body(size=sizes(Patient(), 3, {})[request.param])


def _line(body, axis, n=4001, reach=40.0):
    """Distances along one axis of the frame through the centre."""
    t = np.linspace(-reach, reach, n, dtype=np.float32)
    zero = np.zeros_like(t)
    points = [zero, zero, zero]
    points[axis] = t
    return t, body.distance(*points).whole


def _extent(body, axis):
    """Length of the body along an axis through the centre."""
    t, d = _line(body, axis)
    inside = t[d < 0]
    return float(inside.max() - inside.min())


def test_central_height_as_requested(body):
    """Heights of each level within 2 % of the request (acceptance of PHA section 2): at the centre exactly."""
    assert _extent(body, 2) == pytest.approx(body.size.height[1], abs=0.05)


def test_depth_as_requested(body):
    """Mid-sagittal depth within 2 % of the request (waist and rounding take a little)."""
    assert _extent(body, 1) == pytest.approx(body.size.mean_depth, rel=0.035)


def test_width_has_a_waist(body):
    """The body is narrower at mid-height than at its rims, by the stated waist."""
    assert _extent(body, 0) == pytest.approx(0.92 * body.size.mean_width, rel=0.01)


def test_back_wall_is_concave_in_lumbar_bodies():
    """Concave posterior wall: the corners reach about 2 mm further back than the middle; hardly in thoracic ones."""
    for level, expected in (("L3", 2.0), ("T11", 0.5)):
        body = Body(size=sizes(Patient(), 1, {})[level])
        assert body.concavity_mm == expected


def test_heights_of_g08_lie_between_rim_and_centre(body):
    """Measured heights (sixths of the depth) are near the rims in front and behind, near the centre in the middle."""
    anterior, middle, posterior = body.heights_mm()
    assert body.size.height[1] <= middle <= 1.03 * body.size.height[1]
    assert anterior == pytest.approx(body.size.height[0], rel=0.03)
    assert posterior == pytest.approx(body.size.height[2], rel=0.03)


def test_heights_against_a_slow_count(body):
    """The same from labels: a 0.25 mm column count over the anterior sixth gives the stated height within 2 %."""
    half_d, half_w = body.size.mean_depth / 2, body.size.mean_width / 2
    l = np.linspace(-half_w / 2, half_w / 2, 9, dtype=np.float32)[:, None, None]  # noqa: E741
    a = np.linspace(half_d * 2 / 3, half_d * 0.93, 7, dtype=np.float32)[None, :, None]
    s = np.arange(-20, 20, 0.05, dtype=np.float32)[None, None, :]
    counted = (body.distance(l, a, s).whole < 0).sum(axis=2) * 0.05
    assert np.median(counted) == pytest.approx(body.heights_mm()[0], rel=0.02)


def test_collapse_shows_in_the_heights():
    """A wedge of 40 % at the rim reads a little less over the anterior sixth; the back keeps its height."""
    size = sizes(Patient(), 1, {"L1": Collapse(anterior=0.4, middle=0.24)})["L1"]
    before = Body(size=sizes(Patient(), 1, {})["L1"]).heights_mm()
    after = Body(size=size).heights_mm()
    losses = 1 - np.array(after) / np.array(before)
    assert 0.33 < losses[0] < 0.40
    assert 0.18 < losses[1] < 0.26
    assert losses[2] < 0.06


def test_distance_is_a_distance(body):
    """Its gradient is about 1 near the surface: partial volume and shells come out with the stated thickness."""
    for axis in range(3):
        t, d = _line(body, axis)
        near = np.abs(d) < 1.0
        slope = np.abs(np.gradient(d, t))[near]
        assert np.median(slope) == pytest.approx(1.0, abs=0.1)


def test_every_level_has_a_volume_that_grows_downwards():
    """Body volumes of adults: about 2 ml in the neck to 50 ml, larger in the lumbar spine."""
    grid = np.arange(-32, 32, 1.0, dtype=np.float32)
    volumes = []
    for level in LEVELS:
        body = Body(size=sizes(Patient(), 1, {})[level])
        d = body.distance(grid[:, None, None], grid[None, :, None], grid[None, None, :]).whole
        volumes.append(np.count_nonzero(d < 0) / 1000)
    assert 2 < volumes[1] < 10 < volumes[LEVELS.index("T8")] < volumes[-1] < 50
