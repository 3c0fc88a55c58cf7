"""NIfTI writer: an LPS grid becomes a RAS affine, label names go into the header as a label table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid

DESCRIPTION_BYTES = 79
# Code 0 = "other": the place where segmentation tools put their Caret label table.
EXTENSION_CODE = 0
# Cosines of the angles between axes up to this come from rounding.
RIGHT_ANGLE = 1e-4
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def write_nifti(
    array: NDArray[Any], grid: Grid, path: Path, description: str = "", names: Mapping[int, str] | None = None
) -> None:
    """Write an array (i, j, k) with its place in the patient; `.gz` names are compressed.

    sform and qform hold the same affine (scanner coordinates, mm); of a sheared grid, which no qform can hold, the sform
    alone does. The same input gives the same bytes.

    Parameters
    ----------
    names
        Integer -> name, written as a Caret label table in a header extension.
    """
    import nibabel as nib  # lazy: heavy import

    from spinemets.exports.atomic import write_bytes

    affine = LPS_TO_RAS @ grid.affine_lps_mm
    image: Any = nib.Nifti1Image(np.asarray(array), affine)  # type: ignore[no-untyped-call]
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=int(_square(grid)))
    image.header["descrip"] = description.encode("ascii", "replace")[:DESCRIPTION_BYTES]
    if names:
        extension = nib.nifti1.Nifti1Extension(EXTENSION_CODE, label_table(names).encode())
        image.header.extensions.append(extension)
    content = image.to_bytes()
    if path.name.endswith(".gz"):
        from isal import igzip  # lazy: only for compressed files

        content = igzip.compress(content, compresslevel=2, mtime=0)
    write_bytes(path, content)


def _square(grid: Grid) -> bool:
    """Whether the axes are at right angles."""
    return bool(np.allclose(grid.axes.T @ grid.axes, np.eye(3), atol=RIGHT_ANGLE))


def label_table(names: Mapping[int, str]) -> str:
    """Caret label table, one entry a label; colours cycle through well separated hues."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<CaretExtension><VolumeInformation Index="0"><LabelTable>']
    lines.append('<Label Key="0" Red="0" Green="0" Blue="0" Alpha="0"><![CDATA[background]]></Label>')
    for position, (number, name) in enumerate(sorted(names.items())):
        red, green, blue = _colour(position)
        lines.append(
            f'<Label Key="{number}" Red="{red:.3f}" Green="{green:.3f}" Blue="{blue:.3f}" Alpha="1">{escape(name)}</Label>'
        )
    lines.append("</LabelTable></VolumeInformation></CaretExtension>")
    return "\n".join(lines)


def _colour(position: int) -> tuple[float, float, float]:
    """Hue by the golden ratio."""
    import colorsys

    return colorsys.hsv_to_rgb((position * 0.618034) % 1.0, 0.75, 0.95)
