"""Numbers and words (REP-02, REP-03)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.report import wording


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (24.349, "mm", "24.3 mm"),
        (6.24, "mL", "6.2 mL"),
        (0.3149, "mL", "0.31 mL"),
        (0.0523, "mL", "0.052 mL"),
        (123.4, "mL", "123 mL"),
        (128.4, "[hnsf'U]", "128 HU"),
        (-30.6, "[hnsf'U]", "-31 HU"),
        (0.7549, "1", "0.75"),
        (38.4, "%", "38 %"),
        (0.00112, "mm2/s", "1.12 ×10⁻³ mm²/s"),
        (4.25, "deg", "4.2 °"),
        (0.0, "mL", "0.00 mL"),
        (394.4, "1", "394"),
        (12.34, "1", "12.3"),
    ],
)
def test_digits_by_unit(value, unit, shown):
    """REP-02: "sizes 1 decimal mm, volumes 2 significant digits ml, HU integer, ADC 2 decimals in 10^-3 mm2/s, ratios
    2 decimals"."""
    assert wording.with_unit(value, unit) == shown


@pytest.mark.parametrize("value", [-0.001, -0.0, 0.0])
def test_no_sign_that_the_digits_do_not_carry(value):
    assert wording.number(value, "1") == "0.00"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_never_reaches_the_reader(value):
    with pytest.raises(ValueError, match="not finite"):
        wording.number(value, "mm")


@given(st.floats(-1e4, 1e4), st.sampled_from(["mm", "mL", "[hnsf'U]", "%", "1", "mm2/s", "deg"]))
def test_the_printed_number_is_the_number_rounded(value, unit):
    scale = 1e3 if unit == "mm2/s" else 1.0
    printed = float(wording.number(value, unit))
    digits = {"mm": 0.05, "[hnsf'U]": 0.5, "%": 0.5, "1": 0.005, "mm2/s": 0.005, "deg": 0.05}
    limit = digits.get(unit, max(0.005, 0.06 * abs(value)))
    limit = max(limit, 0.006 * abs(value)) if unit == "1" else limit
    assert abs(printed - scale * value) <= limit * (1 + 1e-9) + 1e-9


def test_always_with_interval():
    """REP-02: "always with interval"."""
    assert wording.quantity(38.0, "%", (29.0, 47.0)) == "38 % (29 to 47)"
    assert wording.quantity(38.0, "%", None) == "38 % (no interval)"


def test_the_ends_have_the_decimals_of_the_number():
    assert wording.quantity(0.31, "mL", (0.04, 0.5)) == "0.31 mL (0.04 to 0.50)"
    assert wording.quantity(24.3, "mL", (18.27, 31.0)) == "24 mL (18 to 31)"


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, "0 %"), (0.002, "< 1 %"), (0.3849, "38 %"), (0.998, "> 99 %"), (1.0, "100 %")]
)
def test_a_share_that_is_more_than_nothing_never_becomes_nothing(share, shown):
    assert wording.percent(share) == shown


def test_points_counts_and_lists():
    assert wording.points(7, 7) == "7"
    assert wording.points(7, 10) == "7 to 10"
    assert wording.count(1, "level") == "1 level"
    assert wording.count(3, "vertebra", "vertebrae") == "3 vertebrae"
    assert wording.listed([]) == ""
    assert wording.listed(["a"]) == "a"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    "text",
    [
        "Biopsy is recommended.", "We advise follow-up.", "Advisable.", "This should be read again.",
        "Prescribe rest.", "Treat the lesion.", "It treats L3.", "Surgery is indicated.", "Fracture is excluded.",
        "Metastasis excluded.", "A normal study.", "No metastasis.", "no metastases in view",
    ],
)  # fmt: skip
def test_forbidden_stems_are_found(text):
    """REP-03: "forbidden in generated text, checked by test"."""
    assert wording.forbidden(text, statement=False)


@pytest.mark.parametrize(
    "text",
    [
        "Cord compression cannot be excluded at T8.", "Treated level.", "Not for diagnosis or treatment decisions.",
        "An indicator of density.", "No lesion seen in 17 assessed bodies on CT.", "Abnormal signal at L3.",
        "The nucleus is seen.", "Radiotherapy was stated.",
    ],
)  # fmt: skip
def test_allowed_sentences_pass(text):
    assert wording.forbidden(text) == ()


@pytest.mark.parametrize("text", ["L3 is normal.", "The canal is clear.", "Clearly benign.", "healthy bone"])
def test_reassurance_is_forbidden_in_statements_only(text):
    """report.md 9: "never "normal", "no metastasis" or "clear""; methods may speak of normal neighbours."""
    assert wording.forbidden(text)
    assert not wording.forbidden("median of normal neighbours", statement=False)
