"""Enhanced multi-frame objects: "per-frame functional groups, shared groups, rescale per frame"."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.ingest.read import read


def test_frames_are_placed_by_their_own_groups(tmp_path, write_multiframe, noise):
    """Frames in any order; shared orientation and spacing; row spacing 0.5, column spacing 0.75."""
    stored = noise(4, 5, 3)
    frames = [{"position": (0, 0, z)} for z in (9.0, 0.0, 6.0, 3.0)]
    (series,) = read([write_multiframe(tmp_path / "e.dcm", stored, frames)]).series
    volume = series.pixels()
    np.testing.assert_array_equal(volume.array, stored[[1, 3, 2, 0]].transpose(2, 1, 0).astype(np.int16))
    assert volume.grid.spacing_mm == (0.75, 0.5, 3.0)
    acquisition = series.acquisition
    assert (acquisition.tr_s, acquisition.flip_deg, acquisition.field_t) == (0.5, 90.0, 1.5)
    assert (acquisition.echo_train_length, acquisition.slice_thickness_mm) == (1, 3.0)


def test_rescale_differs_from_frame_to_frame(tmp_path, write_multiframe, noise):
    """Each frame has its own slope and intercept; the result is float32."""
    stored = noise(2, 4, 4)
    frames = [
        {"position": (0, 0, 0), "slope": 2.0, "intercept": 1.0},
        {"position": (0, 0, 3), "slope": 0.5, "intercept": -3.0},
    ]
    volume = read([write_multiframe(tmp_path / "e.dcm", stored, frames)]).series[0].pixels()
    truth = np.stack([stored[0] * 2.0 + 1, stored[1] * 0.5 - 3]).astype(np.float32)
    assert volume.array.dtype == np.float32
    np.testing.assert_array_equal(volume.array, truth.transpose(2, 1, 0))


@pytest.mark.parametrize(
    ("key", "values", "labels"),
    [
        ("echo_ms", (10.0, 80.0), ("echo time 10 ms", "echo time 80 ms")),
        ("b", (0.0, 600.0), ("b-value 0 s/mm2", "b-value 600 s/mm2")),
    ],
)
def test_frames_become_volumes_by_what_differs(tmp_path, write_multiframe, noise, key, values, labels):
    """Frames grouped by echo or b-value: separate series with a suffix."""
    stored = noise(4, 4, 4)
    frames = [{"position": (0, 0, z), key: v} for z in (0.0, 3.0) for v in values]
    study = read([write_multiframe(tmp_path / "e.dcm", stored, frames)])
    assert [s.label for s in study.series] == [f"series 5, {label}" for label in labels]
    np.testing.assert_array_equal(study.series[1].pixels().array, stored[[1, 3]].transpose(2, 1, 0).astype(np.int16))
    if key == "b":
        assert [s.acquisition.b_values_s_per_mm2 for s in study.series] == [(0.0,), (600.0,)]
    else:
        assert [s.acquisition.te_s for s in study.series] == [0.01, 0.08]


def test_an_unnamed_dimension_still_separates_volumes(tmp_path, write_multiframe, noise):
    """Where no known attribute differs, the dimension index does."""
    stored = noise(4, 4, 4)
    frames = [{"position": (0, 0, z), "index": [k + 1, d]} for k, z in enumerate((0.0, 3.0)) for d in (1, 2)]
    study = read([write_multiframe(tmp_path / "e.dcm", stored, frames)])
    assert [s.label.split(", ")[1] for s in study.series] == [
        "dimension AcquisitionDuration 1",
        "dimension AcquisitionDuration 2",
    ]


def test_frames_without_geometry_are_refused_not_stacked(tmp_path, write_multiframe, noise):
    """A multi-frame image without positions is no volume."""
    path = write_multiframe(tmp_path / "e.dcm", noise(2, 4, 4), [{"position": (0, 0)}] * 2)
    (series,) = read([path]).series
    assert series.geometry.verdict == "refused" and not series.measurable


def test_labels_of_many_volumes_keep_their_numeric_order(tmp_path, write_multiframe, noise):
    """Twelve echoes: the series are listed 1, 2, 3, ... and not 1, 10, 11, ..."""
    frames = [{"position": (0, 0, z), "echo_ms": float(te)} for te in range(1, 13) for z in (0.0, 3.0)]
    study = read([write_multiframe(tmp_path / "e.dcm", noise(24, 4, 4), frames)])
    assert [s.acquisition.te_s for s in study.series] == pytest.approx([te / 1000 for te in range(1, 13)])
    assert [s.number for s in study.series] == list(range(1, 13))


def test_oblique_frames_keep_their_place(tmp_path, write_multiframe, noise):
    """A sagittal object: array[c, r, k] lies where its own frame says."""
    stored = noise(3, 4, 5)
    frames = [{"position": (x, -50.0, 80.0)} for x in (10.0, 6.0, 2.0)]
    orientation = (0, 1, 0, 0, 0, -1)
    volume = read([write_multiframe(tmp_path / "e.dcm", stored, frames, orientation)]).series[0].pixels()
    for f, r, c in ((0, 0, 0), (2, 3, 4), (1, 2, 0)):
        world = np.add(frames[f]["position"], [0, 0.75 * c, -0.5 * r])
        i, j, k = np.rint(volume.grid.to_ijk(world)).astype(int)
        np.testing.assert_allclose(volume.grid.to_lps_mm([i, j, k]), world, atol=1e-9)
        assert volume.array[i, j, k] == stored[f, r, c]


def test_per_frame_marks_from_one_file_do_not_reach_another_series(tmp_path, write_multiframe, write_image, noise):
    """Two objects of one study: each keeps its own volumes and facts."""
    frames = [{"position": (0, 0, z), "b": b} for b in (0.0, 500.0) for z in (0.0, 3.0)]
    write_multiframe(tmp_path / "e.dcm", noise(4, 4, 4), frames)
    write_image(tmp_path / "ct", noise(4, 4))
    study = read([tmp_path])
    assert [s.acquisition.b_values_s_per_mm2 for s in study.series] == [(), (0.0,), (500.0,)]
    assert [s.acquisition.modality for s in study.series] == ["CT", "MR", "MR"]


def test_a_small_slope_keeps_its_digits(tmp_path, write_multiframe, noise):
    """A slope of 1.2345678901e-10 is neither nothing nor rounded: values follow it to the precision of float32."""
    stored = noise(2, 4, 4)
    slope = 1.2345678901e-10
    frames = [{"position": (0, 0, z), "slope": slope} for z in (0.0, 3.0)]
    (series,) = read([write_multiframe(tmp_path / "m", stored, frames)]).series
    expected = (stored.transpose(2, 1, 0) * slope).astype(np.float32)
    np.testing.assert_array_equal(series.pixels().array, expected)
