"""Radiographs: vectors E-68 and E-69, photons and shadows followed one by one, spheres and limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.knowledge.catalogue import table
from spinemets.physics import radiograph
from spinemets.physics.radiograph import Detector, Projection

NORMAL = {"mu_per_cm": [0.287, 0.238], "path_cm": [4.0, 20.0]}
LESION = {"mu_per_cm": [0.287, 0.255, 0.238], "path_cm": [3.0, 1.0, 20.0]}
LOGS = st.floats(0.0, 8.0)


def sphere(n: int, voxel_mm: float, radius_mm: float, mu: float) -> np.ndarray:
    """A ball in the middle of a cube, its edge smoothed by 4 x 4 x 4 sub-voxels."""
    fine = (np.arange(4 * n) - (4 * n - 1) / 2.0) * voxel_mm / 4.0
    inside = fine[:, None, None] ** 2 + fine[None, :, None] ** 2 + fine[None, None, :] ** 2 < radius_mm**2
    return mu * inside.reshape(n, 4, n, 4, n, 4).mean(axis=(1, 3, 5))


# --- published vectors ------------------------------------------------------------------------------------------------


def test_a_lesion_of_one_centimetre():
    """E-68: half the mineral in 1 of 4 cm behind 20 cm of soft tissue changes the intensity by 3.3 %."""
    normal, lesion = radiograph.log_attenuation(**NORMAL), radiograph.log_attenuation(**LESION)
    assert float(normal) == pytest.approx(5.908, rel=1e-5)
    assert float(lesion) == pytest.approx(5.876, rel=1e-5)
    found = radiograph.lesion_contrast(log_normal=normal, log_lesion=lesion, photons_in=1e5)
    assert float(found.intensity_ratio) == pytest.approx(1.03251751, rel=1e-5)
    assert float(found.contrast_percent) == pytest.approx(3.25175053, rel=1e-5)
    assert float(found.noise_percent) == pytest.approx(6.0660488, rel=1e-5)


def test_geometry():
    """E-69: focal spot 1.2 mm, object at 900 of 1100 mm."""
    projection = Projection(sid_mm=1100.0, sod_mm=900.0, focal_spot_mm=1.2)
    assert projection.magnification == pytest.approx(1.22222222, rel=1e-6)
    assert float(projection.image_mm(30.0)) == pytest.approx(36.6666667, rel=1e-6)
    assert projection.penumbra_mm == pytest.approx(0.266666667, rel=1e-6)


# --- slow and obviously right -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_contrast_against_counted_photons(seed: int):
    """Random rays and scatter: photons of both counted in many pixels."""
    draw = np.random.default_rng(seed)
    normal, scatter = draw.uniform(1.0, 4.0), draw.uniform(0.0, 1.0)
    lesion = normal - draw.uniform(0.05, 0.3)
    found = radiograph.lesion_contrast(log_normal=normal, log_lesion=lesion, photons_in=1e5, scatter_to_primary=scatter)
    stray = scatter * 1e5 * math.exp(-normal)
    plain, seen = (
        draw.poisson(1e5 * math.exp(-log), 100_000) + draw.poisson(stray, 100_000) for log in (normal, lesion)
    )
    assert float(found.contrast_percent) == pytest.approx(100.0 * (seen.mean() / plain.mean() - 1.0), rel=0.01)
    assert float(found.noise_percent) == pytest.approx(100.0 * plain.std() / plain.mean(), rel=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_geometry_against_a_shadow(seed: int):
    """Random distances: rays from random points of the focal spot over an edge; where they land is the penumbra."""
    draw = np.random.default_rng(seed)
    projection = Projection(
        sid_mm=draw.uniform(1000.0, 1500.0), sod_mm=draw.uniform(600.0, 950.0), focal_spot_mm=draw.uniform(0.3, 2.0)
    )
    spot = draw.uniform(-0.5, 0.5, 100_000) * projection.focal_spot_mm
    edge = draw.uniform(0.0, 100.0)
    lands = spot + (edge - spot) * projection.sid_mm / projection.sod_mm
    assert np.ptp(lands) == pytest.approx(projection.penumbra_mm, rel=1e-3)
    assert lands.mean() == pytest.approx(float(projection.image_mm(edge)), abs=0.01)


def test_ray_sums_of_a_sphere():
    """Rays from a point through a ball: the chord of each, from its distance to the centre."""
    projection = Projection(sid_mm=400.0, sod_mm=300.0)
    detector = Detector(shape=(31, 25), pixel_mm=(2.0, 2.0))
    volume = sphere(50, 1.0, 18.0, 0.5)
    found = radiograph.divergent_ray_sum(volume, voxel_mm=(1.0, 1.0, 1.0), projection=projection, detector=detector)
    u, v = detector.positions_mm()
    # Distance of the centre, on the central ray, from a ray that leaves it by an angle.
    off = projection.sod_mm * np.hypot(u, v) / np.sqrt(u**2 + v**2 + projection.sid_mm**2)
    chord_cm = 2.0 * np.sqrt(np.maximum(18.0**2 - off**2, 0.0)) / 10.0
    inside = off < 16.5
    assert found[inside] == pytest.approx(0.5 * chord_cm[inside], rel=0.02)
    assert not found[off > 20.0].any()


def test_ray_sums_against_steps_along_each_ray():
    """A random volume of unequal voxels: each ray walked in short steps, its nearest slab read off linearly."""
    draw = np.random.default_rng(68)
    volume, voxel = draw.uniform(0.1, 0.6, (9, 12, 10)), (2.0, 1.5, 1.0)
    projection = Projection(sid_mm=120.0, sod_mm=90.0)
    detector = Detector(shape=(5, 5), pixel_mm=(2.5, 1.5))
    found = radiograph.divergent_ray_sum(volume, voxel_mm=voxel, projection=projection, detector=detector)
    u, v = detector.positions_mm()
    steps = 4000
    for i, j in ((0, 0), (2, 2), (4, 1)):
        end = np.array([projection.sid_mm, u[i, 0], v[0, j]])
        total = 0.0
        for share in (np.arange(steps) + 0.5) / steps:
            z, x, y = share * end
            k = math.floor((z - projection.sod_mm) / voxel[0] + 9 / 2)
            if 0 <= k < 9:
                # Within a slab the ray is taken where it crosses the slab's middle.
                middle = (projection.sod_mm + (k - 4.0) * voxel[0]) / z
                a, b = x * middle / voxel[1] + 5.5, y * middle / voxel[2] + 4.5
                p, q = int(a), int(b)
                corners = volume[k, p : p + 2, q : q + 2]
                weights = np.outer([p + 1 - a, a - p], [q + 1 - b, b - q])
                total += (corners * weights).sum() * np.linalg.norm(end) / steps / 10.0
        assert found[i, j] == pytest.approx(total, rel=2e-3)


# --- properties -------------------------------------------------------------------------------------------------------


def test_a_distant_source_is_parallel():
    """Limit: SID and SOD without end, magnification 1: the sum along the axis."""
    volume = np.random.default_rng(1).uniform(0.0, 1.0, (6, 9, 7))
    far = Projection(sid_mm=1e9, sod_mm=1e9 - 10.0)
    detector = Detector(shape=(9, 7), pixel_mm=(1.0, 2.0))
    found = radiograph.divergent_ray_sum(volume, voxel_mm=(3.0, 1.0, 2.0), projection=far, detector=detector)
    assert found == pytest.approx(radiograph.parallel_ray_sum(volume, step_mm=3.0, axis=0), rel=1e-6)


@given(gain=st.floats(0.0, 5.0), axis=st.integers(0, 2))
def test_ray_sums_are_linear(gain, axis):
    """Property: attenuation adds, in parallel and from a point."""
    first, second = np.random.default_rng(2).uniform(0.0, 1.0, (2, 5, 6, 7))

    def parallel(volume):
        return radiograph.parallel_ray_sum(volume, step_mm=1.0, axis=axis)

    def from_a_point(volume):
        detector = Detector(shape=(4, 4), pixel_mm=(1.0, 1.0))
        projection = Projection(sid_mm=100.0, sod_mm=80.0)
        return radiograph.divergent_ray_sum(volume, voxel_mm=(1.0,) * 3, projection=projection, detector=detector)

    for ray_sum in (parallel, from_a_point):
        assert ray_sum(first + gain * second) == pytest.approx(ray_sum(first) + gain * ray_sum(second), rel=1e-9)


@given(normal=LOGS, lesion=LOGS, scatter=st.floats(0.0, 5.0))
def test_scatter_divides_contrast(normal, lesion, scatter):
    """Property: contrast falls by what is left of primary, 1 - scatter fraction; its sign is that of the bone lost."""
    common = {"log_normal": normal, "log_lesion": lesion, "photons_in": 1e5}
    without = float(radiograph.lesion_contrast(**common).contrast_percent)
    with_scatter = float(radiograph.lesion_contrast(**common, scatter_to_primary=scatter).contrast_percent)
    left = 1.0 - radiograph.scatter_fraction(scatter)
    assert with_scatter == pytest.approx(without * left, rel=1e-9, abs=1e-12)
    assert (without > 0.0) == (normal > lesion)


def test_photons_of_a_picture():
    """The usual grid leaves 30 % scatter: uniform, and 23 % of all photons."""
    scatter = table("attenuation")["radiograph"]["scatter_to_primary_with_grid"]
    log = np.array([[1.0, 2.0], [3.0, 4.0]])
    primary = radiograph.expected_photons(log, photons_in=1e4)
    found = radiograph.expected_photons(log, photons_in=1e4, scatter_to_primary=scatter)
    assert primary == pytest.approx(1e4 * np.exp(-log))
    assert np.ptp(found - primary) == pytest.approx(0.0, abs=1e-9)
    assert 1.0 - primary.sum() / found.sum() == pytest.approx(radiograph.scatter_fraction(scatter))
    assert radiograph.scatter_fraction(scatter) == pytest.approx(0.3 / 1.3)


@given(sod=st.floats(1.0, 1000.0), spot=st.floats(0.0, 3.0))
def test_geometry_in_its_limits(sod, spot):
    """Property: never smaller than life; on the detector sharp and life-size; a point source is sharp anywhere."""
    projection = Projection(sid_mm=1000.0, sod_mm=sod, focal_spot_mm=spot)
    assert projection.magnification >= 1.0
    assert projection.penumbra_mm >= 0.0
    contact = Projection(sid_mm=1000.0, sod_mm=1000.0, focal_spot_mm=spot)
    assert (contact.magnification, contact.penumbra_mm) == (1.0, 0.0)
    assert Projection(sid_mm=1000.0, sod_mm=sod).penumbra_mm == 0.0


@pytest.mark.parametrize("sod", [0.0, -5.0, 1001.0])
def test_an_object_that_cannot_be_there(sod: float):
    """A bad call says where the object would be."""
    with pytest.raises(ValueError, match="before the detector at 1000 mm"):
        Projection(sid_mm=1000.0, sod_mm=sod)
