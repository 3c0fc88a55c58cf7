"""The whole patient hangs together."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.levels import column
from spinemets.phantom.anatomy.sizes import LEVELS, Patient
from spinemets.phantom.assembly import assemble
from spinemets.phantom.cases.case import Case
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.imaging.acquisition import default


def test_all_levels(first_light):
    """Vertebrae C2 to L5 and the atlas, a disc below each body, frames for S1 too."""
    anatomy = first_light.anatomy
    assert tuple(v.level for v in anatomy.vertebrae) == LEVELS
    assert set(anatomy.frames) == {*LEVELS, "S1"}
    assert len(anatomy.discs) == len(LEVELS)
    assert anatomy.atlas.frame.origin[2] > anatomy.frames["C2"].origin[2]


def test_vertebra_by_level(first_light):
    """Vertebrae are found by name."""
    assert first_light.anatomy.vertebra("L2").level == "L2"
    with pytest.raises(StopIteration):
        first_light.anatomy.vertebra("C1")


def test_neighbours_are_known(first_light):
    """Each vertebra keeps clear of the processes of both neighbours; L5 of the sacrum."""
    for vertebra in first_light.anatomy.vertebrae:
        assert vertebra.neighbour_rods
    last = first_light.anatomy.vertebra("L5").neighbour_rods
    assert all(rod in last for rod in first_light.anatomy.sacrum.rods)


def test_hosts_follow_age_and_level(first_light):
    """Marrow of a woman of 52: about 158 HU, thoracic bodies a little denser, fat about 0.39."""
    hosts = first_light.anatomy.hosts
    assert hosts["L3"].hu == pytest.approx(158.5, abs=0.1)
    assert hosts["T12"].hu > hosts["L3"].hu
    assert hosts["L3"].fat_fraction == pytest.approx(0.393, abs=0.001)


def test_mineral_of_a_collapse_is_conserved(first_light):
    """PHA-32: volume of bone mineral conserved: less height, more mineral per volume."""
    anatomy = first_light.anatomy
    size = anatomy.sizes["L1"]
    ratio = anatomy.hosts["L1"].mineral_mg_per_ml / anatomy.hosts["L3"].mineral_mg_per_ml
    assert ratio == pytest.approx(sum(size.before) / sum(size.height))


def test_case_and_seed_make_the_anatomy():
    """Assembling twice gives the same functions."""
    one, two = (assemble(case_of("normal"), 5) for _ in range(2))
    assert one.sizes == two.sizes
    for name in one.fields:
        assert np.array_equal(one.fields[name].nodes, two.fields[name].nodes)


@pytest.mark.parametrize("variant", table("phantom_anatomy")["variants"])
def test_every_number_of_levels_can_be_built(variant):
    """Eleven ribs, six lumbar levels: whole patients, organs included, with every level once in the truth."""
    made = phantom.build(Case(name="variant", about="A variant.", patient=Patient(variant=variant)), 1)
    assert [row["name"] for row in made.truth["levels"]] == list(column(variant)[1:])
    assert {soft.name for soft in made.anatomy.soft} >= {"liver", "kidney_left"}
    assert made.grid(default("t1")).shape_ijk[2] == 17
