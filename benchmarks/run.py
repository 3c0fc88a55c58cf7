"""Times and memory of the demonstration: part of `make bench`.

Every row is one fresh process, so that imports, compilation of loops and memory are counted. The patient is that of
`make demo`.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = [sys.executable, "-m", "spinemets.app.cli"]


def timed(arguments: list[str], folder: Path) -> tuple[float, str]:
    """Seconds and standard output of one command."""
    begun = time.perf_counter()
    done = subprocess.run([*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return time.perf_counter() - begun, done.stdout


def stages(report: Path) -> list[tuple[str, float, float]]:
    """Stage, seconds and peak memory, as the run itself wrote them down."""
    provenance = json.loads(report.read_text())["provenance"]
    return [(s["stage"], s["seconds"], s["peak_memory_mb"]) for s in provenance["stages"]]


def main() -> int:
    """Run everything once and print."""
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} processors, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [("spinemets --help (best of 5)", min(timed(["--help"], folder)[0] for _ in range(5)))]
        rows.append(("phantom make demo", timed(["phantom", "make", "demo", "--out", "demo", "-q"], folder)[0]))
        rows.append(("series", timed(["series", "demo/STUDY"], folder)[0]))
        analyze = ["analyze", "demo/STUDY", "--labels", "demo/labels.nii.gz:verse", "--out", "out", "-q"]
        rows += [("analyze, first run", timed(analyze, folder)[0]), ("analyze, second run", timed(analyze, folder)[0])]
        for label, seconds in rows:
            print(f"{label:34} {seconds:8.2f} s")
        for stage, seconds, peak in stages(folder / "out" / "assessment.json"):
            print(f"  {stage:32} {seconds:8.2f} s   peak so far {peak:7.0f} MB")
        for path in sorted((folder / "out").iterdir()):
            print(f"  {path.name:32} {path.stat().st_size / 1e6:8.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
