"""What headers say of a series."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import numpy as np
import pydicom
import pytest

from spinemets.ingest.read import read
from spinemets.phantom.files import headers
from spinemets.phantom.files.write import sidecar, write_dicom
from spinemets.phantom.imaging.acquisition import default


def test_headers_of_each_sequence(first_light):
    """What CT and MR say of themselves; contrast has a time, weightings are averages."""
    about = headers.about(first_light, default("t1_gd"), 4)
    assert about.series_description == "SAG T1 SE POST GD" and about.series_number == 4
    facts = headers.mr_facts(default("t1_gd"), about.acquired)
    assert (about.acquired - facts.contrast.given).total_seconds() == 300
    assert headers.mr_facts(default("t1"), about.acquired).contrast is None
    weightings = [point.diffusion for point in headers.mr_facts(default("dwi"), about.acquired).points]
    assert [(w.b_s_per_mm2, w.averaged) for w in weightings] == [(50.0, True), (400.0, True), (800.0, True)]
    plain = headers.ct_facts(default("ct"), about.acquired)
    assert (plain.kernel, plain.slice_thickness_mm, plain.contrast) == ("BONE", 1.25, None)


def test_contrast_medium_of_ct():
    """Into a vein with its time, into the sac with its route; the voltage is that of the protocol."""
    began = datetime(2020, 1, 1, 12)
    venous = headers.ct_facts(default("ct_contrast"), began)
    assert (
        began - venous.contrast.given
    ).total_seconds() == 70 and venous.contrast.route.meaning == "Intravenous route"
    sac = headers.ct_facts(default("ct_myelogram"), began, intrathecal=True)
    assert sac.contrast.agent and sac.contrast.route.meaning == "Intrathecal route" and sac.contrast.given is None
    assert headers.ct_facts(default("ct_100kv"), began).kvp == 100.0


def test_slices_with_gaps_and_a_tilt_come_back_as_they_lie(normal, tmp_path):
    """Thickness and step are told apart; a tilted gantry states its angle, positions follow the table."""
    for name, gap_mm, tilt in (("ct_soft3", 2.0, 0.0), ("ct_tilted", 3.0, 15.0)):
        a = replace(default(name), pixel_mm=4.0, n_slices=4, gap_mm=gap_mm)
        (folder,) = write_dicom(normal, tmp_path / name, (a,)).values()
        heads = [pydicom.dcmread(file) for file in sorted(folder.iterdir())]
        grid = normal.grid(a)
        for k, head in enumerate(heads):
            assert [float(v) for v in head.ImagePositionPatient] == pytest.approx(grid.to_lps_mm((0, 0, k)), abs=1e-3)
        assert float(heads[0].SliceThickness) == a.slice_mm and float(heads[0].GantryDetectorTilt) == tilt
        read_back = read([folder]).series[0].load()
        if not tilt:
            assert read_back.grid == grid and np.array_equal(read_back.array, normal.render(name, a).array)


@pytest.mark.parametrize("name", ["ct", "t1", "stir", "dwi", "pet"])
def test_people_are_the_same_in_all_series(first_light, name):
    """Name and number of one patient, weight in kg and stature in m, and the word that nobody was examined."""
    told = headers.about(first_light, default(name), 2)
    patient = first_light.case.patient
    assert told.patient.identifier == "SYNTHETIC-first-light-1" and told.patient.name.startswith("SYNTHETIC^")
    assert told.patient.size_m == pytest.approx(patient.height_cm / 100) and 1.4 < told.patient.size_m < 2.1
    assert told.patient.weight_kg == patient.weight_kg and told.patient.sex in ("F", "M")
    assert told.comments == headers.COMMENT
    assert told.frame_of_reference_uid == first_light.frame_of_reference_uid


def test_series_have_uids_of_their_own(first_light, normal):
    """One a series and patient, one study a patient, the same each time they are asked for."""
    told = [headers.about(p, default(n), 1) for p in (first_light, normal) for n in ("ct", "t1", "stir")]
    assert len({t.series_uid for t in told}) == 6
    assert len({t.examination.uid for t in told}) == len({t.frame_of_reference_uid for t in told}) == 2
    assert headers.about(first_light, default("ct"), 9).series_uid == told[0].series_uid
    assert all(t.series_uid.startswith("2.25.") and len(t.series_uid) <= 64 for t in told)


def test_series_follow_each_other(first_light):
    """Six minutes apart: longer than the five between an agent and its series, so that the one before is plain."""
    times = [headers.acquired(first_light, number) for number in (1, 2, 3)]
    steps = {(b - a).total_seconds() / 60 for a, b in pairwise(times)}
    assert steps == {headers.SERIES_MINUTES}
    assert default("t1_gd").agent_min < headers.SERIES_MINUTES


def test_inversion_time_stands_where_there_is_one():
    """STIR states it, T1 and T2 do not; fat suppression is an option of those that have it."""
    began = datetime(2020, 1, 1, 12)
    facts = {name: headers.mr_facts(default(name), began) for name in ("t1", "t2", "stir", "t1_gd_fs", "t2_fs")}
    assert {name: fact.ti_ms is not None for name, fact in facts.items()} == {
        "t1": False, "t2": False, "stir": True, "t1_gd_fs": False, "t2_fs": False,
    }  # fmt: skip
    assert facts["stir"].scanning_sequence == ("SE", "IR") and facts["t1"].scanning_sequence == ("SE",)
    assert {name for name, fact in facts.items() if "FS" in fact.scan_options} == {"t1_gd_fs", "t2_fs"}
    assert facts["t1"].te_ms < facts["t2"].te_ms and facts["t1"].tr_ms < facts["t2"].tr_ms


@pytest.mark.parametrize("name", ["t1", "t2", "stir", "t1_gd", "t2_fs"])
def test_side_file_and_header_agree(normal, name):
    """Seconds beside a NIfTI are the milliseconds of the header; field strength, flip and echo train are the same."""
    a = default(name)
    beside, fact = sidecar(normal, a), headers.mr_facts(a, datetime(2020, 1, 1, 12))
    assert beside["RepetitionTime"] * 1000 == pytest.approx(fact.tr_ms)
    assert beside["EchoTime"] * 1000 == pytest.approx(fact.te_ms)
    assert beside.get("InversionTime") == (None if fact.ti_ms is None else pytest.approx(fact.ti_ms / 1000))
    assert (beside["MagneticFieldStrength"], beside["FlipAngle"]) == (fact.field_t, fact.flip_deg)
    assert ("ContrastBolusIngredient" in beside) == (fact.contrast is not None)
    assert ("ScanOptions" in beside) == ("FS" in fact.scan_options)
