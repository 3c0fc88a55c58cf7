"""Radiographs: whole numbers on a detector, the view, and where the picture lies between source and detector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest

from spinemets.exports.dicom.radiograph import (
    DX_FOR_PRESENTATION,
    DX_FOR_PROCESSING,
    VIEWS,
    RadiographFacts,
    write_radiograph,
)
from spinemets.ingest.read import read
from spinemets.knowledge.catalogue import table
from spinemets.model.errors import UsageError


@pytest.fixture
def facts() -> RadiographFacts:
    """The geometry of the specification: SID 1100, SOD 900, 0.15 mm."""
    return RadiographFacts(
        view="AP", spacing_mm=(0.15, 0.16), source_detector_mm=1100.0, source_patient_mm=900.0, kvp=75.0, exposure_uas=20_000.0
    )  # fmt: skip


@pytest.fixture
def picture():
    """Photon counts (rows, columns)."""
    return np.random.default_rng(2).poisson(30_000.0, (40, 24)).astype(np.uint16)


@pytest.mark.parametrize("view", list(VIEWS))
@pytest.mark.parametrize("for_presentation", [True, False])
@pytest.mark.parametrize("bright_is_low", [True, False])
def test_comes_back(*, view, for_presentation, bright_is_low, about, facts, picture, verify, tmp_path):
    """The same numbers, the view, the pixel size on the detector; dciodvfy has nothing to say."""
    how = replace(facts, view=view, for_presentation=for_presentation, bright_is_low=bright_is_low)
    path = write_radiograph(picture, tmp_path / "dx.dcm", about, how)
    verify(path)
    (series,) = read([path]).series
    np.testing.assert_array_equal(series.planar.load()[0], picture)
    (one,) = series.planar.views
    assert (one.name, one.columns_towards, one.rows_towards) == (view, *VIEWS[view].towards)
    assert (series.planar.spacing_mm, series.planar.spacing_plane) == ((0.15, 0.16), "detector")
    assert series.planar.inverted == bright_is_low
    assert series.acquisition.kvp == 75.0
    d = pydicom.dcmread(path)
    assert d.SOPClassUID == (DX_FOR_PRESENTATION if for_presentation else DX_FOR_PROCESSING)
    assert d.ImageComments == "simulated, not a patient" and "FrameOfReferenceUID" not in d


def test_geometry(*, about, facts, picture, verify, tmp_path):
    """PS3.3 C.8.11.5: magnification is "Ratio of SID over SOD"; a calibrated picture states the patient's plane."""
    calibrated = replace(facts, patient_spacing_mm=(0.15 * 900 / 1100, 0.16 * 900 / 1100))
    path = write_radiograph(picture, tmp_path / "dx.dcm", about, calibrated)
    verify(path)
    d = pydicom.dcmread(path)
    assert float(d.EstimatedRadiographicMagnificationFactor) == pytest.approx(1100 / 900)
    (series,) = read([path]).series
    assert series.planar.spacing_plane == "patient"
    assert series.planar.spacing_mm == pytest.approx((0.15 * 900 / 1100, 0.16 * 900 / 1100))


@pytest.mark.parametrize("largest", [4095, 65535])
def test_ends_of_the_scale(*, largest, about, facts, verify, tmp_path):
    """0 and the largest number of 12 and of 16 bits come back; a flat picture too."""
    picture = np.zeros((4, 6))
    picture[0, 0] = largest
    path = write_radiograph(picture, tmp_path / "dx.dcm", about, facts)
    verify(path)
    np.testing.assert_array_equal(read([path]).series[0].planar.load()[0], picture)
    verify(write_radiograph(np.full((4, 6), 7), tmp_path / "flat.dcm", about, facts))


def test_arranged_otherwise(*, about, facts, picture, tmp_path):
    """A picture that is arranged otherwise states where its columns and rows go; what is not stated is absent."""
    how = replace(facts, view="left lateral", towards=("A", "F"), kvp=None, exposure_uas=None)
    path = write_radiograph(picture, tmp_path / "dx.dcm", about, how)
    (view,) = read([path]).series[0].planar.views
    assert (view.name, view.columns_towards, view.rows_towards) == ("left lateral", "A", "F")
    assert "KVP" not in pydicom.dcmread(path) and "ExposureInuAs" not in pydicom.dcmread(path)


def test_relation_to_the_beam(*, about, facts, picture, tmp_path):
    """Pixel Intensity Relationship and its sign say what the numbers follow."""
    for logarithmic, rising, stated in ((True, False, ("LOG", -1)), (False, True, ("LIN", 1))):
        how = replace(facts, logarithmic=logarithmic, rising=rising)
        d = pydicom.dcmread(write_radiograph(picture, tmp_path / "dx.dcm", about, how))
        assert (d.PixelIntensityRelationship, d.PixelIntensityRelationshipSign) == stated


def test_views_are_those_the_reader_knows():
    """Codes of the writer are those of the table `planar`."""
    for name, view in VIEWS.items():
        assert view.code.value in table("planar")["view_codes"][name]


@pytest.mark.parametrize(("change", "said"), [
    ({"picture": np.full((4, 4), 0.5)}, "whole numbers from 0 to 65535"),
    ({"picture": np.full((4, 4), -1)}, "whole numbers from 0 to 65535"),
    ({"picture": np.full((4, 4), 65536)}, "do not fit 16 bits"),
    ({"picture": np.zeros((1, 4, 4))}, "is no picture"),
    ({"view": "oblique"}, "View 'oblique' has no code here"),
    ({"body_part": "HEAD"}, "Body part 'HEAD' has no code here"),
])  # fmt: skip
def test_refused(*, change, said, about, facts, picture, tmp_path):
    """This object has neither slope nor intercept: other numbers are refused, never rounded; nothing is written."""
    who = replace(about, body_part=change.get("body_part", "LSPINE"))
    with pytest.raises(UsageError, match=said):
        write_radiograph(
            change.get("picture", picture), tmp_path / "dx.dcm", who, replace(facts, view=change.get("view", "AP"))
        )
    assert list(tmp_path.iterdir()) == []
