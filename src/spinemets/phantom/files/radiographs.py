"""Files and truth of radiographs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinemets.model.errors import UsageError
from spinemets.phantom.imaging import radiograph_truth
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.radiograph_technique import Technique
from spinemets.phantom.patient import Phantom

if TYPE_CHECKING:
    from spinemets.exports.dicom.about import About
    from spinemets.exports.dicom.radiograph import RadiographFacts
    from spinemets.model.volume import Volume


def facts(a: Acquisition, xray: Technique) -> RadiographFacts:
    """How a radiograph was made. Its values rise with the logarithm of what the beam lost: bone is bright."""
    from spinemets.exports.dicom.radiograph import RadiographFacts  # lazy: heavy import

    return RadiographFacts(
        view=xray.view,
        spacing_mm=(a.pixel_mm, a.pixel_mm),
        source_detector_mm=xray.sid_mm,
        source_patient_mm=xray.sod_mm,
        kvp=a.kvp,
        logarithmic=True,
        rising=False,
    )


def write(volume: Volume, folder: Path, about: About, how: tuple[Acquisition, Technique]) -> Path:
    """Write a radiograph into a folder of its own."""
    from spinemets.exports.dicom.radiograph import write_radiograph  # lazy: heavy import

    folder.mkdir(parents=True, exist_ok=True)
    return write_radiograph(volume.array[:, :, 0].T, folder / "IM0001.dcm", about, facts(*how))


def refuse(protocols: Sequence[Acquisition], form: str) -> None:
    """Refuse radiographs in a form of file for volumes.

    Raises
    ------
    UsageError
        If there is one among the series.
    """
    names = [a.sequence for a in protocols if a.xray is not None]
    if names:
        raise UsageError(
            f"{', '.join(names)}: a radiograph lies in no volume and is not written as {form}.",
            "Use --format dicom, or name other --sequences.",
        )


def truth(phantom: Phantom, acquisition: Acquisition) -> dict[str, Any]:
    """What a radiograph shows, and where on the detector (`projection` of a series in the schema of the truth)."""
    technique = _technique(acquisition)
    posed = phantom.posed(technique.posture)
    found = radiograph_truth.projected(phantom.truth, (phantom.anatomy, posed), phantom.beam(acquisition))
    return {"posture": technique.posture, **found}


def coverage(phantom: Phantom, acquisition: Acquisition) -> dict[str, str]:
    """`whole`, `cut` or `absent` by level."""
    return radiograph_truth.seen(phantom.posed(_technique(acquisition).posture), phantom.beam(acquisition))


def _technique(acquisition: Acquisition) -> Technique:
    if acquisition.xray is None:
        raise ValueError(f"{acquisition.sequence} is no radiograph")
    return acquisition.xray
