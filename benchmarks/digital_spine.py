"""Times and memory of the digital spine, from shapes to images.

    python -m benchmarks.digital_spine [--rounds N] [ROW ...]

Rows: `ct` = the CT of `make demo`; `mr` = a lumbar MR protocol at clinical resolution: T1, T2, STIR, diffusion of three
b-values, Dixon of six echoes, series of one geometry painted at once; `dce` = the dynamic series of 60 volumes; `whole` = CT of the whole spine, 440 x 440 x 620 voxels; `slabs` = training slabs of 7 x 128 x 96 samples, painted on one
thread with a contrast of their own. Each row is a process of its own: its peak memory counts the interpreter and the
compiled loops, its first round, whose time is given apart, what is compiled or loaded. Then best and median of the rounds,
in wall time, and the processor time of the best.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spinemets.phantom.imaging.acquisition import Acquisition

# Row -> seconds and MB it may take; slabs a second and core it should give.
BARS = {"ct": "", "mr": "bar 40 s, 3000 MB", "dce": "", "whole": "bar 60 s, 4000 MB", "slabs": "bar 60 slabs/s"}
SLABS = 24


def ct() -> Callable[[], int]:
    """Number of voxels of the demonstration's CT."""
    from spinemets import phantom

    patient = phantom.build("first-light", 1)
    return lambda: patient.render("ct").array.size


def mr() -> Callable[[], int]:
    """T1, T2 and STIR in 0.6 mm pixels; three b values in 1.6 mm pixels; six echoes in 1.6 x 1.6 x 3 mm."""
    from spinemets.phantom.imaging.acquisition import default

    fine = [replace(default(name), pixel_mm=0.6, fov_mm=(268.8, 336.0)) for name in ("t1", "t2", "stir")]
    dwi = replace(default("dwi"), pixel_mm=1.6, fov_mm=(230.4, 307.2))
    return _rendered(fine, [dwi], [default("dixon")])


def dce() -> Callable[[], int]:
    """60 volumes of 150 x 192 x 18 voxels."""
    from spinemets.phantom.imaging.acquisition import default

    return _rendered([default("dce")])


def _rendered(*geometries: list[Acquisition]) -> Callable[[], int]:
    """Number of voxels of series, those of one geometry rendered together."""
    from spinemets import phantom

    patient = phantom.build("first-light", 1)
    return lambda: sum(v.array.size for series in geometries for v in patient.render_together(tuple(series)))


def whole() -> Callable[[], int]:
    """Voxels of 0.8 x 0.8 x 1 mm from the sacrum to the head."""
    from spinemets import phantom
    from spinemets.model.grid import Grid
    from spinemets.phantom.imaging.acquisition import default
    from spinemets.phantom.imaging.render import render_ct

    patient = phantom.build("first-light", 1)
    affine = np.diag([0.8, 0.8, 1.0, 1.0])
    affine[:3, 3] = patient.anatomy.frames["L3"].origin - (176.0, 150.0, 160.0)
    grid = Grid(shape_ijk=(440, 440, 620), affine_lps_mm=affine)
    acquisition = replace(default("ct"), slice_mm=1.0)
    return lambda: render_ct(patient.anatomy, acquisition, grid, np.random.default_rng(1)).array.size


def slabs() -> Callable[[], int]:
    """Sagittal slabs about the lumbar levels, 1.6 mm pixels, 4 mm slices, turned a little."""
    from spinemets import phantom
    from spinemets.phantom.imaging.acquisition import default
    from spinemets.phantom.imaging.mr_signals import MrContrast
    from spinemets.phantom.imaging.paint import paint
    from spinemets.phantom.shape.block import Block

    patient = phantom.build("first-light", 1)
    shape = (7, 128, 96)

    def work() -> int:
        draw = np.random.default_rng(1)
        for _ in range(SLABS):
            c, s = np.cos(angle := draw.uniform(-0.1, 0.1)), np.sin(angle)
            turned = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])[:, [0, 2, 1]]
            affine = np.eye(4)
            affine[:3, :3] = turned @ np.diag([4.0, -1.6, 1.6])
            level = ("T12", "L1", "L2", "L3", "L4", "L5")[draw.integers(6)]
            affine[:3, 3] = patient.anatomy.frames[level].origin - affine[:3, :3] @ (np.array(shape) / 2)
            contrast = MrContrast(replace(default("t1"), tr_ms=draw.uniform(400, 700)))
            paint(patient.anatomy, Block(affine=affine, start=(0, 0, 0), shape=shape, reach_mm=1.6), contrast)
        return SLABS * int(np.prod(shape))

    return work


ROWS = {"ct": ct, "mr": mr, "dce": dce, "whole": whole, "slabs": slabs}


def measure(row: str, rounds: int) -> None:
    """Print one row, measured in this process."""
    work = ROWS[row]()
    times = []
    for _ in range(rounds + 1):
        begun, used = time.perf_counter(), time.process_time()
        voxels = work()
        times.append((time.perf_counter() - begun, time.process_time() - used))
    (first, _), rest = times[0], times[1:]
    best, processor = min(rest)
    median = statistics.median(seconds for seconds, _ in rest)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rate = f"{SLABS / best:.0f} slabs/s" if row == "slabs" else f"{voxels / best / 1e6:.1f} megavoxels/s"
    print(f"{row:6} best {best:6.2f} s = {rate}   median {median:6.2f} s   first {first:6.2f} s", end="")
    print(f"   processor {processor:6.2f} s   peak {peak_mb:.0f} MB   {BARS[row]}", flush=True)


def main() -> None:
    """Print all rows, each measured in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], metavar="ROW")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    rows = options.rows or list(ROWS)
    if options.here:
        measure(rows[0], options.rounds)
        return
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} processors, Python {platform.python_version()}")
    for row in rows:
        command = [sys.executable, "-m", "benchmarks.digital_spine", row, "--here", "--rounds", str(options.rounds)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
