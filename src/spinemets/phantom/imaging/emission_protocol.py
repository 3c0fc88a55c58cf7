"""How a series of emitted photons is made: tracer, dose, times, and what the values are corrected for."""

from __future__ import annotations

from dataclasses import dataclass

TRACERS = ("fdg", "mdp")
DECAY_CORRECTIONS = ("START", "ADMIN", "NONE")


@dataclass(frozen=True, kw_only=True)
class Emission:
    """Part of a protocol that PET, SPECT and planar bone scan have beside the geometry.

    Attributes
    ----------
    tracer
        `fdg` or `mdp`.
    dose_mbq
        Activity at the injection.
    uptake_min
        From the injection to the begin of the scan.
    frame_s
        How long a volume or a view is counted.
    decay_correction
        What the values of PET are corrected to: `START` of the scan, `ADMIN` (injection), `NONE` (mean of the frame).
    attenuation_corrected
        Whether the values are (PET and SPECT).
    mu_per_cm
        Attenuation of water, with the scatter that the energy window lets in where the values are not corrected.
    counts
        Planar: counts of a view, the mean of both; 0 = a volume.
    """

    tracer: str
    dose_mbq: float
    uptake_min: float
    frame_s: float
    decay_correction: str = "START"
    attenuation_corrected: bool = True
    mu_per_cm: float = 0.0
    counts: float = 0.0

    def __post_init__(self) -> None:
        for value, known in ((self.tracer, TRACERS), (self.decay_correction, DECAY_CORRECTIONS)):
            if value not in known:
                raise ValueError(f"{value!r} is not one of {', '.join(known)}")

    @property
    def planar(self) -> bool:
        """Whether it is views and not a volume."""
        return self.counts > 0.0
