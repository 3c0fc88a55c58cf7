"""Stored bytes of one DICOM element into its value, by value representation (DICOM PS3.5 section 6.2)."""

from __future__ import annotations

from struct import Struct
from typing import Any

from spinemets.ingest.header.character_sets import decoded

PLAIN_TEXTS = frozenset((b"AE", b"AS", b"CS", b"DA", b"DT", b"TM", b"UI"))
TEXTS = frozenset((b"LO", b"PN", b"SH", b"UC"))
LONG_TEXTS = frozenset((b"LT", b"ST", b"UT", b"UR"))
# code of `struct` and bytes of one number
BINARY = {
    b"US": ("H", 2), b"SS": ("h", 2), b"UL": ("L", 4), b"SL": ("l", 4), b"UV": ("Q", 8), b"SV": ("q", 8),
    b"FL": ("f", 4), b"FD": ("d", 8), b"AT": ("H", 2),
}  # fmt: skip


class BrokenValue(ValueError):
    """Bytes that are no value of their representation."""


class Decimal(float):
    """A number with the text that states it: printing gives what the file says."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Decimal:
        """Number of a decimal string."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __str__(self) -> str:
        return self.text


def convert(vr: bytes, stored: bytes, little: bool, codecs: tuple[str, ...]) -> Any:
    """Value of an element: text, number or bytes, a list where there are several, None where there is none.

    Parameters
    ----------
    codecs
        Python codecs of the character set, the first for what no escape sequence announces.

    Raises
    ------
    BrokenValue
        If the bytes cannot be such a value.
    """
    if vr in BINARY:
        return _binary(vr, stored, little)
    if vr in (b"DS", b"IS"):
        return _numbers(vr, stored)
    if vr in PLAIN_TEXTS:
        return _one_or_many([part.strip("\0 ") for part in stored.decode("latin-1").split("\\")])
    if vr in TEXTS:
        return _one_or_many([part.strip("\0 ") for part in decoded(stored, codecs).split("\\")])
    if vr in LONG_TEXTS:
        return decoded(stored, codecs).rstrip("\0 ") or None
    return stored or None


def _one_or_many(parts: list[Any]) -> Any:
    if len(parts) > 1:
        return parts
    return None if parts[0] == "" else parts[0]


def _numbers(vr: bytes, stored: bytes) -> Any:
    texts = [part.strip() for part in stored.decode("latin-1").strip("\0 ").split("\\")]
    if texts == [""]:
        return None
    return _one_or_many([_number(vr, text) if text else None for text in texts])


def _number(vr: bytes, text: str) -> float | int:
    try:
        # Python would take 1_000 for a number
        if "_" in text:
            raise ValueError
        number = Decimal(text)
        return int(number) if vr == b"IS" and number.is_integer() else number
    except (ValueError, OverflowError):
        raise BrokenValue from None


def _binary(vr: bytes, stored: bytes, little: bool) -> Any:
    if not stored:
        return None
    code, size = BINARY[vr]
    count, rest = divmod(len(stored), size)
    if rest or (vr == b"AT" and count % 2):
        raise BrokenValue
    values = list(Struct(f"{'<' if little else '>'}{count}{code}").unpack(stored))
    if vr == b"AT":
        values = [group << 16 | element for group, element in zip(values[::2], values[1::2], strict=True)]
    return _one_or_many(values)
