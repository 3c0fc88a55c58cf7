"""`split_marks`: what may tell two images at one place apart."""

from __future__ import annotations

import struct

from spinemets.ingest.frames import Frame, Image, Layout, split_marks
from spinemets.ingest.headers import Header
from spinemets.ingest.scan import Scan
from spinemets.ingest.source_file import SourceFile


def frame(tmp_path, marks=None, **values: bytes) -> Frame:
    from spinemets.ingest import headers

    raw = {getattr(headers, name): value for name, value in values.items()}
    layout = Layout(rows=4, columns=6, allocated=16, stored=12, high_bit=11, signed=False, inverted=False)
    image = Image(
        source=SourceFile(path=tmp_path, name="x", size=1), header=Header(Scan(values=raw, syntax="")), layout=layout,
        n_frames=1, direct=True, study_uid="", series_uid="", sop_uid="", sop_class="", modality="MR",
        series_number=None, frame_of_reference=None,
    )  # fmt: skip
    return Frame(
        image=image, index=0, position_mm=None, orientation=None, spacing_mm=None, thickness_mm=None, slope=None,
        intercept=None, number=1, marks=marks,
    )  # fmt: skip


def test_most_telling_first_and_only_what_is_stated(tmp_path):
    """Echo time before image type before acquisition number; absent attributes are no marks."""
    one = frame(
        tmp_path, TE=b"12.5", IMAGE_TYPE=b"ORIGINAL\\M ", B_VALUE=struct.pack("<d", 50), ACQUISITION_NUMBER=b"2"
    )
    assert list(split_marks(one).items()) == [
        ("echo time", "12.5 ms"),
        ("b-value", "50 s/mm2"),
        ("image type", "ORIGINAL\\M"),
        ("acquisition", "2"),
    ]
    assert split_marks(frame(tmp_path)) == {}


def test_marks_of_multiframe_images_are_their_own(tmp_path):
    """Functional groups speak, not the top level."""
    assert split_marks(frame(tmp_path, marks={"echo time": "1 ms"}, TE=b"99")) == {"echo time": "1 ms"}


def test_size_of_one_image(tmp_path):
    """Bytes = rows * columns * bits / 8."""
    assert frame(tmp_path).image.layout.frame_bytes == 48
