"""Label files written by the tests themselves, and studies to put them in."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import GeometryCheck, Series
from spinemets.model.study import PatientFacts, Study

RAS = np.diag([1.0, 1.0, 1.0, 1.0])


def caret(names: dict[int, str]) -> bytes:
    labels = "\n".join(
        f'<Label Key="{n}" Red="1" Green="0" Blue="0" Alpha="1"><![CDATA[{name}]]></Label>' for n, name in names.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?> <CaretExtension>  <VolumeInformation Index="0">   <LabelTable>\n'
        f"{labels}\n</LabelTable>  <VolumeType><![CDATA[Label]]></VolumeType> </VolumeInformation></CaretExtension>\n   "
    ).encode()


@pytest.fixture
def label_table():
    """The label table that segmenters put into a NIfTI extension, as bytes."""
    return caret


@pytest.fixture
def write_labels(tmp_path: Path):
    """Write an array as NIfTI: stored type as given, names as a Caret table, slope and intercept if not 1 and 0."""

    def write(array, name="labels.nii.gz", affine=RAS, names=None, slope=None, inter=0.0) -> Path:
        image = nib.Nifti1Image(np.asarray(array), affine)
        if names is not None:
            image.header.extensions.append(nib.nifti1.Nifti1Extension(0, caret(names)))
        path = tmp_path / name
        if slope is None:
            nib.save(image, path)
        else:
            data = bytearray(nib.Nifti1Image(np.asarray(array), affine).to_bytes())
            data[112:120] = np.array([slope, inter], "<f4").tobytes()  # scl_slope and scl_inter of the header
            path = path.with_name(path.name.removesuffix(".gz"))
            path.write_bytes(bytes(data))
        return path

    return write


@pytest.fixture
def column():
    """Cubes of 12 mm stacked along z, lowest last in the list: `column([5, 4, 3])` puts 5 nearest the head."""

    def build(integers, dtype=np.uint8, size=12, gap=4) -> np.ndarray:
        pitch = size + gap
        array = np.zeros((20, 20, pitch * len(integers)), dtype)
        for place, n in enumerate(reversed(integers)):
            array[4 : 4 + size, 4 : 4 + size, place * pitch + 2 : place * pitch + 2 + size] = n
        return array

    return build


@pytest.fixture
def make_study():
    """A study of one series per grid; without grids, of none."""

    def build(*grids: Grid, refused: bool = False) -> Study:
        series = tuple(
            Series(
                uid=f"1.2.{n}",
                number=n,
                label=f"series {n}",
                acquisition=Acquisition(),
                load=lambda: None,
                grid=grid,
                geometry=GeometryCheck(verdict="refused" if refused and n == 1 else "ok"),
            )
            for n, grid in enumerate(grids, start=1)
        )
        return Study(uid="1", patient=PatientFacts(), series=series)

    return build


@pytest.fixture
def lps_grid():
    """Grid of an array whose NIfTI affine is the identity (RAS): LPS = diag(-1, -1, 1, 1) @ affine."""

    def build(shape, **kwargs) -> Grid:
        return Grid(shape_ijk=shape, affine_lps_mm=np.diag([-1.0, -1.0, 1.0, 1.0]), **kwargs)

    return build
