"""Spectrum of the fat of the synthetic patient."""

from __future__ import annotations

from functools import cache

from spinemets.knowledge.lookup import table
from spinemets.physics.fat_water import FatSpectrum


@cache
def fat_spectrum(name: str | None = None) -> FatSpectrum:
    """Spectrum of the table `fat_spectra`, that of the tissues' fat pool unless named.

    Raises
    ------
    KeyError
        If there is no such spectrum.
    """
    row = table("fat_spectra")["spectra"][name or table("tissues")["fat_pool"]["spectrum"]]
    return FatSpectrum(ppm=tuple(row["ppm"]), amplitudes=tuple(row["amplitudes"]))
