import numpy as np
import pytest
from scipy.special import erf

from spinemets.knowledge import catalogue
from spinemets.maps.cortex import Rays, profile, read, second_peak
from spinemets.model.grid import Grid
from spinemets.model.region import Surface
from spinemets.model.volume import Volume

RAYS = Rays(half_length_mm=4, sample_mm=0.25, second_within_mm=2, second_least_hu=100, outside_from_mm=2)


def blurred_shell(fwhm_mm, shells=((0.0, 0.5),), inside=100.0, outside=100.0, height=1500.0, step=0.25):
    """Slab along z: walls of given centre and thickness on marrow, blurred exactly by a Gaussian."""
    sigma = fwhm_mm / 2.3548
    z = (np.arange(65) - 32) * step

    def edge(at):
        return 0.5 * (1 + erf((z - at) / (np.sqrt(2) * sigma)))

    line = inside + (outside - inside) * edge(0.0)
    for centre, thickness in shells:
        line = line + (height - inside) * (edge(centre - thickness / 2) - edge(centre + thickness / 2))
    affine = np.diag([1.0, 1.0, step, 1.0])
    affine[:3, 3] = (-5, -5, z[0])
    grid = Grid(shape_ijk=(11, 11, 65), affine_lps_mm=affine)
    array = np.broadcast_to(line, (11, 11, 65)).copy()
    return Volume(array=array, grid=grid, quantity="attenuation", unit="[hnsf'U]")


def wall(points=((0.0, 0.0, 0.0),), normal=(0.0, 0.0, 1.0)):
    points = np.asarray(points, float)
    n = len(points)
    return Surface(
        name="superior",
        points_lps_mm=points,
        normals=np.tile(np.asarray(normal, float), (n, 1)),
        areas_mm2=np.full(n, 0.25),
        uv_mm=points[:, :2],
        excluded=np.zeros(n, bool),
    )


@pytest.mark.parametrize(("fwhm", "peak"), [(1.0, 722), (3.0, 318)])
def test_vector_of_the_thin_shell(fwhm, peak):
    """CT-04: "0.5 mm shell of 1500 HU on 100 HU, Gaussian PSF FWHM 1.0 -> CTp 722; 3.0 -> 318"."""
    found = profile(blurred_shell(fwhm), wall())
    assert found.peak_hu[0] == pytest.approx(peak, abs=6)
    assert not found.second_peak[0]


def test_peak_is_found_off_the_label_surface():
    """The label's surface may lie beside the cortex: the ray looks 4 mm to both sides."""
    volume = blurred_shell(1.0, shells=((1.5, 0.5),))
    assert profile(volume, wall()).peak_hu[0] == pytest.approx(722, abs=8)


def test_oblique_normal_meets_the_same_peak():
    found = read(blurred_shell(1.0), wall(normal=(0.0, 0.6, 0.8)), RAYS)
    assert found.peak_hu[0] == pytest.approx(722, abs=8)


def test_second_peak_and_outside():
    volume = blurred_shell(0.8, shells=((-0.8, 0.5), (0.8, 0.5)), outside=30.0)
    found = profile(volume, wall())
    assert found.second_peak[0]
    assert found.outside_hu[0] == pytest.approx(30, abs=12)
    far = profile(blurred_shell(0.8, shells=((-2.0, 0.5), (2.0, 0.4))), wall())
    assert not far.second_peak[0]


def test_noise_makes_no_second_peak():
    rng = np.random.default_rng(5)
    line = 180 * np.exp(-((np.arange(33) - 16.0) ** 2) / 18)
    noisy = line + rng.normal(0, 20, (200, 33))
    assert second_peak(noisy, 8, 100).mean() < 0.02


def test_second_peak_by_a_slow_reference():
    """Every pair of samples compared one by one."""
    rng = np.random.default_rng(6)
    values = rng.normal(0, 100, (60, 20)).cumsum(axis=1)
    expected = []
    for line in values:
        top = int(line.argmax())
        found = False
        for k in range(max(0, top - 6), min(20, top + 7)):
            between = line[min(top, k) : max(top, k) + 1].min()
            found |= line[k] - between >= 100 and line[top] - between >= 100
        expected.append(found)
    assert second_peak(values, 6, 100).tolist() == expected


def test_rays_that_leave_the_image_are_not_a_number():
    found = profile(blurred_shell(1.0), wall(points=((0, 0, 0), (0, 0, 7.0), (30, 0, 0))))
    assert np.isfinite(found.peak_hu).tolist() == [True, False, False]
    assert not found.second_peak[1:].any()


def test_empty_wall_and_the_numbers_table():
    found = profile(blurred_shell(1.0), wall(points=np.zeros((0, 3))))
    assert found.peak_hu.shape == (0,)
    table = catalogue.table("cortex_rays")
    assert {name: row["value"] for name, row in table.items()} == {
        name: getattr(RAYS, name) for name in Rays.__dataclass_fields__
    }
    assert all(row["mark"] == "E" for row in table.values())


def test_moving_the_patient_changes_nothing():
    volume = blurred_shell(1.0)
    affine = np.array(volume.grid.affine_lps_mm)
    turn = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], float)
    moved = Volume(
        array=volume.array.copy(),
        grid=Grid(
            shape_ijk=volume.grid.shape_ijk,
            affine_lps_mm=np.block(
                [[turn @ affine[:3, :3], (turn @ affine[:3, 3:] + 7)], [np.zeros((1, 3)), np.ones((1, 1))]]
            ),
        ),
        quantity="attenuation",
        unit="[hnsf'U]",
    )
    there = wall(points=(turn @ np.zeros(3) + 7)[None], normal=turn @ np.array([0, 0, 1.0]))
    assert profile(moved, there).peak_hu[0] == pytest.approx(profile(volume, wall()).peak_hu[0])
