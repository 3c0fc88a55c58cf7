"""Files appear whole or not at all."""

from __future__ import annotations

import pytest

from spinemets.exports.atomic import replacing, write_bytes, write_text


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_a_finished_file_has_its_name_and_nothing_is_left_beside_it(tmp_path):
    """Contract: "temp name then rename, no partial file under its final name"."""
    write_text(tmp_path / "deep" / "report.txt", "one\ntwo")
    assert (tmp_path / "deep" / "report.txt").read_bytes() == b"one\ntwo"
    assert names(tmp_path / "deep") == ["report.txt"]


def test_the_final_name_does_not_exist_while_writing(tmp_path):
    path = tmp_path / "labels.nii.gz"
    with replacing(path) as temporary:
        temporary.write_bytes(b"half")
        assert not path.exists()
        assert temporary.parent == path.parent
    assert path.read_bytes() == b"half"


def test_the_temporary_name_keeps_the_ending_by_which_writers_choose_a_format(tmp_path):
    with replacing(tmp_path / "labels.nii.gz") as temporary:
        assert temporary.name.endswith(".nii.gz")
        temporary.write_bytes(b"x")


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "assessment.json"
    write_bytes(path, b"old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_bytes(b"half of the ne")
        raise RuntimeError("disk gone")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["assessment.json"]


def test_a_failure_before_anything_was_written_raises_its_own_error(tmp_path):
    with pytest.raises(ValueError, match="early"), replacing(tmp_path / "x"):
        raise ValueError("early")
    assert names(tmp_path) == []


def test_an_existing_file_is_replaced(tmp_path):
    write_text(tmp_path / "x", "first, longer than the second")
    write_text(tmp_path / "x", "second")
    assert (tmp_path / "x").read_text() == "second"


def test_text_is_utf8_with_unix_line_ends(tmp_path):
    write_text(tmp_path / "x", "38 % ± 2\n×10⁻³ mm²/s\n")
    assert (tmp_path / "x").read_bytes() == "38 % ± 2\n×10⁻³ mm²/s\n".encode()
