"""Outlines kept beside the answer ("`--anchor` renumbers and recomputes everything below in seconds without re-segmenting")."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation
from spinemets.model.series import Series
from spinemets.model.study import PatientFacts, Study
from spinemets.segmentation.kept import FILE, Kept, key_of

GRID = Grid(shape_ijk=(9, 8, 7), affine_lps_mm=np.diag([0.5, 1.1, 3.0, 1.0]), frame_of_reference_uid="1.9")


def outlines() -> tuple[Segmentation, ...]:
    mask = np.zeros(GRID.shape_ijk, bool)
    mask[2:7, 1:6, 3:5] = np.random.default_rng(1).uniform(size=(5, 5, 2)) > 0.3
    region = Region.from_mask("vertebra", mask, GRID, source="a network")
    flagged = replace(region, flags=("cut by the border",))
    parts = (
        Part(structure="vertebra", level=None, region=flagged, confidence=0.75),
        Part(structure="rib", level="T12", region=region.renamed("rib"), side="left"),
    )
    return (
        Segmentation(
            grid=GRID, parts=parts, scheme="network", naming="none", body_only=False, series_uid="1.2",
            source="a network on series 1", ignored=((3, 12),), warnings=("One sentence.",),
        ),
    )  # fmt: skip


@dataclass
class Counting:
    """A segmenter that counts how often it is asked."""

    name: str = "a network"
    asked: list[str] = field(default_factory=list)

    def segment(self, study: Study):
        self.asked.append(study.uid)
        return outlines()


def study(digest: str = "ab") -> Study:
    def load():
        raise AssertionError("nothing is read")

    one = Series(
        uid="1.2", number=1, label="series 1", acquisition=Acquisition(), load=load, grid=GRID, digest_of=lambda: digest
    )
    return Study(uid="1", patient=PatientFacts(), series=(one,))


@pytest.fixture
def kept(tmp_path) -> Kept:
    return Kept(segmenter=Counting(), folder=tmp_path / "out")


def test_asked_again_it_does_not_look_again(kept):
    first, second = kept.segment(study()), kept.segment(study())
    assert kept.segmenter.asked == ["1"]
    (one,), (other,) = first, second
    assert one.grid == other.grid and other.grid.frame_of_reference_uid == "1.9"
    for name in ("scheme", "naming", "body_only", "series_uid", "source", "ignored", "warnings"):
        assert getattr(one, name) == getattr(other, name), name
    for a, b in zip(one.parts, other.parts, strict=True):
        assert (a.structure, a.level, a.side, a.confidence) == (b.structure, b.level, b.side, b.confidence)
        assert (a.region.name, a.region.start_ijk, a.region.source) == (
            b.region.name,
            b.region.start_ijk,
            b.region.source,
        )
        assert a.region.flags == b.region.flags
        assert np.array_equal(a.region.mask, b.region.mask)


def test_other_images_are_looked_at(kept):
    kept.segment(study())
    kept.segment(study("cd"))
    assert len(kept.segmenter.asked) == 2


def test_other_weights_look_themselves(kept):
    kept.segment(study())
    other = replace(kept, segmenter=Counting(name="a network 2"))
    other.segment(study())
    assert other.segmenter.asked == ["1"]
    assert key_of(study(), "weights 1") != key_of(study(), "weights 2")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 and nothing"])
def test_a_damaged_file_counts_as_none(kept, content):
    kept.folder.mkdir()
    (kept.folder / FILE).write_bytes(content)
    kept.segment(study())
    assert kept.segmenter.asked == ["1"]
    kept.segment(study())
    assert kept.segmenter.asked == ["1"]


def test_nothing_partial_stays(kept):
    kept.segment(study())
    assert [path.name for path in kept.folder.iterdir()] == [FILE]


def test_the_name_is_the_segmenters(kept):
    assert kept.name == "a network"


def test_a_full_disk_leaves_nothing(kept, monkeypatch):
    """The outlines are not kept, the error is the writer's, and no partial file is left."""

    def full(path, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(kept.folder), "replace", full)
    with pytest.raises(OSError, match="No space left"):
        kept.segment(study())
    assert list(kept.folder.iterdir()) == []
