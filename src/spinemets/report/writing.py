"""Pages appear whole or not at all: the same promise as in `exports`, which this room does not know."""

from __future__ import annotations

import secrets
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write UTF-8 text beside its place, then rename it: no half page ever has the final name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".partial-{secrets.token_hex(6)}-{path.name}"
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes_whole(path: Path, content: bytes) -> None:
    """Write bytes beside their place, then rename them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".partial-{secrets.token_hex(6)}-{path.name}"
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
