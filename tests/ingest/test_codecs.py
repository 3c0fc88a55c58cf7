"""Compressed images: "REF equality exact for J2KR, JLSL, JPLL, RLE; lossy close"."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from spinemets.ingest import codecs
from spinemets.ingest.headers import read_header
from spinemets.ingest.read import read
from spinemets.ingest.source_file import SourceFile
from spinemets.knowledge.catalogue import table


@pytest.fixture(scope="module")
def reference(shared_data, tmp_path_factory) -> dict[str, np.ndarray]:
    """Uncompressed CT2 and NM1."""
    import pydicom

    folder = tmp_path_factory.mktemp("ref")
    with tarfile.open(shared_data / "dicom-nema-wg04" / "REF.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return {p.name[:3]: pydicom.dcmread(p).pixel_array for p in folder.rglob("*_UNC")}


def _decode(path: Path) -> np.ndarray:
    source = SourceFile(path=path, name=path.name, size=path.stat().st_size)
    (array,) = codecs.decode(source, read_header(source).scanned.syntax, [0])
    return array


@pytest.mark.parametrize(
    ("name", "largest"),
    [("J2KR", 0), ("JLSL", 0), ("JPLL", 0), ("RLE", 0), ("JLSN", 4), ("J2KI", 402), ("JPLY", 40)],
)
def test_nema_samples(shared_data, reference, name, largest):
    """Lossless syntaxes equal the uncompressed images exactly; lossy ones differ by no more than measured before."""
    paths = [p for p in (shared_data / "dicom-nema-wg04" / name).iterdir() if p.name[:3] in reference]
    assert paths
    for path in paths:
        difference = np.abs(_decode(path).astype(int) - reference[path.name[:3]].astype(int)).max()
        assert difference <= largest, path.name


@pytest.mark.parametrize(
    ("syntax", "modality"),
    [("1.2.840.10008.1.2.5", "CT"), ("1.2.840.10008.1.2.4.80", "CT"), ("1.2.840.10008.1.2.4.90", "MR")],
)
def test_compressed_series_equals_the_same_uncompressed(
    tmp_path, write_series, noise, axial_positions, syntax, modality
):
    """Decoding changes nothing: volume, grid and type are those of the raw series."""
    import pydicom

    positions = axial_positions(0, 2, 4)
    folder = write_series(tmp_path / "s", noise(3, 40, 36), positions, Modality=modality)
    raw = read([folder]).series[0].pixels()
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        plugin = {"1.2.840.10008.1.2.5": "pydicom", "1.2.840.10008.1.2.4.80": "pyjpegls"}.get(syntax, "")
        if syntax.endswith(".90"):
            _compress_j2k(dataset)
        else:
            dataset.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False)
        dataset.save_as(path)
    series = read([folder]).series[0]
    volume = series.pixels()
    assert volume.grid == raw.grid and volume.array.dtype == raw.array.dtype
    np.testing.assert_array_equal(volume.array, raw.array)
    series.load.release()
    np.testing.assert_array_equal(series.pixels().array, raw.array)


def _compress_j2k(dataset) -> None:
    from openjpeg.utils import encode_array
    from pydicom.encaps import encapsulate

    dataset.PixelData = encapsulate([bytes(encode_array(dataset.pixel_array, bits_stored=12))])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"


def test_big_endian_and_deflated_equal_little_endian(tmp_path, write_image, noise):
    """Encodings the fast scan leaves to pydicom give the same volume."""
    import pydicom

    stored = noise(6, 4)
    plain = read([write_image(tmp_path / "plain", stored)]).series[0].pixels().array
    dataset = pydicom.dcmread(tmp_path / "plain")
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    dataset.save_as(tmp_path / "deflated", enforce_file_format=True)
    write_image(tmp_path / "big", stored.astype(">u2"), syntax="1.2.840.10008.1.2.2")
    for name in ("deflated", "big"):
        np.testing.assert_array_equal(read([tmp_path / name]).series[0].pixels().array, plain)


def test_every_decoder_of_the_table_exists():
    """Each syntax with a decoder can really be decoded with what is installed; the others are refused by name."""
    for uid, row in table("transfer_syntaxes").items():
        assert row["name"]
        if row["plugin"]:
            decoder, plugin = codecs.decoder_for(uid)
            assert plugin == "" or plugin in decoder.available_plugins, row["name"]


def test_no_decoder_under_the_gpl_is_used():
    """pylibjpeg-libjpeg is GPL-3: "leave it out of every dependency set"."""
    import importlib.util

    assert importlib.util.find_spec("libjpeg") is None
    assert not {row["plugin"] for row in table("transfer_syntaxes").values()} & {"libjpeg", "pylibjpeg"}


def test_openjpeg_glue_decodes_a_stream():
    """The glue for high-throughput JPEG 2000 hands stream and options on, and says the size of the container."""
    from openjpeg.utils import encode_array

    stored = np.random.default_rng(0).integers(0, 4096, (40, 36)).astype(np.uint16)
    told: dict[str, int] = {}

    class Runner:
        def __init__(self):
            self.bits_stored = 12
            self.options = {"rows": 40, "columns": 36, "bits_stored": 12, "bits_allocated": 16}
            self.options |= {"samples_per_pixel": 1, "pixel_representation": 0}
            self.options |= {"photometric_interpretation": "MONOCHROME2"}

        def get_option(self, name, default):
            return default

        def set_option(self, name, value):
            told[name] = value

    decoded = codecs.decode_htj2k(bytes(encode_array(stored, bits_stored=12)), Runner())
    np.testing.assert_array_equal(np.frombuffer(decoded, np.uint16).reshape(40, 36), stored)
    assert told == {"bits_allocated": 16}


def test_standard_error_stays_clean(shared_data, capfd):
    """gdcm first tries its 8-bit decoder and complains to standard error: the user does not see it."""
    _decode(shared_data / "dicom-nema-wg04" / "JPLY" / "MR4_JPLY")
    assert capfd.readouterr().err == ""


def test_file_without_a_transfer_syntax_is_taken_as_it_was_found(tmp_path, write_image, noise):
    """No meta group: the syntax the header was read with is the one to decode with."""
    import struct

    stored = noise(4, 4)
    write_image(tmp_path / "x", stored)
    data = (tmp_path / "x").read_bytes()
    (tmp_path / "bare").write_bytes(data[data.index(struct.pack("<HH2s", 8, 0x16, b"UI")) :])
    volume = read([tmp_path / "bare"]).series[0].pixels()
    np.testing.assert_array_equal(volume.array[..., 0].T, stored.astype(int) - 1024)
