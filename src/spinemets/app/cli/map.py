"""`spinemets map`: quantitative maps of a study as NIfTI, with how they were made and a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinemets.app.cli import flags, say
from spinemets.model.errors import UsageError

if TYPE_CHECKING:
    from spinemets.maps.from_study.how import FlipScale, How, Vessel
    from spinemets.model.parametric_map import MapResult, NotMapped
    from spinemets.model.volume import Volume

HELP = "quantitative maps: ADC, IVIM, opposed phase, fat fraction, T1, DCE, enhancement, SUV"
DESCRIPTION = (
    "Computes maps of the quantities that a study's series tell, and writes each as NIfTI with a JSON file that says method, "
    "inputs and rejected voxels, and a picture. What cannot be mapped is listed with the reason."
)
SPECTRA = ("hamilton6", "ismrm6", "karampinos8")
KINDS = ("adc", "ivim", "opposed-phase", "fat-fraction", "t1", "dce", "enhancement", "suv")
MODELS = ("tofts", "extended_tofts", "patlak", "2cxm", "2cum")
NOTHING_MAPPED = 4
# A map of B1 has its middle within these; one in percent does not.
B1_LIMITS = (0.3, 2.0)
SCHEMA = "spinemets-maps/1"


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=f"what to map: {', '.join(KINDS)}")
    parser.add_argument("paths", nargs="+", type=Path, metavar="STUDY", help="folders, archives or files of one study")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    parser.add_argument("--force", action="store_true", help="replace files that exist already")
    parser.add_argument("--no-motion", action="store_true", help="do not look for motion between the volumes of a map")
    parser.add_argument("--no-picture", action="store_true", help="write no PNG")
    fitting = parser.add_argument_group("dynamic series")
    fitting.add_argument(
        "--model",
        choices=MODELS,
        help="kinetic model (default: extended_tofts, tofts where volumes are more than 10 s apart)",
    )
    fitting.add_argument(
        "--delay",
        choices=("none", "fit"),
        default="fit",
        help="whether the arrival of the agent is fitted (default: fit)",
    )
    fitting.add_argument(
        "--aif", choices=("parker", "georgiou"), default="parker", help="population arterial input (default: parker)"
    )
    fitting.add_argument(
        "--vessel",
        type=Path,
        metavar="FILE",
        help="NIfTI mask of an artery on the dynamic images: the input is measured there",
    )
    fitting.add_argument(
        "--hematocrit", type=float, metavar="SHARE", help="share of cells in blood (default: that of the input)"
    )
    fitting.add_argument(
        "--t10", type=float, metavar="S", help="T1 before the agent in seconds, where no flip-angle series tells it"
    )
    fitting.add_argument("--r1", type=float, metavar="R", help="relaxivity in 1/(mM s) (default: by field strength)")
    fitting.add_argument(
        "--baseline", type=int, metavar="N", help="number of volumes before the agent (default: from header or curves)"
    )
    other = parser.add_argument_group("relaxation and fat")
    other.add_argument(
        "--t1-method",
        choices=("nonlinear", "linear"),
        default="nonlinear",
        help="fit of flip angles (default: nonlinear)",
    )
    other.add_argument(
        "--b1",
        type=Path,
        metavar="FILE",
        help="NIfTI map of the true over the nominal flip angle, 1 = as stated (t1, dce)",
    )
    other.add_argument("--spectrum", choices=SPECTRA, help="spectrum of fat (default: hamilton6)")
    flags.add(parser, only=frozenset({"study", "facts", "json", "debug"}))


def run(args: argparse.Namespace) -> int:
    """Read, compute, write, and say what was and what was not mapped."""
    from spinemets.app.pipeline import open_study
    from spinemets.exports import parametric_maps
    from spinemets.maps.from_study.compute import compute

    how = _how(args)
    options = flags.read(args)
    study = open_study(args.paths, facts=options.reading.facts, study=options.reading.study)
    made, not_made = compute(study, args.kind, how)
    files = parametric_maps.names(made, args.out)
    if not args.force:
        parametric_maps.refuse_existing(files)
    for result, places in zip(made, files, strict=True):
        parametric_maps.write(result, places)
        if not args.no_picture:
            from spinemets.report.map_sheet import write_sheet

            write_sheet(result, study.by_uid(result.series_uids[0]), places.picture)
    code = 0 if made else NOTHING_MAPPED
    if options.report.json:
        say.one_object(
            {
                "schema": SCHEMA, "exit_code": code,
                "maps": [parametric_maps.document(result, places) for result, places in zip(made, files, strict=True)],
                "not_mapped": [{"source": one.source, "reason": one.reason, "remedy": one.remedy} for one in not_made],
                "warnings": list(study.warnings),
            }
        )  # fmt: skip
    else:
        say.result(text(made, not_made))
    return code


def _how(args: argparse.Namespace) -> How:
    from spinemets.maps.from_study.how import How

    for name, least in (("t10", 0.0), ("r1", 0.0), ("baseline", 0)):
        value = getattr(args, name)
        if value is not None and not value > least:
            raise UsageError(f"--{name} {value:g} is not above 0.", "Give a number above 0.")
    if args.hematocrit is not None and not 0.0 <= args.hematocrit < 1.0:
        raise UsageError(f"--hematocrit {args.hematocrit:g} is no share.", "Give a number such as 0.42.")
    return How(
        motion=not args.no_motion, model=args.model, delay=args.delay, aif="vessel" if args.vessel else args.aif,
        vessel=None if args.vessel is None else _vessel(args.vessel), hematocrit=args.hematocrit, t10_s=args.t10, relaxivity=args.r1,
        baseline=args.baseline, t1_method=args.t1_method, spectrum=args.spectrum,
        b1=None if args.b1 is None else _b1(args.b1),
    )  # fmt: skip


def _vessel(path: Path) -> Vessel:
    """The voxels of a mask file.

    Raises
    ------
    UsageError
        If it is no mask.
    """
    from spinemets.maps.from_study.how import Vessel

    volume = _volume(path, "Give a NIfTI file on the grid of the dynamic images, not 0 inside the vessel.")
    mask: Any = volume.array != 0
    if not mask.any():
        raise UsageError(f"{path.name} marks no voxel.", "Give a NIfTI file that is not 0 inside the vessel.")
    return Vessel(mask=mask, grid=volume.grid)


def _b1(path: Path) -> FlipScale:
    """A map of flip angles' scale.

    Raises
    ------
    UsageError
        If it is none: half of what is above 0 must lie between 0.3 and 2.
    """
    import numpy as np

    from spinemets.maps.from_study.how import FlipScale

    remedy = (
        "Give a NIfTI file of the true over the nominal flip angle, 1 where they are alike (percent divided by 100)."
    )
    volume = _volume(path, remedy)
    values = np.asarray(volume.array, np.float32)
    with np.errstate(invalid="ignore"):
        known = values > 0.0
    middle = float(np.median(values[known])) if known.any() else 0.0
    if not B1_LIMITS[0] <= middle <= B1_LIMITS[1]:
        raise UsageError(f"{path.name} is no map of B1: its values lie about {middle:.3g}.", remedy)
    return FlipScale(values=np.where(known, values, np.float32(np.nan)), grid=volume.grid)


def _volume(path: Path, remedy: str) -> Volume:
    """The one volume of a file with a place in the patient.

    Raises
    ------
    UsageError
        If there is none.
    """
    from spinemets.ingest.options import ReadingOptions
    from spinemets.ingest.read import read

    series = read([path], ReadingOptions()).series
    if len(series) != 1 or series[0].grid is None or (volume := series[0].pixels()).array.ndim != 3:
        raise UsageError(f"{path.name} does not hold one volume with a place in the patient.", remedy)
    return volume


def text(made: list[MapResult], not_made: list[NotMapped]) -> str:
    """A block for each result, then what was not mapped."""
    from spinemets.exports.parametric_maps import names

    lines: list[str] = []
    for result, places in zip(made, names(made, Path()), strict=True):
        lines.append(f"{result.kind}: {result.source}")
        for part, path in zip(result.maps, places.images, strict=True):
            if not part.name.endswith("_ci95"):
                unit = "" if part.unit == "1" else f" [{part.unit}]"
                lines.append(f"  {path.name}  {part.title}{unit}")
        lines += [f"  rejected: {number} voxels: {reason}" for reason, number in result.rejected.items()]
        lines += [f"  note: {note}" for note in result.notes]
    lines += [f"not mapped: {one.source}: {one.reason.rstrip('.')}. {one.remedy}".rstrip() for one in not_made]
    return "\n".join(lines)
