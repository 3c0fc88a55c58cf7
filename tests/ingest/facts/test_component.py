"""`component.of_header`: magnitude, phase, real or imaginary, where a classic header says it in one way only."""

from __future__ import annotations

import struct

import pytest

from spinemets.ingest.facts import component
from spinemets.ingest.header.headers import WANTED, Header
from spinemets.ingest.header.scan import Scan

GE, GE_CREATOR = 0x0043102F, 0x00430010


def header(**values) -> Header:
    raw = {component.MODALITY: b"MR"}
    names = {"image_type": component.IMAGE_TYPE, "stated": component.STATED, "ge": GE, "creator": GE_CREATOR}
    raw |= {names.get(name, component.MODALITY): value for name, value in values.items()}
    return Header(Scan(values=raw, syntax=""))


def test_the_scan_keeps_what_this_reads():
    """Every tag is among those scanned."""
    assert component.TAGS <= WANTED and {GE, GE_CREATOR} <= component.TAGS


@pytest.mark.parametrize(
    ("image_type", "expected"),
    [
        (b"ORIGINAL\\PRIMARY\\M\\ND", "MAGNITUDE"),
        (b"ORIGINAL\\PRIMARY\\P\\ND ", "PHASE"),
        (b"ORIGINAL\\PRIMARY\\R_FFE\\R\\FFE", "REAL"),
        (b"ORIGINAL\\PRIMARY\\PHASE MAP\\P\\FFE", "PHASE"),
        (b"ORIGINAL\\PRIMARY\\OTHER", None),
        (b"ORIGINAL\\PRIMARY\\M\\P", None),
        (b"M\\P", None),
    ],
)
def test_words_of_image_type(image_type, expected):
    """Only the values after the second count, and only if they agree."""
    assert component.of_header(header(image_type=image_type)) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "MAGNITUDE"), (1, "PHASE"), (2, "REAL"), (3, "IMAGINARY"), (9, None)]
)
def test_private_number_of_its_creator(number, expected):
    """GE writes a number; without its creator the element is somebody else's."""
    value = struct.pack("<h", number)
    assert component.of_header(header(ge=value, creator=b"GEMS_PARM_01")) == expected
    assert component.of_header(header(ge=value, creator=b"SOMEBODY")) is None


def test_the_attribute_comes_first():
    """ComplexImageComponent over ImageType; MIXED is none of the four."""
    assert component.of_header(header(stated=b"PHASE ", image_type=b"O\\P\\M")) == "PHASE"
    assert component.of_header(header(stated=b"MIXED", image_type=b"O\\P\\M")) is None


def test_only_mr_has_components():
    """An M in the ImageType of a CT means something else."""
    raw = {component.MODALITY: b"CT", component.IMAGE_TYPE: b"ORIGINAL\\PRIMARY\\M"}
    assert component.of_header(Header(Scan(values=raw, syntax=""))) is None
