"""The only scheme that fits, and nothing less."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.errors import LabelSchemeError
from spinemets.segmentation.guess import agrees_with_anatomy, explains, only_scheme
from spinemets.segmentation.nifti_labels import read_nifti
from spinemets.segmentation.schemes import schemes

BIG = np.diag([2.5, 2.5, 2.0, 1.0])  # cubes of 12 voxels are then 21.6 mL, as a vertebra may be


@pytest.fixture
def labels_of(write_labels, column):
    def build(integers, affine=BIG, **kwargs):
        return read_nifti(write_labels(column(integers, **kwargs), affine=affine))

    return build


def test_exactly_one_reading(labels_of):
    """'exactly one -> use, recorded'; schemes that mean the same by every integer present are one reading."""
    scheme, record = only_scheme(labels_of([20, 21, 22, 23, 24]))
    assert scheme.name == "verse"
    assert "only scheme that fits" in record
    assert "none was stated" in record
    assert "moose_clin_ct_vertebrae" in record


def test_t13_between_t12_and_l1(labels_of):
    """'Never sort levels by integer (VerSe 28 between 19 and 20)'."""
    right = labels_of([18, 19, 28, 20, 21])
    assert agrees_with_anatomy(schemes()["verse"], right)
    by_integer = labels_of([18, 19, 20, 21, 28])
    assert not agrees_with_anatomy(schemes()["verse"], by_integer)


def test_several_readings_are_refused_with_what_differs(labels_of):
    """'A map that fits several schemes without a stated one is refused with the list of schemes that fit'."""
    with pytest.raises(LabelSchemeError, match="fit several label schemes") as caught:
        only_scheme(labels_of([33, 32, 31, 30, 29, 28, 27, 26]))
    for name in ("totalsegmentator_total_v1", "totalsegmentator_total_v2", "totalsegmentator_total_v3"):
        assert name in caught.value.what
    assert "26 would be vertebra T9 (totalsegmentator_total_v1)" in caught.value.remedy
    assert "vertebra L6 (totalsegmentator_total_v3)" in caught.value.remedy


def test_order_along_the_spine_decides(labels_of):
    """'anatomy (order along the spine, sacrum lowest)'."""
    downward = labels_of([19, 20, 21, 22])
    assert agrees_with_anatomy(schemes()["verse"], downward)
    assert not agrees_with_anatomy(schemes()["totalsegmentator_total_v1"], downward)
    upward = labels_of([22, 21, 20, 19])
    assert not agrees_with_anatomy(schemes()["verse"], upward)
    assert agrees_with_anatomy(schemes()["totalsegmentator_total_v1"], upward)


def test_sacrum_is_lowest(labels_of):
    assert agrees_with_anatomy(schemes()["verse"], labels_of([23, 24, 26]))
    assert not agrees_with_anatomy(schemes()["verse"], labels_of([26, 23, 24]))


def test_counted_from_the_lowest(labels_of):
    assert agrees_with_anatomy(schemes()["spider"], labels_of([3, 2, 1]))
    assert not agrees_with_anatomy(schemes()["spider"], labels_of([1, 2, 3]))


def test_nothing_explains_them(labels_of):
    """'none -> error saying so'."""
    with pytest.raises(LabelSchemeError, match="no known label scheme explains all") as caught:
        only_scheme(labels_of([231, 232]))
    assert "instances_body" in caught.value.remedy


def test_instances_are_not_proposed(labels_of):
    """'instances_* never guessed': numbers in no order fit no scheme."""
    with pytest.raises(LabelSchemeError, match="no known label scheme"):
        only_scheme(labels_of([4, 1, 3, 5, 2]))


def test_a_structure_of_the_spine_is_needed(labels_of):
    """Liver and spleen alone say nothing."""
    liver = labels_of([5])
    assert not explains(schemes()["totalsegmentator_total_v2"], liver)
    assert explains(schemes()["verse"], liver)


def test_instances_counted_from_the_top_are_no_neck(labels_of):
    """SPINEPS without its naming model counts 1, 2, 3: lumbar vertebrae of 50 mL are no C1 to C3."""
    lumbar = labels_of([1, 2, 3, 101, 102], affine=np.diag([3.0, 3.0, 3.5, 1.0]))
    assert not agrees_with_anatomy(schemes()["spineps_vert"], lumbar)


def test_a_segment_of_cord_is_no_vertebra(labels_of):
    """Integers 20 to 24 are levels of the cord in one scheme, vertebrae in another: 21 mL is no cord."""
    assert not agrees_with_anatomy(schemes()["sct_vertebrae"], labels_of([20, 21, 22]))
    thin = labels_of([20, 21, 22], affine=np.diag([0.5, 0.5, 1.0, 1.0]))
    assert agrees_with_anatomy(schemes()["sct_vertebrae"], thin)
    assert not agrees_with_anatomy(schemes()["verse"], thin)


def test_many_integers_are_cut_short(labels_of):
    with pytest.raises(LabelSchemeError, match="and 5 more"):
        only_scheme(labels_of(list(range(201, 236)), size=4, gap=1))
