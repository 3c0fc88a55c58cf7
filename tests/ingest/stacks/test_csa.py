"""CSA headers: both forms read alike; damaged and hostile ones end quietly, with what came before them."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from spinemets.ingest.stacks import csa

FIELDS = {
    "EchoLinePosition": ("32",), "NumberOfImagesInMosaic": ("35",), "Empty": (),
    "SliceNormalVector": ("1.00000000", "0.00000000", "-0.50000000"),
}  # fmt: skip
WANTED = frozenset(("NumberOfImagesInMosaic", "SliceNormalVector", "Empty", "Absent"))
EXPECTED = {name: FIELDS[name] for name in ("NumberOfImagesInMosaic", "SliceNormalVector")}


@pytest.mark.parametrize("older", [False, True])
def test_both_forms_give_the_same_fields(csa_header, older):
    """Only wanted fields that hold a text come back."""
    assert csa.fields(csa_header(FIELDS, older=older), WANTED, 100) == EXPECTED


def test_more_fields_than_believable_are_not_read():
    """A count of four thousand million must not start a loop of that length."""
    data = b"SV10\x04\x03\x02\x01" + struct.pack("<II", 0xFFFFFFFF, 77) + bytes(1000)
    assert csa.fields(data, WANTED, 1024) == {}


@pytest.mark.parametrize("data", [b"", b"SV10", b"SV10\x04\x03\x02\x01", b"\0\0\0\0", b"\xff" * 7])
def test_too_short_to_hold_anything(data):
    """No header, no field, no error."""
    assert csa.fields(data, WANTED, 1024) == {}


@pytest.mark.parametrize("older", [False, True])
def test_cut_anywhere_keeps_what_is_whole(csa_header, older):
    """At whatever byte the header ends: never an error, never a field that is not as written."""
    data = csa_header(FIELDS, older=older)
    for length in range(0, len(data), 7):
        found = csa.fields(data[:length], WANTED, 100)
        for name, texts in found.items():
            assert texts == FIELDS[name][: len(texts)]


@pytest.mark.parametrize("older", [False, True])
def test_random_damage_never_raises(csa_header, older):
    """Bytes changed at random: lengths may be negative, huge or beyond the end."""
    rng = np.random.default_rng(5)
    data = csa_header(FIELDS, older=older)
    for _ in range(400):
        damaged = bytearray(data)
        for place in rng.integers(0, len(data), 12):
            damaged[place] = int(rng.integers(0, 256))
        assert isinstance(csa.fields(bytes(damaged), WANTED, 1024), dict)


def test_the_field_of_a_million_items_ends_with_the_data():
    """An item count beyond the data stops at its end."""
    data = b"SV10\x04\x03\x02\x01" + struct.pack("<II", 1, 77)
    data += struct.pack("<64si4siii", b"SliceNormalVector", 3, b"FD\0\0", 4, 0x7FFFFFFF, 77)
    data += struct.pack("<4i", 2, 2, 77, 2) + b"1\0\0\0"
    assert csa.fields(data, WANTED, 1024) == {"SliceNormalVector": ("1",)}
