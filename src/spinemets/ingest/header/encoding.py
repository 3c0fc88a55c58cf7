"""How a DICOM file is encoded: preamble or none, file meta group or none, transfer syntax stated or guessed."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from struct import Struct, error

from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header.parser import Coding
from spinemets.ingest.header.scan import EXPLICIT, IMPLICIT, LONG_VR, SHORT_VR

BIG_ENDIAN, DEFLATED = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
SYNTAX, SOP_CLASS = 0x10, 0x02
# The first element of a file without preamble, explicit in either byte order: group 2 or 8, an element that files begin
# with. What stands before it (the padding of a meta group cut away) is passed over.
FIRST_ELEMENT = re.compile(
    rb"\x02\x00[\x00-\x16]\x00(?:UL|OB|UI)|\x08\x00[\x00-\x18]\x00(?:UL|CS|UI|DA|TM|SH)"
    rb"|\x00\x08\x00[\x00-\x18](?:UL|CS|UI|DA|TM|SH)"
)
FARTHEST = 256
# Low bytes of the groups a data set begins with; read in the wrong byte order they would be the high ones.
FIRST_GROUPS = (0x02, 0x04, 0x08, 0x10)
# Implicit: an even length below this, so that text is no DICOM file by chance.
LONGEST_FIRST = 1024
_EXPLICIT = Struct("<HH2sH").unpack_from
_IMPLICIT = Struct("<HHL").unpack_from
_LENGTH = Struct("<L").unpack_from


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """Where the data set begins and how it is written.

    Attributes
    ----------
    syntax
        Transfer syntax UID, guessed from the first element where the file states none.
    sop_class
        Media storage class of the file meta group.
    position
        Offset of the first element behind the file meta group.
    """

    syntax: str
    sop_class: bytes
    position: int
    coding: Coding

    @property
    def deflated(self) -> bool:
        """Whether the data set is compressed as a whole."""
        return self.syntax == DEFLATED


def encoding_of(head: bytes) -> Encoding | None:
    """Encoding of a file by its first bytes; None if it is no DICOM file."""
    if head[128:132] == b"DICM":
        start = 132
    elif found := FIRST_ELEMENT.search(head, 0, FARTHEST):
        start = found.start()
    elif _begins_implicit(head):
        start = 0
    else:
        return None
    try:
        stated, sop_class, position = _meta(head, start)
    except error:
        return None
    if stated == DEFLATED:
        return Encoding(
            syntax=stated, sop_class=sop_class, position=position, coding=Coding(implicit=False, little=True)
        )
    coding = coding_at(head, position, stated)
    return Encoding(syntax=stated or _plain(coding), sop_class=sop_class, position=position, coding=coding)


def coding_at(data: bytes, position: int, syntax: str) -> Coding:
    """How the elements from there on are really written: some files state another syntax than theirs."""
    first = data[position : position + 6]
    if len(first) < 6:
        return Coding(implicit=syntax == IMPLICIT, little=syntax != BIG_ENDIAN)
    little = syntax != BIG_ENDIAN
    if first[little] in FIRST_GROUPS and not first[not little]:
        little = not little
    return Coding(implicit=not (first[4:6].isalpha() and first[4:6].isupper()), little=little)


def inflated(source: SourceFile, position: int) -> tuple[bytes, int]:
    """The beginning of a deflated data set, as much as a header may have, and the size of the whole.

    Raises
    ------
    ValueError
        If it is damaged or unpacks to more than the limits allow; the text says which.
    """
    most = bounds.load().max_header_mb * bounds.MB
    kept, size = bytearray(), 0
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    with source.path.open("rb") as stream:
        stream.seek(position)
        while block := stream.read(1 << 16):
            while block:
                try:
                    piece = inflate.decompress(block, 1 << 24)
                except zlib.error:
                    raise ValueError("damaged DICOM file (deflated data)") from None
                kept += piece[: most - len(kept)]
                size += len(piece)
                block = inflate.unconsumed_tail
                if refusal := bounds.refuse_unpacking(size, source.size):
                    raise ValueError(f"deflated file refused: {refusal}")
    return bytes(kept), size


def _begins_implicit(head: bytes) -> bool:
    if len(head) < 8:
        return False
    group, number, length = _IMPLICIT(head, 0)
    return bool(group == 8 and number <= 0x18 and length % 2 == 0 and length <= LONGEST_FIRST)


def _meta(head: bytes, position: int) -> tuple[str, bytes, int]:
    """Transfer syntax ("" if not stated), media storage class, and the offset behind the file meta group."""
    syntax, sop_class = "", b""
    while position + 8 <= len(head):
        group, number, vr, length = _EXPLICIT(head, position)
        if group != 2:
            break
        position += 8
        if vr in LONG_VR:
            (length,) = _LENGTH(head, position)
            position += 4
        elif vr not in SHORT_VR:
            (length,) = _LENGTH(head, position - 4)
        if number == SYNTAX:
            syntax = head[position : position + length].decode("ascii", "replace").strip("\0 ")
        elif number == SOP_CLASS:
            sop_class = head[position : position + length]
        position += length
    return syntax, sop_class, position


def _plain(coding: Coding) -> str:
    if coding.implicit:
        return IMPLICIT
    return EXPLICIT if coding.little else BIG_ENDIAN
