"""Facts of a header: unknown stays unknown."""

from __future__ import annotations

import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.series.physics_facts import fat_suppression, inversion, readout


@pytest.mark.parametrize(
    ("sequence", "manufacturer", "b_values", "family"),
    [
        (("SE",), None, (), "se"),
        (("IR",), None, (), "se"),
        (("SE", "IR"), None, (), "se"),
        (("GR",), None, (), "gr"),
        (("GR", "IR"), None, (), "gr"),
        (("EP", "SE"), None, (0.0, 800.0), "epi"),
        (("GR", "EP"), "Siemens Healthineers", (), "epi"),
        (("SE", "GR"), None, (), None),
        (("RM",), None, (), None),
        (("T1-TFE",), "Philips", (), "gr"),
        (("T1-TFE",), "SIEMENS", (), None),
        (("SE",), "Philips", (0.0, 750.0), None),
        (("SE",), "Philips", (), "se"),
        ((), None, (), None),
    ],
)
def test_readout(sequence, manufacturer, b_values, family):
    """Spin echo, gradient echo or echo planar; mixed or research sequences are not guessed; vendors' own words are known."""
    facts = Acquisition(scanning_sequence=sequence, manufacturer=manufacturer, b_values_s_per_mm2=b_values)
    assert readout(facts) == family


@pytest.mark.parametrize(
    ("sequence", "ti_s", "answer"),
    [
        (("SE", "IR"), None, True),
        (("SE",), None, False),
        (("SE",), 0.12, False),
        (("SE",), 0.86, True),
        ((), 0.86, True),
        ((), 0.16, None),
        ((), None, None),
    ],
)
def test_inversion(sequence, ti_s, answer):
    """A spectral pulse may list a short TI; a long TI needs an inversion; without a sequence a short one says nothing."""
    assert inversion(Acquisition(scanning_sequence=sequence, ti_s=ti_s), 300.0) is answer


@pytest.mark.parametrize(
    ("options", "stated", "manufacturer", "answer"),
    [
        (("FS",), None, None, True),
        (("PFP", "FS"), False, None, True),
        (("SPAIR",), None, "Philips", True),
        (("SPAIR",), None, "SIEMENS", False),
        (("PFP",), None, None, False),
        ((), None, None, None),
        ((), False, None, False),
        ((), True, None, True),
    ],
)
def test_fat_suppression(options, stated, manufacturer, answer):
    """FS in ScanOptions; other options without it mean none; no options at all mean nothing is known."""
    facts = Acquisition(scan_options=options, fat_suppressed=stated, manufacturer=manufacturer)
    assert fat_suppression(facts) is answer
