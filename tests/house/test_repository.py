"""What must not be in the repository, and what must."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = frozenset(
    {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".cff", ".html", ".j2", ".css", ".js", ".json", ".svg", ""}
)
WEIGHTS = {f"src/spinemets/segmentation/network/weights/{name}.onnx" for name in ("ct", "mr")}
LARGEST_BYTES = 1_000_000


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    # The line below is the only place that may spell what it forbids.
    mine = Path(__file__).resolve()
    files = [p for p in tracked() if p.suffix in TEXT and p.resolve() != mine]
    return [(p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8")) for p in files]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"\bTODO\b|\bFIXME\b", "unfinished work is finished or not begun"),
        (r"/(home|root|Users|work)/[a-z]", "a path of one machine"),
        (r"files\.pythonhosted|pypi\.org|index-url|--find-links|registry\.npmjs", "a host of a package registry"),
        (r"except Exception:\s*\n\s*pass", "a swallowed error"),
    ],
)
def test_what_must_not_be_in_the_repository(pattern: str, why: str):
    allowed = {"tests/app/test_options.py"} if "home" in pattern else set()
    found = [name for name, text in texts() if re.search(pattern, text) and name not in allowed and name != "Makefile"]
    assert found == [], why


def test_no_large_files():
    large = [p.relative_to(ROOT).as_posix() for p in tracked() if p.stat().st_size > LARGEST_BYTES]
    assert set(large) <= WEIGHTS


def test_the_weights_are_small():
    """The only files that may be larger than the others."""
    assert all((ROOT / name).stat().st_size < 5_000_000 for name in WEIGHTS)


def test_print_lives_in_the_command_line_only():
    """'no print outside app/cli'"""
    found = [
        name
        for name, text in texts()
        if name.startswith("src/")
        and "/app/cli/" not in name
        and name.endswith(".py")
        and re.search(r"^\s*print\(", text, re.M)
    ]
    assert found == []


@pytest.mark.parametrize(
    "name", ["LICENSE", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CITATION.cff", "CHANGELOG.md"]
)
def test_files_people_look_for(name: str):
    assert (ROOT / name).stat().st_size > 200


def locked(name: str) -> dict[str, str]:
    """Pinned version by `package ; marker`."""
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    pins = [line.rstrip(" \\") for line in lines if re.match(r"^[a-z0-9]", line)]
    return {re.sub(r"==\S+", "", pin): pin.split("==")[1].split()[0] for pin in pins}


@pytest.mark.parametrize("name", ["core.txt", "dev.txt"])
def test_locks_pin_every_package_with_hashes(name: str):
    """'lock files with hashes'; no index is named in them."""
    text = (ROOT / "requirements" / name).read_text()
    for part in re.split(r"\n(?=[a-z0-9])", text)[1:]:
        assert "--hash=sha256:" in part, part.splitlines()[0]
    assert "://" not in text


def test_the_two_locks_agree():
    core, dev = locked("core.txt"), locked("dev.txt")
    assert {name: dev.get(name) for name in core} == core


def test_locks_hold_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    plain = {name.split(" ")[0] for name in locked("core.txt")}
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    assert {re.split(r"[>=<\[]", line)[0].lower() for line in asked} <= plain
    assert {re.split(r"[>=<\[]", line)[0].lower() for line in project["dependency-groups"]["dev"]} <= {
        name.split(" ")[0] for name in locked("dev.txt")
    }


def test_version_is_said_once():
    """The version in the package, the project file and the citation are the same."""
    from spinemets import __version__

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["version"] == __version__
    assert f"version: {__version__}" in (ROOT / "CITATION.cff").read_text()


def test_change_fragments_have_their_form():
    """'a fragment: cause, who was affected, which output changes'"""
    for path in (ROOT / "changes").glob("*.md"):
        if path.name == "README.md":
            continue
        head = path.read_text().splitlines()
        assert re.match(r"kind: (added|changed|fixed|removed)$", head[0]), path.name
        assert head[1].startswith("who: "), path.name
        assert head[2].startswith("outputs: "), path.name
