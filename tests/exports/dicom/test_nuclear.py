"""Nuclear medicine: planar views, projections around the patient, and reconstructed volumes."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pydicom
import pytest

from spinemets.exports.dicom.nuclear import (
    TC99M_WINDOW,
    VIEWS,
    NuclearFacts,
    PlanarFacts,
    SpectFacts,
    TurnFacts,
    write_planar,
    write_projections,
    write_spect,
)
from spinemets.exports.dicom.tracer import MEDRONATE, Radiopharmaceutical
from spinemets.ingest.read import read
from spinemets.knowledge.catalogue import table
from spinemets.model.errors import UsageError


@pytest.fixture
def facts(about) -> NuclearFacts:
    """A bone scan 3 h after injection, 15 min a view."""
    tracer = Radiopharmaceutical(
        agent="MDP", nuclide="Tc-99m", dose_bq=6.2e8, injected=about.acquired - timedelta(hours=3), code=MEDRONATE
    )
    return NuclearFacts(tracer=tracer, frame_duration_s=900.0, window=TC99M_WINDOW)


@pytest.fixture
def counts():
    """Poisson counts (pictures, rows, columns)."""

    def build(n=2, rows=40, columns=16):
        return np.random.default_rng(11).poisson(20.0, (n, rows, columns)).astype(np.uint16)

    return build


PLANAR = PlanarFacts(views=("anterior", "posterior"), spacing_mm=(2.2, 2.4), whole_body=True)
TURN = TurnFacts(start_angle_deg=90.0, step_deg=45.0, radius_mm=220.0, spacing_mm=(4.4, 4.4))


@pytest.mark.parametrize("views", [("anterior", "posterior"), ("posterior",), ("left lateral", "right lateral")])
@pytest.mark.parametrize("whole_body", [True, False])
def test_views_come_back(*, views, whole_body, about, facts, counts, verify, tmp_path):
    """Views with their names, counts and pixel size; dciodvfy has nothing to say."""
    pictures = counts(len(views))
    planar = PlanarFacts(views=views, spacing_mm=(2.2, 2.4), whole_body=whole_body)
    path = write_planar(pictures, tmp_path / "nm.dcm", about, facts, planar)
    verify(path)
    (series,) = read([path]).series
    assert [view.name for view in series.planar.views] == list(views)
    np.testing.assert_array_equal(series.planar.load(), pictures)
    assert (series.planar.spacing_mm, series.planar.spacing_plane, series.planar.unit) == (
        (2.2, 2.4),
        "patient",
        "{counts}",
    )
    assert not [text for text in series.warnings if "contradict" in text]
    assert (series.acquisition.patient_position, series.acquisition.tracer.dose_bq) == ("HFS", 6.2e8)
    assert "energy window 1 (Tc-99m 15 %, 130 to 151 keV)" in series.planar.views[0].facts


def test_one_view_states_its_orientation(*, about, facts, counts, tmp_path):
    """A file states one Patient Orientation: that of its view, none where its views differ."""
    for views, towards in (
        (("anterior",), ("L", "F")),
        (("posterior",), ("R", "F")),
        (("anterior", "posterior"), (None, None)),
    ):
        planar = PlanarFacts(views=views, spacing_mm=(2.2, 2.2))
        path = write_planar(counts(len(views)), tmp_path / "nm.dcm", about, facts, planar)
        (view, *_) = read([path]).series[0].planar.views
        assert (view.columns_towards, view.rows_towards) == towards


def test_arranged_otherwise(*, about, facts, counts, tmp_path):
    """A posterior view that was turned round, to be compared with the anterior one, says so."""
    planar = PlanarFacts(views=("anterior", "posterior"), spacing_mm=(2.2, 2.2), towards=("L", "F"))
    (series,) = read([write_planar(counts(), tmp_path / "nm.dcm", about, facts, planar)]).series
    assert [(view.columns_towards, view.rows_towards) for view in series.planar.views] == [("L", "F")] * 2


def test_a_file_for_each_view(*, about, facts, counts, tmp_path):
    """One series of two files: both sides are stated, and nothing is taken for the same image twice."""
    for number, name in enumerate(("anterior", "posterior")):
        planar = PlanarFacts(views=(name,), spacing_mm=(2.2, 2.2), number=number)
        write_planar(counts(1), tmp_path / f"{number}.dcm", about, facts, planar)
    (series,) = read([tmp_path]).series
    assert [(view.name, view.columns_towards) for view in series.planar.views] == [
        ("anterior", "L"),
        ("posterior", "R"),
    ]
    assert series.sides_known and series.planar.load().shape == (2, 40, 16)
    assert len({pydicom.dcmread(tmp_path / f"{n}.dcm").SOPInstanceUID for n in (0, 1)}) == 2


def test_views_are_those_the_reader_knows():
    """Codes and start angles of the writer are those of the table `planar`."""
    rows = table("planar")
    for name, view in VIEWS.items():
        assert view.code.value in rows["view_codes"][name]
        if name in rows["start_angle_deg"]:
            assert view.start_angle_deg == rows["start_angle_deg"][name]


def test_whole_body_sweep(*, about, facts, counts, tmp_path):
    """Scan length and velocity follow from rows, spacing and time; counts are summed."""
    pictures = counts(2)
    d = pydicom.dcmread(write_planar(pictures, tmp_path / "nm.dcm", about, facts, PLANAR))
    assert (d.ScanLength, float(d.ScanVelocity), d.ActualFrameDuration) == (88, pytest.approx(88 / 900), 900_000)
    assert d.CountsAccumulated == pictures.sum()
    assert list(d.ImageType) == ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"]
    assert (list(d.DetectorVector), list(d.EnergyWindowVector), d.NumberOfFrames) == ([1, 2], [1, 1], 2)
    assert d.ImageComments == "simulated, not a patient" and d.BitsStored == 16


def test_projections_come_back(*, about, facts, counts, verify, tmp_path):
    """Each projection with its angle; dciodvfy has nothing to say."""
    pictures = counts(8, 20, 16)
    path = write_projections(pictures, tmp_path / "tomo.dcm", about, facts, TURN)
    verify(path)
    (series,) = read([path]).series
    np.testing.assert_array_equal(series.planar.load(), pictures)
    angles = [next(fact for fact in view.facts if fact.startswith("projection")) for view in series.planar.views]
    assert angles[:4] == [f"projection at {angle} degrees" for angle in (90, 45, 0, 315)]


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
@pytest.mark.parametrize("slices", [1, 5])
def test_reconstruction_comes_back(
    *, orientation, slices, about, facts, counts, make_grid, volume_of, read_back, assert_same, verify, tmp_path
):
    """A SPECT volume in any orientation: same counts at the same places; dciodvfy has nothing to say."""
    grid = make_grid(orientation, (4.4, 4.4, 4.8), (16, 20, slices))
    array = counts(slices, 20, 16).transpose(2, 1, 0)
    path = write_spect(
        volume_of(array, grid, "counts"), tmp_path / "s.dcm", about, facts, SpectFacts(slice_thickness_mm=4.8)
    )
    verify(path)
    ((series, volume),) = read_back(path)
    assert_same(volume, array, grid)
    assert series.acquisition.tracer.nuclide == "^99m^Technetium"


def test_real_values_take_a_slope(*, about, facts, make_grid, volume_of, read_back, verify, tmp_path):
    """Values that are no counts come back by a slope that readers find, although this object has no place for one."""
    grid, array = make_grid(), np.random.default_rng(1).uniform(0.0, 3.0, (6, 8, 5))
    path = write_spect(volume_of(array, grid), tmp_path / "s.dcm", about, facts, SpectFacts(slice_thickness_mm=4.4))
    verify(path, "RescaleIntercept", "RescaleSlope")
    ((_, volume),) = read_back(path)
    assert np.abs(volume.array - array).max() <= 0.51 * 3.0 / 65535 + 1e-6


@pytest.mark.parametrize("orientation", ["axial", "coronal", "oblique"])
def test_other_readers_agree(*, orientation, about, facts, counts, make_grid, volume_of, assert_converted, tmp_path):
    """dcm2niix gives the same counts at the same places.

    Not for a sagittal one: there it says "Unable to determine slice direction", and turns the stack round although the sign
    of Spacing Between Slices states it (PS3.3 C.8.4.15); SimpleITK and our reader follow the sign.
    """
    grid, array = make_grid(orientation, (4.4, 4.4, 4.8), (16, 20, 5)), counts(5, 20, 16).transpose(2, 1, 0)
    write_spect(volume_of(array, grid), tmp_path / "s.dcm", about, facts, SpectFacts(slice_thickness_mm=4.8))
    assert_converted(tmp_path, array, grid)


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
def test_simpleitk_agrees(*, orientation, about, facts, counts, make_grid, volume_of, assert_sitk, tmp_path):
    """SimpleITK gives the same counts at the same places."""
    grid, array = make_grid(orientation, (4.4, 4.4, 4.8), (16, 20, 5)), counts(5, 20, 16).transpose(2, 1, 0)
    path = write_spect(volume_of(array, grid), tmp_path / "s.dcm", about, facts, SpectFacts(slice_thickness_mm=4.8))
    assert_sitk(path, array, grid)


def test_same_input_same_bytes(*, about, facts, counts, tmp_path):
    """Nothing in a file depends on when or where it was written."""
    first, second = (write_planar(counts(), tmp_path / name, about, facts, PLANAR) for name in ("a.dcm", "b.dcm"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(("pictures", "views", "said"), [
    (np.zeros((2, 4, 4)), ("anterior", "vertex"), "View 'vertex' has no code here"),
    (np.zeros((2, 4, 4)), ("anterior",), "2 pictures and 1 views"),
    (np.zeros((4, 4)), ("anterior",), "holds no pictures"),
    (np.full((1, 4, 4), np.inf), ("anterior",), "no finite real"),
])  # fmt: skip
def test_planar_refused(*, pictures, views, said, about, facts, tmp_path):
    """Bad pictures are refused in one line, and nothing is written."""
    with pytest.raises(UsageError, match=said):
        write_planar(pictures, tmp_path / "nm.dcm", about, facts, PlanarFacts(views=views, spacing_mm=(2.2, 2.2)))
    assert list(tmp_path.iterdir()) == []


def test_a_series_of_reconstructions_is_refused(*, about, facts, make_grid, volume_of, tmp_path):
    """One object holds one volume; projections need three axes."""
    with pytest.raises(UsageError, match="holds one volume"):
        write_spect(
            volume_of(np.zeros((6, 8, 5, 2)), make_grid()),
            tmp_path / "s",
            about,
            facts,
            SpectFacts(slice_thickness_mm=1.0),
        )
    with pytest.raises(UsageError, match="holds no pictures"):
        write_projections(np.zeros((4, 4)), tmp_path / "s", about, facts, TURN)
