"""From DICOM files to uncompressed volumes with an affine, beside dcm2niix on the same folders in the same run.

    python -m benchmarks.read [FOLDER ...] [--rounds N] [--dcm2niix PATH ...] [--reference FOLDER]

Without folders: a CT of 275 slices made here, the same in four compressed syntaxes (50 slices each), and the zips of the
reference suites unpacked together (left out where the suites are not there). "warm": ours in a running process, `read` and
every volume; dcm2niix is always a process. "one-shot": `spinemets convert` as a process, with compiled modules as an
installation has them. The rounds alternate between the programs; a ratio is best by best. Peak memory is that of the
process alone, and of it with its decoding processes, less that of a Python with the same imports.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.folders import COMPRESSED, unpacked, write_ct

OPTIONS = ["-z", "n", "-b", "y", "-ba", "n"]
CONVERT = [sys.executable, "-c", "import sys; from spinemets.app.cli.main import main; sys.exit(main())", "convert"]
# Highest resident memory: of a Python that has imported what reading needs, of this process, of its decoding processes.
PEAK = """
import sys
from pathlib import Path
from spinemets.ingest.read import read
import spinemets.ingest.pixels.workers

def peak(process):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024

base = peak("self")
size = 0
for series in read([Path(sys.argv[1])]).series:
    volume = series.pixels()
    size += volume.array.nbytes
own = peak("self")
workers = sum(peak(one.process.pid) for one in spinemets.ingest.pixels.workers.POOL._idle)
print(base, own, workers, size)
"""


def ours(folders: Sequence[Path]) -> tuple[float, int]:
    """Seconds and number of volumes, in this process."""
    from spinemets.ingest.read import read
    from spinemets.model.errors import SpinemetsError

    start, count = time.perf_counter(), 0
    for folder in folders:
        try:
            study = read([folder])
        except SpinemetsError as error:
            print(f"  {folder.name}: {error}")
            continue
        for series in study.series:
            if series.measurable:
                series.pixels()
                count += 1
    return time.perf_counter() - start, count


def process(command: list[str], environment: dict[str, str] | None = None) -> float:
    """Seconds of a process; infinity where it fails."""
    start = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, env=environment)
    return time.perf_counter() - start if done.returncode == 0 else float("inf")


def other(program: str, folder: Path) -> float:
    """Seconds of dcm2niix; infinity where it writes nothing."""
    with tempfile.TemporaryDirectory() as out:
        seconds = process([program, *OPTIONS, "-o", out, str(folder)])
        return seconds if any(Path(out).glob("*.nii")) else float("inf")


def one_shot(folder: Path, compiled: str) -> float:
    """Seconds of `spinemets convert` on one folder."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as out:
        command = [*CONVERT, str(folder), "-o", f"{out}/converted"]
        return process(command, environment | {"PYTHONPYCACHEPREFIX": compiled})


def measure(folders: Sequence[Path], top: Path, programs: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Alternate the programs on one folder (ours reads its parts one by one, dcm2niix all of it at once)."""
    times: dict[str, list[float]] = {name: [] for name in ("ours, warm", "ours, one-shot", *programs)}
    if len(folders) > 1:
        del times["ours, one-shot"]
    _, count = ours(folders)
    print(f"  {count} volumes")
    with tempfile.TemporaryDirectory() as compiled:
        if len(folders) == 1:
            one_shot(folders[0], compiled)
        for _ in range(rounds):
            times["ours, warm"].append(ours(folders)[0])
            for program in programs:
                times[program].append(other(program, top))
            if len(folders) == 1:
                times["ours, one-shot"].append(one_shot(folders[0], compiled))
    return times


def report(times: dict[str, list[float]], bar: float) -> None:
    """Best and median of each, and ratios to each dcm2niix."""
    for name, seconds in times.items():
        print(f"  {name:32s} best {min(seconds):7.3f} s   median {statistics.median(seconds):7.3f} s")
    for name, limit in (("ours, warm", bar), ("ours, one-shot", 1.5)):
        for program, seconds in times.items():
            if program.startswith("ours") or name not in times:
                continue
            best = min(seconds)
            ratio = f"{min(times[name]) / best:.2f}" if best < float("inf") else "-    (it writes nothing)"
            print(f"  {name} / {program}: {ratio}   (bar {limit})")


def memory(folder: Path) -> None:
    """Peak of one process that reads everything once."""
    done = subprocess.run([sys.executable, "-c", PEAK, str(folder)], check=True, capture_output=True, text=True)
    base, own, workers, size = map(int, done.stdout.split())
    ratio, both = (own - base) / size, (own - base + workers) / size
    mb = 1 / 2**20
    print(
        f"  peak {own * mb:.0f} MB, of it interpreter and imports {base * mb:.0f}; volume {size * mb:.0f} MB:"
        f" {ratio:.2f} x   (bar 1.3); decoding processes {workers * mb:.0f} MB, with them {both:.2f} x"
    )


def found_programs() -> list[str]:
    """dcm2niix in the path and in the environment of this Python."""
    beside = Path(sys.executable).parent / "dcm2niix"
    candidates = [shutil.which("dcm2niix"), str(beside) if beside.exists() else None]
    return list(dict.fromkeys(path for path in candidates if path))


def main() -> None:
    """Print one block per folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dcm2niix", action="append", default=[], metavar="PATH", help="may be repeated")
    parser.add_argument("--reference", type=Path, default=Path("../shared/reference"), help="folder of the suites")
    options = parser.parse_args()
    programs = options.dcm2niix or found_programs()
    print(f"{len(os.sched_getaffinity(0))} processors; dcm2niix: {', '.join(programs) or 'none found'}")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        if options.folders:
            for folder in options.folders:
                print(folder.name)
                report(measure([folder], folder, programs, options.rounds), 0.5)
            return
        _standard(work, options.reference, programs, options.rounds)


def _standard(work: Path, reference: Path, programs: Sequence[str], rounds: int) -> None:
    print("(a) CT, 275 slices of 512 x 512, uncompressed")
    folder = write_ct(work / "ct", 275)
    report(measure([folder], folder, programs, rounds), 0.5)
    memory(folder)
    shutil.rmtree(folder)
    archives = sorted([*reference.glob("dcm_qa/*.zip"), *reference.glob("dicom2nifti/*.zip")])
    if archives:
        print(f"(b) {len(archives)} reference series unpacked together")
        top = work / "reference"
        report(measure(unpacked(archives, top), top, programs, rounds), 0.5)
        shutil.rmtree(top)
    else:
        print(f"(b) left out: no reference suites in {reference}")
    for name, (syntax, encode) in COMPRESSED.items():
        print(f"(c) CT, 50 slices of 512 x 512, {name}")
        folder = write_ct(work / "packed", 50, encode, syntax)
        report(measure([folder], folder, programs, rounds), 1.0)
        memory(folder)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
