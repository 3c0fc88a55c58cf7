"""Diffusion measurements are put together whoever wrote them; what is missing, doubled or assumed is said."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian

from spinemets.ingest.options import ReadingOptions
from spinemets.ingest.read import read
from spinemets.model.acquisition import Diffusion
from spinemets.model.study import PatientFacts, Study
from spinemets.series.recognise import recognise
from spinemets.series.sets.diffusion_sets import b_values, direction_words, is_weighted, weighting
from spinemets.series.sets.find import with_sets
from tests.series.study_builders import stack


def volume(n: int, b: float, direction=None, *, uid="5", **facts):
    """One volume of a DICOM series (`uid` of it)."""
    averaged = facts.pop("averaged", None)
    source = facts.pop("source", "0018,9087")
    diffusion = Diffusion(b_s_per_mm2=b, direction_lps=direction, averaged=averaged, source=source)
    return stack(
        n,
        "dwi",
        uid=f"{uid}#{n}" if uid else None,
        tr_s=4.0,
        te_s=facts.pop("te_s", 0.08),
        diffusion=diffusion,
        **facts,
    )


X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def one_set(*series):
    (found,), alone = b_values(series, series)
    assert not alone
    return found


def test_volumes_of_one_series():
    found = one_set(volume(1, 800.0, averaged=True), volume(2, 0.0), volume(3, 50.0, averaged=True))
    assert found.kind == "b_values" and found.name == "diffusion: b 0, 50, 800 s/mm2"
    assert found.members == ("5#2", "5#3", "5#1")
    assert found.varies == ("b 0 s/mm2", "b 50 s/mm2, trace", "b 800 s/mm2, trace")
    assert found.notes == ()


def test_directions_are_listed_and_counted():
    found = one_set(
        volume(1, 0.0), volume(2, 1000.0, X), volume(3, 1000.0, Y), volume(4, 1000.0, Z), volume(5, 1000.0, X)
    )
    assert found.name == "diffusion: b 0, 1000 s/mm2, 3 directions"
    assert found.varies[1] == "b 1000 s/mm2, direction L 1.00"
    assert found.notes == ("b 1000: 3 directions, a direction up to 2 times",)


def test_missing_b_0_is_said():
    assert "no b 0: the lowest is b 50" in one_set(volume(1, 50.0), volume(2, 800.0)).notes


def test_one_shell_gives_no_adc():
    assert "only b 800 is there: no ADC can be computed" in one_set(volume(1, 800.0, X), volume(2, 800.0, Y)).notes


def test_a_single_weighted_volume_is_not_passed_over():
    sets, (line,) = b_values([volume(1, 800.0, uid="")], [])
    assert not sets and "no other b-value" in line and "b 800" in line


def test_nothing_weighted_is_no_set():
    assert b_values([volume(1, 0.0), volume(2, 0.0)], []) == ([], [])
    assert b_values([stack(1), stack(2)], []) == ([], [])


def test_dummy_b_values_are_pooled():
    """philips-classic-dwi: 0.001 to 0.004 mark repeats of b = 0."""
    zeros = [volume(n, 0.001 * n) for n in range(5)]
    found = one_set(*zeros, volume(6, 1000.0, X))
    assert found.name == "diffusion: b 0, 1000 s/mm2"
    assert "b 0: 5 times" in found.notes and "stated b 0 to 0.004 s/mm2 counts as b 0" in found.notes


def test_close_b_values_are_kept_apart():
    """IVIM protocols step by 10: nothing of them may be pooled."""
    found = one_set(*(volume(n, 10.0 * n, averaged=True) for n in range(8)))
    assert found.name == "diffusion: b 0, 10, 20, 30, 40, 50, 60, 70 s/mm2"


def test_silence_that_means_b_0_is_said():
    found = one_set(volume(1, 0.0, source="not stated: b = 0 because the others state theirs"), volume(2, 1500.0, X))
    assert "b-value of some volumes not stated: b = 0 because the others state theirs" in found.notes


def test_separate_series_join_and_repeats_form_a_second_run():
    series = [volume(n, b, uid="") for n, b in enumerate((0.0, 500.0, 1000.0, 0.0, 500.0, 1000.0), 1)]
    sets, _ = b_values(series, series)
    assert [s.members for s in sets] == [("1.2.1", "1.2.2", "1.2.3"), ("1.2.4", "1.2.5", "1.2.6")]


def test_another_echo_time_is_another_measurement():
    sets, alone = b_values([volume(1, 0.0, uid=""), volume(2, 800.0, uid="", te_s=0.06)], [])
    assert not sets and len(alone) == 1


def test_maps_of_the_scanner_are_named():
    series = [volume(1, 0.0), volume(2, 800.0)]
    maps = [
        stack(3, "adc"),
        stack(4, "derived", image_type=("DERIVED", "PRIMARY", "EADC")),
        stack(5, "adc", at=(400, 0, 0)),
    ]
    (found,), _ = b_values(series, [*series, *maps])
    assert "ADC map of the scanner: series 3 and 4" in found.notes


def test_weighting_of_a_stated_b_value():
    """A facts file or ImageType says what no vendor element does."""
    assert weighting(stack(1, b_values_s_per_mm2=(500.0,), image_type=("DERIVED", "TRACEW"))).averaged is True
    assert weighting(stack(1, b_values_s_per_mm2=(0.0, 500.0))) is None
    assert weighting(stack(1)) is None


def test_b_0_alone_is_no_weighting():
    """ge-fmri-0004: GE states b = 0 in series that are no diffusion at all; they stay free for other sets."""
    assert not is_weighted(volume(1, 0.0)) and is_weighted(volume(2, 50.0))
    frames = [volume(n, 0.0, time_s=2.0 * n) for n in (1, 2, 3)]
    assert [s.kind for s in with_sets(Study(uid="1", patient=PatientFacts(), series=tuple(frames))).sets] == ["dynamic"]


def test_repeats_of_b_0_are_no_time_series():
    """They belong to the diffusion measurement, and nowhere else."""
    series = (*(volume(n, 0.0) for n in (1, 2, 3, 4)), volume(5, 800.0, X))
    found = with_sets(Study(uid="1", patient=PatientFacts(), series=series)).sets
    assert [s.kind for s in found] == ["b_values"] and found[0].notes[0] == "b 0: 4 times"


def test_direction_in_letters():
    assert direction_words((0.7071, -0.7071, 0.01)) == "L 0.71 A 0.71"
    assert direction_words((-1.0, 0.0, 0.0)) == "R 1.00"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ge-classic-r2", "diffusion: b 0, 1000 s/mm2, 6 directions"),
        ("philips-classic-dwi", "diffusion: b 0, 1000 s/mm2, 12 directions"),
        ("philips-dicom2nifti-002", "diffusion: b 0, 40, 273, 800 s/mm2"),
        ("siemens-classic-001", "diffusion: b 0, 1000 s/mm2"),
        ("toshiba-galan", "diffusion: b 0, 1500 s/mm2, 12 directions"),
        ("uih-grid-rot", "diffusion: b 0, 929.75 s/mm2, 16 directions"),
    ],
)
def test_real_series_of_all_vendors(name: str, expected: str, shared_data: Path, tmp_path: Path):
    """reference/bvalues: headers of five makers, black pixels put in since theirs were taken out."""
    path = shared_data.parent / "reference" / "bvalues" / f"{name}.zip"
    if not path.is_file():
        pytest.skip("reference/bvalues is not here")
    _with_pixels(path, tmp_path)
    sets = with_sets(recognise(read([tmp_path], ReadingOptions()))).sets
    assert [s.name for s in sets if s.kind == "b_values"] == [expected]


def _with_pixels(path: Path, folder: Path) -> None:
    import warnings

    with zipfile.ZipFile(path) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values of real headers
        for number, item in enumerate(archive.infolist()):
            if item.is_dir():
                continue
            dataset = pydicom.dcmread(io.BytesIO(archive.read(item)), force=True)
            if "Rows" not in dataset:
                continue
            n = dataset.Rows * dataset.Columns * int(dataset.get("NumberOfFrames", 1) or 1)
            dataset.add_new("PixelData", "OW", bytes(n * dataset.BitsAllocated // 8))
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            dataset.save_as(folder / f"{number}.dcm", implicit_vr=False, little_endian=True)
