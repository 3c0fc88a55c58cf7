"""Checked at reading without decoding; decoded when asked for; what cannot be decoded is padding and a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header.reader import HeaderReader
from spinemets.ingest.pixels import codecs, decoded, stored
from spinemets.ingest.read import read
from spinemets.model.errors import UnreadableInput

RLE, JPEG_LS = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80"


@pytest.fixture
def counted(monkeypatch):
    """Counts images decoded in this process."""
    calls: list[int] = []
    original = codecs.decode

    def decode(data, coding):
        calls.append(1)
        return original(data, coding)

    monkeypatch.setattr(codecs, "decode", decode)
    return calls


def compress(folder, syntax=RLE, spoil=None):
    """Compress every file of a folder; `spoil` changes the fragment of the image at 4 mm."""
    import pydicom
    from pydicom.encaps import encapsulate, generate_frames

    plugin = {RLE: "pydicom", JPEG_LS: "pyjpegls"}[syntax]
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False)
        if spoil is not None and dataset.ImagePositionPatient[2] == 4:
            (frame,) = generate_frames(dataset.PixelData, number_of_frames=1)
            dataset.PixelData = encapsulate([spoil(frame)])
        dataset.save_as(path)
    return folder


@pytest.fixture
def series(tmp_path, write_series, noise, axial_positions):
    """Three uncompressed images and their folder."""
    arrays = noise(3, 16, 12)
    return arrays, write_series(tmp_path / "s", arrays, axial_positions(0, 2, 4))


def test_nothing_is_decoded_before_it_is_asked_for(series, counted):
    """Reading looks at the structure; each image is decoded once, and again only after release."""
    arrays, folder = series
    found = read([compress(folder)]).series[0]
    assert counted == []
    first = found.pixels().array
    assert len(counted) == 3
    found.load.release()
    np.testing.assert_array_equal(found.pixels().array, first)
    assert len(counted) == 6
    np.testing.assert_array_equal(first.transpose(2, 1, 0), arrays.astype(int) - 1024)


def test_one_image_alone_for_a_preview(series, counted):
    """Only the image asked for is decoded; it is that slice of the volume."""
    _, folder = series
    found = read([compress(folder)]).series[0]
    image = found.load.preview(1)
    assert len(counted) == 1
    np.testing.assert_array_equal(image, found.pixels().array[:, :, 1])
    with pytest.raises(IndexError):
        found.load.preview(3)


@pytest.mark.parametrize("syntax", [RLE, JPEG_LS])
def test_an_image_only_the_decoder_refuses_is_padding_with_a_sentence(series, syntax):
    """The header of the stream is right, the rest is not: the other images are read, the place is empty and said."""
    arrays, folder = series
    spoiled = (
        (lambda f: f[:60] + b"\0" * (len(f) - 60))
        if syntax == JPEG_LS
        else (lambda f: f[:64] + b"\x80" * (len(f) - 64))
    )
    volume = read([compress(folder, syntax, spoiled)]).series[0].pixels()
    (sentence,) = volume.warnings
    assert sentence.startswith("image 3 of 3 (IM") and "cannot be decoded, its place is empty" in sentence
    assert volume.padding is not None and volume.padding[:, :, 2].all() and not volume.padding[:, :, :2].any()
    np.testing.assert_array_equal(volume.array[:, :, :2].transpose(2, 1, 0), arrays[:2].astype(int) - 1024)


def test_an_image_whose_header_contradicts_its_stream_is_unread(series):
    """Found at reading: a line that says what, and a missing position."""
    import jpeg_ls

    other = bytes(jpeg_ls.encode_array(np.zeros((8, 8), np.uint16)))
    study = read([compress(series[1], JPEG_LS, lambda frame: other)])
    (row,) = study.unread
    assert row.reason.startswith("pixels cannot be decoded: compressed image is 8 x 8, the header says 16 x 12")
    assert "JPEG-LS" in row.reason


def test_a_file_cut_inside_its_pixels_is_unread(series):
    """Never half an image."""
    folder = compress(series[1], JPEG_LS)
    path = sorted(folder.iterdir())[0]
    path.write_bytes(path.read_bytes()[:-120])
    assert next(row.reason for row in read([folder]).unread).startswith("pixels cannot be decoded: cut off")


def test_files_that_change_in_use_are_our_error(series, noise, tmp_path, write_series, axial_positions):
    """Vanished or overwritten files give a sentence, not a traceback, for raw and for compressed images."""
    raw = write_series(tmp_path / "raw", noise(2, 4, 4), axial_positions(0, 2))
    for folder in (compress(series[1], JPEG_LS), raw):
        found = read([folder]).series[0]
        found.pixels()
        found.load.release()
        for path in folder.iterdir():
            path.write_bytes(path.read_bytes()[:400])
        with pytest.raises(UnreadableInput, match=r"changed"):
            found.pixels()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pydicom/JPEG2000-embedded-sequence-delimiter.dcm", "compressed image is"),
        ("pydicom/693_J2KI.dcm", None), ("pydicom/SC_rgb_rle_2frame.dcm", None), ("fo-dicom/GH610.dcm", None),
        ("fo-dicom/D_CLUNIE_CT1_RLE_FRAGS.dcm", None), ("pydicom/emri_small_jpeg_ls_lossless.dcm", None),
    ],
)  # fmt: skip
def test_public_files(shared_data, name, reason):
    """Found without pydicom, or refused with the reason."""
    from spinemets.ingest.frames import Image
    from spinemets.ingest.stacks.dicom import open_image

    path = shared_data / "dicom-robustness" / name
    source = SourceFile(path=path, name=path.name, size=path.stat().st_size)
    image = open_image(source, HeaderReader().header(source))
    if not isinstance(image, Image):
        pytest.skip(f"set aside: {image.reason}")
    found = decoded.DecodedImages().check(image)
    assert found is None if reason is None else reason in str(found)


def test_without_processes_images_are_decoded_here(series, monkeypatch, capfd):
    """Where no process can be had the volume is the same, and nothing is said on standard error."""
    folder = compress(series[1], JPEG_LS)
    with_processes = read([folder]).series[0].pixels().array
    monkeypatch.setattr(stored.POOL, "decode", lambda tasks, receiver: list(tasks))
    np.testing.assert_array_equal(read([folder]).series[0].pixels().array, with_processes)
    assert capfd.readouterr().err == ""
