"""Speed and memory of training samples on one core.

    python -m benchmarks.training_samples [--number N] [slab|volume ...]

For each kind, in a process of its own with one thread: time of a sample alone, time of a patient's field, what a sample costs
with its share of the patient at the recipe's number of samples per patient, and the peak memory. Times are those of the
processor, so that other work on the machine counts as little as it can; the wall time stands beside them.
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

# Samples a second and core that the specification asks for.
BARS = {"slab": 60.0, "volume": 1.0}
NUMBER = {"slab": 400, "volume": 30}
PATIENTS = 5


def measure(kind: str, number: int) -> None:
    """Print one row."""
    from spinemets.phantom.training import Generator, recipe_of
    from spinemets.phantom.training.field import field_of

    recipe = recipe_of(kind)
    field_of(recipe, 1, "warm")  # compiled loops are loaded
    fields = []
    for patient in range(PATIENTS):
        begun = time.process_time()
        field_of(recipe, 1, f"patient/{patient}")
        fields.append(time.process_time() - begun)
    generator = Generator(recipe, seed=1)
    turn = int(recipe["patients_in_turn"])
    for first in range(turn):
        generator.sample(first)
    begun, wall = time.process_time(), time.perf_counter()
    for n in range(turn, turn + number):
        generator.sample(n)
    each, wall = (time.process_time() - begun) / number, (time.perf_counter() - wall) / number
    field, of = statistics.mean(fields), int(recipe["samples_per_patient"])
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{kind:7} {1 / each:6.1f}/s alone ({1000 * each:.1f} ms, wall {1000 * wall:.1f} ms)   patient {field:.2f} s",
        end="",
    )
    print(f"   {1 / (each + field / of):6.1f}/s with {of} samples a patient", end="")
    print(f"   peak {peak_mb:.0f} MB   bar {BARS[kind]:g}/s", flush=True)


def main() -> None:
    """Print all rows, each measured in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", choices=[*BARS, []], metavar="KIND")
    parser.add_argument("--number", type=int, default=None, help="samples to time")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    kinds = options.kinds or list(BARS)
    if options.here:
        measure(kinds[0], options.number or NUMBER[kinds[0]])
        return
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} processors, Python {platform.python_version()}")
    for kind in kinds:
        number = str(options.number or NUMBER[kind])
        command = [sys.executable, "-m", "benchmarks.training_samples", kind, "--here", "--number", number]
        subprocess.run(command, check=True, env={**os.environ, "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})


if __name__ == "__main__":
    main()
