"""Items written like an earlier one: taken as a whole, with the values that parsing each of them gives."""

from __future__ import annotations

import dataclasses
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.ingest.files import limits as bounds
from spinemets.ingest.header import parser
from spinemets.ingest.header.elements import Elements
from spinemets.ingest.header.item_layout import ItemLayout, begins_with_item
from spinemets.ingest.header.parser import TooMuch
from spinemets.ingest.header.scan import Short
from tests.ingest.header.dicom_bytes import CODINGS, ECHO, PLAIN, POSITION, ROWS, SEQUENCE, W, Writer, read

GROUPS, PRIVATE = 0x52009230, 0x20051001


def tree(elements: Elements) -> dict:
    """All values by tag, nested ones included."""
    found = {}
    for tag, (vr, _, _) in elements.stored.items():
        value = elements.value(tag)
        found[tag] = (vr, elements.raw(tag), [tree(item) for item in value] if vr == b"SQ" else value)
    return found


def both(data: bytes, coding=PLAIN, complete: bool = True) -> list:
    """What is read with and without recognising repeated items: values and pixels, or how it was refused."""
    answers = []
    for most in (parser.MOST_LAYOUTS, 0):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(parser, "MOST_LAYOUTS", most)
            try:
                found = read(data, coding, complete=complete)
                answers.append((tree(found.elements), found.pixel_tag, found.pixel_offset, found.pixel_length))
            except (Short, TooMuch) as refusal:
                answers.append((type(refusal), str(refusal)))
    return answers


def frame(w: Writer, n: int, *, is_open: bool = False, position: bytes | None = None) -> bytes:
    """Functional groups of one frame: a nested sequence, a private value and one no dictionary names."""
    plane = w.item(w.element(POSITION, b"DS", position or b"%02d\\2\\3 " % n), is_open=is_open)
    content = w.sequence(SEQUENCE, plane, is_open=is_open) + w.element(PRIVATE, b"UN", b"v%07d" % n)
    return w.item(content + w.element(0x00189999, b"LO", b"x%d" % (n % 10)), is_open=is_open)


def taken_whole(monkeypatch, data: bytes, coding=PLAIN) -> int:
    """How many items of a header are taken as a whole."""
    hits = []
    original = ItemLayout.matched
    with monkeypatch.context() as patched:
        patched.setattr(ItemLayout, "matched", lambda *a: hits.append(original(*a)) or hits[-1])
        read(data, coding)
    return sum(hit is not None for hit in hits)


@pytest.mark.parametrize("coding", CODINGS, ids=str)
@pytest.mark.parametrize("open_sequence", [True, False])
@pytest.mark.parametrize("open_item", [True, False])
def test_frames_are_taken_whole_in_every_coding(monkeypatch, coding, open_sequence, open_item):
    """From the second on; each has its own values, at any depth."""
    w = Writer(coding)
    frames = [frame(w, n, is_open=open_item) for n in range(9)]
    data = w.sequence(GROUPS, *frames, is_open=open_sequence) + w.element(ROWS, b"US", b"\4\4") + w.pixels()
    fast, slow = both(data, coding)
    assert fast == slow
    assert taken_whole(monkeypatch, data, coding) == 8
    items = read(data, coding).elements.value(GROUPS)
    assert [i.get("PlanePositionSequence")[0].get("ImagePositionPatient")[0] for i in items] == list(range(9))
    assert [i.raw(PRIVATE) for i in items] == [b"v%07d" % n for n in range(9)]


def test_character_set_of_the_data_set_reaches_moved_items():
    """Nested texts are in the character set of the header around them."""
    name = W.element(0x00081030, b"LO", "Wirbelsäule ".encode())
    items = [W.item(W.sequence(SEQUENCE, W.item(name))) for _ in range(3)]
    found = read(W.element(0x00080005, b"CS", b"ISO_IR 192") + W.sequence(GROUPS, *items)).elements
    assert {i.get("PlanePositionSequence")[0].get("StudyDescription") for i in found.value(GROUPS)} == {"Wirbelsäule"}


def test_private_blocks_of_moved_items():
    """The text that reserves a block is read from the item's own bytes."""
    items = [
        W.item(W.element(0x20050010, b"LO", creator) + W.element(0x20051001, b"LO", value))
        for creator, value in ((b"MAKER A ", b"1 "), (b"MAKER B ", b"2 "), (b"MAKER A ", b"3 "))
    ]
    found = read(W.sequence(GROUPS, *items)).elements.value(GROUPS)
    assert [i.private(0x2005, 0x01, "MAKER A") for i in found] == ["1", None, "3"]
    assert [i.private(0x2005, 0x01, "MAKER B") for i in found] == [None, "2", None]
    assert all(i.holds_private for i in found)


def test_an_item_written_differently_among_equal_ones(monkeypatch):
    """A longer number, a missing element: parsed by itself; those behind it are recognised again."""
    longer = frame(W, 3, position=b"-12.25\\2\\3")
    fewer = W.item(W.element(ECHO, b"DS", b"12"))
    data = W.sequence(GROUPS, frame(W, 1), frame(W, 2), longer, fewer, frame(W, 5), longer, fewer) + W.pixels()
    fast, slow = both(data)
    assert fast == slow and taken_whole(monkeypatch, data) == 4


@pytest.mark.parametrize("is_open", [True, False])
def test_unknown_values_that_are_sequences_now_and_then(is_open):
    """UN: what it begins with decides, and that is part of the value."""
    implicit = Writer(CODINGS[2])
    inner = implicit.item(implicit.element(ECHO, b"DS", b"12"))
    plain = b"x" * len(inner)
    for order in ((plain, inner, plain), (inner, plain, inner), (inner, inner, plain)):
        data = W.sequence(GROUPS, *(W.item(W.element(PRIVATE, b"UN", value), is_open=is_open) for value in order))
        fast, slow = both(data)
        assert fast == slow
        kinds = [item.stored[PRIVATE][0] for item in read(data).elements.value(GROUPS)]
        assert kinds == [b"SQ" if value is inner else b"UN" for value in order]


def test_an_empty_unknown_value_before_the_next_item():
    """The next item's tag lies where its value would: still an empty value, in the last item and in all others."""
    data = W.sequence(GROUPS, *[W.item(W.element(PRIVATE, b"UN", b""))] * 3)
    fast, slow = both(data)
    assert fast == slow
    assert [item.stored[PRIVATE][0] for item in read(data).elements.value(GROUPS)] == [b"UN"] * 3


def test_what_follows_an_item_never_decides_what_is_in_it():
    """The long length of an element cut off by its item would be read from the next item's tag."""
    cut = W.item(struct.pack("<HH2sH", 0x2005, 0x1001, b"UN", 0))
    for behind in (b"", W.item(b"")):
        data = W.sequence(GROUPS, cut, cut, cut) + behind + b"\xff" * 8
        fast, slow = both(data)
        assert fast == slow
        assert all(not item.stored for item in read(data).elements.value(GROUPS))


def test_lengths_that_reach_beyond_the_sequence():
    """The last item is cut off by its sequence: not written like the whole ones before it."""
    whole = W.item(W.element(ECHO, b"DS", b"12") + W.element(ROWS, b"US", b"\4\0"))
    content = whole * 3
    for cut in range(1, len(whole) + 1):
        data = W.head(GROUPS, b"SQ", len(content) - cut) + content + W.element(0x00280011, b"US", b"\5\0") + W.pixels()
        fast, slow = both(data)
        assert fast == slow


def test_every_prefix_asks_for_more_or_keeps_what_came_before():
    """A header that is read in pieces never ends early."""
    data = W.sequence(GROUPS, *(frame(W, n, is_open=n % 2 == 0) for n in range(5)), is_open=True) + W.pixels()
    for end in range(len(data) - 4):
        fast, slow = both(data[:end], complete=False)
        assert fast == slow and fast[0] is Short
        fast, slow = both(data[:end])
        assert fast == slow


def test_the_limit_on_elements_counts_what_is_taken_whole(monkeypatch):
    """Neither more nor fewer elements than one by one."""
    data = W.sequence(GROUPS, *(frame(W, n) for n in range(10)))
    refused = 0
    for most in range(45, 75):
        few = dataclasses.replace(bounds.load(), max_elements=most)
        monkeypatch.setattr(bounds, "load", lambda few=few: few)
        fast, slow = both(data)
        assert fast == slow
        refused += fast[0] is TooMuch
    # the sequence, and of each item: itself, a sequence with an item of one element, two values
    assert refused == 61 - 45


def test_more_layouts_than_are_kept():
    """Items that all differ are parsed one by one."""
    items = [W.item(W.element(ECHO, b"DS", b"1" * n)) for n in range(1, 40)]
    fast, slow = both(W.sequence(GROUPS, *items, *items))
    assert fast == slow


@pytest.mark.parametrize(("value", "expected"), [(b"\xfe\xff\x00\xe0\0\0\0\0", True), (b"\xfe\xff\x00\xe0", False),
                                                 (b"", False), (b"\xfe\xff\x0d\xe0\0\0\0\0", False)])  # fmt: skip
def test_begins_with_item(value, expected):
    """The tag of an item, with room for its length."""
    assert begins_with_item(b"." + value + b"\xfe\xff\x00\xe0\0\0\0\0", 1, len(value)) is expected


def elements_of(w: Writer, depth: int) -> st.SearchStrategy[bytes]:
    """A few elements, of values that differ and of lengths that seldom do; sequences of them down to a depth."""
    value = st.sampled_from([b"12", b"34", b"5678", b"", b"\xfe\xff\x00\xe0\0\0\0\0"])
    tags = st.sampled_from([ECHO, ROWS, POSITION, PRIVATE])
    one = st.builds(w.element, tags, st.sampled_from([b"DS", b"UN", b"OB", b"??"]), value)
    if depth:
        items = st.lists(
            st.builds(lambda c, o: w.item(c, is_open=o), elements_of(w, depth - 1), st.booleans()), max_size=3
        )
        nested = st.builds(lambda i, o: w.sequence(SEQUENCE, *i, is_open=o), items, st.booleans())
        one = st.one_of(one, nested)
    return st.lists(one, max_size=3).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_slow_twin_on_any_bytes(data):
    """Items drawn from a few patterns, then damaged: the same tree, or the same refusal, as without recognising them."""
    coding = data.draw(st.sampled_from(CODINGS))
    w = Writer(coding)
    patterns = data.draw(st.lists(elements_of(w, 1), min_size=1, max_size=2))
    items = [w.item(data.draw(st.sampled_from(patterns)), is_open=data.draw(st.booleans())) for _ in range(6)]
    raw = bytearray(w.sequence(GROUPS, *items, is_open=data.draw(st.booleans())) + w.pixels())
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.sampled_from([0, 1, 8, 0x7F, 0xE0, 0xFE, 0xFF]))
    cut = data.draw(st.integers(0, len(raw)))
    for piece, complete in ((bytes(raw), True), (bytes(raw[:cut]), True), (bytes(raw[:cut]), False)):
        fast, slow = both(piece, coding, complete)
        assert fast == slow
