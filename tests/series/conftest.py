"""Builders of series and studies without files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import Recognition, Series
from spinemets.model.study import PatientFacts, Study
from spinemets.model.volume import Volume


@pytest.fixture
def make_series() -> Callable[..., Series]:
    """A series with the given acquisition facts; with `array` it has a grid and pixels."""

    def build(
        array: np.ndarray | None = None,
        *,
        number: int = 1,
        spacing_mm: float = 3.0,
        origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
        frame: str | None = None,
        kind: str | None = None,
        label: str | None = None,
        **facts: Any,
    ) -> Series:
        def nothing() -> Volume:
            raise AssertionError("pixels were decoded although the header suffices")

        uid = f"1.2.{number}"
        grid, load = None, nothing
        if array is not None:
            affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
            affine[:3, 3] = origin
            grid = Grid(shape_ijk=array.shape[:3], affine_lps_mm=affine, frame_of_reference_uid=frame)
            volume = Volume(array=array, grid=grid, quantity="attenuation", unit="1", series_uid=uid)
            load = lambda: volume  # noqa: E731
        recognition = Recognition() if kind is None else Recognition(kind=kind, confidence=1.0)
        return Series(
            uid=uid,
            number=number,
            label=label or f"series {number}",
            acquisition=Acquisition(**facts),
            load=load,
            grid=grid,
            recognition=recognition,
        )

    return build


@pytest.fixture
def make_study() -> Callable[..., Study]:
    """A study of the given series."""

    def build(*series: Series) -> Study:
        return Study(uid="1.2", patient=PatientFacts(), series=series)

    return build


@pytest.fixture
def rng_volume() -> Callable[..., np.ndarray]:
    """Values with a share of air at -1000 and soft tissue around a centre."""

    def build(air: float, centre: float) -> np.ndarray:
        rng = np.random.default_rng(1)
        values = rng.normal(centre, 15, (40, 40, 40))
        values[: int(40 * air)] = -1000
        return values.astype(np.int16)

    return build
