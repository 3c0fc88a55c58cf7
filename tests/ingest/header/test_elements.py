"""Elements by keyword, tag and creator; the table they are known from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spinemets.ingest.header import headers as h
from spinemets.ingest.header.elements import Elements, dictionary, keyword_of
from spinemets.ingest.header.parser import Coding
from spinemets.ingest.header.values import Values
from tests.ingest.header.dicom_bytes import ECHO, SEQUENCE, W, Writer, read

SOURCE = Path(__file__).resolve().parents[3] / "src" / "spinemets"


def test_private_elements_by_their_creator():
    """Blocks wherever their creator reserved them; two creators of one group are told apart; implicit gives bytes."""
    data = W.element(0x00190010, b"LO", b"ONE ") + W.element(0x00190011, b"LO", b"TWO ")
    data += W.element(0x0019100C, b"IS", b"50") + W.element(0x0019110C, b"IS", b"60")
    found = read(data).elements
    assert found.private(0x19, 0x0C, "ONE") == 50 and found.private(0x19, 0x0C, "TWO") == 60
    assert found.private(0x19, 0x0C, "THREE") is None and found.private(0x19, 0x0D, "ONE") is None
    w = Writer(Coding(implicit=True, little=True))
    bare = w.element(0x00190010, b"LO", b"ONE ") + w.element(0x0019100C, b"IS", b"50")
    assert read(bare, w.coding).elements.private(0x19, 0x0C, "ONE") == b"50"


def test_items_inherit_the_character_set():
    """Unless they declare their own."""
    name = W.element(0x00081030, b"LO", "Wirbelsäule".encode("iso8859_2"))
    own = W.element(0x00080005, b"CS", b"ISO_IR 192") + W.element(0x00081030, b"LO", "脊椎".encode())
    data = W.element(0x00080005, b"CS", b"ISO_IR 101") + name + W.sequence(SEQUENCE, W.item(name), W.item(own))
    found = read(data).elements
    first, second = found.get("PlanePositionSequence")
    assert found.get("StudyDescription") == first.get("StudyDescription") == "Wirbelsäule"
    assert second.get("StudyDescription") == "脊椎"


def test_first_items_come_by_tag():
    """As functional groups are searched: one rule for which of two groups wins."""
    later, earlier = W.item(W.element(ECHO, b"DS", b"2 ")), W.item(W.element(ECHO, b"DS", b"1 "))
    found = read(W.sequence(0x00289110, later) + W.sequence(SEQUENCE, earlier, later)).elements
    assert [item.get("EchoTime") for item in found.first_items()] == [1.0, 2.0]


def test_groups_without_a_row_are_searched_all_the_same():
    """A functional group whose own keyword nobody asks for holds values that somebody asks for."""
    group = W.sequence(0x00189999, W.item(W.element(ECHO, b"DS", b"12")))
    found = read(W.sequence(0x52009229, W.item(group)) + W.pixels()).elements
    assert Values(found).number("EchoTime") == 12


def test_an_unknown_keyword_is_our_mistake():
    """Asking for what the table does not hold is an error, never "absent"."""
    with pytest.raises(KeyError, match="NoSuchKeyword"):
        Elements().get("NoSuchKeyword")
    assert keyword_of(ECHO) == "EchoTime" and keyword_of(0x00091001) is None


def test_table_is_pydicoms_dictionary():
    """Every row: tag and value representation of PS3.6."""
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    for keyword, (tag, vr) in dictionary().items():
        assert tag == tag_for_keyword(keyword), keyword
        # where PS3.6 leaves the choice, numbers are read as unsigned and signed by who knows the sign
        assert vr.decode() in dictionary_VR(tag).split(" or "), keyword
    assert len({tag for tag, _ in dictionary().values()}) == len(dictionary())


def test_every_keyword_of_the_source_is_in_the_table():
    """A keyword that code or tables read and that has no row would raise at a user's file."""
    from pydicom.datadict import tag_for_keyword

    files = [*(SOURCE / "ingest").rglob("*.py"), *(SOURCE / "knowledge").rglob("*.yaml")]
    words = {
        word
        for path in files
        if path.name not in ("dicom_elements.yaml", "phantom_headers.yaml")
        for word in re.findall(r"[\"' ]([A-Z][A-Za-z0-9]+[a-z][A-Za-z0-9]*)[\"',}]", path.read_text(encoding="utf-8"))
    }
    missing = {word for word in words if tag_for_keyword(word)} - set(dictionary())
    # words of ordinary sentences that happen to be keywords
    assert missing <= {"Density", "Quantity", "Receiver"}, missing


def test_every_scanned_tag_is_in_the_table():
    """What the fast scan keeps, the full parser keeps too."""
    known = {tag for tag, _ in dictionary().values()}
    assert {tag for tag in h.WANTED if not tag & 0x10000} <= known
