"""The run: two hundred mutants at every `make test`; thousands are a command. "no traceback, no hang, memory bounded"."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from fuzz import run


def test_two_hundred_mutants(tmp_path):
    """Seeded damage to the project's own files: no traceback, hang, crash, nothing written outside, 400 MB at most."""
    options = run.options_of(["--n", "200", "--seed", "9", "--jobs", "1", "--first", "1"])
    report = run.run(options)
    assert report.faults == [], run.text(report, options)
    assert report.n == 200
    assert report.outcomes["volumes"] > 20
    assert report.largest["peak_mb"] < 400


def worker(tmp_path, code: str):
    """A worker whose process is that code."""
    made = run.Worker(run.options_of(["--n", "1"]), tmp_path)
    made.process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    return made


def test_a_hang_is_stopped_and_said(tmp_path, monkeypatch):
    """A process that computes without end."""
    monkeypatch.setattr(run, "CPU_LIMIT_S", 0.3)
    made = worker(tmp_path, "while True: pass")
    begun = time.monotonic()
    assert made.ask(4)["outcome"].startswith("hang: stopped after")
    assert made.process is None and time.monotonic() - begun < 60


def test_a_crash_is_an_outcome(tmp_path):
    """A decoder that kills its process does not end the run."""
    made = worker(tmp_path, "import os, signal; input(); os.kill(os.getpid(), signal.SIGSEGV)")
    assert made.ask(4)["outcome"] == "crash: worker ended with -11"


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ({"outcome": "volumes"}, None),
        ({"outcome": "volumes", "outside": ["open /x"]}, "outside"),
        ({"outcome": "volumes", "left": ["cwd/x"]}, "left behind"),
        ({"outcome": "volumes", "cpu_seconds": 9.0}, "hang"),
        ({"outcome": "traceback: x\nValueError: y"}, "traceback"),
        ({"outcome": "memory: refused too late"}, "memory"),
    ],
)
def test_what_counts_as_a_fault(answer, word):
    """Each kind by its word, and the report says how to make it again."""
    report = run.Report()
    report.take({"index": 17, "story": "s", "peak_mb": 1.0} | answer)
    assert list(report.outcomes) == [word or "volumes"]
    text = run.text(report, run.options_of(["--n", "1"]))
    assert ("--first 17 --n 1" in text) is (word is not None)


def test_faults_of_one_kind_are_one_line():
    """The last line and the last place of a traceback."""
    trace = 'traceback: Traceback\n  File "/a/b/c.py", line 3, in f\n    g()\nValueError: no'
    assert run.signature(trace) == 'ValueError: no | c.py", line 3, in f'


def test_coverage_guided_fuzzing_says_what_it_needs():
    """atheris is no dependency: without it one line and the code for an absent part."""
    code = "import sys; sys.modules['atheris'] = None; from fuzz.atheris_read import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], cwd=run.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 6
    assert done.stderr == "atheris is not installed: `make fuzz` installs it beside the environment.\n"
