"""Segmentations: truth as SEG, read back by highdicom through the project's reader."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinemets.exports.dicom.ct import CT_IMAGE_STORAGE, CtFacts, write_ct
from spinemets.exports.dicom.segmentation import Segment, SegmentationFacts, SourceImages, write_segmentation
from spinemets.exports.dicom.structures import ABNORMALITY, DISCS, METASTASIS, VERTEBRAE
from spinemets.ingest.read import read
from spinemets.model.errors import UsageError
from spinemets.segmentation.dicom_seg import read_seg


@pytest.fixture
def facts() -> SegmentationFacts:
    """Two vertebrae, a disc and a lesion that is followed."""
    segments = (
        Segment(number=22, label="L3", kind=VERTEBRAE["L3"]),
        Segment(number=23, label="L4", kind=VERTEBRAE["L4"]),
        Segment(number=122, label="disc_L3-L4", kind=DISCS["L3"]),
        Segment(
            number=-5, label="lesion", kind=METASTASIS, category=ABNORMALITY, tracking_id="L3-1", tracking_uid="2.25.77"
        ),
    )
    return SegmentationFacts(segments=segments, slice_thickness_mm=4.0, algorithm="digital spine", label="TRUTH")


@pytest.fixture
def labels():
    """Blocks; slice 0 is empty and the lesion lies inside a vertebra."""

    def build(shape=(10, 12, 6)):
        found = np.zeros(shape, np.int16)
        found[2:6, 3:7, 1:3], found[2:6, 3:7, 3], found[1:7, 2:9, 4:6] = 22, 122, 23
        found[3, 4, 2] = -5
        return found

    return build


def masks(seg, grid):
    """Masks of a SEG on another grid with the same voxels: where the centre of each labelled voxel lies."""
    found = {}
    for n, region in seg.regions.items():
        mask = np.zeros(grid.shape_ijk, bool)
        full = np.zeros(seg.grid.shape_ijk, bool)
        full[region.slices] = region.mask
        points = grid.to_ijk(seg.grid.to_lps_mm(np.argwhere(full)))
        assert np.abs(points - np.rint(points)).max() < 1e-3
        mask[tuple(np.rint(points).astype(int).T)] = True
        found[seg.names[n]] = mask
    return found


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal", "oblique"])
def test_comes_back(*, orientation, about, facts, labels, make_grid, verify, tmp_path):
    """Every segment with its name and its voxels where they were; dciodvfy has nothing to say."""
    grid, array = make_grid(orientation, (0.7, 0.9, 4.4), (10, 12, 6)), labels()
    path = write_segmentation(array, grid, tmp_path / "seg.dcm", about, facts)
    verify(path)
    seg = read_seg(path)
    assert (seg.warnings, seg.grid.frame_of_reference_uid) == ((), "2.25.3001")
    found = masks(seg, grid)
    assert list(found) == ["L3", "L4", "disc_L3-L4", "lesion"]
    for one in facts.segments:
        np.testing.assert_array_equal(found[one.label], array == one.number)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1000), shape=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)))
def test_any_labels_come_back(*, seed, shape, about, make_grid, tmp_path_factory):
    """Property: scattered voxels, sizes whose bits fill no byte, slices without any."""
    rng = np.random.default_rng(seed)
    array = rng.choice([0, 0, 0, 1, 7], shape)
    array[0, 0, 0], array[-1, -1, -1] = 1, 7 if array.size > 1 else 1
    numbers = [n for n in (1, 7) if (array == n).any()]
    segments = tuple(Segment(number=n, label=f"L{n % 5 + 1}", kind=VERTEBRAE["L1"]) for n in numbers)
    facts = SegmentationFacts(segments=segments, slice_thickness_mm=4.0, algorithm="x")
    grid = make_grid("oblique", (0.7, 0.9, 4.0), shape)
    found = masks(read_seg(write_segmentation(array, grid, tmp_path_factory.mktemp("s") / "s.dcm", about, facts)), grid)
    for one in segments:
        np.testing.assert_array_equal(found[one.label], array == one.number)


def test_refers_to_its_images(*, about, facts, labels, make_grid, volume_of, verify, tmp_path):
    """Each frame names the image it was drawn on: that of the slice at the same position."""
    grid, array = make_grid("oblique", shape_ijk=(10, 12, 6)), labels()
    images = write_ct(volume_of(array * 10, grid), tmp_path / "ct", about, CtFacts(slice_thickness_mm=4.0))
    source = SourceImages(sop_class=CT_IMAGE_STORAGE, series_uid=about.series_uid)
    own = replace(about, series_uid="2.25.4001", series_number=9)
    path = write_segmentation(array, grid, tmp_path / "seg.dcm", own, replace(facts, source=source))
    verify(path)
    places = {d.SOPInstanceUID: d.ImagePositionPatient for d in map(pydicom.dcmread, images)}
    d = pydicom.dcmread(path)
    for frame in d.PerFrameFunctionalGroupsSequence:
        (image,) = frame.DerivationImageSequence[0].SourceImageSequence
        assert places[image.ReferencedSOPInstanceUID] == frame.PlanePositionSequence[0].ImagePositionPatient
    named = {one.ReferencedSOPInstanceUID for one in d.ReferencedSeriesSequence[0].ReferencedInstanceSequence}
    assert named <= set(places) and len(named) == 5


def test_offered_as_labels(*, about, facts, labels, make_grid, tmp_path):
    """The reader sets a SEG aside and offers it as labels."""
    from spinemets.model.errors import UnreadableInput

    path = write_segmentation(labels(), make_grid(shape_ijk=(10, 12, 6)), tmp_path / "seg.dcm", about, facts)
    with pytest.raises(UnreadableInput, match="a segmentation, to be given as labels"):
        read([path])


def test_frames_and_tracking(*, about, facts, labels, make_grid, tmp_path):
    """Only slices that hold voxels become frames; a followed lesion carries its name and uid; all says it is simulated."""
    path = write_segmentation(labels(), make_grid(shape_ijk=(10, 12, 6)), tmp_path / "seg.dcm", about, facts)
    d = pydicom.dcmread(path)
    assert d.NumberOfFrames == 2 + 2 + 1 + 1
    index = [list(f.FrameContentSequence[0].DimensionIndexValues) for f in d.PerFrameFunctionalGroupsSequence]
    assert index == [[1, 1], [1, 2], [2, 4], [2, 5], [3, 3], [4, 2]]
    assert (d.SegmentSequence[3].TrackingID, d.SegmentSequence[3].TrackingUID) == ("L3-1", "2.25.77")
    assert "TrackingID" not in d.SegmentSequence[0]
    assert d.SegmentSequence[0].SegmentAlgorithmName == "digital spine"
    assert (str(d.PatientName), d.ImageComments) == ("SYNTHETIC^normal-60-f", "simulated, not a patient")


def test_same_input_same_bytes(*, about, facts, labels, make_grid, tmp_path):
    """Nothing in an object depends on when or where it was written."""
    grid = make_grid(shape_ijk=(10, 12, 6))
    first, second = (write_segmentation(labels(), grid, tmp_path / name, about, facts) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(("change", "said"), [
    ({"drop": 1}, r"differ: \[23\]"),
    ({"add": Segment(number=99, label="x", kind=METASTASIS)}, r"differ: \[99\]"),
    ({"add": Segment(number=22, label="x", kind=METASTASIS)}, "number of its own"),
    ({"add": Segment(number=0, label="x", kind=METASTASIS)}, "number of its own"),
    ({"drop": 4}, "number of its own"),
    ({"track": True}, "tracking name and a tracking uid"),
    ({"shape": (4, 12, 6)}, "no label map of the grid"),
    ({"real": True}, "no label map of the grid"),
])  # fmt: skip
def test_refused(*, change, said, about, facts, labels, make_grid, tmp_path):
    """A label without a name, a name without a label, and half a tracking are refused; nothing is written."""
    segments = list(facts.segments)
    if "drop" in change:
        segments = segments[:1] + segments[2:] if change["drop"] == 1 else []
    if "add" in change:
        segments.append(change["add"])
    if "track" in change:
        segments[0] = replace(segments[0], tracking_id="only a name")
    array = labels()[: change.get("shape", (10,))[0]].astype(float if "real" in change else np.int16)
    with pytest.raises(UsageError, match=said):
        write_segmentation(
            array, make_grid(shape_ijk=(10, 12, 6)), tmp_path / "s.dcm", about, replace(facts, segments=tuple(segments))
        )
    assert list(tmp_path.iterdir()) == []
