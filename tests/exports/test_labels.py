"""`labels.nii.gz`: "spine regions -> int16 label map in the project's scheme VerSe ids, names" inside the file."""

from __future__ import annotations

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from spinemets.exports.labels import (
    COUNTED_SCHEME,
    NAMED_SCHEME,
    UNNAMED_OFFSET,
    Numbers,
    label_map,
    label_map_numbers,
    write_labels,
)
from spinemets.model.errors import GridMismatch
from spinemets.model.grid import Grid
from spinemets.model.level import Level
from spinemets.model.region import Region
from spinemets.model.spine import Spine

NAMES = Numbers(scheme=NAMED_SCHEME, unnamed=UNNAMED_OFFSET)


def level(name, position=1):
    return Level(name=name, position=position, of=20, method="label map")


@pytest.mark.parametrize(
    ("name", "number"),
    [("C1", 1), ("C7", 7), ("T1", 8), ("T12", 19), ("T13", 28), ("L1", 20), ("L5", 24), ("L6", 25), ("S1", 26)],
)
def test_numbers_are_those_of_verse(name, number):
    """label_schemes.json: "VerSe integers; T13 = 28, sacrum = 26"."""
    assert NAMES.of(level(name)) == number


def test_every_free_vertebra_has_a_number_of_its_own():
    names = [f"C{n}" for n in range(1, 8)] + [f"T{n}" for n in range(1, 14)] + [f"L{n}" for n in range(1, 7)]
    assert len({NAMES.of(level(n)) for n in names}) == len(names)


def test_an_unnamed_vertebra_gets_a_number_that_names_nothing():
    """Never silently wrong: 300 + place cannot be mistaken for a level or a disc."""
    assert NAMES.of(level(None, 3)) == 303


def test_map_holds_each_region_where_it_is(spine):
    labels, names = label_map(spine)
    assert labels.dtype == np.int16
    for vertebra, number in zip(spine.vertebrae, (21, 22, 303), strict=True):
        assert np.array_equal(labels == number, vertebra.regions["vertebra"].full_mask())
    assert names == {
        21: "L2",
        22: "L3",
        26: "sacrum",
        121: "disc below L2",
        303: "vertebra 3 of 3 in view",
        403: "disc below vertebra 3 of 3 in view",
    }


def test_where_disc_and_vertebra_overlap_the_vertebra_wins(spine):
    labels, _ = label_map(spine)
    disc = spine.discs["L2"].full_mask()
    assert set(np.unique(labels[disc])) == {21, 22, 121}


def test_names_list_exactly_the_integers_in_the_map(spine):
    labels, names = label_map(spine)
    assert set(np.unique(labels)) - {0} == set(names)


def test_written_file_has_the_same_map_place_and_names(tmp_path, spine):
    """LPS to RAS: the affine of the file gives every voxel the same place in the patient."""
    names = write_labels(spine, tmp_path / "labels.nii.gz")
    image = nib.load(tmp_path / "labels.nii.gz")
    labels, _ = label_map(spine)
    assert np.array_equal(np.asarray(image.dataobj), labels)
    assert np.allclose(np.diag([-1, -1, 1, 1]) @ image.affine, spine.grid.affine_lps_mm, atol=1e-4)
    extension = image.header.extensions[0].get_content()
    text = extension if isinstance(extension, str) else extension.decode()
    for number, name in names.items():
        assert f'Key="{number}"' in text
        assert name in text


def test_a_body_stands_for_a_vertebra_whose_scheme_has_only_bodies(spine):
    first = spine.vertebrae[0]
    body_only = replace(first, regions={"body": first.regions["vertebra"].renamed("body")})
    labels, _ = label_map(Spine(vertebrae=(body_only,), grid=spine.grid))
    assert (labels == 21).sum() == first.regions["vertebra"].n_voxels


def test_a_vertebra_without_voxels_is_left_out(spine):
    bare = replace(spine.vertebrae[0], regions={})
    labels, names = label_map(Spine(vertebrae=(bare,), grid=spine.grid))
    assert names == {}
    assert not labels.any()


def test_no_spine_no_map():
    with pytest.raises(ValueError, match="no vertebra was found"):
        label_map(Spine(vertebrae=()))


def test_a_region_of_another_grid_is_an_error_not_a_shifted_label(spine):
    other = Grid(shape_ijk=spine.grid.shape_ijk, affine_lps_mm=np.eye(4))
    region = Region.from_mask("vertebra", np.ones(other.shape_ijk, bool), other)
    wrong = replace(spine.vertebrae[0], regions={"vertebra": region})
    with pytest.raises(GridMismatch):
        label_map(Spine(vertebrae=(wrong,), grid=spine.grid))


def unnamed(spine: Spine) -> Spine:
    vertebrae = tuple(
        replace(v, level=replace(v.level, name=None, position=n + 1)) for n, v in enumerate(spine.vertebrae)
    )
    ids = {old.level.id: new.level.id for old, new in zip(spine.vertebrae, vertebrae, strict=True)}
    return replace(spine, vertebrae=vertebrae, discs={ids[key]: disc for key, disc in spine.discs.items()})


def test_where_no_level_is_named_the_numbers_count_from_the_top(spine):
    """'where levels are not named, 1..n from the top': and the names in the file say that they only count."""
    counted = unnamed(spine)
    assert label_map_numbers(counted).scheme == COUNTED_SCHEME
    labels, names = label_map(counted)
    whole = [n for n in names if n < 26]
    assert whole == list(range(1, len(counted.vertebrae) + 1))
    assert names[1].startswith("vertebra 1 of")
    assert set(np.unique(labels)) - {0} == set(names)


def test_one_named_level_makes_it_a_map_of_names(spine):
    assert label_map_numbers(spine) == NAMES
