"""`Image` and `Frame`: sizes, also of tiles and of colour."""

from __future__ import annotations

import pytest

from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.frames import Frame, Image, Layout
from spinemets.ingest.header.headers import Header
from spinemets.ingest.header.scan import Scan


@pytest.fixture
def layout():
    return Layout(rows=4, columns=6, allocated=16, stored=12, high_bit=11, signed=False, inverted=False)


def frame(tmp_path, layout, tile=None) -> Frame:
    image = Image(
        source=SourceFile(path=tmp_path, name="x", size=1), header=Header(Scan(values={}, syntax="")), layout=layout,
        n_frames=1, direct=True, study_uid="", series_uid="", sop_uid="", sop_class="", modality="MR",
        series_number=None, frame_of_reference=None,
    )  # fmt: skip
    return Frame(
        image=image, index=0, position_mm=None, orientation=None, spacing_mm=None, thickness_mm=None, slope=None,
        intercept=None, number=1, tile=tile,
    )  # fmt: skip


def test_size_of_one_image(layout):
    """Bytes = rows * columns * samples * bits / 8."""
    assert layout.frame_bytes == 48
    assert layout._replace(samples=3, allocated=8).frame_bytes == 72


def test_a_tile_has_a_size_of_its_own(tmp_path, layout):
    """Whole picture without a tile, else the tile."""
    whole, part = frame(tmp_path, layout), frame(tmp_path, layout, (2, 3, 2, 3))
    assert (whole.rows, whole.columns) == (4, 6)
    assert (part.rows, part.columns) == (2, 3)


def test_frames_are_told_apart_by_identity(tmp_path, layout):
    """Two images with the same values are two images: marks and places are kept by image."""
    assert len({frame(tmp_path, layout), frame(tmp_path, layout)}) == 2
