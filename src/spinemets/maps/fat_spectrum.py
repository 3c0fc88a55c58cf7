"""Signal of fat against that of water, from the peaks of its spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError


def modulation(
    echo_times_s: NDArray[np.float64], field_t: float, spectrum: str | None = None
) -> NDArray[np.complex128]:
    """``sum of a_p exp(2 pi i gamma B0 ppm_p t)`` over the peaks, amplitudes adding up to 1.

    Parameters
    ----------
    echo_times_s
        [s], shape (n,).
    field_t
        Field strength [T].
    spectrum
        Name in the table `fat_spectra`; None = its default (Hamilton 2011). The choice moves a fat fraction by about a point.

    Raises
    ------
    UsageError
        If there is no such spectrum.
    """
    spectra = table("fat_spectra")
    name = spectra["default"] if spectrum is None else spectrum
    if name not in spectra["spectra"]:
        raise UsageError(f"There is no spectrum of fat called {name}.", f"Spectra: {', '.join(spectra['spectra'])}.")
    peaks = spectra["spectra"][name]
    amplitudes = np.asarray(peaks["amplitudes"], dtype=np.float64)
    hz = proton_hz(field_t) * 1e-6 * np.asarray(peaks["ppm"], dtype=np.float64)
    turns = np.exp(2j * np.pi * np.multiply.outer(echo_times_s, hz))
    return np.asarray(turns @ (amplitudes / amplitudes.sum()))


def proton_hz(field_t: float) -> float:
    """Frequency of protons [Hz].

    Raises
    ------
    UsageError
        If the field is not above 0.
    """
    if not field_t > 0.0:
        raise UsageError(f"A field strength of {field_t} T is none.", "Give it in tesla.")
    return float(table("fat_fraction")["proton_mhz_per_t"]["value"]) * 1e6 * field_t
