"""Laterality guard (G-12)."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.anatomy.laterality import sides
from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.segmentation import Segmentation
from spinemets.model.series import Series
from spinemets.model.study import PatientFacts, Study

GRID = Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.eye(4))


def study(*known: bool) -> Study:
    series = tuple(
        Series(uid=f"{n}", number=n, label="x", acquisition=Acquisition(), load=lambda: None, grid=GRID, sides_known=k)
        for n, k in enumerate(known)
    )
    return Study(uid="1", patient=PatientFacts(), series=series)


def labels(uid: str | None) -> Segmentation:
    return Segmentation(
        grid=GRID, parts=(), scheme="verse", naming="stated", body_only=False, source="x", series_uid=uid
    )


@pytest.mark.parametrize(
    ("known", "uid", "expected"),
    [
        ((True,), "0", ("left", "right")),
        ((False,), "0", ("side_a", "side_b")),
        ((True, False), "0", ("left", "right")),
        ((True, False), "1", ("side_a", "side_b")),
        ((True, False), None, ("side_a", "side_b")),
        ((True, True), None, ("left", "right")),
        ((), None, ("side_a", "side_b")),
    ],
)
def test_sides(known, uid, expected):
    """'if orientation codes are missing, contradictory, or the facts file says that sides are unknown: side A/B'."""
    assert sides(study(*known), [labels(uid)]) == expected


def test_one_map_of_several_is_enough_to_lose_the_sides():
    assert sides(study(True, False), [labels("0"), labels("1")]) == ("side_a", "side_b")
    assert sides(study(True), []) == ("left", "right")
