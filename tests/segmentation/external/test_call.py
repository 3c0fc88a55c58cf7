"""A program is run to its end or to its limit."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from spinemets.model.errors import SegmenterFailed
from spinemets.segmentation.external import call

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups are those of POSIX")


def python(tmp_path, code: str, limit_s: float = 30.0, **environment: str) -> call.Call:
    return call.Call(
        title="Tool", command=[sys.executable, "-c", code], folder=tmp_path, environment=environment, limit_s=limit_s
    )


def test_a_program_that_ends_well(tmp_path):
    call.run(python(tmp_path, "open('made.txt', 'w').write('x')"))
    assert (tmp_path / "made.txt").read_text() == "x"


def test_variables_and_temporary_files(tmp_path):
    code = "import os; open('v.txt', 'w').write(os.environ['COLOUR'] + os.environ['TMPDIR'])"
    call.run(python(tmp_path, code, COLOUR="grey"))
    assert (tmp_path / "v.txt").read_text() == f"grey{tmp_path / 'scratch'}"


def test_an_error_gives_code_and_last_words(tmp_path):
    with pytest.raises(SegmenterFailed, match=r"Tool ended with exit code 4: it broke\.") as caught:
        call.run(python(tmp_path, "import sys; print('begun'); print('it broke.\\x07'); sys.exit(4)"))
    assert "\x07" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 6
    assert caught.value.remedy


def test_an_error_without_a_word(tmp_path):
    with pytest.raises(SegmenterFailed, match=r"exit code 3: it said nothing\."):
        call.run(python(tmp_path, "raise SystemExit(3)"))


def test_a_long_complaint_is_cut(tmp_path):
    with pytest.raises(SegmenterFailed) as caught:
        call.run(python(tmp_path, "print('x' * 100000); raise SystemExit(1)"))
    assert len(caught.value.what) < 300


def test_a_flood_of_output_does_not_block(tmp_path):
    call.run(python(tmp_path, "print('x' * 5_000_000)"))


def test_no_such_program(tmp_path):
    missing = call.Call(title="Tool", command=[str(tmp_path / "absent")], folder=tmp_path, environment={}, limit_s=1.0)
    with pytest.raises(SegmenterFailed, match="cannot be started"):
        call.run(missing)


def test_the_time_limit_ends_the_program_and_its_children(tmp_path):
    code = (
        "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "open('child.txt', 'w').write(str(p.pid)); time.sleep(60)"
    )
    begun = time.monotonic()
    with pytest.raises(SegmenterFailed, match=r"did not end within 3 s and was stopped"):
        call.run(python(tmp_path, code, limit_s=3.0))
    assert time.monotonic() - begun < 20
    assert ended(int((tmp_path / "child.txt").read_text()))


def ended(pid: int) -> bool:
    """Whether a process is gone or waits to be buried."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            if state == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False
