"""Numbers, dates, codes and uids in the forms DICOM elements have (PS3.5 section 6.2)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from spinemets.exports.dicom.about import Code

# Below this a length, direction or angle is rounding noise of the arithmetic before it.
NOISE = 1e-12


def decimal(value: float) -> str:
    """Decimal string of ten significant digits: always within the 16 characters that DS allows."""
    return f"{0.0 if abs(value) < NOISE else float(value):.10g}"


def date(at: datetime) -> str:
    """DA."""
    return f"{at:%Y%m%d}"


def time(at: datetime) -> str:
    """TM, with the fraction of a second only where there is one."""
    return f"{at:%H%M%S}" + (f".{at.microsecond:06d}" if at.microsecond else "")


def date_time(at: datetime) -> str:
    """DT without offset: local time."""
    return date(at) + time(at)


def derived_uid(parent: str, *place: object) -> str:
    """UID of what belongs to a parent: `2.25.` and 120 bits of a hash of the parent's uid and the place in it."""
    digest = hashlib.sha256("/".join((parent, *map(str, place))).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:15], 'big')}"


def instance_uid(series_uid: str, index: int) -> str:
    """SOPInstanceUID of the instance of a series with this index, counted from 0 (a multi-frame object is number 0)."""
    return derived_uid(series_uid, index)


def item(code: Code) -> Dataset:
    """Item of a code sequence."""
    from pydicom.dataset import Dataset  # lazy: heavy import

    d = Dataset()
    d.CodeValue, d.CodingSchemeDesignator, d.CodeMeaning = code.value, code.scheme, code.meaning
    return d


def items(code: Code | None) -> list[Dataset]:
    """Code sequence of one item, or none."""
    return [] if code is None else [item(code)]
