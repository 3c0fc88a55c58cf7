"""'With the network blocked after installation, analyze and the demo still run (a test closes the sockets)'."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

# A library of the developer's environment asks the kernel whether it knows IPv6; the answer no is fine.
HARMLESS = frozenset({"network: socket.__new__"})


def tried(stderr: str) -> set[str]:
    """What a process tried to do with a network."""
    return {line for line in stderr.splitlines() if line.startswith("network:")} - HARMLESS


def test_the_demonstration_and_analyze_run_without_a_network(demonstration: Path):
    """From a cold start, weights included: no import needs the network either, and nobody looks a name up or connects."""
    made, done = (json.loads((demonstration / f"{name}.json").read_text()) for name in ("make", "analyze"))
    for said in (made, done):
        assert (said["returncode"], tried(said["stderr"])) == (0, set()), said["stderr"]
    page = demonstration / "report" / "report.html"
    assert done["stdout"].splitlines()[-1] == str(page)
    assert page.stat().st_size > 10_000


@pytest.mark.parametrize("arguments", [["phantom", "list"], ["explain", "CT-02"], ["schema", "assessment"], ["--help"]])
def test_other_commands_run_without_a_network(closed, arguments: list[str]):
    done = closed(*arguments)
    assert (done.returncode, tried(done.stderr)) == (0, set()), done.stderr


def test_the_watch_is_able_to_fail(closed):
    done = closed(behind="import socket; socket.create_connection(('localhost', 9))")
    assert done.returncode != 0
    assert "network: socket.getaddrinfo" in tried(done.stderr)
