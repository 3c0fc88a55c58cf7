"""Files of a synthetic patient: series as DICOM or NIfTI, label map, truth. Everything says that it is simulated."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinemets.model.errors import UsageError
from spinemets.phantom.files import headers, nuclear_facts, radiographs
from spinemets.phantom.files.spoil import check_whole, spoil
from spinemets.phantom.imaging.acquisition import Acquisition, default
from spinemets.phantom.imaging.placing import several
from spinemets.phantom.pathology.canal.myelogram import Myelogram
from spinemets.phantom.patient import Phantom, uid

if TYPE_CHECKING:
    from spinemets.model.volume import Volume

FORMATS = ("dicom", "nifti")
# Voxels of masks of the whole spine: 40 million of them.
WHOLE_MASKS = {"pixel_mm": 1.0, "slice_mm": 2.0}
# A series by the name of its protocol, or by a protocol of one's own.
Series = str | Acquisition


def write_dicom(phantom: Phantom, folder: Path, sequences: tuple[Series, ...] | None = None) -> dict[str, Path]:
    """Write series as DICOM (those of the case unless given), one folder each; returns sequence -> folder."""
    from spinemets.exports.dicom.ct import write_ct  # lazy: heavy import
    from spinemets.exports.dicom.mr import write_mr

    made: dict[str, Path] = {}
    for number, acquisition, volume in _rendered(phantom, sequences):
        target = Path(folder) / f"{number:02d}-{acquisition.sequence}"
        about = headers.about(phantom, acquisition, number)
        if acquisition.modality == "CT":
            files = write_ct(
                volume, target, about, headers.ct_facts(acquisition, about.acquired, intrathecal=_intrathecal(phantom))
            )
        elif acquisition.emission is not None:
            files = nuclear_facts.write_emission(volume, target, about, acquisition)
        elif acquisition.xray is not None:
            files = [radiographs.write(volume, target, about, (acquisition, acquisition.xray))]
        else:
            stated = replace(acquisition, **phantom.case.stated)
            files = write_mr(volume, target, about, headers.mr_facts(stated, about.acquired))
        lost, omitted = phantom.case.lost_slices, phantom.case.omitted
        spoil(files, lost.get(acquisition.sequence, ()), omitted.get(acquisition.sequence, ()))
        made[acquisition.sequence] = target
    return made


def write_nifti_series(phantom: Phantom, folder: Path, sequences: tuple[Series, ...] | None = None) -> dict[str, Path]:
    """Write series as NIfTI with their facts in a JSON beside them, b-values in a `.bval`; returns name -> file.

    The name is that of the sequence, with the component where a series has several (`dixon2-water`).

    Raises
    ------
    UsageError
        If one of them is a radiograph.
    """
    from spinemets.exports.atomic import write_text  # lazy: heavy import
    from spinemets.exports.nifti import write_nifti

    check_whole(phantom.case)
    radiographs.refuse(expanded(sequences or phantom.case.series), "NIfTI")
    made: dict[str, Path] = {}
    for number, name, a, volume in _separated(_rendered(phantom, sequences)):
        path = Path(folder) / f"{number:02d}-{name}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_nifti(volume.array, volume.grid, path, f"SYNTHETIC {phantom.case.name}, {headers.COMMENT}")
        stem = path.with_name(path.name.removesuffix(".nii.gz"))
        write_text(stem.with_suffix(".json"), json.dumps(sidecar(phantom, a, number), indent=1) + "\n")
        if a.b_s_per_mm2:
            write_text(stem.with_suffix(".bval"), " ".join(f"{b:g}" for b in a.b_s_per_mm2) + "\n")
            write_text(
                stem.with_suffix(".bvec"), "\n".join(" ".join("0" for _ in a.b_s_per_mm2) for _ in range(3)) + "\n"
            )
        made[name] = path
    return made


def write_series(
    phantom: Phantom, folder: Path, file_format: str, sequences: tuple[Series, ...] | None = None
) -> dict[str, Path]:
    """Write series in a format; returns name -> file or folder.

    Raises
    ------
    UsageError
        If there is no such format.
    """
    check_format(file_format)
    return (write_dicom if file_format == "dicom" else write_nifti_series)(phantom, folder, sequences)


def check_format(file_format: str) -> None:
    """Refuse a format that does not exist.

    Raises
    ------
    UsageError
        If there is no such format.
    """
    if file_format not in FORMATS:
        raise UsageError(f"There is no format {file_format!r}.", f"Choose {' or '.join(FORMATS)}.")


def _separated(
    series: Iterator[tuple[int, Acquisition, Volume]],
) -> Iterator[tuple[int, str, Acquisition, Volume]]:
    """Series with their names; components are files of their own, since a side file has one image type."""
    for number, a, volume in series:
        if not a.components:
            yield number, a.sequence, a, volume
            continue
        for n, component in enumerate(a.components):
            alone = replace(volume, array=np.ascontiguousarray(volume.array[..., n]))
            yield number, f"{a.sequence}-{component}", a.at(n), alone


def sidecar(phantom: Phantom, a: Acquisition, number: int = 1) -> dict[str, Any]:
    """Facts of a series under the names of the BIDS standard, as the case states them; times in seconds."""
    found: dict[str, Any] = {
        "Modality": a.modality, "SeriesDescription": a.description, "Manufacturer": "spinemets",
        "ManufacturersModelName": "digital spine", "ImageComments": headers.COMMENT,
        "PatientID": f"SYNTHETIC-{phantom.case.person}-{phantom.seed}", "SliceThickness": a.slice_mm,
    }  # fmt: skip
    if a.modality == "CT":
        given = a.iodine_s is not None or _intrathecal(phantom)
        agent = {"ContrastBolusAgent": headers.IODINE} if given else {}
        return {**found, "KVP": a.kvp, "ConvolutionKernel": a.kernel, **agent}
    if a.emission is not None:
        return {**found, **nuclear_facts.facts_beside(a, headers.acquired(phantom, number))}
    a = replace(a, **phantom.case.stated)
    inverted = a.method == "inversion_recovery"
    mr = {
        "MagneticFieldStrength": a.field_t, "RepetitionTime": a.tr_ms / 1000, "EchoTime": _echo_time_s(a),
        "FlipAngle": _flip_angle_deg(a), "EchoTrainLength": a.echo_train_length, "ScanningSequence": "_".join(headers.SCANNING[a.method]),
        **({"InversionTime": a.ti_ms / 1000} if inverted else {}),
        **({"ScanOptions": "FS"} if a.fat_suppressed else {}),
        **({"ContrastBolusIngredient": "GADOLINIUM"} if a.agent_min is not None or a.n_times else {}),
        **({"VolumeTiming": [a.start_s(n) for n in range(a.n_times)]} if a.n_times else {}),
        **({"MRAcquisitionType": "3D"} if a.volumetric else {}),
        "ImageType": list(headers.image_type(a)),
    }  # fmt: skip
    return {**found, **mr}


def _intrathecal(phantom: Phantom) -> bool:
    """Whether contrast medium was given into the sac."""
    return any(isinstance(insert, Myelogram) for insert in phantom.case.canal)


def _echo_time_s(a: Acquisition) -> float | list[float]:
    """Echo time, one a volume where there are several."""
    several = a.echoes_ms and not a.components
    return [te_ms / 1000 for te_ms in a.echoes_ms] if several else a.te_ms / 1000


def _flip_angle_deg(a: Acquisition) -> float | list[float]:
    """Flip angle, one a volume where there are several; whole numbers as such."""
    if a.flips_deg:
        return list(a.flips_deg)
    return int(a.flip_deg) if a.flip_deg == int(a.flip_deg) else a.flip_deg


def expanded(wanted: tuple[Series, ...]) -> list[Acquisition]:
    """The protocols of series, one each of those that stand for several (`ax_t2-discs`, `wb_stir-all`)."""
    found: list[Acquisition] = []
    for series in wanted:
        found += [default(name) for name in several(series)] if isinstance(series, str) else [series]
    return found


def _rendered(phantom: Phantom, sequences: tuple[Series, ...] | None) -> Iterator[tuple[int, Acquisition, Volume]]:
    """Number, protocol and image of each series; those of one geometry are painted at once."""
    wanted = expanded(sequences or phantom.case.series)
    together: dict[tuple[object, ...], list[int]] = {}
    for n, acquisition in enumerate(wanted):
        together.setdefault(acquisition.geometry, []).append(n)
    for members in together.values():
        volumes = phantom.render_together(tuple(wanted[n] for n in members))
        for n, volume in zip(members, volumes, strict=True):
            yield n + 1, wanted[n], volume


def label_series(wanted: Sequence[Acquisition]) -> Acquisition:
    """The series on whose grid masks lie: the first volume of the spine, without the tilt of a gantry, else that of the whole body.

    The CT that could be made where all are views.

    Where volumes lie in several regions of the spine, or the body is imaged in stations, a coarser CT of the whole spine.
    """
    volumes = [a for a in wanted if a.xray is None and (a.emission is None or not a.emission.planar)]
    parts = [a for a in volumes if a.region != "body"]
    if len({a.region for a in parts}) > 1 or any(a.station for a in parts):
        return replace(default("ct-whole"), **WHOLE_MASKS)  # type: ignore[arg-type]
    return replace(next(iter([*parts, *volumes]), default("ct")), tilt_deg=0.0)


def write_truth(phantom: Phantom, path: Path, sequences: tuple[Series, ...] | None = None) -> None:
    """Write truth.json, with what each written series (those of the case unless given) holds of the spine."""
    from spinemets.exports.atomic import write_text

    series = [_series(phantom, one) for one in expanded(sequences or phantom.case.series)]
    write_text(Path(path), json.dumps({**phantom.truth, "series": series}, indent=1) + "\n")


def _series(phantom: Phantom, acquisition: Acquisition) -> dict[str, object]:
    sequence = acquisition.sequence
    projected = {} if acquisition.xray is None else {"projection": radiographs.truth(phantom, acquisition)}
    states = (
        phantom.coverage(phantom.grid(acquisition))
        if acquisition.xray is None
        else radiographs.coverage(phantom, acquisition)
    )
    return {
        "kind": sequence,
        "uid": uid(phantom.case.name, str(phantom.seed), "series", sequence),
        "levels_whole": [level for level, state in states.items() if state == "whole"],
        "levels_cut": [level for level, state in states.items() if state == "cut"],
        **(nuclear_facts.truth(acquisition, phantom.case.patient.weight_kg) if acquisition.emission else {}),
        **projected,
    }
