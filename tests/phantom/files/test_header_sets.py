"""Case `hdr-vendors`: the series of three makers are complete DICOM files and say what they truly are."""

from __future__ import annotations

import json

import numpy as np
import pydicom
import pytest

from spinemets.phantom.files.header_sets import CASE, N_SLICES, data_sets, header_sets, vendors, write_header_sets


def named(vendor, name):
    return next(one for one in header_sets(vendor) if one.name == name)


def test_three_makers_with_the_same_series():
    """The same protocol in three dresses."""
    assert vendors() == ("siemens", "ge", "philips")
    names = [[one.name for one in header_sets(vendor)] for vendor in vendors()]
    assert names[0] == names[1] == names[2]
    assert len(set(names[0])) == len(names[0]) >= 27
    with pytest.raises(KeyError):
        header_sets("nobody")


def test_every_kind_is_one_a_series_may_have():
    """Truth in the words of the recognition tables."""
    from spinemets.series.classes import known_kinds

    assert {one.kind for vendor in vendors() for one in header_sets(vendor)} <= set(known_kinds())


@pytest.mark.parametrize("vendor", ["siemens", "ge", "philips"])
def test_every_file_says_that_it_is_simulated(vendor):
    """No real patient, no real scanner: in every single header."""
    for one in header_sets(vendor):
        for dataset in data_sets(one):
            assert dataset.PatientName == f"SYNTHETIC^{CASE}"
            assert (dataset.ManufacturerModelName, dataset.ImageComments) == (
                "digital spine",
                "simulated, not a patient",
            )


@pytest.mark.parametrize(
    ("vendor", "tag", "value"),
    [("siemens", 0x0019100C, "800"), ("ge", 0x00431039, "1000000800"), ("philips", 0x20011003, "800")],
)
def test_b_values_stand_where_each_maker_writes_them(vendor, tag, value):
    """Private elements; General Electric adds a thousand million."""
    last = list(data_sets(named(vendor, "dwi")))[-1]
    found = last[tag].value
    first = found[0] if isinstance(found, (list, pydicom.multival.MultiValue)) else found
    assert float(first) == float(value)
    assert "DiffusionBValue" not in last


def test_stacks_have_places():
    """Slices along the normal, each place once a volume; a planning image has three directions."""
    one = named("ge", "in-opposed")
    positions = [tuple(map(float, d.ImagePositionPatient)) for d in data_sets(one)]
    assert len(positions) == 2 * N_SLICES and len(set(positions)) == N_SLICES
    d = next(iter(data_sets(one)))
    row, column = np.array(d.ImageOrientationPatient[:3], float), np.array(d.ImageOrientationPatient[3:], float)
    step = np.subtract(positions[1], positions[0])
    np.testing.assert_allclose(step, np.cross(row, column) * 4.4, atol=1e-3)
    planes = {tuple(d.ImageOrientationPatient) for d in data_sets(named("siemens", "localizer"))}
    assert len(planes) == 3


def test_phases_follow_each_other_in_time():
    """Ten volumes, four seconds apart."""
    times = sorted({d.AcquisitionTime for d in data_sets(named("philips", "dce"))})
    assert times[:3] == ["120000.000", "120004.000", "120008.000"] and len(times) == 10


def test_components_name_themselves_in_the_image_type():
    """Water and fat of a Dixon series, in each maker's words."""
    types = [list(fields["ImageType"]) for fields in named("philips", "dixon").images]
    assert types == [["DERIVED", "PRIMARY", "W", "W", "DERIVED"], ["DERIVED", "PRIMARY", "F", "F", "DERIVED"]]
    assert "component" not in named("ge", "dixon").images[0]


def test_ct_values_are_hounsfield_units():
    """CT states its scale."""
    d = next(iter(data_sets(named("siemens", "ct-bone"))))
    assert (float(d.RescaleSlope), float(d.RescaleIntercept), d.RescaleType) == (1.0, -1024.0, "HU")
    assert d.ConvolutionKernel == "B70s"


def test_files_on_disk(tmp_path):
    """One study a maker, one folder a series, and the truth beside them; written again, the bytes are the same."""
    made = write_header_sets(tmp_path / "a")
    write_header_sets(tmp_path / "b")
    assert set(made) == set(vendors())
    truth = json.loads((tmp_path / "a" / "truth.json").read_text())
    assert truth["case"] == CASE and truth["kinds"]["siemens"]["t1"] == "t1"
    files = sorted(made["siemens"].rglob("*.dcm"))
    assert pydicom.dcmread(files[0]).StudyInstanceUID == pydicom.dcmread(files[-1]).StudyInstanceUID
    for path in files[::17]:
        twin = tmp_path / "b" / path.relative_to(tmp_path / "a")
        assert path.read_bytes() == twin.read_bytes()
