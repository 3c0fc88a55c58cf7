"""`SeriesSet` and `SeriesMotion`: what belongs together in a study, and how far the patient moved in between."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SeriesSet:
    """Series that belong together.

    Attributes
    ----------
    kind
        `b_values`, `echoes`, `dynamic`, `contrast_pair`, `in_opposed`, `flip_angles`, `inversion_times`,
        `phase_magnitude`, `repeats`, `kernels` or `stations`.
    name
        One line for a person ("diffusion: b 0, 50, 800 s/mm2").
    members
        Series uids in the order of what varies.
    varies
        One text a member, with its unit ("b 800 s/mm2, direction L 0.71 P 0.71").
    notes
        What a user must know of the set: what is missing, doubled or assumed.
    """

    kind: str
    name: str
    members: tuple[str, ...]
    varies: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SeriesMotion:
    """How the content of one series lies relative to another of the same frame of reference (G-10).

    Attributes
    ----------
    reference_uid, moving_uid
        Series uids.
    shift_mm, rotation_deg
        Rigid motion of the moving series' content against the reference: translation (LPS) of the centre of the common
        field, and rotation about the patient's axes. None where nothing could be measured.
    centre_lps_mm
        Point that the rotation is about: the middle of the common field.
    residual_mm
        Largest displacement of a corner of the common field.
    verdict
        `agrees` (up to max(1 mm, 1 voxel)), `moved` (up to 5 mm: a transform must be applied), `refused` (more, or no
        common content) or `not measured`.
    sentence
        One line with the numbers.
    """

    reference_uid: str
    moving_uid: str
    verdict: str
    sentence: str
    shift_mm: tuple[float, float, float] | None = None
    rotation_deg: tuple[float, float, float] | None = None
    centre_lps_mm: tuple[float, float, float] | None = None
    residual_mm: float | None = None
