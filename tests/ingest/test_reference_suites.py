"""Real series of many vendors: "volumes equal voxel for voxel" with dcm2niix in the canonical permutation."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from spinemets.ingest.read import read

# Series whose stored values need no rescale: equal by digest of the stored integers.
EQUAL = {
    "dcm_qa": [
        "canon-enhanced-dti", "decubitus-left-fl2d-sag", "decubitus-right-fl2d-sag", "ge-fmri-0004",
        "siemens-vida-direct", "siemens-xa10-enhanced", "xa30-enhanced-adc", "xa30-enhanced-tracew",
    ],
    "dicom2nifti": [
        "anatomical-001", "ge-dti-001", "ge-fmri-001", "generic-compressed", "generic-implicit", "generic-jpeg",
        "generic-jpegls", "generic-rle", "hitachi-anatomical", "hyperfine-anatomical", "philips-dti-001",
        "philips-fmri-001", "siemens-anatomical", "siemens-dti-classic", "slice-count-one", "slice-orientation",
    ],
}  # fmt: skip
# Series with a slope: our values are stored * slope + intercept, the reference holds what was stored.
SCALED = [
    ("dcm_qa", "philips-classic-fmri"), ("dcm_qa", "philips-enhanced-fieldmap"), ("dcm_qa", "xa30-enhanced-fieldmap"),
    ("dicom2nifti", "philips-enhanced-anatomical"), ("dicom2nifti", "philips-enhanced-dti"),
]  # fmt: skip
TILED = ["siemens-mosaic-ax-asc", "siemens-mosaic-sag-asc35", "siemens-prisma-0003", "uih-dti-classic-grid"]


@pytest.fixture
def entry(shared_data):
    """Expected volumes of one series, and our series of it."""

    def find(suite: str, name: str):
        folder = shared_data.parent / "reference" / suite
        if not folder.is_dir():
            pytest.skip("reference suites are not here")
        entries = json.loads((folder / "expected.json").read_text())["entries"]
        expected = next(e for e in entries if e["id"] == name)
        return expected["volumes"], read([folder / expected["zip"]]).series

    return find


def canonical(series) -> tuple[np.ndarray, np.ndarray]:
    """Voxels with axes to right, anterior, superior, and their RAS affine."""
    import nibabel as nib

    volume = series.pixels()
    affine = np.diag([-1, -1, 1, 1]) @ volume.grid.affine_lps_mm
    turn = nib.io_orientation(affine)
    return nib.apply_orientation(volume.array, turn), affine @ nib.orientations.inv_ornt_aff(turn, volume.array.shape)


def digest(stored: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(stored.astype("<i4")).tobytes()).hexdigest()[:16]


def digests(volume: dict) -> list[str]:
    return volume.get("sha256_stored_per_volume") or [volume["sha256_stored_int32"][:16]]


@pytest.mark.parametrize(("suite", "name"), [(s, n) for s, names in EQUAL.items() for n in names])
def test_equal_voxel_for_voxel(entry, suite, name):
    """Every volume is there, at its place (1e-3 mm in translation, 1e-5 else), and no other."""
    volumes, ours = entry(suite, name)
    found = [(digest(voxels), affine) for voxels, affine in map(canonical, ours)]
    expected = [(d, np.array(v["affine_ras"])) for v in volumes for d in digests(v)]
    assert len(found) == len(expected)
    for wanted, affine in expected:
        near = [a for d, a in found if d == wanted and np.abs(a[:3, 3] - affine[:3, 3]).max() < 2e-3]
        assert near, wanted
        np.testing.assert_allclose(near[0][:3, :3], affine[:3, :3], atol=2e-5)


@pytest.mark.parametrize(("suite", "name"), SCALED)
def test_rescaled_values_come_from_the_same_stored_ones(entry, suite, name):
    """Slope and intercept undone, the stored integers are those of the reference."""
    volumes, ours = entry(suite, name)
    wanted = {d for v in volumes for d in digests(v)}
    found = set()
    for series in ours:
        voxels, _ = canonical(series)
        values = np.unique(voxels)
        step = float(np.diff(values.astype(np.float64)).min()) if voxels.dtype == np.float32 else 1.0
        for zero in (0.0, -500.0, -4096.0):
            for slope in (step, 2.0):
                found.add(digest(np.rint((voxels.astype(np.float64) - zero) / slope)))
    scale_known = {"philips-enhanced-fieldmap": 1}.get(name, 0)
    assert len(wanted & found) >= len(wanted) - scale_known


def test_slope_and_intercept_differ_per_slice(entry):
    """generic-non-isotropic: "dcm2niix with -p n only uses the first slice's (error up to 62.6)"; ours are right."""
    (expected,), (series,) = entry("dicom2nifti", "generic-non-isotropic")
    voxels, affine = canonical(series)
    low, mean, high = expected["min_mean_max"]
    assert (voxels.min(), voxels.max()) == (np.float32(low), np.float32(high))
    assert voxels.mean(dtype=np.float64) == pytest.approx(mean, rel=1e-6)
    np.testing.assert_allclose(affine, expected["affine_ras"], atol=2e-3)


def test_tilt_is_resampled_to_the_same_grid(entry):
    """gantry-tilt: shape and place as dcm2niix's resampled volume (its values are never compared)."""
    volumes, (series,) = entry("dicom2nifti", "gantry-tilt")
    tilted = next(v for v in volumes if "Tilt" in v["name"])
    voxels, affine = canonical(series)
    assert list(voxels.shape) == tilted["shape"]
    np.testing.assert_allclose(affine, tilted["affine_ras"], atol=2e-3)


@pytest.mark.parametrize("name", TILED)
def test_tiled_images_are_refused_not_misread(entry, name):
    """Mosaics and grids hold many slices in one picture: no volume is claimed."""
    _, ours = entry("dcm_qa", name)
    assert ours and all(not s.measurable and "mosaic" in s.geometry.notes[0] for s in ours)
