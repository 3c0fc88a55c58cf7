"""When an image was acquired: scanned tags and whole headers say the same, the earliest image counts."""

from __future__ import annotations

import pydicom

from spinemets.ingest.facts.instants import Instant, earliest, of_header, of_values
from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header.reader import HeaderReader
from spinemets.ingest.header.values import Values

STATED = {
    "AcquisitionDate": "20200310", "AcquisitionTime": "110000.25", "FrameReferenceTime": 59936.854672596,
    "ActualFrameDuration": 120000,
}  # fmt: skip


def test_header_and_values_agree(tmp_path, write_image, noise):
    """Milliseconds become seconds, without loss."""
    path = write_image(tmp_path / "a", noise(4, 4), Modality="PT", **STATED)
    expected = Instant(acquired="2020-03-10T11:00:00.25", reference_s=59.936854672596, duration_s=120)
    found = of_header(HeaderReader().header(SourceFile(path=path, name="a", size=path.stat().st_size)))
    whole = of_values(Values(pydicom.dcmread(path)))
    for one in (found, whole):
        assert (one.acquired, one.duration_s) == (expected.acquired, expected.duration_s)
        assert abs(one.reference_s - expected.reference_s) < 1e-9


def test_one_element_for_date_and_time(tmp_path, write_image, noise):
    """AcquisitionDateTime comes first; an image without times states nothing."""
    path = write_image(tmp_path / "a", noise(4, 4), AcquisitionDateTime="20200310120000", **STATED)
    assert (
        of_header(HeaderReader().header(SourceFile(path=path, name="a", size=path.stat().st_size))).acquired
        == "2020-03-10T12:00:00"
    )
    path = write_image(tmp_path / "b", noise(4, 4))
    assert (
        of_header(HeaderReader().header(SourceFile(path=path, name="b", size=path.stat().st_size)))
        == Instant()
        == of_values(Values(pydicom.Dataset()))
    )


def test_frames_of_enhanced_images():
    """Each frame has its own time and duration."""
    header = pydicom.Dataset()
    frames = []
    for second in ("00", "30"):
        content, frame = pydicom.Dataset(), pydicom.Dataset()
        content.FrameAcquisitionDateTime, content.FrameAcquisitionDuration = f"202003101100{second}.5", 30000.0
        frame.FrameContentSequence = [content]
        frames.append(frame)
    header.PerFrameFunctionalGroupsSequence = frames
    assert of_values(Values(header, 1)) == Instant(acquired="2020-03-10T11:00:30.5", duration_s=30)


def test_earliest():
    """Images without a time of day do not count; fractions decide."""
    first, second = Instant(acquired="2020-03-10T11:00:00.25"), Instant(acquired="2020-03-10T11:00:00.5")
    assert earliest([Instant(), second, Instant(acquired="2020-03-10"), first]) is first
    assert earliest([Instant(acquired="2020-03-10")]) is None and earliest([]) is None
