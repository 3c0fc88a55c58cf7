"""How far fat lies from water in an MR series: along the readout it is displaced, and no patient moved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.model.series import Series
from spinemets.series.sets.likeness import settings


def fat_shift_lps_mm(series: Series) -> NDArray[np.float64]:
    """Size of the displacement of fat against water along each patient axis [mm]; zero where it is not known or none.

    Fat precesses more slowly than water by `fat_water_ppm` (3.4 ppm) of the field; the readout takes the difference for a
    place, so that fat is displaced by (difference in Hz) / (bandwidth of a pixel in Hz) pixels along the frequency direction.
    Its sign is not stated in headers. Fat that was suppressed is not seen, and echo planar images displace along the phase
    direction by far more: both give zero here.
    """
    facts = series.acquisition
    if series.grid is None or not facts.bandwidth_hz_per_px or facts.field_t is None or facts.phase_encoding is None:
        return np.zeros(3)
    echo_planar = "EP" in {word.strip().upper() for word in facts.scanning_sequence}
    if facts.fat_suppressed or "IR" in facts.scanning_sequence or echo_planar:
        return np.zeros(3)
    rows = settings()["motion"]
    difference_hz = rows["fat_water_ppm"]["value"] * rows["proton_mhz_per_t"]["value"] * facts.field_t
    # phase along a row of the picture (first axis) leaves the readout along a column, and the reverse
    axis = 1 if facts.phase_encoding == "ROW" else 0
    shift_mm = difference_hz / facts.bandwidth_hz_per_px * series.grid.spacing_mm[axis]
    found: NDArray[np.float64] = np.abs(series.grid.axes[:, axis]) * shift_mm
    return found
