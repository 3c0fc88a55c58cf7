"""One patient on several days."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.cases.pairs import COURSES, MOVES
from spinemets.phantom.pathology.measure import measure


@pytest.mark.parametrize("course", COURSES)
def test_days_of_a_course(course):
    """Each day is a case of the same person; the first day's name has no day in it."""
    first = case_of(f"pair-{course}")
    assert first.day == 0
    for day in first.days[1:]:
        later = case_of(f"pair-{course}@{day}")
        assert (later.person, later.day, later.days) == (first.name, day, first.days)


def test_patient_lies_otherwise_on_another_day():
    """3 mm and 2 degrees, the same bones: distances between levels and sizes are kept."""
    one, other = (phantom.build(name, 1).anatomy for name in ("pair-stable", "pair-stable@90"))
    shift = other.frames["L3"].origin - one.frames["L3"].origin
    assert np.linalg.norm(shift) == pytest.approx(3.0)
    turn = np.degrees(np.arccos(np.dot(one.frames["L3"].anterior, other.frames["L3"].anterior)))
    assert turn == pytest.approx(2.0, abs=0.1)
    lengths = [np.linalg.norm(a.frames["T10"].origin - a.frames["L5"].origin) for a in (one, other)]
    assert lengths[0] == pytest.approx(lengths[1])
    assert one.sizes == other.sizes
    assert MOVES[0] is None


def test_stable_lesion_stays(cube):
    """Same volume on the moved patient, to the lattice."""
    volumes = [phantom.build(name, 1).truth["lesions"][0]["volume_mm3"] for name in ("pair-stable", "pair-stable@90")]
    assert volumes[0] == pytest.approx(volumes[1], rel=0.003)


@pytest.mark.slow
def test_what_courses_change():
    """Volume x 0.7 and +300 HU; a breach of the back wall; a new lesion; a flare and its end."""
    truth = {
        name: phantom.build(name, 1).truth["lesions"]
        for name in (
            "pair-sclerosis",
            "pair-sclerosis@90",
            "pair-lytic-conversion@180",
            "pair-new-lesion@90",
            "pair-flare@50",
        )
    }
    before, after = truth["pair-sclerosis"][0], truth["pair-sclerosis@90"][0]
    assert after["volume_mm3"] / before["volume_mm3"] == pytest.approx(0.7, abs=0.01)
    assert after["parts"][0]["mineral_mg_per_ml"] - before["parts"][0]["mineral_mg_per_ml"] > 150
    assert "posterior" in {b["wall"] for b in truth["pair-lytic-conversion@180"][1]["breach"]}
    assert [x["level"] for x in truth["pair-new-lesion@90"]] == ["L3", "L1"]
    assert "bone_scan" in case_of("pair-flare@180").series and "bone_scan" not in case_of("pair-stable").series
    flare = truth["pair-flare@50"][0]["parts"][0]["bone_scan_ratio"]
    assert flare == pytest.approx(1.5 * before["parts"][0]["bone_scan_ratio"])


@pytest.fixture(scope="module")
def sizes_of(normal):
    """Function: level -> volume (mm3) of the first lesion of each level of a case, on the usual patient."""

    def of(name):
        found = {}
        for insert in case_of(name).inserts:
            if insert.level not in found:
                vertebra = normal.anatomy.vertebra(insert.level)
                fitted = insert.fitted(vertebra)
                found[insert.level] = measure(fitted, vertebra, normal.anatomy.fields).volume_mm3
        return found

    return of


def test_volumes_over_the_courses(sizes_of):
    """Sclerosis shrinks by 0.7 then to 0.6; conversion grows at last; the new lesion appears and grows; stable stays."""
    shrunk = [sizes_of(name)["L3"] for name in ("pair-sclerosis", "pair-sclerosis@90", "pair-sclerosis@180")]
    assert np.array(shrunk[1:]) / shrunk[0] == pytest.approx([0.7, 0.6], abs=0.01)
    turned = [sizes_of(f"pair-lytic-conversion{day}")["L3"] for day in ("", "@90", "@180")]
    assert turned[0] == turned[1] < turned[2]
    new = [sizes_of(f"pair-new-lesion{day}").get("L1", 0.0) for day in ("", "@90", "@180")]
    assert new == pytest.approx([0.0, 4 / 3 * np.pi * 6.5**3, 4 / 3 * np.pi * 9.0**3], rel=0.02)
    assert len({sizes_of(f"pair-stable{day}")["L3"] for day in ("", "@90", "@180")}) == 1


@pytest.mark.parametrize("course", COURSES)
def test_days_differ_in_how_the_patient_lies(course):
    """Each day another way, the first as it is; moves are small."""
    moves = [
        case_of(name).moved for name in (f"pair-{course}", *(f"pair-{course}@{d}" for d in COURSES[course][1][1:]))
    ]
    assert moves[0] is None and len(set(moves)) == len(moves)
    for move in moves[1:]:
        assert np.linalg.norm(move.shift_mm) == pytest.approx(3.0) and abs(move.turn_deg) == 2.0


def test_treated_lesions_keep_their_id():
    """What is followed from day to day bears one name."""
    for course in ("sclerosis", "fading", "flare", "stable"):
        ids = {case_of(f"pair-{course}{day}").inserts[0].id for day in ("", f"@{COURSES[course][1][1]}", "@180")}
        assert len(ids) == 1, course
