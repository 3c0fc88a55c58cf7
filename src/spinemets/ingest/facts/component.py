"""Which part of the complex signal a classic MR image holds: magnitude, phase, real or imaginary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spinemets.knowledge.catalogue import table

if TYPE_CHECKING:  # headers.py asks this module which tags to keep
    from spinemets.ingest.header.headers import Header

STATED, IMAGE_TYPE, MODALITY = 0x00089208, 0x00080008, 0x00080060
# Whoever writes these private elements uses the first block of their group.
BLOCK = 0x10


def _tags() -> frozenset[int]:
    rows = table("mr_header_words")["component_private"]
    return frozenset(tag for row in rows for tag in (row["group"] << 16 | BLOCK, _tag(row)))


def _tag(row: dict[str, Any]) -> int:
    tag: int = row["group"] << 16 | BLOCK << 8 | row["element"]
    return tag


TAGS = _tags() | {STATED}


def of_header(header: Header) -> str | None:
    """MAGNITUDE, PHASE, REAL or IMAGINARY: the attribute, a private element, or the one word of ImageType that says so.

    Parameters
    ----------
    header
        Scanned with `TAGS` among the wanted ones.
    """
    words = table("mr_header_words")
    stated = header.text(STATED)
    if stated is not None:
        component: str | None = words["components"].get(stated.upper())
        return component
    if header.text(MODALITY) != "MR":
        return None
    for row in words["component_private"]:
        if header.text(row["group"] << 16 | BLOCK) == row["creator"]:
            value = header.integer(_tag(row), signed=True)
            if value in row["values"]:
                return str(row["values"][value])
    kinds = {word: name for name in words["components"] for word in words["component_words"][name]}
    found = {kinds[word.upper()] for word in header.texts(IMAGE_TYPE)[2:] if word.upper() in kinds}
    return found.pop() if len(found) == 1 else None
