"""`manifest.json`: files with checksums, and the versions that made them."""

from __future__ import annotations

import hashlib
import json

import pytest

from spinemets.exports.manifest import CHUNK_BYTES, manifest, sha256, verify, write_manifest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "report.html").write_text("page")
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "adc.nii.gz").write_bytes(bytes(range(256)))
    return tmp_path


def files(folder):
    return [folder / "report.html", folder / "maps" / "adc.nii.gz"]


def test_each_file_has_name_size_and_checksum(assessment, folder):
    made = manifest(assessment, folder, files(folder))
    assert [f["name"] for f in made["files"]] == ["maps/adc.nii.gz", "report.html"]
    assert made["files"][1] == {"name": "report.html", "bytes": 4, "sha256": hashlib.sha256(b"page").hexdigest()}


def test_versions_and_inputs_are_those_of_the_run(assessment, folder):
    made = manifest(assessment, folder, [])
    assert (made["software_version"], made["parameter_hash"], made["run_id"]) == ("0.1.0", "ff", "r")
    assert made["inputs"] == {"1.2": "ab"}
    assert made["assessment_schema"] == assessment.schema


def test_no_path_of_the_machine(assessment, folder):
    """Contract: "Never machine paths"."""
    write_manifest(assessment, folder, files(folder))
    assert str(folder) not in (folder / "manifest.json").read_text()


def test_a_file_outside_the_output_folder_is_an_error(assessment, folder, tmp_path_factory):
    stray = tmp_path_factory.mktemp("other") / "x"
    stray.write_text("x")
    with pytest.raises(ValueError, match="x"):
        manifest(assessment, folder, [stray])


def test_verify_names_what_changed_and_what_is_gone(assessment, folder):
    write_manifest(assessment, folder, files(folder))
    assert verify(folder) == ()
    (folder / "report.html").write_text("page, edited")
    (folder / "maps" / "adc.nii.gz").unlink()
    assert verify(folder) == ("maps/adc.nii.gz", "report.html")


def test_same_folder_same_bytes(assessment, folder):
    write_manifest(assessment, folder, files(folder))
    first = (folder / "manifest.json").read_bytes()
    write_manifest(assessment, folder, reversed(files(folder)))
    assert (folder / "manifest.json").read_bytes() == first
    assert json.loads(first)["schema"] == "spinemets-manifest/1"


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_checksum_by_pieces_is_that_of_the_whole(tmp_path, size):
    content = bytes(n % 251 for n in range(1000)) * (size // 1000 + 1)
    (tmp_path / "x").write_bytes(content[:size])
    assert sha256(tmp_path / "x") == hashlib.sha256(content[:size]).hexdigest()
