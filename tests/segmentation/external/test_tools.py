"""The table `external_segmenters`."""

from __future__ import annotations

import re

import pytest

from spinemets.knowledge import catalogue
from spinemets.knowledge.kinds import kinds
from spinemets.model.errors import CatalogueError
from spinemets.segmentation.external import tools
from spinemets.segmentation.schemes import schemes

KEYS = ("totalsegmentator", "spineps", "totalspineseg")


def test_the_three_tools():
    assert tuple(tools.load().tools) == KEYS


@pytest.mark.parametrize("key", KEYS)
class TestEvery:
    def test_says_where_its_facts_were_read(self, key):
        """'look it up ... do not guess'"""
        sources = tools.load().tools[key].sources
        assert sources
        assert all(re.fullmatch(r"[0-9a-f]{40}", source.commit) for source in sources)

    def test_names_known_schemes_and_kinds(self, key):
        """'read back through the existing label_map with the STATED scheme'"""
        tool = tools.load().tools[key]
        for run in tool.runs:
            assert set(run.kinds) <= set(kinds())
            assert {output.scheme for output in run.outputs} <= set(schemes())
            assert run.marks

    def test_writes_the_image_under_a_fixed_name(self, key):
        assert re.fullmatch(r"(image|sub-image_T2w)\.nii\.gz", tools.load().tools[key].image)

    def test_is_told_where_its_weights_are(self, key):
        assert "{weights}" in tools.load().tools[key].environment.values()


def test_totalsegmentator_is_asked_for_the_spine_only():
    """'CT task total restricted with roi_subset to vertebrae, sacrum, spinal cord, ribs'"""
    run = tools.load().tools["totalsegmentator"].runs[0]
    wanted = run.arguments[run.arguments.index("--roi_subset") + 1 :]
    vertebrae = [f"vertebrae_{r}{n}" for r, top in (("C", 7), ("T", 12), ("L", 5), ("S", 1)) for n in range(1, top + 1)]
    ribs = [f"rib_{side}_{n}" for side in ("left", "right") for n in range(1, 13)]
    assert sorted(wanted) == sorted([*vertebrae, *ribs, "sacrum", "spinal_cord"])


def test_each_class_that_is_asked_for_is_understood():
    from spinemets.segmentation.name_table import meaning

    run = tools.load().tools["totalsegmentator"].runs[0]
    wanted = run.arguments[run.arguments.index("--roi_subset") + 1 :]
    assert [name for name in wanted if meaning(name) is None] == []


def test_statistics_are_switched_off_and_the_network_is_closed():
    table = tools.load()
    assert table.tools["totalsegmentator"].files["{home}/config.json"]["send_usage_stats"] is False
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        assert table.network_off[name] == "http://127.0.0.1:9"
    assert table.network_off["no_proxy"] == table.network_off["NO_PROXY"] == ""


def test_kinds_of_a_tool_are_those_of_its_runs():
    assert tools.load().tools["spineps"].kinds == ("t2", "t1")
    assert tools.load().tools["totalsegmentator"].kinds[:3] == ("ct_bone", "ct", "ct_soft")


def test_a_malformed_table_says_where(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalogue, "table", lambda name: {"schema": "x"})
    tools.load.cache_clear()
    with pytest.raises(CatalogueError, match="table external_segmenters"):
        tools.load()
    tools.load.cache_clear()
