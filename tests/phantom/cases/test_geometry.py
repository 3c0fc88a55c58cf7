"""Cases of geometry: what is written is askew, lacks what it says, and is read as such."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest

from spinemets import phantom
from spinemets.ingest.read import read
from spinemets.phantom.cases.geometry import LOST, OMITTED
from spinemets.phantom.files.write import write_dicom
from spinemets.phantom.imaging.acquisition import default


def coarse(name):
    """The protocol in pixels of 2 mm: what is tested here is where slices lie."""
    return replace(default(name), pixel_mm=2.0)


def written(case, tmp_path, series):
    """Folders of a case by series, in coarse pixels."""
    return write_dicom(phantom.build(case, 1), tmp_path, tuple(coarse(name) for name in series))


@pytest.fixture(scope="module")
def tilted(tmp_path_factory):
    """Folders of the tilted case, and the series that our reader makes of them."""
    folder = tmp_path_factory.mktemp("tilted")
    made = written("geom-tilt", folder, ("ct_tilted",))
    (series,) = read([folder]).series
    return made, series


def test_tilt(tilted):
    """The gantry's angle stands in the header and in the places of the slices; our reader straightens the stack and says so."""
    made, series = tilted
    heads = [pydicom.dcmread(f, stop_before_pixels=True) for f in sorted(made["ct_tilted"].iterdir())]
    assert float(heads[0].GantryDetectorTilt) == pytest.approx(15.0)
    rows, columns = (np.array(heads[0].ImageOrientationPatient[n : n + 3], float) for n in (0, 3))
    step = np.subtract(heads[1].ImagePositionPatient, heads[0].ImagePositionPatient)
    assert step == pytest.approx([0.0, 0.0, 1.25], abs=1e-6)
    assert np.degrees(np.arccos(np.cross(rows, columns)[2])) == pytest.approx(15.0)
    assert series.geometry.verdict == "resampled" and "15.0 degrees" in series.geometry.notes[0]


def test_the_lesion_of_the_tilted_stack_is_where_it_was(tilted):
    """Read back and straightened, the image has the lesion's attenuation at the lesion's place."""
    patient = phantom.build("geom-tilt", 1)
    volume = tilted[1].load()
    lesion = patient.truth["lesions"][0]
    i, j, k = np.round(volume.grid.to_ijk(lesion["centroid_lps_mm"])).astype(int)
    inside = volume.array[i - 1 : i + 2, j - 1 : j + 2, k - 1 : k + 2]
    assert inside.mean() < 80 < patient.anatomy.hosts["L3"].hu


def test_gap(tmp_path):
    """One file is missing, the slice that was asked for, and the reader names the gap."""
    made = written("geom-gap", tmp_path, ("ct",))
    places = sorted(
        float(pydicom.dcmread(f, stop_before_pixels=True).ImagePositionPatient[2]) for f in made["ct"].iterdir()
    )
    steps = np.diff(places)
    assert np.count_nonzero(steps > 1.5 * np.median(steps)) == 1
    assert int(np.argmax(steps)) == LOST - 1
    (series,) = read([tmp_path]).series
    assert series.geometry.missing_positions_mm == pytest.approx([places[LOST - 1] + 1.25])


def test_no_anchor():
    """Neither end of the column nor a first or last rib is in view; the lesion is."""
    patient = phantom.build("lvl-none", 1)
    for name in patient.case.series:
        seen = patient.coverage(patient.grid(default(name)))
        assert seen["T6"] == "whole"
        assert {seen[level] for level in ("C2", "C7", "T1", "T2", "T11", "T12", "L1", "L5")} == {"absent"}


def test_missing_tags(tmp_path):
    """Each series lacks its element and nothing else of the list."""
    made = written("pit-missing-tags", tmp_path, ("t1", "stir", "dwi"))
    asked = {"t1": "EchoTime", "stir": "InversionTime", "dwi": "DiffusionBValue"}
    for name, folder in made.items():
        head = pydicom.dcmread(sorted(folder.iterdir())[0], stop_before_pixels=True)
        assert asked[name] in OMITTED[name] and asked[name] not in head
        assert name == "t1" or "EchoTime" in head


def test_whole_body_lesions_lie_as_stated():
    """T10 in the first two stations, L2 whole in one; the parts between the last two stations are in none."""
    patient = phantom.build("wb-3st", 1)
    grids = [patient.grid(default(f"wb3_stir-{n}")) for n in (1, 2, 3)]
    centres = {lesion["level"]: np.array(lesion["centroid_lps_mm"]) for lesion in patient.truth["lesions"]}

    def stations(point):
        return [n for n, grid in enumerate(grids, 1) if -0.5 < grid.to_ijk(point)[1] < grid.shape_ijk[1] - 0.5]

    assert stations(centres["L2"]) == [2]
    low = grids[1].to_lps_mm((0, grids[1].shape_ijk[1] - 0.5, 0))[2]
    assert stations(centres["L2"] * [1, 1, 0] + [0, 0, low - 6.0]) == []
    assert stations(centres["T10"]) == [1, 2]
