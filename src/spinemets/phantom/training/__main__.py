"""Samples to look at, and the tables for a machine without PyYAML.

    python -m spinemets.phantom.training bundle FILE
    python -m spinemets.phantom.training show FILE.png [--kind slab|volume] [--number N] [--seed S] [--worker W]
    python -m spinemets.phantom.training write FOLDER [the same]

`show` draws three planes of each sample with its labels beside them; `write` makes image and labels as NIfTI.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from spinemets.knowledge.lookup import bundle
from spinemets.model.errors import UsageError
from spinemets.phantom.training import Generator, recipe_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0, or 2 where it cannot."""
    parser = argparse.ArgumentParser(prog="python -m spinemets.phantom.training", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("bundle", "show", "write"))
    parser.add_argument("out", type=Path, help="file (bundle, show) or folder (write)")
    parser.add_argument("--kind", default="slab", help="slab or volume")
    parser.add_argument("--number", type=int, default=8, help="how many samples")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worker", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        if options.what == "bundle":
            options.out.write_text(bundle(), encoding="utf-8")
            return 0
        # Every sample of another patient: that is what there is to see.
        few = {"samples_per_patient": 1, "patients_in_turn": 1}
        generator = Generator(recipe_of(options.kind, few), seed=options.seed, worker=options.worker)
        samples = [generator.sample(number) for number in range(options.number)]
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    from spinemets.phantom.training import looking  # lazy: needs Pillow or nibabel

    if options.what == "show":
        looking.sheet(samples).save(options.out)
    else:
        looking.write(samples, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
