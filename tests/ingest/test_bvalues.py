"""Real diffusion series of six vendors: b-values and directions as dcm2niix gives them, missing ones said.

The files are headers only and the longer series keep two slice positions, so images are compared, not volumes.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter

import numpy as np
import pydicom
import pytest

from spinemets.geometry import gradients
from spinemets.ingest.facts import diffusion
from spinemets.ingest.facts import weighting as w
from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header import headers, reader
from spinemets.ingest.header.values import Values
from spinemets.ingest.read import read

SERIES = [
    "canon-61-enhanced", "ge-classic-r2", "ge-classic-r3", "ge-dicom2nifti-002", "philips-classic-achieva",
    "philips-classic-dwi", "philips-dicom2nifti-002", "philips-enhanced-001", "siemens-classic-001",
    "siemens-mosaic-001", "siemens-xa30-enhanced", "toshiba-galan", "uih-grid-rot",
]  # fmt: skip


@pytest.fixture(scope="session")
def suite(shared_data):
    """Folder of the suite and its expected volumes by name."""
    folder = shared_data.parent / "reference" / "bvalues"
    if not folder.is_dir():
        pytest.skip("reference suite of b-values is not here")
    return folder, {e["id"]: e for e in json.loads((folder / "expected.json").read_text())["entries"]}


@pytest.fixture
def series(suite, tmp_path):
    """What every image of one series states, what the whole series says, image orientation, and expected volumes."""
    folder, entries = suite

    def find(name: str):
        with zipfile.ZipFile(folder / entries[name]["zip"]) as archive:
            archive.extractall(tmp_path)
        found, orientation = [], None
        for path in sorted(p for p in tmp_path.rglob("*") if p.is_file()):
            source = SourceFile(path=path, name=path.name, size=path.stat().st_size)
            header = reader.HeaderReader().header(source)
            number = int(header.number(headers.N_FRAMES) or 1)
            if number > 1:
                dataset = reader.read_elements(source)
                views = [Values(dataset, index) for index in range(number)]
                found.extend(diffusion.of_values(view) for view in views)
                orientation = w.OfValues(views[0]).numbers(w.ORIENTATION)
            else:
                found.append(diffusion.of_header(header))
                orientation = header.numbers(headers.ORIENTATION)
        images, said = diffusion.completed(found)
        return images, said, orientation, entries[name]["volumes_of_full_series"]

    return find


def distinct(directions) -> np.ndarray:
    """Directions, each once."""
    found: list[np.ndarray] = []
    for one in directions:
        if all(np.abs(np.asarray(one) - other).max() > 1e-4 for other in found):
            found.append(np.asarray(one))
    return np.array(found).reshape(-1, 3)


def expected_directions(volume, orientation) -> np.ndarray:
    """Directions dcm2niix wrote, in the patient: its images have rows turned round, so j runs against the columns."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    affine = np.eye(4)
    affine[:3, :3] = np.stack([row, -column, gradients.normal(orientation)], axis=1)
    b = np.array(volume["bval"])
    turned = gradients.fsl_to_lps(np.array(volume["bvec_image_axes"]).T, affine)
    return distinct(turned[(b >= 1) & (np.linalg.norm(turned, axis=1) > 0)])


@pytest.mark.parametrize("name", SERIES)
def test_b_values_and_directions(series, name):
    """Every image has a b-value of the full series and no other; every direction is there, in the patient."""
    images, _, orientation, volumes = series(name)
    expected = volumes[0]
    assert all(one is not None for one in images)
    # repeats of b = 0 numbered 0.001, 0.002, ... are b = 0; where dcm2niix writes no b-values the header says 0
    wanted = {round(b, 2) if b >= 1 else 0.0 for b in expected.get("bval", [0.0])}
    assert {round(one.b_s_per_mm2, 2) for one in images} == wanted
    ours = distinct(one.direction_lps for one in images if one.direction_lps is not None)
    theirs = expected_directions(expected, orientation) if "bvec_image_axes" in expected else np.zeros((0, 3))
    assert len(ours) == len(theirs)
    for one in theirs:
        assert np.abs(ours - one).max(axis=1).min() < 2e-6
    assert all(abs(np.linalg.norm(one) - 1) < 1e-9 for one in ours)
    assert all(one.source for one in images)


def test_philips_volume_made_by_the_scanner_is_flagged(series):
    """philips-classic-achieva: 16 weighted volumes and one the scanner made of them, at b = 2000 and no direction."""
    images, said, _, volumes = series("philips-classic-achieva")
    assert len(volumes[0]["bval"]) == 16 and len(images) == 2 * 17
    kinds = Counter((one.b_s_per_mm2, one.direction_lps is not None, one.averaged) for one in images)
    assert kinds == {(0.0, False, None): 2, (2000.0, True, False): 30, (2000.0, False, True): 2}
    assert any("b = 2000" in text and "the scanner made" in text for text in said)


def test_philips_dummy_values_are_pooled(series):
    """philips-classic-dwi: 0, 0.001 ... 0.004 are five repeats of b = 0, said so."""
    images, said, _, volumes = series("philips-classic-dwi")
    dummies = sum(0 < b < 1 for b in volumes[0]["bval"])
    assert dummies == 4
    zero = [one for one in images if one.b_s_per_mm2 == 0]
    assert len(zero) == 2 * 5 and all(one.direction_lps is None for one in zero)
    assert sum(diffusion.REPEAT in one.source for one in zero) == 2 * dummies
    assert any(diffusion.REPEAT in text for text in said)


def test_toshiba_says_where_the_b_value_is_missing(series):
    """toshiba-galan: only 1500 is written; the other images are b = 0 and a sentence says why."""
    images, said, _, _ = series("toshiba-galan")
    inferred = [one for one in images if one.source == diffusion.INFERRED]
    assert len(inferred) == 2 and all(one.b_s_per_mm2 == 0 for one in inferred)
    assert said == ("2 of 26 images state no b-value: b = 0, because the other images of the series state theirs",)


def test_uih_keeps_the_effective_value_and_says_the_protocol_s(series):
    """uih-grid-rot: 1.251 and 929.75, where the protocol says 0 and 1000."""
    images, said, _, _ = series("uih-grid-rot")
    assert Counter(round(one.b_s_per_mm2, 3) for one in images) == {1.251: 1, 929.75: 16}
    assert any("929.75" in text and "the protocol states 1000 (0065,100A)" in text for text in said)


def test_large_second_value_of_ge_is_no_b_value(series):
    """ge-dicom2nifti-002: 0 and 335544320: the first one counts; the private creators are missing there."""
    images, said, _, volumes = series("ge-dicom2nifti-002")
    assert "bval" not in volumes[0]
    assert {(one.b_s_per_mm2, one.source) for one in images} == {(0.0, "0043,1039")} and said == ()


def test_ge_offset_vectors(suite, write_image, tmp_path):
    """ge_offset_encoding: 1e9 + b on some releases."""
    folder, _ = suite
    for vector in json.loads((folder / "ge_offset_encoding.json").read_text())["vectors"]:
        path = write_image(tmp_path / "one", np.zeros((2, 2), np.uint16), Modality="MR", Manufacturer="GE")
        dataset = pydicom.dcmread(path)
        block = dataset.private_block(0x0043, "GEMS_PARM_01", create=True)
        block.add_new(0x39, "IS", [vector["raw"], 8, 0, 0])
        dataset.save_as(path)
        header = reader.HeaderReader().header(SourceFile(path=path, name="one", size=path.stat().st_size))
        assert diffusion.of_header(header).b_s_per_mm2 == vector["b_s_per_mm2"]


@pytest.mark.parametrize(
    ("collection", "name"),
    [("dcm_qa", "canon-enhanced-dti"), ("dcm_qa", "uih-dti-classic-grid"), ("dicom2nifti", "philips-dti-001"),
     ("dicom2nifti", "philips-enhanced-dti"), ("dicom2nifti", "siemens-dti-classic"), ("dicom2nifti", "ge-dti-001")],
)  # fmt: skip
def test_whole_series_with_pixels(shared_data, collection, name):
    """Through the whole reader: one volume for each of dcm2niix's, with its b-value and its direction."""
    folder = shared_data.parent / "reference" / collection
    if not folder.is_dir():
        pytest.skip("reference suites are not here")
    entries = json.loads((folder / "expected.json").read_text())["entries"]
    entry = next(e for e in entries if e["id"] == name)
    (volume,) = [v for v in entry["volumes"] if v.get("bval")]
    found = [one.acquisition.diffusion for one in read([folder / entry["zip"]]).series]
    assert Counter(round(one.b_s_per_mm2, 2) for one in found) == Counter(round(b, 2) for b in volume["bval"])
    grid = np.diag([-1.0, -1, 1, 1]) @ np.array(volume["affine_ras"])
    stored, b = np.array(volume["bvec_image_axes"]).T, np.array(volume["bval"])
    wanted = gradients.fsl_to_lps(stored, grid)[(b > 1.5) & (np.linalg.norm(stored, axis=1) > 0)]
    ours = np.array([one.direction_lps for one in found if one.direction_lps is not None]).reshape(-1, 3)
    if name == "ge-dti-001":
        # its phase encoding direction and patient position were removed: the direction cannot be turned, and that is said
        assert len(ours) == 0 and any("no phase encoding direction is stated" in one.source for one in found)
        return
    assert len(ours) == len(wanted)
    for one in wanted:
        assert np.abs(ours - one).max(axis=1).min() < 2e-6


def test_trace_weighted_images_of_a_phantom(shared_data, tmp_path):
    """diffusion_phantom: five series of one b-value each, 0 to 2000, and the scanner's ADC, which has none."""
    folder = shared_data.parent / "reference" / "diffusion_phantom"
    if not folder.is_dir():
        pytest.skip("reference suite of the diffusion phantom is not here")
    series = read([folder / "repeat1.zip"]).series
    assert sorted(one.acquisition.diffusion.b_s_per_mm2 for one in series if one.acquisition.diffusion) == [
        0, 500, 1000, 1500, 2000,
    ]  # fmt: skip
    (adc,) = [one for one in series if one.acquisition.diffusion is None]
    assert "ADC" in adc.acquisition.image_type
