"""Damaged files through the reader, each in a worker with bounded memory and time.

    python -m fuzz.run --n 20000 --seed 1 [--shared FOLDER] [--jobs 2] [--first N] [--out FILE]

Every file goes through reading, recognition and the loading of its volumes; each 10th also through `spinemets series`,
each 50th is a small folder. Reported: outcomes, every fault with the index that makes it again (`--first INDEX --n 1`),
time, memory, and what was written where it must not be. The same seed and corpus give the same files.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# Processor seconds one file may take; a busy machine may need longer by the clock.
CPU_LIMIT_S, CLOCK_LIMIT_S, START_LIMIT_S = 5.0, 60.0, 120.0
FILES_PER_WORKER = 1000
FAULTS = ("traceback", "wrong", "memory", "hang", "crash", "outside", "left behind")


@dataclass(kw_only=True)
class Report:
    """What a run found."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[dict[str, Any]] = field(default_factory=list)
    slowest: dict[str, Any] = field(default_factory=lambda: {"cpu_seconds": 0.0, "seconds": 0.0})
    largest: dict[str, Any] = field(default_factory=lambda: {"peak_mb": 0.0})
    n: int = 0

    def take(self, answer: dict[str, Any]) -> None:
        """Count one answer."""
        self.n += 1
        outcome = str(answer["outcome"])
        if answer.get("outside"):
            outcome = f"outside: {answer['outside'][0]}"
        elif answer.get("left"):
            outcome = f"left behind: {answer['left']}"
        elif answer.get("cpu_seconds", 0.0) > CPU_LIMIT_S and not outcome.startswith("hang"):
            outcome = f"hang: {answer['cpu_seconds']:.1f} s of processor"
        word = outcome.split(":", 1)[0]
        self.outcomes[word] += 1
        if word in FAULTS:
            self.faults.append(answer | {"outcome": outcome})
        if answer.get("cpu_seconds", 0.0) > self.slowest["cpu_seconds"]:
            self.slowest = answer
        if answer.get("peak_mb", 0.0) > self.largest["peak_mb"]:
            self.largest = answer


class Worker:
    """A process of `fuzz.examine`, started again when it ends."""

    def __init__(self, options: argparse.Namespace, room: Path) -> None:
        self.options, self.room = options, room
        self.process: subprocess.Popen[str] | None = None
        self.served = 0

    def ask(self, index: int) -> dict[str, Any]:
        """Outcome of one index; a hang or a crash is an outcome too."""
        if self.process is None or self.served >= FILES_PER_WORKER:
            self._start()
        process = self.process
        assert process is not None and process.stdin is not None
        self.served += 1
        before = _cpu_seconds(process.pid)
        process.stdin.write(f"{index}\n")
        process.stdin.flush()
        begun = time.monotonic()
        while True:
            line = self._line(0.2)
            if line:
                answer: dict[str, Any] = json.loads(line)
                return answer
            spent = _cpu_seconds(process.pid) - before
            if line == "" or process.poll() is not None:
                code = process.wait()
                self.stop()
                return {"index": index, "outcome": f"crash: worker ended with {code}"}
            if spent > CPU_LIMIT_S or time.monotonic() - begun > CLOCK_LIMIT_S:
                self.stop()
                return {
                    "index": index,
                    "outcome": f"hang: stopped after {spent:.1f} s of processor",
                    "cpu_seconds": spent,
                }

    def _start(self) -> None:
        self.stop()
        self.room.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-B",
            "-m",
            "fuzz.examine",
            "--seed",
            str(self.options.seed),
            "--room",
            str(self.room),
        ]
        command += ["--shared", str(self.options.shared)] if self.options.shared else []
        with (self.room / "stderr.txt").open("a") as err:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True, bufsize=1
            )
        self.served = 0
        if self._line(START_LIMIT_S) != "ready\n":
            raise RuntimeError(f"a worker did not start: {(self.room / 'stderr.txt').read_text()[-2000:]}")

    def _line(self, seconds: float) -> str | None:
        """Next line, "" at the end, None where nothing came in time."""
        assert self.process is not None and self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        return self.process.stdout.readline() if ready else None

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                if stream is not None:
                    stream.close()
        self.process = None


def _cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, 0 where it cannot be asked."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return 0.0


def run(options: argparse.Namespace) -> Report:
    """All files of a run, shared among the workers."""
    report, lock = Report(), threading.Lock()
    indices = iter(range(options.first, options.first + options.n))

    def serve(room: Path) -> None:
        worker = Worker(options, room)
        try:
            while True:
                with lock:
                    index = next(indices, None)
                if index is None:
                    return
                answer = worker.ask(index)
                with lock:
                    report.take(answer)
                    if report.n % 1000 == 0:
                        print(f"{report.n} files, {len(report.faults)} faults", file=sys.stderr, flush=True)
        finally:
            worker.stop()

    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        threads = [threading.Thread(target=serve, args=(Path(folder) / str(n),)) for n in range(options.jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return report


def text(report: Report, options: argparse.Namespace) -> str:
    """The report for a person."""
    lines = [f"{report.n} files, seed {options.seed}, first {options.first}"]
    lines += [f"  {count:6d}  {word}" for word, count in report.outcomes.most_common()]
    slow, large = report.slowest, report.largest
    lines.append(
        f"slowest: {slow['cpu_seconds']:.2f} s of processor, index {slow.get('index')}: {slow.get('story', '')}"
    )
    lines.append(f"largest: {large['peak_mb']:.0f} MB resident, index {large.get('index')}: {large.get('story', '')}")
    kinds: dict[str, list[dict[str, Any]]] = {}
    for fault in report.faults:
        kinds.setdefault(signature(str(fault["outcome"])), []).append(fault)
    lines.append(f"faults: {len(report.faults)} of {len(kinds)} kinds")
    for kind, faults in sorted(kinds.items(), key=lambda pair: -len(pair[1])):
        lines += [
            f"  {len(faults)} x {kind}",
            f"    again: --first {faults[0]['index']} --n 1   ({faults[0].get('story', '')})",
        ]
    return "\n".join(lines)


def signature(outcome: str) -> str:
    """What faults of one kind share: the last line and the last place of a traceback."""
    rows = [row.strip() for row in outcome.strip().splitlines()]
    places = [row for row in rows if row.startswith("File ")]
    return f"{rows[-1][:160]} | {places[-1].rsplit('/', 1)[-1] if places else ''}"


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="index to begin with")
    parser.add_argument("--shared", type=Path, help="folder of real images, used in place")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="write every fault as JSON lines")
    options = parser.parse_args(arguments)
    if options.shared is not None:
        options.shared = options.shared.resolve()
    return options


def main() -> int:
    """Run, report, and fail where a fault was found."""
    options = options_of()
    report = run(options)
    if options.out:
        options.out.write_text("".join(json.dumps(fault) + "\n" for fault in report.faults), encoding="utf-8")
    print(text(report, options))
    return 1 if report.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
