"""Acquisition: "no defaults for absent"; classic and enhanced headers give the same words."""

from __future__ import annotations

import pytest

from spinemets.ingest.acquisition import acquisition, iso
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
    assert found.acquired == "2024-01-02T10:11:12" and found.echo_train_length == 7


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


@pytest.mark.parametrize(
    ("stamp", "text"),
    [
        ("20240102", "2024-01-02"),
        ("20240102030405.123+0100", "2024-01-02T03:04:05"),
        ("2024010203", "2024-01-02"),
        ("", None),
        ("unknown", None),
    ],
)
def test_dates(stamp, text):
    """ISO 8601, or None."""
    assert iso(stamp) == text
