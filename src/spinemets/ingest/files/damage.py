"""What a damaged file can make the parsing libraries raise. Evaluated only when something was raised."""

from __future__ import annotations

import struct
import zlib
from typing import cast

# RuntimeError includes RecursionError: sequences nested too deep for a recursive parser.
PLAIN = (
    OSError, ValueError, EOFError, LookupError, AttributeError, TypeError, RuntimeError, ArithmeticError, MemoryError,
    AssertionError, struct.error, zlib.error,
)  # fmt: skip


def of_dicom(*also: type[Exception]) -> tuple[type[Exception], ...]:
    """Errors of pydicom and its decoders (their own classes derive from Exception directly), and any others named."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (*PLAIN, BytesLengthException, InvalidDicomError, *also)


def of_nifti() -> tuple[type[Exception], ...]:
    """Errors of nibabel and isal."""
    from isal.igzip_lib import IsalError
    from nibabel.spatialimages import HeaderDataError, HeaderTypeError

    return (*PLAIN, cast("type[Exception]", IsalError), HeaderDataError, HeaderTypeError)
