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


REFERENCE = {
    "dcm_qa": ["canon-enhanced-dti", "siemens-vida-direct", "siemens-xa10-enhanced", "xa30-enhanced-adc"],
    "dicom2nifti": ["generic-jpeg", "generic-rle", "siemens-dti-classic", "slice-orientation", "philips-dti-001"],
}


@pytest.mark.parametrize(("suite", "entry"), [(s, e) for s, names in REFERENCE.items() for e in names])
def test_real_series_equal_the_reference_voxel_for_voxel(shared_data, suite, entry):
    """Reference suite: every volume equals dcm2niix's in the canonical permutation, affine within 1e-3 mm."""
    import hashlib
    import json

    import nibabel as nib

    folder = shared_data.parent / "reference" / suite
    if not folder.is_dir():
        pytest.skip("reference suites are not here")
    expected = next(e for e in json.loads((folder / "expected.json").read_text())["entries"] if e["id"] == entry)
    ours = set()
    for series in read([folder / expected["zip"]]).series:
        volume = series.pixels()
        affine = np.diag([-1, -1, 1, 1]) @ volume.grid.affine_lps_mm
        turn = nib.io_orientation(affine)
        voxels = nib.apply_orientation(volume.array, turn)
        placed = affine @ nib.orientations.inv_ornt_aff(turn, volume.array.shape)
        digest = hashlib.sha256(np.ascontiguousarray(voxels.astype("<i4")).tobytes()).hexdigest()[:16]
        ours.add((voxels.shape, digest, tuple(np.round(placed[:3, 3], 2))))
    for volume in expected["volumes"]:
        origin = tuple(np.round(np.array(volume["affine_ras"])[:3, 3], 2))
        digests = volume.get("sha256_stored_per_volume") or [volume["sha256_stored_int32"][:16]]
        shape = tuple(volume["shape"][:3])
        for digest in digests:
            near = [o for s, d, o in ours if (s, d) == (shape, digest)]
            assert near, f"{volume['name']} {digest}"
            assert min(np.abs(np.subtract(o, origin)).max() for o in near) <= 0.011
