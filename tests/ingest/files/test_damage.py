"""What damaged files raise is one list per library, looked up only when something was raised."""

from __future__ import annotations

import subprocess
import sys

import pytest

from spinemets.ingest.files import damage


def test_errors_of_the_libraries_that_derive_from_exception_directly():
    """They would slip through a list of built-in errors."""
    from isal.igzip_lib import IsalError
    from nibabel.spatialimages import HeaderDataError
    from pydicom.errors import BytesLengthException, InvalidDicomError

    for kind in (BytesLengthException, InvalidDicomError):
        assert not issubclass(kind, damage.PLAIN)
        with pytest.raises(damage.of_dicom()):
            raise kind("x")
    for kind in (IsalError, HeaderDataError):
        assert not issubclass(kind, damage.PLAIN)
        with pytest.raises(damage.of_nifti()):
            raise kind("x")


def test_recursion_and_own_errors():
    """Too deep nesting is damage; further kinds can be named."""
    assert issubclass(RecursionError, damage.of_dicom()) and issubclass(KeyError, damage.of_nifti())
    assert Warning in damage.of_dicom(Warning)


def test_interrupts_are_no_damage():
    """A user who stops the program is not a broken file."""
    assert not issubclass(KeyboardInterrupt, damage.of_dicom())


def test_nothing_heavy_is_imported_with_it():
    """The list costs an import only when something was raised."""
    code = "import sys; import spinemets.ingest.files.damage; print('pydicom' in sys.modules, 'nibabel' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
