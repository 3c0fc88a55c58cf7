"""Ray sums: chords of spheres and cylinders, a slow walk along each ray, and the windows that are sampled finely."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging import radiograph_rays, slabs
from spinemets.phantom.imaging.projection import Beam, Lattice
from spinemets.phantom.imaging.radiograph_rays import Sampling, _placed, finer, ray_sums, windows
from spinemets.phantom.shape.distance import coverage
from spinemets.physics.radiograph import Projection

CENTRE = np.array([7.0, -31.0, 140.0])
MU_PER_CM = 0.5
NEAR = {"before_mm": 42.0, "behind_mm": 42.0}


def beam(view="AP", shape=(30, 36), pixel_mm=2.0):
    """A small detector close behind the object."""
    return Beam(
        view=view,
        centre_lps_mm=CENTRE,
        projection=Projection(sid_mm=400.0, sod_mm=300.0),
        pixel_mm=pixel_mm,
        shape=shape,
    )


def ball(radius_mm, offset=(0.0, 0.0, 0.0)):
    """Painter of a uniform ball."""

    def paint(block):
        x, y, z = (axis - np.float32(c + o) for axis, c, o in zip(block.axes, CENTRE, offset, strict=True))
        away = np.sqrt(x**2 + y**2 + z**2) - np.float32(radius_mm)
        return MU_PER_CM * coverage(np.broadcast_to(away, block.shape), block.reach_mm)

    return paint


def rod(radius_mm):
    """Painter of an endless upright cylinder."""

    def paint(block):
        x, y, _ = (axis - np.float32(c) for axis, c in zip(block.axes, CENTRE, strict=True))
        away = np.hypot(x, y) - np.float32(radius_mm)
        return MU_PER_CM * coverage(np.broadcast_to(away, block.shape), block.reach_mm)

    return paint


def around(radius_mm, offset=(0.0, 0.0, 0.0)):
    """Box of a ball."""
    middle = CENTRE + np.array(offset)
    return [(tuple(middle - radius_mm), tuple(middle + radius_mm))]


def rays(b, sampling):
    """Unit vectors of all rays, (columns, rows, 3)."""
    u, v = sampling.lattice(b).positions_mm()
    ends = b.projection.sid_mm * b.axis + u[:, None, None] * b.across + v[None, :, None] * np.array([0, 0, -1.0])
    return ends / np.linalg.norm(ends, axis=-1, keepdims=True)


def apart(b, along, point):
    """Distance of a point from each ray."""
    offset = np.asarray(point) - b.source_lps_mm
    return np.linalg.norm(np.cross(along, offset), axis=-1)


@pytest.mark.parametrize("view", ["AP", "PA", "left lateral", "right lateral"])
@pytest.mark.parametrize("fine", [True, False])
def test_chords_of_a_ball(view, fine):
    """The chord of each ray from its distance to the centre, through fine slabs and through coarse ones."""
    radius, offset = 14.0, (3.0, -4.0, 5.0)
    b, s = beam(view), Sampling(pitch_mm=1.0, step_mm=0.5, **NEAR)
    found = ray_sums(ball(radius, offset), around(radius, offset) if fine else [], b, s)
    off = apart(b, rays(b, s), CENTRE + offset)
    chord_cm = 2 * np.sqrt(np.maximum(radius**2 - off**2, 0)) / 10
    inside = off < radius - (1.5 if fine else 4.0)
    assert found[inside] == pytest.approx(MU_PER_CM * chord_cm[inside], rel=0.01 if fine else 0.03)
    assert np.abs(found[off > radius + 4]).max() < 1e-6


def test_a_ball_has_its_volume():
    """Summed over the detector, weighted by what each ray stands for there, the ball holds what it holds."""
    radius = 10.0
    b, s = beam(), Sampling(pitch_mm=0.8, step_mm=0.5, **NEAR)
    found = ray_sums(ball(radius), around(radius), b, s)
    # A ray covers (pitch z/SID)^2 at depth z, cut slantwise; at the ball z is about the SOD.
    slant = rays(b, s) @ b.axis
    mass = (found * slant).sum() * (0.8 * 300 / 400) ** 2 / 100
    # The mean of z^2 over a ball is SOD^2 + R^2/5; rays are counted at equal shares of the detector.
    expected = MU_PER_CM * 4 / 3 * np.pi * (radius / 10) ** 3 * 300**2 / (300**2 + radius**2 / 5)
    assert mass == pytest.approx(expected, rel=0.01)


def test_chords_of_a_cylinder():
    """An upright cylinder: the chord in the plane, lengthened by the ray's slope."""
    radius = 9.0
    b, s = beam(), Sampling(pitch_mm=1.0, step_mm=0.5, **NEAR)
    found = ray_sums(rod(radius), [((*(CENTRE[:2] - radius), -1e4), (*(CENTRE[:2] + radius), 1e4))], b, s)
    along = rays(b, s)
    level = np.linalg.norm(along[..., :2], axis=-1)
    flat = along[..., :2] / level[..., None]
    offset = (CENTRE - b.source_lps_mm)[:2]
    off = np.abs(flat[..., 0] * offset[1] - flat[..., 1] * offset[0])
    chord_cm = 2 * np.sqrt(np.maximum(radius**2 - off**2, 0)) / level / 10
    inside = off < radius - 1.0
    assert found[inside] == pytest.approx(MU_PER_CM * chord_cm[inside], rel=0.01)


@pytest.mark.parametrize("seed", range(2))
def test_against_a_slow_walk_along_each_ray(seed):
    """A smooth random field, walked in tenths of a millimetre along some rays."""
    draw = np.random.default_rng(seed)
    waves, phases = draw.uniform(-0.08, 0.08, (6, 3)), draw.uniform(0, 6, 6)

    def at(x, y, z):
        return sum(1.0 + np.sin(k[0] * x + k[1] * y + k[2] * z + p) for k, p in zip(waves, phases, strict=True)) / 20

    def paint(block):
        return np.broadcast_to(at(*block.axes), block.shape).astype(np.float32)

    s = Sampling(pitch_mm=1.0, step_mm=0.5, **NEAR)
    b = beam("left lateral")
    found, along = ray_sums(paint, around(12.0), b, s), rays(b, s)
    for i, j in ((0, 0), (20, 9), (31, 44), (59, 70)):
        slant = along[i, j] @ b.axis
        steps = (np.arange(8400) + 0.5) * 0.01
        points = b.source_lps_mm + ((300.0 - 42.0 + steps) / slant)[:, None] * along[i, j]
        walked = at(*points.T).sum() * 0.01 / slant / 10
        assert found[i, j] == pytest.approx(walked, rel=3e-3), (i, j)


def test_a_known_ball_appears_magnified():
    """Width of the shadow at half of its middle: 4/3 of the chord's own half-value width."""
    radius = 12.0
    b, s = beam(), Sampling(pitch_mm=0.5, step_mm=0.5, **NEAR)
    profile = ray_sums(ball(radius), around(radius), b, s).max(axis=1)
    width = np.count_nonzero(profile > profile.max() / 2) * 0.5
    assert width == pytest.approx(2 * radius * np.sqrt(0.75) * 400 / 300, abs=0.6)


def test_slanted_rays_are_longer():
    """A plate as large as the picture: its thickness over the cosine of each ray."""
    b, s = beam(shape=(120, 120)), Sampling(pitch_mm=4.0, step_mm=1.0, **NEAR)
    found = ray_sums(lambda block: np.full(block.shape, MU_PER_CM, np.float32), [], b, s)
    assert found == pytest.approx(MU_PER_CM * 8.4 / (rays(b, s) @ b.axis), rel=1e-6)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_bytes_for_any_number_of_threads(threads, monkeypatch):
    """PHA-02: sums are taken in one order."""
    b, s = beam(), Sampling(pitch_mm=2.0, step_mm=1.0, **NEAR)
    usual = ray_sums(ball(12.0), around(12.0), b, s)
    monkeypatch.setattr(slabs, "THREADS", threads)
    assert ray_sums(ball(12.0), around(12.0), b, s).tobytes() == usual.tobytes()
    assert radiograph_rays.SLABS_AT_ONCE > 0


def test_fine_windows_agree_with_fine_everywhere():
    """What is sampled finely only near its box is what it would be everywhere; seams leave no trace."""
    b, s = beam(), Sampling(pitch_mm=1.0, step_mm=0.5, **NEAR)
    near = ray_sums(ball(12.0), around(12.0), b, s)
    everywhere = ray_sums(ball(12.0), around(300.0), b, s)
    assert near == pytest.approx(everywhere, abs=2e-3)


@pytest.mark.parametrize("seed", range(5))
def test_windows_hold_every_box_once(seed):
    """Random boxes: windows do not meet, and hold the shadow of each box at its depth."""
    draw, b = np.random.default_rng(seed), beam(shape=(60, 72))
    low = CENTRE + draw.uniform(-35, 30, (12, 3))
    boxes = [(tuple(corner), tuple(corner + draw.uniform(1, 12, 3))) for corner in low]
    coarse = Lattice(shape=(40, 48), pitch_mm=3.0)
    found = windows(_placed(boxes, b), (295.0, 301.0), b, (coarse, 3))
    held = np.zeros((120, 144), int)
    for (i, i_end), (j, j_end) in found:
        assert all(edge % 3 == 0 for edge in (i, i_end, j, j_end))
        held[i:i_end, j:j_end] += 1
    assert held.max() <= 1
    for first, last in boxes:
        points = draw.uniform(first, last, (50, 3))
        points = points[(np.abs(b.depth_mm(points) - 298) < 3) & b.sees(points)]
        columns, rows = (np.floor(b.project(points) + np.array([60, 72]))).astype(int).T
        assert held[np.clip(columns, 0, 119), np.clip(rows, 0, 143)].all()


def test_no_box_no_window():
    """Far from bone nothing is sampled finely."""
    b, coarse = beam(), Lattice(shape=(40, 48), pitch_mm=3.0)
    assert windows(_placed([], b), (290.0, 300.0), b, (coarse, 3)) == []
    assert windows(_placed(around(5.0), b), (200.0, 210.0), b, (coarse, 3)) == []


@pytest.mark.parametrize("factor", [2, 3])
def test_reading_between_coarse_rays(factor):
    """Exact for planes, at the borders too, and a window is a part of the whole."""
    i, j = np.meshgrid(np.arange(6.0), np.arange(5.0), indexing="ij")
    whole = finer(2 * i - 3 * j + 1, factor, ((0, 6 * factor), (0, 5 * factor)))
    u, v = ((np.arange(n * factor) - (factor - 1) / 2) / factor for n in (6, 5))
    exact = 2 * u[:, None] - 3 * v[None, :] + 1
    assert whole == pytest.approx(exact, abs=1e-5)
    assert np.array_equal(finer(2 * i - 3 * j + 1, factor, ((3, 8), (2, 7))), whole[3:8, 2:7])
    assert finer(np.array([[4.0]]), factor, ((0, factor), (0, factor))) == pytest.approx(np.full((factor, factor), 4.0))


def test_lattices_cover_the_picture():
    """Fine rays are a whole number of coarse ones, about the same middle, no fewer than the picture needs."""
    s, b = Sampling(pitch_mm=0.45), beam(shape=(101, 77), pixel_mm=0.3)
    fine, coarse = s.lattice(b), s.coarse(b)
    assert fine.shape == tuple(3 * n for n in coarse.shape)
    assert coarse.pitch_mm == pytest.approx(3 * fine.pitch_mm)
    for n, length in zip(fine.shape, b.size_mm, strict=True):
        assert length <= n * fine.pitch_mm < length + 3 * 0.45
