"""'With the network blocked after installation, analyze and the demo still run (a test closes the sockets)'."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# No socket can be made in this process, and every try is written down; the command line runs behind it.
CLOSED = """
import sys
def watch(event, arguments):
    if event.startswith("socket.") or event in ("urllib.Request", "http.client.connect", "ftplib.connect"):
        print("network:", event, file=sys.stderr)
        raise OSError("the network is closed")
sys.addaudithook(watch)
from spinemets.app.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
# A library of the developer's environment asks the kernel whether it knows IPv6; the answer no is fine.
HARMLESS = frozenset({"network: socket.__new__"})


def closed(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, without a network and without a home to keep anything in."""
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    command = [sys.executable, "-c", CLOSED, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def tried(done: subprocess.CompletedProcess[str]) -> set[str]:
    """What the process tried to do with a network."""
    return {line for line in done.stderr.splitlines() if line.startswith("network:")} - HARMLESS


def test_the_demonstration_and_analyze_run_without_a_network(tmp_path: Path):
    """From a cold start, weights included: no import needs the network either, and nobody looks a name up or connects."""
    made = closed("phantom", "make", "demo", "--out", str(tmp_path))
    assert (made.returncode, tried(made)) == (0, set()), made.stderr
    study, out = tmp_path / "STUDY", tmp_path / "report"
    done = closed("analyze", str(study), "--out", str(out))
    assert (done.returncode, tried(done)) == (0, set()), done.stderr
    assert done.stdout.splitlines()[-1] == str(out / "report.html")
    assert (out / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("arguments", [["phantom", "list"], ["explain", "CT-02"], ["schema", "assessment"], ["--help"]])
def test_other_commands_run_without_a_network(arguments: list[str]):
    done = closed(*arguments)
    assert (done.returncode, tried(done)) == (0, set()), done.stderr


def test_the_watch_is_able_to_fail():
    program = CLOSED.replace(
        "from spinemets.app.cli.main import main", "import socket; socket.create_connection(('localhost', 9))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "network: socket.getaddrinfo" in tried(done)
