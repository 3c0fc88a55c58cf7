"""When two series are alike: lattices, places, protocols, and times."""

from __future__ import annotations

import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.series.sets import likeness
from tests.series.study_builders import stack


def test_every_limit_has_its_reason():
    """'Tolerances are data': mark E, and a sentence beside each number."""
    table = likeness.settings()
    assert table["mark"] == "E"
    for group in ("likeness", "diffusion", "contrast_pair", "dynamic", "kernels", "stations", "motion"):
        rows = [row for row in table[group].values() if isinstance(row, dict) and "value" in row]
        assert rows and all(len(row["about"]) > 15 for row in rows)


def test_stem_is_the_dicom_series():
    assert likeness.stem(stack(1, uid="1.2.3#12")) == likeness.stem(stack(1, uid="1.2.3")) == "1.2.3"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"complex_component": "PHASE"}, "PHASE"),
        ({"image_type": ("ORIGINAL", "PRIMARY", "P")}, "PHASE"),
        ({"image_type": ("ORIGINAL", "PRIMARY", "M", "ND")}, "MAGNITUDE"),
        ({"image_type": ("ORIGINAL", "PRIMARY", "I")}, "IMAGINARY"),
        ({}, "MAGNITUDE"),
    ],
)
def test_component(facts, expected: str):
    assert likeness.component(Acquisition(**facts)) == expected


@pytest.mark.parametrize(
    ("word", "part"),
    [("IN_PHASE", "in phase"), ("OPP_PHASE", "opposed phase"), ("W", "water"), ("FAT", "fat"), ("M", None)],
)
def test_fat_water_part(word: str, part: str | None):
    assert likeness.fat_water_part(Acquisition(image_type=("DERIVED", "PRIMARY", word))) == part


def test_candidates():
    """A plan or a map is no acquisition of its own; a phase image, although derived, belongs to its magnitude."""
    assert likeness.is_candidate(stack(1))
    assert not likeness.is_candidate(stack(1, "localizer"))
    assert likeness.is_candidate(stack(1, "derived", complex_component="PHASE"))


def test_same_lattice_is_to_a_tenth_of_a_voxel():
    first = stack(1)
    assert likeness.same_lattice(first, stack(2, at=(0.1, 0, 0)))
    assert not likeness.same_lattice(first, stack(2, at=(0.3, 0, 0)))
    assert not likeness.same_lattice(first, stack(2, shape=(32, 32, 9)))
    assert not likeness.same_lattice(first, stack(2, frame="1.8"))
    assert not likeness.same_lattice(first, stack(2, shape=None))


def test_volumes_without_a_grid_share_their_series():
    a, b, c = stack(1, uid="5#1", shape=None), stack(2, uid="5#2", shape=None), stack(3, uid="6", shape=None)
    assert likeness.same_lattice(a, b) and not likeness.same_lattice(a, c)


def test_same_place_forgives_a_new_plan():
    """A few mm, degrees and slices more; not another plane, another spacing or half the field."""
    first = stack(1)
    assert likeness.same_place(first, stack(2, at=(2, 3, 1), turned_deg=3, shape=(32, 32, 11)))
    assert not likeness.same_place(first, stack(2, turned_deg=10))
    assert not likeness.same_place(first, stack(2, spacing=(2, 2, 5)))
    assert not likeness.same_place(first, stack(2, at=(0, 0, 25)))


def test_overlap_is_a_share_of_the_smaller_box():
    a, b = stack(1).grid, stack(2, shape=(32, 32, 5)).grid
    assert likeness.overlap_share(a, b) == pytest.approx(1.0)
    assert likeness.overlap_share(a, stack(2, at=(32, 0, 0)).grid) == pytest.approx(0.5)
    assert likeness.overlap_share(a, stack(2, at=(500, 0, 0)).grid) == 0


def test_box_reaches_half_a_voxel_beyond_the_centres():
    low, high = likeness.box(stack(1).grid)
    assert low == pytest.approx([-1, -1, -2]) and high == pytest.approx([63, 63, 38])


def test_differences_are_said_with_units():
    a, b = Acquisition(tr_s=0.6, te_s=0.012, flip_deg=90), Acquisition(tr_s=0.45, te_s=0.012)
    assert likeness.differences(a, b, ("tr_s", "te_s", "flip_deg"), 0.1) == [
        "TR 600 ms against 450 ms", "flip angle 90 degrees against not stated",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [(0.5, 0.505, True), (0.5, 0.52, False), (None, None, True), (None, 0.5, False), (0.001, 0.00101, True)],
)
def test_close(a, b, expected: bool):
    assert likeness.close(a, b) is expected


def test_same_protocol_looks_at_everything_but_what_varies():
    a, b = stack(1, flip_deg=5.0), stack(2, flip_deg=10.0)
    assert not likeness.same_protocol(a, b) and likeness.same_protocol(a, b, but="flip_deg")
    assert not likeness.same_protocol(stack(1), stack(2, contrast_agent=True))
    assert not likeness.same_protocol(stack(1), stack(2, image_type=("P",)))


def test_moments_of_volumes_and_of_series():
    volumes = [stack(n, uid=f"5#{n}", time_s=3.0 * n) for n in (2, 1)]
    assert likeness.moments_s(volumes) == [3.0, 0.0]
    series = [stack(n, acquired=f"2020-01-01T10:00:{10 * n}") for n in (1, 3)]
    assert likeness.moments_s(series) == [0.0, 20.0]
    assert likeness.moments_s([stack(1, acquired="2020-01-01"), stack(2)]) is None
    assert likeness.moments_s([stack(n, acquired="2020-01-01T10:00:00") for n in (1, 2)]) is None


@pytest.mark.parametrize(
    ("given", "text"),
    [((3,), "series 3"), ((5, 3), "series 3 and 5"), ((1, 2, 3, 4), "series 1 to 4"), ((1, 2, 4), "series 1, 2 and 4")],
)
def test_numbers(given, text: str):
    assert likeness.numbers([stack(n) for n in given]) == text
