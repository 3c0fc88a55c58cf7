"""Time and memory of a cohort of 200 low-resolution patients, written to a folder that is removed afterwards.

python -m benchmarks.cohort [-n N] [--processes N]
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Minutes that 200 patients may take on two processors.
BAR_MIN = 15.0


def main() -> int:
    """Make the cohort once and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=200, help="patients (default: 200)")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} processors, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "spinemets.app.cli", "phantom", "cohort", "-n", str(options.n), "--seed", "7"]
        begun = time.perf_counter()
        subprocess.run([*command, "--processes", str(options.processes), "--out", name, "--quiet"], check=True)
        seconds = time.perf_counter() - begun
        written = [path for path in Path(name).rglob("*") if path.is_file()]
        size_mb = sum(path.stat().st_size for path in written) / 1e6
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"cohort of {options.n}: {seconds / 60:.1f} min, processor {(used.ru_utime + used.ru_stime) / 60:.1f} min",
        end="",
    )
    print(f"   {len(written)} files, {size_mb:.0f} MB   largest process {used.ru_maxrss / 1024:.0f} MB", end="")
    print(f"   bar {BAR_MIN * options.n / 200:g} min")
    return 0


if __name__ == "__main__":
    sys.exit(main())
