"""Fat spectra of the table: as published, and the one the tissues name."""

from __future__ import annotations

import pytest

from spinemets.knowledge.lookup import table
from spinemets.phantom.tissue.fat_spectra import fat_spectrum
from spinemets.physics.fat_water import phasor


def test_the_tissues_use_the_default():
    """Six peaks, main one at -3.4 ppm with 70 % of the signal."""
    found = fat_spectrum()
    assert found == fat_spectrum(table("fat_spectra")["default"]) == fat_spectrum("hamilton6")
    assert found.amplitudes[found.ppm.index(-3.4)] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("name", "peaks", "total"), [("hamilton6", 6, 1.0), ("ismrm6", 6, 0.999), ("karampinos8", 8, 1.001)]
)
def test_as_published(name, peaks, total):
    """Number of peaks and sums of the publications; each names its source."""
    rows = table("fat_spectra")
    row = rows["spectra"][name]
    assert len(row["ppm"]) == peaks and sum(row["amplitudes"]) == pytest.approx(total, abs=1e-9)
    assert sum(fat_spectrum(name).amplitudes) == pytest.approx(1.0)
    assert row["basis"].split()[0] in rows["sources"]
    assert [sorted(row["ppm"])[n] for n in (0, 1)] == [-3.8, -3.4]


@pytest.mark.parametrize(("name", "apart"), [("ismrm6", 0.03), ("karampinos8", 0.13)])
def test_spectra_are_alike(name, apart):
    """Phasors at the usual echoes: the two of six peaks hardly differ, that of marrow has less of the main peak."""
    for te in (1.15, 2.3, 4.6):
        pair = [complex(phasor(spectrum=fat_spectrum(one), field_t=1.5, te_ms=te)) for one in ("hamilton6", name)]
        assert 0.0 < abs(pair[0] - pair[1]) < apart


def test_unknown_spectra():
    """By name only."""
    with pytest.raises(KeyError):
        fat_spectrum("butter")
