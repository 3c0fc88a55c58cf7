"""Texts of DICOM elements in the character set the header declares (PS3.3 C.12.1.1.2, PS3.5 6.1).

Headers declare the wrong set, or none, more often than their texts are unreadable. So bytes that do not fit the declared
set are tried as UTF-8, which other texts practically never are by chance, and then taken as Latin-1, which always fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from spinemets.knowledge.catalogue import table

ESCAPE = b"\x1b"


@cache
def codecs_of(declared: bytes) -> tuple[str, ...]:
    """Python codecs of a SpecificCharacterSet value, the set without escape sequence first; empty where none is known."""
    terms = table("character_sets")["terms"]
    found = [terms.get(_term(part)) for part in declared.decode("latin-1").split("\\")]
    return tuple(codec for codec in found if codec)


def _term(text: str) -> str:
    """The defined term behind the usual spellings of it."""
    bare = text.strip("\0 ").upper().replace("ISO 2022 IR", "ISO_IR")
    return re.sub(r"^ISO[ _-]?IR[ _-]?(\d+)$", r"ISO_IR \1", bare)


def decoded(stored: bytes, codecs: tuple[str, ...] = ()) -> str:
    """Text of these bytes.

    Parameters
    ----------
    stored
        Bytes of the element, padding included.
    codecs
        As `codecs_of` gives them.
    """
    if stored.isascii() and ESCAPE not in stored:
        return stored.decode("ascii")
    first = codecs[0] if codecs else "ascii"
    try:
        if ESCAPE in stored:
            return "".join(_pieces(stored, first))
        return stored.decode(first)
    except UnicodeDecodeError:
        pass
    try:
        return stored.decode("utf-8")
    except UnicodeDecodeError:
        return stored.decode("latin-1")


def _pieces(stored: bytes, first: str) -> Iterator[str]:
    """Text between escape sequences, each in the set its escape sequence announces."""
    head, *rest = stored.split(ESCAPE)
    yield head.decode(first)
    for piece in rest:
        whole = ESCAPE + piece
        sequence = next((known for known in _escapes() if whole.startswith(known)), b"")
        codec, keep = _escapes().get(sequence, ("latin-1", False))
        yield (whole if keep else whole[len(sequence) :]).decode(codec)


@cache
def _escapes() -> dict[bytes, tuple[str, bool]]:
    rows = table("character_sets")["escapes"].items()
    return {bytes.fromhex(sequence): (row["codec"], row.get("keep", False)) for sequence, row in rows}
