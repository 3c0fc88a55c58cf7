"""`regions.nii.gz`: "body, posterior elements, disc, canal, cord, sacrum; table in the side file"."""

from __future__ import annotations

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from spinemets.exports.regions import REGIONS, region_map, write_regions
from spinemets.model.region import Region
from spinemets.model.spine import Spine

NUMBER = {name: n for n, name in REGIONS.items()}


@pytest.fixture
def whole(spine) -> Spine:
    """Bodies in two of the vertebrae, a canal with its cord."""

    def block(name, low, high, i=(3, 6)):
        mask = np.zeros(spine.grid.shape_ijk, bool)
        mask[i[0] : i[1], 3:9, low:high] = True
        return Region.from_mask(name, mask, spine.grid)

    bodies = {0: block("body", 1, 4), 1: block("body", 5, 8)}
    vertebrae = tuple(
        replace(v, regions={**v.regions, "body": bodies[n]}) if n in bodies else v
        for n, v in enumerate(spine.vertebrae)
    )
    others = {**spine.others, "canal": block("canal", 0, 12, (8, 12)), "cord": block("cord", 0, 12, (10, 11))}
    return replace(spine, vertebrae=vertebrae, others=others)


def test_each_structure_has_its_number(whole):
    found = region_map(whole)
    assert (found[3:6, 5, 2] == NUMBER["body"]).all()
    assert (found[6:9, 5, 2] == NUMBER["posterior elements"]).all()
    assert found[4, 5, 4] == NUMBER["disc"]
    assert found[9, 5, 4] == NUMBER["canal"]
    assert found[10, 5, 4] == NUMBER["cord"]
    assert found[4, 5, 14] == NUMBER["sacrum"]
    assert found[0, 0, 0] == 0


def test_bone_wins_over_what_lies_beside_it(whole):
    """The canal of this scene reaches into the arches."""
    assert (region_map(whole)[8, 3:9, 1:4] == NUMBER["posterior elements"]).all()


def test_written_with_its_names(whole, tmp_path):
    write_regions(whole, tmp_path / "regions.nii.gz")
    image = nib.load(tmp_path / "regions.nii.gz")
    assert np.array_equal(np.asarray(image.dataobj), region_map(whole))
    text = image.header.extensions[0].get_content()
    text = text if isinstance(text, str) else text.decode()
    assert all(name in text for name in REGIONS.values())


def test_without_a_spine_there_is_nothing_to_write():
    with pytest.raises(ValueError, match="no regions to write"):
        region_map(Spine(vertebrae=()))
