"""Patients for training samples."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from spinemets.phantom.anatomy.levels import USUAL
from spinemets.phantom.assembly import assemble
from spinemets.phantom.shape.texture import stream
from spinemets.phantom.training.patients import MIDDLES, drawn_patient
from spinemets.phantom.training.recipe import recipe_of


def drawn(n, **changes):
    """Patients by number."""
    recipe = recipe_of("slab", changes)
    return [drawn_patient(recipe, stream(9, f"{number}")) for number in range(n)]


@pytest.fixture(scope="module")
def many():
    """Three hundred of the recipe as it stands."""
    return drawn(300)


def test_the_same_stream_gives_the_same_patient():
    """Field for field."""
    assert drawn(3) == drawn(3)


def test_half_of_them_are_diseased(many):
    """Half by the recipe, less the few in whom no kind came up; every kind occurs."""
    share = np.mean([bool(patient.diseases) for patient in many])
    assert 0.38 < share < 0.58
    assert set().union(*(p.diseases for p in many)) == set(recipe_of()["disease"]["kinds"])


def test_regions_and_variants_follow_the_recipe(many):
    """Middles lie in the three regions by their shares; transitional anatomy is frequent."""
    regions = Counter(next(r for r, levels in MIDDLES.items() if p.middle in levels) for p in many)
    assert regions["lumbar"] / len(many) == pytest.approx(0.60, abs=0.09)
    assert regions["cervical"] / len(many) == pytest.approx(0.12, abs=0.06)
    assert np.mean([p.case.patient.variant != USUAL for p in many]) == pytest.approx(0.3, abs=0.08)


def test_disease_reaches_its_limits(many):
    """Losses to four fifths of the height, curves to 50 degrees, never beyond; screws not in the neck."""
    losses = [max(c.anterior, c.middle, c.posterior) for p in many for c in p.case.collapses.values()]
    assert 0.7 < max(losses) <= 0.8
    curves = [abs(p.case.patient.cobb_deg) for p in many]
    assert 40 < max(curves) <= 50
    assert all(screw.level[0] != "C" for p in many for screw in p.case.screws)


@pytest.mark.parametrize("name", sorted(recipe_of()["disease"]["kinds"]))
def test_each_disease_builds(name):
    """Alone, in every region: the anatomy assembles and holds what was planted."""
    kinds = {other: float(other == name) for other in recipe_of()["disease"]["kinds"]}
    (patient,) = drawn(1, disease={"share": 1.0, "kinds": kinds})
    assert patient.diseases == (name,)
    anatomy = assemble(patient.case, 1)
    planted = (anatomy.inserts, anatomy.benign, anatomy.metal, patient.case.collapses, patient.case.slips_mm)
    assert any(planted) or name in ("scoliosis", "modic", "screws", "schmorl")
    assert all(insert.level in anatomy.sizes for insert in anatomy.inserts)


def only(name, n=12):
    """Patients with that disease alone."""
    kinds = {other: float(other == name) for other in recipe_of()["disease"]["kinds"]}
    return [patient.case for patient in drawn(n, disease={"share": 1.0, "kinds": kinds})]


def test_destroyed_vertebrae_lose_their_shell():
    """The whole body, hardly any mineral, the cortex too."""
    for case in only("destroyed"):
        (insert,) = case.inserts
        assert insert.breaks_cortex
        assert insert.mineral_retained <= 0.15
        assert "body" in insert.compartments


def test_modic_bands_lie_on_both_sides_of_a_disc():
    """Of one kind, the lower endplate of a level and the upper one of the next."""
    for case in only("modic"):
        for above, below in zip(case.benign[::2], case.benign[1::2], strict=True):
            assert (above.part, below.part) == ("inferior", "superior")
            assert above.kind == below.kind
            assert above.level != below.level


def test_screws_come_in_pairs_with_rods_between_levels():
    """Left and right of neighbouring levels, of one material; rods where there are two levels."""
    for case in only("screws"):
        sides = Counter(screw.side for screw in case.screws)
        levels = list(dict.fromkeys(screw.level for screw in case.screws))
        assert sides["left"] == sides["right"] == len(levels)
        assert len({screw.material for screw in case.screws}) <= 1
        assert len(case.fixtures) == (2 if len(levels) > 1 else 0)
        assert all(bar.levels == tuple(levels) for bar in case.fixtures)


def test_infection_takes_the_disc_and_both_endplates():
    """Inserts of two neighbouring levels, the disc between them altered."""
    for case in only("infection"):
        (level,) = case.discs
        touched = {insert.level for insert in case.inserts}
        assert level in touched
        assert len(touched) == 2


def test_cement_fits_its_region():
    """Less in smaller bodies."""
    radius = {"C": 0.0, "T": 0.0, "L": 0.0}
    for case in only("cement", 40):
        for insert in case.inserts:
            region = insert.level[0]
            radius[region] = max(radius[region], *insert.radii_mm)
    assert radius["C"] < radius["T"] < radius["L"] < 15


def test_slips_and_curves_move_the_column():
    """A slip lies forward by millimetres; curves are to both sides."""
    assert all(2 <= mm <= 9 for case in only("slip") for mm in case.slips_mm.values())
    angles = [case.patient.cobb_deg for case in only("scoliosis", 20)]
    assert min(angles) < -12
    assert max(angles) > 12


def test_collapses_are_fresh_old_or_malignant():
    """All three among many; the back loses no more than the front."""
    found = [collapse for case in only("collapse", 40) for collapse in case.collapses.values()]
    kinds = {("tumour" if getattr(c, "tumour", False) else c.age) for c in found}
    assert kinds == {"tumour", "acute", "old"}
    assert all(c.posterior <= c.anterior for c in found)


def test_lesions_lie_near_the_middle_of_the_field():
    """In levels that the field shows, of the kinds of the cohort's recipe."""
    for case in only("lesions"):
        assert 1 <= len(case.inserts) <= 8
        assert {insert.kind for insert in case.inserts} <= {"lytic", "blastic", "mixed", "marrow_only"}
