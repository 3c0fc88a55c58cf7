"""DICOM elements as bytes in any coding, and their parsing."""

from __future__ import annotations

import struct

from spinemets.ingest.header.parser import Coding, Parsed, parse

OPEN = 0xFFFFFFFF
SEQUENCE, PLANE = 0x00209113, 0x0020000E  # PlanePositionSequence; SeriesInstanceUID
POSITION, ECHO, ROWS = 0x00200032, 0x00180081, 0x00280010
CODINGS = [Coding(implicit=i, little=e) for i in (False, True) for e in (True, False)]
PLAIN = CODINGS[0]


class Writer:
    """Elements as bytes in one coding."""

    def __init__(self, coding: Coding) -> None:
        self.coding = coding
        self.order = "<" if coding.little else ">"

    def head(self, tag: int, vr: bytes, length: int) -> bytes:
        group, number = tag >> 16, tag & 0xFFFF
        if self.coding.implicit or group == 0xFFFE:
            return struct.pack(f"{self.order}HHL", group, number, length)
        if vr in (b"SQ", b"OB", b"OW", b"UN", b"UT"):
            return struct.pack(f"{self.order}HH2sHL", group, number, vr, 0, length)
        return struct.pack(f"{self.order}HH2sH", group, number, vr, length)

    def element(self, tag: int, vr: bytes, value: bytes) -> bytes:
        return self.head(tag, vr, len(value)) + value

    def item(self, content: bytes, *, is_open: bool = False) -> bytes:
        if is_open:
            return self.head(0xFFFEE000, b"", OPEN) + content + self.head(0xFFFEE00D, b"", 0)
        return self.head(0xFFFEE000, b"", len(content)) + content

    def sequence(self, tag: int, *items: bytes, is_open: bool = False) -> bytes:
        content = b"".join(items)
        if is_open:
            return self.head(tag, b"SQ", OPEN) + content + self.head(0xFFFEE0DD, b"", 0)
        return self.head(tag, b"SQ", len(content)) + content

    def pixels(self) -> bytes:
        return self.element(0x7FE00010, b"OW", b"abcd")


W = Writer(PLAIN)


def read(data: bytes, coding: Coding = PLAIN, complete: bool = True) -> Parsed:
    """Parse elements as a file's data set."""
    return parse(data, 0, coding, complete=complete)
