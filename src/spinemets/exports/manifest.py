"""`manifest.json`: which files one run wrote, with their checksums and the versions that made them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spinemets.exports.atomic import write_text
from spinemets.model.assessment import Assessment

SCHEMA = "spinemets-manifest/1"
NAME = "manifest.json"
CHUNK_BYTES = 1 << 20


def write_manifest(assessment: Assessment, folder: Path, files: Iterable[Path]) -> None:
    """Write `manifest.json` into the output folder, last of all: a folder without it is not a finished run."""
    content = manifest(assessment, Path(folder), files)
    write_text(Path(folder) / NAME, json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def manifest(assessment: Assessment, folder: Path, files: Iterable[Path]) -> dict[str, Any]:
    """Content of the manifest; paths relative to the output folder, never of the machine.

    Raises
    ------
    ValueError
        If a file lies outside the output folder.
    """
    provenance = assessment.provenance
    return {
        "schema": SCHEMA,
        "assessment_schema": assessment.schema,
        "software": "spinemets",
        "software_version": provenance.software_version,
        "parameter_hash": provenance.parameter_hash,
        "options_digest": provenance.options_digest,
        "run_id": provenance.run_id,
        "created": provenance.created,
        "libraries": dict(provenance.libraries),
        "inputs": dict(provenance.input_digests),
        "files": [_entry(folder, Path(file)) for file in sorted(map(Path, files))],
    }


def verify(folder: Path) -> tuple[str, ...]:
    """Names of files of a finished run that are missing or no longer have the checksum in the manifest."""
    content = json.loads((Path(folder) / NAME).read_text(encoding="utf-8"))
    wrong = []
    for entry in content["files"]:
        file = Path(folder) / entry["name"]
        if not file.is_file() or sha256(file) != entry["sha256"]:
            wrong.append(entry["name"])
    return tuple(wrong)


def sha256(file: Path) -> str:
    """SHA-256 of a file, hexadecimal, read in pieces."""
    digest = hashlib.sha256()
    with Path(file).open("rb") as stream:
        while piece := stream.read(CHUNK_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _entry(folder: Path, file: Path) -> dict[str, Any]:
    name = file.resolve().relative_to(folder.resolve()).as_posix()
    return {"name": name, "bytes": file.stat().st_size, "sha256": sha256(file)}
