"""Times of the volumes of one series: the first clock that all state and that moves, the source said."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.ingest.read import read


@pytest.fixture
def series(tmp_path, write_image, noise):
    """Series of several volumes of two images; one dictionary of elements a volume."""

    def build(*volumes: dict):
        n = 0
        for number, extra in enumerate(volumes):
            for z in (0.0, 3.0):
                n += 1
                own = {key: value[int(z > 0)] if isinstance(value, tuple) else value for key, value in extra.items()}
                values = {"Modality": "MR", "InstanceNumber": n, "AcquisitionNumber": number + 1} | own
                write_image(tmp_path / f"{n}", noise(4, 4, seed=n), (0, 0, z), **values)
        found = read([tmp_path]).series
        return [s.acquisition.time_s for s in found], {s.acquisition.time_source for s in found}

    return build


def test_trigger_time_in_milliseconds(series):
    """Times count from the first volume."""
    assert series(*({"TriggerTime": 100 + 500 * n} for n in range(3))) == ([0.0, 0.5, 1.0], {"TriggerTime"})


def test_trigger_time_missing_in_the_first_volume(series):
    """A clock that is not written at zero: even steps say what the missing one is, and the source says so."""
    times, (source,) = series(*({"TriggerTime": 500 * n or None} for n in range(4)))
    assert times == [0.0, 0.5, 1.0, 1.5]
    assert source.startswith("TriggerTime (not stated in the first volume")


def test_an_uneven_clock_with_a_gap_is_not_completed(series):
    """500, 700, 1900 ms: the missing time is not known, and none is claimed."""
    assert series(*({"TriggerTime": t} for t in (None, 500, 700, 1900))) == ([None] * 4, {""})


def test_a_clock_that_stands_still_is_none(series):
    """The same AcquisitionTime everywhere says nothing; the clock that moves is used."""
    still = {"AcquisitionDate": "20240102", "AcquisitionTime": "101500"}
    times, source = series(*(still | {"FrameReferenceTime": 30000.0 * n} for n in range(3)))
    assert (times, source) == ([0.0, 30.0, 60.0], {"FrameReferenceTime"})


def test_acquisition_time_across_midnight(series):
    """The date counts; the earliest image of a volume gives its time."""
    stamps = [("20240102", ("235959.5", "235959")), ("20240103", ("000001", "000001.5"))]
    volumes = [{"AcquisitionDate": day, "AcquisitionTime": clock} for day, clock in stamps]
    assert series(*volumes) == ([0.0, 2.0], {"AcquisitionTime"})


def test_offsets_of_a_multi_frame_dynamic(tmp_path, write_multiframe, noise):
    """TemporalPositionTimeOffset of each frame [s]: two slices at three times in one file."""
    import pydicom
    from pydicom.sequence import Sequence

    frames = [{"position": (0, 0, 3.0 * k)} for _ in range(3) for k in range(2)]
    path = write_multiframe(tmp_path / "m", noise(6, 4, 4), frames)
    dataset = pydicom.dcmread(path)
    for n, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        content, position = pydicom.Dataset(), pydicom.Dataset()
        content.TemporalPositionIndex = 1 + n // 2
        position.TemporalPositionTimeOffset = 7.25 * (n // 2)
        group.FrameContentSequence = Sequence([content])
        group.TemporalPositionSequence = Sequence([position])
    dataset.save_as(path)
    found = read([path]).series
    assert [s.acquisition.time_s for s in found] == [0.0, 7.25, 14.5]
    assert {s.acquisition.time_source for s in found} == {"TemporalPositionTimeOffset"}
    assert [s.acquisition.temporal_position for s in found] == [1, 2, 3]


def test_a_single_volume_has_no_time(series):
    """Nothing comes before it."""
    assert series({"TriggerTime": 40}) == ([None], {""})


def test_real_dynamic_series_of_1321_time_points(shared_data):
    """qiba v6: "TriggerTime (ms, absent in the first frame): 0.5 s per frame", explicit VR big endian."""
    path = shared_data.parent / "reference" / "qiba_dce" / "qiba_v6_tofts_dicom.zip"
    if not path.is_file():
        pytest.skip("reference suites are not here")
    found = read([path]).series
    assert len(found) == 1321
    np.testing.assert_allclose([s.acquisition.time_s for s in found], 0.5 * np.arange(1321), atol=1e-9)
    before, after = found[100].pixels().array, found[400].pixels().array
    assert before.shape == (50, 80, 1)
    # rows 70 to 79 are the vessel: the agent arrives at frame 127
    assert after[:, 70:, 0].mean() > 1.2 * before[:, 70:, 0].mean()
