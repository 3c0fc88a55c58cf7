"""Planting inserts."""

from __future__ import annotations

from spinemets.phantom.cases.named import case_of
from spinemets.phantom.pathology.canal.deformation import DeformedCanal
from spinemets.phantom.pathology.canal.plant import plant


def test_nothing_planted_nothing_changed(normal):
    """Without inserts the very same canal comes back."""
    own = normal.anatomy.canal
    assert plant(own, normal.anatomy.site, ()) == (own, ())


def test_regions_follow_the_inserts(normal):
    """Each insert gives its regions, in the order of the case."""
    own, site = normal.anatomy.canal, normal.anatomy.site
    canal, regions = plant(own, site, case_of("lm-nodules").canal)
    assert isinstance(canal, DeformedCanal)
    assert [r.kind for r in regions] == ["fluid", *["leptomeningeal"] * 4]
    canal, regions = plant(own, site, case_of("mim-avm").canal)
    assert [r.id for r in regions] == ["cord-oedema", "cord-vessels"]
