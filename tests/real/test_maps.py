"""Maps against public references: every bar of `docs/explanation/maps.md` that is met stays met, what falls short gets no worse."""

from __future__ import annotations

import pytest

from studies.maps import diffusion, fat, kinetics, qiba, relaxation, uptake, vectors
from studies.maps.page import SECTIONS, section
from studies.maps.rows import Row, all_of, at_least, at_most, concordance, numbers, reference

# What falls short of its bar, and the figure that it must not fall below or rise above (25 % of room).
SHORT = {
    "dce_DRO_data_extended_tofts: Ktrans": 1.9e-4,
    "dce_DRO_data_extended_tofts: vp": 1.1e-4,
    "patlak_sd_0.02_delay_0: vp": 6.5e-4,
    "2cxm_sd_0.001_delay_0: fp": 0.045,
    "2cum_sd_0.0025_delay_0: fp": 0.082,
    "t1_prostate: median error": 6e-8,
}
# Of the fits with delay, which take most of the time, one row in twenty-four; all of them in `make validate-maps`.
MAKERS = {
    "vectors": vectors.all_vectors,
    "diffusion phantom": diffusion.phantom,
    "ivim signals": diffusion.public_signals,
    "kinetic curves": lambda: kinetics.curves(some=24),
    "concentrations": kinetics.concentrations,
    "arterial inputs": kinetics.inputs,
    "qiba v6": qiba.v6,
    "qiba v4": qiba.v4,
    "qiba v6, noisy": qiba.v6_noisy,
    "qiba v4, noisy": qiba.v4_noisy,
    "vials": relaxation.vials,
    "inversions": relaxation.inversions,
    "t1 signals": relaxation.public_signals,
    "fat vectors": fat.vectors,
    "in and opposed phase": fat.in_opposed,
    "real fat and water images": fat.real_images,
    "suv headers": uptake.headers,
}


@pytest.mark.parametrize("name", list(MAKERS))
def test_bars(name):
    if not reference().is_dir():
        pytest.skip("reference suites are not here")
    rows = list(MAKERS[name]())
    assert rows
    for row in rows:
        limit = next((value for start, value in SHORT.items() if row.what.startswith(start)), None)
        if row.met is False and limit is not None:
            value = float(row.figure)
            assert value >= limit if row.bar.startswith(">=") else value <= limit, row
        else:
            assert row.met is not False, row


def test_rows():
    """Verdicts of the lines."""
    assert at_most("a", 1.0, 1.0).met and not at_most("a", 1.1, 1.0).met
    assert at_least("a", 1.0, 1.0).met and not at_least("a", 0.9, 1.0).met
    assert all_of("a", 3, 3).met and not all_of("a", 2, 3).met
    assert numbers("1 2.5").tolist() == [1.0, 2.5]
    assert concordance([1.0, 2, 3], [1.0, 2, 3]) == pytest.approx(1.0)
    assert concordance([1.0, 2, 3], [2.0, 3, 4]) < 0.8


def test_a_section():
    """A table of its rows, what falls short in bold."""
    text = section("Title", [lambda: [Row(what="a", figure="1"), at_most("b", 2.0, 1.0), at_most("c", 1.0, 1.0)]])
    assert text.splitlines()[0] == "## Title"
    assert "| a | 1 |  |  |" in text and "| b | 2 | <= 1 | **falls short** |" in text and "| met |" in text
    assert len({title for title, _ in SECTIONS}) == len(SECTIONS) >= 10
