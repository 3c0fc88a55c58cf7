"""Stored values from where they lie: every native encoding gives the same volume, large ones by several threads."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.ingest.pixels import stored
from spinemets.ingest.read import read
from spinemets.model.errors import UnreadableInput


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32])
def test_big_endian_and_deflated_equal_little_endian(tmp_path, write_image, noise, dtype):
    """Neither encoding lies in the file as it is; the values are the same."""
    import pydicom

    array = (noise(6, 4) % 200).astype(dtype)
    plain = read([write_image(tmp_path / "plain", array)]).series[0].pixels().array
    dataset = pydicom.dcmread(tmp_path / "plain")
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    dataset.save_as(tmp_path / "deflated", enforce_file_format=True)
    write_image(tmp_path / "big", array.astype(np.dtype(dtype).newbyteorder(">")), syntax="1.2.840.10008.1.2.2")
    for name in ("deflated", "big"):
        np.testing.assert_array_equal(read([tmp_path / name]).series[0].pixels().array, plain)


def test_bytes_in_big_endian_words_are_turned_round(tmp_path, write_image, noise):
    """8 bits as OW: pairs of bytes are swapped; as OB they are not."""
    import pydicom

    array = noise(4, 6).astype(np.uint8)
    write_image(tmp_path / "big", array, syntax="1.2.840.10008.1.2.2")
    dataset = pydicom.dcmread(tmp_path / "big")
    dataset["PixelData"].VR = "OW"
    dataset.PixelData = array.view(">u2").astype("<u2").tobytes()
    dataset.save_as(tmp_path / "words")
    for name in ("big", "words"):
        values = read([tmp_path / name]).series[0].pixels().array
        np.testing.assert_array_equal(values[..., 0].T, array.astype(int) - 1024)


def test_deflated_frames_far_into_the_data(tmp_path, write_multiframe, noise):
    """A later image of a deflated multi-frame file: what lies before it is inflated and thrown away."""
    import pydicom

    frames = [{"position": (0, 0, 2.0 * k)} for k in range(4)]
    array = noise(4, 300, 200)
    write_multiframe(tmp_path / "x", array, frames)
    dataset = pydicom.dcmread(tmp_path / "x")
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    dataset.save_as(tmp_path / "x", enforce_file_format=True)
    np.testing.assert_array_equal(read([tmp_path / "x"]).series[0].pixels().array.transpose(2, 1, 0), array)


def test_real_files_equal_pydicom(shared_data):
    """Big endian, deflated and plain files of other people."""
    import pydicom

    for name in ("MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm"):
        path = shared_data / "dicom-robustness" / "pydicom" / name
        study = read([path])
        if study.series[0].measurable:
            truth = pydicom.dcmread(path).pixel_array.astype(float)
            np.testing.assert_array_equal(study.series[0].pixels().array[..., 0].T, truth)


def test_several_threads_fill_one_array(tmp_path, write_series, noise, axial_positions, monkeypatch):
    """As many threads as pieces of work: the same volume."""
    monkeypatch.setattr(stored, "BYTES_PER_THREAD", 64)
    monkeypatch.setattr(stored, "cores", lambda: 4)
    array = noise(9, 8, 6)
    volume = read([write_series(tmp_path / "s", array, axial_positions(*range(9)))]).series[0].pixels()
    np.testing.assert_array_equal(volume.array.transpose(2, 1, 0), array.astype(int) - 1024)


def test_an_error_in_a_thread_comes_out(tmp_path, write_series, noise, axial_positions, monkeypatch):
    """A file that became shorter, met by the second of two threads."""
    monkeypatch.setattr(stored, "BYTES_PER_THREAD", 64)
    monkeypatch.setattr(stored, "cores", lambda: 2)
    folder = write_series(tmp_path / "s", noise(4, 8, 6), axial_positions(0, 1, 2, 3))
    series = read([folder]).series[0]
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UnreadableInput, match="changed"):
        series.pixels()


def test_encapsulated_uncompressed_is_read(tmp_path, write_series, noise, axial_positions):
    """1.2.840.10008.1.2.1.98: items around plain pixels."""
    import pydicom
    from pydicom.encaps import encapsulate

    array = noise(3, 4, 6)
    folder = write_series(tmp_path / "s", array, axial_positions(0, 1, 2))
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.98"
        dataset.PixelData = encapsulate([dataset.PixelData])
        dataset["PixelData"].is_undefined_length = True
        dataset["PixelData"].VR = "OB"
        dataset.save_as(path, enforce_file_format=True)
    volume = read([folder]).series[0].pixels()
    np.testing.assert_array_equal(volume.array.transpose(2, 1, 0), array.astype(int) - 1024)


def test_deflated_image_frames_are_read(tmp_path, write_series, noise, axial_positions):
    """1.2.840.10008.1.2.8.1: each image deflated by itself."""
    import zlib

    import pydicom
    from pydicom.encaps import encapsulate

    array = noise(3, 4, 6)
    folder = write_series(tmp_path / "s", array, axial_positions(0, 1, 2))
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        pack = zlib.compressobj(9, zlib.DEFLATED, -15)
        dataset.PixelData = encapsulate([pack.compress(dataset.PixelData) + pack.flush()])
        dataset["PixelData"].is_undefined_length = True
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.98"
        dataset.save_as(path, enforce_file_format=True)
        # pydicom does not know the name of this syntax: it is put in by hand, in the same number of bytes
        path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1.98", b"1.2.840.10008.1.2.8.1\0"))
    volume = read([folder]).series[0].pixels()
    np.testing.assert_array_equal(volume.array.transpose(2, 1, 0), array.astype(int) - 1024)
