"""Seeded damage: `mutant(corpus, seed, index)` gives the same file for the same corpus, seed and index.

Damage is of three kinds: of bytes (flips, runs, cuts, insertions, repeats, blocks of another file), of the structure of
DICOM (tags, VRs, lengths, values of elements, nesting), and of the fields of NIfTI headers and archives.
"""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fuzz.corpus import Sample

Damage = Callable[[bytearray, random.Random, Sequence[Sample]], bytearray]
LONG_VR = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
VRS = sorted(LONG_VR | frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US ZZ".split()))
NUMBERS = (
    b"", b"0", b"-1", b"nan", b"inf", b"-inf", b"1e308", b"1e-308", b"9999999999", b"0.0000001", b"x", b"1\\2", b"\\",
    b"1\\nan\\3", b"1\\2\\3\\4\\5\\6\\7", b"1,5", b" 12 ", b"2147483648", b"-0", b"1e400", b"\xff\xfe", b"1\0002",
)  # fmt: skip
LENGTHS = (0, 1, 2, 7, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
MAX_BYTES = 4 << 20
# Offset and bytes of what a NIfTI-1 header is made of: sizeof_hdr, dim, datatype, bitpix, pixdim, vox_offset, scale,
# units, codes, quaternion and rows of the affine, magic.
NIFTI_FIELDS = (
    *((0, 4), *((40 + 2 * k, 2) for k in range(8)), (70, 2), (72, 2), *((76 + 4 * k, 4) for k in range(8)), (108, 4)),
    *((112, 4), (116, 4), (123, 1), (252, 2), (254, 2), *((256 + 4 * k, 4) for k in range(18)), (344, 4)),
)


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A damaged file, and how it came to be."""

    name: str
    data: bytes
    story: str


@dataclass(frozen=True, kw_only=True)
class Element:
    """Where one DICOM element lies: tag, VR (empty if implicit), offsets of VR, length field and value, length."""

    at: int
    vr: bytes
    length_at: int
    length_size: int
    value_at: int
    length: int


def mutant(corpus: Sequence[Sample], seed: int, index: int) -> Mutant:
    """The file of that seed and index."""
    chance = random.Random(f"{seed}:{index}")
    sample = chance.choice(corpus)
    damages = _fitting(sample)
    data, story = bytearray(sample.data), []
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5))):
        damage = chance.choice(damages)
        story.append(damage.__name__)
        data = damage(data, chance, corpus)[:MAX_BYTES]
    return Mutant(name=sample.name, data=bytes(data), story=f"{sample.name}: {', '.join(story)}")


def folder(corpus: Sequence[Sample], seed: int, index: int) -> list[Mutant]:
    """A small folder: good and damaged files together, most of one kind, so that they meet in one series."""
    chance = random.Random(f"{seed}:{index}:folder")
    stacks = ("stack/", "siemens", "ge", "philips", "dwi", "t2")
    start = chance.choice(stacks)
    kin = [sample for sample in corpus if sample.name.startswith(start)] or list(corpus)
    found = [Mutant(name=s.name, data=s.data, story=s.name) for s in chance.sample(kin, min(len(kin), 5))]
    for n in range(chance.randint(1, 3)):
        pool = kin if chance.random() < 0.7 else corpus
        found.append(mutant(pool, seed, index * 10 + n))
    return found


def _fitting(sample: Sample) -> list[Damage]:
    """Ways to damage that file: those of its structure as often as those of any bytes."""
    lower, head = sample.name.lower(), sample.data[:132]
    if head[128:] == b"DICM" or head[:2] in (b"\x08\x00", b"\x02\x00"):
        return [*BYTES, *DICOM, *DICOM]
    if lower.endswith(".nii"):
        return [*BYTES, nifti_field, nifti_field, nifti_field]
    if lower.endswith((".nii.gz", ".dcm.gz")):
        return [*BYTES, inside_gzip, inside_gzip, inside_gzip]
    if head[:2] == b"PK":
        return [*BYTES, inside_zip, inside_zip, zip_record, zip_record]
    return list(BYTES)


def _place(data: bytearray, chance: random.Random) -> int:
    """An offset; headers are hit more often than pixels."""
    end = max(len(data), 1)
    return chance.randrange(min(end, 4096)) if chance.random() < 0.7 else chance.randrange(end)


def flip_bits(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """One to eight bits turned over."""
    for _n in range(chance.randint(1, 8) if data else 0):
        data[_place(data, chance)] ^= 1 << chance.randrange(8)
    return data


def set_bytes(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """A run of equal or random bytes written over what was there."""
    at, n = _place(data, chance), chance.choice((1, 2, 4, 8, 64, 1024))
    run = (
        bytes([chance.choice((0, 0xFF, 0x20, chance.randrange(256)))]) * n
        if chance.random() < 0.5
        else chance.randbytes(n)
    )
    data[at : at + n] = run[: max(len(data) - at, 0)]
    return data


def cut(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """The end, or a piece of the middle, lost."""
    at = _place(data, chance)
    if chance.random() < 0.5:
        return data[: max(at, 1)]
    del data[at : at + chance.choice((1, 2, 8, 100, 5000))]
    return data


def insert(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """Random bytes pushed in."""
    at = _place(data, chance)
    data[at:at] = chance.randbytes(chance.choice((1, 2, 3, 8, 132, 1000)))
    return data


def repeat(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """A piece written many times over."""
    at, n = _place(data, chance), chance.choice((2, 8, 20, 200))
    data[at:at] = bytes(data[at : at + n]) * chance.choice((1, 2, 50, 1000))
    return data


def splice(data: bytearray, chance: random.Random, corpus: Sequence[Sample]) -> bytearray:
    """Beginning of this file, end of another."""
    other = chance.choice(corpus).data
    return data[: _place(data, chance)] + other[_place(bytearray(other), chance) :]


def swap_block(data: bytearray, chance: random.Random, corpus: Sequence[Sample]) -> bytearray:
    """A block of another file in the place of one of this."""
    other = chance.choice(corpus).data
    at, source, n = _place(data, chance), _place(bytearray(other), chance), chance.choice((4, 16, 128, 2048))
    data[at : at + n] = other[source : source + n]
    return data


def elements(data: bytes, limit: int = 400) -> list[Element]:
    """Elements of a DICOM file, sequences entered, as far as they can be followed."""
    at = 132 if data[128:132] == b"DICM" else 0
    found: list[Element] = []
    while at + 8 <= len(data) and len(found) < limit:
        group = int.from_bytes(data[at : at + 2], "little")
        vr = data[at + 4 : at + 6]
        if group == 0xFFFE or vr not in VRS:
            vr, length_at, size = b"", at + 4, 4
        elif vr in LONG_VR:
            length_at, size = at + 8, 4
        else:
            length_at, size = at + 6, 2
        length = int.from_bytes(data[length_at : length_at + size], "little")
        value_at = length_at + size
        found.append(Element(at=at, vr=vr, length_at=length_at, length_size=size, value_at=value_at, length=length))
        # items and sequences are stepped into, everything else over
        at = value_at if group == 0xFFFE or vr == b"SQ" or length == 0xFFFFFFFF else value_at + length
    return found


def _one(data: bytearray, chance: random.Random) -> Element | None:
    found = elements(bytes(data))
    return chance.choice(found) if found else None


def dicom_length(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """A length that is not true."""
    one = _one(data, chance)
    if one is not None:
        near = one.length + chance.choice((-2, -1, 1, 2, 100))
        value = (near if chance.random() < 0.5 else chance.choice(LENGTHS)) % (1 << (8 * one.length_size))
        data[one.length_at : one.value_at] = value.to_bytes(one.length_size, "little")
    return data


def dicom_vr(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """Another value representation."""
    one = _one(data, chance)
    if one is not None and one.vr:
        data[one.at + 4 : one.at + 6] = chance.choice(VRS)
    return data


def dicom_tag(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """Another tag: that of another element, or any."""
    one, other = _one(data, chance), _one(data, chance)
    if one is not None and other is not None:
        tag = bytes(data[other.at : other.at + 4]) if chance.random() < 0.6 else chance.randbytes(4)
        data[one.at : one.at + 4] = tag
    return data


def dicom_value(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """An odd number or text as the value of an element, its length made to fit."""
    one = _one(data, chance)
    if one is None or one.length > 256:
        return data
    if one.vr in (b"US", b"SS", b"UL", b"SL", b"FD", b"FL"):
        value = chance.choice((bytes(one.length), b"\xff" * one.length, chance.randbytes(one.length)))
    else:
        value = chance.choice(NUMBERS)
    value += b" " * (len(value) % 2)
    data[one.length_at : one.value_at + one.length] = len(value).to_bytes(one.length_size, "little") + value
    return data


def dicom_drop(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """An element left out."""
    one = _one(data, chance)
    if one is not None and one.length < len(data):
        del data[one.at : one.value_at + one.length]
    return data


def dicom_again(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """An element copied to another place, in or out of a sequence."""
    one, other = _one(data, chance), _one(data, chance)
    if one is not None and other is not None:
        data[other.at : other.at] = data[one.at : one.value_at + min(one.length, 4096)]
    return data


def dicom_nest(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """Sequences inside sequences, from a few to many thousand, closed or not."""
    one = _one(data, chance)
    if one is None:
        return data
    n = chance.choice((3, 60, 1100, 20000))
    opening = struct.pack("<HH2sHLHHL", 0x0040, 0x0440, b"SQ", 0, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF)
    closing = struct.pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    data[one.at : one.at] = opening * n + (closing * n if chance.random() < 0.5 else b"")
    return data


def dicom_items(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """A sequence of very many empty items."""
    one = _one(data, chance)
    if one is None:
        return data
    n = chance.choice((10, 1000, 100_000))
    head = struct.pack("<HH2sHL", 0x5200, 0x9230, b"SQ", 0, 8 * n)
    data[one.at : one.at] = head + struct.pack("<HHL", 0xFFFE, 0xE000, 0) * n
    return data


def dicom_claim(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """Rows, columns, bits, samples, frames: sizes the file does not hold."""
    chosen = [one for one in elements(bytes(data)) if data[one.at : one.at + 2] == b"\x28\x00" and one.length < 16]
    for one in chance.sample(chosen, min(len(chosen), chance.randint(1, 3))):
        value = chance.choice(
            (b"\xff\xff", b"\x00\x80", b"\x00\x10", b"\x01\x00", b"\x00\x00", b"\x08\x00", b"\x20\x00")
        )
        data[one.value_at : one.value_at + one.length] = value[: one.length].ljust(one.length, b"9")
    return data


def nifti_field(data: bytearray, chance: random.Random, _: Sequence[Sample]) -> bytearray:
    """Fields of a NIfTI header: sizes, types, offsets, codes, affines."""
    for at, size in chance.sample(NIFTI_FIELDS, chance.randint(1, 4)):
        value = chance.choice((
            bytes(size), b"\xff" * size, chance.randbytes(size), b"\xff\x7f\xff\x7f"[:size], b"\x00\x00\xc0\x7f"[-size:],
            b"\x00\x00\x80\x7f"[-size:], b"\x01\x00\x00\x00"[:size],
        ))  # fmt: skip
        data[at : at + size] = value
    return data


def inside_gzip(data: bytearray, chance: random.Random, corpus: Sequence[Sample]) -> bytearray:
    """What a gzip holds, damaged and packed again."""
    try:
        inner = bytearray(gzip.decompress(data))
    except (OSError, EOFError, ValueError, gzip.zlib.error):
        return flip_bits(data, chance, corpus)
    damage = nifti_field if inner[344:347] == b"n+1" and chance.random() < 0.7 else chance.choice(BYTES)
    return bytearray(gzip.compress(bytes(damage(inner, chance, corpus)[:MAX_BYTES]), 1, mtime=0))


def inside_zip(data: bytearray, chance: random.Random, corpus: Sequence[Sample]) -> bytearray:
    """A zip made again with damaged members, odd names, doubles and links."""
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
            for info in old.infolist()[:20]:
                member = bytearray(old.read(info))
                if chance.random() < 0.4:
                    member = chance.choice(BYTES)(member, chance, corpus)[:MAX_BYTES]
                name = chance.choice(
                    (info.filename, info.filename, "../../up", "/abs", "a\\b", "x" * 300, "é\u202e.dcm")
                )
                made = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                made.external_attr = chance.choice((0, 0, 0, 0o120777 << 16, 0o020666 << 16))
                new.writestr(made, bytes(member), chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    except (
        OSError,
        ValueError,
        RuntimeError,
        LookupError,
        NotImplementedError,
        EOFError,
        zipfile.BadZipFile,
        gzip.zlib.error,
    ):
        return flip_bits(data, chance, corpus)
    return bytearray(out.getvalue())


def zip_record(data: bytearray, chance: random.Random, corpus: Sequence[Sample]) -> bytearray:
    """A field of a local header, of the directory or of its end changed."""
    marks = [at for mark in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06") if (at := data.rfind(mark)) >= 0]
    if not marks:
        return flip_bits(data, chance, corpus)
    at = chance.choice(marks) + 4 + 2 * chance.randrange(20)
    data[at : at + 2] = chance.choice((b"\0\0", b"\xff\xff", chance.randbytes(2)))
    return data


BYTES: tuple[Damage, ...] = (flip_bits, set_bytes, cut, insert, repeat, splice, swap_block)
DICOM: tuple[Damage, ...] = (
    dicom_length, dicom_vr, dicom_tag, dicom_value, dicom_drop, dicom_again, dicom_nest, dicom_items, dicom_claim,
    dicom_value, dicom_length,
)  # fmt: skip
