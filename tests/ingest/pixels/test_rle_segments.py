"""RLE of damaged files against a slow decoder that follows the standard packet by packet (PS3.5 G.3.2)."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.ingest.pixels.rle_segments import decode, segment


def slow(data: bytes) -> bytes | None:
    """Packets one by one; None where the last one lacks bytes."""
    out, at = bytearray(), 0
    while at < len(data):
        head = data[at]
        if head < 128:
            literal = data[at + 1 : at + 2 + head]
            out += literal
            if len(literal) < head + 1:
                return None
            at += 2 + head
        elif head > 128:
            if at + 1 >= len(data):
                return None
            out += data[at + 1 : at + 2] * (257 - head)
            at += 2
        else:
            at += 1
    return bytes(out)


@settings(max_examples=400, deadline=None)
@given(data=st.binary(max_size=300), short=st.integers(0, 3))
def test_any_bytes_against_the_slow_decoder(data, short):
    """Whole segments give the same values; a segment that ends inside a packet is refused, whatever stands in it."""
    expected = slow(data)
    if expected is None and data.endswith(b"\0"):
        expected = slow(data[:-1])
    if expected is not None:
        n = max(len(expected) - short, 0)
        assert bytes(segment(data, n)) == expected[:n]
        with pytest.raises(ValueError, match="too early"):
            segment(data, len(expected) + 1)
        return
    before = max((len(whole) for end in range(len(data)) if (whole := slow(data[:end])) is not None), default=0)
    for n in range(before + 1, before + 140):
        with pytest.raises(ValueError, match="too early"):
            segment(data, n)


def test_a_byte_that_makes_the_length_even_is_no_damage():
    """Encoders pad a segment of odd length with a zero."""
    assert bytes(segment(b"\xfe\x07\x00", 3)) == b"\x07" * 3


@pytest.mark.parametrize(("samples", "width"), [(1, 1), (1, 2), (3, 1), (1, 4)])
def test_order_of_samples_and_bytes(samples, width):
    """Most significant byte first, one sample after the other (G.2)."""
    values = np.random.default_rng(width).integers(0, 256, (samples, 40, width)).astype(np.uint8)
    parts = [b"\x27" + values[s, :, width - 1 - b].tobytes() for s in range(samples) for b in range(width)]
    at = np.cumsum([64, *map(len, parts)])[: len(parts)]
    header = struct.pack("<16L", len(parts), *at, *[0] * (15 - len(parts)))
    np.testing.assert_array_equal(decode(header + b"".join(parts), 40, samples, width), values)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\1" * 10, "header"), (struct.pack("<16L", 3, *[64] * 15), "3 RLE segments"),
        (struct.pack("<16L", 2, 64, 9999, *[0] * 13), "outside"), (struct.pack("<16L", 2, 0, 64, *[0] * 13), "outside"),
        (struct.pack("<16L", 2, 64, 64, *[0] * 13), "too early"),
    ],
)  # fmt: skip
def test_headers_that_lie(data, word):
    """Counts and offsets that no such image has."""
    with pytest.raises(ValueError, match=word):
        decode(data, 16, 1, 2)
