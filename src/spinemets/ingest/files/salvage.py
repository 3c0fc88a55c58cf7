"""What a zip with a lost or false directory still holds: members found by the header before each.

A zip says twice what it holds: in a header before each member, and in a directory at its end. A cut or damaged file loses
the directory; what was packed before the damage is then found by its headers, and believed only if its checksum is right.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import IO

MARK = b"PK\x03\x04"
HEADER = Struct("<4xHHHHHLLLHH")
STORED, DEFLATED = 0, 8
ENCRYPTED, SIZE_FOLLOWS, UTF8 = 1, 8, 0x800
BLOCK = 1 << 20


class Damaged(Exception):
    """A member that cannot be given back whole; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Local:
    """The header before a member: its name, where its bytes begin, and how they are packed."""

    name: str
    at: int
    data_at: int
    flags: int
    method: int
    checksum: int
    packed: int


def local_header(stream: IO[bytes], at: int) -> Local | None:
    """The header at that offset, None if there is none."""
    stream.seek(at)
    raw = stream.read(HEADER.size)
    if len(raw) < HEADER.size or raw[:4] != MARK:
        return None
    _, flags, method, _, _, checksum, packed, _, n_name, n_extra = HEADER.unpack(raw)
    name = stream.read(n_name)
    text = name.decode("utf-8" if flags & UTF8 else "cp437", "replace")
    return Local(
        name=text, at=at, data_at=at + HEADER.size + n_name + n_extra, flags=flags, method=method, checksum=checksum,
        packed=packed,
    )  # fmt: skip


def members(stream: IO[bytes]) -> Iterator[Local]:
    """Headers from the beginning to the end of the file; no byte of a whole member is searched for another one."""
    at = 0
    while True:
        at = _next_mark(stream, at)
        header = local_header(stream, at) if at >= 0 else None
        if header is None:
            return
        yield header
        known = not header.flags & SIZE_FOLLOWS and header.packed != 0xFFFFFFFF
        at = header.data_at + header.packed if known else header.data_at


def _next_mark(stream: IO[bytes], at: int) -> int:
    """Offset of the next header, -1 if there is none."""
    stream.seek(at)
    tail = b""
    while block := stream.read(BLOCK):
        data = tail + block
        found = data.find(MARK)
        if found >= 0:
            return at - len(tail) + found
        tail = data[-3:]
        at += len(block)
    return -1


def content(stream: IO[bytes], header: Local) -> Iterator[bytes]:
    """Unpacked bytes of a member, block by block; wrong or missing bytes are found at the end.

    Raises
    ------
    Damaged
        If the member is encrypted, packed in an unknown way, cut off or fails its checksum.
    """
    if header.flags & ENCRYPTED:
        raise Damaged("encrypted member of an archive")
    if header.method not in (STORED, DEFLATED):
        raise Damaged(f"packed with method {header.method}, which is not read")
    if header.method == STORED and header.flags & SIZE_FOLLOWS:
        raise Damaged("damaged member of an archive (its size is lost)")
    stream.seek(header.data_at)
    checksum, whole = 0, False
    inflate = zlib.decompressobj(-zlib.MAX_WBITS) if header.method == DEFLATED else None
    for block in _blocks(stream, header) if inflate is None else _inflated(stream, inflate):
        checksum = zlib.crc32(block, checksum)
        yield block
    whole = stream.tell() == header.data_at + header.packed if inflate is None else inflate.eof
    stated = header.checksum
    if inflate is not None and header.flags & SIZE_FOLLOWS:
        rest = (inflate.unused_data + stream.read(16))[:8]
        rest = rest[4:] if rest[:4] == b"PK\x07\x08" else rest
        stated = int.from_bytes(rest[:4], "little")
    if not whole or checksum != stated:
        raise Damaged("damaged member of an archive (cut off or changed)")


def _blocks(stream: IO[bytes], header: Local) -> Iterator[bytes]:
    left = header.packed
    while left and (block := stream.read(min(left, BLOCK))):
        left -= len(block)
        yield block


def _inflated(stream: IO[bytes], inflate: zlib._Decompress) -> Iterator[bytes]:
    try:
        while not inflate.eof and (packed := stream.read(1 << 16)):
            while packed and not inflate.eof:
                yield inflate.decompress(packed, BLOCK)
                packed = inflate.unconsumed_tail
    except zlib.error:
        raise Damaged("damaged member of an archive (its packed bytes are wrong)") from None
