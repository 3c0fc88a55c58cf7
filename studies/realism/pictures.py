"""Slices of real and simulated exams side by side, for whoever has the real images: they are not ours to put into the documentation.

    python -m studies.realism.pictures FILE.webp

Left of each pair a real exam, right of it a simulated one: midsagittal T1, T2 and STIR, then an axial and a coronal slice of CT through L3.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spinemets import phantom
from spinemets.phantom.imaging.acquisition import default
from studies.realism.exams import SHARED, Exam, real_exams, simulated_exams

HEIGHT_PX, MARGIN_PX = 420, 6
CT_WINDOW_HU = (-200.0, 700.0)
SEQUENCES = ("t1", "t2", "stir")
TORSO = SHARED / "ct-torso-ts-labelled"
# Integer of L3 in the torso's body labels (VerSe).
L3 = 22
TORSO_FIELD_MM = 420.0

Picture = NDArray[np.uint8]


def main() -> int:
    """Write the picture."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    real = real_exams()
    if not real or not TORSO.is_dir():
        print("The real images do not lie beside the repository: nothing to set ours beside.", file=sys.stderr)
        return 2
    made = simulated_exams()
    pairs = [(_sagittal(_first(real, name)), _sagittal(_first(made, name))) for name in SEQUENCES]
    pairs += zip(_real_ct(), _simulated_ct(), strict=True)
    Image.fromarray(side_by_side(pairs)).save(Path(sys.argv[1]))
    return 0


def side_by_side(pairs: list[tuple[Picture, Picture]]) -> Picture:
    """Pairs in rows, every picture of one height."""
    rows = [np.hstack([_framed(one) for one in pair]) for pair in pairs]
    width = max(row.shape[1] for row in rows)
    return np.vstack([np.pad(row, ((0, 0), (0, width - row.shape[1]))) for row in rows])


def _framed(picture: Picture) -> Picture:
    height, width = picture.shape
    scaled = Image.fromarray(picture).resize((round(width * HEIGHT_PX / height), HEIGHT_PX), Image.Resampling.BILINEAR)
    return np.pad(np.asarray(scaled), MARGIN_PX)


def _first(exams: tuple[Exam, ...], sequence: str) -> Exam:
    return next(exam for exam in exams if exam.sequence == sequence)


def _sagittal(exam: Exam) -> Picture:
    """The slice through the middle of the bodies, white at twice the brightness of bright marrow."""
    middle = round(float(np.argwhere(exam.bodies > 0)[:, 0].mean()))
    white = 2.2 * float(np.percentile(exam.image[exam.bodies > 0], 95))
    return np.asarray(255 * np.clip(exam.image[middle] / white, 0, 1), np.uint8)


def _hu(picture: NDArray[np.floating]) -> Picture:
    low, high = CT_WINDOW_HU
    return np.asarray(255 * np.clip((picture - low) / (high - low), 0, 1), np.uint8)


def _real_ct() -> tuple[Picture, Picture]:
    """Axial and coronal slice of the torso through the middle of L3, as radiologists hang them."""
    import nibabel

    image, labels = (
        nibabel.as_closest_canonical(nibabel.load(TORSO / name)) for name in ("ct.nii.gz", "labels_bodies_verse.nii.gz")
    )
    centre = np.argwhere(np.asarray(labels.dataobj) == L3).mean(axis=0).round().astype(int)
    return _planes(np.asarray(image.dataobj, np.float32), centre, image.header.get_zooms())


def _simulated_ct() -> tuple[Picture, Picture]:
    """The same of a simulated patient in voxels like those."""
    patient = phantom.build("normal-60-f", 1)
    usual = default("ct")
    a = replace(usual, pixel_mm=1.5, slice_mm=3.0, fov_mm=(TORSO_FIELD_MM, TORSO_FIELD_MM), kernel="BODY", noise=12.0)
    volume = patient.render("ct", a)
    index = np.linalg.inv(volume.grid.affine_lps_mm) @ np.append(patient.anatomy.frames["L3"].origin, 1.0)
    # Axes to the patient's right, front and head, as the other's.
    array = np.asarray(volume.array, np.float32)
    signs = np.sign(np.diag(volume.grid.affine_lps_mm)[:3]) * np.array([-1, -1, 1])
    centre = [round(i) if s > 0 else n - 1 - round(i) for i, s, n in zip(index[:3], signs, array.shape, strict=True)]
    turned = array[tuple(slice(None, None, int(s)) for s in signs)]
    return _planes(turned, np.array(centre), volume.grid.spacing_mm)


def _planes(array: NDArray[np.float32], at: NDArray[np.int_], spacing_mm: tuple[float, ...]) -> tuple[Picture, Picture]:
    """Axial slice (front up) and coronal slice (head up), the patient's right at the left, of an array to right, front and head."""
    axial, coronal = array[::-1, ::-1, at[2]].T, array[::-1, at[1], ::-1].T
    tall = Image.fromarray(_hu(coronal))
    size = (tall.width, round(tall.height * spacing_mm[2] / spacing_mm[0]))
    return _hu(axial), np.asarray(tall.resize(size, Image.Resampling.BILINEAR))


if __name__ == "__main__":
    raise SystemExit(main())
