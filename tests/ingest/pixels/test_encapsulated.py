"""Fragments of encapsulated pixel data: every way writers lay them out, and every way they are damaged. pydicom's own
splitting is the reference where it can read the layout."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.ingest.pixels.encapsulated import Malformed, images, items, joined

JPEG = b"\xff\xd8\xff\xc3"
LEAD = 100


def item(data: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + struct.pack("<L", len(data)) + data


def element(*fragments: bytes, offsets: tuple[int, ...] | None = (), end: bool = True) -> bytes:
    """Pixel data with its offset table (None = the writer forgot the item), after some bytes of header."""
    table = b"" if offsets is None else item(struct.pack(f"<{len(offsets)}L", *offsets))
    close = b"\xfe\xff\xdd\xe0\0\0\0\0" if end else b""
    return bytes(LEAD) + table + b"".join(map(item, fragments)) + close


def read_at(data: bytes):
    return lambda start, count: data[start : start + count]


def split(data: bytes, n_frames: int, extended: tuple[int, ...] = ()) -> list[bytes | None]:
    """Bytes of each image."""
    found = items(read_at(data), LEAD, len(data), n_frames)
    places = images(read_at(data), found, n_frames, extended)
    return [None if place is None else joined(read_at(data), place) for place in places]


def frame(n: int, length: int = 20) -> bytes:
    return JPEG + bytes([n]) * (length - 4)


def test_one_image_in_several_fragments_with_and_without_table():
    """A single image owns every fragment, whatever the table says."""
    for offsets in ((), (0,), (77,), None):
        assert split(element(frame(1), b"tail", offsets=offsets), 1) == [frame(1) + b"tail"]


def test_one_fragment_an_image_needs_no_table():
    """The common layout; a wrong table does not matter."""
    frames = [frame(n) for n in range(4)]
    for offsets in ((), (0, 28, 56, 84), (0, 5, 9, 11), None):
        assert split(element(*frames, offsets=offsets), 4) == frames


def test_several_fragments_an_image_by_offset_table():
    """Offsets count from the first fragment, item headers included."""
    parts = (frame(1), b"ab", frame(2), b"cd", b"ef")
    assert split(element(*parts, offsets=(0, 38)), 2) == [frame(1) + b"ab", frame(2) + b"cdef"]


def test_several_fragments_an_image_by_extended_table():
    """The extended table has 64-bit offsets and no basic one beside it."""
    data = element(b"aaaa", b"ab", b"bbbb", b"cd")
    assert split(data, 2, (0, 22)) == [b"aaaaab", b"bbbbcd"]


def test_a_wrong_table_gives_way_to_how_images_begin():
    """Offsets that point between items are not believed."""
    parts = (frame(1), b"ab", frame(2), b"cd", b"ef")
    for offsets in ((), (0, 39), (5, 38), (0, 0)):
        assert split(element(*parts, offsets=offsets), 2) == [frame(1) + b"ab", frame(2) + b"cdef"]


def test_rle_images_over_fragments():
    """An RLE image begins with its number of segments and the offset 64."""
    head = struct.pack("<16L", 2, 64, 80, *[0] * 13)
    parts = (head + b"one", b"more", head + b"two", b"more")
    assert split(element(*parts), 2) == [head + b"onemore", head + b"twomore"]


def test_fragments_that_say_nothing_are_refused():
    """Three pieces without a beginning, two images: no guess."""
    with pytest.raises(Malformed, match="3 fragments of pixel data cannot be assigned to 2 images"):
        split(element(b"aaaa", b"bbbb", b"cccc"), 2)


def test_empty_fragments_and_missing_delimiter_do_no_harm():
    """Some writers leave an empty item, some no end."""
    assert split(element(frame(1), b"", frame(2), end=False), 2) == [frame(1), frame(2)]


def test_delimiter_inside_an_image_is_data():
    """Items are walked by their lengths: what looks like an end within one is none."""
    tricky = JPEG + b"\xfe\xff\xdd\xe0\0\0\0\0\xfe\xff\x00\xe0"
    assert split(element(tricky, frame(2)), 2) == [tricky, frame(2)]


def test_a_cut_file_keeps_its_whole_images():
    """The file ends inside an image: that one and those behind it are missing, the rest is there."""
    data = element(*(frame(n) for n in range(5)))
    inside_third = LEAD + 8 + 2 * 28 + 8 + 5
    assert split(data[:inside_third], 5) == [frame(0), frame(1), None, None, None]
    assert split(element(frame(1))[:-20], 1) == [None]


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF, 21])
def test_absurd_lengths_are_a_cut_not_an_allocation(length):
    """A length beyond the file is a cut-off image."""
    data = bytearray(element(frame(1), end=False))
    data[LEAD + 12 : LEAD + 16] = struct.pack("<L", length)
    assert split(bytes(data), 1) == [None]


def test_what_does_not_begin_with_items_is_refused():
    """Native pixels under a compressed syntax, or nothing."""
    for data in (bytes(LEAD) + bytes(range(64)), bytes(LEAD), element()):
        with pytest.raises(Malformed, match="without"):
            split(data, 1)


def test_a_million_fragments_are_refused_while_walking():
    """A pixel bomb: the walk stops at a bound, long before the end."""
    read: list[int] = []

    def endless(start: int, count: int) -> bytes:
        read.append(start)
        return item(b"")[:count]

    with pytest.raises(Malformed, match="more than 16392 fragments"):
        items(endless, LEAD, 10**9, 1)
    assert len(read) < 17000


def test_a_file_that_shrinks_is_an_error():
    """Bytes that are gone when they are wanted: no short image is handed on."""
    with pytest.raises(OSError, match="shorter"):
        joined(read_at(b"abc"), ((0, 2), (2, 2)))


@given(st.lists(st.binary(min_size=2, max_size=40).map(lambda b: b + b"\0" * (len(b) % 2)), min_size=1, max_size=12))
def test_pydicom_writes_what_we_read(frames):
    """Any images, encapsulated by pydicom with a basic table, come out as they went in."""
    from pydicom.encaps import encapsulate

    data = bytes(LEAD) + encapsulate(list(frames))
    assert split(data, len(frames)) == frames


@given(st.binary(max_size=200), st.integers(1, 5))
def test_any_bytes_end_in_an_answer_or_a_refusal(junk, n_frames):
    """Nothing else comes out, whatever goes in."""
    data = bytes(LEAD) + b"\xfe\xff\x00\xe0" + junk
    try:
        found = split(data, n_frames)
    except Malformed:
        return
    assert len(found) == n_frames


def test_walks_a_file_as_it_walks_bytes(tmp_path):
    """The reader of a file gives what a slice of bytes gives."""
    from spinemets.ingest.pixels.decoded import reader

    data = element(frame(1), frame(2))
    with io.BytesIO(data) as stream:
        assert items(reader(stream), LEAD, len(data), 2) == items(read_at(data), LEAD, len(data), 2)
