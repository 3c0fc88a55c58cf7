"""One line of the page: what was compared, what came out, what must be reached; and where the references lie."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "reference"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure with its bar; `met` None = there is no bar."""

    what: str
    figure: str
    bar: str = ""
    met: bool | None = None


def reference() -> Path:
    """Folder of the public references; may not exist.

    Returns
    -------
    Path
        Beside the repository, or `reference` beside the folder that SPINEMETS_SHARED_DATA names.
    """
    stated = os.environ.get("SPINEMETS_SHARED_DATA")
    return Path(stated).parent / "reference" if stated else BESIDE


def at_most(what: str, value: float, most: float, form: str = ".2g") -> Row:
    """A figure that must not be above a bar."""
    return Row(what=what, figure=f"{value:{form}}", bar=f"<= {most:g}", met=bool(value <= most))


def at_least(what: str, value: float, least: float, form: str = ".6g") -> Row:
    """A figure that must not be below a bar."""
    return Row(what=what, figure=f"{value:{form}}", bar=f">= {least:g}", met=bool(value >= least))


def all_of(what: str, number: int, total: int) -> Row:
    """So many of so many."""
    return Row(what=what, figure=f"{number} of {total}", bar="all", met=number == total)


def table(*parts: str) -> list[dict[str, str]]:
    """Rows of a CSV file of the references."""
    csv.field_size_limit(10**8)
    with reference().joinpath(*parts).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def numbers(text: str) -> Array:
    """A list of numbers within a field."""
    return np.array([float(word) for word in text.split()])


def images(*parts: str) -> Iterator[tuple[str, Any]]:
    """Names and data sets of the DICOM files of an archive."""
    import pydicom

    with zipfile.ZipFile(reference().joinpath(*parts)) as archive:
        for name in archive.namelist():
            if name.endswith(("/", ".txt", ".csv")):
                continue
            dataset = pydicom.dcmread(io.BytesIO(archive.read(name)), force=True)
            if "PixelData" in dataset:
                yield name, dataset


def concordance(one: Any, other: Any) -> float:
    """Lin's concordance correlation."""
    a, b = np.ravel(one).astype(float), np.ravel(other).astype(float)
    return float(2 * np.cov(a, b, bias=True)[0, 1] / (a.var() + b.var() + (a.mean() - b.mean()) ** 2))
