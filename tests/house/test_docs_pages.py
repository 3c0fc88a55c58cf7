"""'Schemas, help, option and criterion pages are generated and diffed in tests.'"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from house import docs_pages
from spinemets.app.options import Options, walk
from spinemets.knowledge.catalogue import load


def test_committed_pages_are_up_to_date():
    assert docs_pages.outdated() == [], "run `make pages`"


def test_every_entry_has_its_page():
    made = docs_pages.pages()
    for name in load():
        assert f"# {name}: " in made[docs_pages.REFERENCE / "criteria" / f"{name}.md"]


def test_every_option_is_on_the_command_line_page():
    page = docs_pages.command_line()
    for _, item, _ in walk(Options()):
        assert item.metadata["flag"] in page
        assert docs_pages.cell(item.metadata["help"]) in page


def test_every_exit_code_is_listed():
    page = docs_pages.exit_codes()
    for code in (0, 2, 3, 4, 5, 6, 7, 8, 130):
        assert f"| {code} |" in page


@pytest.mark.parametrize(("text", "shown"), [("a | b", "a \\| b"), ("a\n b", "a b"), ("x < y", "x &lt; y")])
def test_cells_keep_their_table_whole(text: str, shown: str):
    assert docs_pages.cell(text) == shown


def test_a_changed_and_an_orphaned_page_are_found_and_mended(tmp_path: Path):
    shutil.copytree(docs_pages.ROOT / "docs", tmp_path / "docs")
    docs_pages.write(tmp_path)
    codes = tmp_path / docs_pages.REFERENCE / "exit-codes.md"
    orphan = tmp_path / docs_pages.REFERENCE / "criteria" / "XX-99.md"
    codes.write_text("changed")
    orphan.write_text("no entry has this id")
    assert docs_pages.outdated(tmp_path) == ["docs/reference/exit-codes.md", "docs/reference/criteria/XX-99.md"]
    docs_pages.write(tmp_path)
    assert docs_pages.outdated(tmp_path) == []
    assert not orphan.exists()
