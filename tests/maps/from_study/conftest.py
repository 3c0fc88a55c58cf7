"""Small studies made by hand: series of given headers and arrays, with their sets."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import Recognition, Series
from spinemets.model.study import PatientFacts, Study
from spinemets.model.volume import Volume
from spinemets.series.sets.find import with_sets

SHAPE = (24, 24, 6)


@pytest.fixture
def build():
    """Function: a study of (array, header fields) pairs; `stem` groups volumes of one DICOM series."""

    def made(parts, patient=None):
        series = []
        for number, (array, fields) in enumerate(parts, start=1):
            facts = {
                "modality": "MR",
                "tr_s": 0.01,
                "te_s": 0.002,
                "scanning_sequence": ("GR",),
                "field_t": 1.5,
                **fields,
            }
            stem, kind = facts.pop("stem", f"1.2.{number}"), facts.pop("kind", "unknown")
            padding = facts.pop("padding", None)
            grid = Grid(
                shape_ijk=array.shape[:3],
                affine_lps_mm=facts.pop("affine", np.diag([2.0, 2, 4, 1])),
                frame_of_reference_uid="1.2.3",
            )
            volume = Volume(array=np.array(array), grid=grid, quantity="mr_signal", unit="1", padding=padding)
            series.append(
                Series(
                    uid=f"{stem}#{number}", number=number, label=f"series {number}", acquisition=Acquisition(**facts),
                    load=lambda v=volume: v, grid=grid, recognition=Recognition(kind=kind),
                )
            )  # fmt: skip
        return with_sets(Study(uid="1", patient=patient or PatientFacts(), series=tuple(series)))

    return made


@pytest.fixture
def tissue():
    """Mask of a block of tissue in the middle of the image, background around it."""
    mask = np.zeros(SHAPE, bool)
    mask[6:18, 6:18] = True
    return mask


@pytest.fixture
def rician():
    """Function: magnitude of a signal with noise of one channel."""

    def made(signal, sigma, seed):
        draw = np.random.default_rng(seed)
        noise = sigma * (draw.standard_normal(np.shape(signal)) + 1j * draw.standard_normal(np.shape(signal)))
        return np.abs(signal + noise).astype(np.float32)

    return made
