"""Names from series of another patient space."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.anatomy.locate import locate
from spinemets.anatomy.options import LevelOptions
from spinemets.app.elsewhere import in_doubt, named_elsewhere
from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.level import ORDER
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation
from spinemets.model.series import Series
from spinemets.model.study import PatientFacts, Study

# VerSe number of L1, and the vertebrae in view.
L1, SHOWN = 20, ("T12", "L1", "L2", "L3", "L4", "L5")


@dataclass
class Outlines:
    """A segmenter that knows the truth, and names in the spaces it is told to."""

    numbers: np.ndarray
    named_in: tuple[str, ...]
    asked: list[tuple[str, ...]] = field(default_factory=list)
    name: str = "truth"

    def segment(self, study: Study) -> tuple[Segmentation, ...]:
        """All vertebrae shown, on the first series' grid."""
        self.asked.append(tuple(s.uid for s in study.series))
        grid = study.series[0].grid
        names = grid.frame_of_reference_uid in self.named_in
        parts = tuple(
            Part(
                structure="vertebra",
                level=level if names else None,
                region=Region.from_mask("vertebra", self.numbers == L1 + n - 1, grid, source="truth"),
            )
            for n, level in enumerate(SHOWN)
        )
        naming = "stated" if names else "none"
        return (Segmentation(grid=grid, parts=parts, scheme="truth", naming=naming, body_only=False, source="truth"),)


@pytest.fixture(scope="module")
def patient():
    """Numbers of the vertebrae at 2 mm, and a function that makes a series of a patient space on their grid."""
    spine = phantom.build("normal", 1)
    top, bottom = (np.array(spine.anatomy.frames[level].origin) for level in ("T12", "L5"))
    low = np.minimum(top, bottom) - np.array([45, 40, 25])
    high = np.maximum(top, bottom) + np.array([45, 75, 25])
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = low
    shape = tuple(int(n) for n in np.ceil((high - low) / 2.0))

    def series(uid, frame):
        grid = Grid(shape_ijk=shape, affine_lps_mm=affine, frame_of_reference_uid=frame)
        return Series(uid=uid, number=1, label=uid, acquisition=Acquisition(), load=lambda: None, grid=grid)

    return spine.labels(series("a", "1").grid), series


def test_names_come_over_by_the_sizes(patient):
    """The outlined space names nothing, another one does: each vertebra gets its name, and what speaks for it is said."""
    numbers, series = patient
    study = Study(uid="1", patient=PatientFacts(), series=(series("a", "1"), series("b", "2"), series("c", "2")))
    segmenter = Outlines(numbers=numbers, named_in=("2",))
    outlines = segmenter.segment(study)
    spine = locate(study, outlines, LevelOptions(), walls=False)
    assert in_doubt(spine)
    found = named_elsewhere(study, spine, segmenter)
    assert segmenter.asked[1:] == [("b", "c")]
    (levels,) = found
    assert [level.name for level in levels] == list(SHOWN)
    again = locate(study, outlines, LevelOptions(elsewhere=found), walls=False)
    assert [v.level.name for v in again.vertebrae] == list(SHOWN)
    assert all(v.level.confidence < min(level.confidence for level in levels) for v in again.vertebrae)
    assert "Another series, which shows" in again.vertebrae[0].level.evidence[0]


def test_only_other_spaces_are_asked(patient):
    """A series of the same space is none, and a space that names nothing says nothing."""
    numbers, series = patient
    study = Study(uid="1", patient=PatientFacts(), series=(series("a", "1"), series("b", "1"), series("c", "3")))
    segmenter = Outlines(numbers=numbers, named_in=())
    spine = locate(study, segmenter.segment(study), LevelOptions(), walls=False)
    assert named_elsewhere(study, spine, segmenter) == ()
    assert segmenter.asked[1:] == [("c",)]


def test_doubt(patient):
    """No doubt where each vertebra has a name that is not assumed."""
    numbers, series = patient
    study = Study(uid="1", patient=PatientFacts(), series=(series("a", "1"),))
    spine = locate(study, Outlines(numbers=numbers, named_in=("1",)).segment(study), LevelOptions(), walls=False)
    assert not in_doubt(spine)
    first = spine.vertebrae[0]
    doubted = replace(first, level=replace(first.level, assumed=True))
    assert in_doubt(replace(spine, vertebrae=(doubted, *spine.vertebrae[1:])))
    assert set(SHOWN) <= set(ORDER)
