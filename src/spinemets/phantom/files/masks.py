"""Masks of a synthetic patient: structures, lesions and parts as label maps, structures and lesions as DICOM segmentations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.files import headers
from spinemets.phantom.imaging.acquisition import Acquisition, default
from spinemets.phantom.imaging.labels import DISC_OFFSET, label_names
from spinemets.phantom.patient import Phantom, uid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemets.exports.dicom.segmentation import Segment
    from spinemets.model.grid import Grid

ALGORITHM = "digital spine"
# Segmentations are numbered after every series that a study can have.
FIRST_NUMBER = 901


def write_label_maps(phantom: Phantom, folder: Path, grid: Grid) -> dict[str, Path]:
    """Write `labels.nii.gz` (VerSe numbers, discs 100 more), `lesions.nii.gz` and `regions.nii.gz`, int16, names inside."""
    from spinemets.exports.nifti import write_nifti  # lazy: heavy import

    regions = {number: name for name, number in table("phantom_anatomy")["regions"]["codes"].items()}
    maps = {
        "labels": (phantom.labels(grid), label_names()),
        "lesions": (phantom.lesion_labels(grid), lesion_names(phantom)),
        "regions": (phantom.region_labels(grid), regions),
    }
    about = f"SYNTHETIC {phantom.case.name}, {headers.COMMENT}"
    made: dict[str, Path] = {}
    for name, (array, names) in maps.items():
        made[name] = Path(folder) / f"{name}.nii.gz"
        write_nifti(array, grid, made[name], about, _present(array, names))
    return made


def write_labels(phantom: Phantom, path: Path, grid: Grid | None = None) -> None:
    """Write the map of structures alone, on the grid of the CT unless given."""
    from spinemets.exports.nifti import write_nifti  # lazy: heavy import

    chosen = phantom.grid(default("ct")) if grid is None else grid
    labels = phantom.labels(chosen)
    about = f"SYNTHETIC {phantom.case.name}, {headers.COMMENT}"
    write_nifti(labels, chosen, Path(path), about, _present(labels, label_names()))


def lesion_names(phantom: Phantom) -> dict[int, str]:
    """Number in the map of lesions -> level and id, in the order of the truth."""
    lesions = [f"{lesion['level']} {lesion['id']}" for lesion in phantom.truth["lesions"]]
    soft = {lesion["label"]: f"{lesion['level']} {lesion['id']}" for lesion in phantom.truth["soft_lesions"]}
    return {**dict(enumerate(lesions, start=1)), **soft}


def write_segmentations(phantom: Phantom, folder: Path, grid: Grid, a: Acquisition) -> dict[str, Path]:
    """Write `structures.dcm` and, where the field holds any, `lesions.dcm`: the truth as DICOM segmentations.

    Parameters
    ----------
    grid
        Grid of the labels, its axes at right angles.
    a
        Series whose slice thickness they share.
    """
    from spinemets.exports.dicom.segmentation import SegmentationFacts, write_segmentation  # lazy: heavy import

    made = {}
    lesions = phantom.lesion_labels(grid)
    for number, (name, array, segments) in enumerate(
        (
            ("structures", labels := phantom.labels(grid), _structures(labels)),
            ("lesions", lesions, _lesions(phantom, lesions)),
        )
    ):
        if segments:
            own = replace(a, sequence=f"seg-{name}", description=f"Truth: {name}")
            about = headers.about(phantom, own, FIRST_NUMBER + number)
            facts = SegmentationFacts(
                segments=segments, slice_thickness_mm=a.slice_mm, algorithm=ALGORITHM, label="TRUTH"
            )
            made[name] = write_segmentation(array, grid, Path(folder) / f"{name}.dcm", about, facts)
    return made


def _present(array: NDArray[np.int16], names: Mapping[int, str]) -> dict[int, str]:
    """The names of what a map holds."""
    held = set(np.unique(array).tolist())
    return {number: name for number, name in names.items() if number in held}


def _structures(labels: NDArray[np.int16]) -> tuple[Segment, ...]:
    """One segment for each bone and disc in view."""
    from spinemets.exports.dicom import structures as codes  # lazy: heavy import
    from spinemets.exports.dicom.segmentation import Segment

    def kind(number: int, name: str) -> Any:
        if number >= DISC_OFFSET:
            return codes.DISCS.get(name.removeprefix("disc_below_"), codes.DISC)
        return {"sacrum": codes.SACRUM, "coccyx": codes.COCCYX}.get(name) or codes.VERTEBRAE.get(name, codes.VERTEBRA)

    return tuple(
        Segment(number=number, label=name, kind=kind(number, name))
        for number, name in _present(labels, label_names()).items()
    )


def _lesions(phantom: Phantom, labels: NDArray[np.int16]) -> tuple[Segment, ...]:
    """One segment for each lesion in view, followed under one uid on all days of the patient."""
    from spinemets.exports.dicom import structures as codes  # lazy: heavy import
    from spinemets.exports.dicom.segmentation import Segment

    malignant = {n for n, lesion in enumerate(phantom.truth["lesions"], start=1) if lesion["malignant"]}
    return tuple(
        Segment(
            number=number,
            label=name,
            kind=codes.METASTASIS if number in malignant else codes.LESION,
            category=codes.ABNORMALITY,
            tracking_id=name,
            tracking_uid=uid(phantom.case.person, str(phantom.seed), "lesion", name),
        )
        for number, name in _present(labels, lesion_names(phantom)).items()
    )
