"""DICOMDIR, the index of a medium: used only to notice files that it names and the medium does not hold.

Every file is read by its own header, named in the index or not. The names are found by their tag, without following the
records of the index, so that a damaged index still says what it says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from spinemets.ingest.files.source_file import SourceFile
from spinemets.model.study import Unread

# (0004,1500) Referenced File ID: explicit VR of either byte order, then implicit.
LITTLE = re.compile(rb"\x04\x00\x00\x15CS(..)", re.DOTALL)
BIG = re.compile(rb"\x00\x04\x15\x00CS(..)", re.DOTALL)
IMPLICIT = re.compile(rb"\x04\x00\x00\x15(..)\x00\x00", re.DOTALL)
ALLOWED = re.compile(rb"[A-Za-z0-9_. \\-]{1,200}\x00?")
NAMED = 20


def referenced(data: bytes) -> tuple[str, ...]:
    """Files an index names, in its order, folders joined by `/`."""
    found: dict[str, None] = {}
    for pattern, order in ((LITTLE, "little"), (BIG, "big"), (IMPLICIT, "little")):
        for match in pattern.finditer(data):
            length = int.from_bytes(match[1], "big" if order == "big" else "little")
            value = data[match.end() : match.end() + length]
            if len(value) == length and ALLOWED.fullmatch(value):
                parts = value.decode("ascii").rstrip("\0 ").split("\\")
                found["/".join(part.strip() for part in parts)] = None
        if found:
            break
    return tuple(found)


def missing(index: SourceFile, names: Sequence[str]) -> list[Unread]:
    """Lines for files that the index names and the input lacks; `names` are those of all files of the input."""
    with index.path.open("rb") as stream:
        wanted = referenced(stream.read())
    folder = re.split(r"[^/!]*$", index.name)[0]
    present = {name.lower() for name in names}
    # a medium's driver may show names with an ending or in small letters
    present |= {re.sub(r"\.[^./]*$", "", name) for name in present}
    lost = [name for name in wanted if f"{folder}{name}".lower() not in present]
    rows = [
        Unread(file=f"{folder}{name}", reason=f"named by {index.name}, but not in the input") for name in lost[:NAMED]
    ]
    if len(lost) > NAMED:
        rows.append(Unread(file=index.name, reason=f"names {len(lost) - NAMED} more files that are not in the input"))
    return rows
