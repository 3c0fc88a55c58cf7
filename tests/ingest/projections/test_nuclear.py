"""SPECT: "position from the detector's sequences; sign and order must be right", checked by points in the patient."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.ingest.header.headers import Header
from spinemets.ingest.header.scan import Scan
from spinemets.ingest.projections.nuclear import kept_capture, kind_of
from spinemets.ingest.read import read

AXIAL = [1, 0, 0, 0, 1, 0]
# rows to the left and tilted, columns to the back and down: a right-handed oblique plane
OBLIQUE = [0.8, 0.6, 0.0, 0.0, 0.0, -1.0]


def spect(write_nuclear, path, slices, step_mm, orientation=AXIAL, origin=(-10.0, -20.0, 100.0), **extra):
    """Slice n holds one bright pixel at row n + 1, column 2; the truth is where that pixel lies in the patient."""
    n = len(slices)
    array = np.zeros((n, n + 3, 6), np.uint16)
    for frame, number in enumerate(slices):
        array[frame, number, 2] = 1000 + number
    detector = {"ImagePositionPatient": list(origin), "ImageOrientationPatient": list(orientation)}
    write_nuclear(
        path, array, "RECON TOMO", [detector], SliceVector=list(slices), NumberOfSlices=n,
        SpacingBetweenSlices=step_mm, SliceThickness=abs(step_mm), **extra,
    )  # fmt: skip
    row, column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    normal = np.cross(row, column)
    return {
        1000 + number: np.array(origin) + 4.0 * 2 * row + 4.0 * number * column + normal * step_mm * (number - 1)
        for number in slices
    }


def where(series, value):
    """Patient coordinates of the voxel of that value."""
    volume = series.pixels()
    (index,) = np.argwhere(volume.array == value)
    return volume.grid.affine_lps_mm[:3, :3] @ index + volume.grid.affine_lps_mm[:3, 3]


@pytest.mark.parametrize("orientation", [AXIAL, OBLIQUE])
@pytest.mark.parametrize("step_mm", [4.42, -4.42])
@pytest.mark.parametrize("slices", [(1, 2, 3, 4), (4, 3, 2, 1), (3, 1, 4, 2)])
def test_slices_lie_where_the_header_puts_them(tmp_path, write_nuclear, orientation, step_mm, slices):
    """Positive steps go along row x column, negative ones against it, whatever the order of the images in the file."""
    truth = spect(write_nuclear, tmp_path / "s", slices, step_mm, orientation)
    (series,) = read([tmp_path]).series
    assert series.measurable and series.geometry.verdict == "ok" and series.planar is None
    for value, point in truth.items():
        np.testing.assert_allclose(where(series, value), point, atol=1e-6)


def test_energy_windows_are_volumes_of_their_own(tmp_path, write_nuclear):
    """Two windows of one reconstruction: two volumes at the same place."""
    slices = (1, 2, 3, 1, 2, 3)
    array = np.arange(6 * 4 * 4, dtype=np.uint16).reshape(6, 4, 4)
    detector = {"ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": AXIAL}
    write_nuclear(
        tmp_path / "s", array, "RECON TOMO", [detector], SliceVector=list(slices), SpacingBetweenSlices=5.0,
        EnergyWindowVector=[1, 1, 1, 2, 2, 2], SliceThickness=5.0,
    )  # fmt: skip
    found = read([tmp_path]).series
    assert [s.label for s in found] == ["series 7, energy window 1", "series 7, energy window 2"]
    assert found[0].grid == found[1].grid
    for n, series in enumerate(found):
        np.testing.assert_array_equal(series.pixels().array, array[3 * n : 3 * n + 3].transpose(2, 1, 0))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"SpacingBetweenSlices": None}, r"no signed distance between slices \(0018,0088\)"),
        ({"SpacingBetweenSlices": 0}, r"no signed distance between slices \(0018,0088\)"),
        ({"SliceVector": [1, 2]}, r"numbers 2 of 3 images"),
        ({"detector": {"ImagePositionPatient": [0, 0, 0]}}, "states no position or orientation"),
        ({"detector": {"ImageOrientationPatient": AXIAL}}, "states no position or orientation"),
        (
            {"detector": {"ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}},
            "no right angle",
        ),
    ],
)
def test_headers_that_cannot_place_slices_are_refused(tmp_path, write_nuclear, changes, reason):
    """Never a guess: the volume stays in the study, refused with what is missing."""
    detector = changes.get("detector") or {"ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": AXIAL}
    values = {"SliceVector": [1, 2, 3], "SpacingBetweenSlices": 5.0} | changes
    values.pop("detector", None)
    write_nuclear(tmp_path / "s", np.zeros((3, 4, 4), np.uint16), "RECON TOMO", [detector], **values)
    (series,) = read([tmp_path]).series
    assert not series.measurable and series.planar is None
    import re

    assert re.search(reason, series.geometry.notes[0])


def test_slices_in_files_of_their_own(tmp_path, write_nuclear):
    """One slice a file, each with its position at the detector or at the top of the header."""
    for k in range(3):
        place = {"ImagePositionPatient": [0, 0, 5.0 * k], "ImageOrientationPatient": AXIAL}
        array = np.full((1, 4, 4), k + 1, np.uint16)
        top = place if k else {}
        write_nuclear(
            tmp_path / str(k),
            array,
            "RECON TOMO",
            [{} if k else place],
            InstanceNumber=k + 1,
            SliceThickness=5.0,
            **top,
        )
    (series,) = read([tmp_path]).series
    values = series.pixels().array[0, 0]
    direction = series.grid.affine_lps_mm[2, 2]
    assert list(values if direction > 0 else values[::-1]) == [1, 2, 3]


def test_slices_numbered_by_their_order(tmp_path, write_nuclear):
    """Without a slice vector the images are the slices in file order, if their number is that of the slices."""
    detector = {"ImagePositionPatient": [0, 0, 50], "ImageOrientationPatient": AXIAL}
    array = np.arange(3, dtype=np.uint16)[:, None, None] * np.ones((3, 4, 4), np.uint16)
    write_nuclear(
        tmp_path / "s", array, "RECON TOMO", [detector], NumberOfSlices=3, SpacingBetweenSlices=-5.0, SliceThickness=5.0
    )
    (series,) = read([tmp_path]).series
    for value in (1, 2):
        index = np.argwhere(series.pixels().array == value)[0]
        point = series.grid.affine_lps_mm[:3, :3] @ index + series.grid.affine_lps_mm[:3, 3]
        assert point[2] == pytest.approx(50 - 5 * value)


def header(modality: str, image_type: str) -> Header:
    values = {0x00080060: modality.encode(), 0x00080008: image_type.encode()}
    return Header(Scan(values=values, syntax="1.2.840.10008.1.2.1"))


def test_bone_scans_stored_as_captures_are_kept():
    """Archives wrapped nuclear medicine images as secondary captures; other captures stay set aside."""
    assert kept_capture(header("NM", "DERIVED\\PRIMARY\\WHOLE BODY\\EMISSION"))
    assert not kept_capture(header("NM", "DERIVED\\SECONDARY\\SCREEN"))
    assert not kept_capture(header("CT", "DERIVED\\SECONDARY\\STATIC"))
    assert kind_of(("ORIGINAL", "PRIMARY", "RECON TOMO")) == "volume"
    assert kind_of(("ORIGINAL", "PRIMARY", "TOMO")) == "projections around the patient"
    assert kind_of(("ORIGINAL", "PRIMARY")) is None
