"""Images and label maps of the real sets, as arrays in patient space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid

# Cortex, marrow and endplates of a body in the digital spine's map of regions.
BODY_REGIONS = (49, 50, 52, 53)
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """An image with what it is known to show.

    Attributes
    ----------
    truth
        Region of the spine (for the table) -> structure -> integers map on the image's grid: instances of that structure.
    """

    name: str
    ct: bool
    array: NDArray[Any]
    grid: Grid
    truth: Mapping[str, NDArray[Any]]


def read(path: Path) -> tuple[NDArray[Any], Grid]:
    """Array and grid of a NIfTI file."""
    image: Any = nibabel.load(path)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
    array = np.asarray(image.dataobj)
    array = array[..., 0] if array.ndim == 4 else array
    return array, Grid(shape_ijk=array.shape, affine_lps_mm=affine)


def lumbar_bodies() -> list[Known]:
    """11 lumbar MR exams, each body labelled: as marrow, and for comparison as marrow with its border."""
    return _masked("mr-lumbar-vb", ("marrow", "body"))


def lumbar_discs() -> list[Known]:
    """2 lumbar MR exams, five discs labelled."""
    return _masked("mr-lumbar-discs", ("disc",))


def _masked(folder: str, structures: tuple[str, ...]) -> list[Known]:
    """MR images of a folder, each with the mask beside it, which is compared with so many structures."""
    found = []
    for path in sorted((SHARED / folder).glob("*_img.nii.gz")):
        array, grid = read(path)
        labels, _ = read(path.with_name(path.name.replace("_img", "_msk")))
        found.append(
            Known(name=path.name[:6], ct=False, array=array, grid=grid, truth=dict.fromkeys(structures, labels))
        )
    return found


def torso() -> list[Known]:
    """CT T11 to pelvis in 3 mm; bodies L1 to L5 and whole vertebrae T12 to L5 of another network."""
    folder = SHARED / "ct-torso-ts-labelled"
    array, grid = read(folder / "ct.nii.gz")
    vertebrae, _ = read(folder / "labels_vertebrae.nii.gz")
    bodies, _ = read(folder / "labels_bodies_verse.nii.gz")
    whole = np.where((vertebrae >= 27) & (vertebrae <= 32), vertebrae, 0)
    mass, _ = read(folder / "labels_body_disc.nii.gz")
    return [
        Known(
            name="torso", ct=True, array=array, grid=grid, truth={"body": bodies, "vertebra": whole, "discs": mass == 2}
        )
    ]


def thoracic() -> list[Known]:
    """Contrast CT of the thoracic spine in 1.5 mm; T12 labelled."""
    folder = SHARED / "ct-thoracic-cta"
    array, grid = read(folder / "ct.nii.gz")
    labels, _ = read(folder / "label_T12.nii.gz")
    return [Known(name="thoracic", ct=True, array=array, grid=grid, truth={"vertebra": labels > 0})]


def crops() -> list[Known]:
    """One lumbar CT vertebra and its neighbours, three MR vertebrae, in 1.5 mm; the wanted one labelled with its parts."""
    folder = SHARED / "vertebra-crops-tptbox"
    found = []
    for name, number, ct in (("sub-ct", 22, True), ("sub-mri", 6, False)):
        image = next(folder.glob(f"{name}_label-{number}_*.nii.gz"))
        array, grid = read(image)
        whole, _ = read(folder / f"{name}_seg-vert_label-{number}_msk.nii.gz")
        parts, _ = read(folder / f"{name}_seg-subreg_label-{number}_msk.nii.gz")
        own = whole == number
        found.append(
            Known(
                name=name,
                ct=ct,
                array=array,
                grid=grid,
                truth={
                    "vertebra": own,
                    "body": own & np.isin(parts, (49, 50)),
                    "posterior": own & (parts >= 41) & (parts <= 48),
                    "canal": np.isin(parts, (60, 61)),
                    "disc": np.where((whole > 100) & (whole < 200), whole, 0),
                },
            )
        )
    return found


def cervical() -> list[Known]:
    """Cervical MR with the cord labelled."""
    folder = SHARED / "mr-cervical-sct"
    found = []
    for image, mask in (
        ("t2", "t2_seg-manual"), ("t1w", "t1w_seg-manual"), ("t2_fake_lesion", "t2_fake_lesion_sc_seg"),
    ):  # fmt: skip
        array, grid = read(folder / f"{image}.nii.gz")
        cord, _ = read(folder / f"{mask}.nii.gz")
        found.append(Known(name=f"cervical-{image}", ct=False, array=array, grid=grid, truth={"cord": cord > 0}))
    return found


def synthetic(case: str, sequence: str) -> Known:
    """A case of the digital spine in one of its series, with the truth that it was drawn from."""
    from spinemets import phantom
    from spinemets.phantom.anatomy.levels import verse_id
    from spinemets.phantom.imaging.acquisition import default

    patient = phantom.build(case, 1)
    volume = patient.render(sequence, default(sequence))
    labels, regions = patient.labels(volume.grid), patient.region_labels(volume.grid)
    whole = np.where((labels >= 1) & (labels <= 28) & (labels != 26), labels, 0)
    bodies = np.where(np.isin(regions, BODY_REGIONS), whole, 0)
    # Of a vertebra whose body is cut in the middle or out of view, parts may be in it: they are not asked for.
    index = {verse_id(v.level): volume.grid.to_ijk(np.array(v.frame.origin)) for v in patient.anatomy.vertebrae}
    asked = [n for n, at in index.items() if (at >= 0).all() and (at <= np.array(volume.grid.shape_ijk) - 1).all()]
    return Known(
        name=f"{case} {sequence}",
        ct=sequence.startswith("ct"),
        array=volume.array[..., 0] if volume.array.ndim == 4 else volume.array,
        grid=volume.grid,
        truth={name: np.where(np.isin(map_, asked), map_, 0) for name, map_ in (("vertebra", whole), ("body", bodies))},
    )
