"""Coverage-guided fuzzing of the reader with atheris, which is no dependency: `make fuzz` brings it when asked for.

    python -m fuzz.atheris_read [options of libFuzzer, such as -max_total_time=600] [FOLDER of found inputs]

The input is one file; its first byte chooses the name it is given, since names decide too. Whatever is raised that is not
one of our errors is a fault, and libFuzzer keeps the input that caused it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from fuzz import corpus, examine

NAMES = ("x.dcm", "x", "x.nii", "x.nii.gz", "x.zip", "x.tar", "x.dcm.gz", "DICOMDIR")


def main() -> int:
    """Instrument the reader and hand over to libFuzzer."""
    try:
        import atheris  # type: ignore[import-not-found]
    except ImportError:
        print("atheris is not installed: `make fuzz` installs it beside the environment.", file=sys.stderr)
        return 6
    with atheris.instrument_imports(include=["spinemets.ingest", "spinemets.series"]):
        import spinemets.ingest.read
        import spinemets.series.recognise  # noqa: F401  imported to be instrumented
    room = Path(tempfile.mkdtemp(prefix="fuzz-"))
    seeds = room / "seeds"
    seeds.mkdir()
    for n, sample in enumerate(corpus.made()):
        name = next((k for k, name in enumerate(NAMES) if sample.name.endswith(Path(name).suffix or "?")), 1)
        (seeds / f"{n:03d}").write_bytes(bytes([name]) + sample.data)

    def one(data: bytes) -> None:
        if len(data) < 2:
            return
        path = room / NAMES[data[0] % len(NAMES)]
        path.write_bytes(data[1:])
        outcome = examine.examined(path, by_command=False)
        path.unlink()
        if outcome.startswith(("traceback", "wrong", "memory")):
            raise RuntimeError(outcome)

    atheris.Setup([*sys.argv, str(seeds)], one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
