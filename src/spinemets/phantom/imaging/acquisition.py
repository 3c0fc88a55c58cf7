"""How a series of the synthetic patient is made: geometry, timing, blur and noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spinemets.model.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """Protocol of one series.

    Attributes
    ----------
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
        CT: sd in HU. MR: SNR of normal marrow; infinite = none.
    f0_per_mm
        Roll-off of the CT kernel's noise spectrum.
    bandwidth_hz_per_px
        Readout bandwidth; the readout runs along j.
    """

    sequence: str
    plane: Literal["axial", "sagittal"]
    pixel_mm: float
    slice_mm: float
    fov_mm: tuple[float, float]
    gap_mm: float = 0.0
    n_slices: int | None = None
    noise: float = float("inf")
    blur_mm: float = 0.8
    acquired_share: tuple[float, float] = (0.85, 0.95)
    f0_per_mm: float = 0.55
    field_t: float = 1.5
    tr_ms: float = 0.0
    te_ms: float = 0.0
    ti_ms: float = 0.0
    train_ms: float = 0.0
    echo_train_length: int = 1
    bandwidth_hz_per_px: float = 250.0
    kvp: float = 120.0
    kernel: str = "BONE"
    saturation_band: bool = True

    @property
    def modality(self) -> str:
        """DICOM modality."""
        return "CT" if self.sequence == "ct" else "MR"

    @property
    def noise_free(self) -> bool:
        """Whether no noise is added."""
        return self.noise in (0.0, float("inf"))


def default(sequence: str) -> Acquisition:
    """Protocol of the demonstration study.

    Raises
    ------
    UsageError
        If there is no such series.
    """
    if sequence == "ct":
        return Acquisition(sequence="ct", plane="axial", pixel_mm=0.8, slice_mm=1.25, fov_mm=(176.0, 176.0), noise=16.0)
    sagittal = {"pixel_mm": 0.85, "slice_mm": 4.0, "gap_mm": 0.4, "n_slices": 17, "fov_mm": (238.0, 306.0)}
    if sequence not in ("t1", "stir"):
        raise UsageError(f"The synthetic patient has no series {sequence!r}.", "Choose ct, t1 or stir.")
    if sequence == "t1":
        return Acquisition(sequence="t1", plane="sagittal", tr_ms=550.0, te_ms=10.0, noise=35.0, **sagittal)  # type: ignore[arg-type]
    return Acquisition(
        sequence="stir", plane="sagittal", tr_ms=4000.0, te_ms=60.0, ti_ms=160.0, train_ms=150.0,
        echo_train_length=12, noise=15.0, **sagittal,  # type: ignore[arg-type]
    )  # fmt: skip
