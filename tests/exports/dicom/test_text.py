"""Forms of numbers, dates, codes and uids (PS3.5 section 6.2)."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from spinemets.exports.dicom.about import Code
from spinemets.exports.dicom.text import date, date_time, decimal, derived_uid, instance_uid, item, items, time


@given(st.floats(-1e12, 1e12))
def test_decimal_strings_fit_and_keep_ten_digits(value):
    """DS: "maximum 16 bytes"; ten significant digits survive, rounding noise does not."""
    text = decimal(value)
    assert len(text) <= 16
    assert float(text) == pytest.approx(0.0 if abs(value) < 1e-12 else value, rel=1e-9)


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (-0.0, "0"), (1e-17, "0"), (4.400000000000001, "4.4"), (-1 / 3, "-0.3333333333")]
)
def test_decimal_strings_are_short(value, text):
    """Noise of the arithmetic is not written."""
    assert decimal(value) == text


def test_dates_and_times():
    """DA, TM and DT; the fraction of a second is written where there is one."""
    whole, part = datetime(2020, 3, 4, 5, 6, 7), datetime(2020, 3, 4, 5, 6, 7, 80_000)
    assert (date(whole), time(whole), date_time(whole)) == ("20200304", "050607", "20200304050607")
    assert (time(part), date_time(part)) == ("050607.080000", "20200304050607.080000")


@given(st.text(min_size=1, max_size=40), st.integers(0, 10_000))
def test_uids_are_valid_and_depend_on_their_place(parent, index):
    """UI: "2.25." and digits, at most 64; the same place gives the same uid, another one another."""
    found = UID(instance_uid(parent, index))
    assert found.is_valid and len(found) <= 64 and found.startswith("2.25.")
    assert found == derived_uid(parent, index) != instance_uid(parent, index + 1)


def test_code_items():
    """An item has value, scheme and meaning; no code gives an empty sequence."""
    code = Code(value="1", scheme="SCT", meaning="one")
    d = item(code)
    assert (d.CodeValue, d.CodingSchemeDesignator, d.CodeMeaning) == ("1", "SCT", "one")
    assert items(code) == [d] and items(None) == []
