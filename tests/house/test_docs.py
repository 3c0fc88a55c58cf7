"""'Docs' code is run by the test; a guard forbids unmarked blocks.'

Blocks of a page run in order, in one folder that holds the synthetic patient of `make demo`:

- `python` is executed, names carry over to the next block of the page;
- `bash`: each line is a `spinemets` command and must end with code 0;
- `yaml` must load, and with `title="NAME"` is written to the folder;
- `text` and `json` are shown only.

A block that cannot run has `<!-- not run: reason -->` on the line before it.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from spinemets.app.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(?P<head>.*)$")
MARK = re.compile(r"^<!-- not run: (?P<reason>.{10,}) -->$")
LANGUAGES = frozenset({"python", "bash", "yaml", "json", "text"})


@dataclass(frozen=True)
class Block:
    line: int
    language: str
    title: str | None
    text: str
    not_run: str | None


def blocks(page: str) -> list[Block]:
    """Fenced blocks of a page."""
    found: list[Block] = []
    lines = page.splitlines()
    at = 0
    while at < len(lines):
        opened = FENCE.match(lines[at])
        if not opened:
            at += 1
            continue
        end = next(n for n in range(at + 1, len(lines)) if lines[n].startswith("```"))
        head = opened["head"].strip()
        title = re.search(r'title="([^"]+)"', head)
        mark = MARK.match(lines[at - 1]) if at else None
        found.append(
            Block(
                line=at + 1,
                language=head.split(" ")[0],
                title=title[1] if title else None,
                text="\n".join(lines[at + 1 : end]),
                not_run=mark["reason"] if mark else None,
            )
        )
        at = end + 1
    return found


def pages() -> list[Path]:
    written = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
    written += [p for p in (ROOT / "docs").rglob("*.md") if "criteria" not in p.parts and "python" not in p.parts]
    return sorted(p for p in written if blocks(p.read_text(encoding="utf-8")))


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", pages(), ids=named)
def test_every_block_says_what_it_is(page: Path):
    for block in blocks(page.read_text(encoding="utf-8")):
        place = f"{named(page)}, line {block.line}"
        assert block.language in LANGUAGES, f"{place}: name the language of the block"
        if block.language == "bash" and block.not_run is None:
            for line in block.text.splitlines():
                assert line.startswith("spinemets "), f"{place}: runs something else; say why it is not run"


def needs_patient(page: Path) -> bool:
    return any(
        "demo" in b.text and b.not_run is None for b in blocks(page.read_text(encoding="utf-8")) if b.language != "text"
    )


MAKE_PATIENT = "spinemets phantom make demo --out demo"


def run_line(line: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main(shlex.split(line, comments=True)[1:]) == 0, line


@pytest.fixture(scope="session")
def patient(demonstration: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the synthetic patient in `demo/` for all pages, and outlines where their commands look for kept ones."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(
        demonstration, folder / "demo", ignore=shutil.ignore_patterns("report", "make.json", "analyze.json")
    )
    for out in ("report", "masks"):
        (folder / "demo" / out).mkdir()
        shutil.copy(demonstration / "report" / "outlines.npz", folder / "demo" / out)
    return folder


def run_bash(text: str) -> None:
    for line in text.splitlines():
        if line != MAKE_PATIENT or not Path("demo").exists():
            run_line(line)


def runnable() -> list[Path]:
    return [
        p
        for p in pages()
        if any(b.not_run is None and b.language not in ("text", "json") for b in blocks(p.read_text(encoding="utf-8")))
    ]


@pytest.mark.parametrize("page", runnable(), ids=named)
def test_blocks_run(page: Path, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """'README's commands run in the test' (design 6.9)."""
    monkeypatch.chdir(request.getfixturevalue("patient") if needs_patient(page) else tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.not_run is not None:
            continue
        if block.language == "python":
            code = compile("\n" * block.line + block.text, str(page), "exec")
            with contextlib.redirect_stdout(io.StringIO()):
                exec(code, names)
        elif block.language == "bash":
            run_bash(block.text)
        elif block.language == "yaml":
            yaml.safe_load(block.text)
            if block.title is not None:
                Path(block.title).write_text(block.text + "\n")
        elif block.language == "json":
            json.loads(block.text)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"])
def test_links_lead_somewhere(name: str):
    """Links between pages of the site are checked by mkdocs; these pages lie outside it."""
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("```python\nx = 1\n```", "python", None),
        ("<!-- not run: it needs a scanner -->\n```bash\nmake test\n```", "bash", "it needs a scanner"),
        ("<!-- not run: no -->\n```bash\nmake test\n```", "bash", None),
    ],
)
def test_blocks_are_found_with_their_marks(text: str, language: str, reason: str | None):
    (block,) = blocks(text)
    assert (block.language, block.not_run) == (language, reason)
