"""Gradient directions between image axes and the patient. LPS mm throughout; affines map indices to LPS."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Vector = tuple[float, float, float]


def normal(orientation: Sequence[float]) -> Floats:
    """Unit normal of an image, row direction x column direction.

    Parameters
    ----------
    orientation
        Six numbers: direction of a row, then of a column, LPS.
    """
    row, column = np.asarray(orientation[:3], float), np.asarray(orientation[3:6], float)
    cross = np.cross(row, column)
    length = float(np.linalg.norm(cross))
    return np.asarray(cross / length if length > 0 else cross)


def to_patient(along: Vector, orientation: Sequence[float]) -> Vector:
    """Unit vector in the patient from its parts along the row, the column and their normal.

    Parameters
    ----------
    along
        Parts along the direction of a row, of a column, and row x column.
    orientation
        Six numbers of ImageOrientationPatient.
    """
    axes = np.stack([np.asarray(orientation[:3], float), np.asarray(orientation[3:6], float), normal(orientation)])
    return _tuple(np.asarray(along) @ axes)


def fsl_to_lps(directions: Floats, affine_lps_mm: Floats) -> Floats:
    """Directions of an FSL `.bvec` file, in the patient.

    FSL keeps directions in the image's voxel axes; where the affine to RAS keeps handedness (positive determinant; the same
    sign in LPS), the first part is negated (FSL FDT user guide, "What conventions do the bvecs use").

    Parameters
    ----------
    directions
        (n, 3) parts along the voxel axes.
    affine_lps_mm
        (4, 4) index to LPS.

    Returns
    -------
    (n, 3) unit vectors, LPS; a zero vector stays zero.
    """
    stored = np.array(directions, float).reshape(-1, 3)
    axes = _axes(affine_lps_mm)
    if np.linalg.det(axes) > 0:
        stored[:, 0] *= -1
    return _unit(stored @ axes.T)


def lps_to_fsl(directions_lps: Floats, affine_lps_mm: Floats) -> Floats:
    """Inverse of `fsl_to_lps`.

    Parameters
    ----------
    directions_lps
        (n, 3) vectors, LPS.
    affine_lps_mm
        (4, 4) index to LPS, axes at right angles.

    Returns
    -------
    (n, 3) unit vectors along the voxel axes as FSL wants them.
    """
    axes = _axes(affine_lps_mm)
    along = np.asarray(directions_lps, float).reshape(-1, 3) @ axes
    if np.linalg.det(axes) > 0:
        along[:, 0] *= -1
    return _unit(along)


def of_b_matrix(elements: Sequence[float], least_share: float) -> Vector | None:
    """Direction a b-matrix stands for, None where it stands for several or none.

    The sign is not in the matrix: the largest part is made positive.

    Parameters
    ----------
    elements
        xx, xy, xz, yy, yz, zz [s/mm2].
    least_share
        Share of the trace that the direction must hold.
    """
    xx, xy, xz, yy, yz, zz = elements
    sizes, vectors = np.linalg.eigh(np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]], float))
    if sizes.sum() <= 0 or sizes[2] < least_share * sizes.sum():
        return None
    main = vectors[:, 2]
    return _tuple(main * np.sign(main[np.argmax(np.abs(main))]))


def _axes(affine: Floats) -> Floats:
    """Voxel axes as unit columns."""
    part = np.asarray(affine, float)[:3, :3]
    return np.asarray(part / np.linalg.norm(part, axis=0))


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 1e-6))


def _tuple(vector: Floats) -> Vector:
    unit = _unit(vector.reshape(1, 3))[0]
    return (float(unit[0]), float(unit[1]), float(unit[2]))
