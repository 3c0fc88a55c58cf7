"""What is never measured, and what only looks like it."""

from __future__ import annotations

import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.series.classes import ct_table, mr_table
from spinemets.series.other import classify


@pytest.mark.parametrize(
    ("modality", "image_type", "kind"),
    [
        ("CT", ("ORIGINAL", "PRIMARY", "LOCALIZER"), "localizer"),
        ("CT", ("DERIVED", "SECONDARY", "SCREEN SAVE"), "screen_capture"),
        ("CT", ("DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE"), None),
        ("CT", ("DERIVED", "PRIMARY", "MPR"), None),
        ("CT", ("DERIVED", "SECONDARY", "AXIAL"), None),
        ("CT", ("DERIVED", "SECONDARY", "MIP"), "derived"),
        ("MR", ("DERIVED", "SECONDARY", "OTHER"), "derived"),
        ("MR", ("DERIVED", "SECONDARY", "MPR", "COMPOSED"), None),
        ("MR", ("DERIVED", "PRIMARY", "M"), None),
        ("MR", ("DERIVED", "SECONDARY", "DIFFUSION", "ADC"), "adc"),
        ("MR", ("DERIVED", "SECONDARY", "DIFFUSION", "TRACEW"), None),
        ("MR", ("DERIVED", "PRIMARY", "DIFFUSION", "FA"), "derived"),
        ("MR", ("ORIGINAL", "PRIMARY", "P", "ND"), "derived"),
        ("MR", ("ORIGINAL", "PRIMARY", "M", "NORM"), None),
        ("MR", ("ORIGINAL", "PRIMARY", "PERFUSION", "NONE"), None),
        ("MR", ("DERIVED", "PRIMARY", "PERFUSION", "NONE"), "derived"),
        ("OT", ("DERIVED", "PRIMARY"), "derived"),
        ("OT", (), "screen_capture"),
        ("NM", (), "nm"),
        ("DX", (), "radiograph"),
        ("pt", (), "pet"),
        (None, (), None),
    ],
)
def test_kinds(modality, image_type, kind):
    """Planning images, screen pictures, phase and computed images are set aside; reformatted CT and MR keep their values."""
    found = classify(Acquisition(modality=modality, image_type=image_type), ct_table(), mr_table())
    assert (None if found is None else found.kind) == kind
    assert found is None or found.evidence
