"""Robustness: "nothing raises a traceback": cut, flipped and swapped bytes end in a study or in one of our errors."""

from __future__ import annotations

import gzip
import io
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinemets.ingest.read import read
from spinemets.model.errors import SpinemetsError

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def survives(path) -> None:
    """Read and load; only our own errors may come out, each with something to say."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for series in read([path]).series:
                if series.measurable:
                    volume = series.pixels()
                    assert volume.array.shape == volume.grid.shape_ijk
    except SpinemetsError as error:
        assert len(str(error)) > 20


@pytest.fixture(scope="module")
def samples(tmp_path_factory, request) -> dict[str, bytes]:
    """Bytes of small good files of every kind."""
    import pydicom

    folder = tmp_path_factory.mktemp("samples")
    write_image = request.getfixturevalue("image_writer")
    stored = np.random.default_rng(0).integers(0, 4000, (8, 8)).astype(np.uint16)
    raw = write_image(folder / "raw", stored).read_bytes()
    dataset = pydicom.dcmread(folder / "raw")
    dataset.compress("1.2.840.10008.1.2.4.80", encoding_plugin="pyjpegls", generate_instance_uid=False)
    dataset.save_as(folder / "jls")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b", raw)
    return {"raw": raw, "jls": (folder / "jls").read_bytes(), "zip": packed.getvalue(), "gz": gzip.compress(raw)}


@pytest.fixture(scope="module")
def image_writer():
    """Write one small classic image, for fixtures that outlive a test."""
    import pydicom
    from pydicom.dataset import FileMetaDataset

    def write(path, array):
        dataset = pydicom.Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.3.4.5"
        dataset.Modality, dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "CT", "1.2.3", "1.2.3.4"
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness = [1, 1], 2
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.Rows, dataset.Columns = array.shape
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
        dataset.PixelData = array.tobytes()
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write


@MANY
@given(data=st.data())
@pytest.mark.parametrize("kind", ["raw", "jls", "zip", "gz"])
def test_cut_anywhere(tmp_path, samples, kind, data):
    """Truncation at any byte."""
    whole = samples[kind]
    path = tmp_path / f"x.{kind}"
    path.write_bytes(whole[: data.draw(st.integers(1, len(whole) - 1))])
    survives(path)


@MANY
@given(data=st.data())
@pytest.mark.parametrize("kind", ["raw", "jls", "zip", "gz"])
def test_bytes_changed_anywhere(tmp_path, samples, kind, data):
    """Up to eight bytes replaced by any others."""
    changed = bytearray(samples[kind])
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / f"x.{kind}"
    path.write_bytes(bytes(changed))
    survives(path)


@MANY
@given(data=st.data())
def test_header_values_of_any_kind(tmp_path, samples, data):
    """Texts where numbers belong, empty and absurd values in the elements that matter."""
    import pydicom
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    dataset = pydicom.dcmread(io.BytesIO(samples["raw"]))
    texts = st.sampled_from(["", "x", "1e400", "nan", "-1", "0", "1\\2", "1\\2\\3\\4\\5\\6\\7", "9" * 40])
    keywords = ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "RescaleSlope",
                "RescaleIntercept", "NumberOfFrames", "InstanceNumber", "SeriesNumber"]  # fmt: skip
    for keyword in data.draw(st.sets(st.sampled_from(keywords), min_size=1)):
        tag, value = Tag(pydicom.datadict.tag_for_keyword(keyword)), data.draw(texts).encode()
        dataset[tag] = RawDataElement(
            tag, "IS" if keyword.endswith("Number") else "DS", len(value), value, 0, False, True
        )
    path = tmp_path / "x"
    dataset.save_as(path)
    survives(path)


@MANY
@given(data=st.data())
@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_nifti_headers_of_any_kind(tmp_path, write_nifti, ending, data):
    """Up to six header bytes replaced, or the file cut."""
    path = write_nifti(tmp_path / "x.nii", np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.eye(4))
    changed = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 6))):
        changed[data.draw(st.integers(0, 351))] = data.draw(st.integers(0, 255))
    changed = changed[: data.draw(st.integers(10, len(changed)))]
    path = tmp_path / f"y.{ending}"
    path.write_bytes(gzip.compress(bytes(changed), 1) if ending.endswith("gz") else bytes(changed))
    survives(path)
