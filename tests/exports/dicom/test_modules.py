"""Modules all objects share, and what the objects of a whole study agree on."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from pydicom.sr._concepts_dict import concepts

from spinemets.exports.dicom.about import Code, Contrast, PrivateElement
from spinemets.exports.dicom.ct import CtFacts, write_ct
from spinemets.exports.dicom.modules import (
    BODY_PARTS,
    FIRST,
    LYING,
    POSITIONS,
    RECUMBENT,
    acquired,
    anatomic_region,
    coded_position,
    contrast,
    general_image,
    instance,
    private,
    refusing,
    save,
    save_instances,
    started,
)
from spinemets.exports.dicom.mr import MrFacts, write_mr
from spinemets.exports.dicom.pet import PetFacts, PetFrame, write_pet
from spinemets.exports.dicom.segmentation import Segment, SegmentationFacts, write_segmentation
from spinemets.exports.dicom.structures import VERTEBRAE
from spinemets.exports.dicom.tracer import FDG, Radiopharmaceutical
from spinemets.model.errors import UsageError

CT = "1.2.840.10008.5.1.4.1.1.2"


def test_instances_do_not_share_what_is_their_own(about):
    """An element added to one instance stands neither in the base nor in the next one."""
    base = started(about, CT, "CT")
    first = acquired(instance(base, 0, about.acquired), about.acquired)
    first.RescaleSlope = "2"
    second = instance(base, 1, about.acquired + timedelta(seconds=1.5))
    assert "RescaleSlope" not in base and "RescaleSlope" not in second and "InstanceNumber" not in base
    assert (first.InstanceNumber, second.InstanceNumber, second.ContentTime) == (1, 2, "120001.500000")
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID != second.SOPInstanceUID
    assert (first.AcquisitionDate, first.AcquisitionTime) == ("20200101", "120000")


def test_started(about):
    """Patient, study, series, equipment as stated; what is not stated is absent or empty as the standard has it."""
    d = started(
        replace(about, patient=replace(about.patient, size_m=None, weight_kg=None), protocol="T-spine"), CT, "CT"
    )
    assert (str(d.PatientName), d.PatientSex, d.PatientAge, d.PatientBirthDate) == (
        "SYNTHETIC^normal-60-f",
        "F",
        "060Y",
        "",
    )
    assert "PatientSize" not in d and "PatientWeight" not in d
    assert (d.StudyInstanceUID, d.StudyDate, d.StudyTime, d.AccessionNumber) == ("2.25.1001", "20200101", "120000", "")
    assert (d.SeriesNumber, d.ProtocolName, d.Manufacturer, d.SoftwareVersions) == (3, "T-spine", "spinemets", "0.1.0")
    assert "ProtocolName" not in started(about, CT, "CT")


def test_general_image(about):
    """The comment that images are simulated stands in each of them."""
    d = started(about, CT, "CT")
    general_image(d, about, ("ORIGINAL", "PRIMARY"))
    assert (list(d.ImageType), d.ImageComments) == (["ORIGINAL", "PRIMARY"], "simulated, not a patient")


@pytest.mark.parametrize("position", POSITIONS)
def test_coded_position_says_the_same(position, about):
    """`HFS` is recumbent and supine, headfirst: codes of CID 19, 20 and 21 with their meanings."""
    d = started(about, CT, "CT")
    coded_position(d, position)
    (lying,) = d.PatientOrientationCodeSequence
    assert lying.PatientOrientationModifierCodeSequence[0].CodeMeaning == {"S": "supine", "P": "prone"}[position[2]]
    assert d.PatientGantryRelationshipCodeSequence[0].CodeMeaning == {"H": "headfirst", "F": "feet-first"}[position[0]]


def test_codes_mean_what_they_are_called():
    """Each code against the dictionary pydicom makes of PS3.16."""
    known = {(code, meaning) for rows in concepts["SCT"].values() for code, (meaning, _) in rows.items()}
    for code in (*BODY_PARTS.values(), *LYING.values(), *FIRST.values(), RECUMBENT):
        assert (code.value, code.meaning) in known or code.meaning == "Entire body"
    assert anatomic_region("TSPINE") is BODY_PARTS["TSPINE"]
    with pytest.raises(UsageError, match="has no code here"):
        anatomic_region("KNEE")


def test_contrast(about):
    """Agent, route, volume and time where they are stated; nothing without an agent."""
    d = started(about, CT, "CT")
    contrast(d, None)
    assert "ContrastBolusAgent" not in d
    contrast(d, Contrast(agent="Gadobutrol"))
    assert (d.ContrastBolusAgent, d.ContrastBolusRoute) == ("Gadobutrol", "Intravenous route")
    assert "ContrastBolusVolume" not in d and "ContrastBolusAgentSequence" not in d
    code = Code(value="407976008", scheme="SCT", meaning="Gadobutrol")
    contrast(d, Contrast(agent="Gadobutrol", code=code, volume_ml=7.5, given=datetime(2020, 1, 1, 11, 59)))
    assert (float(d.ContrastBolusVolume), d.ContrastBolusStartTime) == (7.5, "115900")
    assert d.ContrastBolusAgentSequence[0].CodeValue == "407976008"


def test_private_elements(about):
    """Several elements of one creator stand in one block, another creator has its own."""
    d = started(about, CT, "CT")
    elements = [
        PrivateElement(creator=c, group=0x0043, element=e, vr="IS", value=e) for c, e in (("A", 1), ("A", 2), ("B", 1))
    ]
    private(d, elements)
    assert (d[0x0043, 0x1001].value, d[0x0043, 0x1002].value, d[0x0043, 0x1101].value) == (1, 2, 1)


def test_patient_position_must_be_known(about):
    """Only lying positions occur."""
    with pytest.raises(UsageError, match="'HFDR' is not one of HFS, HFP, FFS, FFP"):
        started(replace(about, patient_position="HFDR"), CT, "CT")


def test_refusing_passes_errors_of_the_project():
    """A value no element can hold is told in one line; an error that is one already stays itself."""

    @refusing
    def bad(text):
        raise (UsageError(text) if text == "ours" else ValueError(text))

    with pytest.raises(UsageError, match=r"^ours$"):
        bad("ours")
    with pytest.raises(UsageError, match=r"^A stated value cannot be written to DICOM: two lines[.]$"):
        bad("two\nlines. Please see <somewhere>.")


def test_files_appear_whole_or_not_at_all(about, tmp_path):
    """An object that cannot be encoded leaves neither a file nor a part of one."""
    d = instance(started(about, CT, "CT"), 0, about.acquired)
    assert save_instances([d], tmp_path / "a")[0].name == "IM0001.dcm"

    class Broken:
        def save_as(self, path, **_):
            path.write_bytes(b"half of it")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        save(Broken(), tmp_path / "b" / "x.dcm")
    assert list((tmp_path / "b").iterdir()) == []


def test_objects_of_one_study_agree(*, about, make_grid, volume_of, tmp_path):
    """dcentvfy: "Frame of reference shared by all series of a patient" and every attribute of patient and study the same."""
    tool = shutil.which("dcentvfy")
    if tool is None:
        pytest.skip("dcentvfy (Debian package dicom3tools) is not installed")
    array, grid = np.random.default_rng(1).integers(0, 1000, (6, 8, 5)), make_grid()
    tracer = Radiopharmaceutical(
        agent="FDG", nuclide="F-18", dose_bq=3e8, injected=about.acquired - timedelta(hours=1), code=FDG
    )
    volume = volume_of(array, grid)
    files = write_ct(volume, tmp_path / "ct", about, CtFacts(slice_thickness_mm=4.0))
    mr = MrFacts(slice_thickness_mm=4.0, scanning_sequence=("SE",), tr_ms=500.0, te_ms=10.0, flip_deg=90.0, field_t=1.5)
    files += write_mr(volume, tmp_path / "mr", replace(about, series_uid="2.25.5", series_number=4), mr)
    pet = PetFacts(tracer=tracer, slice_thickness_mm=4.0, frames=(PetFrame(start_s=0.0, duration_s=120.0),))
    files += write_pet(volume, tmp_path / "pt", replace(about, series_uid="2.25.6", series_number=5), pet)
    seg = SegmentationFacts(
        segments=(Segment(number=1, label="L3", kind=VERTEBRAE["L3"]),), slice_thickness_mm=4.0, algorithm="truth"
    )  # fmt: skip
    who = replace(about, series_uid="2.25.7", series_number=6)
    files.append(write_segmentation((array > 500).astype(np.uint8), grid, tmp_path / "seg.dcm", who, seg))
    done = subprocess.run([tool, *map(str, files)], capture_output=True, text=True, check=False)
    assert [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("Error", "Warning"))] == []
