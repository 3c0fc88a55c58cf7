"""Radiographs and planar scintigrams: pictures with pixel size and view, in no volume, never "no position"."""

from __future__ import annotations

import tarfile

import numpy as np
import pydicom
import pytest

from spinemets.ingest.header.values import Values
from spinemets.ingest.projections.planar import scale
from spinemets.ingest.read import read
from spinemets.model.errors import UnreadableInput

ENCODINGS = ("J2KI", "J2KR", "JLSL", "JLSN", "JPLL", "JPLY", "RLE")
EXACT = ("J2KR", "JLSL", "JPLL", "RLE")
COUNTS = 3596452  # Counts Accumulated (0018,0070) of the real bone scan
CR = "1.2.840.10008.5.1.4.1.1.1"


@pytest.fixture
def radiograph(write_image):
    """Write a computed radiograph."""

    def write(path, array, **extra):
        values = {
            "Modality": "CR", "SOPClassUID": CR, "ImagePositionPatient": None, "ImageOrientationPatient": None,
            "RescaleSlope": None, "RescaleIntercept": None, "KVP": None, "PixelSpacing": None, "FrameOfReferenceUID": None,
        }  # fmt: skip
        return write_image(path, array, **(values | extra))

    return write


def header(**values) -> Values:
    found = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return Values(found)


@pytest.mark.parametrize(
    ("stated", "spacing", "plane"),
    [
        ({}, None, None),
        ({"ImagerPixelSpacing": [0.1, 0.2]}, (0.1, 0.2), "detector"),
        ({"PixelSpacing": [0.1, 0.2]}, (0.1, 0.2), None),
        ({"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1), "detector"),
        ({"PixelSpacing": [0.087, 0.087], "ImagerPixelSpacing": [0.1, 0.1]}, (0.087, 0.087), "patient"),
        ({"PixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"}, (0.1, 0.1), "patient"),
        ({"PixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "GEOMETRY"}, (0.1, 0.1), "patient"),
        ({"PixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "ODD"}, (0.1, 0.1), None),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1), "detector"),
        ({"Modality": "NM", "PixelSpacing": [4, 4]}, (4, 4), None),
    ],
)
def test_where_a_pixel_size_holds(stated, spacing, plane):
    """A detector's pixel is 10 to 20 per cent larger than what it shows of the patient: the plane is always said."""
    found = scale(header(**stated))
    assert (found.spacing_mm, found.plane) == (spacing, plane)


def test_magnification_is_said_and_not_applied():
    """An estimate is no calibration."""
    found = scale(header(ImagerPixelSpacing=[0.1, 0.1], EstimatedRadiographicMagnificationFactor=1.15))
    assert found.spacing_mm == (0.1, 0.1) and found.said == ("estimated magnification 1.15 (0018,1114): not applied",)


def test_parallel_collimators_show_the_patient(tmp_path, write_nuclear, noise):
    """Without magnification the pixel size is that of the patient."""
    path = write_nuclear(tmp_path / "a", noise(1, 4, 4), "STATIC", [{"CollimatorType": "PARA"}])
    planar = read([path]).series[0].planar
    assert (planar.spacing_mm, planar.spacing_plane) == ((4.0, 4.0), "patient")
    path = write_nuclear(tmp_path / "a", noise(1, 4, 4), "STATIC", [{"CollimatorType": "PINH"}])
    assert read([path]).series[0].planar.spacing_plane is None


def test_a_projection_is_a_picture_and_no_volume(tmp_path, radiograph, noise):
    """The words do not frighten, nothing is measured in it, and asking for a volume says why there is none."""
    stored = noise(6, 4)
    path = radiograph(tmp_path / "a", stored, ViewPosition="AP", PatientOrientation=["L", "F"])
    (series,) = read([path]).series
    assert series.geometry.notes == ("a projection: it lies in no volume",) and series.geometry.verdict == "planar"
    assert series.grid is None and not series.measurable and series.sides_known and series.warnings == ()
    np.testing.assert_array_equal(series.planar.load(), stored[None])
    with pytest.raises(UnreadableInput, match="a projection"):
        series.pixels()


def test_inverted_display_changes_no_value(tmp_path, radiograph, noise):
    """MONOCHROME1 with a rescale to optical density: turning stored values round would break the scale."""
    stored = noise(6, 4)
    path = radiograph(
        tmp_path / "a", stored, PhotometricInterpretation="MONOCHROME1", RescaleSlope=0.684, RescaleIntercept=200,
        RescaleType="OD",
    )  # fmt: skip
    (series,) = read([path]).series
    np.testing.assert_allclose(series.planar.load()[0], stored * 0.684 + 200, rtol=1e-6)
    assert series.planar.inverted and "MONOCHROME1" in series.warnings[0]


def test_padding_becomes_nan(tmp_path, radiograph):
    """What was not measured is no value."""
    stored = np.array([[7, 1], [2, 7]], np.uint16)
    path = radiograph(tmp_path / "a", stored, PixelPaddingValue=7)
    np.testing.assert_array_equal(read([path]).series[0].planar.load()[0], [[np.nan, 1], [2, np.nan]])


def test_pictures_of_different_size_or_scale_are_series_of_their_own(tmp_path, radiograph, noise):
    """One array holds pictures of one size and one pixel size only."""
    radiograph(tmp_path / "a", noise(6, 4), InstanceNumber=1, ViewPosition="AP", ImagerPixelSpacing=[0.1, 0.1])
    radiograph(tmp_path / "b", noise(6, 5), InstanceNumber=2, ViewPosition="LL", ImagerPixelSpacing=[0.1, 0.1])
    radiograph(tmp_path / "c", noise(6, 4), InstanceNumber=3, ViewPosition="LL", ImagerPixelSpacing=[0.2, 0.2])
    radiograph(tmp_path / "d", noise(6, 4), InstanceNumber=4, ViewPosition="RL", ImagerPixelSpacing=[0.1, 0.1])
    found = read([tmp_path]).series
    assert [[v.name for v in s.planar.views] for s in found] == [
        ["AP", "right lateral"],
        ["left lateral"],
        ["left lateral"],
    ]
    assert [s.planar.load().shape for s in found] == [(2, 6, 4), (1, 6, 5), (1, 6, 4)]
    assert len({s.label for s in found}) == 3 and sum(s.n_images for s in found) == 4


def test_raw_counts(tmp_path, write_nuclear, noise):
    """Counts only from an original image of the class, stored without loss or rescale."""
    stored = noise(2, 8, 4)
    path = write_nuclear(tmp_path / "a", stored, "WHOLE BODY", [{}, {}], DetectorVector=[1, 2])
    (series,) = read([path]).series
    assert series.planar.unit == "{counts}" and series.warnings == ()
    np.testing.assert_array_equal(series.planar.load(), stored)
    for changes, words in (
        ({"ImageType": ["DERIVED", "PRIMARY", "WHOLE BODY", "EMISSION"]}, "not ORIGINAL"),
        ({"LossyImageCompression": "01"}, "compressed with loss"),
        ({"RescaleSlope": 2, "RescaleIntercept": 0}, "rescaled"),
    ):
        path = write_nuclear(tmp_path / "a", stored, "WHOLE BODY", [{}, {}], DetectorVector=[1, 2], **changes)
        (series,) = read([path]).series
        assert series.planar.unit == "1" and words in series.warnings[0]


def test_a_film_of_several_pictures(tmp_path, write_nuclear, noise):
    """Fluoroscopy: every frame a picture of the one view, in the order of the file."""
    stored = noise(5, 6, 4)
    path = write_nuclear(
        tmp_path / "a", stored, "X", Modality="RF", ImageType=["ORIGINAL", "PRIMARY"], ViewPosition="PA"
    )
    (series,) = read([path]).series
    assert [v.name for v in series.planar.views] == ["PA"] * 5 and series.n_images == 5
    np.testing.assert_array_equal(series.planar.load(), stored)


def test_localisers_with_a_position_stay_images(tmp_path, write_image, noise):
    """CT and MR localisers lie in the patient: nothing changes for them."""
    path = write_image(tmp_path / "a", noise(4, 4), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    (series,) = read([path]).series
    assert series.planar is None and series.grid is not None


def test_a_header_that_cannot_be_parsed_is_a_line(tmp_path, radiograph, noise, monkeypatch):
    """The other pictures of its series are kept."""
    from spinemets.ingest.header import headers as h
    from spinemets.ingest.header import reader

    radiograph(tmp_path / "good", noise(4, 4))
    radiograph(tmp_path / "bad", noise(4, 4))
    radiograph(tmp_path / "second", noise(4, 4), InstanceNumber=2)
    original = reader._parsed

    def refuse(source, *known):
        if source.name == "bad":
            raise h.NotDicom("sequences are nested too deep to be read")
        return original(source)

    monkeypatch.setattr(reader, "_parsed", refuse)
    study = read([tmp_path])
    assert [s.n_images for s in study.series] == [2]
    assert [(u.file, u.reason) for u in study.unread] == [("bad", "sequences are nested too deep to be read")]


def test_a_file_that_vanishes_is_one_line(tmp_path, radiograph, noise):
    """Pictures are read when asked for; the files may be gone by then."""
    path = radiograph(tmp_path / "a", noise(4, 4))
    (series,) = read([path]).series
    path.unlink()
    with pytest.raises(UnreadableInput, match="changed or vanished"):
        series.planar.load()


def test_the_real_bone_scan_in_every_encoding(shared_data, tmp_path):
    """One view, the counts the header states in every lossless encoding, and never "no position"."""
    with tarfile.open(shared_data / "dicom-nema-wg04" / "REF.tar.xz") as archive:
        (tmp_path / "NM1_UNC").write_bytes(archive.extractfile("REF/NM1_UNC").read())
    reference = read([tmp_path / "NM1_UNC"]).series[0].planar.load()
    assert reference.shape == (1, 1024, 256) and reference.sum(dtype=np.int64) == COUNTS
    for name in ENCODINGS:
        study = read([shared_data / "dicom-nema-wg04" / name / f"NM1_{name}"])
        (series,) = study.series
        assert series.geometry.notes == ("a projection: it lies in no volume",) and not study.unread
        assert [v.name for v in series.planar.views] == ["not stated"] and series.planar.spacing_mm == (2.26, 2.26)
        assert series.planar.unit == "1" and "may not be raw counts" in series.warnings[0]
        picture = series.planar.load()
        if name in EXACT:
            np.testing.assert_array_equal(picture, reference)
        else:
            assert np.corrcoef(picture.ravel(), reference.ravel())[0, 1] > 0.9


def test_real_radiographs(shared_data):
    """Views, directions, pixel size at the detector; the oblique ones state AP, which is said."""
    found = {}
    for name in ("lat", "obl1", "obl2"):
        (series,) = read([shared_data / "dicom-singles-spine" / f"cr-cspine-{name}-16px.dcm"]).series
        found[name] = series
        planar = series.planar
        assert (planar.spacing_mm, planar.spacing_plane, planar.inverted) == ((0.1, 0.1), "detector", True)
        assert (planar.views[0].columns_towards, planar.views[0].rows_towards) == ("L", "F")
        assert planar.load().shape == (1, 16, 16)
    assert found["lat"].planar.views[0].name == "left lateral"
    for name in ("obl1", "obl2"):
        assert "the header states the view AP, the description says oblique" in found[name].warnings
