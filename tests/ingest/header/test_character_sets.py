"""Texts in every character set DICOM knows, and in those that headers declare wrongly.

"Non-Latin and empty descriptions work." Byte sequences are those of DICOM PS3.5 annexes H, I and J.
"""

from __future__ import annotations

import codecs

import pytest

from spinemets.ingest.header.character_sets import codecs_of, decoded
from spinemets.knowledge.catalogue import table

ESC = b"\x1b"


def text(stored: bytes, declared: bytes = b"") -> str:
    return decoded(stored, codecs_of(declared))


@pytest.mark.parametrize(
    ("declared", "stored", "expected"),
    [
        # PS3.5 H.3.1: ideographic and phonetic name
        (
            b"\\ISO 2022 IR 87",
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            "Yamada^Tarou=山田^太郎=やまだ^たろう",
        ),
        # PS3.5 H.3.2: half-width katakana first
        (
            b"ISO 2022 IR 13\\ISO 2022 IR 87",
            b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J",
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
        ),
        # PS3.5 I.2: hangul
        (
            b"\\ISO 2022 IR 149",
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            "Hong^Gildong=洪^吉洞=홍^길동",
        ),
        # PS3.5 J.1 and J.2: Chinese
        (b"ISO_IR 192", "Wang^XiaoDong=王^小東".encode(), "Wang^XiaoDong=王^小東"),
        (b"GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab", "Wang^XiaoDong=王^小东"),
        # PS3.5 K.2
        (b"\\ISO 2022 IR 58", b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab", "Zhang^XiaoDong=张^小东"),
        (b"ISO_IR 144", "Позвоночник".encode("iso8859_5"), "Позвоночник"),
        (b"ISO_IR 126", "Σπονδυλική".encode("iso8859_7"), "Σπονδυλική"),
        (b"ISO_IR 138", "עמוד".encode("iso8859_8"), "עמוד"),
        (b"ISO_IR 166", "กระดูก".encode("iso8859_11"), "กระดูก"),
        (b"ISO_IR 100", "Wirbelsäule".encode("latin-1"), "Wirbelsäule"),
        (b"ISO 2022 IR 100", "Bäcken".encode("latin-1"), "Bäcken"),
    ],
    ids=["jp87", "jp13", "kr", "utf8", "gb18030", "gb2312", "cyrillic", "greek", "hebrew", "thai", "latin", "2022"],
)
def test_vectors_of_the_standard(declared, stored, expected):
    """Names and descriptions as PS3.5 spells them, byte by byte."""
    assert text(stored, declared) == expected


def test_two_single_byte_sets_in_one_text():
    """Latin and Cyrillic, each announced by its escape sequence."""
    stored = b"Buc^J" + "é".encode("latin-1") + ESC + b"-L" + "Люк".encode("iso8859_5")
    assert text(stored, b"ISO 2022 IR 100\\ISO 2022 IR 144") == "Buc^JéЛюк"


@pytest.mark.parametrize("declared", [b"", b"ISO_IR 6", b"ISO_IR 100 ", b"ISO_IR 192", b"made up", b"\\"])
def test_plain_text_is_plain_in_every_set(declared):
    """What is ASCII needs no set, declared or not, known or not."""
    assert text(b"T2 TSE SAG ", declared) == "T2 TSE SAG "


@pytest.mark.parametrize("declared", [b"", b"ISO_IR 6", b"made up", b"ISO_IR 192"])
def test_a_wrong_or_missing_set_loses_no_text(declared):
    """UTF-8 where it is UTF-8, else Latin-1; never an error, never a replacement character."""
    assert text("Wirbelsäule".encode(), declared) == "Wirbelsäule"
    assert text("腰椎".encode(), declared) == "腰椎"
    assert text("Wirbelsäule".encode("latin-1"), declared) == "Wirbelsäule"


@pytest.mark.parametrize("stored", [b"\x1b", b"\x1b$B\xff\xff", b"a\x1b[31mb", b"\x1b$)C\xff", bytes(range(256))])
def test_any_bytes_are_some_text(stored):
    """Broken escape sequences end in text as well."""
    for declared in (b"", b"\\ISO 2022 IR 87", b"ISO 2022 IR 13\\ISO 2022 IR 149", b"ISO_IR 192"):
        assert isinstance(text(stored, declared), str)


@pytest.mark.parametrize(
    "spelled", [b"ISO_IR 100", b"ISO-IR 100", b"ISO IR 100", b"ISO_IR_100", b"ISO_IR100", b"iso_ir 100"]
)
def test_usual_misspellings_of_a_term(spelled):
    """Scanners write the terms of other years."""
    assert codecs_of(spelled) == ("latin_1",)


def test_every_codec_of_the_table_exists():
    """And every escape sequence begins with ESC."""
    sets = table("character_sets")
    for codec in [*sets["terms"].values(), *(row["codec"] for row in sets["escapes"].values())]:
        assert codecs.lookup(codec)
    assert all(bytes.fromhex(sequence).startswith(ESC) for sequence in sets["escapes"])
