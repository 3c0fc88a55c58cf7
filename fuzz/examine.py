"""One worker of a run: makes a damaged file, lets the reader have it, and says what came of it.

    python -m fuzz.examine --seed 1 --room FOLDER [--shared FOLDER]

reads one index a line from standard input and answers one JSON object a line. The room is the only place it may write to.

    python -m fuzz.examine --files FILE ...

examines files that are there (each a file or a folder), with the same bound on memory, and prints one JSON object each.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import json
import os
import random
import resource
import shutil
import sys
import time
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fuzz import corpus as samples
from fuzz import mutate

ADDRESS_SPACE_MB = 3072
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = frozenset((
    "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "shutil.rmtree",
))  # fmt: skip
FOLDER_EVERY, COMMAND_EVERY = 50, 10
GOOD = "good-"


class Watch:
    """Notes every file that is written, made, moved or removed outside the room, by whatever Python code."""

    def __init__(self, room: Path) -> None:
        self.room = str(room.resolve())
        self.outside: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _mode, flags = (*arguments, None, 0)[:3]
            if isinstance(flags, int) and flags & WRITING and not isinstance(path, int):
                self._note(event, path)
        elif event in CHANGES:
            self._note(event, arguments[0])
        elif event in ("socket.connect", "os.system"):
            self.outside.append(event)

    def _note(self, event: str, path: Any) -> None:
        if not isinstance(path, (str, bytes)):
            return
        where = str(Path.cwd() / os.fsdecode(path))
        # a semaphore of a worker pool is no file of the user's
        if where != os.devnull and not where.startswith((self.room, "/dev/shm/", "/proc/self/")):
            self.outside.append(f"{event} {where}")


def lay_out(corpus: Sequence[samples.Sample], seed: int, index: int, target: Path) -> tuple[Path, str]:
    """Write the file (each 50th time a folder) of that seed and index; its path and story."""
    target.mkdir()
    if index % FOLDER_EVERY == 0:
        made = mutate.folder(corpus, seed, index)
        for n, one in enumerate(made):
            (target / f"{GOOD if one.story == one.name else ''}{n}-{Path(one.name).name}").write_bytes(one.data)
        return target, "folder: " + "; ".join(one.story for one in made)
    one = mutate.mutant(corpus, seed, index)
    path = target / Path(one.name).name
    path.write_bytes(one.data)
    return path, one.story


def read_all(path: Path) -> str:
    """Read, recognise, load every volume that can be measured; one word for how it ended."""
    from spinemets.app.pipeline import open_study
    from spinemets.model.errors import OutOfResources, SeveralStudies, SpinemetsError

    try:
        study = open_study(path)
        loaded = 0
        for series in study.series:
            if not series.measurable:
                continue
            volume = series.pixels()
            if volume.array.shape[:3] != volume.grid.shape_ijk:
                return "wrong: array and grid differ"
            loaded += 1
        return "volumes" if loaded else "series without a volume"
    except OutOfResources:
        return "memory: refused too late"
    except SpinemetsError as error:
        # the list of several studies is the one message of several lines
        if len(str(error)) < 20 or ("\n" in str(error) and not isinstance(error, SeveralStudies)):
            return f"wrong: message {str(error)!r}"
        return f"refused ({type(error).__name__})"


def without_damage(folder: Path) -> bool:
    """Whether the undamaged files of a folder give series by themselves."""
    for path in folder.iterdir():
        if not path.name.startswith(GOOD):
            path.unlink()
    return not read_all(folder).startswith("refused")


def command(path: Path) -> str:
    """`spinemets series` on it: a code that the documentation names, and never a traceback."""
    from spinemets.app.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["series", str(path), *(["--json"] if random.Random(str(path)).random() < 0.5 else []), "--debug"])
    if code in (7, 8):
        return f"traceback: command ended with {code}: {err.getvalue()[-1500:]}"
    return "" if code in (0, 3, 5) else f"wrong: command ended with {code}"


def examined(path: Path, *, by_command: bool) -> str:
    """Outcome of one input; a traceback begins with that word."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            outcome = read_all(path)
            if path.is_dir() and outcome == "refused (UnreadableInput)" and without_damage(path):
                return "wrong: a damaged file lost the study"
            return (command(path) if by_command else "") or outcome
    except BaseException:  # noqa: BLE001  whatever leaves the reader is what this run looks for
        return "traceback: " + traceback.format_exc(limit=-6)


def peak_mb(*, reset: bool = False) -> float:
    """Highest resident memory since the last reset; of the whole process where that cannot be asked."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def limit_memory(megabytes: int) -> None:
    """No more address space than that beyond what is in use."""
    try:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        used = 0
    size = used + megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def answers(options: argparse.Namespace, out: io.TextIOBase) -> None:
    """Serve indices until the input ends."""
    room: Path = options.room
    corpus = samples.gather(options.shared)
    for name in ("in", "tmp", "cwd"):
        shutil.rmtree(room / name, ignore_errors=True)
        (room / name).mkdir(parents=True)
    os.environ["TMPDIR"] = str(room / "tmp")
    os.chdir(room / "cwd")
    warm = room / "in" / "warm.zip"
    warm.write_bytes(next(s.data for s in corpus if s.name == "study.zip"))
    examined(warm, by_command=True)
    warm.unlink()
    watch = Watch(room)
    limit_memory(options.memory_mb)
    print("ready", file=out, flush=True)
    for line in sys.stdin:
        index = int(line)
        path, story = lay_out(corpus, options.seed, index, room / "in" / str(index))
        base = peak_mb(reset=True)
        cpu, begun = time.process_time(), time.perf_counter()
        outcome = examined(path, by_command=index % COMMAND_EVERY == 0)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        answer = {
            "index": index, "story": story, "outcome": outcome, "seconds": seconds, "cpu_seconds": cpu,
            "peak_mb": peak_mb(), "grown_mb": peak_mb() - base, "left": left_behind(room, index), "outside": watch.outside[:],
        }  # fmt: skip
        watch.outside.clear()
        shutil.rmtree(room / "in" / str(index))
        print(json.dumps(answer), file=out, flush=True)


def given(options: argparse.Namespace, out: io.TextIOBase) -> None:
    """Examine files that are there."""
    read_all(Path(__file__))
    limit_memory(options.memory_mb)
    for path in options.files:
        base, cpu = peak_mb(reset=True), time.process_time()
        outcome = examined(path, by_command=False)
        answer = {
            "file": path.name,
            "outcome": outcome,
            "cpu_seconds": time.process_time() - cpu,
            "grown_mb": peak_mb() - base,
        }
        print(json.dumps(answer), file=out, flush=True)


def left_behind(room: Path, index: int) -> list[str]:
    """What lies in the room that was not put there."""
    if any((room / "tmp").iterdir()):
        gc.collect()
    strange = [*(room / "tmp").iterdir(), *(room / "cwd").iterdir()]
    strange += [path for path in (room / "in").iterdir() if path.name != str(index)]
    strange += [path for path in room.iterdir() if path.name not in ("in", "tmp", "cwd", "stderr.txt")]
    return [path.relative_to(room).as_posix() for path in strange]


def main() -> None:
    """Worker of `fuzz.run`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--room", type=Path)
    parser.add_argument("--files", type=Path, nargs="+")
    parser.add_argument("--memory-mb", type=int, default=ADDRESS_SPACE_MB)
    parser.add_argument("--shared", type=Path)
    options = parser.parse_args()
    # what libraries print must not mix with the answers
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if options.files:
        given(options, out)
    elif options.room:
        answers(options, out)
    else:
        parser.error("--room or --files is needed")


if __name__ == "__main__":
    main()
