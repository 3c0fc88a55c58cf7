"""Reads DICOM SEG: binary and label map objects, geometry from their own frames. Needs highdicom, imported here only."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from spinemets.model.errors import LabelSchemeError, UnreadableInput
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.segmentation.name_table import meaning
from spinemets.segmentation.voxels import LabelRegions, NoLabels

SEGMENTATION_STORAGE = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")


def read_seg(path: Path) -> LabelRegions:
    """Segments of a SEG object as regions on the object's own grid, axes (slice, row, column).

    Raises
    ------
    UnreadableInput
        If it is no SEG, or its frames form no regular volume in patient space.
    LabelSchemeError
        If it stores fractions: a probability is no outline.
    """
    from pydicom.errors import InvalidDicomError

    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        try:
            seg = _open(path)
            grid = _grid(seg, path.name)
            regions = {n: _segment(seg, n, grid, path.name) for n in seg.segment_numbers if n != 0}
        except InvalidDicomError as error:
            raise UnreadableInput(
                f"{path.name} is neither NIfTI nor DICOM.", "Labels are NIfTI or DICOM SEG."
            ) from error
        except (AttributeError, KeyError, ValueError, RuntimeError, NotImplementedError, OSError) as error:
            raise UnreadableInput(f"{path.name} cannot be read as DICOM SEG ({type(error).__name__}).") from error
    if not any(r.n_voxels for r in regions.values()):
        raise NoLabels(f"{path.name} holds no labelled voxel.", "Check the file.")
    odd = ("It was read with remarks of the reader.",) if notes else ()
    return LabelRegions(
        regions=regions,
        grid=grid,
        source=path.name,
        names={n: _name(seg, n) for n in regions},
        warnings=tuple(f"{path.name}: {sentence}" for sentence in odd),
    )


def _open(path: Path) -> Any:
    from highdicom.seg import Segmentation
    from pydicom import dcmread

    dataset = dcmread(path)
    if str(dataset.get("SOPClassUID", "")) not in SEGMENTATION_STORAGE:
        raise UnreadableInput(
            f"{path.name} is DICOM, but no segmentation object.", "Give a SEG object, or labels as NIfTI."
        )
    if dataset.get("SegmentationType") == "FRACTIONAL":
        raise LabelSchemeError(
            f"{path.name} is a fractional SEG: probabilities or occupancies, not outlines.", "Give a binary SEG."
        )
    return Segmentation.from_dataset(dataset, copy=False)


def _grid(seg: Any, source: str) -> Grid:
    geometry = seg.get_volume_geometry(allow_missing_positions=True)
    if geometry is None or geometry.coordinate_system.value != "PATIENT":
        raise UnreadableInput(f"{source}: the frames of this SEG form no regular volume in patient space.")
    return Grid(
        shape_ijk=geometry.spatial_shape,
        affine_lps_mm=np.asarray(geometry.affine),
        frame_of_reference_uid=str(seg.get("FrameOfReferenceUID", "")) or None,
    )


def _segment(seg: Any, number: int, grid: Grid, source: str) -> Region:
    volume = seg.get_volume(segment_numbers=[number], allow_missing_positions=True, dtype=np.uint8)
    array = volume.array if volume.array.ndim == 3 else volume.array[..., 0]
    return Region.from_mask(f"segment {number}", array.astype(bool), grid, source=source)


def _name(seg: Any, number: int) -> str:
    """Label of a segment if it can be understood, else the meaning of its coded type with modifiers and laterality."""
    description = seg.get_segment_description(number)
    label = str(description.segment_label)
    if meaning(label) is not None:
        return label
    kind = description.segmented_property_type
    modifiers = [str(m.meaning) for m in (getattr(description, "segmented_property_type_modifiers", None) or ())]
    coded = " ".join([*modifiers, str(kind.meaning)])
    return coded if meaning(coded) is not None else label
