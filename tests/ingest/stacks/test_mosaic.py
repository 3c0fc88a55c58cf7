"""Siemens mosaics: a known object cut into tiles comes back at its physical place, whatever the orientation; or not at all."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinemets.ingest.read import read

SAGITTAL, AXIAL, CORONAL = (0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 1, 0), (1, 0, 0, 0, 0, -1)
OBLIQUE = (0.8, 0.6, 0, 0, 0, -1)
SPACING, STEP = (1.5, 2.0), 3.25


@pytest.fixture
def write_mosaic(tmp_path, write_image, csa_header):
    """Write a stack (n, rows, columns) as one mosaic picture; returns the folder and the LPS point of each voxel."""

    def write(stack, orientation=AXIAL, sign=1, older=False, count=True, csa=True, **extra):
        first = (10.0, -20.0, 30.0)
        n, rows, columns = stack.shape
        side = math.ceil(math.sqrt(n))
        picture = np.zeros((side * rows, side * columns), stack.dtype)
        for k, image in enumerate(stack):
            r, c = divmod(k, side)
            picture[r * rows : (r + 1) * rows, c * columns : (c + 1) * columns] = image
        row, column = np.array(orientation[:3], float), np.array(orientation[3:], float)
        normal = np.cross(row, column) * sign
        corner = (
            np.array(first)
            - row * (columns * (side - 1) / 2 * SPACING[1])
            - column * (rows * (side - 1) / 2 * SPACING[0])
        )
        path = write_image(
            tmp_path / "mosaic.dcm", picture, tuple(corner), Modality="MR", ImageOrientationPatient=list(orientation),
            PixelSpacing=list(SPACING), **({"SpacingBetweenSlices": STEP} | extra),
            ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"],
        )  # fmt: skip
        fields = {"NumberOfImagesInMosaic": (str(n),), "SliceNormalVector": tuple(f"{x:.8f}" for x in normal)}
        _add_private(path, n if count else None, csa_header(fields, older=older) if csa else None)

        def point(k, r, c):
            return np.array(first) + row * c * SPACING[1] + column * r * SPACING[0] + normal * k * STEP

        return tmp_path, point

    return write


def _add_private(path, count, csa):
    import pydicom

    dataset = pydicom.dcmread(path)
    if count is not None:
        dataset.private_block(0x19, "SIEMENS MR HEADER", create=True).add_new(0x0A, "US", count)
    if csa is not None:
        dataset.private_block(0x29, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", csa + b"\0" * (len(csa) % 2))
    dataset.save_as(path)


@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, CORONAL, OBLIQUE])
@pytest.mark.parametrize("sign", [1, -1])
def test_every_voxel_lies_where_it_was(write_mosaic, noise, orientation, sign):
    """Ascending and descending order, all planes: value by physical point, independent of axes."""
    stack = noise(5, 4, 6)
    folder, point = write_mosaic(stack, orientation, sign)
    (series,) = read([folder]).series
    volume = series.pixels()
    inverse = np.linalg.inv(volume.grid.affine_lps_mm)
    assert sorted(volume.array.shape) == [4, 5, 6]
    for k, r, c in np.ndindex(stack.shape):
        index = inverse @ np.append(point(k, r, c), 1)
        i, j, m = np.rint(index[:3]).astype(int)
        np.testing.assert_allclose(index[:3], (i, j, m), atol=1e-4)
        assert volume.array[i, j, m] == stack[k, r, c]


@pytest.mark.parametrize(("older", "count"), [(False, False), (True, False), (True, True)])
def test_tile_count_from_either_place(write_mosaic, noise, older, count):
    """0019,100A may be missing: the CSA header of either form states the number of tiles too."""
    stack = noise(7, 3, 3)
    folder, _ = write_mosaic(stack, older=older, count=count)
    (series,) = read([folder]).series
    np.testing.assert_array_equal(series.pixels().array, stack.transpose(2, 1, 0))


def test_two_pictures_are_two_volumes(write_mosaic, noise, tmp_path):
    """Repeats in two files are told apart by what varies; tiles of one picture stay together."""
    first, second = noise(5, 4, 4), noise(5, 4, 4, seed=2)
    write_mosaic(first, AcquisitionNumber=1)
    (tmp_path / "mosaic.dcm").rename(tmp_path / "one.dcm")
    write_mosaic(second, AcquisitionNumber=2)
    one, two = read([tmp_path]).series
    assert [s.label for s in (one, two)] == ["series 4, acquisition 1", "series 4, acquisition 2"]
    np.testing.assert_array_equal(two.pixels().array, second.transpose(2, 1, 0))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"csa": False}, "direction its slices run to is not stated"),
        ({"csa": False, "count": False}, "number of its slices is not stated"),
        ({"SpacingBetweenSlices": None}, "spacing between its slices is not stated"),
    ],
)
def test_what_is_not_stated_is_not_guessed(write_mosaic, noise, change, words):
    """Anonymisation removes private elements: no volume, and the reason."""
    folder, _ = write_mosaic(noise(5, 4, 4), **change)
    (series,) = read([folder]).series
    assert not series.measurable
    assert words in series.geometry.notes[0]


def test_two_counts_that_differ_are_refused(write_mosaic, noise, tmp_path):
    """The element says 8 tiles, the scanner's header 9: neither is believed."""
    write_mosaic(noise(9, 4, 4), count=False)
    _add_private(tmp_path / "mosaic.dcm", 8, None)
    (series,) = read([tmp_path]).series
    assert "stated twice, and differently" in series.geometry.notes[0] and not series.measurable


def test_a_count_the_picture_cannot_hold_is_refused(write_mosaic, noise, tmp_path):
    """37 tiles need a side of 7: 12 pixels do not divide by it."""
    write_mosaic(noise(9, 4, 4), csa=False, count=False)
    _add_private(tmp_path / "mosaic.dcm", 37, None)
    (series,) = read([tmp_path]).series
    assert "12 x 12 pixels do not hold 37 tiles" in series.geometry.notes[0]


def test_dirty_bits_of_a_mosaic_are_masked(write_mosaic, noise):
    """12 bits in 16: what the scanner left above them is not part of the value."""
    stack = noise(4, 4, 4)
    folder, _ = write_mosaic(stack | 0xA000, stored_bits=12)
    (series,) = read([folder]).series
    np.testing.assert_array_equal(series.pixels().array, stack.transpose(2, 1, 0))


def test_a_multi_frame_file_with_the_word_is_no_mosaic(tmp_path, noise, write_multiframe):
    """Scanner software takes mosaics apart and leaves the word in ImageType."""
    import pydicom

    path = write_multiframe(tmp_path / "a.dcm", noise(3, 4, 5), [{"position": (0, 0, 3.0 * k)} for k in range(3)])
    dataset = pydicom.dcmread(path)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    dataset.save_as(path)
    (series,) = read([tmp_path]).series
    assert series.measurable and series.grid.shape_ijk == (5, 4, 3)
