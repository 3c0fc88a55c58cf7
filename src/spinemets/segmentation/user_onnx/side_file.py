"""The side file of a network: `NAME.json` beside `NAME.onnx`, schema `spinemets-onnx/1`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import msgspec

from spinemets.knowledge import kinds as series_kinds
from spinemets.knowledge.catalogue import Strict
from spinemets.model.errors import UsageError
from spinemets.segmentation import reslice
from spinemets.segmentation.name_table import meaning
from spinemets.segmentation.schemes import schemes

SCHEMA = "spinemets-onnx/1"
# More overlap than this only repeats work.
MOST_OVERLAP = 0.9
CHUNK = 1 << 20


class Normalisation(Strict, frozen=True):
    """What is done to the values of the image before the network sees them.

    Attributes
    ----------
    then
        `z_score`: (value - mean) / sd; `scale`: limits to 0 and 1.
    clip_hu, clip_percentiles
        Limits: values, or percentiles of the image; one of the two.
    mean, sd
        Of the training images (z_score); where they are not stated, those of the clipped image.
    """

    then: Literal["z_score", "scale"]
    clip_hu: tuple[float, float] | None = None
    clip_percentiles: tuple[float, float] | None = None
    mean: float | None = None
    sd: float | None = None


class SideFile(Strict, frozen=True):
    """How a network is used.

    Attributes
    ----------
    name
        Name and version, as the report states them.
    sha256
        Of the ONNX file.
    kinds
        Kinds of series it may be used on, best first.
    axes
        Side that each axis of the patch runs towards, such as `LPS` or `PIR`.
    spacing_mm, patch
        Voxel distances and number of voxels of the patch, in that order of axes.
    overlap
        Share of a patch that the next one covers again.
    labels
        Name of a label scheme, or integer -> structure in words (`vertebra L3`, `canal`); the integer is the channel.
    """

    schema: str
    name: str
    sha256: str
    kinds: list[str]
    axes: str
    spacing_mm: tuple[float, float, float]
    patch: tuple[int, int, int]
    normalisation: Normalisation
    labels: str | dict[str, str]
    overlap: float = 0.5

    @property
    def scheme(self) -> str | None:
        """Label scheme, None where names are stated one by one."""
        return self.labels if isinstance(self.labels, str) else None

    @property
    def names(self) -> dict[int, str]:
        """Integer -> name; empty where a scheme is stated."""
        return {} if isinstance(self.labels, str) else {int(number): name for number, name in self.labels.items()}


def side_path(network: Path) -> Path:
    """`NAME.json` of `NAME.onnx`."""
    return network.with_suffix(".json")


def read(network: Path) -> SideFile:
    """Side file of a network, with the network's checksum proved.

    Raises
    ------
    UsageError
        One sentence for what is wrong: a file is missing, a key is missing or unknown, a value cannot be, a structure or
        kind is not known, the checksum is another.
    """
    path = side_path(network)
    for needed in (network, path):
        if not needed.is_file():
            raise UsageError(
                f"{needed.name} does not exist.", f"A network is {network.name} with {path.name} beside it."
            )
    try:
        side = msgspec.json.decode(path.read_bytes(), type=SideFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name}: {error}.", f"It must follow the schema {SCHEMA}.") from error
    fault = _fault(side)
    if fault is not None:
        raise UsageError(f"{path.name}: {fault}.", f"It must follow the schema {SCHEMA}.")
    if sha256(network) != side.sha256.lower():
        raise UsageError(
            f"{network.name} is not the network that {path.name} describes: its SHA-256 is another.",
            "Put the right pair of files in place.",
        )
    return side


def sha256(path: Path) -> str:
    """Checksum of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def _fault(side: SideFile) -> str | None:
    """What cannot be, in the order of the keys; None if all is well."""
    if side.schema != SCHEMA:
        return f"schema is {side.schema!r}, expected {SCHEMA!r}"
    unknown = [kind for kind in side.kinds if kind not in series_kinds.kinds()]
    if unknown or not side.kinds:
        return f"kinds holds {unknown[0]!r}, which is no kind of series" if unknown else "kinds is empty"
    if not reslice.is_orientation(side.axes):
        return f"axes is {side.axes!r}, expected one letter each of L or R, P or A, S or I"
    if min(side.spacing_mm) <= 0 or min(side.patch) < 1:
        return "spacing_mm and patch must be positive"
    if not 0 <= side.overlap <= MOST_OVERLAP:
        return f"overlap is {side.overlap:g}, expected 0 to {MOST_OVERLAP:g}"
    return _normalisation_fault(side.normalisation) or _labels_fault(side.labels)


def _normalisation_fault(chosen: Normalisation) -> str | None:
    if (chosen.clip_hu is None) == (chosen.clip_percentiles is None):
        return "normalisation needs either clip_hu or clip_percentiles"
    low, high = chosen.clip_hu or chosen.clip_percentiles or (0.0, 0.0)
    if low >= high or (chosen.clip_percentiles is not None and not 0 <= low < high <= 100):
        return f"normalisation clips to {low:g} and {high:g}, which are no limits"
    if (chosen.mean is None) != (chosen.sd is None) or (chosen.sd is not None and chosen.sd <= 0):
        return "normalisation states mean and sd together, sd above 0, or neither"
    return None


def _labels_fault(labels: str | dict[str, str]) -> str | None:
    if isinstance(labels, str):
        return None if labels in schemes() else f"labels is {labels!r}, which is no label scheme"
    if not labels:
        return "labels is empty"
    for number, name in labels.items():
        if not number.isdecimal() or int(number) == 0:
            return f"labels holds {number!r}, expected a whole number from 1"
        if meaning(name) is None:
            return f"labels names {number} {name!r}, which is no structure of the spine"
    return None
