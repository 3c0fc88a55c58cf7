"""What one DICOM file is: "objects that are no image volume -> set aside, reason names the kind"."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header.reader import HeaderReader
from spinemets.ingest.read import read
from spinemets.ingest.stacks.dicom import SetAside, classic_frame, open_image
from spinemets.model.errors import UnreadableInput


def opened(path):
    source = SourceFile(path=path, name=path.name, size=path.stat().st_size)
    return open_image(source, HeaderReader().header(source))


@pytest.mark.parametrize(
    ("file", "kind", "word"),
    [
        ("dicom-objects/liver-seg.dcm", "set aside", "Segmentation"),
        ("dicom-objects/pet-headneck-sr-tid1500.dcm", "set aside", "Comprehensive SR"),
        ("dicom-objects/rtstruct-mock.dcm", "set aside", "RT Structure Set"),
        ("dicom-objects/pr-example/PR000000.dcm", "set aside", "Presentation State"),
        ("dicom-objects/pet-headneck-rwvm-suv.dcm", "set aside", "Real World Value Mapping"),
        ("dicom-objects/seg-sparse-labelmap-no-ppv.dcm", "set aside", "Label Map Segmentation"),
        ("dicom-robustness/pydicom/SC_rgb_small_odd.dcm", "set aside", "Secondary Capture"),
        ("dicom-robustness/fo-dicom/DICOMDIR", "set aside", "DICOMDIR"),
        ("dicom-robustness/orthanc/Issue137.dcm", "set aside", "Encapsulated STL"),
        ("dicom-robustness/orthanc/Issue22-NoPixelData.dcm", "unreadable", "without pixel data"),
        ("dicom-robustness/pydicom/MR_truncated.dcm", "unreadable", "cut off"),
        ("dicom-robustness/dwv/no-number-rows.dcm", "unreadable", "no image size"),
        ("dicom-robustness/orthanc/UnknownSopClassUid.dcm", "set aside", "colour picture"),
        ("dicom-robustness/fo-dicom/GH340.dcm", "unreadable", "photometric"),
    ],
)
def test_real_objects_are_named(shared_data, file, kind, word):
    """Each object that is no image of a volume says what it is."""
    found = opened(shared_data / file)
    assert isinstance(found, SetAside)
    assert found.kind == kind and word in found.reason
    assert found.label == ("seg" in file.lower())


def test_segmentations_are_offered_as_labels(shared_data, tmp_path, write_image, noise):
    """SEG paths also in `Study.label_files`: "an offer, never used unasked"."""
    import shutil

    write_image(tmp_path / "ct", noise(4, 4))
    shutil.copy(shared_data / "dicom-objects" / "liver-seg.dcm", tmp_path / "seg")
    study = read([tmp_path])
    assert study.label_files == (str(tmp_path / "seg"),)
    assert [(u.file, u.kind) for u in study.unread] == [("seg", "set aside")]


def test_claimed_pixels_that_are_not_there(tmp_path, write_image, noise):
    """46341 x 46341 claimed from few bytes: refused before anything is allocated."""
    path = write_image(tmp_path / "x", noise(4, 4), Rows=46341, Columns=46341)
    found = opened(path)
    assert isinstance(found, SetAside) and "cut off" in found.reason


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}, "bits stored"),
        ({"BitsStored": 20}, "bits stored"),
        ({"HighBit": 3, "BitsStored": 12}, "bits stored"),
        ({"Rows": None}, "no image size"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "colour picture (RGB)"),
    ],
)
def test_layouts_that_are_not_read(tmp_path, write_image, noise, change, word):
    """Unusual pixel layouts are refused by what they are."""
    found = opened(write_image(tmp_path / "x", noise(4, 4), **change))
    assert isinstance(found, SetAside) and word in found.reason


def test_unsupported_syntax_is_refused_by_its_name(tmp_path, write_image, noise):
    """No decoder for MPEG, JPIP: "refuse by name"."""
    import pydicom
    from pydicom.encaps import encapsulate

    path = write_image(tmp_path / "x", noise(4, 4))
    for uid, word in (
        ("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264"),
        ("1.2.840.10008.1.2.4.94", "JPIP"),
        ("1.2.9", "1.2.9"),
    ):
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = uid
        dataset.PixelData = encapsulate([b"xx"])
        dataset.save_as(tmp_path / "y", implicit_vr=False, little_endian=True)
        with pytest.raises(UnreadableInput, match=word):
            read([tmp_path / "y"])


def test_classic_frame_takes_geometry_or_none(tmp_path, write_image, noise):
    """A position of two numbers is no position."""
    full = classic_frame(opened(write_image(tmp_path / "a", noise(4, 4), (1, 2, 3), InstanceNumber=7)))
    assert full.position_mm == (1.0, 2.0, 3.0) and full.number == 7 and full.spacing_mm == (0.5, 0.5)
    assert (full.slope, full.intercept) == (1.0, -1024.0)
    bare = classic_frame(
        opened(
            write_image(tmp_path / "b", noise(4, 4), ImagePositionPatient=None, PixelSpacing=None, InstanceNumber=None)
        )
    )
    assert bare.position_mm is None and bare.spacing_mm is None and bare.number == 0


def test_damaged_compressed_image_is_a_line_and_the_rest_is_read(tmp_path, write_series, noise, axial_positions):
    """A slice that cannot be decoded is padding and a sentence of the volume, not a silent hole."""
    import pydicom

    folder = write_series(tmp_path / "s", noise(5, 16, 16), axial_positions(0, 2, 4, 6, 8))
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress("1.2.840.10008.1.2.4.80", encoding_plugin="pyjpegls", generate_instance_uid=False)
        if dataset.ImagePositionPatient[2] == 4:
            dataset.PixelData = dataset.PixelData[:60] + bytes(len(dataset.PixelData) - 60)
            bad = path.name
        dataset.save_as(path)
    study = read([folder])
    assert study.unread == ()
    volume = study.series[0].pixels()
    assert len(volume.warnings) == 1 and bad in volume.warnings[0]
    padding = volume.padding
    assert padding is not None and padding[:, :, 2].all() and not np.delete(padding, 2, axis=2).any()


def test_floating_point_pixels_of_other_bits_are_refused(tmp_path, write_image, noise):
    """Float pixel data have 32 bits: a header that claims 16 is not believed."""
    import pydicom

    dataset = pydicom.dcmread(write_image(tmp_path / "x", noise(4, 4), SOPClassUID="1.2.9.9"))
    del dataset.PixelData
    dataset.FloatPixelData = np.zeros((4, 4), np.float32).tobytes()
    dataset.save_as(tmp_path / "y", implicit_vr=False, little_endian=True)
    found = opened(tmp_path / "y")
    assert isinstance(found, SetAside) and "floating-point pixel data of 16 bits" in found.reason


def test_uncompressed_pixels_of_undefined_length_are_damage(tmp_path, write_image, noise):
    """Only encapsulated pixel data may have no length: else item headers would be read as pixels."""
    path = write_image(tmp_path / "x", noise(4, 4))
    data = bytearray(path.read_bytes())
    place = data.index(b"\xe0\x7f\x10\x00OW\0\0") + 8
    data[place : place + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(data))
    found = opened(path)
    assert isinstance(found, SetAside) and "undefined length" in found.reason


def test_an_unknown_class_with_pixels_is_an_image(tmp_path, write_image, noise):
    """Private and new classes: what has pixels and geometry is read."""
    assert read([write_image(tmp_path / "x", noise(4, 4), SOPClassUID="1.2.9.9")]).series[0].measurable


def test_an_object_of_a_private_class_is_named_by_it(tmp_path, write_image, noise):
    """No pixels, no known class: its uid and modality say what was set aside."""
    import pydicom

    dataset = pydicom.dcmread(
        write_image(tmp_path / "x", noise(4, 4), SOPClassUID="1.3.12.2.1107.5.9.1", Modality="OT")
    )
    del dataset.PixelData
    dataset.save_as(tmp_path / "y")
    found = opened(tmp_path / "y")
    assert isinstance(found, SetAside) and found.kind == "set aside"
    assert found.reason == "object of the unknown or private class 1.3.12.2.1107.5.9.1 (OT): not an image"


@pytest.mark.parametrize(("placed", "kept"), [(True, True), (False, False)])
def test_colour_is_read_where_it_has_a_place(tmp_path, write_image, noise, placed, kept):
    """A colour-coded map with position and direction is a volume; a colour picture without is set aside."""
    import pydicom

    stored = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3)).astype(np.uint8)
    for k in range(3):
        place = {} if placed else {"ImagePositionPatient": None}
        path = write_image(
            tmp_path / str(k), noise(4, 5), (0, 0, 2.0 * k), Modality="MR", InstanceNumber=k + 1, **place
        )
        dataset = pydicom.dcmread(path)
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.PixelData = stored[k].tobytes()
        dataset.save_as(path)
    if not kept:
        found = opened(tmp_path / "0")
        assert isinstance(found, SetAside) and found.reason == "colour picture (RGB)" and found.kind == "set aside"
        return
    (series,) = read([tmp_path]).series
    volume = series.pixels()
    assert volume.quantity == "colour" and volume.array.dtype == np.uint8
    np.testing.assert_array_equal(volume.array, stored.transpose(2, 1, 0, 3))
