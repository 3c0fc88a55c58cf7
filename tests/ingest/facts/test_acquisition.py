"""Acquisition: "no defaults for absent"; classic and enhanced headers give the same words."""

from __future__ import annotations

import pytest

from spinemets.ingest.facts.acquisition import acquisition
from spinemets.model.acquisition import Acquisition


def dataset(**values):
    import pydicom

    found = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def nested(**sequences):
    """Enhanced header: keyword of a functional group -> its values, shared by all frames."""
    from pydicom.sequence import Sequence

    shared = dataset(**{name: Sequence([dataset(**values)]) for name, values in sequences.items()})
    return dataset(SharedFunctionalGroupsSequence=Sequence([shared]), PerFrameFunctionalGroupsSequence=Sequence([]))


def test_an_empty_header_states_nothing():
    """Every field None or empty: an absent value is never replaced."""
    assert acquisition(dataset()) == Acquisition()
    assert acquisition(dataset(EchoTime=None, MagneticFieldStrength="", KVP=None)) == Acquisition()


def test_empty_scan_options_say_that_none_was_set():
    """Fat suppression is never guessed: an empty ScanOptions states none, an absent one says nothing."""
    assert acquisition(dataset(ScanOptions="")).fat_suppressed is False
    assert acquisition(dataset(ScanOptions="FS")).fat_suppressed is True
    assert acquisition(dataset()).fat_suppressed is None


def test_classic_mr():
    """Milliseconds become seconds."""
    found = acquisition(
        dataset(
            Modality="MR", RepetitionTime=4210, EchoTime=62, InversionTime=160, FlipAngle=150, EchoTrainLength=7,
            MagneticFieldStrength=1.5, ScanningSequence=["SE", "IR"], SequenceVariant="SK", ScanOptions=["FS", "PFP"],
            MRAcquisitionType="2D", ImageType=["ORIGINAL", "PRIMARY", "M"], SliceThickness=3, Manufacturer="X",
            ManufacturerModelName="Y", BodyPartExamined="LSPINE", SeriesDescription="STIR SAG", ProtocolName="stir",
            PatientPosition="HFS", AcquisitionDate="20240102", AcquisitionTime="101112.25",
        )
    )  # fmt: skip
    assert (found.tr_s, found.te_s, found.ti_s, found.flip_deg) == (4.21, 0.062, 0.16, 150)
    assert (found.scanning_sequence, found.sequence_variant) == (("SE", "IR"), ("SK",))
    assert (found.scan_options, found.fat_suppressed, found.acquisition_3d) == (("FS", "PFP"), True, False)
    assert (found.body_part, found.description, found.model) == ("LSPINE", "STIR SAG", "Y")
    assert found.acquired == "2024-01-02T10:11:12.25" and found.echo_train_length == 7


def test_classic_ct():
    """Voltage, kernel and thickness."""
    found = acquisition(dataset(Modality="CT", KVP=120, ConvolutionKernel=["Br64d", "3"], SliceThickness=1.25))
    assert (found.kvp, found.kernel, found.slice_thickness_mm) == (120, "Br64d\\3", 1.25)
    assert found.fat_suppressed is None and found.contrast_agent is None


def test_enhanced_mr_speaks_the_classic_words():
    """Sequence words are put together from the enhanced attributes."""
    found = acquisition(
        nested(
            MREchoSequence={"EffectiveEchoTime": 90.0},
            MRTimingAndRelatedParametersSequence={"RepetitionTime": 3000.0, "FlipAngle": 120.0, "EchoTrainLength": 16},
            MRModifierSequence={
                "InversionRecovery": "YES", "InversionTimes": 150.0, "SpectrallySelectedSuppression": "FAT",
            },
            MRImageFrameTypeSequence={"FrameType": ["ORIGINAL", "PRIMARY", "NONE", "NONE"]},
        )
    )  # fmt: skip
    assert (found.te_s, found.tr_s, found.ti_s, found.fat_suppressed) == (0.09, 3.0, 0.15, True)
    assert found.scanning_sequence == ("IR",) and found.image_type[0] == "ORIGINAL"


@pytest.mark.parametrize(
    ("pulse", "planar", "words"),
    [("SPIN", None, ("SE",)), ("GRADIENT", None, ("GR",)), ("BOTH", "YES", ("SE", "GR", "EP")), (None, "YES", ("EP",))],
)
def test_enhanced_pulse_sequences(pulse, planar, words):
    """EchoPulseSequence and EchoPlanarPulseSequence."""
    values = {"EchoPulseSequence": pulse, "EchoPlanarPulseSequence": planar}
    assert acquisition(dataset(**{k: v for k, v in values.items() if v})).scanning_sequence == words


def test_per_frame_values_come_before_shared_ones():
    """Each frame speaks for itself."""
    from pydicom.sequence import Sequence

    frames = [dataset(MREchoSequence=Sequence([dataset(EffectiveEchoTime=te)])) for te in (10.0, 80.0)]
    header = nested(MREchoSequence={"EffectiveEchoTime": 1.0})
    header.PerFrameFunctionalGroupsSequence = Sequence(frames)
    assert [acquisition(header, n).te_s for n in (0, 1, 2)] == [0.01, 0.08, 0.001]


@pytest.mark.parametrize(
    ("agent", "expected"),
    [("Gadovist", True), ("NONE", False), ("no", False), ("", None), (None, None)],
)
def test_contrast_agent(agent, expected):
    """True if named, False if the field says none, None if silent."""
    assert acquisition(dataset(ContrastBolusAgent=agent)).contrast_agent is expected


def test_contrast_agent_sequence_of_enhanced_objects():
    """An item in the agent sequence is an agent."""
    from pydicom.sequence import Sequence

    assert acquisition(dataset(ContrastBolusAgentSequence=Sequence([dataset(CodeValue="C")]))).contrast_agent is True


@pytest.mark.parametrize(("stated", "tesla"), [(1.5, 1.5), (15000, 1.5), (0, None), (-1, None)])
def test_field_strength(stated, tesla):
    """Some headers state gauss; zero is no field."""
    assert acquisition(dataset(MagneticFieldStrength=stated)).field_t == tesla


def test_times_keep_their_fraction_and_the_frame_comes_first():
    """Volumes a fraction of a second apart stay apart; in enhanced images each frame states its own time."""
    stated = {"AcquisitionDate": "20240102", "AcquisitionTime": "101112.500000", "SeriesDate": "20240101"}
    assert acquisition(dataset(**stated)).acquired == "2024-01-02T10:11:12.5"
    assert acquisition(dataset(SeriesDate="20240101", AcquisitionTime="10")).acquired == "2024-01-01"
    header = nested(FrameContentSequence={"FrameAcquisitionDateTime": "20240102101113.75", "TemporalPositionIndex": 3})
    header.AcquisitionDateTime = "20240102101112"
    found = acquisition(header)
    assert found.acquired == "2024-01-02T10:11:13.75" and found.temporal_position == 3


def test_contrast_time():
    """Time without date: the day of the acquisition, or the day before if the agent came shortly before midnight."""
    day = {"AcquisitionDate": "20240102", "ContrastBolusStartTime": "101000"}
    assert acquisition(dataset(**day, AcquisitionTime="101112")).contrast_at == "2024-01-02T10:10:00"
    assert acquisition(dataset(**day, AcquisitionTime="100900")).contrast_at == "2024-01-02T10:10:00"
    late = {"AcquisitionDate": "20240102", "AcquisitionTime": "000500", "ContrastBolusStartTime": "235800"}
    assert acquisition(dataset(**late)).contrast_at == "2024-01-01T23:58:00"
    assert acquisition(dataset(ContrastBolusStartTime="101000")).contrast_at is None
    assert acquisition(dataset(AcquisitionDate="20240102", ContrastBolusStartTime="10")).contrast_at is None


def test_contrast_time_of_enhanced_images():
    """In the administration profile of the agent."""
    profile = dataset(ContrastBolusStartTime="101000")
    agent = dataset(ContrastAdministrationProfileSequence=[profile])
    found = acquisition(dataset(AcquisitionDateTime="20240102101500", ContrastBolusAgentSequence=[agent]))
    assert (found.contrast_at, found.contrast_agent) == ("2024-01-02T10:10:00", True)


@pytest.mark.parametrize(
    ("words", "component"),
    [
        (["ORIGINAL", "PRIMARY", "M", "ND"], "MAGNITUDE"),
        (["ORIGINAL", "PRIMARY", "P", "ND"], "PHASE"),
        (["ORIGINAL", "PRIMARY", "R_FFE", "R", "FFE"], "REAL"),
        (["ORIGINAL", "PRIMARY", "I_FFE", "I", "FFE"], "IMAGINARY"),
        (["ORIGINAL", "PRIMARY", "PHASE MAP"], "PHASE"),
        (["M", "P"], None),
        (["ORIGINAL", "PRIMARY", "M", "P"], None),
        (["ORIGINAL", "PRIMARY", "OTHER"], None),
    ],
)
def test_complex_component_from_the_image_type(words, component):
    """The first two values of ImageType mean something else; two components at once say nothing."""
    assert acquisition(dataset(Modality="MR", ImageType=words)).complex_component == component
    assert acquisition(dataset(Modality="CT", ImageType=words)).complex_component is None


def test_complex_component_by_attribute_and_private_element():
    """The attribute comes first; GE states a number."""
    assert acquisition(nested(MRImageFrameTypeSequence={"ComplexImageComponent": "PHASE"})).complex_component == "PHASE"
    assert acquisition(nested(MRImageFrameTypeSequence={"ComplexImageComponent": "MIXED"})).complex_component is None
    for value, component in enumerate(("MAGNITUDE", "PHASE", "REAL", "IMAGINARY")):
        header = dataset(Modality="MR", ImageType=["ORIGINAL", "PRIMARY", "OTHER"])
        header.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x2F, "SS", value)
        assert acquisition(header).complex_component == component


@pytest.mark.parametrize(
    ("maker", "option", "fat"),
    [
        ("Philips", "SPIR", True),
        ("SIEMENS", "SPIR", False),
        ("GE MEDICAL SYSTEMS", "SS_GEMS", True),
        (None, "FS", True),
    ],
)
def test_scan_options_in_the_words_of_the_vendor(maker, option, fat):
    """Each vendor names its fat suppression otherwise."""
    header = dataset(ScanOptions=["PFP", option], **({"Manufacturer": maker} if maker else {}))
    assert acquisition(header).fat_suppressed is fat


@pytest.mark.parametrize(("stated", "fat"), [("Y", True), ("N", False), ("X", None)])
def test_private_fat_suppression(stated, fat):
    """Philips states its spectral suppression in an element of its own."""
    header = dataset(Manufacturer="Philips")
    header.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x21, "CS", stated)
    assert acquisition(header).fat_suppressed is fat


@pytest.mark.parametrize(
    ("stated", "fat"),
    [("FAT", True), ("FAT_AND_WATER", True), ("WATER", False), ("NONE", False), ("SILICON_GEL", False)],
)
def test_enhanced_fat_suppression(stated, fat):
    """Suppressed water leaves fat bright."""
    assert acquisition(nested(MRModifierSequence={"SpectrallySelectedSuppression": stated})).fat_suppressed is fat


def test_sequence_variants_of_enhanced_images():
    """The classic words, from the attributes; the classic element wins where it is there."""
    header = nested(
        MRModifierSequence={"Spoiling": "RF", "MagnetizationTransfer": "NONE"},
    )
    header.SteadyStatePulseSequence, header.SegmentedKSpaceTraversal = "NONE", "PARTIAL"
    assert acquisition(header).sequence_variant == ("SK", "SP")
    header.SequenceVariant = "NONE"
    assert acquisition(header).sequence_variant == ("NONE",)


def test_echo_numbers_and_trains():
    """Radio frequency echoes stand for the echo train where enhanced images state them apart."""
    assert acquisition(dataset(EchoNumbers=2)).echo_number == 2
    assert acquisition(dataset(RFEchoTrainLength=9, GradientEchoTrainLength=0)).echo_train_length == 9
    assert acquisition(dataset(RFEchoTrainLength=0, GradientEchoTrainLength=3)).echo_train_length == 3
    assert acquisition(dataset(EchoTrainLength=1, RFEchoTrainLength=9)).echo_train_length == 1


def test_words_in_code_sequences():
    """Where the plain element is missing, the meaning of its code."""
    region, view = dataset(CodeMeaning="Lumbar spine"), dataset(CodeMeaning="antero-posterior")
    found = acquisition(dataset(AnatomicRegionSequence=[region], ViewCodeSequence=[view], SOPClassUID="1.2"))
    assert (found.body_part, found.view_position, found.sop_class) == ("Lumbar spine", "antero-posterior", "1.2")
    found = acquisition(dataset(AnatomicRegionSequence=[region], BodyPartExamined="LSPINE", ViewPosition="LL"))
    assert (found.body_part, found.view_position) == ("LSPINE", "LL")


def test_coded_patient_position():
    """Nuclear medicine codes the position; half a code is none."""
    supine = dataset(CodeValue="F-10450", PatientOrientationModifierCodeSequence=[dataset(CodeValue="F-10340")])
    feet = dataset(CodeValue="F-10480")
    found = acquisition(dataset(PatientOrientationCodeSequence=[supine], PatientGantryRelationshipCodeSequence=[feet]))
    assert found.patient_position == "FFS"
    assert acquisition(dataset(PatientGantryRelationshipCodeSequence=[feet])).patient_position is None


def test_display_windows_are_facts_only():
    """Every pair of centre and width; a width of zero is none."""
    found = acquisition(dataset(WindowCenter=[40, 400], WindowWidth=[350, 1500]))
    assert found.display_window == ((40.0, 350.0), (400.0, 1500.0))
    assert acquisition(dataset(WindowCenter=40, WindowWidth=0)).display_window == ()


def test_real_headers_fill_the_new_fields(shared_data):
    """A radiograph states its view, a PET slice its class."""
    import pydicom

    folder = shared_data / "dicom-singles-spine"
    found = acquisition(pydicom.dcmread(folder / "cr-cspine-lat-16px.dcm", stop_before_pixels=True))
    assert (found.view_position, found.display_window) == ("LL", ((1600.0, 2800.0),))
    found = acquisition(pydicom.dcmread(folder / "pt-thorax-fdg.dcm", stop_before_pixels=True))
    assert found.sop_class == "1.2.840.10008.5.1.4.1.1.128" and found.acquired == "2019-11-13T11:16:24"


@pytest.mark.parametrize(
    ("vr", "value", "words"),
    [("SL", 55, ("SE", "EP")), ("SL", 1, ("SE",)), ("UN", b"\x1f\x00\x00\x00", ("SE", "EP")), (None, None, ("SE",))],
)
def test_philips_echo_planar_images_carry_spin_echo(vr, value, words):
    """Classic Philips diffusion images say SE; their private EPI factor says that the readout was echo planar."""
    header = dataset(Manufacturer="Philips Medical Systems", ScanningSequence="SE")
    if vr is not None:
        header.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x13, vr, value)
    assert acquisition(header).scanning_sequence == words
    header.Manufacturer = "SIEMENS"
    assert acquisition(header).scanning_sequence == ("SE",)
