"""What is known of a converted image, as JSON beside it: BIDS names where BIDS has one, the rest under `Spinemets`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import spinemets
from spinemets.model.acquisition import Acquisition
from spinemets.model.series import Series
from spinemets.model.study_view import SeriesSet
from spinemets.model.volume import Volume

# Field of `Acquisition` -> BIDS name (BIDS 1.10, MRI, PET and common metadata; the CT ones as DICOM calls them).
BIDS = {
    "modality": "Modality", "manufacturer": "Manufacturer", "model": "ManufacturersModelName",
    "field_t": "MagneticFieldStrength", "tr_s": "RepetitionTime", "te_s": "EchoTime", "ti_s": "InversionTime",
    "flip_deg": "FlipAngle", "echo_train_length": "EchoTrainLength", "echo_number": "EchoNumber",
    "scan_options": "ScanOptions", "scanning_sequence": "ScanningSequence", "sequence_variant": "SequenceVariant",
    "image_type": "ImageType", "kvp": "KVP", "kernel": "ConvolutionKernel", "slice_thickness_mm": "SliceThickness",
    "patient_position": "PatientPosition", "body_part": "BodyPart", "description": "SeriesDescription",
    "protocol": "ProtocolName", "complex_component": "ComplexImageComponent", "time_s": "TimeAfterFirstVolume",
}  # fmt: skip


@dataclass
class Seen:
    """What the pixels of the volumes of one file showed."""

    quantity: str = "unknown"
    unit: str = "1"
    padding: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, volume: Volume) -> None:
        """Take note of a volume that is written."""
        self.quantity, self.unit = volume.quantity, volume.unit
        self.padding.append(0 if volume.padding is None else int(np.count_nonzero(volume.padding)))
        self.warnings += [line for line in volume.warnings if line not in self.warnings]


def text(members: Sequence[Series], seen: Seen, group: SeriesSet | None) -> str:
    """JSON of one file, keys in a fixed order."""
    first = members[0]
    found = {
        **_bids(first.acquisition), "ConversionSoftware": "spinemets",
        "ConversionSoftwareVersion": spinemets.__version__, "Units": seen.unit, "Spinemets": _own(members, seen, group),
    }  # fmt: skip
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _bids(acquisition: Acquisition) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, key in BIDS.items():
        value = getattr(acquisition, name)
        if value is None or value == ():
            continue
        found[key] = list(value) if isinstance(value, tuple) else value
    if acquisition.acquisition_3d is not None:
        found["MRAcquisitionType"] = "3D" if acquisition.acquisition_3d else "2D"
    return found


def _own(members: Sequence[Series], seen: Seen, group: SeriesSet | None) -> dict[str, Any]:
    first = members[0]
    recognised = first.recognition
    found: dict[str, Any] = {
        "Quantity": seen.quantity,
        "Geometry": {
            "Verdict": first.geometry.verdict, "Notes": list(first.geometry.notes),
            "MissingPositions_mm": list(first.geometry.missing_positions_mm),
        },
        "SidesKnown": first.sides_known,
        "Recognition": {
            "Kind": recognised.kind, "Confidence": recognised.confidence, "Evidence": list(recognised.evidence),
            "Conflicts": list(recognised.conflicts), "Looked": "header only",
        },
        "PaddingVoxels": sum(seen.padding),
        "Warnings": list(dict.fromkeys([line for one in members for line in one.warnings] + seen.warnings)),
    }  # fmt: skip
    if group is not None:
        found["Set"] = {"Name": group.name, "Varies": list(group.varies), "Notes": list(group.notes)}
        known = [one.acquisition.diffusion for one in members]
        found["Diffusion"] = [{"b": d.b_s_per_mm2, "Source": d.source} for d in known if d is not None]
    return found
