"""DICOM SEG as labels."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from spinemets.model.errors import LabelSchemeError, UnreadableInput
from spinemets.model.grid import Grid
from spinemets.segmentation.dicom_seg import read_seg
from spinemets.segmentation.label_map import read
from spinemets.segmentation.options import LabelFile

CODES = {"L3": ("36470004", "Third lumbar vertebra"), "L4": ("49668003", "Fourth lumbar vertebra")}


@pytest.fixture
def write_seg(tmp_path):
    """A SEG on a CT of 6 axial slices (3 mm apart, 0.5 x 0.8 mm pixels), written with highdicom."""
    import highdicom as hd
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    study, series, frame = generate_uid(), generate_uid(), generate_uid()

    def image(k: int) -> Dataset:
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, generate_uid()
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
        for name in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber",
                     "StudyDate", "StudyTime", "ReferringPhysicianName"):  # fmt: skip
            setattr(ds, name, "")
        ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "CT", 1, k + 1
        ds.Rows, ds.Columns, ds.PixelSpacing, ds.SliceThickness = 10, 12, [0.5, 0.8], 3
        ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-10, 20, 100 + 3 * k]
        return ds

    def write(masks: dict[str, np.ndarray], kind: str = "BINARY", label: str | None = None, name: str = "seg.dcm"):
        descriptions = [
            hd.seg.SegmentDescription(
                segment_number=n,
                segment_label=label or level,
                segmented_property_category=hd.sr.CodedConcept("123037004", "SCT", "Anatomical Structure"),
                segmented_property_type=hd.sr.CodedConcept(CODES[level][0], "SCT", CODES[level][1]),
                algorithm_type="MANUAL",
            )
            for n, level in enumerate(masks, start=1)
        ]
        pixels = np.stack(list(masks.values()), axis=-1).astype(np.uint8)
        if kind == "LABELMAP":
            pixels = (pixels * np.arange(1, len(masks) + 1)).max(axis=-1).astype(np.uint8)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seg = hd.seg.Segmentation(
                source_images=[image(k) for k in range(6)],
                pixel_array=pixels,
                segmentation_type=kind,
                segment_descriptions=descriptions,
                series_instance_uid=generate_uid(),
                series_number=2,
                sop_instance_uid=generate_uid(),
                instance_number=1,
                manufacturer="x",
                manufacturer_model_name="x",
                software_versions="1",
                device_serial_number="1",
                omit_empty_frames=True,
            )
            seg.save_as(tmp_path / name)
        return tmp_path / name, Grid(
            shape_ijk=(12, 10, 6),
            affine_lps_mm=np.array([[0.8, 0, 0, -10], [0, 0.5, 0, 20], [0, 0, 3, 100], [0, 0, 0, 1.0]]),
            frame_of_reference_uid=frame,
        )

    return write


def blocks() -> dict[str, np.ndarray]:
    """Masks (slice, row, column)."""
    upper, lower = np.zeros((6, 10, 12), bool), np.zeros((6, 10, 12), bool)
    upper[3:5, 2:6, 3:9] = True
    lower[1:3, 4:8, 2:5] = True
    return {"L3": upper, "L4": lower}


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_names_and_places(write_seg, make_study, kind):
    """'binary and labelmap SEG, geometry from its own frames': every voxel lands on its voxel of the series."""
    masks = blocks()
    path, grid = write_seg(masks, kind)
    (labels,) = read([LabelFile(path=path)], make_study(grid))
    assert labels.naming == "self-naming"
    assert labels.series_uid == "1.2.1"
    assert labels.grid == grid
    for part in labels.of("vertebra"):
        # (slice, row, column) of the mask is (k, j, i) of the series
        np.testing.assert_array_equal(part.region.full_mask(), masks[part.level].transpose(2, 1, 0))


def test_overlapping_segments_stay_whole(write_seg, make_study):
    masks = blocks()
    masks["L4"] |= masks["L3"]
    path, grid = write_seg(masks)
    (labels,) = read([LabelFile(path=path)], make_study(grid))
    assert {p.level: p.region.n_voxels for p in labels.of("vertebra")} == {k: m.sum() for k, m in masks.items()}


def test_coded_meaning_names_where_the_label_does_not(write_seg, make_study):
    path, grid = write_seg({"L3": blocks()["L3"]}, label="Segment_1")
    (labels,) = read([LabelFile(path=path)], make_study(grid))
    assert [p.level for p in labels.of("vertebra")] == ["L3"]


def test_folder_of_segs(write_seg, make_study, tmp_path):
    masks = blocks()
    _, grid = write_seg({"L3": masks["L3"]}, name="a.dcm")
    write_seg({"L4": masks["L4"]}, name="b.dcm")
    found = read([LabelFile(path=tmp_path)], make_study(grid))
    assert [p.level for labels in found for p in labels.of("vertebra")] == ["L3", "L4"]


def test_stated_scheme_reads_segment_numbers(write_seg, make_study):
    """A stated scheme takes segment numbers as its integers; the names in the file contradict it aloud."""
    path, grid = write_seg(blocks())
    (labels,) = read([LabelFile(path=path, scheme="verse")], make_study(grid))
    assert [p.level for p in labels.of("vertebra")] == ["C1", "C2"]
    assert "CONFLICT" in labels.warnings[0]


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("highdicom-seg_image_ct_true_fractional.dcm", LabelSchemeError, "fractional"),
        ("highdicom-seg_image_cr_binary.dcm", UnreadableInput, "no regular volume"),
        ("highdicom-seg_image_sm_control_labelmap.dcm", UnreadableInput, "no regular volume"),
        ("highdicom-ct_image.dcm", UnreadableInput, "no segmentation object"),
        ("rtstruct-mock.dcm", UnreadableInput, "no segmentation object"),
    ],
)
def test_refusals_of_real_objects(shared_data, name, error, message):
    with pytest.raises(error, match=message):
        read_seg(shared_data / "dicom-objects" / name)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("liver-seg.dcm", {1: "Liver"}),
        ("tiny-23x38x3/label-seg.dcm", {1: "Liver"}),
        ("tiny-24x38x3/label-seg.dcm", {1: "Liver"}),
        ("seg-sparse-labelmap-no-ppv.dcm", {1: "Liver"}),
        ("pet-headneck-seg.dcm", {1: "Neoplasm, Primary"}),
    ],
)
def test_real_segments(shared_data, make_study, name, names):
    """Read, counted, and then refused: a liver is no vertebra, and segment numbers are no level names."""
    path = shared_data / "dicom-objects" / name
    labels = read_seg(path)
    assert labels.names == names
    assert labels.counts[1] > 0
    with pytest.raises(LabelSchemeError, match="No name inside"):
        read([LabelFile(path=path)], make_study())


def test_columns_that_cross_bytes(shared_data):
    """A SEG of 23 columns (no multiple of 8) has the voxels that lie above its own pixel data."""
    from pydicom import dcmread

    path = shared_data / "dicom-objects" / "tiny-23x38x3" / "label-seg.dcm"
    assert sum(read_seg(path).counts.values()) == int(dcmread(path).pixel_array.sum())
