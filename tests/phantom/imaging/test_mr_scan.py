"""The scanner's part of an MR slice: each effect on spots and steps whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from spinemets.phantom.imaging import mr_scan
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_scan import Surroundings
from spinemets.phantom.imaging.mr_signals import fat_turn
from spinemets.phantom.shape.block import Block
from spinemets.physics import mr_artefacts, noise

NOTHING = Surroundings()
WHOLE = {"acquired_share": (1.0, 1.0)}


def quiet():
    """A generator, and no noise."""
    return np.random.default_rng(1), 0.0


def spot(shape=(64, 96), at=(30, 40)):
    """A soft spot."""
    i, j = np.indices(shape)
    return np.exp(-((i - at[0]) ** 2 + (j - at[1]) ** 2) / 18.0).astype(np.float32)


@pytest.mark.parametrize("spacing_ms", [0.0, 0.35])
def test_fat_is_displaced_along_one_direction(spacing_ms):
    """A spot of fat moves along the readout (j), in echo planar images along the lines (i), by the shift of its frequency."""
    i, j = np.indices((64, 96))
    protocol = replace(default("dwi"), echo_spacing_ms=spacing_ms, bandwidth_hz_per_px=60.0, **WHOLE)
    image = np.abs(mr_scan.scan((np.zeros((64, 96), np.float32), spot()), protocol, NOTHING, quiet()))
    found = [float((axis * image).sum() / image.sum()) for axis in (i, j)]
    epi = mr_artefacts.epi_chemical_shift_px(field_t=1.5, echo_spacing_ms=0.35, n_lines=64)
    read = noise.chemical_shift_px(field_t=1.5, bandwidth_hz_per_px=60.0)
    expected = (30 + epi, 40) if spacing_ms else (30, 40 + read)
    assert found == pytest.approx(expected, abs=0.1) and 3 <= abs(epi) <= 8


@pytest.mark.parametrize("sequence", ["in_phase", "opposed_phase", "in_phase_3t", "opposed_phase_3t"])
def test_fat_turns_against_water(sequence):
    """Equal pools: what is left is half of |1 + phasor|; a field that is off everywhere alike changes no magnitude."""
    protocol = replace(default(sequence), bandwidth_hz_per_px=1e9, **WHOLE)
    half = np.full((16, 16), 0.5, np.float32)
    for around in (NOTHING, Surroundings(offset_hz=np.full((16, 16), 70.0, np.float32))):
        image = np.abs(mr_scan.scan((half, half), protocol, around, quiet()))
        assert image == pytest.approx(np.full((16, 16), abs(1 + fat_turn(protocol)) / 2), abs=1e-5)


def test_fat_suppression_fails_where_the_field_is_off():
    """What is left of fat follows the band; water stays, and so does fat where nothing suppresses it."""
    offset = np.broadcast_to(np.linspace(0.0, 200.0, 32, dtype=np.float32)[:, None], (32, 8))
    around = Surroundings(offset_hz=offset)
    fat = np.full((32, 8), 0.05, np.float32)
    turned = mr_scan._turned((np.ones((32, 8), np.float32), fat), default("t2_fs"), offset)
    expected = mr_artefacts.residual_fat(b0_offset_hz=offset, band_sigma_hz=60.0)
    assert turned[1] == pytest.approx(np.asarray(expected), rel=1e-5) and (turned[0] == 1.0).all()
    plain = replace(default("t2"), bandwidth_hz_per_px=1e9)
    shapes = [np.abs(mr_scan.scan((fat, fat), plain, one, quiet())) for one in (NOTHING, around)]
    assert np.array_equal(*shapes)


def test_phases_of_a_field():
    """Water turns by the field until the echo, fat against it as well; 12 bits, half a turn = 4096, none above -4096 to 4094."""
    protocol = replace(default("dixon_phase"), bandwidth_hz_per_px=1e9, **WHOLE).at(2)
    offset = np.broadcast_to(np.linspace(-200.0, 200.0, 16, dtype=np.float32)[:, None], (16, 8))
    around, full, none = Surroundings(offset_hz=offset), np.ones((16, 8), np.float32), np.zeros((16, 8), np.float32)
    for pools, own in (((full, none), 1.0), ((none, full), fat_turn(protocol))):
        found = mr_scan.stored(mr_scan.scan(pools, protocol, around, quiet()), protocol, 1.0)
        expected = np.angle(own * np.exp(2j * np.pi * offset * 3.2e-3)) * 4096 / np.pi
        apart = (found - expected + 4096) % 8192 - 4096
        assert np.abs(apart).max() <= 1.1
    turns = np.exp(1j * np.linspace(-np.pi, np.pi, 4001)).astype(np.complex64)
    found = mr_scan.stored(turns, protocol, 1.0)
    assert (found.min(), found.max()) == (-4096, 4094) and not (found % 2).any()


def test_magnitudes_as_they_are_stored():
    """Scaled, rounded, cut off at 12 bits."""
    found = mr_scan.stored(np.array([0.0, 3j, -4.26, 600.0], np.complex64), default("dixon"), 10.0)
    assert found.tolist() == [0.0, 30.0, 43.0, 4095.0]


def test_motion_turns_lines():
    """A wave across the phase direction lies in two lines of k-space: each is turned by where the patient was then."""
    n, waves, period = 180, 12, 7.0
    i = np.arange(n)[:, None]
    wave = np.broadcast_to(np.cos(2 * np.pi * waves * i / n), (n, 16)).astype(np.float32)
    protocol = replace(default("t1"), motion_mm=2.0, pixel_mm=0.85, motion_period_lines=period, **WHOLE)
    mean = np.full((n, 16), 4.0, np.float32)
    image = np.abs(mr_scan.scan((mean + wave, np.zeros_like(mean)), protocol, NOTHING, quiet()))
    still = np.abs(mr_scan.scan((mean + wave, np.zeros_like(mean)), replace(protocol, motion_mm=0.0), NOTHING, quiet()))
    assert still == pytest.approx(mean + wave, abs=1e-4)
    away_px = 2.0 / 0.85 * np.sin(2 * np.pi * waves / period)
    assert image == pytest.approx(np.abs(4.0 + wave * np.exp(-2j * np.pi * waves / n * away_px)), abs=1e-4)


def test_an_edge_has_ghosts_where_they_belong():
    """A bright spot that moves to and fro leaves weaker copies a ninth of the picture away."""
    n = 180
    pool = spot((n, 16), (90, 8))
    protocol = replace(default("t1"), motion_mm=1.0, motion_period_lines=9.0, bandwidth_hz_per_px=1e9, **WHOLE)
    image = np.abs(mr_scan.scan((pool, np.zeros_like(pool)), protocol, NOTHING, quiet()))
    away = int(mr_artefacts.ghost_shift_px(order=1, n_lines=n, period_lines=9.0))
    middle = image[:, 8]
    for place in (90 - away, 90 + away):
        assert 0.02 < middle[place - 3 : place + 4].max() < 0.6
    assert middle[90 + away // 2] < 0.3 * middle[90 + away - 3 : 90 + away + 4].max()


def test_posterior_coil(first_light, clean):
    """Bright at the skin of the back, dark in front, 1 at L3; the marrow of L3 keeps its value."""
    a = clean("t1", coil_radius_mm=60.0, n_slices=3)
    grid = first_light.grid(a)
    coil = mr_scan.surroundings(first_light.anatomy, a, grid, 1).coil
    centre = first_light.anatomy.frames["L3"].origin
    index = np.round(np.linalg.inv(grid.affine_lps_mm) @ [*centre, 1.0]).astype(int)
    assert coil[index[0], index[1]] == pytest.approx(1.0, abs=0.03)
    # i runs to the back.
    assert (np.diff(coil[:, 200]) >= -1e-6).all() and coil[-20, 200] > 2.0 and coil[0, 200] < 0.5
    even, shaded = (first_light.render("t1", one).array.astype(float) for one in (clean("t1", n_slices=3), a))
    _, y, z = Block.of_grid(grid).axes
    body = np.broadcast_to((y - centre[1]) ** 2 + (z - centre[2]) ** 2 < 9.0**2, grid.shape_ijk)
    assert shaded[body].mean() == pytest.approx(even[body].mean(), rel=0.06)
    ratio = ndimage.uniform_filter(shaded, (9, 9, 1)) / np.maximum(ndimage.uniform_filter(even, (9, 9, 1)), 1.0)
    assert ratio[60:-60, 100:260, 1] == pytest.approx(np.asarray(coil)[60:-60, 100:260], rel=0.25)


def test_corrected_coil(first_light, clean):
    """What correction leaves is the root of the sensitivity: a corrected share of 0.8 leaves its fifth root; 1 leaves nothing."""
    grid = first_light.grid(clean("t1"))
    whole, fifth, none = (
        mr_scan.surroundings(first_light.anatomy, clean("t1", coil_radius_mm=70.0, coil_corrected=c), grid, 8).coil
        for c in (0.0, 0.8, 1.0)
    )
    assert fifth == pytest.approx(whole**0.2, rel=1e-4)
    assert none == pytest.approx(np.ones_like(whole))
    # In the protocols: some tenths of a percent per mm at the spine.
    assert default("t1").coil_corrected == 0.8
    middle = np.log(fifth[:, 180])
    slope = np.diff(middle)[100:180].mean() / default("t1").pixel_mm
    assert 0.003 < slope < 0.007


def test_the_field_is_off_at_the_edge(normal):
    """0 in the middle, the stated offset half a picture away, as its square in between."""
    a = replace(default("t2_fs"), b0_offset_hz=120.0, n_slices=1)
    grid = normal.grid(a)
    offset = mr_scan.surroundings(normal.anatomy, a, grid, 0).offset_hz
    n_i, n_j, _ = grid.shape_ijk
    assert offset[n_i // 2, n_j // 2] == pytest.approx(0.0, abs=0.1)
    assert offset[n_i // 2, 0] == pytest.approx(120.0, rel=0.02)
    assert offset[n_i // 2, n_j // 4] == pytest.approx(30.0, rel=0.02)
    bright, dark = (
        normal.render("t2_fs", replace(a, noise=float("inf"), b0_offset_hz=hz)).array for hz in (150.0, 0.0)
    )
    edge = np.s_[:, -40:, 0]
    assert bright[edge].astype(float).mean() > 1.5 * dark[edge].astype(float).mean()


def test_truth_of_the_field(normal):
    """At the voxels of a slice the truth of a field map is the offset that turns them."""
    a = default("dixon_phase_3t")
    grid = normal.grid(a)
    offset = mr_scan.surroundings(normal.anatomy, a, grid, 3).offset_hz
    index = np.stack([*np.indices(grid.shape_ijk[:2]), np.full(grid.shape_ijk[:2], 3)], axis=-1)
    assert mr_scan.field_hz(a, grid, grid.to_lps_mm(index)) == pytest.approx(offset, abs=1e-3)
    assert (mr_scan.field_hz(default("dixon"), grid, grid.to_lps_mm(index)) == 0.0).all()


def test_thoracic_csf_loses_signal_to_flow(normal, clean):
    """T2 of the thoracic sac darkens in clouds, the lumbar sac and bone do not change."""
    a = clean("t2", n_slices=3)
    void = replace(a, csf_void=1.0)
    still, flowing = (normal.render("t2", one).array.astype(float)[:, :, 1] for one in (a, void))
    grid = normal.grid(a)
    z = np.broadcast_to(Block.of_grid(grid).axes[2], grid.shape_ijk)[:, :, 1]
    frames = normal.anatomy.frames
    thoracic, lumbar = z > frames["T11"].origin[2], z < frames["L2"].origin[2]
    csf = still > 0.9 * np.percentile(still, 99.5)
    assert flowing[csf & thoracic].mean() < 0.85 * still[csf & thoracic].mean()
    assert flowing[csf & lumbar] == pytest.approx(still[csf & lumbar], rel=0.02)
    kept = mr_scan.csf_kept(normal.anatomy, 1.0, grid, 1)
    assert kept.min() >= np.exp(-1.0) - 1e-6 and kept.max() == pytest.approx(1.0)


@pytest.mark.parametrize(
    "change", [{"coil_radius_mm": 60.0}, {"b0_offset_hz": 150.0}, {"motion_mm": 2.0}, {"csf_void": 0.8}]
)
def test_effects_leave_other_series_as_they_are(normal, change):
    """A disturbed series beside an even one: the even one has the bytes it has alone."""
    even, other = (replace(default(name), n_slices=2) for name in ("t1", "t2_fs"))
    together = normal.render_together((even, replace(other, **change)))
    assert np.array_equal(together[0].array, normal.render("t1", even).array)
    assert not np.array_equal(together[1].array, normal.render("t2_fs", other).array)
