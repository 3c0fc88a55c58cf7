"""Real series of many vendors: "volumes equal voxel for voxel", every entry and every volume of both reference suites.

The reference holds, for each volume in a canonical permutation of axes, the digest of the stored integers and the affine.
Ours must hold the same integers at the same place, and the values must be those integers after the slope and intercept
their own header states. The entries that cannot be equal are listed with the reason, and each has a test of its own that
shows what differs and that ours is right.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from collections import Counter

import numpy as np
import pytest

from spinemets.ingest.read import read

SUITES = ("dcm_qa", "dicom2nifti")
TRANSLATION_MM, ELSE = 1e-3, 1e-5
# The reference writes its affines with six decimals.
ROUNDING = 1e-6
# Entry -> volumes of the reference that ours does not repeat, each with a test below.
DIFFERENT = {
    "generic-non-isotropic": "slope and intercept differ per slice: floating point, compared by value",
    "gantry-tilt": "resampled: by rule never compared by digest",
    "slice-increment-001": "a missing slice: one wrong affine and one interpolated volume in the reference",
    "xa30-enhanced-colfa": "colour: compared by the digest of its bytes",
}
# Directions of rows and slices that differ by 1e-5 to 2e-5 from the reference, and lie nearer to what the headers state.
NEARER = {"siemens-xa10-enhanced", "anatomical-001"}
ENTRIES = {
    "dcm_qa": [
        "canon-enhanced-dti", "decubitus-left-fl2d-sag", "decubitus-right-fl2d-sag", "ge-fmri-0004", "philips-classic-fmri",
        "philips-enhanced-fieldmap", "siemens-12bit", "siemens-mosaic-ax-asc", "siemens-mosaic-ax-desc36",
        "siemens-mosaic-cor-desc35", "siemens-mosaic-cor-int36", "siemens-mosaic-sag-asc35", "siemens-prisma-0003",
        "siemens-prisma-0005", "siemens-vida-direct", "siemens-xa10-enhanced", "uih-dti-classic-grid", "xa30-enhanced-adc",
        "xa30-enhanced-colfa", "xa30-enhanced-fieldmap", "xa30-enhanced-tracew",
    ],
    "dicom2nifti": [
        "anatomical-001", "gantry-tilt", "ge-dti-001", "ge-fmri-001", "generic-compressed", "generic-implicit",
        "generic-jpeg", "generic-jpegls", "generic-non-isotropic", "generic-rle", "hitachi-anatomical",
        "hyperfine-anatomical", "philips-dti-001", "philips-enhanced-anatomical", "philips-enhanced-dti",
        "philips-fmri-001", "siemens-anatomical", "siemens-dti-classic", "slice-count-one", "slice-increment-001",
        "slice-orientation",
    ],
}  # fmt: skip
SAME = [(suite, name) for suite, names in ENTRIES.items() for name in names if name not in DIFFERENT]


@pytest.fixture
def suite_folder(shared_data):
    """Folder of one suite."""

    def find(suite: str):
        folder = shared_data.parent / "reference" / suite
        if not folder.is_dir():
            pytest.skip("reference suites are not here")
        return folder

    return find


@pytest.fixture
def entry(suite_folder):
    """Expected volumes of one entry, our series of it, and its data sets as pydicom reads them."""
    import pydicom

    def find(suite: str, name: str):
        folder = suite_folder(suite)
        entries = json.loads((folder / "expected.json").read_text())["entries"]
        expected = next(e for e in entries if e["id"] == name)
        path = folder / expected["zip"]
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if not n.endswith("/")]
            datasets = [pydicom.dcmread(io.BytesIO(archive.read(n)), force=True) for n in names]
        return expected["volumes"], read([path]).series, datasets

    return find


def canonical(series) -> tuple[np.ndarray, np.ndarray]:
    """Voxels with axes to right, anterior, superior, and their RAS affine."""
    import nibabel as nib

    volume = series.pixels()
    affine = np.diag([-1, -1, 1, 1]) @ volume.grid.affine_lps_mm
    turn = nib.io_orientation(affine)
    shape = volume.array.shape[:3]
    return nib.apply_orientation(volume.array, turn), affine @ nib.orientations.inv_ornt_aff(turn, shape)


def digest(stored: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(stored.astype("<i4")).tobytes()).hexdigest()[:16]


def digests(volume: dict) -> list[str]:
    return volume.get("sha256_stored_per_volume") or [volume["sha256_stored_int32"][:16]]


def scales(datasets) -> set[tuple[float, float]]:
    """Every slope and intercept the headers state, of files and of frames; (1, 0) is what is meant where none is."""
    found = {(1.0, 0.0)}
    for dataset in datasets:
        groups = [*(dataset.get("PerFrameFunctionalGroupsSequence") or []), dataset]
        groups += dataset.get("SharedFunctionalGroupsSequence") or []
        for group in groups:
            for item in [group, *(group.get("PixelValueTransformationSequence") or [])]:
                if "RescaleSlope" in item:
                    found.add((float(item.RescaleSlope), float(item.RescaleIntercept)))
    return found


def stored_digests(series, pairs) -> dict[str, tuple[float, float]]:
    """Digest of the integers our values may come from -> the slope and intercept that give exactly these values."""
    voxels, _ = canonical(series)
    found = {}
    for slope, intercept in pairs:
        integers = np.rint((voxels.astype(np.float64) - intercept) / slope)
        again = (integers * slope + intercept).astype(np.float32)
        if np.array_equal(again, voxels.astype(np.float32)):
            found[digest(integers)] = (slope, intercept)
    # integers that already hold the intercept, as the reference writes CT
    if voxels.dtype.kind == "i":
        found.setdefault(digest(voxels), (1.0, 0.0))
    return found


def header_points(datasets) -> np.ndarray:
    """LPS points of the first and the last pixel of every frame, as the headers place them."""
    found = []
    for dataset in datasets:
        shared = (dataset.get("SharedFunctionalGroupsSequence") or [dataset])[0]
        for frame in dataset.get("PerFrameFunctionalGroupsSequence") or [dataset]:
            item = {}
            for level in (dataset, shared, frame):
                for part in [level, *(element.value[0] for element in level if element.VR == "SQ" and element.value)]:
                    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
                        if part.get(keyword):
                            item[keyword] = np.array(part.get(keyword), float)
            across, down = item["ImageOrientationPatient"].reshape(2, 3)
            rows, columns = (
                (dataset.Rows - 1) * item["PixelSpacing"][0],
                (dataset.Columns - 1) * item["PixelSpacing"][1],
            )
            first = item["ImagePositionPatient"]
            found += [first, first + down * rows + across * columns]
    return np.array(found)


def furthest_mm(affine_ras: np.ndarray, points_lps: np.ndarray) -> float:
    """Largest distance of a point from the voxel centre that is meant for it."""
    points = np.column_stack([points_lps * (-1, -1, 1), np.ones(len(points_lps))])
    index = np.rint(points @ np.linalg.inv(affine_ras).T)
    return float(np.linalg.norm((index @ affine_ras.T - points)[:, :3], axis=1).max())


def assert_affine(ours: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(ours[:3, 3], wanted[:3, 3], rtol=0, atol=TRANSLATION_MM + ROUNDING)
    np.testing.assert_allclose(ours[:3, :3], wanted[:3, :3], rtol=0, atol=ELSE + ROUNDING)


@pytest.mark.parametrize("suite", SUITES)
def test_no_entry_is_left_out(suite_folder, suite):
    """Both lists name every entry of the suite: 21 and 21."""
    entries = json.loads((suite_folder(suite) / "expected.json").read_text())["entries"]
    assert sorted(e["id"] for e in entries) == ENTRIES[suite] and len(entries) == 21


@pytest.mark.parametrize(("suite", "name"), SAME)
def test_equal_voxel_for_voxel(entry, suite, name):
    """Each volume of the reference once in ours: shape, place, stored integers, and the values of its own scale; no other."""
    volumes, ours, datasets = entry(suite, name)
    pairs = scales(datasets)
    expected = [(d, volume) for volume in volumes for d in digests(volume)]
    assert len(ours) == len(expected)
    left = [(stored_digests(series, pairs), canonical(series)) for series in ours]
    for wanted, volume in expected:
        affine = np.array(volume["affine_ras"])
        place = next(
            n for n, (found, (_, own)) in enumerate(left)
            if wanted in found and np.abs(own[:3, 3] - affine[:3, 3]).max() < 1
        )  # fmt: skip
        _, (voxels, own) = left.pop(place)
        assert list(voxels.shape) == volume["shape"][:3]
        if name in NEARER:
            assert np.abs(own - affine).max() < 2e-5 + ROUNDING
            points = header_points(datasets)
            assert furthest_mm(own, points) < furthest_mm(affine, points)
        else:
            assert_affine(own, affine)


def test_values_are_those_of_the_header(entry):
    """philips-classic-fmri: displayed values (after RescaleSlope), "not after the private scale slope"."""
    _, ours, datasets = entry("dcm_qa", "philips-classic-fmri")
    (slope, _), = (pair for pair in scales(datasets) if pair[0] != 1)  # fmt: skip
    highest = max(int(dataset.pixel_array.max()) for dataset in datasets)
    assert max(float(series.pixels().array.max()) for series in ours) == np.float32(highest * slope)


def test_dirty_bits_and_shared_identifiers(entry):
    """siemens-12bit: three files of one identifier and one series, 12 bits with dirt above; the reference has three volumes."""
    volumes, ours, _ = entry("dcm_qa", "siemens-12bit")
    assert len(ours) == len(volumes) == 3
    assert {s.acquisition.description for s in ours} == {"FMRI_AX_ASC"}
    assert any("same identifier" in warning for s in ours for warning in s.warnings)
    assert Counter(digest(canonical(s)[0]) for s in ours) == Counter(d for v in volumes for d in digests(v))


def test_slope_and_intercept_differ_per_slice(entry):
    """generic-non-isotropic: each slice has the values of its own header; what the reference kept of its own agrees."""
    (expected,), (series,), datasets = entry("dicom2nifti", "generic-non-isotropic")
    volume = series.pixels()
    inverse = np.linalg.inv(volume.grid.affine_lps_mm)
    for dataset in datasets:
        i, j, k = np.rint(inverse @ [*dataset.ImagePositionPatient, 1])[:3].astype(int)
        values = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        assert (i, j) == (0, 0)
        np.testing.assert_array_equal(volume.array[:, :, k].T, values.astype(np.float32))
    voxels, affine = canonical(series)
    low, mean, high = expected["min_mean_max"]
    span = high - low
    found = (voxels.min(), voxels.mean(dtype=np.float64), voxels.max())
    np.testing.assert_allclose(found, (low, mean, high), rtol=0, atol=1e-6 * span)
    wanted, points = np.array(expected["affine_ras"]), header_points(datasets)
    assert np.abs(affine - wanted).max() < 2e-5 + ROUNDING
    assert furthest_mm(affine, points) < furthest_mm(wanted, points)


def test_values_per_slice_equal_those_of_a_converter_run_now(suite_folder, tmp_path):
    """generic-non-isotropic, the values themselves: "compare those with 1e-6 of the range" (dcm2niix, where it is installed)."""
    import nibabel as nib

    converter = shutil.which("dcm2niix")
    if converter is None:
        pytest.skip("dcm2niix is not installed")
    path = suite_folder("dicom2nifti") / "generic-non-isotropic.zip"
    (tmp_path / "out").mkdir()
    zipfile.ZipFile(path).extractall(tmp_path / "in")
    options = ["-b", "n", "-z", "n", "-p", "y", "-o", str(tmp_path / "out"), str(tmp_path / "in")]
    subprocess.run([converter, *options], check=True, capture_output=True)
    image = nib.load(next((tmp_path / "out").glob("*.nii")))
    theirs = nib.apply_orientation(image.get_fdata(), nib.io_orientation(image.affine))
    voxels, _ = canonical(read([path]).series[0])
    np.testing.assert_allclose(voxels, theirs, rtol=0, atol=1e-6 * np.ptp(theirs))


def bilinear(image: np.ndarray, row: float, columns: slice) -> np.ndarray:
    """Values of an image at a fractional row."""
    whole = int(np.floor(row))
    part = row - whole
    low = image[whole, columns].astype(np.float64)
    return low if part < 1e-9 else low * (1 - part) + image[whole + 1, columns] * part


def test_tilt_is_resampled_to_where_each_voxel_lies(entry):
    """gantry-tilt: grid of the reference's resampled volume; every voxel is what the tilted image shows at that point.

    The raw stack of the reference (`4_`) holds the same images as ours before resampling, but its affine takes them for a
    straight stack: the last one 0.45 mm from where its header says it lies.
    """
    volumes, (series,), datasets = entry("dicom2nifti", "gantry-tilt")
    raw, tilted = volumes
    voxels, affine = canonical(series)
    assert series.geometry.verdict == "resampled" and "tilted stack (14.0 degrees" in series.geometry.notes[0]
    assert list(voxels.shape) == tilted["shape"]
    assert_affine(affine, np.array(tilted["affine_ras"]))

    ordered = sorted(datasets, key=lambda d: float(d.ImagePositionPatient[2]))
    stored = np.stack([d.pixel_array.astype(int) for d in ordered], axis=-1)
    # (row, column, slice), rows to the back, columns to the left: to right, anterior, superior
    assert digest(stored.transpose(1, 0, 2)[::-1, ::-1]) == digests(raw)[0]
    claimed = np.array(raw["affine_ras"]) @ [511, 511, 3, 1]
    x, y, z = (float(v) for v in ordered[3].ImagePositionPatient)
    assert np.linalg.norm(claimed[:3] - (-x, -y, z)) == pytest.approx(0.445, abs=0.01)

    volume = series.pixels()
    checked = 0
    for k, dataset in enumerate(ordered):
        image = stored[:, :, k] + int(dataset.RescaleIntercept)
        column = np.array(dataset.ImageOrientationPatient[3:], float)
        for j in range(0, volume.array.shape[1], 7):
            point = (volume.grid.affine_lps_mm @ [0, j, k, 1])[:3] - np.array(dataset.ImagePositionPatient, float)
            row = float(point @ column) / float(dataset.PixelSpacing[0])
            inside = not volume.padding[:, j, k].any()
            assert inside == (-1e-6 <= row <= 511 + 1e-6)
            if inside:
                truth = bilinear(image, max(row, 0.0), slice(None))
                assert np.abs(volume.array[:, j, k] - truth).max() <= 0.5 + 1e-6
                checked += 1
    assert checked > 4 * 70


def test_a_missing_slice_is_a_gap_not_an_invention(entry):
    """slice-increment-001: gaps of 5, 5 and 10 mm. Each image lies at its own position, the missing one is empty.

    The reference writes the four images with an affine that puts the last one 5 mm too low (`2_`), and a volume of
    images interpolated across the gap (`2__Eq_1`). Neither is repeated.
    """
    (uneven, invented), (series,), datasets = entry("dicom2nifti", "slice-increment-001")
    voxels, affine = canonical(series)
    volume = series.pixels()
    assert series.geometry.missing_positions_mm == pytest.approx((33.1075,), abs=1e-3)
    assert voxels.shape[2] == 5 and invented["resampled_by_dcm2niix"] and invented["shape"][2] == 6
    empty = volume.padding.all(axis=(0, 1))
    assert list(empty) == [False, False, False, True, False] and volume.padding.sum() == 512 * 512
    assert digest(voxels[:, :, ~empty].astype(int) + 1024) == digests(uneven)[0]
    assert_affine(affine, np.array(uneven["affine_ras"]))
    for dataset in datasets:
        x, y, z = (float(v) for v in dataset.ImagePositionPatient)
        i, j, k = np.rint(np.linalg.inv(volume.grid.affine_lps_mm) @ [x, y, z, 1])[:3].astype(int)
        assert (i, j) == (0, 0)
        image = dataset.pixel_array.astype(int) + int(dataset.RescaleIntercept)
        np.testing.assert_array_equal(volume.array[:, :, k].T, image)
    last = np.array(uneven["affine_ras"]) @ [0, 0, 3, 1]
    highest = max(float(d.ImagePositionPatient[2]) for d in datasets)
    assert highest - last[2] == pytest.approx(5.0, abs=1e-3)


def test_colour_volume_equal_byte_for_byte(entry):
    """xa30-enhanced-colfa: red, green and blue of every voxel, at its place."""
    (expected,), (series,), _ = entry("dcm_qa", "xa30-enhanced-colfa")
    voxels, affine = canonical(series)
    assert series.pixels().quantity == "colour"
    assert list(voxels.shape) == [*expected["shape"], 3] and voxels.dtype == np.uint8
    assert hashlib.sha256(np.ascontiguousarray(voxels).tobytes()).hexdigest() == expected["sha256_rgb"]
    assert_affine(affine, np.array(expected["affine_ras"]))
