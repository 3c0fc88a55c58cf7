"""Which series a back end is run on."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.kinds import kinds
from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.study import PatientFacts, Study
from spinemets.segmentation import eligible


def grid(shape=(20, 20, 20), spacing=1.0, z=0.0, frame="1") -> Grid:
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[2, 3] = z
    return Grid(shape_ijk=shape, affine_lps_mm=affine, frame_of_reference_uid=frame)


def series(number: int, kind: str, where: Grid | None, **more) -> Series:
    return Series(
        uid=f"1.{number}",
        number=number,
        label=f"series {number}",
        acquisition=Acquisition(),
        load=lambda: None,
        grid=where,
        recognition=Recognition(kind=kind),
        **more,
    )


def numbers(*found: Series, wanted=eligible.CT) -> list[int]:
    study = Study(uid="1", patient=PatientFacts(), series=found)
    return [s.number for s in eligible.series_for(study, wanted)]


def test_the_kinds_exist():
    for listed in (eligible.CT, eligible.T1, eligible.T2, eligible.MR):
        assert set(listed) <= set(kinds())


def test_only_the_kinds_that_are_asked_for():
    assert numbers(series(1, "ct", grid()), series(2, "t2", grid(z=500)), series(3, "localizer", grid(z=900))) == [1]


@pytest.mark.parametrize(
    ("where", "more"),
    [(None, {}), (grid(), {"geometry": GeometryCheck(verdict="refused")}), (grid(shape=(40, 40, 3)), {})],
    ids=["no volume", "geometry not believed", "three slices"],
)
def test_what_is_no_trusted_stack_is_left_out(where, more):
    assert numbers(series(1, "ct", where, **more)) == []


def test_of_two_kernels_of_one_scan_the_sharp_one():
    """One vertebra is outlined once."""
    assert numbers(series(1, "ct_soft", grid()), series(2, "ct_bone", grid())) == [2]


def test_of_one_kind_the_smaller_voxels():
    fine, coarse = grid((40, 40, 40), 0.5), grid((20, 20, 20), 1.0)
    assert numbers(series(1, "ct", coarse), series(2, "ct", fine)) == [2]


def test_parts_that_join_are_both_taken_in_their_order():
    assert numbers(series(2, "ct", grid(z=15)), series(1, "ct", grid(z=0))) == [1, 2]


def test_another_patient_space_is_no_cover():
    assert numbers(series(1, "ct", grid()), series(2, "ct", grid(frame="2"))) == [1, 2]


def test_an_unknown_space_is_not_contradicted():
    assert numbers(series(1, "ct", grid()), series(2, "ct", grid(frame=None))) == [1]


def test_mr_best_first():
    found = numbers(series(1, "stir", grid()), series(2, "t1", grid()), series(3, "t2", grid()), wanted=eligible.MR)
    assert found == [3]
