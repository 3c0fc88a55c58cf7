"""Which sub-slabs a CT slice is made of, and how much each counts: the slice sensitivity profile.

The profile is a trapezoid as in E-88: a box of the slice's width blurred by one of the collimation's. Slices at a constant
step share their sub-slabs where the step is a whole number of them, so overlapping slices cost no more than the finest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.physics.ct import slice_partial_volume_hu

# A sub-slab that counts for less is left out.
_LEAST_WEIGHT = 2e-3


@dataclass(frozen=True, kw_only=True)
class SliceProfile:
    """Sub-slabs of slices at a constant step.

    Attributes
    ----------
    per_step
        Sub-slabs from one slice to the next.
    height_mm
        Thickness of a sub-slab.
    first
        Number of the first sub-slab of slice 0; slice k begins `per_step` k later.
    weights
        What each of a slice's sub-slabs counts, sum 1.
    """

    per_step: int
    height_mm: float
    first: int
    weights: tuple[float, ...]

    @property
    def shift(self) -> float:
        """Place of sub-slab 0 against the centre of slice 0, in sub-slabs: a step of an even number has none there."""
        return 0.0 if self.per_step % 2 else 0.5

    @property
    def offsets_mm(self) -> NDArray[np.float64]:
        """Place of each sub-slab of a slice against its centre."""
        return np.asarray((self.first + self.shift + np.arange(len(self.weights))) * self.height_mm)

    @property
    def apart(self) -> bool:
        """Whether slices leave sub-slabs between them that none of them uses."""
        return len(self.weights) < self.per_step


def slice_profile(*, step_mm: float, slice_mm: float, ramp_mm: float, thickest_mm: float) -> SliceProfile:
    """Profile of slices of a thickness (FWHM) at a step: overlapping, contiguous or with gaps.

    Parameters
    ----------
    ramp_mm
        Width of each flank of the trapezoid; a slice thinner than that is a triangle.
    thickest_mm
        No sub-slab is thicker.

    Raises
    ------
    ValueError
        If a length is not positive.
    """
    if not min(step_mm, slice_mm, ramp_mm, thickest_mm) > 0.0:
        raise ValueError(f"slices of {slice_mm:g} mm every {step_mm:g} mm, flanks {ramp_mm:g} mm: all must be positive")
    # Rounded against a step that is a hair longer than it was stated (a length of an affine's column).
    per_step = math.ceil(round(step_mm / min(thickest_mm, slice_mm), 6))
    height, ramp = step_mm / per_step, min(ramp_mm, slice_mm)
    shift = 0.0 if per_step % 2 else 0.5
    reach = math.ceil((slice_mm + ramp) / 2.0 / height) + 1
    numbers = np.arange(-reach, reach + 1)
    borders = (np.append(numbers, reach + 1) + shift - 0.5) * height
    up_to = slice_partial_volume_hu(slice_mm=slice_mm, edge_offset_mm=borders, hu_above=0.0, hu_below=1.0, ramp_mm=ramp)
    weights = np.diff(up_to)
    used = weights > _LEAST_WEIGHT
    kept = weights[used] / weights[used].sum()
    return SliceProfile(
        per_step=per_step, height_mm=height, first=int(numbers[used][0]), weights=tuple(float(w) for w in kept)
    )
