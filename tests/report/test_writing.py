"""Pages appear whole or not at all."""

from __future__ import annotations

import pytest

from spinemets.report.writing import write_bytes_whole, write_whole


def test_written_whole(tmp_path):
    write_whole(tmp_path / "a" / "r.txt", "38 %\n×")
    assert (tmp_path / "a" / "r.txt").read_bytes() == "38 %\n×".encode()
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["r.txt"]


def test_a_text_that_cannot_be_encoded_leaves_the_old_page(tmp_path):
    write_whole(tmp_path / "r.txt", "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "r.txt", "half\ud800")
    assert (tmp_path / "r.txt").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["r.txt"]


def test_bytes_appear_whole(tmp_path):
    write_bytes_whole(tmp_path / "new" / "sheet.png", b"\x89PNG")
    (only,) = (tmp_path / "new").iterdir()
    assert only.read_bytes() == b"\x89PNG"
