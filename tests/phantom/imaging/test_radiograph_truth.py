"""Truth of radiographs: the same projection as the image's, sizes by magnification, shares by volume."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.anatomy.landmarks import landmarks
from spinemets.phantom.cases.case import Case
from spinemets.phantom.imaging import radiograph_truth
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.radiograph_truth import projected, seen
from spinemets.phantom.pathology import metastases
from spinemets.phantom.shape.distance import Rod

SCHEMA = Path(__file__).resolve().parents[3] / "schemas" / "truth.schema.json"


def found_of(patient, sequence):
    """Patient as posed, beam and truth of a radiograph."""
    a = default(sequence)
    posed, beam = patient.posed("standing"), patient.beam(a)
    return posed, beam, projected(patient.truth, (patient.anatomy, posed), beam)


@pytest.fixture(scope="module")
def frontal():
    """Balls of 5 to 20 mm that lost half of the mineral, from the front."""
    return found_of(phantom.build("xr-detect-grid", 1), "xr_ap")


@pytest.fixture(scope="module")
def lateral():
    """Back walls hollowed by 3 and 6 mm, from the side."""
    inserts = tuple(metastases.scallop(level, depth_mm=depth) for level, depth in (("L2", 3.0), ("L4", 6.0)))
    case = Case(name="two-walls", about="for tests", inserts=inserts, awaits="for tests")
    return found_of(phantom.build(case, 1), "xr_lat")


def test_it_follows_the_schema(frontal):
    """The published record, with the posture that the series adds."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    record = json.loads(json.dumps({"posture": "standing", **frontal[2]}))
    jsonschema.validate(record, {"$ref": "#/$defs/projection", "$defs": schema["$defs"]})


def test_distances(frontal):
    """E-69, and where columns and rows go."""
    _, beam, found = frontal
    assert found["magnification"] == pytest.approx(1.22222, abs=1e-5)
    assert found["penumbra_mm"] == pytest.approx(0.266667, abs=1e-6)
    assert (found["columns_towards"], found["rows_towards"]) == ("L", "F")
    assert (found["columns"], found["rows"]) == beam.shape
    assert found["source_lps_mm"] == pytest.approx(beam.source_lps_mm, abs=1e-3)


def test_landmarks_are_projected(frontal):
    """All 26 landmarks of each level on the picture, by the function that the rays follow."""
    posed, beam, found = frontal
    names = [level["name"] for level in found["levels"]]
    assert {"T11", "T12", "L1", "L2", "L3", "L4", "L5"} <= set(names)
    for level in found["levels"]:
        vertebra = posed.vertebra(level["name"])
        points = landmarks(vertebra.frame, vertebra.body, vertebra.arch)
        assert set(level["landmarks_mm"]) == set(points)
        for name, place in level["landmarks_mm"].items():
            assert place == pytest.approx(beam.project(points[name]), abs=1e-3)


def test_sides_of_a_frontal_picture(frontal):
    """Left landmarks lie to the right of right ones, superior ones above inferior ones."""
    for level in frontal[2]["levels"]:
        marks = level["landmarks_mm"]
        assert marks["pedicle_centre_left"][0] > marks["pedicle_centre_right"][0]
        assert marks["endplate_superior_centre"][1] < marks["endplate_inferior_centre"][1]
        assert level["pedicles"]["left"]["centre_mm"][0] > level["body_centre_mm"][0]


def test_sides_of_a_lateral_picture(lateral):
    """The front on the left."""
    for level in lateral[2]["levels"]:
        marks = level["landmarks_mm"]
        assert marks["wall_anterior"][0] < marks["wall_posterior"][0] < marks["spinous_tip"][0]
    assert lateral[2]["columns_towards"] == "P"


def test_pedicles_are_ellipses_of_their_size(frontal):
    """Half axes of the pedicle times its own magnification, turned as it lies."""
    posed, beam, found = frontal
    level = next(one for one in found["levels"] if one["name"] == "L3")
    rod = posed.vertebra("L3").arch.rods["pedicle_left"][0]
    half = np.array(rod.half_mm).mean(axis=0)
    middle = (np.array(rod.start) + np.array(rod.end)) / 2
    around = [
        middle + np.cos(t) * half[0] * rod.directions[1] + np.sin(t) * half[1] * rod.directions[2]
        for t in np.linspace(0, 6.3, 721)
    ]
    spread = np.ptp(beam.project(np.array(around)), axis=0) / 2
    ring = level["pedicles"]["left"]
    assert [ring["half_width_mm"], ring["half_height_mm"]] == pytest.approx(spread, rel=0.01)
    assert isinstance(rod, Rod)


def test_lesions_of_the_grid(frontal):
    """Diameters times magnification; half of the mineral gone; the larger, the more the beam gains."""
    posed, beam, found = frontal
    assert [lesion["level"] for lesion in found["lesions"]] == ["T11", "T12", "L1", "L2", "L3", "L4", "L5"]
    for lesion, diameter in zip(found["lesions"], (5.0, 7.5, 10.0, 12.5, 15.0, 17.5, 20.0), strict=True):
        origin = posed.frames[lesion["level"]].origin
        assert lesion["width_mm"] == pytest.approx(diameter * float(beam.magnification(origin)), rel=2e-3)
        assert lesion["height_mm"] == pytest.approx(lesion["width_mm"], abs=0.01)
        assert lesion["centre_mm"] == pytest.approx(beam.project(origin), abs=0.5)
        assert lesion["mineral_loss_share"] == pytest.approx(0.5, abs=0.01)
        assert lesion["wall_depth_mm"] is None
    changes = [lesion["log_attenuation_change"] for lesion in found["lesions"]]
    assert max(changes) < 0
    assert changes[-1] < 3 * changes[0]


def test_a_lesion_keeps_its_place_in_its_level(first_light):
    """Its middle lies in the standing patient where it lies in the level's frame lying; what is gained is no loss."""
    posed, beam, found = found_of(first_light, "xr_ap")
    assert [lesion["level"] for lesion in found["lesions"]] == ["L2", "L4"]
    for lesion in found["lesions"]:
        insert = next(one for one in posed.inserts if one.id == lesion["id"])
        wanted = beam.project(posed.frames[insert.level].lps(*insert.region.centre_mm))
        assert lesion["centre_mm"] == pytest.approx(wanted, abs=0.3)
        assert (lesion["mineral_loss_share"] > 0) == (lesion["log_attenuation_change"] < 0) == (insert.kind == "lytic")


def test_scalloped_walls_have_their_depth(lateral):
    """Regions that are no ellipsoids have no width."""
    depths = [lesion["wall_depth_mm"] for lesion in lateral[2]["lesions"]]
    assert depths == [3.0, 6.0]
    assert all(lesion["width_mm"] is None for lesion in lateral[2]["lesions"])


def test_levels_on_the_picture(frontal):
    """Lumbar levels whole, the neck absent; a level at the border is cut."""
    posed, beam, _ = frontal
    states = seen(posed, beam)
    assert {states[name] for name in ("T11", "T12", "L1", "L2", "L3", "L4", "L5")} == {"whole"}
    assert states["C5"] == states["T2"] == "absent"
    assert "cut" in states.values()


def test_shares_add_up_to_all():
    """Two lesions of one pedicle take at most the whole of it; levels are told apart."""
    lesions = [
        {"level": "L3", "arch_shares": {"pedicle_left": 0.7, "lamina_left": 0.1}},
        {"level": "L3", "arch_shares": {"pedicle_left": 0.6}},
        {"level": "L4", "arch_shares": {"pedicle_left": 0.2}},
    ]
    found = radiograph_truth._destroyed({"lesions": lesions})
    assert found == {("L3", "pedicle_left"): 1.0, ("L3", "lamina_left"): 0.1, ("L4", "pedicle_left"): 0.2}


def test_loss_is_weighted_by_volume():
    """A third of the volume without mineral, the rest with twice the host's: a gain of a third."""
    parts = [{"volume_mm3": 100.0, "mineral_mg_per_ml": 0.0}, {"volume_mm3": 200.0, "mineral_mg_per_ml": 200.0}]
    assert radiograph_truth._loss(parts, 100.0) == pytest.approx(-1 / 3, abs=1e-4)
    assert radiograph_truth._loss([], 100.0) == 0.0
