"""What a segmenter is."""

from __future__ import annotations

import numpy as np

from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation
from spinemets.segmentation.choose import LabelMaps, NoSegmenter
from spinemets.segmentation.port import Segmenter


class Cube:
    """A segmenter of somebody else: it only has to have a name and `segment`."""

    name = "cube 1.0"

    def segment(self, study):
        grid = Grid(shape_ijk=(4, 4, 4), affine_lps_mm=np.eye(4))
        region = Region.from_mask("cube", np.ones((4, 4, 4), bool), grid)
        part = Part(structure="vertebra", level=None, region=region)
        return (
            Segmentation(grid=grid, parts=(part,), scheme="cube", naming="none", body_only=False, source=self.name),
        )


def outlined(segmenter: Segmenter, study) -> list[str]:
    return [p.structure for s in segmenter.segment(study) for p in s.parts]


def test_any_object_of_that_shape_serves(make_study):
    assert outlined(Cube(), make_study()) == ["vertebra"]
    assert outlined(NoSegmenter(), make_study()) == []
    assert outlined(LabelMaps(files=()), make_study()) == []


def test_names_for_the_report():
    assert {s.name for s in (Cube(), NoSegmenter(), LabelMaps(files=()))} == {"cube 1.0", "none", "label map"}
