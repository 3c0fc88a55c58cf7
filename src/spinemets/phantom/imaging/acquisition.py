"""How a series of the synthetic patient is made: geometry, timing, blur and noise."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

from spinemets.knowledge.catalogue import table
from spinemets.model.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """Protocol of one series.

    Attributes
    ----------
    description, about
        What the series is called in its header, and what it is.
    plane
        `axial` (i to the left, j to the back, k upwards) or `sagittal` (i to the back, j downwards, k to the right).
    pixel_mm, slice_mm, gap_mm
        Voxel sides and gap between slices.
    fov_mm
        Length along i and j.
    n_slices
        Number of slices; None = as many as cover the spine (axial only).
    blur_mm
        FWHM of the point spread in plane (CT).
    acquired_share
        Share of k-space that is measured along i and j (MR; the rest is zero-filled and rings at edges).
    noise
        CT: sd in HU. MR: SNR of normal marrow in the first volume; infinite = none.
    f0_per_mm
        Roll-off of the CT kernel's noise spectrum.
    method
        How an MR signal is made: `spin_echo`, `fast_spin_echo`, `inversion_recovery`, `diffusion`.
    b_s_per_mm2
        One volume for each weighting; empty = one volume without.
    fat_suppressed
        Whether a spectral pulse saturates fat.
    agent_min
        Minutes after an injection of gadolinium; None = before.
    bandwidth_hz_per_px, echo_spacing_ms
        Readout bandwidth, the readout runs along j; spacing of the lines of echo planar imaging, which displaces fat along i.
    stored
        What normal marrow of the first volume is stored as.
    """

    sequence: str
    plane: Literal["axial", "sagittal"]
    pixel_mm: float
    slice_mm: float
    fov_mm: tuple[float, float]
    description: str = ""
    about: str = ""
    modality: str = "MR"
    gap_mm: float = 0.0
    n_slices: int | None = None
    noise: float = float("inf")
    blur_mm: float = 0.8
    acquired_share: tuple[float, float] = (0.85, 0.95)
    f0_per_mm: float = 0.55
    field_t: float = 1.5
    method: str = "spin_echo"
    tr_ms: float = 0.0
    te_ms: float = 0.0
    ti_ms: float = 0.0
    train_ms: float = 0.0
    echo_train_length: int = 1
    echo_spacing_ms: float = 0.0
    b_s_per_mm2: tuple[float, ...] = ()
    fat_suppressed: bool = False
    agent_min: float | None = None
    bandwidth_hz_per_px: float = 250.0
    kvp: float = 120.0
    kernel: str = "BONE"
    saturation_band: bool = True
    stored: float = 700.0

    @property
    def noise_free(self) -> bool:
        """Whether no noise is added."""
        return self.noise in (0.0, float("inf"))

    @property
    def geometry(self) -> tuple[object, ...]:
        """What series must share to be rendered together."""
        return (self.modality, self.plane, self.pixel_mm, self.slice_mm, self.gap_mm, self.n_slices, self.fov_mm)

    @property
    def n_volumes(self) -> int:
        """Volumes of the series: one for each weighting."""
        return max(1, len(self.b_s_per_mm2))


def sequences() -> tuple[str, ...]:
    """Names of the series that can be made."""
    return tuple(table("phantom_protocols")["sequences"])


def default(sequence: str) -> Acquisition:
    """Protocol of a series by name.

    Raises
    ------
    UsageError
        If there is no such series.
    """
    rows = table("phantom_protocols")
    if sequence not in rows["sequences"]:
        raise UsageError(
            f"The synthetic patient has no series {sequence!r}.", f"Choose one of {', '.join(sequences())}."
        )
    row: dict[str, Any] = dict(rows["sequences"][sequence])
    stated = {**(rows[row.pop("geometry")] if "geometry" in row else {}), **row}
    known = {field.name for field in fields(Acquisition)}
    values: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in stated.items() if name in known
    }
    return Acquisition(sequence=sequence, **values)
