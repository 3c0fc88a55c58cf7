"""Side files of a NIfTI file: BIDS facts (`.json`) enter as stated ones, weightings and times go to their volume."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from spinemets.ingest.facts.facts_file import with_facts
from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.nifti import gradient_files
from spinemets.ingest.nifti.gradient_files import last
from spinemets.ingest.nifti.side_files import SideFiles
from spinemets.knowledge.catalogue import table
from spinemets.model.acquisition import Diffusion
from spinemets.model.series import Series

AGENT_KEYS = ("ContrastBolusIngredient", "ContrastBolusAgent")
ECHO, INTERVAL = "EchoTime", "RepetitionTime"
# Start of each volume [s]: of MR, of PET.
TIMINGS = ("VolumeTiming", "FrameTimesStart")


def apply(volumes: Sequence[Series], source: SourceFile, side: SideFiles) -> list[Series]:
    """The volumes of one file with what its side files say; unreadable side files are a warning.

    Parameters
    ----------
    volumes
        All volumes of the file, in order.
    source
        The file.
    side
        Side files of the input.
    """
    beside = side.of(source, ".json")
    data, broken = _read(beside)
    used = [last(one) for one in beside if last(one) not in broken]
    gone = tuple(f"side file {name} cannot be read and is not used" for name in broken)
    found = []
    for t, volume in enumerate(volumes):
        stated, odd = facts_of(data, t, len(volumes))
        changed = with_facts(volume, stated)
        where = f"side file {'/'.join(used)}"
        said = (*gone, *(f"{where}: {key} has an unusual value and is not used" for key in odd))
        name = " + ".join([volume.source, *used])
        found.append(replace(changed, source=name, warnings=(*changed.warnings, *said)))
    weighted = _weighted(found, source, side)
    return weighted if any(one.acquisition.diffusion for one in weighted) else _timed(weighted, data)


def facts_of(data: Mapping[str, Any], t: int = 0, n: int = 1) -> tuple[dict[str, Any], list[str]]:
    """Facts by our names for volume t of n, and keys whose values are not what BIDS says.

    A list where one number is due holds one value a volume.
    """
    import jsonschema

    found: dict[str, Any] = {}
    odd: list[str] = []
    for name, row in table("facts_fields").items():
        value = data.get(row.get("bids", ""))
        if value is None or value in ("", []):
            continue
        value = _of_volume(_shaped(value, row), row, t, n)
        rule = {
            key: row[key] for key in ("type", "enum", "minimum", "maximum", "exclusiveMinimum", "items") if key in row
        }
        if jsonschema.Draft202012Validator(rule).is_valid(value):
            found[name] = value
        else:
            odd.append(row["bids"])
    if "MRAcquisitionType" in data:
        found["acquisition_3d"] = data["MRAcquisitionType"] == "3D"
    if any(data.get(key) for key in AGENT_KEYS):
        found["contrast"] = True
    return found, odd


def _shaped(value: Any, row: Mapping[str, Any]) -> Any:
    """DICOM multi-values come as one text with backslashes or as a list."""
    kind = row["type"]
    if kind == "array" and isinstance(value, str):
        return [part for part in value.replace("_", "\\").split("\\") if part]
    if kind == "array" and isinstance(value, (int, float)):
        return [value]
    if kind == "string" and isinstance(value, list):
        return "\\".join(str(part) for part in value)
    return "MR" if value == "MRI" else value


def _of_volume(value: Any, row: Mapping[str, Any], t: int, n: int) -> Any:
    """One value of a list that holds one a volume (or one for all)."""
    per_volume = row["type"] in ("number", "integer") or row.get("per_volume", False)
    if not per_volume or not isinstance(value, list) or len(value) not in (1, n):
        return value
    one = value[t if len(value) == n else 0]
    return [one] if row["type"] == "array" else one


def _timed(volumes: list[Series], data: Mapping[str, Any]) -> list[Series]:
    """Echo numbers and times of the volumes of a 4-D file."""
    n = len(volumes)
    echoes = data.get(ECHO)
    if n > 1 and isinstance(echoes, list) and len(echoes) == n and len({str(echo) for echo in echoes}) == n:
        return [
            _changed(one, echo_number=t, time_s=None, temporal_position=None) for t, one in enumerate(volumes, start=1)
        ]
    times, said = _times(volumes, data)
    if times is None:
        return [_warned(volumes[0], said), *volumes[1:]] if said else volumes
    timed = [
        _changed(one, time_s=time, temporal_position=t + 1)
        for t, (one, time) in enumerate(zip(volumes, times, strict=True))
    ]
    return [_warned(timed[0], said), *timed[1:]] if said else timed


def _times(volumes: list[Series], data: Mapping[str, Any]) -> tuple[list[float] | None, str]:
    """Seconds after the first volume, None where nobody states them, and what to say."""
    n = len(volumes)
    key = next((key for key in TIMINGS if key in data), "")
    stated = data.get(key)
    if n > 1 and stated is not None:
        if _numbers(stated) and len(stated) == n and all(a < b for a, b in pairwise(stated)):
            return [round(float(time) - float(stated[0]), 6) for time in stated], ""
        return None, f"{key} of the side file does not give {n} rising times and is not used"
    interval = data.get(INTERVAL)
    if n == 1 or not isinstance(interval, (int, float)) or volumes[1].acquisition.time_s is not None:
        return None, ""
    if not table("nifti")["least_interval_s"]["value"] <= interval <= table("nifti")["most_interval_s"]["value"]:
        return None, ""
    said = f"times of the volumes are multiples of {INTERVAL} ({interval:g} s): the file itself states no time step"
    return [round(t * float(interval), 6) for t in range(n)], said


def _weighted(volumes: list[Series], source: SourceFile, side: SideFiles) -> list[Series]:
    """Volumes with the weightings of `.bval` and `.bvec`, or of the side file's b-values."""
    bval, bvec = (next(iter(reversed(side.of(source, ending))), None) for ending in (".bval", ".bvec"))
    first = volumes[0]
    affine = first.grid.affine_lps_mm if first.grid is not None and first.sides_known else None
    found = gradient_files.read(bval, bvec, len(volumes), affine)
    names = [last(one) for one in (bval, bvec) if one is not None] if found.volumes else []
    weighted = []
    for t, one in enumerate(volumes):
        weighting = found.volumes[t] if found.volumes else _stated_weighting(one)
        if weighting is None:
            weighted.append(one)
            continue
        named = replace(one, source=" + ".join([one.source, *names]))
        b = (weighting.b_s_per_mm2,)
        changed = _changed(named, diffusion=weighting, b_values_s_per_mm2=b, time_s=None, temporal_position=None)
        weighted.append(changed)
    return [_warned(weighted[0], *found.said), *weighted[1:]] if found.said else weighted


def _stated_weighting(volume: Series) -> Diffusion | None:
    """The one b-value that a side file states for this volume."""
    stated = volume.acquisition.b_values_s_per_mm2
    if len(stated) != 1:
        return None
    return Diffusion(b_s_per_mm2=float(stated[0]), source=volume.source.rsplit(" + ", 1)[-1])


def _read(beside: Sequence[SourceFile]) -> tuple[dict[str, Any], list[str]]:
    """Keys of all files, later ones over earlier ones, and names of those that cannot be read."""
    found: dict[str, Any] = {}
    broken = []
    for one in beside:
        try:
            if one.size > bounds.load().max_stated_kb * 1024:
                raise ValueError("too large")
            data = json.loads(
                one.path.read_text(encoding="utf-8-sig"), parse_constant=lambda _: None
            )  # NaN: not stated
            if not isinstance(data, dict):
                raise ValueError("no JSON object")
            found.update(data)
        except (OSError, ValueError, RecursionError):
            broken.append(last(one))
    return found, broken


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(part, (int, float)) and not isinstance(part, bool) and math.isfinite(part) for part in value
    )


def _changed(series: Series, **fields: Any) -> Series:
    return replace(series, acquisition=replace(series.acquisition, **fields))


def _warned(series: Series, *said: str) -> Series:
    return replace(series, warnings=(*series.warnings, *said))
