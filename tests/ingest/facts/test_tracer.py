"""PET-01, NM-01: "the facts are read, typed and refused when contradictory"; nothing is changed, everything odd is said."""

from __future__ import annotations

import json

import pytest

from spinemets.ingest.facts import body_size
from spinemets.ingest.facts.instants import Instant, of_values
from spinemets.ingest.facts.patient import facts
from spinemets.ingest.facts.tracer import tracer
from spinemets.ingest.header.values import Values
from spinemets.knowledge.nuclides import by_words

CODES = {6586.2: ("C-111A1", "^18^Fluorine"), 4057.74: ("C-131A3", "^68^Gallium"), 1223.4: ("C-105A1", "^11^Carbon")}
# header keyword -> what the sentence of that refusal must name, where no field shows it
CAUSES = {
    "weight-grams": "PatientWeight (0010,1030)",
    "no-decy": "CorrectedImage (0028,0051) lacks DECY",
    "decay-none": "DecayCorrection (0054,1102)",
    "decay-missing": "DecayCorrection (0054,1102)",
    "dose-mbq": "RadionuclideTotalDose (0018,1074)",
    "no-half-life": "RadionuclideHalfLife (0018,1075)",
    "half-life-minutes": "RadionuclideHalfLife (0018,1075)",
    "no-injection-time": "injection time (0018,1078 or 0018,1072)",
    "injection-after-scan": "after the scan",
    "injection-date-shifted": "between injection and scan",
    "series-later-no-help": "later than the earliest acquisition",
    "cnts-no-private": "CNTS",
    "propcps": "PROPCPS",
}
ITEM = (
    "RadionuclideTotalDose",
    "RadionuclideHalfLife",
    "RadiopharmaceuticalStartTime",
    "RadiopharmaceuticalStartDateTime",
)
DIRECT = (
    "PatientWeight", "PatientSize", "PatientSex", "Units", "DecayCorrection", "CorrectedImage", "SeriesDate", "SeriesTime",
    "SUVType",
)  # fmt: skip


def dataset(**values):
    import pydicom

    found = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def pet(**changes):
    """A PET header with everything; None removes an element, item values go into the sequence."""
    values = {
        "Modality": "PT", "Units": "BQML", "DecayCorrection": "START", "SeriesDate": "20200310", "SeriesTime": "110000",
        "CorrectedImage": ["ATTN", "DECY", "SCAT"], "AcquisitionDate": "20200310", "AcquisitionTime": "110000.5",
        "FrameReferenceTime": 60000, "ActualFrameDuration": 120000, "RescaleSlope": 1, "RescaleIntercept": 0,
    }  # fmt: skip
    item = {
        "Radiopharmaceutical": "FDG", "RadionuclideTotalDose": 370e6, "RadionuclideHalfLife": 6586.2,
        "RadionuclidePositronFraction": 0.97, "RadiopharmaceuticalStartDateTime": "20200310100000",
        "RadionuclideCodeSequence": [dataset(CodeValue="C-111A1", CodingSchemeDesignator="SRT", CodeMeaning="^18^Fluorine")],
    }  # fmt: skip
    for keyword, value in changes.items():
        (item if keyword.startswith(("Radio", "Radi")) else values)[keyword] = value
    header = dataset(**{k: v for k, v in values.items() if v is not None})
    header.RadiopharmaceuticalInformationSequence = [dataset(**{k: v for k, v in item.items() if v is not None})]
    return header


def from_vector(stated: dict, one: int = 0):
    """The DICOM header of one instance of a vector of `reference/suv`."""
    item = dataset(**{key: stated[key] for key in ITEM if key in stated})
    code, meaning = CODES[stated.get("NuclideNominalHalfLife", 6586.2)]
    item.RadionuclideCodeSequence = [dataset(CodeValue=code, CodingSchemeDesignator="SRT", CodeMeaning=meaning)]
    header = dataset(Modality="PT", **{key: stated[key] for key in DIRECT if key in stated})
    header.RadiopharmaceuticalInformationSequence = [item]
    header.AcquisitionDate, header.AcquisitionTime = stated["Acquisitions"][one]
    header.FrameReferenceTime, header.ActualFrameDuration = (
        f"{stated['FrameReferenceTime_ms']:.10g}",
        int(stated["ActualFrameDuration_ms"]),
    )
    private = stated.get("PhilipsPrivate") or {}
    if private:
        block = header.private_block(0x7053, "Philips PET Private Group", create=True)
        for element, name in ((0x00, "SUVScaleFactor"), (0x09, "ActivityConcentrationScaleFactor")):
            if name in private:
                block.add_new(element, "DS", str(private[name]))
    if "GEPostInjectionDateTime" in stated:
        block = header.private_block(0x0009, "GEMS_PETD_01", create=True)
        block.add_new(0x0D, "DT", stated["GEPostInjectionDateTime"])
    header.RescaleSlope, header.RescaleIntercept = 1, 0
    return header


def read_vector(stated: dict):
    headers = [from_vector(stated, n) for n in range(len(stated["Acquisitions"]))]
    found, said = tracer(Values(headers[-1]), [of_values(Values(h)) for h in headers])
    return found, said, facts(Values(headers[0]), None)


def as_stamp(iso: str | None) -> float | None:
    return None if iso is None else float(iso.replace("-", "").replace(":", "").replace("T", ""))


def check_every_field(stated: dict) -> None:
    """Each stated field of a vector again, in Tracer or PatientFacts."""
    found, said, who = read_vector(stated)
    assert found.dose_bq == stated.get("RadionuclideTotalDose")
    half_life_s = stated.get("RadionuclideHalfLife")
    assert found.half_life_s == (None if half_life_s is None else pytest.approx(half_life_s, rel=1e-12))
    assert (found.units, found.suv_type) == (stated["Units"], stated.get("SUVType"))
    assert found.decay_correction == stated.get("DecayCorrection")
    assert found.corrections == tuple(stated["CorrectedImage"])
    assert as_stamp(found.series_at) == float(stated["SeriesDate"] + stated["SeriesTime"])
    assert as_stamp(found.acquired_at) == min(float(date + time) for date, time in stated["Acquisitions"])
    assert found.frame_reference_s == pytest.approx(stated["FrameReferenceTime_ms"] / 1000, rel=1e-8)
    assert found.frame_duration_s == stated["ActualFrameDuration_ms"] / 1000
    assert (who.weight_kg, who.height_m) == (stated.get("PatientWeight") or None, stated.get("PatientSize"))
    assert who.sex == {"M": "male", "F": "female", "O": "other"}[stated["PatientSex"]]
    dated, alone = stated.get("RadiopharmaceuticalStartDateTime"), stated.get("RadiopharmaceuticalStartTime")
    if dated:
        assert as_stamp(found.injected_at) == float(dated)
    elif alone:
        assert as_stamp(found.injected_at) == float(stated["SeriesDate"] + alone)
        assert any("has no date" in sentence for sentence in said)
    else:
        assert found.injected_at is None
    private = stated.get("PhilipsPrivate") or {}
    assert found.vendor.get("philips_suv_factor") == (private.get("SUVScaleFactor") or None)
    assert found.vendor.get("philips_activity_factor") == private.get("ActivityConcentrationScaleFactor")
    assert as_stamp(found.vendor.get("ge_scan_start")) == (
        float(stated["GEPostInjectionDateTime"]) if "GEPostInjectionDateTime" in stated else None
    )


def vectors(shared_data, name: str):
    return json.loads((shared_data.parent / "reference" / "suv" / name).read_text(encoding="utf-8"))


def test_every_field_of_every_suv_vector_is_found_again(shared_data):
    """18 headers to compute and 16 to refuse: the facts alone must allow the judgement."""
    both = vectors(shared_data, "suv_vectors.json")
    for vector in (*both["must_compute"], *both["must_refuse"]):
        check_every_field(vector["header"])


def test_every_field_of_the_real_headers_is_found_again(shared_data):
    """Eight anonymised scanner headers, three instances each."""
    real = vectors(shared_data, "real_headers.json")
    assert len(real) == 8
    for vector in real:
        check_every_field(vector["header"])


def test_headers_to_refuse_show_why(shared_data):
    """Each cause is a missing field or a sentence that names the tag."""
    for vector in vectors(shared_data, "suv_vectors.json")["must_refuse"]:
        found, said, who = read_vector(vector["header"])
        name = vector["id"]
        if name in ("no-weight", "zero-weight"):
            assert who.weight_kg is None
        elif name == "gml-type-ibw":
            assert (found.units, found.suv_type) == ("GML", "IBW")
        elif name == "propcps":
            assert found.units == "PROPCPS"
        else:
            assert any(CAUSES[name] in sentence for sentence in said), (name, said)


def test_headers_to_compute_are_not_blamed(shared_data):
    """A sentence about a sound header would be read over when it matters."""
    harmless = ("has no date", "later than the earliest acquisition")
    for vector in vectors(shared_data, "suv_vectors.json")["must_compute"]:
        _, said, _ = read_vector(vector["header"])
        assert all(any(text in sentence for text in harmless) for sentence in said), (vector["id"], said)


def test_a_complete_header_is_silent():
    """All facts typed, nothing to say."""
    found, said = tracer(Values(pet()))
    assert said == ()
    assert (found.agent, found.nuclide, found.dose_bq, found.half_life_s) == ("FDG", "^18^Fluorine", 370e6, 6586.2)
    assert (found.positron_fraction, found.units, found.decay_correction) == (0.97, "BQML", "START")
    assert (found.injected_at, found.series_at) == ("2020-03-10T10:00:00", "2020-03-10T11:00:00")
    assert (found.acquired_at, found.frame_reference_s, found.frame_duration_s) == ("2020-03-10T11:00:00.5", 60, 120)
    assert tracer(Values(pet(Modality="CT"))) == (None, ())


def test_an_empty_header_says_everything_in_one_line():
    """What is not stated stays None."""
    found, said = tracer(Values(dataset(Modality="PT")))
    assert (found.dose_bq, found.injected_at, found.units, found.corrections) == (None, None, None, ())
    assert said[0].startswith("not stated: Units") and said[0].count(",") >= 5
    assert tracer(Values(dataset(Modality="NM")))[1] == ()


def test_midnight():
    """ "with times only, add one day if negative and the result is below 12 h; report it"."""
    late = {
        "SeriesDate": "20200311",
        "SeriesTime": "003500",
        "AcquisitionDate": "20200311",
        "AcquisitionTime": "003500",
    }
    time_only = {"RadiopharmaceuticalStartDateTime": None, "RadiopharmaceuticalStartTime": "234000"}
    found, said = tracer(Values(pet(**late, **time_only)))
    assert found.injected_at == "2020-03-10T23:40:00"
    assert said == (
        "the injection time (0018,1072) has no date: taken as the day before the scan, 2020-03-10T23:40:00",
    )
    found, said = tracer(Values(pet(**(time_only | {"RadiopharmaceuticalStartTime": "113000"}))))
    assert found.injected_at == "2020-03-10T11:30:00" and "lies after the scan" in said[-1]


def test_two_injection_times_that_differ():
    """The one with a date is used, and it is said."""
    found, said = tracer(Values(pet(RadiopharmaceuticalStartTime="093000")))
    assert found.injected_at == "2020-03-10T10:00:00" and "differ" in said[0]
    assert tracer(Values(pet(RadiopharmaceuticalStartTime="100000.00")))[1] == ()


def test_injection_in_another_time_zone():
    """A date-time with its own offset is moved to the zone of the header."""
    header = pet(RadiopharmaceuticalStartDateTime="20200310090000.00+0000", TimezoneOffsetFromUTC="+0100")
    assert tracer(Values(header))[0].injected_at == "2020-03-10T10:00:00"
    header = pet(RadiopharmaceuticalStartDateTime="20200310100000.00-0500", TimezoneOffsetFromUTC="-0500")
    assert tracer(Values(header))[0].injected_at == "2020-03-10T10:00:00"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"RadionuclideHalfLife": 109.77}, "contradicts the radionuclide F-18 (6586.2 s)"),
        ({"RadionuclideHalfLife": 4062.6}, "contradicts the radionuclide F-18"),
        ({"RadionuclideTotalDose": 370}, "370 Bq is implausible: likely MBq"),
        ({"RadionuclideTotalDose": 370e12}, "likely another unit"),
        ({"Radiopharmaceutical": "Ga-68 PSMA"}, "names several radionuclides: F-18, Ga-68"),
        ({"CorrectedImage": ["DECY"]}, "lacks ATTN"),
        ({"CorrectedImage": ["ATTN"]}, "lacks DECY"),
        ({"DecayCorrection": "SOMETIMES"}, "SOMETIMES is not known"),
        ({"SeriesTime": "114500"}, "45 min later than the earliest acquisition"),
        ({"RescaleType": "CNTS"}, "contradicts RescaleType"),
        ({"SUVType": "ODD", "Units": "GML"}, "SUVType (0054,1006) ODD is not known"),
        ({"PatientWeight": 70000}, "PatientWeight (0010,1030) states 70000 kg"),
        ({"PatientSize": 175}, "PatientSize (0010,1020) states 175 m"),
    ],
)
def test_what_is_odd_is_said(changes, sentence):
    """One sentence, with the tag and the number; the value itself is kept."""
    _, said = tracer(Values(pet(**changes)))
    assert len(said) == 1 and sentence in said[0]


def test_real_half_lives_of_one_nuclide_do_not_contradict_it():
    """Vendors write F-18 as 6586.2, 6588 and 6584 s."""
    for half_life_s in (6584.04, 6586.2001953125, 6588):
        assert tracer(Values(pet(RadionuclideHalfLife=half_life_s)))[1] == ()


def test_the_earliest_image_counts_with_its_own_reference_time():
    """Frame reference time and acquisition time belong together."""
    images = [
        Instant(acquired="2020-03-10T11:03:00", reference_s=240, duration_s=120),
        Instant(acquired="2020-03-10T11:00:00", reference_s=61, duration_s=119),
        Instant(),
    ]
    found, _ = tracer(Values(pet(AcquisitionTime="110300")), images)
    assert (found.acquired_at, found.frame_reference_s, found.frame_duration_s) == ("2020-03-10T11:00:00", 61, 119)


def test_nuclear_medicine_states_megabecquerels():
    """The same element has another unit there (DICOM PS3.3 C.8.4.10.1.7)."""
    code = [dataset(CodeValue="C-163A8", CodingSchemeDesignator="SRT", CodeMeaning="^99m^Technetium")]
    header = pet(Modality="NM", RadionuclideTotalDose=700, RadionuclideCodeSequence=code, RadionuclideHalfLife=None)
    found, said = tracer(Values(header))
    assert found.dose_bq == 700e6 and found.nuclide == "^99m^Technetium" and said == ()
    header = pet(Modality="NM", RadionuclideTotalDose=700e6, RadionuclideCodeSequence=code, RadionuclideHalfLife=None)
    assert "likely another unit" in tracer(Values(header))[1][0]


def test_a_code_alone_names_the_nuclide():
    """Some headers leave the meaning empty."""
    code = [dataset(CodeValue="77004003", CodingSchemeDesignator="SCT")]
    assert tracer(Values(pet(RadionuclideCodeSequence=code)))[0].nuclide == "F-18"
    found, _ = tracer(Values(pet(RadionuclideCodeSequence=None, Radiopharmaceutical="F18 FDG")))
    assert found.nuclide == "F-18"


def test_several_radiopharmaceuticals_are_said():
    """Facts of the first, and a sentence."""
    header = pet()
    header.RadiopharmaceuticalInformationSequence.append(dataset(RadionuclideTotalDose=1e6))
    assert "2 radiopharmaceuticals" in tracer(Values(header))[1][0]


def test_enhanced_pet():
    """Facts from functional groups, corrections as YES and NO, decay corrected to a moment."""
    header = pet(
        Units=None, DecayCorrection=None, CorrectedImage=None, SeriesTime="110000", AcquisitionDate=None,
        AcquisitionTime=None, FrameReferenceTime=None, ActualFrameDuration=None, RescaleSlope=None, RescaleIntercept=None,
        DecayCorrected="YES", AttenuationCorrected="YES", ScatterCorrected="NO",
        DecayCorrectionDateTime="20200310110000",
    )  # fmt: skip
    mapping = dataset(
        RealWorldValueSlope=2.0, RealWorldValueIntercept=0.0,
        MeasurementUnitsCodeSequence=[dataset(CodeValue="Bq/ml", CodingSchemeDesignator="UCUM", CodeMeaning="Bq/ml")],
    )  # fmt: skip
    frame = dataset(
        FrameContentSequence=[dataset(FrameAcquisitionDateTime="20200310110000", FrameAcquisitionDuration=180000.0)],
        PixelValueTransformationSequence=[dataset(RescaleSlope=2.0, RescaleIntercept=0, RescaleType="US")],
        RealWorldValueMappingSequence=[mapping],
    )
    header.PerFrameFunctionalGroupsSequence = [frame]
    found, said = tracer(Values(header, 0))
    assert said == ()
    assert (found.units, found.decay_correction, found.corrections) == ("BQML", "START", ("DECY", "ATTN"))
    assert (found.acquired_at, found.frame_duration_s) == ("2020-03-10T11:00:00", 180)
    header.DecayCorrectionDateTime = "20200310100000"
    assert tracer(Values(header, 0))[0].decay_correction == "ADMIN"
    header.DecayCorrectionDateTime = "20200310103000"
    found, said = tracer(Values(header, 0))
    assert found.decay_correction is None and found.vendor["decay_corrected_to"] == "2020-03-10T10:30:00"
    assert "neither the injection nor the start" in said[0]
    header.DecayCorrected = "NO"
    assert tracer(Values(header, 0))[0].decay_correction == "NONE"


def test_real_pet_slices(shared_data):
    """A Siemens and a GE header."""
    import pydicom

    folder = shared_data / "dicom-singles-spine"
    found, _ = tracer(Values(pydicom.dcmread(folder / "pt-thorax-fdg.dcm", stop_before_pixels=True)))
    assert found.units == "BQML" and found.decay_correction == "START" and by_words(found.nuclide).name == "F-18"
    assert found.series_at == "2019-11-13T11:12:18" and found.acquired_at == "2019-11-13T11:16:24"
    found, _ = tracer(Values(pydicom.dcmread(folder / "pt-pelvis-ge.dcm", stop_before_pixels=True)))
    assert found.vendor["ge_scan_start"] == "2014-10-23T11:00:36" and found.units == "BQML"
    assert {"ATTN", "DECY"} <= set(found.corrections)


def test_a_real_bone_scan_names_its_nuclide_privately(shared_data, tmp_path):
    """GE wrote Tc99m where no standard element has it; weight 0 is no weight."""
    import tarfile

    import pydicom

    with tarfile.open(shared_data / "dicom-nema-wg04" / "REF.tar.xz") as archive:
        header = pydicom.dcmread(archive.extractfile("REF/NM1_UNC"), stop_before_pixels=True)
    found, said = tracer(Values(header))
    assert (found.nuclide, found.dose_bq, said) == ("Tc99m", None, ())
    assert body_size.of_values(Values(header)) == (None, None)
