"""What a case says of itself and what is planted in it: levels, sides, sizes, numbers, and series that hold them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spinemets.phantom.anatomy.levels import column
from spinemets.phantom.anatomy.sizes import Patient
from spinemets.phantom.cases.ingredients import LUMBAR_FIELD
from spinemets.phantom.cases.named import CASES, case_of
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.coverage import rims
from spinemets.phantom.imaging.placing import several
from spinemets.phantom.pathology.hardware import Bar
from spinemets.phantom.pathology.measure import measure
from spinemets.phantom.pathology.walls import WallPatch

ORDER = column()[1:]
# T1 and T2 are weightings in these sentences.
WEIGHTINGS = {"T1", "T2"}
# Levels that are named without holding anything: what is out of view, a variant.
NAMED_ONLY = {"lvl-none": {"C2"}, "pit-transitional": {"L5"}, "pair-new-lesion": {"L1"}}
# Cases whose inserts fill the spine: the sentence says "all marrow".
WHOLE_SPINE = {"diffuse", "fig05"}
# Bone lesions on a side: level -> side.
SIDED = {
    "pedicle-l": {"L3": "left"},
    "plan-sectors-2": {"L3": "left"},
    "plan-sectors-3": {"L3": "left"},
    "plan-sectors-5": {"L3": "left"},
    "plan-sectors-6": {"L3": "left"},
    "fig04": {"L4": "left"},
    "fig09": {"L4": "right"},
    "epi-foraminal": {"L3": "left"},
    "epi-1b-ct": {"T11": "left"},
    "spect-loc": {"L2": "left"},
    "xr-pedicle": dict.fromkeys(("T11", "T12", "L1", "L2", "L3", "L4", "L5"), "left"),
}
# Sides of what is no lesion of bone: tests below.
SIDED_OTHERWISE = {
    "cortex-frac-left",
    "cortex-frac-right",
    "fx-pedicle-edema",
    "mim-facet",
    "par-mass",
    "fig11",
    "mim-ms",
}
# Levels at which the field of a modality ends within the bone: the irradiated part of T10 is its lower one.
CUT = {("mim-rt-field", "CT"): {"T10"}}
# Balls whose diameter is stated.
DIAMETERS_MM = {"fig01": 18.0, "fig03": 22.0, "fig15": 20.0, "bullseye": 12.0, "red-island": 16.0}


def expanded(text):
    """Levels that a sentence names, ranges written out."""
    found = set(re.findall(r"\b[CTL]\d{1,2}\b", text)) - WEIGHTINGS
    for first, last in re.findall(r"\b([CTL]\d{1,2}) to ([CTL]\d{1,2})\b", text):
        found |= set(ORDER[ORDER.index(first) : ORDER.index(last) + 1])
    return found


def planted(case):
    """Levels at which something is put: bone, discs, metal, canal, masses."""
    found = {x.level for x in (*case.inserts, *case.benign, *case.screws)} | set(case.collapses) | set(case.discs)
    for fixture in case.fixtures:
        found |= set(fixture.levels) if isinstance(fixture, Bar) else {fixture.level}
    for insert in case.canal:
        span = getattr(insert, "span", None)
        if span is not None:
            found |= set(ORDER[ORDER.index(span[0][0]) : ORDER.index(span[1][0]) + 1])
        elif getattr(insert, "at", None) is not None:
            found.add(insert.at[0])
    return found | {lobule.level for mass in case.masses for lobule in mass.lobules}


def bone_lesions(case, anatomy, number=None):
    """Level, how far left of the level's middle (mm), volume and insert of the first lesions, on the usual patient."""
    made = []
    for insert in case.inserts[:number]:
        vertebra = anatomy.vertebra(insert.level)
        fitted = insert.fitted(vertebra)
        found = measure(fitted, vertebra, anatomy.fields)
        away = np.array(found.centroid_lps_mm) - vertebra.frame.origin
        made.append((insert.level, float(away @ vertebra.frame.left), float(away[0]), found.volume_mm3, fitted))
    return made


@pytest.mark.parametrize("name", [n for n in CASES if expanded(case_of(n).about)])
def test_levels_that_are_named_hold_something(name):
    """No level in the sentence without disease, metal or wear at it."""
    case = case_of(name)
    single = set(re.findall(r"\b[CTL]\d{1,2}\b", case.about)) - WEIGHTINGS
    assert single - planted(case) == NAMED_ONLY.get(name, set())


@pytest.mark.parametrize("name", [n for n in CASES if expanded(case_of(n).about)])
def test_levels_that_hold_something_are_named(name):
    """Lesions of bone and collapses lie where the sentence says, ranges included."""
    case = case_of(name)
    if name in WHOLE_SPINE:
        assert {insert.level for insert in case.inserts} == set(ORDER)
        assert "all marrow" in case.about.lower()
        return
    assert {x.level for x in (*case.inserts, *case.benign)} | set(case.collapses) <= expanded(case.about)


def test_every_case_that_names_a_side_is_held_against_it():
    """A new case with a side in its sentence must be added to one of the tables."""
    with_side = {n for n in CASES if re.search(r"\b(left|right)\b", case_of(n).about.lower())}
    # "readable is left", "share of mineral left" are no sides.
    no_side = {n for n in with_side if "mineral left" in case_of(n).about}
    assert with_side - no_side == set(SIDED) | SIDED_OTHERWISE


@pytest.mark.parametrize("name", SIDED)
def test_sides_of_bone_lesions(name, normal):
    """The lesion's centroid lies on the named side of its level, in the level's frame and in LPS (x to the left)."""
    found = bone_lesions(case_of(name), normal.anatomy)
    for level, side in SIDED[name].items():
        sign = 1 if side == "left" else -1
        at = [(left, x) for where, left, x, _, _ in found if where == level]
        assert at
        assert all(sign * left > 4 and sign * x > 4 for left, x in at), name


def test_sides_of_oedema_of_facets_and_pedicles():
    """Benign changes and fractures carry their side as a word."""
    assert {change.part for change in case_of("mim-facet").benign} == {"left"}
    assert case_of("fx-pedicle-edema").collapses["L1"].pedicles == ("left",)
    assert [change.part for change in case_of("spect-loc").benign] == ["right"]


@pytest.mark.parametrize("name", ["par-mass", "fig11", "fig14"])
def test_masses_lie_left(name):
    """All lobules left of the column, and farther out than the body's half width leaves room on the other side."""
    for mass in case_of(name).masses:
        assert all(lobule.centre_mm[0] > 20 for lobule in mass.lobules)


def test_plaque_lies_behind_left():
    """Places in the cord count to the left and backwards, as angles do in the canal."""
    (disease,) = case_of("mim-ms").canal
    (spot,) = disease.spots
    assert spot.beside_mm[0] > 0 and spot.beside_mm[1] > 0


def test_left_and_right_wall_are_twins(normal):
    """The same share of mirrored walls: volumes within 3 %, centroids mirrored within half a millimetre."""
    left, right = (bone_lesions(case_of(f"cortex-frac-{side}"), normal.anatomy)[0] for side in ("left", "right"))
    assert isinstance(left[4].region, WallPatch)
    assert left[3] == pytest.approx(right[3], rel=0.03)
    assert left[1] == pytest.approx(-right[1], abs=0.5)
    assert left[2] > 10 and right[2] < -10


@pytest.mark.parametrize("name", DIAMETERS_MM)
def test_diameters_are_those_of_balls(name, normal):
    """The millimetres in the sentence are the diameter; the volume is that of the ball where it lies inside the body."""
    case = case_of(name)
    diameter = DIAMETERS_MM[name]
    assert f"{diameter:g} mm" in case.about
    level, _, _, volume, insert = bone_lesions(case, normal.anatomy, 1)[0]
    assert insert.region.radii_mm == (diameter / 2,) * 3
    ball, height = np.pi / 6 * diameter**3, min(normal.anatomy.vertebra(level).body.size.height)
    if diameter < height:
        assert volume == pytest.approx(ball, rel=0.02)
    else:
        # The endplates cut it: less than the ball, more than the ball's slab between planes 4 mm nearer than they are.
        h = (height - 4.0) / 2
        assert 2 * np.pi * (diameter**2 / 4 * h - h**3 / 3) < volume < ball


def test_rim_of_the_halo(normal):
    """16 mm core and 3 mm rim: the region is 22 mm wide, the core starts 3 mm behind its border."""
    ((_, _, _, volume, insert),) = bone_lesions(case_of("fig06-halo"), normal.anatomy)
    assert insert.region.radii_mm == (11.0, 11.0, 11.0)
    assert [part.inset_mm for part in insert.all_parts] == [0.0, 3.0]
    assert volume == pytest.approx(4 / 3 * np.pi * 11**3, rel=0.03)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("fig08", {"lytic": 6, "blastic": 5}),
        ("fig08-pet", {"lytic": 6, "treated": 5}),
        ("fig02", {"blastic": 6, "lytic": 1}),
        ("first-light", {"lytic": 1, "blastic": 1}),
    ],
)
def test_numbers_of_lesions(name, kinds):
    """As many of each kind as the sentence says, no two at one level."""
    inserts = case_of(name).inserts
    assert {kind: sum(i.kind == kind for i in inserts) for kind in {i.kind for i in inserts}} == kinds
    assert len({i.level for i in inserts}) == len(inserts)


@pytest.mark.parametrize(("name", "number", "sizes"), [("fig12", 9, (3.0, 6.0)), ("lm-nodules", 4, (5.0, 5.0))])
def test_numbers_of_nodules(name, number, sizes):
    """Nine, and four of 5 mm."""
    (nodules,) = (i.nodules_mm for i in case_of(name).canal if getattr(i, "nodules_mm", ()))
    assert len(nodules) == number
    assert (min(nodules), max(nodules)) == sizes


USUAL_CASES = [
    n
    for n in CASES
    if (c := case_of(n)).patient == Patient() and not (c.collapses or c.slips_mm or c.moved) and n not in WHOLE_SPINE
]


@pytest.fixture(scope="module")
def seen(normal):
    """Function: levels of the usual patient that lie whole in a station of a series, worked out once."""
    corners = {vertebra.level: rims(vertebra) for vertebra in normal.anatomy.vertebrae}
    made = {}

    def of(series):
        if series not in made:
            made[series] = set()
            for one in several(series):
                grid = normal.grid(default(one))
                for level, points in corners.items():
                    index = np.array([grid.to_ijk(point) for point in points])
                    if ((index >= -0.5) & (index <= np.array(grid.shape_ijk) - 0.5)).all():
                        made[series].add(level)
        return made[series]

    return of


def test_seen_is_the_coverage_of_the_patient(normal, seen):
    """What is worked out here by the rims is what the patient's own coverage calls whole."""
    covered = normal.coverage(normal.grid(default("t1")))
    assert seen("t1") == {level for level, state in covered.items() if state == "whole"}
    assert set(LUMBAR_FIELD) <= seen("t1")


@pytest.mark.parametrize("name", [n for n in USUAL_CASES if planted(case_of(n))])
def test_each_modality_holds_what_is_planted(name, seen):
    """Each level of disease lies whole in a series of each modality that the case is made of."""
    case = case_of(name)
    by_modality = {}
    for series in case.series:
        a = default(several(series)[0])
        if a.xray is None and not (a.emission is not None and a.emission.planar):
            by_modality.setdefault(a.modality, set()).update(seen(series))
    levels = {x.level for x in (*case.inserts, *case.benign)} | {x.level for m in case.masses for x in m.lobules}
    for modality, held in by_modality.items():
        assert levels - held == CUT.get((name, modality), set()), modality


# Series that are there and still cannot answer: slices of 5 mm, metal, headers without their scale or inversion time.
UNFIT = {
    ("ct-gate-soft-5", "CT-04"), ("proto-ct5-soft", "CT-04"), ("hw-ct", "CT-02"), ("hw-ct", "CT-08"),
    ("pit-missing-tags", "CT-02"), ("pit-missing-tags", "MR-STIR-01"),
}  # fmt: skip


@pytest.mark.parametrize("name", [n for n in CASES if case_of(n).expected])
def test_what_is_expected_can_be_seen(name):
    """A finding of CT is promised only of a case with CT, one of a sequence only with that sequence; without it, or where the
    series is unfit, that it cannot be assessed."""
    case = case_of(name)
    stems = {series.partition("-")[0].partition("_")[0] for series in case.series}
    for criterion, _, _, state in case.expected:
        needs = "ct" if criterion.startswith("CT-") else criterion.split("-")[1].lower()
        if criterion.startswith(("CT-", "MR-")):
            answered = needs in stems and (name, criterion) not in UNFIT
            assert answered == (state != "not_assessable"), criterion
