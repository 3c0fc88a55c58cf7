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

    from spinemets.ingest.files import limits as bounds

    small = dataclasses.replace(bounds.load(), max_stated_kb=0)
    monkeypatch.setattr(bounds, "load", lambda: small)
    assert "cannot be read" in read(pair(SIDE)).series[0].warnings[0]


@pytest.fixture
def four(tmp_path, write_nifti, noise):
    """A 4-D file with side files given as texts by name; the series of its volumes."""

    def build(n: int, files: dict[str, object], name: str = "d.nii.gz", time_step_ms: float = 0.0):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_nifti(path, noise(3, 4, 5, n).astype(np.int16), np.diag([-1.0, -1, 1, 1]))
        if time_step_ms:
            import gzip

            raw = bytearray(gzip.decompress(path.read_bytes()))
            raw[92:96], raw[123] = np.float32(time_step_ms).tobytes(), 2 | 16
            path.write_bytes(gzip.compress(bytes(raw)))
        for other, text in files.items():
            (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / other).write_text(text if isinstance(text, str) else json.dumps(text))
        return read([tmp_path])

    return build


def test_weightings_go_to_their_volumes(four):
    """`.bval`, `.bvec` and `.json` beside a 4-D file: b-value and direction per volume, files named as sources."""
    study = four(3, {"d.bval": "0 500 1000", "d.bvec": "0 1 0\n0 0 1\n0 0 0\n", "d.json": {"EchoTime": 0.08}})
    found = [one.acquisition for one in study.series]
    assert [one.b_values_s_per_mm2 for one in found] == [(0,), (500,), (1000,)]
    assert [one.diffusion.direction_lps for one in found] == [None, pytest.approx((-1, 0, 0)), pytest.approx((0, 1, 0))]
    assert {one.te_s for one in found} == {0.08}
    assert study.series[0].source == "d.nii.gz + d.json + d.bval + d.bvec" and study.unread == ()


def test_unusable_weightings_are_one_warning(four):
    """Said once, on the first volume; no volume has a b-value."""
    study = four(3, {"d.bval": "0 500"})
    assert [len(one.warnings) for one in study.series] == [1, 0, 0]
    assert "d.bval is not used" in study.series[0].warnings[0]
    assert all(one.acquisition.diffusion is None and one.source == "d.nii.gz" for one in study.series)
    assert study.unread == ()


def test_b_values_of_the_side_file(four):
    """DiffusionBValue, one a volume, where there is no `.bval`."""
    found = [one.acquisition for one in four(2, {"d.json": {"DiffusionBValue": [0, 800]}}).series]
    assert [one.diffusion.b_s_per_mm2 for one in found] == [0, 800]
    assert found[1].diffusion.source == "d.json"


def test_echoes_of_the_side_file(four):
    """A list of echo times: one echo a volume, no time axis even if the header claims a step."""
    study = four(3, {"d.json": {"EchoTime": [0.002, 0.004, 0.006], "RepetitionTime": 0.5}}, time_step_ms=500)
    found = [one.acquisition for one in study.series]
    assert [(one.te_s, one.echo_number, one.time_s) for one in found] == [
        (0.002, 1, None),
        (0.004, 2, None),
        (0.006, 3, None),
    ]


def test_a_list_of_another_length_is_odd(four):
    """Two echo times for three volumes are used for none of them."""
    study = four(3, {"d.json": {"EchoTime": [0.002, 0.004]}})
    assert all(one.acquisition.te_s is None for one in study.series)
    assert "EchoTime has an unusual value" in study.series[0].warnings[0]


def test_times_of_a_dynamic_series(four):
    """VolumeTiming before the header's step, the header's step before RepetitionTime, and the last only with a word."""
    timed = four(3, {"d.json": {"VolumeTiming": [10, 12, 17.5], "RepetitionTime": 9}}, time_step_ms=4000)
    assert [one.acquisition.time_s for one in timed.series] == [0, 2, 7.5]
    assert [one.acquisition.temporal_position for one in timed.series] == [1, 2, 3]
    header = four(3, {"d.json": {"RepetitionTime": 9}}, time_step_ms=4000)
    assert [one.acquisition.time_s for one in header.series] == [0, 4, 8]
    repeated = four(3, {"d.json": {"RepetitionTime": 2}})
    assert [one.acquisition.time_s for one in repeated.series] == [0, 2, 4]
    assert "multiples of RepetitionTime (2 s)" in repeated.series[0].warnings[0]


def test_times_of_pet_frames(four):
    """FrameTimesStart of BIDS PET, from the first frame on."""
    study = four(3, {"d.json": {"Modality": "PT", "FrameTimesStart": [60, 90, 150]}})
    assert [one.acquisition.time_s for one in study.series] == [0, 30, 90]


def test_weighted_volumes_have_no_time_axis(four):
    """A diffusion series with RepetitionTime and a time step in its header: b-values vary, time is not said to."""
    files = {"d.bval": "0 500 1000", "d.json": {"RepetitionTime": 5.0}}
    for step_ms in (0.0, 5000.0):
        found = four(3, files, time_step_ms=step_ms).series
        assert all(one.acquisition.time_s is None and one.warnings == () for one in found)
        assert [one.acquisition.tr_s for one in found] == [5.0] * 3


@pytest.mark.parametrize("timing", [[0, 2], [0, 5, 3], [0, "a", 3], [0, True, 3], 7])
def test_odd_times_are_said(four, timing):
    """Not one rising number a volume: no times at all."""
    study = four(3, {"d.json": {"VolumeTiming": timing}})
    assert all(one.acquisition.time_s is None for one in study.series)
    assert "VolumeTiming of the side file does not give 3 rising times" in study.series[0].warnings[0]


def test_the_time_between_excitations_is_no_time_step(four):
    """RepetitionTime of 5 ms cannot be the time from one volume to the next."""
    assert all(one.acquisition.time_s is None for one in four(3, {"d.json": {"RepetitionTime": 0.005}}).series)


def test_bids_folder(four):
    """Facts inherited up the folders, nearer ones last; weightings from above; nothing used is set aside."""
    study = four(
        2,
        {
            "ds/dataset_description.json": {"Name": "x", "BIDSVersion": "1.9.0"},
            "ds/dwi.json": {"MagneticFieldStrength": 1.5, "Manufacturer": "Siemens"},
            "ds/dwi.bval": "0 800", "ds/dwi.bvec": "0 0\n0 0\n0 1\n",
            "ds/sub-01/dwi/sub-01_acq-lumbar_dwi.json": {"MagneticFieldStrength": 3},
        },
        name="ds/sub-01/dwi/sub-01_acq-lumbar_dwi.nii.gz",
    )  # fmt: skip
    one = study.series[1].acquisition
    assert (one.field_t, one.manufacturer) == (3, "Siemens")
    assert one.diffusion.b_s_per_mm2 == 800 and one.diffusion.direction_lps == pytest.approx((0, 0, 1))
    assert [row.file for row in study.unread] == ["ds/dataset_description.json"]


def test_names_of_bids_are_hints_only(four):
    """A name that says T1w and phase states neither kind nor component."""
    one = four(1, {}, name="sub-1_ce-gad_part-phase_T1w.nii.gz").series[0].acquisition
    assert (one.stated_kind, one.complex_component, one.contrast_agent) == (None, None, None)
