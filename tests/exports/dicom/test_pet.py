"""PET images: activity with a slope for each image, and what an SUV needs."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinemets.exports.dicom.pet import PetFacts, PetFrame, mean_time_s, write_pet
from spinemets.exports.dicom.stored import Scale
from spinemets.exports.dicom.tracer import FDG, Radiopharmaceutical
from spinemets.ingest.read import read
from spinemets.model.errors import UsageError

ACTIVITY = {"quantity": "activity", "unit": "Bq/mL"}
HALF_LIFE_S = 6586.2


@pytest.fixture
def facts(about) -> PetFacts:
    """FDG, 60 min after injection, one bed position of 2 min."""
    return PetFacts(
        tracer=Radiopharmaceutical(
            agent="Fluorodeoxyglucose", nuclide="F-18", dose_bq=3.1e8, injected=about.acquired - timedelta(minutes=60),
            code=FDG, positron_fraction=0.967,
        ),
        slice_thickness_mm=3.0, frames=(PetFrame(start_s=0.0, duration_s=120.0),),
    )  # fmt: skip


@pytest.fixture
def activity():
    """Activity that differs much from slice to slice."""

    def build(shape=(6, 8, 5)):
        array = np.random.default_rng(9).gamma(2.0, 3000.0, shape)
        return array * np.array([1.0, 10.0, 0.1, 100.0, 1e-3])[: shape[2]].reshape((1, 1, -1) + (1,) * (len(shape) - 3))

    return build


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
@pytest.mark.parametrize("slices", [1, 5])
def test_comes_back(*, orientation, slices, about, facts, activity, make_grid, volume_of, read_back, tmp_path):
    """Each slice comes back within half a step of its own slope, at the same places, as activity."""
    grid, array = make_grid(orientation, (4.0, 4.0, 3.0), (6, 8, slices)), activity((6, 8, slices))
    files = write_pet(volume_of(array, grid, **ACTIVITY), tmp_path, about, facts)
    ((series, volume),) = read_back(tmp_path)
    np.testing.assert_allclose(volume.grid.corners_lps_mm, grid.corners_lps_mm, atol=1e-3)
    steps = np.array([float(pydicom.dcmread(f).RescaleSlope) for f in files])
    assert (np.abs(volume.array - array) <= 0.51 * steps + 1e-6 * array).all()
    assert (volume.quantity, volume.unit, series.warnings) == ("activity", "Bq/mL", ())


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(low=st.floats(-1e3, 0), high=st.floats(1e-3, 1e7), zeros=st.booleans())
def test_any_activity_comes_back(*, low, high, zeros, about, facts, make_grid, volume_of, tmp_path_factory):
    """Property: negative noise, empty slices, huge and tiny values."""
    folder, array = tmp_path_factory.mktemp("pet"), np.random.default_rng(2).uniform(low, high, (6, 8, 5))
    if zeros:
        array[..., 2] = 0.0
    write_pet(volume_of(array, make_grid(), **ACTIVITY), folder, about, facts)
    (series,) = read([folder]).series
    largest = np.abs(array).max(axis=(0, 1))
    assert (np.abs(series.pixels().array - array) <= largest / 32767 * 0.51 + 1e-6 * largest).all()


def test_tracer_comes_back(*, about, facts, activity, make_grid, volume_of, read_back, tmp_path):
    """What an SUV needs: dose in becquerels, half-life, injection, scan, units, corrections."""
    write_pet(volume_of(activity(), make_grid(), **ACTIVITY), tmp_path, about, facts)
    ((series, _),) = read_back(tmp_path)
    tracer = series.acquisition.tracer
    assert (tracer.dose_bq, tracer.half_life_s, tracer.positron_fraction) == (3.1e8, HALF_LIFE_S, 0.967)
    assert (tracer.injected_at, tracer.acquired_at) == ("2020-01-01T11:00:00", "2020-01-01T12:00:00")
    assert (tracer.units, tracer.decay_correction) == ("BQML", "START")
    assert tracer.corrections == ("DECY", "ATTN", "SCAT", "DTIM", "RAN", "NORM")
    assert (tracer.agent, tracer.nuclide) == ("Fluorodeoxyglucose", "^18^Fluorine")
    assert (tracer.frame_duration_s, series.acquisition.patient_position) == (120.0, "HFS")


@pytest.mark.parametrize(("correction", "waited_s"), [("START", 0.0), ("ADMIN", 3600.0)])
def test_decay_factor(*, correction, waited_s, about, facts, activity, make_grid, volume_of, tmp_path):
    """PS3.3 C.8.9.1.1.5: the moment of the correction follows from decay factor, reference time and half-life."""
    frames = (PetFrame(start_s=0.0, duration_s=60.0), PetFrame(start_s=600.0, duration_s=300.0))
    dynamic = replace(facts, decay_correction=correction, frames=frames)
    files = write_pet(volume_of(activity((6, 8, 5, 2)), make_grid(), **ACTIVITY), tmp_path, about, dynamic)
    for n, frame in ((0, frames[0]), (7, frames[1])):
        d = pydicom.dcmread(files[n])
        reference_s = float(d.FrameReferenceTime) / 1e3
        assert frame.start_s < reference_s < frame.start_s + frame.duration_s / 2
        corrected_to_s = reference_s - math.log2(float(d.DecayFactor)) * HALF_LIFE_S
        assert corrected_to_s == pytest.approx(-waited_s, abs=1e-3)
        assert d.ActualFrameDuration == frame.duration_s * 1e3


def test_without_decay_correction(*, about, facts, activity, make_grid, volume_of, read_back, verify, tmp_path):
    """An uncorrected series says so: neither factor nor DECY, nor ATTN; the reader warns of both."""
    raw = replace(facts, decay_correction="NONE", corrections=())
    files = write_pet(volume_of(activity(), make_grid(), **ACTIVITY), tmp_path, about, raw)
    verify(files[0])
    assert "DecayFactor" not in pydicom.dcmread(files[0])
    ((series, _),) = read_back(tmp_path)
    assert series.acquisition.tracer.decay_correction == "NONE"
    assert sum("not corrected" in text for text in series.warnings) == 2


def test_mean_time():
    """C.8.9.4.1.5: "T_ave will be sooner than the midpoint"; for a long-lived nuclide it is the midpoint."""
    decay = math.log(2) / HALF_LIFE_S
    assert mean_time_s(120.0, 1e-12) == pytest.approx(60.0, rel=1e-6)
    found = mean_time_s(3600.0, decay)
    seconds = np.linspace(0, 3600, 100_001)
    mean = np.trapezoid(np.exp(-decay * seconds), seconds) / 3600.0
    assert found < 1800.0 and math.exp(-decay * found) == pytest.approx(mean, rel=1e-9)


def test_frames_come_back(*, about, facts, activity, make_grid, volume_of, read_back, tmp_path):
    """A dynamic series is one volume a frame, each with its time."""
    frames = tuple(PetFrame(start_s=60.0 * t, duration_s=60.0) for t in range(3))
    array = activity((6, 8, 5, 3))
    files = write_pet(volume_of(array, make_grid(), **ACTIVITY), tmp_path, about, replace(facts, frames=frames))
    assert [pydicom.dcmread(f).ImageIndex for f in files] == list(range(1, 16))
    for t, (series, volume) in enumerate(read_back(tmp_path)):
        np.testing.assert_allclose(volume.array, array[..., t], atol=array.max() / 60000, rtol=1e-4)
        assert series.acquisition.time_s == pytest.approx(60.0 * t, abs=1e-4)


def test_complete_modules(*, about, facts, activity, make_grid, volume_of, verify, tmp_path):
    """dciodvfy has nothing to say of static, dynamic, whole-body and SUV images, prone or feet first too."""
    volume = volume_of(activity(), make_grid(), **ACTIVITY)
    frames = tuple(PetFrame(start_s=60.0 * t, duration_s=60.0) for t in range(2))
    kinds = {
        "static": (volume, facts, about),
        "whole": (volume, replace(facts, series_type="WHOLE BODY"), replace(about, body_part="WHOLEBODY", patient_position="FFP")),
        "dynamic": (volume_of(activity((6, 8, 5, 2)), make_grid()), replace(facts, frames=frames), about),
        "suv": (volume, replace(facts, units="GML", suv_type="BW", kernel="XYZ Gauss2.00"), about),
    }  # fmt: skip
    for name, (one, how, who) in kinds.items():
        verify(write_pet(one, tmp_path / name, who, how)[-1])


@pytest.mark.parametrize("orientation", ["axial", "oblique"])
def test_other_readers_agree(*, orientation, about, facts, activity, make_grid, volume_of, assert_converted, tmp_path):
    """dcm2niix gives the same activity at the same places."""
    grid, array = make_grid(orientation, (4.0, 4.0, 3.0)), activity()
    write_pet(volume_of(array, grid, **ACTIVITY), tmp_path, about, facts)
    assert_converted(tmp_path, array, grid, atol=array.max() / 60000)


def test_converter_keeps_the_order_of_frames(
    *, about, facts, activity, make_grid, volume_of, assert_converted, tmp_path
):
    """dcm2niix stacks frames by their time."""
    grid, array = make_grid("axial", (4.0, 4.0, 3.0)), activity((6, 8, 5, 3))
    frames = tuple(PetFrame(start_s=60.0 * t, duration_s=60.0) for t in range(3))
    write_pet(volume_of(array, grid, **ACTIVITY), tmp_path, about, replace(facts, frames=frames))
    assert_converted(tmp_path, array, grid, atol=array.max() / 60000)


@pytest.mark.parametrize("orientation", ["axial", "oblique"])
def test_simpleitk_agrees(*, orientation, about, facts, activity, make_grid, volume_of, assert_sitk, tmp_path):
    """SimpleITK gives the same activity at the same places (one slope for all: it takes that of the first file)."""
    grid, array = make_grid(orientation, (4.0, 4.0, 3.0)), activity()
    one = replace(facts, scale=Scale())
    files = write_pet(volume_of(array, grid, **ACTIVITY), tmp_path, about, one)
    assert_sitk(files, array, grid, atol=array.max() / 60000)


@pytest.mark.parametrize(("change", "said"), [
    ({"frames": ()}, "1 volumes and 0 frames"),
    ({"frames": (PetFrame(start_s=0.0, duration_s=0.0),)}, "longer than 0 s"),
    ({"decay_correction": "SCAN"}, "not one of NONE, START, ADMIN"),
    ({"scale": Scale(intercept=-1.0)}, "intercept of a PET image is 0"),
    ({"tracer": "unknown nuclide"}, "'X-1' is not known"),
])  # fmt: skip
def test_refused(*, change, said, about, facts, activity, make_grid, volume_of, tmp_path):
    """Facts that contradict each other or the standard are refused in one line, and nothing is written."""
    if "tracer" in change:
        change = {"tracer": replace(facts.tracer, nuclide="X-1")}
    with pytest.raises(UsageError, match=said):
        write_pet(volume_of(activity(), make_grid(), **ACTIVITY), tmp_path, about, replace(facts, **change))
    assert list(tmp_path.iterdir()) == []
