"""Stretches of a header that are written alike: same bytes between values, values of the same lengths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.ingest.header.skeleton import Skeleton

# Three pieces, "aa" "bb" "cc", with values of 3 and 2 bytes between them.
DATA = b"..aa123bb45cc.."
KNOWN = Skeleton(DATA, 2, 13, [(4, 3), (9, 2)])


def test_values_may_differ():
    """Only what lies between them counts; where it lies in the file does not."""
    assert KNOWN.size == 11
    assert KNOWN.fits(b"aaxyzbb?!cc", 0, 11)
    assert KNOWN.fits(b"_____aaxyzbb?!cc_", 5, 17)


@pytest.mark.parametrize("place", [0, 1, 5, 6, 9, 10])
def test_any_other_byte_may_not(place):
    """One changed byte of a tag, a representation or a length: written differently."""
    other = bytearray(b"aaxyzbb?!cc")
    other[place] ^= 1
    assert not KNOWN.fits(bytes(other), 0, 11)


def test_values_of_other_lengths():
    """A longer value moves what follows."""
    assert not KNOWN.fits(b"aaxyzzbb?!cc", 0, 12)
    assert not KNOWN.fits(b"aaxybb?!cc__", 0, 12)


def test_it_must_end_within_the_bounds():
    """What reaches beyond its sequence, or beyond the bytes at hand, is not the same."""
    assert not KNOWN.fits(b"aaxyzbb?!cc", 0, 10)
    assert not KNOWN.fits(b"aaxyzbb?!c", 0, 10)
    assert not KNOWN.fits(b"aaxyzbb?!cc", 1, 11)


def test_order_of_the_values_does_not_matter_and_empty_ones_are_nothing():
    """Values are given as they come."""
    same = Skeleton(DATA, 2, 13, [(9, 2), (4, 0), (4, 3)])
    assert same.fits(b"aaxyzbb?!cc", 0, 11) and not same.fits(b"aaxyzbc?!cc", 0, 11)


def test_values_at_both_ends():
    """A stretch may begin and end with a value."""
    ends = Skeleton(b"123aa45", 0, 7, [(0, 3), (5, 2)])
    assert ends.fits(b"___aa__", 0, 7) and not ends.fits(b"___ab__", 0, 7)


def test_overlapping_values_are_no_skeleton():
    """Only in damaged files."""
    with pytest.raises(ValueError, match="overlap"):
        Skeleton(DATA, 2, 13, [(4, 3), (6, 2)])


@given(st.binary(min_size=12, max_size=12), st.binary(min_size=12, max_size=12), st.data())
def test_slow_twin(first, second, data):
    """Byte by byte: every byte outside the values is equal."""
    cuts = sorted(data.draw(st.lists(st.integers(0, 12), min_size=4, max_size=4)))
    values = [(cuts[0], cuts[1] - cuts[0]), (cuts[2], cuts[3] - cuts[2])]
    free = {n for start, length in values for n in range(start, start + length)}
    pairs = enumerate(zip(first, second, strict=True))
    mixed = bytes(b if n in free or data.draw(st.integers(0, 5)) == 0 else a for n, (a, b) in pairs)
    expected = all(first[n] == mixed[n] for n in range(12) if n not in free)
    assert Skeleton(first, 0, 12, values).fits(mixed, 0, 12) == expected
