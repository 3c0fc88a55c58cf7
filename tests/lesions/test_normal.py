from dataclasses import replace

import numpy as np
import pytest

from spinemets.lesions.ground import ARCH, PEDICLE, prepare
from spinemets.lesions.normal import (
    Neighbourhood,
    neighbours,
    part_centres,
    reference,
    unfit_levels,
    with_shading,
)
from spinemets.model.reference import NoReference, Reference
from spinemets.model.spine import Completeness

HOOD = Neighbourhood(reach_levels=3, least_bodies=2, least_voxels=30, part_voxels=20, shading_share=0.1)
ORDER = ["T11", "T12", "L1", "L2", "L3", "L4", "L5"]


@pytest.fixture
def grounds(blocks):
    scene = blocks()
    return {
        v.level.id: prepare(scene.volume(), v, inner_depth_mm=2.0, fwhm_mm=1.5, raw_marrow=False, most_voxels=20000)
        for v in scene.spine.vertebrae
    }


def shifted(grounds, **signals):
    return {n: replace(g, marrow=g.marrow - np.median(g.marrow) + signals.get(n, 160.0)) for n, g in grounds.items()}


def test_neighbours_lie_within_three_levels(grounds):
    """G-07: "complete bodies within 3 levels, same series"."""
    assert neighbours("L2", ORDER, grounds, 3) == ("T11", "T12", "L1", "L3", "L4", "L5")
    assert neighbours("T11", ORDER, grounds, 3) == ("T12", "L1", "L2")
    some = {n: g for n, g in grounds.items() if n != "L1"}
    assert neighbours("L2", ORDER, some, 1) == ("L3",)


def test_median_of_medians_vector(grounds):
    """G-07: "bodies T1 = 400, 410, 390 ... -> ref 400"."""
    some = shifted({n: grounds[n] for n in ("L1", "L2", "L3", "L4")}, L1=400, L2=410, L3=390, L4=210)
    found = reference("L4", ORDER, some, {}, HOOD)
    assert found.median == pytest.approx(400, abs=1e-3)
    assert found.members == ("L1", "L2", "L3")
    assert 210 / found.median - 1 == pytest.approx(-0.475, abs=1e-4)


def test_members_refused_and_caveat(grounds):
    found = reference("L4", ORDER, grounds, {"L1": "metal", "L2": "lesion candidate", "L3": "lesion candidate"}, HOOD)
    assert found.members == ("L5",)
    assert found.refused == (("L1", "metal"), ("L2", "lesion candidate"), ("L3", "lesion candidate"))
    assert found.caveats == ("CV-FEWREF",)


def test_none_left(grounds):
    found = reference("L4", ORDER, {"L4": grounds["L4"], "L5": grounds["L5"]}, {"L5": "metal"}, HOOD)
    assert isinstance(found, NoReference)
    assert found.code == "NA-REFERENCE"
    assert "L5: metal" in found.missing
    alone = reference("L4", ORDER, {"L4": grounds["L4"]}, {}, HOOD)
    assert "no other vertebra" in alone.missing


def test_too_few_voxels_are_no_reference(grounds):
    """signs.md 0.8-3: "reference tissue >= 30 voxels"."""
    few = {**grounds, "L5": replace(grounds["L5"], n_marrow=29)}
    assert ("L5", "too few marrow voxels") in reference("L4", ORDER, few, {}, HOOD).refused


def test_standard_error_covers_bodies_that_differ(grounds):
    alike = reference("L3", ORDER, shifted(grounds), {}, HOOD)
    apart = reference("L3", ORDER, shifted(grounds, L1=120, L2=140, L4=180, L5=200), {}, HOOD)
    assert apart.standard_error > 4 * alike.standard_error
    assert apart.spread > alike.spread


def test_unfit_levels_and_their_reasons(grounds):
    cut = replace(grounds["T11"].vertebra, completeness=Completeness(complete=False, heights_valid=False))
    lateral = replace(grounds["L5"].vertebra, completeness=Completeness(complete=False, heights_valid=True))
    some = {**grounds, "T11": replace(grounds["T11"], vertebra=cut), "L5": replace(grounds["L5"], vertebra=lateral)}
    found = unfit_levels(some, {"L1"}, {"L2": "treated"}, {"L3": "metal"})
    assert found == {
        "T11": "cut off by the edge of the image",
        "L1": "lesion candidate",
        "L2": "treated",
        "L3": "metal",
    }


def test_shading_caveat(grounds):
    found = reference("L3", ORDER, shifted(grounds, L1=130), {}, HOOD)
    assert with_shading(found, shifted(grounds, L1=130), 0.1).caveats == ("CV-SHADING",)
    even = shifted(grounds)
    assert with_shading(reference("L3", ORDER, even, {}, HOOD), even, 0.1).caveats == ()


def test_parts_of_the_neighbours(grounds):
    found = part_centres(("L1", "L2"), grounds, 20)
    assert set(found) == {PEDICLE, ARCH}
    assert found[PEDICLE][0] == pytest.approx(160, abs=6)
    assert found[ARCH][1] > 0
    assert part_centres(("L1", "L2"), grounds, 10**6) == {}
    assert part_centres((), grounds, 20) == {}


def test_reference_is_a_value(grounds):
    assert isinstance(reference("L3", ORDER, grounds, {}, HOOD), Reference)
