"""Vector E-34: raw b-values as GE, Siemens and Philips write them, through both readers of the diffusion facts."""

from __future__ import annotations

import struct

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.ingest.facts import diffusion
from spinemets.ingest.header.headers import Header
from spinemets.ingest.header.scan import Scan
from spinemets.ingest.header.values import Values

# manufacturer: how the header spells it, private creator, group, element, VR
VENDORS = {
    "GE": ("GE MEDICAL SYSTEMS", "GEMS_PARM_01", 0x0043, 0x39, "IS"),
    "SIEMENS": ("SIEMENS", "SIEMENS MR HEADER", 0x0019, 0x0C, "IS"),
    "PHILIPS": ("Philips Medical Systems", "Philips Imaging DD 001", 0x2001, 0x03, "FL"),
}
E_34 = [
    ("GE", 1000000800, 800.0),
    ("GE", 1000000000, 0.0),
    ("GE", 800, 800.0),
    ("GE", 1000010000, 10000.0),
    ("SIEMENS", 1000, 1000.0),
    ("PHILIPS", 600.0, 600.0),
]


def scanned(vendor: str, raw: float) -> float:
    """b-value of a classic header, from its bytes."""
    spelled, creator, group, element, vr = VENDORS[vendor]
    tail = "\\8\\0\\0" if vendor == "GE" else ""
    value = struct.pack("<f", raw) if vr == "FL" else f"{raw:d}{tail}".encode()
    elements = {
        0x00080060: b"MR",
        0x00080070: spelled.encode(),
        group << 16 | 0x10: creator.encode(),
        group << 16 | 0x1000 | element: value,
    }
    return diffusion.of_header(Header(Scan(values=elements, syntax="1.2.840.10008.1.2.1"))).b_s_per_mm2


def parsed(vendor: str, raw: float) -> float:
    """b-value of one frame, from its parsed values."""
    spelled, creator, group, element, vr = VENDORS[vendor]
    dataset = pydicom.Dataset()
    dataset.Manufacturer = spelled
    value = [raw, 8, 0, 0] if vendor == "GE" else raw
    dataset.private_block(group, creator, create=True).add_new(element, vr, value)
    return diffusion.of_values(Values(dataset)).b_s_per_mm2


@pytest.mark.parametrize("read", [scanned, parsed])
@pytest.mark.parametrize(("vendor", "raw", "b"), E_34)
def test_decoding(read, vendor, raw, b):
    """E-34, exact: subtract GE's 1e9 where it was added, never a modulo (b = 10000 would become 0)."""
    assert read(vendor, raw) == b


def spelled_out(raw: int) -> int:
    """The rule without arithmetic: a ten-digit number that starts with 1 carries the offset, its other digits are b."""
    digits = str(raw)
    return int(digits[1:]) if len(digits) == 10 and digits[0] == "1" else raw


@given(b=st.integers(0, 20_000), offset=st.booleans())
def test_ge_offset(b, offset):
    """Property: with and without the offset, any b-value comes back, as the digits spell it."""
    raw = b + 1_000_000_000 * offset
    assert scanned("GE", raw) == parsed("GE", raw) == spelled_out(raw) == b


@given(b=st.integers(0, 2_000))
def test_no_other_vendor_has_an_offset(b):
    """Property: Siemens and Philips write b itself."""
    assert scanned("SIEMENS", b) == parsed("SIEMENS", b) == b
    assert scanned("PHILIPS", float(b)) == parsed("PHILIPS", float(b)) == b


def test_an_offset_of_ge_is_no_b_value_of_siemens():
    """1000000800 in Siemens' element is nonsense, and stays unread."""
    elements = {
        0x00080060: b"MR",
        0x00080070: b"SIEMENS",
        0x00190010: b"SIEMENS MR HEADER",
        0x0019100C: b"1000000800",
    }
    assert diffusion.of_header(Header(Scan(values=elements, syntax="1.2.840.10008.1.2.1"))) is None
