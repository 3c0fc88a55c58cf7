"""A cohort of drawn patients: a folder for each, and one table of who has what.

The cohort is whole or goes on: a patient whose truth is written is not made again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import spinemets
from spinemets.model.errors import UsageError
from spinemets.phantom.cases.case import Case
from spinemets.phantom.cases.drawn import drawn_case, recipe_of
from spinemets.phantom.files.masks import write_label_maps
from spinemets.phantom.files.write import check_format, write_series, write_truth
from spinemets.phantom.imaging.acquisition import Acquisition, default
from spinemets.phantom.patient import build
from spinemets.phantom.shape.texture import stream

SCHEMA = "spinemets-cohort/1"
TABLE = "cohort.json"


def read_recipe(path: Path | None) -> dict[str, Any]:
    """The recipe, with the changes of a YAML file.

    Raises
    ------
    UsageError
        If the file cannot be read, is no YAML mapping, or names rows that do not exist.
    """
    if path is None:
        return recipe_of()
    import yaml  # lazy: only a recipe needs it

    try:
        changes = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(
            f"The recipe {path.name} cannot be read: {type(error).__name__}.", "Give a YAML file."
        ) from None
    if not isinstance(changes, Mapping):
        raise UsageError(f"The recipe {path.name} is no table of rows.", "See knowledge/tables/phantom_cohort.yaml.")
    return recipe_of(changes)


def write_cohort(
    folder: Path,
    number: int,
    seed: int,
    recipe: Mapping[str, Any],
    file_format: str = "nifti",
    processes: int = 1,
) -> Path:
    """Write patients 0 to `number` - 1, each into a folder of its name, and `cohort.json`.

    Returns
    -------
    Path
        The table: name, what was planted and where its truth lies, for every patient.

    Raises
    ------
    UsageError
        If the format does not exist, the number is no positive one, or the folder holds another cohort.
    """
    from spinemets.exports.atomic import write_text  # lazy: heavy import

    check_format(file_format)
    if number < 1:
        raise UsageError(f"A cohort of {number} patients is none.", "Give -n a positive number.")
    head = {"schema": SCHEMA, "version": spinemets.__version__, "seed": seed, "recipe": recipe, "format": file_format}
    table = Path(folder) / TABLE
    _refuse_another(table, head)
    table.parent.mkdir(parents=True, exist_ok=True)
    write_text(table, json.dumps({**head, "patients": []}, indent=1) + "\n")
    jobs = [(Path(folder), k, seed, recipe, file_format) for k in range(number)]
    rows = list(_each(jobs, processes))
    write_text(table, json.dumps({**head, "patients": rows}, indent=1) + "\n")
    return table


Job = tuple[Path, int, int, Mapping[str, Any], str]


def _each(jobs: list[Job], processes: int) -> Iterator[dict[str, Any]]:
    """Rows of all patients, in order."""
    if processes <= 1:
        yield from map(write_patient, jobs)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(write_patient, jobs)


def _refuse_another(table: Path, head: Mapping[str, Any]) -> None:
    """A folder that holds a cohort of another seed, recipe or version is left alone."""
    if not table.exists():
        return
    try:
        there = json.loads(table.read_text(encoding="utf-8"))
    except ValueError:
        there = {}
    if {name: there.get(name) for name in head} != json.loads(json.dumps(head)):
        raise UsageError(
            "The folder holds another cohort (seed, recipe, format or version differ).", "Name a new folder."
        )


def write_patient(job: Job) -> dict[str, Any]:
    """Write one patient unless that was done; its row of the table."""
    folder, number, seed, recipe, file_format = job
    case = drawn_case(recipe, seed, number)
    home = folder / case.name
    truth = home / "truth.json"
    if not truth.exists():
        patient = build(case, seed + number)
        acquisitions = tuple(_acquisition(name, recipe["imaging"], case, seed) for name in case.series)
        write_series(patient, home / "STUDY", file_format, acquisitions)
        write_label_maps(patient, home, patient.grid(acquisitions[0]))
        # Written last: a patient with a truth is whole.
        write_truth(patient, truth, acquisitions)
    return {"case": case.name, "about": case.about, "truth": f"{case.name}/truth.json"}


def _acquisition(name: str, imaging: Mapping[str, Any], case: Case, seed: int) -> Acquisition:
    """Protocol of a series, coarser and with more or less noise as the recipe says."""
    a = default(name)
    factor = float(stream(seed, f"{case.name}/noise/{name}").uniform(*imaging["noise"]))
    coarser = float(imaging["coarser"])
    return replace(
        a,
        pixel_mm=a.pixel_mm * coarser,
        slice_mm=a.slice_mm * coarser if a.modality == "CT" else a.slice_mm,
        noise=a.noise * factor if a.modality == "CT" else a.noise / factor,
    )
