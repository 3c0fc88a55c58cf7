"""Files that lack slices or header elements."""

from __future__ import annotations

from dataclasses import replace

import pydicom
import pytest

from spinemets import phantom
from spinemets.model.errors import UsageError
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.files import write
from spinemets.phantom.files.spoil import check_whole, spoil
from spinemets.phantom.imaging.acquisition import default


@pytest.fixture
def files(tmp_path):
    """Four slices of a T1."""
    few = replace(default("t1"), n_slices=4, pixel_mm=3.4)
    made = write.write_dicom(phantom.build("normal", 1), tmp_path, (few,))
    return sorted(made["t1"].iterdir())


def test_lost_slices_are_gone(files):
    """The others keep their names, numbers and places."""
    before = [file.read_bytes() for file in files]
    spoil(files, (1,), ())
    assert [file.exists() for file in files] == [True, False, True, True]
    assert [file.read_bytes() for file in files if file.exists()] == [before[0], before[2], before[3]]


def test_omitted_elements_are_gone(files):
    """From every image; pixels and all else stay; what is not there cannot be removed."""
    before = pydicom.dcmread(files[0])
    spoil(files, (3,), ("EchoTime", "InversionTime"))
    assert not files[3].exists()
    for file in files[:3]:
        assert "EchoTime" not in pydicom.dcmread(file)
    after = pydicom.dcmread(files[0])
    assert after.PixelData == before.PixelData and after.file_meta == before.file_meta
    assert {e.tag for e in before} - {e.tag for e in after} == {before["EchoTime"].tag}


@pytest.mark.parametrize("name", ["geom-gap", "pit-missing-tags"])
def test_only_dicom_can_lack_them(name, tmp_path):
    """NIfTI is refused in one line before anything is written."""
    with pytest.raises(UsageError, match="about what DICOM files can lack"):
        check_whole(case_of(name))
    with pytest.raises(UsageError, match=name):
        write.write_nifti_series(phantom.build(name, 1), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    check_whole(case_of("normal"))
