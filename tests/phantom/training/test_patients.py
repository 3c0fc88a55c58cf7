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
