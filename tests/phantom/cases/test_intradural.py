"""Cases of `intradural`."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.anatomy.canal import Canal
from spinemets.phantom.cases.intradural import CASES
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.pathology.canal.leptomeningeal import Leptomeningeal
from spinemets.phantom.shape.block import Block


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_case_holds_its_disease(name):
    """Each has a region of soft tissue or fluid, at levels that the patient has, with tissues that exist."""
    patient = phantom.build(name, 1)
    assert patient.anatomy.soft_lesions
    for region in patient.anatomy.soft_lesions:
        assert set(region.levels) <= set(patient.anatomy.sizes)
        assert region.layers


@pytest.mark.parametrize(
    ("name", "first", "last"), [("lm-film", "T10", "L1"), ("fig12", "L2", "L5"), ("fig13", "T12", "L5")]
)
def test_films_span_what_they_say(normal, name, first, last):
    """Levels from head to feet between those of the sentence; as long as the column between the marks."""
    (disease,) = case_of(name).canal
    site = normal.anatomy.site
    low, high = site.heights(disease.span)
    held = site.levels(low, high)
    assert (held[0], held[-1]) == (first, last)
    apart = normal.anatomy.frames[first].origin[2] - normal.anatomy.frames[last].origin[2]
    assert high - low == pytest.approx(apart, abs=30)


@pytest.mark.parametrize("name", ["fig12", "lm-nodules"])
def test_nodules_lie_in_the_sac_below_the_cord(normal, name):
    """Centres inside the sac between the marks, below the conus where roots are; each of its own place."""
    (disease,) = (d for d in case_of(name).canal if isinstance(d, Leptomeningeal))
    canal, site = normal.anatomy.canal, normal.anatomy.site
    assert isinstance(canal, Canal)
    low, high = site.heights(disease.span)
    places = [disease.nodule(canal, (low, high), n) for n in range(len(disease.nodules_mm))]
    for place in places:
        affine = np.eye(4)
        affine[:3, 3] = place
        block = Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)
        assert canal.sac(block).ravel()[0] < 0
        assert low <= place[2] <= high
    apart = [np.linalg.norm(np.subtract(p, q)) for n, p in enumerate(places) for q in places[:n]]
    assert min(apart) > 4.0


@pytest.mark.parametrize(("name", "level"), [("im-hemorrhage", "T11"), ("fig14", "T3")])
def test_lesions_of_the_cord_lie_at_their_level(normal, name, level):
    """At the level of the sentence, shorter than their oedema, narrower than the cord that it widens."""
    (disease,) = case_of(name).canal
    site = normal.anatomy.site
    assert disease.at[0] == level == site.at(site.z(disease.at))
    for spot in disease.spots:
        assert spot.length_mm < disease.oedema_mm
        assert max(spot.half_mm) < 4.0 and spot.layers


def test_melanoma_is_in_cord_bone_and_beside_it():
    """One tissue in all three places; the mass left of T3 and T4."""
    case = case_of("fig14")
    assert [i.level for i in case.inserts] == ["T5"]
    assert {case.inserts[0].tissue, case.masses[0].tissue, case.canal[0].spots[0].layers[0].tissue} == {
        "melanoma_melanotic"
    }
    assert [lobe.level for lobe in case.masses[0].lobules] == ["T3", "T4"]
