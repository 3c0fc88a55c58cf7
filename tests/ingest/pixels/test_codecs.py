"""Compressed images: "REF equality exact for J2KR, JLSL, JPLL, RLE; lossy close". The reference here is pydicom's own way
to a decoder, or the uncompressed image of the same name; the code under test uses neither."""

from __future__ import annotations

import base64
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from spinemets.ingest.pixels import codecs
from spinemets.ingest.pixels.codecs import Coding
from spinemets.ingest.read import read
from spinemets.knowledge.catalogue import table

# Encoded by OpenJPH 0.26.3: 24 x 20, signed, lossless.
HTJ2K = (
    "/0//UQApQAAAAAAUAAAAGAAAAAAAAAAAAAAAFAAAABgAAAAAAAAAAAABjwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCI"
    "kJCQkJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAANsAAf+TwAAmAv4Ch3QAwAATQAATAHL8Awd0"
    "AGT0A4d0AMAAE0AAE4D3/QALdABhD/sAojQAwAAVEAAFpLXWAAIwAnYA0lRLo1qaavny5QMFuEIDfrgAwAAV0AAFvrJlZWXLyv7Y"
    "L9fhi3cAleqi0rqotC4q1UWlujBkyJAhw+AYjqm0oPlKBzZ8AMAALVgABdWAQCAQCAQCgUAgEPjv+np6enpxAnoA291uu+222267"
    "7bbbzm7btm3btm382CPYQge/YQgeywAKPZSge/ZSgey3Af/Z"
)


@pytest.fixture(scope="module")
def reference(shared_data, tmp_path_factory) -> dict[str, np.ndarray]:
    """Uncompressed CT2 and NM1."""
    import pydicom

    folder = tmp_path_factory.mktemp("ref")
    with tarfile.open(shared_data / "dicom-nema-wg04" / "REF.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return {p.name[:3]: pydicom.dcmread(p).pixel_array for p in folder.rglob("*_UNC")}


def coding_of(dataset) -> Coding:
    row = table("transfer_syntaxes")[str(dataset.file_meta.TransferSyntaxUID)]
    return Coding(
        plugin=row["plugin"], rows=dataset.Rows, columns=dataset.Columns, samples=dataset.SamplesPerPixel,
        allocated=dataset.BitsAllocated, signed=bool(dataset.PixelRepresentation),
        photometric=dataset.PhotometricInterpretation,
    )  # fmt: skip


def frames_of(dataset) -> list[bytes]:
    from pydicom.encaps import generate_frames

    return list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames", 1) or 1)))


def decoded(path: Path) -> np.ndarray:
    import pydicom

    dataset = pydicom.dcmread(path)
    return codecs.decode(frames_of(dataset)[0], coding_of(dataset))


@pytest.mark.parametrize(
    ("name", "largest"),
    [("J2KR", 0), ("JLSL", 0), ("JPLL", 0), ("RLE", 0), ("JLSN", 4), ("J2KI", 402), ("JPLY", 40)],
)
def test_nema_samples(shared_data, reference, name, largest):
    """Lossless syntaxes equal the uncompressed images exactly; lossy ones differ by no more than measured before."""
    paths = [p for p in (shared_data / "dicom-nema-wg04" / name).iterdir() if p.name[:3] in reference]
    assert paths
    for path in paths:
        difference = np.abs(decoded(path).astype(int) - reference[path.name[:3]].astype(int)).max()
        assert difference <= largest, path.name


@pytest.mark.parametrize(
    ("name", "largest"),
    [
        ("pydicom/MR_small_RLE.dcm", 0), ("pydicom/rtdose_rle.dcm", 0), ("pydicom/SC_rgb_rle_2frame.dcm", 0),
        ("pydicom/JPEGLSNearLossless_08.dcm", 0), ("pydicom/JPEGLSNearLossless_16.dcm", 0),
        ("pydicom/emri_small_jpeg_ls_lossless.dcm", 0), ("pydicom/MR_small_jp2klossless.dcm", 0),
        ("pydicom/693_J2KI.dcm", 0), ("pydicom/GDCMJ2K_TextGBR.dcm", 0), ("fo-dicom/GH610.dcm", 0),
        ("fo-dicom/GH538-jpeg14sv1.dcm", 0), ("fo-dicom/GH538-jpeg1.dcm", 1), ("fo-dicom/GH195.dcm", 0),
        ("fo-dicom/D_CLUNIE_CT1_RLE_FRAGS.dcm", 0),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:The .0028,0004. 'Photometric Interpretation'")  # GH195, and pydicom agrees with us
def test_public_files_equal_pydicom(shared_data, name, largest):
    """8, 16 and 32 bits, grey and colour, one frame and several; JPEG colour differs by rounding alone."""
    import pydicom
    from pydicom.pixels.decoders.base import get_decoder

    dataset = pydicom.dcmread(shared_data / "dicom-robustness" / name)
    coding = coding_of(dataset)
    for index, frame in enumerate(frames_of(dataset)):
        truth, _ = get_decoder(dataset.file_meta.TransferSyntaxUID).as_array(
            dataset, index=index, raw=coding.samples == 1
        )
        ours = codecs.decode(frame, coding)
        assert ours.dtype == coding.dtype and ours.shape == coding.shape
        assert np.abs(ours.astype(np.int64) - truth.astype(np.int64)).max() <= largest


def grey(plugin: str, array: np.ndarray) -> Coding:
    return Coding(
        plugin=plugin, rows=array.shape[0], columns=array.shape[1], samples=1 if array.ndim == 2 else 3,
        allocated=array.dtype.itemsize * 8, signed=array.dtype.kind == "i", photometric="MONOCHROME2",
    )  # fmt: skip


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32])
def test_rle_of_every_width(dtype):
    """RLE holds 8, 16 and 32 bits."""
    from rle.rle import encode_frame

    array = np.random.default_rng(0).integers(0, 255, (7, 5)).astype(dtype)
    array[0] = 3
    frame = encode_frame(array.tobytes(), 7, 5, 1, array.dtype.itemsize * 8, "<")
    np.testing.assert_array_equal(codecs.decode(frame, grey("rle", array)), array)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_colour_comes_out_red_green_blue(photometric):
    """Luminance and colour are converted by the formula of PS3.3 C.7.6.3.1.2; red, green, blue stay as they are."""
    from rle.rle import encode_frame

    array = np.random.default_rng(1).integers(0, 255, (6, 4, 3)).astype(np.uint8)
    coding = grey("rle", array)._replace(photometric=photometric)
    frame = encode_frame(array.tobytes(), 6, 4, 3, 8, "<")
    truth = array.astype(float)
    if photometric != "RGB":
        y, b, r = truth[..., 0], truth[..., 1] - 128, truth[..., 2] - 128
        truth = np.stack([y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b], -1).clip(0, 255)
    assert np.abs(codecs.decode(frame, coding) - truth).max() <= 0.51


@pytest.mark.parametrize("planar", [False, True])
def test_raw_colour_by_pixel_and_by_plane(planar):
    """Planar configuration 1 holds all red, then all green, then all blue."""
    array = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    data = np.moveaxis(array, -1, 0).tobytes() if planar else array.tobytes()
    coding = grey("raw", array)._replace(photometric="RGB", planar=planar)
    np.testing.assert_array_equal(codecs.decode(data + b"\0", coding), array)


def test_deflated_image_frames():
    """One raw deflate stream a frame; one that would inflate to more stops at the size of the image."""
    array = np.arange(20, dtype=np.int16).reshape(4, 5)
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = pack.compress(array.tobytes() + bytes(10**7)) + pack.flush()
    np.testing.assert_array_equal(codecs.decode(data, grey("deflate", array)), array)


def test_jpeg_2000_of_signed_and_of_8_bits_in_16(noise):
    """The stream states width and sign: what it holds is brought to the type the header states."""
    from openjpeg.utils import encode_array

    signed = (noise(40, 36).astype(np.int32) - 1500).astype(np.int16)
    np.testing.assert_array_equal(
        codecs.decode(bytes(encode_array(signed, bits_stored=16)), grey("openjpeg", signed)), signed
    )
    narrow = noise(40, 36).astype(np.uint8)
    coding = grey("openjpeg", narrow)._replace(allocated=16)
    np.testing.assert_array_equal(codecs.decode(bytes(encode_array(narrow, bits_stored=8)), coding), narrow)


def test_high_throughput_jpeg_2000():
    """A stream of another encoder, whose image is known by a formula."""
    rows, columns = np.mgrid[:24, :20]
    array = (rows * 60 + columns * 97 + (rows > 11) * 1500 - 900).astype(np.int16)
    np.testing.assert_array_equal(codecs.decode(base64.b64decode(HTJ2K), grey("openjpeg", array)), array)


@pytest.mark.parametrize("plugin", ["rle", "pyjpegls", "openjpeg", "gdcm", "deflate", "raw"])
@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", bytes(range(256)), b"\xff\x4f\xff\x51" + bytes(60)])
def test_what_is_no_image_is_refused_in_words(plugin, data):
    """No decoder's own error comes out; nothing is made up."""
    coding = Coding(
        plugin=plugin, rows=16, columns=16, samples=1, allocated=16, signed=False, photometric="MONOCHROME2"
    )
    with pytest.raises(codecs.Undecodable, match="gives up"):
        codecs.decode(data, coding)


def test_a_size_that_contradicts_the_header_reaches_no_decoder(noise):
    """A decoder writes as much as its stream says: it is asked only if that is the room there is."""
    from openjpeg.utils import encode_array

    data = bytes(encode_array(noise(40, 36), bits_stored=12))
    with pytest.raises(codecs.Undecodable):
        codecs.decode(data, grey("openjpeg", noise(36, 40)))


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


def test_every_decoder_of_the_table_exists():
    """Each syntax is native, decoded by a function here, or refused by its name."""
    for row in table("transfer_syntaxes").values():
        assert row["name"]
        assert row["plugin"] in (None, "native") or (row["plugin"] in codecs.DECODERS and row["stream"])
    assert set(codecs.DECODERS) >= codecs.SAFE


def test_no_decoder_under_the_gpl_is_used():
    """pylibjpeg-libjpeg is GPL-3: "leave it out of every dependency set"."""
    import importlib.util

    assert importlib.util.find_spec("libjpeg") is None
    assert not {row["plugin"] for row in table("transfer_syntaxes").values()} & {"libjpeg", "pylibjpeg"}


def test_standard_error_can_be_kept_clean(shared_data, capfd):
    """gdcm first tries its 8-bit decoder and complains to standard error: the user does not see it."""
    with codecs.quiet():
        decoded(shared_data / "dicom-nema-wg04" / "JPLY" / "MR4_JPLY")
    assert capfd.readouterr().err == ""
