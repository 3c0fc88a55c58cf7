"""Named fields of a Siemens CSA header (private element 0029,xx10), of the older form and of the one that begins SV10.

The header is a list of fields, each with a name and a list of texts. Every length in it is checked before it is used;
what cannot be read ends the list, with the fields before it kept.
"""

from __future__ import annotations

from struct import Struct

SIGNATURE = b"SV10"
_HEAD = Struct("<II")
_FIELD = Struct("<64si4siii")
_ITEM = Struct("<4i")


def fields(data: bytes, wanted: frozenset[str], most_fields: int) -> dict[str, tuple[str, ...]]:
    """Texts of the wanted fields that are not empty.

    Parameters
    ----------
    data
        Value of the element.
    most_fields
        A header that claims more fields is not believed: nothing is read of it.
    """
    found: dict[str, tuple[str, ...]] = {}
    older = not data.startswith(SIGNATURE)
    position = 0 if older else 8
    if len(data) < position + _HEAD.size:
        return found
    n_fields, _ = _HEAD.unpack_from(data, position)
    if n_fields > most_fields:
        return found
    position += _HEAD.size
    excess: int | None = None
    for _ in range(n_fields):
        if position + _FIELD.size > len(data):
            break
        name, _, _, _, n_items, _ = _FIELD.unpack_from(data, position)
        # in the older form the stated length of every item is too long by the number of items of the first field
        excess = n_items if excess is None else excess
        texts, position = _items(data, position + _FIELD.size, n_items, excess if older else None)
        key = name.split(b"\0")[0].decode("latin-1")
        if key in wanted and texts:
            found[key] = texts
        if position < 0:
            break
    return found


def _items(data: bytes, position: int, n_items: int, excess: int | None) -> tuple[tuple[str, ...], int]:
    """Texts of one field that are not empty, and the offset behind it (-1 where it does not hold together)."""
    texts: list[str] = []
    for _ in range(n_items):
        if position + _ITEM.size > len(data):
            return tuple(texts), -1
        first, second, _, _ = _ITEM.unpack_from(data, position)
        length = second if excess is None else first - excess
        position += _ITEM.size
        if length < 0 or position + length > len(data):
            return tuple(texts), -1
        text = data[position : position + length].split(b"\0")[0].decode("latin-1").strip()
        if text:
            texts.append(text)
        position += (length + 3) // 4 * 4
    return tuple(texts), position
