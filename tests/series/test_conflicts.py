"""Words of the header against its physics."""

from __future__ import annotations

import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.series.classes import ct_table, mr_table
from spinemets.series.conflicts import body_part, description_conflicts, description_hints, regions_in

MR_WORDS = mr_table().description_words


@pytest.mark.parametrize(
    ("text", "kind", "conflict"),
    [
        ("t1_tse_sag", "t1", False),
        ("t1_tse_sag", "t2", True),
        ("T2 STIR sag", "stir", False),
        ("t2_tirm_sag", "stir", False),
        ("STIR", "t2", True),
        ("T2*_me2d", "t2star", False),
        ("t1_fse_fs +C", "t1_gd_fs", False),
        ("t1 fatsat", "t1", True),
        ("sag t1 post contrast", "t1", True),
        ("ep2d_diff_ADC", "adc", False),
        ("series 12", "t1", False),
        ("T10-L5 sag", "t2", False),
        ("T12 L1 axial", "t2", False),
        (None, "t1", False),
    ],
)
def test_description(text, kind, conflict):
    """A description never names a series; it only disagrees. Level names such as T10 are no weighting."""
    found = description_conflicts(Acquisition(description=text), kind, MR_WORDS, kind)
    assert bool(found) == conflict, found


def test_protocol_stands_in_for_a_missing_description():
    """Without a series description the protocol name speaks."""
    assert description_conflicts(Acquisition(protocol="T1W_TSE"), "t2", MR_WORDS, "T2")
    assert not description_conflicts(Acquisition(description="sag", protocol="T1W_TSE"), "t2", MR_WORDS, "T2")


def test_hints_are_words_only():
    """What an unnamed series is called is shown as a hint."""
    assert description_hints(Acquisition(), MR_WORDS) == ()
    assert "T1-weighted" in description_hints(Acquisition(description="t1 sag"), MR_WORDS)[0]


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("LSPINE", {"lumbar"}),
        ("L_SPINE", {"lumbar"}),
        ("CSPINE", {"cervical"}),
        ("T-SPINE W/O", {"thoracic"}),
        ("HWS sag", {"cervical"}),
        ("BRAIN", {"head"}),
        ("PROSTATE", {"not spine"}),
        ("SPINE", set()),
        ("", set()),
        (None, set()),
    ],
)
def test_regions(text, regions):
    """Body part words of several languages and vendors."""
    assert regions_in(text, ct_table().body_words) == regions


def body(**facts):
    table = ct_table()
    return body_part(Acquisition(**facts), table.body_words, table.compatible_regions)


def test_body_part_against_description():
    """Two header fields that name different regions are a conflict; agreement, neighbours or silence is none."""
    assert body(body_part="LSPINE", description="lumbar t2")[1] == ()
    assert body(body_part="LSPINE", description="abdomen sag")[1] == ()
    assert body(description="cervical") == ((), ())
    assert "thoracic" in body(body_part="LSPINE", description="thoracic t2")[1][0]
    assert "not the spine" in body(body_part="BRAIN")[1][0]
