"""`levels.json`: "per vertebra: name or relative number, method, confidence, runner-up, quality flags, centroid in LPS mm"."""

from __future__ import annotations

import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from spinemets.exports.labels import write_labels
from spinemets.exports.levels_json import levels_document, write_levels
from spinemets.model.level import LEVELS_SCHEMA as SCHEMA
from spinemets.model.level import Level
from spinemets.model.spine import Spine

MADE = {"software": "spinemets 0", "segmenter": "spine network 1", "inputs": {"1.2": "ab"}}


@pytest.fixture
def counted(spine) -> Spine:
    """The same spine before anything named it."""
    vertebrae = tuple(
        replace(v, level=Level(name=None, position=n + 1, of=3, method="relative"), confidence=0.9, flags=("a hole",))
        for n, v in enumerate(spine.vertebrae)
    )
    return replace(spine, vertebrae=vertebrae, discs={})


def test_a_row_for_every_vertebra(spine):
    said = levels_document(spine, MADE)
    assert said["schema"] == SCHEMA and said["made"] == MADE and said["found"] is True
    assert [(row["label"], row["name"]) for row in said["vertebrae"]] == [(21, "L2"), (22, "L3"), (303, None)]
    assert said["request"] is None
    for row, vertebra in zip(said["vertebrae"], spine.vertebrae, strict=True):
        assert row["method"] == "label map" and row["position"] == vertebra.level.position
        assert np.allclose(row["centroid_lps_mm"], vertebra.regions["vertebra"].centroid_lps_mm, atol=0.01)


def test_sizes_by_which_a_later_study_knows_it_again(spine):
    """Only those of bodies seen whole."""
    sizes = {"height_mm": 25.123, "width_mm": 41.0, "canal_width_mm": 20.0}
    cut = replace(spine.vertebrae[0].completeness, heights_valid=False)
    vertebrae = (
        replace(spine.vertebrae[0], size_mm=sizes, completeness=cut),
        replace(spine.vertebrae[1], size_mm=sizes, completeness=replace(cut, heights_valid=True)),
    )
    rows = levels_document(replace(spine, vertebrae=vertebrae, discs={}), MADE)["vertebrae"]
    assert [row["size_mm"] for row in rows] == [{}, {"height_mm": 25.12, "width_mm": 41.0}]


def test_the_label_of_a_row_is_the_number_in_the_map(spine, counted, tmp_path):
    """A reader who takes the centroid finds the label there."""
    for one in (spine, counted):
        write_labels(one, tmp_path / "labels.nii.gz")
        image = nib.load(tmp_path / "labels.nii.gz")
        for row in levels_document(one, MADE)["vertebrae"]:
            x, y, z = row["centroid_lps_mm"]
            index = np.linalg.inv(image.affine) @ [-x, -y, z, 1]
            assert image.dataobj[tuple(np.rint(index[:3]).astype(int))] == row["label"]


def test_without_a_name_one_click_is_asked_for(counted):
    """'relative numbering and a request for one click': the point is that of a vertebra, ready to be copied."""
    said = levels_document(counted, MADE)
    assert "relative numbers" in said["scheme"]
    x, y, z = said["vertebrae"][-1]["centroid_lps_mm"]
    assert f"--anchor L5={x:.1f},{y:.1f},{z:.1f}" in said["request"]
    assert said["vertebrae"][0]["outline_confidence"] == 0.9
    assert said["vertebrae"][0]["flags"] == ["a hole"]
    assert said["vertebrae"][0]["words"] == "vertebra 1 of 3 in view"


def test_no_spine_is_said_with_its_reason():
    said = levels_document(
        Spine(vertebrae=(), absent=("NA-SEGMENTATION", "no spine is in view")), MADE, ("A warning.",)
    )
    assert said["found"] is False and said["vertebrae"] == [] and said["request"] is None
    assert said["absent"] == {"code": "NA-SEGMENTATION", "sentence": "no spine is in view"}
    assert said["warnings"] == ["A warning."]


def test_what_is_written_is_what_was_said(spine, tmp_path):
    said = levels_document(spine, MADE)
    write_levels(said, tmp_path / "levels.json")
    assert json.loads((tmp_path / "levels.json").read_text(encoding="utf-8")) == said
    again = tmp_path / "again.json"
    write_levels(said, again)
    assert again.read_bytes() == (tmp_path / "levels.json").read_bytes()
