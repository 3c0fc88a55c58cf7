"""BIDS side file: "read in the same way", shown as source."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spinemets.ingest.options import ReadingOptions
from spinemets.ingest.read import read

SIDE = {
    "Modality": "MR", "MagneticFieldStrength": 3, "RepetitionTime": 2.5, "EchoTime": 0.09, "InversionTime": 0.2,
    "FlipAngle": 150, "EchoTrainLength": 15, "ScanningSequence": "SE", "SequenceVariant": "SK\\SP",
    "ImageType": ["ORIGINAL", "PRIMARY"], "SeriesDescription": "T2 SAG", "MRAcquisitionType": "2D",
    "ContrastBolusIngredient": "GADOLINIUM", "SomethingElse": 7,
}  # fmt: skip


@pytest.fixture
def pair(tmp_path, write_nifti, noise):
    def build(side) -> list:
        write_nifti(tmp_path / "t2.nii.gz", noise(3, 4, 5).astype(np.int16), np.eye(4))
        text = side if isinstance(side, str) else json.dumps(side)
        (tmp_path / "t2.json").write_text(text)
        return [tmp_path]

    return build


def test_facts_of_the_side_file(pair, tmp_path):
    """Header facts a NIfTI file lost come back, marked as stated, with the file as their source."""
    for paths in (pair(SIDE), [tmp_path / "t2.nii.gz"]):
        study = read(paths)
        (series,) = study.series
        one = series.acquisition
        assert (one.modality, one.field_t, one.tr_s, one.te_s, one.ti_s) == ("MR", 3, 2.5, 0.09, 0.2)
        assert (one.scanning_sequence, one.sequence_variant) == (("SE",), ("SK", "SP"))
        assert (one.acquisition_3d, one.contrast_agent, one.description) == (False, True, "T2 SAG")
        assert series.source == "t2.nii.gz + t2.json" and "tr_s" in one.stated_by_user
        assert series.warnings == () and study.unread == ()


def test_odd_values_are_said_and_not_used(pair):
    """Out of range or of another type: a line, no guess."""
    series = read(pair({"MagneticFieldStrength": "high", "EchoTime": 90, "RepetitionTime": 2})).series[0]
    assert series.acquisition.tr_s == 2 and series.acquisition.te_s is None
    assert len(series.warnings) == 2 and "MagneticFieldStrength has an unusual value" in series.warnings[0]


@pytest.mark.parametrize("text", ["{", "[1, 2]", "\x00"])
def test_a_broken_side_file_is_a_warning(pair, text):
    """The image is read all the same."""
    series = read(pair(text)).series[0]
    assert series.warnings == ("side file t2.json cannot be read and is not used",)
    assert series.measurable


def test_the_facts_file_speaks_last(pair, tmp_path):
    """The user's own facts come over the side file's."""
    path = tmp_path.parent / "facts_side.yaml"
    path.write_text("t2.nii.gz: {te_ms: 100, kind: t2}\n")
    series = read(pair(SIDE), ReadingOptions(facts=path)).series[0]
    assert series.acquisition.te_s == 0.1 and series.acquisition.stated_kind == "t2"
    assert series.acquisition.tr_s == 2.5


def test_text_without_an_image_is_set_aside(pair, tmp_path):
    """A JSON file of another name is no side file: a line."""
    (tmp_path / "other.json").write_text("{}")
    study = read(pair(SIDE))
    assert [(u.file, u.kind) for u in study.unread] == [("other.json", "set aside")]


def test_side_file_in_an_archive_and_of_other_shapes(tmp_path, write_nifti, noise):
    """Members of archives find their side file by name; lists and texts of DICOM values mean the same."""
    import zipfile

    write_nifti(tmp_path / "t2.nii", noise(3, 4, 5).astype(np.int16), np.eye(4))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.write(tmp_path / "t2.nii", "s/t2.nii")
        out.writestr("s/t2.json", json.dumps({"Modality": "MRI", "ScanOptions": ["FS"], "SequenceVariant": "SK_SP",
                                              "ProtocolName": ["a", "b"]}))  # fmt: skip
    series = read([tmp_path / "a.zip"]).series[0]
    one = series.acquisition
    assert (one.modality, one.scan_options, one.sequence_variant) == ("MR", ("FS",), ("SK", "SP"))
    assert one.protocol == "a\\b" and series.source.endswith("+ t2.json")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as out:
        out.write(tmp_path / "t2.nii", "t2.nii")
    assert read([tmp_path / "b.zip"]).series[0].acquisition.modality is None


def test_a_side_file_beyond_the_limit(pair, monkeypatch):
    """Too large to be a side file: said, not read."""
    import dataclasses

    from spinemets.ingest import limits as bounds

    small = dataclasses.replace(bounds.load(), max_stated_kb=0)
    monkeypatch.setattr(bounds, "load", lambda: small)
    assert "cannot be read" in read(pair(SIDE)).series[0].warnings[0]
