"""Repeats, pairs around contrast and kernels: joined with a reason, and left apart with one."""

from __future__ import annotations

from spinemets.series.sets.pairs import contrast_pairs, kernels, repeats
from tests.series.study_builders import stack


def gd(n: int, kind: str = "t1_gd", **facts):
    return stack(n, kind, contrast_agent=True, **facts)


def test_repeat_and_which_is_later():
    early, late = stack(7, acquired="2020-01-01T10:00:00"), stack(3, acquired="2020-01-01T10:05:10")
    (found,) = repeats([late, early], ())
    assert found.name == "t1 2 times: series 3 and 7" and found.members == (early.uid, late.uid)
    assert found.varies == ("first", "310 s later") and found.notes == ("series 3 is the latest",)


def test_repeats_without_times():
    (found,) = repeats([stack(1), stack(2)], ())
    assert found.notes == ("which is the later is not stated",)
    (same,) = repeats([stack(n, acquired="2020-01-01T10:00:00") for n in (1, 2)], ())
    assert "one acquisition reconstructed or sent more than once" in same.notes[0]


def test_planned_again_is_a_repeat():
    """The patient moved and the stack was planned anew with one slice more."""
    (found,) = repeats([stack(1), stack(2, at=(1, 2, 0), turned_deg=2, shape=(32, 32, 11))], ())
    assert "numbers of voxels differ" in found.notes


def test_no_repeats():
    assert repeats([stack(1), stack(2, tr_s=0.6)], ()) == []
    assert repeats([stack(1), stack(2, contrast_agent=True)], ()) == []
    assert repeats([stack(1), stack(2, at=(200, 0, 0))], ()) == []
    assert repeats([stack(1), stack(2)], ("1.2.1",)) == []
    assert repeats([stack(n, tr_s=None, te_s=None) for n in (1, 2)], ()) == [], "headers too silent to say"


def test_pair_around_contrast():
    (found,), alone = contrast_pairs([stack(1), gd(2), stack(3, "t2", te_s=0.1)])
    assert found.name == "t1 before and after contrast: series 1 and 2"
    assert found.members == ("1.2.1", "1.2.2") and not alone
    assert found.notes == ("series 1 does not state whether contrast was given: taken as before contrast",)
    (sure,), _ = contrast_pairs([stack(1, contrast_agent=False), gd(2)])
    assert sure.notes == ()


def test_fat_suppressed_pairs_with_fat_suppressed():
    sets, alone = contrast_pairs([stack(1), gd(2, "t1_gd_fs")])
    assert not sets and alone == [
        "series 2 (t1_gd_fs) has no partner before contrast: no series is t1_fs without contrast"
    ]
    (found,), _ = contrast_pairs([stack(1), stack(2, "t1_fs"), gd(3, "t1_gd_fs")])
    assert found.members == ("1.2.2", "1.2.3")


def test_gradient_echo_twins():
    (found,), _ = contrast_pairs([stack(1, "t1_gre"), gd(2, "t1_gre")])
    assert found.name.startswith("t1_gre before and after")


def test_why_not_is_said():
    """The nearest candidate and the parameter that keeps it apart."""
    _, (line,) = contrast_pairs([stack(1, tr_s=0.7), gd(2)])
    assert line.endswith("the nearest, series 1 (t1), differs in TR 700 ms against 500 ms")
    _, (plane,) = contrast_pairs([stack(1, turned_deg=30), gd(2)])
    assert plane.endswith("differs in plane, spacing or field of view")
    _, (frame,) = contrast_pairs([stack(1, frame="1.8"), gd(2)])
    assert frame.endswith("differs in frame of reference")


def test_small_changes_are_a_pair_with_a_note():
    (found,), _ = contrast_pairs([stack(1, tr_s=0.53, contrast_agent=False), gd(2)])
    assert found.notes == ("not quite the same protocol: TR 530 ms against 500 ms",)


def test_nearest_before_is_taken():
    (found,), _ = contrast_pairs([stack(1), stack(4), gd(5)])
    assert found.members == ("1.2.4", "1.2.5")


def test_wrong_order_of_times_is_said():
    (found,), _ = contrast_pairs(
        [stack(1, contrast_agent=False, acquired="2020-01-01T11:00:00"), gd(2, acquired="2020-01-01T10:00:00")]
    )
    assert "was acquired after series 2" in found.notes[0]


def ct(n: int, kernel: str, **facts):
    return stack(n, "ct", modality="CT", kernel=kernel, kvp=120.0, tr_s=None, te_s=None, **facts)


def test_kernels_of_one_scan():
    (found,) = kernels([ct(1, "B30f"), ct(2, "B70f", spacing=(2, 2, 1), shape=(32, 32, 40))])
    assert found.name == "one CT scan with 2 kernels: B30f, B70f"
    assert found.varies == ("kernel B30f (ct)", "kernel B70f (ct)")
    assert found.notes == ("distance of slices 4 and 1 mm",)


def test_scans_that_are_not_one():
    """Another contrast phase, another start, another part of the body."""
    start = {"acquired": "2020-01-01T10:00:00"}
    assert kernels([ct(1, "A", contrast_agent=False), ct(2, "B", contrast_agent=True)]) == []
    assert kernels([ct(1, "A", **start), ct(2, "B", acquired="2020-01-01T10:01:00")]) == []
    assert kernels([ct(1, "A"), ct(2, "B", at=(0, 0, 500))]) == []
    assert kernels([ct(1, "A"), ct(2, "A")]) == []
