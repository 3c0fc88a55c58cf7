"""Modality lookup table: stored values to the values the modality means. Tables for display (VOI) are never read here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.header.values import Values

BOTH = "both a Modality LUT (0028,3000) and a rescale are stated: the rescale is used, the table is not"
BROKEN = "the Modality LUT (0028,3000) is damaged: stored values are used as they are"


@dataclass(frozen=True, kw_only=True, eq=False)
class Lookup:
    """One table.

    Attributes
    ----------
    first
        Stored value of the first entry; values below it take the first entry, values beyond the last entry the last.
    entries
        Values (n,) of 8 or 16 bits.
    bits
        Bits of an entry.
    kind
        Modality LUT Type: `HU`, `OD`, `US` (unspecified), ..., None if not stated.
    """

    first: int
    entries: NDArray[Any]
    bits: int
    kind: str | None = None

    def apply(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Values of an array of stored integers, of the type of the entries."""
        index = np.clip(stored.astype(np.int64) - self.first, 0, len(self.entries) - 1)
        found: NDArray[Any] = self.entries[index]
        return found


def modality_lookup(v: Values, *, signed: bool = False, little: bool = True) -> tuple[Lookup | None, tuple[str, ...]]:
    """The table to apply to stored values, and what must be said.

    Parameters
    ----------
    v
        Header of an image.
    signed
        Whether stored values are signed: the first mapped value then is.
    little
        Byte order of the file, for tables that are stored as bytes.

    Returns
    -------
    None where there is no table, where it is damaged, or where a rescale is stated beside it.
    """
    items = v.items("ModalityLUTSequence")
    if not items:
        return None, ()
    slope, intercept = v.number("RescaleSlope"), v.number("RescaleIntercept")
    if slope not in (None, 1.0) or intercept not in (None, 0.0):
        return None, (BOTH,)
    found = _table(items[0], signed, little)
    return (found, ()) if found is not None else (None, (BROKEN,))


def _table(item: Values, signed: bool, little: bool) -> Lookup | None:
    descriptor = item.raw("LUTDescriptor")
    if (
        not isinstance(descriptor, list)
        or len(descriptor) != 3
        or not all(isinstance(part, int) for part in descriptor)
    ):
        return None
    # the number of entries is 16-bit: 0 stands for 65536, and files that state it as signed go negative
    count, first, bits = (int(part) for part in descriptor)
    count = count % 65536 or 65536
    entries = _entries(item.raw("LUTData"), count, bits, little)
    if entries is None:
        return None
    if signed:
        first = (first + 0x8000) % 0x10000 - 0x8000
    return Lookup(first=first, entries=entries, bits=bits, kind=item.text("ModalityLUTType"))


def _entries(data: Any, count: int, bits: int, little: bool) -> NDArray[Any] | None:
    """Entries as integers; tables of 8 bits may fill a byte or a word each."""
    if not 8 <= bits <= 16:
        return None
    if isinstance(data, bytes):
        if len(data) >= 2 * count:
            found = np.frombuffer(data, "<u2" if little else ">u2", count=count).astype(np.uint16)
        elif bits == 8 and len(data) >= count:
            found = np.frombuffer(data, np.uint8, count=count).astype(np.uint16)
        else:
            return None
    else:
        words = np.asarray(data if isinstance(data, list) else [data], dtype=object)
        if any(not isinstance(word, int) for word in words):
            return None
        found = np.array([word % 65536 for word in words], np.uint16)
        if bits == 8 and len(found) < count <= 2 * len(found):  # two entries a word, the first in the low byte
            found = found.astype("<u2").view(np.uint8).astype(np.uint16)
    return found[:count] if len(found) >= count and int(found[:count].max()) < 1 << bits else None
