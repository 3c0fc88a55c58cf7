"""What headers say of a series."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pydicom
import pytest

from spinemets.ingest.read import read
from spinemets.phantom.files import headers
from spinemets.phantom.files.write import write_dicom
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
