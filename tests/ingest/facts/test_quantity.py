"""Units of values: "activity Bq/mL only for BQML, counts for CNTS, GML as SUV with its type, others named"."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from spinemets.ingest.facts.quantity import quantity, units
from spinemets.ingest.header.values import Values
from spinemets.ingest.read import read

PET_CLASS = "1.2.840.10008.5.1.4.1.1.128"


def header(**values) -> Values:
    found = pydicom.Dataset()
    for keyword, value in ({"RescaleSlope": 2, "RescaleIntercept": 0} | values).items():
        if value is not None:
            setattr(found, keyword, value)
    return Values(found)


def mapping(slope: float, code: str) -> pydicom.Dataset:
    unit = pydicom.Dataset()
    setattr(unit, "CodeValue" if len(code) <= 16 else "LongCodeValue", code)
    unit.CodingSchemeDesignator, unit.CodeMeaning = "UCUM", code
    found = pydicom.Dataset()
    found.RealWorldValueSlope, found.RealWorldValueIntercept = float(slope), 0.0
    found.MeasurementUnitsCodeSequence = [unit]
    return found


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("BQML", ("activity", "Bq/mL")),
        ("CNTS", ("counts", "{counts}")),
        ("GML", ("suv", "g/mL")),
        ("CM2ML", ("suv", "cm2/mL")),
        ("PROPCPS", ("unknown", "1")),
        ("CPS", ("unknown", "1")),
        ("SOMETHING", ("unknown", "1")),
    ],
)
def test_units_of_pet(code, expected):
    """Only a unit the standard defines gives one; others are named in a sentence."""
    *found, said = quantity("PT", header(Units=code))
    assert tuple(found) == expected
    assert (expected[0] == "unknown") == any(code in sentence and "no SUV" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("GML", None, "stands for BW"),
        ("GML", "LBMJANMA", "Janmahasatian"),
        ("GML", "IBW", "ideal body weight"),
        ("GML", "XYZ", "unknown type"),
        ("CM2ML", None, "stands for BSA"),
    ],
)
def test_which_suv_it_is(code, kind, words):
    """SUV by lean mass and by weight differ by a quarter: the type is always said."""
    (sentence,) = quantity("PT", header(Units=code, SUVType=kind))[2]
    assert words in sentence


def test_silent_and_contradictory_headers_have_no_unit():
    """Missing units, two units, no slope: values without a unit, and why."""
    assert quantity("PT", header()) == ("unknown", "1", ("Units (0054,1001) is not stated: the values have no unit",))
    *found, said = quantity("PT", header(Units="BQML", RescaleType="CNTS"))
    assert found == ["unknown", "1"] and "contradicts" in said[0] and len(said) == 1
    *found, said = quantity("PT", header(Units="BQML", RescaleSlope=None))
    assert found == ["unknown", "1"] and "no rescale slope" in said[0]
    assert quantity("PT", header(Units="BQML", RescaleType="US"))[:2] == ("activity", "Bq/mL")


def test_other_modalities():
    """MR signal is arbitrary; nuclear medicine is activity only where it states the unit."""
    assert quantity("MR", header()) == ("mr_signal", "1", ())
    assert quantity("NM", header()) == ("unknown", "1", ())
    assert quantity("NM", header(Units="BQML"))[:2] == ("activity", "Bq/mL")
    assert quantity("US", header()) == quantity(None, header()) == ("unknown", "1", ())


def test_units_of_enhanced_pet():
    """The real world value mapping counts only where it is the rescale itself."""
    assert units(header(RealWorldValueMappingSequence=[mapping(2, "Bq/ml")])) == ("BQML", None, "")
    found = units(header(RealWorldValueMappingSequence=[mapping(0.001, "{SUVbw}g/ml")]))
    assert found.code is None and "differs from the rescale" in found.said
    both = [mapping(0.001, "{SUVbw}g/ml"), mapping(2 + 1e-9, "Bq/ml")]
    assert units(header(RealWorldValueMappingSequence=both)).code == "BQML"
    assert units(header(RescaleType="BQML")).code == "BQML" and units(header()) == (None, None, "")
    moved = mapping(2, "Bq/ml")
    moved.RealWorldValueIntercept = 5.0
    assert units(header(RealWorldValueMappingSequence=[moved])).code is None


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("g/ml{SUVbw}", "BW", "body weight"),
        ("g/ml{SUVlbm}", "LBM", "James"),
        ("g/ml{SUVlbm(Janma)}", "LBMJANMA", "Janmahasatian"),
        ("cm2/ml{SUVbsa}", "BSA", "body surface"),
    ],
)
def test_an_enhanced_suv_keeps_its_type(code, kind, words):
    """Lean body mass must not pass for body weight because SUVType is missing there."""
    v = header(RealWorldValueMappingSequence=[mapping(2, code)])
    assert units(v).suv_type == kind
    name, _, (sentence,) = quantity("PT", v)
    assert name == "suv" and words in sentence and "not stated" not in sentence


def test_every_unit_of_the_standard_is_known():
    """DICOM PS3.16 CID 84 and 85: each SUV code has its type."""
    from pydicom.sr._cid_dict import cid_concepts
    from pydicom.sr._concepts_dict import concepts

    from spinemets.knowledge.catalogue import table

    codes = {code for name in cid_concepts[85]["UCUM"] for code in concepts["UCUM"][name]}
    rows = table("tracer")["ucum"]
    assert codes <= set(rows) and all(rows[code]["suv_type"] in table("tracer")["suv_types"] for code in codes)


def test_slope_of_each_slice(tmp_path, write_series, axial_positions):
    """PET slopes differ per slice: each slice is in Bq/mL by its own slope."""
    stored = np.arange(3 * 4 * 5, dtype=np.uint16).reshape(3, 4, 5)
    slopes = (0.5, 2.0, 9.1475)
    for k, z in enumerate((0.0, 3.0, 6.0)):
        write_series(
            tmp_path / str(k), stored[k : k + 1], axial_positions(z), Modality="PT", Units="BQML", RescaleSlope=slopes[k],
            RescaleIntercept=0, SOPClassUID=PET_CLASS, KVP=None, InstanceNumber=k + 1,
        )  # fmt: skip
    (series,) = read([tmp_path]).series
    volume = series.pixels()
    assert (volume.quantity, volume.unit) == ("activity", "Bq/mL")
    order = np.argsort([series.grid.affine_lps_mm[2, 3] + k * series.grid.affine_lps_mm[2, 2] for k in range(3)])
    for k in range(3):
        np.testing.assert_allclose(volume.array[:, :, order[k]], stored[k].T * slopes[k], rtol=1e-6)
