"""What the picture says for or against a class: a check of what the header says, never its replacement for MR."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.volume import Volume
from spinemets.series.classes import MrTable, ValuesCheck
from spinemets.series.picture.looked import Looked


def samples(volume: Volume, n: int) -> NDArray[Any]:
    """About `n` values on a regular sub-lattice of the volume (first time point), padding kept."""
    array = volume.array if volume.array.ndim == 3 else volume.array[..., 0]
    step = max(1, int(np.ceil((array.size / n) ** (1 / 3))))
    values = array[::step, ::step, ::step].ravel()
    finite: NDArray[Any] = values[np.isfinite(values)]
    return finite


def hounsfield_like(volume: Volume, check: ValuesCheck) -> tuple[bool, str]:
    """Whether the values are unmistakably Hounsfield units, and the sentence that says why.

    Unmistakable = a share of at least `air_share_min` at or below `air_at_most_hu`, the most frequent value of the soft
    tissue range inside `soft_peak_hu`, nothing below `lowest_hu`. Valid for images that hold some air or padding.
    """
    values = samples(volume, check.n_samples)
    if values.size == 0 or values.min() < check.lowest_hu:
        return False, "values reach below the Hounsfield range"
    air = float(np.mean(values <= check.air_at_most_hu))
    low, high = check.search_peak_hu
    edges = np.arange(low, high + 1, 5.0)
    counts, _ = np.histogram(values, bins=edges)
    if air < check.air_share_min or counts.sum() == 0:
        return False, f"{100 * air:.0f} % of the values look like air: not unmistakably Hounsfield units"
    smooth = np.convolve(counts, np.ones(5) / 5, mode="same")
    peak = float(edges[int(np.argmax(smooth))] + 2.5)
    inside = check.soft_peak_hu[0] <= peak <= check.soft_peak_hu[1]
    said = f"{100 * air:.0f} % of the values at or below {check.air_at_most_hu:g}, soft tissue peak at {peak:.0f}"
    return inside, said + (": Hounsfield units" if inside else ": not unmistakably Hounsfield units")


def shift_of(looked: Looked, table: MrTable, step: float) -> dict[str, float]:
    """What the look of fat adds to or takes from the score of each class that says how fat looks (MR-GEN-01: +-0.2)."""
    if looked.fat is None:
        return {}
    return {
        kind: step if row.fat == looked.fat else -step for kind, row in table.classes.items() if row.fat is not None
    }


def against(looked: Looked, kind: str, table: MrTable) -> tuple[str, ...]:
    """Conflict between the class and the look of fat."""
    row = table.classes.get(kind)
    if looked.fat is None or row is None or row.fat is None or row.fat == looked.fat:
        return ()
    return (f"its physics says {kind}, in which fat is {row.fat}; the picture shows it {looked.fat}",)
