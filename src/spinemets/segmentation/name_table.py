"""Names inside a label map: the label table of a NIfTI extension, and what a structure's name means.

TotalSegmentator writes a Caret label table, `<CaretExtension>...<LabelTable><Label Key="27">vertebrae_L5</Label>`, as
an extension of code 0; Caret and Workbench write the same XML with code 30.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from spinemets.model.level import ORDER
from spinemets.segmentation.schemes import Meaning

_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
}  # fmt: skip
_REGIONS = {"cervical": "C", "thoracic": "T", "dorsal": "T", "lumbar": "L", "sacral": "S"}
_WORDS = {
    "vertebra": "vertebra", "vertebrae": "vertebra", "vert": "vertebra", "vertebral": "vertebra",
    "body": "body", "bodies": "body", "corpus": "body",
    "disc": "disc", "discs": "disc", "disk": "disc", "disks": "disc", "ivd": "disc", "intervertebral": "disc",
    "endplate": "endplate", "endplates": "endplate",
    "rib": "rib", "sacrum": "sacrum", "coccyx": "coccyx", "cocc": "coccyx",
    "cord": "cord", "canal": "canal", "channel": "canal", "spinal": "", "posterior": "posterior",
    "elements": "posterior", "element": "posterior", "autochthon": "muscle", "iliopsoas": "psoas", "psoas": "psoas",
    "below": "", "of": "", "in": "", "view": "", "the": "", "structure": "", "bone": "", "space": "", "s": "sacrum",
    "subcutaneous": "fat", "fat": "fat", "left": "left", "right": "right",
}  # fmt: skip
_OWN_NAMES = {"atlas": "C1", "axis": "C2"}
_LEVEL = re.compile(r"(?:th|c|t|l|s)(\d{1,2})")


def names_in(extensions: Iterable[tuple[int, bytes]]) -> dict[int, str]:
    """Integer -> name of the first label table among NIfTI extensions (code, content); empty if there is none."""
    for _, content in extensions:
        text = content.rstrip(b"\0").decode("utf-8", errors="replace").strip()
        # A document type can make a small file expand without bound; a label table has no use for one.
        if "<LabelTable" not in text or "<!DOCTYPE" in text or "<!ENTITY" in text:
            continue
        try:
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError:
            continue
        labels = [(label.get("Key", ""), (label.text or "").strip()) for label in root.iter("Label")]
        names = {int(key): name for key, name in labels if key.isdigit() and name and int(key) > 0}
        if names:
            return names
    return {}


def meaning(name: str) -> Meaning | None:
    """What a structure's name means; None if it is not a structure of the spine, or holds words not understood.

    Understands `vertebrae_L5`, `L5`, `Third lumbar vertebra`, `disc_L4-L5`, `L4_ivd`, `rib_left_12`, `T12_rib`,
    `spinal_cord`, `disc below L3`. A word it does not know ("lesion L3") makes it refuse.
    """
    tokens = re.findall(r"[a-z]+\d+|[a-z]+|\d+", re.split(r"[(\[]", name.lower())[0].replace("_", " "))
    kinds: set[str] = set()
    levels: list[str] = []
    number: int | None = None
    region = ""
    for token in tokens:
        level = _level(token)
        if level is not None:
            levels.append(level)
        elif token.isdigit():
            number = number if number is not None else int(token)
        elif token in _ORDINALS:
            number = _ORDINALS[token]
        elif token in _REGIONS:
            region = _REGIONS[token]
        elif token in ("st", "nd", "rd", "th") and number is not None:
            continue
        elif token in _WORDS:
            kinds.add(_WORDS[token])
        else:
            return None
    kinds.discard("")
    if region and number is not None:
        levels.append(f"{region}{number}")
        number = None
    if any(level not in ORDER for level in levels):
        return None
    side = next((s for s in ("left", "right") if s in kinds), None)
    return _structure(kinds - {"left", "right"}, levels, number, side)


def _level(token: str) -> str | None:
    if token in _OWN_NAMES:
        return _OWN_NAMES[token]
    if not _LEVEL.fullmatch(token):
        return None
    letter, digits = ("T", token[2:]) if token.startswith("th") else (token[0].upper(), token[1:])
    return f"{letter}{int(digits)}"


def _structure(kinds: set[str], levels: list[str], number: int | None, side: str | None) -> Meaning | None:
    level = levels[0] if levels else None
    if "rib" in kinds:
        known = level or (f"T{number}" if number is not None and 1 <= number <= 13 else None)
        return Meaning(structure="rib", level=known, side=side)
    if "disc" in kinds or (levels and (len(levels) == 2 or kinds == {"sacrum"})):
        return Meaning(structure="disc", level=level) if level else Meaning(structure="discs")
    if "endplate" in kinds:
        return Meaning(structure="endplate", level=level) if level else Meaning(structure="endplates")
    for alone in ("sacrum", "coccyx", "cord", "canal", "muscle", "psoas", "fat"):
        if kinds == {alone} and not levels:
            return Meaning(structure=alone, side=side)
    if "posterior" in kinds and kinds <= {"posterior", "vertebra"}:
        return Meaning(structure="posterior_elements", level=level)
    if kinds in ({"body", "vertebra"}, {"body"}):
        return Meaning(structure="vertebral_body", level=level) if level else Meaning(structure="bodies")
    return _vertebra(kinds, level, number)


def _vertebra(kinds: set[str], level: str | None, number: int | None) -> Meaning | None:
    if kinds - {"vertebra"} or (not kinds and level is None):
        return None
    if level is not None:
        return Meaning(structure="sacral_segment" if level.startswith("S") else "vertebra", level=level)
    # `vertebra 3 of 9 in view` is one instance; `vertebrae` alone is all of them as one mass.
    return Meaning(structure="vertebrae" if number is None else "vertebra")
