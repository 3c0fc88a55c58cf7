"""Pitfalls: nothing that could be a metastasis is planted."""

from __future__ import annotations

import pytest

from spinemets import phantom
from spinemets.phantom.cases import pitfalls
from spinemets.phantom.cases.named import case_of


@pytest.mark.parametrize("name", sorted(set(pitfalls.CASES) - {"pit-stir-after-gd"}))
def test_nothing_is_planted(name):
    assert case_of(name).inserts == ()


@pytest.mark.parametrize(("name", "fat"), [("pit-young-marrow", 0.20), ("gcsf", 0.12)])
def test_marrow_of_the_whole_patient(name, fat):
    """The stated fat fraction at every level, mineral and HU of the mixture."""
    patient = phantom.build(name, 1)
    normal = phantom.build("normal", 1)
    for level, host in patient.anatomy.hosts.items():
        assert host.fat_fraction == fat
        assert host.name == "spongiosa"
        if name == "gcsf":
            assert host.mineral_mg_per_ml == normal.anatomy.hosts[level].mineral_mg_per_ml
            # Water in the place of fat: 1.25 HU for each hundredth, less where bone takes room.
            assert 20 < host.hu - normal.anatomy.hosts[level].hu < 50


def test_three_old_wedges():
    losses = {f["level"]: f["loss"]["anterior"] for f in phantom.build("pit-osteoporosis-3fx", 1).truth["fractures"]}
    assert set(losses) == {"T12", "L1", "L3"}
    assert all(loss == pytest.approx(0.30, abs=0.02) for loss in losses.values())


@pytest.mark.parametrize(("name", "level"), [("lvl-t13", "T13"), ("lvl-l6", "L6")])
def test_levels_of_a_variant(name, level):
    assert level in {x["name"] for x in phantom.build(name, 1).truth["levels"]}
