"""`Acquisition`: how the images of a series were made, as far as the header says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Diffusion:
    """Diffusion weighting of one volume.

    Attributes
    ----------
    b_s_per_mm2
        Weighting as the header states it.
    direction_lps
        Gradient direction, unit vector in the patient; None at b = 0, for averages over directions, or where not stated.
    averaged
        Whether the images are an average over directions (trace-weighted); None = not stated.
    source
        Where it stands ("0019,100C"; "not stated: b = 0 because the other volumes of the series state theirs").
    """

    b_s_per_mm2: float
    direction_lps: tuple[float, float, float] | None = None
    averaged: bool | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Tracer:
    """What the header of a PET or nuclear medicine series says of its tracer. None = not stated.

    Attributes
    ----------
    agent, nuclide
        Radiopharmaceutical and radionuclide, words of the header.
    half_life_s, dose_bq, positron_fraction
        Numbers as stated; `dose_bq` is not changed where it is likely MBq.
    injected_at, acquired_at, series_at
        ISO 8601 local date and time of injection, of the earliest acquisition and of the series.
    units, suv_type
        Units of the values (`BQML`, `CNTS`, `GML`, ...) and SUVType.
    decay_correction
        `NONE`, `START` or `ADMIN`.
    corrections
        CorrectedImage: `ATTN`, `DECY`, `SCAT`, ...
    frame_reference_s, frame_duration_s
        FrameReferenceTime and ActualFrameDuration.
    vendor
        Private values SUV needs, by name (`philips_suv_factor`, `philips_activity_factor`,
        `ge_scan_start`), and `decay_corrected_to` where enhanced images name another moment than scan or injection.
    """

    agent: str | None = None
    nuclide: str | None = None
    half_life_s: float | None = None
    dose_bq: float | None = None
    positron_fraction: float | None = None
    injected_at: str | None = None
    acquired_at: str | None = None
    series_at: str | None = None
    units: str | None = None
    suv_type: str | None = None
    decay_correction: str | None = None
    corrections: tuple[str, ...] = ()
    frame_reference_s: float | None = None
    frame_duration_s: float | None = None
    vendor: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """How the images were made. None = the header does not say (never a default).

    `stated_by_user` lists the fields that came from a facts file instead of the header; `stated_kind` is the series kind
    the user states, None if none. `fat_suppressed` and `contrast_agent` are False only where the header was able to say
    so (ScanOptions present, even empty; an agent stated as none) and None where the element is missing.

    `b_values_s_per_mm2` lists the b-values of the volume's images (or those a facts file states); `diffusion` is the one
    weighting of the volume with its direction. `time_s` is the time of this volume after the first of its DICOM series,
    `time_source` the element it is from (`TriggerTime`, `AcquisitionTime`, ...);
    `complex_component` is MAGNITUDE, PHASE, REAL or IMAGINARY; `contrast_at` the ISO time at which an agent was given.
    `phase_encoding` is ROW or COL, the picture direction along which phase was encoded.
    `display_window` lists centre and width of the windows the header offers for display; values are never windowed.
    """

    modality: str | None = None
    tr_s: float | None = None
    te_s: float | None = None
    ti_s: float | None = None
    flip_deg: float | None = None
    echo_train_length: int | None = None
    echo_number: int | None = None
    field_t: float | None = None
    b_values_s_per_mm2: tuple[float, ...] = ()
    diffusion: Diffusion | None = None
    scanning_sequence: tuple[str, ...] = ()
    sequence_variant: tuple[str, ...] = ()
    scan_options: tuple[str, ...] = ()
    acquisition_3d: bool | None = None
    fat_suppressed: bool | None = None
    contrast_agent: bool | None = None
    contrast_at: str | None = None
    complex_component: str | None = None
    bandwidth_hz_per_px: float | None = None
    phase_encoding: str | None = None
    image_type: tuple[str, ...] = ()
    kvp: float | None = None
    kernel: str | None = None
    slice_thickness_mm: float | None = None
    manufacturer: str | None = None
    model: str | None = None
    body_part: str | None = None
    description: str | None = None
    protocol: str | None = None
    patient_position: str | None = None
    view_position: str | None = None
    acquired: str | None = None
    time_s: float | None = None
    time_source: str = ""
    temporal_position: int | None = None
    tracer: Tracer | None = None
    sop_class: str | None = None
    display_window: tuple[tuple[float, float], ...] = ()
    stated_by_user: tuple[str, ...] = ()
    stated_kind: str | None = None
