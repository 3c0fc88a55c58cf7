"""The same image twice: a copy, one identifier for two images, one place for two images. Each is said by name."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from spinemets.ingest.read import read
from spinemets.ingest.stacks import duplicates


@pytest.fixture
def stack(tmp_path, write_series, noise, axial_positions):
    """Three slices on disk."""
    return write_series(tmp_path / "s", noise(3, 4, 4), axial_positions(0, 2, 4), Modality="MR")


def test_a_copy_is_a_copy(tmp_path, stack):
    """Byte for byte the same: one of them is used, the other named."""
    first = sorted(stack.iterdir())[0]
    (tmp_path / "t").mkdir()
    shutil.copy(first, tmp_path / "t" / "zz")
    study = read([tmp_path])
    assert [(u.reason, u.kind) for u in study.unread] == [(f"copy of s/{first.name}", "set aside")]
    assert study.series[0].n_images == 3


def test_the_same_image_with_changed_pixels_is_named(tmp_path, stack):
    """Same identifier, same place, other pixels: the first is used, and the line says that they differ."""
    import pydicom

    first = sorted(stack.iterdir())[0]
    dataset = pydicom.dcmread(first)
    dataset.PixelData = bytes(len(dataset.PixelData))
    (tmp_path / "t").mkdir()
    dataset.save_as(tmp_path / "t" / "zz")
    study = read([tmp_path])
    assert [u.reason for u in study.unread] == [f"same identifier as, but other contents than, s/{first.name}"]


def test_one_identifier_for_different_images_keeps_both(tmp_path, write_image, noise):
    """Broken anonymisation gives every slice one identifier: no slice is lost, and the series says so."""
    stored = noise(3, 4, 4)
    for k in range(3):
        write_image(tmp_path / str(k), stored[k], (0, 0, 2.0 * k), SOPInstanceUID="1.2.9", InstanceNumber=k + 1)
    study = read([tmp_path])
    (series,) = study.series
    assert not study.unread and series.n_images == 3
    assert series.warnings == (duplicates.SHARED,)
    np.testing.assert_array_equal(series.pixels().array, stored.transpose(2, 1, 0).astype(int) - 1024)


@pytest.mark.parametrize(("same", "words"), [(True, "with the same pixels"), (False, "with other pixels")])
def test_one_place_twice_is_never_chosen_in_silence(tmp_path, write_image, noise, same, words):
    """Two identifiers, one place, no stated reason: the earlier number is used; the line says whether it matters."""
    stored = noise(3, 4, 4)
    for k in range(3):
        write_image(tmp_path / f"a{k}", stored[k], (0, 0, 2.0 * k), Modality="MR", InstanceNumber=k + 1)
    again = stored[1] if same else stored[0]
    write_image(tmp_path / "b", again, (0, 0, 2.0), Modality="MR", InstanceNumber=77)
    study = read([tmp_path])
    (series,) = study.series
    (line,) = study.unread
    assert line.reason == f"repeated position in series 4, which a1 fills {words}: not used"
    assert "1 more image lies at places" in series.warnings[0]
    np.testing.assert_array_equal(series.pixels().array[..., 1], stored[1].T)


def test_whether_compressed_pixels_are_the_same_is_not_claimed(tmp_path, write_image, noise):
    """Without decoding it is not known."""
    import pydicom

    for name, number, z in (("a", 1, 0.0), ("b", 2, 2.0), ("c", 3, 2.0)):
        path = write_image(tmp_path / name, noise(4, 4), (0, 0, z), Modality="MR", InstanceNumber=number)
        dataset = pydicom.dcmread(path)
        dataset.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
        dataset.save_as(path)
    (line,) = read([tmp_path]).unread
    assert line.reason == "repeated position in series 4, which b fills: not used"


def test_two_kernels_of_one_series_never_share_a_stack(tmp_path, write_image, noise):
    """Bone and soft tissue reconstructions whose slices lie between each other: no place is shared, and still two volumes."""
    for k in range(4):
        kernel = "B30f" if k % 2 else "B70f"
        write_image(tmp_path / str(k), noise(4, 4, seed=k), (0, 0, 1.0 * k), ConvolutionKernel=kernel, InstanceNumber=k)
    study = read([tmp_path])
    assert [(s.label, s.n_images) for s in study.series] == [
        ("series 4, kernel B70f", 2),
        ("series 4, kernel B30f", 2),
    ]


def test_overlapping_slices_are_one_volume(tmp_path, write_series, noise, axial_positions):
    """Slices thicker than their distance: position decides, thickness does not."""
    folder = write_series(tmp_path / "s", noise(5, 4, 4), axial_positions(0, 1, 2, 3, 4), SliceThickness=3.0)
    (series,) = read([folder]).series
    assert series.geometry.verdict == "ok" and series.grid.spacing_mm[2] == pytest.approx(1.0)
