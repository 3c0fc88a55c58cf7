"""Files of a synthetic patient: DICOM series, label map, truth. Everything says that it is simulated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import spinemets
from spinemets.phantom.imaging.acquisition import Acquisition, default
from spinemets.phantom.patient import Phantom, uid

if TYPE_CHECKING:
    from spinemets.exports.dicom_image import ImageHeader
    from spinemets.model.grid import Grid

COMMENT = "simulated, not a patient"
DESCRIPTIONS = {"ct": "CT lumbar spine BONE", "t1": "SAG T1 SE", "stir": "SAG STIR"}


def write_dicom(phantom: Phantom, folder: Path, sequences: tuple[str, ...] | None = None) -> dict[str, Path]:
    """Write series as DICOM (those of the case unless given), one folder each; returns sequence -> folder."""
    from spinemets.exports.dicom_image import write_series

    made: dict[str, Path] = {}
    for number, sequence in enumerate(sequences or phantom.case.series, start=1):
        acquisition = default(sequence)
        volume = phantom.render(sequence, acquisition)
        target = Path(folder) / f"{number:02d}-{sequence}"
        write_series(volume, target, header(phantom, acquisition, number))
        made[sequence] = target
    return made


def write_labels(phantom: Phantom, path: Path, grid: Grid | None = None) -> None:
    """Write the label map (VerSe numbers, discs 100 more) on a grid, that of the CT unless given."""
    from spinemets.exports.nifti import write_nifti
    from spinemets.phantom.imaging.labels import label_names

    chosen = phantom.grid(default("ct")) if grid is None else grid
    labels = phantom.labels(chosen)
    present = {n: name for n, name in label_names().items() if (labels == n).any()}
    write_nifti(labels, chosen, Path(path), f"SYNTHETIC {phantom.case.name}, {COMMENT}", present)


def write_truth(phantom: Phantom, path: Path, sequences: tuple[str, ...] | None = None) -> None:
    """Write truth.json, with what each written series (those of the case unless given) holds of the spine."""
    from spinemets.exports.atomic import write_text

    series = [_series(phantom, sequence) for sequence in sequences or phantom.case.series]
    write_text(Path(path), json.dumps({**phantom.truth, "series": series}, indent=1) + "\n")


def _series(phantom: Phantom, sequence: str) -> dict[str, object]:
    acquisition = default(sequence)
    states = phantom.coverage(phantom.grid(acquisition))
    return {
        "kind": sequence,
        "uid": uid(phantom.case.name, str(phantom.seed), "series", sequence),
        "levels_whole": [level for level, state in states.items() if state == "whole"],
        "levels_cut": [level for level, state in states.items() if state == "cut"],
    }


def header(phantom: Phantom, acquisition: Acquisition, number: int) -> ImageHeader:
    """DICOM header of a series."""
    from spinemets.exports.dicom_image import ImageHeader

    case, seed = phantom.case.name, str(phantom.seed)
    patient = phantom.case.patient
    shared = {
        "modality": acquisition.modality,
        "study_uid": uid(case, seed, "study"),
        "series_uid": uid(case, seed, "series", acquisition.sequence),
        "frame_of_reference_uid": phantom.frame_of_reference_uid,
        "series_number": number,
        "series_description": DESCRIPTIONS[acquisition.sequence],
        "patient_name": f"SYNTHETIC^{case}",
        "patient_id": f"SYNTHETIC-{case}-{seed}",
        "patient_sex": patient.sex[0].upper(),
        "patient_age_years": patient.age_years,
        "patient_size_m": patient.height_cm / 100.0,
        "patient_weight_kg": patient.weight_kg,
        "manufacturer": "spinemets",
        "model": "digital spine",
        "software": spinemets.__version__,
        "study_description": "Synthetic lumbar spine",
        "comments": COMMENT,
        "slice_thickness_mm": acquisition.slice_mm,
    }
    specific = _ct_header(acquisition) if acquisition.modality == "CT" else _mr_header(acquisition)
    return ImageHeader(**shared, **specific)  # type: ignore[arg-type]


def _ct_header(a: Acquisition) -> dict[str, object]:
    """CT part."""
    return {
        "image_type": ("ORIGINAL", "PRIMARY", "AXIAL"),
        "kvp": a.kvp,
        "kernel": a.kernel,
        "tube_current_ma": 250,
        "exposure_ms": 750,
    }


def _mr_header(a: Acquisition) -> dict[str, object]:
    """MR part: T1 as plain spin echo, STIR as inversion recovery with a train of spin echoes."""
    inverted = a.sequence == "stir"
    return {
        "image_type": ("ORIGINAL", "PRIMARY", "M", "IR" if inverted else "SE"),
        "scanning_sequence": ("SE", "IR") if inverted else ("SE",),
        "sequence_variant": ("SK",) if inverted else ("NONE",),
        "scan_options": ("SP",) if a.saturation_band else (),
        "tr_ms": a.tr_ms,
        "te_ms": a.te_ms,
        "ti_ms": a.ti_ms if inverted else None,
        "flip_deg": 90.0,
        "echo_train_length": a.echo_train_length,
        "bandwidth_hz_per_px": a.bandwidth_hz_per_px,
        "field_t": a.field_t,
        "phase_direction": "ROW",
    }
