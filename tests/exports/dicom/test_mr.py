"""Classic MR images: one volume, and series of b-values, echoes and time points."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinemets.exports.dicom.about import Code, Contrast, PrivateElement
from spinemets.exports.dicom.mr import MrFacts, MrPoint, acquisition_matrix, temporal_positions, write_mr
from spinemets.exports.dicom.stored import Scale
from spinemets.ingest.read import read
from spinemets.model.acquisition import Diffusion
from spinemets.model.errors import UsageError

# What dciodvfy says of things that scanners write although the standard has no place or word for them.
MAGNITUDE = "Unrecognized defined term = <M>"
NOT_IN_IOD = {
    "scaled": ("RescaleIntercept", "RescaleSlope", "RescaleType"),
    "diffusion": ("DiffusionBValue", "DiffusionGradientOrientation"),
    "average": ("DiffusionBValue", "DiffusionDirectionality"),
}


@pytest.fixture
def facts() -> MrFacts:
    """T1 spin echo."""
    return MrFacts(
        slice_thickness_mm=4.0, scanning_sequence=("SE",), sequence_variant=("SK",), scan_options=("SP",), tr_ms=550.0,
        te_ms=10.0, flip_deg=90.0, echo_train_length=3, bandwidth_hz_per_px=200.0, field_t=1.5, phase_direction="ROW",
        image_type=("ORIGINAL", "PRIMARY", "M", "SE"),
    )  # fmt: skip


@pytest.fixture
def signal():
    """Noise of 12 bits."""

    def build(shape=(6, 8, 5)):
        return np.random.default_rng(5).integers(0, 4096, shape).astype(np.uint16)

    return build


DIRECTIONS = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@pytest.fixture
def dwi(facts) -> MrFacts:
    """b = 0 and three directions of b = 400, then an average of b = 800."""
    weightings = [Diffusion(b_s_per_mm2=0.0)]
    weightings += [Diffusion(b_s_per_mm2=400.0, direction_lps=v) for v in DIRECTIONS]
    weightings += [Diffusion(b_s_per_mm2=800.0, averaged=True)]
    points = tuple(MrPoint(diffusion=one, start_s=30.0 * t) for t, one in enumerate(weightings))
    return replace(
        facts, scanning_sequence=("SE", "EP"), scan_options=("FS",), tr_ms=3000.0, te_ms=75.0, points=points,
        phase_direction="COL", image_type=("ORIGINAL", "PRIMARY", "DIFFUSION"),
    )  # fmt: skip


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
@pytest.mark.parametrize("slices", [1, 5])
def test_comes_back(
    *, orientation, slices, about, facts, signal, make_grid, volume_of, read_back, assert_same, tmp_path
):
    """Every orientation, slices with gaps, a single slice: same signal at the same places, and how it was made."""
    spacing = (0.7, 0.9, 4.4 if slices > 1 else 4.0)
    grid, array = make_grid(orientation, spacing, (6, 8, slices)), signal((6, 8, slices))
    write_mr(volume_of(array, grid), tmp_path, about, facts)
    ((series, volume),) = read_back(tmp_path)
    assert_same(volume, array, grid)
    made = series.acquisition
    assert (made.tr_s, made.te_s, made.flip_deg, made.echo_train_length) == (0.55, 0.01, 90.0, 3)
    assert (made.field_t, made.bandwidth_hz_per_px, made.phase_encoding) == (1.5, 200.0, "ROW")
    assert (made.slice_thickness_mm, made.ti_s, series.warnings) == (4.0, None, ())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    low=st.floats(-1e4, 0), high=st.floats(1e-3, 1e6), per_image=st.booleans(), orientation=st.sampled_from(["axial", "oblique"])
)  # fmt: skip
def test_float_values_come_back_within_half_a_step(
    *, low, high, per_image, orientation, about, facts, make_grid, volume_of, tmp_path_factory
):
    """Property: any real values, negative ones too, one slope for all or one an image: half a step away at most."""
    folder, grid = tmp_path_factory.mktemp("mr"), make_grid(orientation)
    array = np.random.default_rng(2).uniform(low, high, (6, 8, 5))
    write_mr(volume_of(array, grid), folder, about, replace(facts, scale=Scale(per_image=per_image)))
    (series,) = read([folder]).series
    step = np.abs(array).max() / 32767
    assert np.abs(series.pixels().array - array).max() <= 0.51 * step + 1e-6 * np.abs(array).max()
    np.testing.assert_allclose(series.grid.corners_lps_mm, grid.corners_lps_mm, atol=1e-4)


@pytest.mark.parametrize(("low", "high", "signed", "bits"), [
    (0, 4095, 0, 12), (0, 4096, 0, 16), (0, 65535, 0, 16), (-1, 100, 1, 16), (-32768, 32767, 1, 16),
])  # fmt: skip
def test_whole_numbers_stay_as_they_are(
    *, low, high, signed, bits, about, facts, make_grid, volume_of, read_back, tmp_path
):
    """Whole numbers of 16 bits need no slope and get none; negative ones (phase, real part) are stored signed."""
    array = np.full((6, 8, 5), 7, np.int32)
    array[0, 0, 0], array[1, 1, 1] = low, high
    d = pydicom.dcmread(write_mr(volume_of(array, make_grid()), tmp_path, about, facts)[0])
    assert (d.PixelRepresentation, d.BitsStored) == (signed, bits) and "RescaleSlope" not in d
    ((_, volume),) = read_back(tmp_path)
    np.testing.assert_array_equal(volume.array, array)


def test_slopes_as_stated(*, about, facts, make_grid, volume_of, read_back, tmp_path):
    """Slope and intercept of the caller, one an image: the header states them and the values obey them."""
    array = np.random.default_rng(3).uniform(0, 100, (6, 8, 5))
    slopes, intercepts = (0.01, 0.02, 0.03, 0.04, 0.05), (0.0, -1.0, -2.0, -3.0, -4.0)
    stated = replace(facts, scale=Scale(slope=slopes, intercept=intercepts))
    files = write_mr(volume_of(array, make_grid()), tmp_path, about, stated)
    headers = [pydicom.dcmread(f) for f in files]
    assert [(float(d.RescaleSlope), float(d.RescaleIntercept)) for d in headers] == list(
        zip(slopes, intercepts, strict=True)
    )
    ((_, volume),) = read_back(tmp_path)
    assert np.abs(volume.array - array).max() <= 0.0251


def test_complete_modules(*, about, facts, dwi, signal, make_grid, volume_of, verify, tmp_path):
    """dciodvfy prints no error; its warnings are about what scanners write beside the standard."""
    grid = make_grid("sagittal")
    agent = Contrast(
        agent="Gadobutrol", code=Code(value="407976008", scheme="SCT", meaning="Gadobutrol"), volume_ml=7.0,
        given=datetime(2020, 1, 1, 11, 55),
    )  # fmt: skip
    (first, *_) = write_mr(
        volume_of(signal(), grid), tmp_path / "t1", about, replace(facts, contrast=agent, matrix=(320, 240))
    )
    verify(first, MAGNITUDE)
    stir = replace(facts, scanning_sequence=("SE", "IR"), ti_ms=165.0, sequence_name="tir", acquisition_3d=True)
    (first, *_) = write_mr(volume_of(signal() * 0.37, grid), tmp_path / "stir", about, stir)
    verify(first, MAGNITUDE, *NOT_IN_IOD["scaled"])
    *_, weighted, averaged = write_mr(
        volume_of(signal((6, 8, 1, 5)), make_grid(shape_ijk=(6, 8, 1))), tmp_path / "d", about, dwi
    )
    verify(weighted, "Unrecognized defined term = <DIFFUSION>", *NOT_IN_IOD["diffusion"])
    verify(averaged, "Unrecognized defined term = <DIFFUSION>", *NOT_IN_IOD["average"])
    derived = replace(facts, image_type=("DERIVED", "SECONDARY", "OTHER"), derivation="ADC of b 0 and 400", te_ms=None)
    (first, *_) = write_mr(volume_of(signal(), grid), tmp_path / "adc", about, derived)
    verify(first)


def test_diffusion_comes_back(*, about, dwi, signal, make_grid, volume_of, read_back, assert_same, tmp_path):
    """One volume of the reader for each of the series, in order, with b-value, direction and time."""
    grid, array = make_grid("sagittal"), signal((6, 8, 5, 5))
    write_mr(volume_of(array, grid), tmp_path, about, dwi)
    found = read_back(tmp_path)
    assert len(found) == 5
    for t, (series, volume) in enumerate(found):
        assert_same(volume, array[..., t], grid)
        weighting, stated = series.acquisition.diffusion, dwi.points[t].diffusion
        assert weighting.b_s_per_mm2 == stated.b_s_per_mm2
        assert weighting.direction_lps == stated.direction_lps
        assert bool(weighting.averaged) == bool(stated.averaged)
        assert (series.acquisition.time_s, series.acquisition.temporal_position) == (30.0 * t, t + 1)


def test_echoes_and_inversions_come_back(
    *, about, facts, signal, make_grid, volume_of, read_back, assert_same, tmp_path
):
    """Echo times with their numbers, inversion times, flip angles: what each volume states is what it was made with."""
    grid, array = make_grid(), signal((6, 8, 5, 3))
    points = tuple(MrPoint(te_ms=2.3 * n, echo_number=n) for n in (1, 2, 3))
    gre = replace(facts, scanning_sequence=("GR",), sequence_variant=("SP",), te_ms=None, points=points)
    write_mr(volume_of(array, grid), tmp_path / "echoes", about, gre)
    found = read_back(tmp_path / "echoes")
    for t, (series, volume) in enumerate(found):
        assert_same(volume, array[..., t], grid)
        assert series.acquisition.te_s == pytest.approx(2.3e-3 * (t + 1))
        assert (series.acquisition.echo_number, series.acquisition.time_s) == (t + 1, None)
    points = tuple(
        MrPoint(ti_ms=ti, flip_deg=flip, tr_ms=tr) for ti, flip, tr in ((50, 3, 10), (400, 15, 10), (400, 15, 20))
    )
    write_mr(volume_of(array, grid), tmp_path / "ti", about, replace(facts, scanning_sequence=("IR",), points=points))
    made = [series.acquisition for series, _ in read_back(tmp_path / "ti")]
    assert [(a.ti_s, a.flip_deg, a.tr_s) for a in made] == [(0.05, 3, 0.01), (0.4, 15, 0.01), (0.4, 15, 0.02)]


def test_components_come_back(*, about, facts, signal, make_grid, volume_of, read_back, tmp_path):
    """Magnitude and phase of one series are told apart by their image type; phase is signed."""
    array = np.stack([signal(), signal().astype(np.int32) - 2048], axis=-1)
    points = tuple(MrPoint(image_type=("ORIGINAL", "PRIMARY", word)) for word in ("M", "P"))
    write_mr(volume_of(array, make_grid()), tmp_path, about, replace(facts, points=points))
    found = read_back(tmp_path)
    assert [series.acquisition.complex_component for series, _ in found] == ["MAGNITUDE", "PHASE"]
    for t, (_, volume) in enumerate(found):
        np.testing.assert_array_equal(volume.array, array[..., t])


def test_time_points_come_back(*, about, facts, signal, make_grid, volume_of, read_back, assert_same, tmp_path):
    """A dynamic series: each volume with its time after the first."""
    grid, array = make_grid(), signal((6, 8, 5, 4))
    points = tuple(MrPoint(start_s=3.7 * t) for t in range(4))
    write_mr(volume_of(array, grid), tmp_path, about, replace(facts, points=points))
    for t, (series, volume) in enumerate(read_back(tmp_path)):
        assert_same(volume, array[..., t], grid)
        assert series.acquisition.time_s == pytest.approx(3.7 * t, abs=1e-6)


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
def test_other_readers_agree(*, orientation, about, facts, make_grid, volume_of, assert_converted, tmp_path):
    """dcm2niix gives the same values, scaled, at the same places."""
    grid, array = make_grid(orientation), np.random.default_rng(8).uniform(-3.0, 50.0, (6, 8, 5))
    write_mr(volume_of(array, grid), tmp_path, about, facts)
    assert_converted(tmp_path, array, grid, atol=50 / 32767)


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
def test_simpleitk_agrees(*, orientation, about, facts, make_grid, volume_of, assert_sitk, tmp_path):
    """SimpleITK gives the same values, scaled, at the same places."""
    grid, array = make_grid(orientation), np.random.default_rng(8).uniform(-3.0, 50.0, (6, 8, 5))
    assert_sitk(write_mr(volume_of(array, grid), tmp_path, about, facts), array, grid, atol=50 / 32767)


def test_converter_keeps_the_order_of_a_diffusion_series(
    *, about, dwi, signal, make_grid, volume_of, assert_converted, tmp_path
):
    """dcm2niix stacks the volumes of a series in the order they were written."""
    grid, array = make_grid("sagittal"), signal((6, 8, 5, 4))
    write_mr(volume_of(array, grid), tmp_path, about, replace(dwi, points=dwi.points[:4]))
    assert_converted(tmp_path, array, grid)


def test_private_elements(*, about, facts, signal, make_grid, volume_of, read_back, tmp_path):
    """A vendor's b-value in its own element is a flag of the case: the reader finds it there."""
    element = PrivateElement(creator="SIEMENS MR HEADER", group=0x0019, element=0x0C, vr="IS", value="800")
    maker = replace(about.equipment, manufacturer="SIEMENS")
    shared = PrivateElement(creator="SPINEMETS", group=0x0099, element=0x01, vr="LO", value="flavour")
    stated = replace(facts, points=(MrPoint(private=(element,)),))
    files = write_mr(
        volume_of(signal(), make_grid()), tmp_path, replace(about, equipment=maker, private=(shared,)), stated
    )
    ((series, _),) = read_back(tmp_path)
    assert series.acquisition.b_values_s_per_mm2 == (800.0,)
    assert pydicom.dcmread(files[4]).private_block(0x0099, "SPINEMETS")[0x01].value == "flavour"


def test_padding_comes_back(*, about, facts, signal, make_grid, volume_of, read_back, verify, tmp_path):
    """Where nothing was measured the file says so, and neither window nor extremes count it."""
    empty = np.zeros((6, 8, 5), bool)
    empty[:, 3] = True
    files = write_mr(volume_of(signal(), make_grid(), padding=empty), tmp_path, about, replace(facts, field_t=None))
    verify(files[0], MAGNITUDE)
    d = pydicom.dcmread(files[0])
    assert "SmallestImagePixelValue" not in d and float(d.WindowCenter) > 0 and "MagneticFieldStrength" not in d
    ((_, volume),) = read_back(tmp_path)
    np.testing.assert_array_equal(volume.padding, empty)
    np.testing.assert_array_equal(volume.array[~empty], signal()[~empty])


def test_matrix_follows_the_phase_direction(facts):
    """Acquisition Matrix: "frequency rows, frequency columns, phase rows, phase columns"."""
    assert acquisition_matrix(replace(facts, matrix=(320, 240), phase_direction="ROW")) == [0, 320, 240, 0]
    assert acquisition_matrix(replace(facts, matrix=(320, 240), phase_direction="COL")) == [320, 0, 0, 240]


def test_temporal_positions():
    """Times are numbered in their order; without times there are no numbers."""
    assert temporal_positions(tuple(MrPoint(start_s=s) for s in (0.0, 8.0, 4.0, 8.0))) == [1, 3, 2, 3]
    assert temporal_positions((MrPoint(), MrPoint())) is None


@pytest.mark.parametrize(("points", "said"), [
    ((MrPoint(), MrPoint()), "1 volumes and 2 points"),
    ((), "1 volumes and 0 points"),
])  # fmt: skip
def test_points_and_volumes_must_be_as_many(*, points, said, about, facts, signal, make_grid, volume_of, tmp_path):
    """A volume that nothing describes is refused, before any file is written."""
    with pytest.raises(UsageError, match=said):
        write_mr(volume_of(signal(), make_grid()), tmp_path / "s", about, replace(facts, points=points))
    assert not (tmp_path / "s").exists()


def test_half_stated_times_are_refused(*, about, facts, signal, make_grid, volume_of, tmp_path):
    """Some volumes with a time and some without cannot be put in order."""
    points = (MrPoint(start_s=0.0), MrPoint())
    with pytest.raises(UsageError, match="State all or none"):
        write_mr(volume_of(signal((6, 8, 5, 2)), make_grid()), tmp_path, about, replace(facts, points=points))
