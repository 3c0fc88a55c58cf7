"""Reading of DICOM headers from files: the fast scan, else the full parser; as much of a file as its header takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import IO

from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header.elements import Elements
from spinemets.ingest.header.encoding import Encoding, coding_at, encoding_of, inflated
from spinemets.ingest.header.headers import MODALITY, ROWS, SOP_CLASS, WANTED, Header, NotDicom
from spinemets.ingest.header.parser import Parsed, TooMuch, parse
from spinemets.ingest.header.scan import Scan, Scanner, Short

# Tag, representation and length of the pixel data, with room to spare.
PIXEL_HEADER = 64
PREFIXES = (1 << 13, 1 << 17, 1 << 20, 1 << 22)


class HeaderReader:
    """Reads the headers of one study.

    Whole headers that were parsed are kept while there is room: they are asked for again when series are formed.
    """

    def __init__(self) -> None:
        self._scanner = Scanner(WANTED)
        self._kept: dict[Path, tuple[Elements, int]] = {}
        self._bytes = 0

    def header(self, source: SourceFile) -> Header:
        """Header of one file.

        Raises
        ------
        NotDicom
            If it is not DICOM or too damaged.
        """
        known = self._scanner.expected_bytes
        with source.path.open("rb", buffering=0) as stream:
            for length in (max(known, PREFIXES[0]), *(prefix for prefix in PREFIXES if prefix > known)):
                stream.seek(0)
                data = stream.read(length)
                try:
                    scanned = self._scanner.scan(data, complete=len(data) >= source.size)
                except Short:
                    continue
                if scanned is None:
                    break
                return Header(scanned)
        header, elements = by_elements(source)
        if header.scanned.pixel_tag is not None:
            self._keep(source, elements, header.scanned.pixel_offset)
        return header

    def elements(self, source: SourceFile, pixel_offset: int) -> Elements:
        """Everything spinemets reads of a header, nested items included.

        Parameters
        ----------
        pixel_offset
            Where the pixels are known to begin: a long header is then read and parsed in one go.

        Raises
        ------
        NotDicom
            If it is not DICOM, too damaged, or passes a limit.
        """
        if source.path not in self._kept:
            self._keep(source, read_elements(source, pixel_offset), pixel_offset)
        return self._kept[source.path][0]

    def _keep(self, source: SourceFile, elements: Elements, pixel_offset: int) -> None:
        size = max(pixel_offset, min(source.size, PREFIXES[1]))
        self._bytes += size
        while self._kept and self._bytes > bounds.load().kept_headers_mb * bounds.MB:
            self._bytes -= self._kept.pop(next(iter(self._kept)))[1]
        self._kept[source.path] = (elements, size)


def read_elements(source: SourceFile, pixel_offset: int = 0) -> Elements:
    """As `HeaderReader.elements`, of one file."""
    return _parsed(source, pixel_offset)[1].elements


def by_elements(source: SourceFile) -> tuple[Header, Elements]:
    """Header of a file that the fast scan does not understand, and all its elements.

    Raises
    ------
    NotDicom
        If it is not DICOM, too damaged, or passes a limit.
    """
    encoding, parsed = _parsed(source, PREFIXES[1] - PIXEL_HEADER)
    present = WANTED & parsed.elements.stored.keys()
    values = {tag: raw for tag in present if (raw := parsed.elements.raw(tag)) is not None}
    if encoding.sop_class:
        values.setdefault(SOP_CLASS, encoding.sop_class)
    if not values.keys() & {SOP_CLASS, ROWS, MODALITY}:
        raise NotDicom("not a DICOM image or object: it states no class, modality or size")
    little = parsed.elements.little
    scanned = Scan(
        values=values, syntax=encoding.syntax, little=little, pixel_tag=parsed.pixel_tag,
        pixel_offset=parsed.pixel_offset, pixel_length=parsed.pixel_length,
    )  # fmt: skip
    return Header(scanned, unusual=encoding.deflated or not little), parsed.elements


def _parsed(source: SourceFile, pixel_offset: int = 0) -> tuple[Encoding, Parsed]:
    limit_mb = bounds.load().max_header_mb
    with source.path.open("rb", buffering=0) as stream:
        data = stream.read(PREFIXES[0])
        encoding = encoding_of(data)
        if encoding is None:
            raise NotDicom("not a DICOM, NIfTI or archive file")
        try:
            if encoding.deflated:
                return encoding, _parsed_deflated(source, encoding)
            known = pixel_offset + PIXEL_HEADER if pixel_offset <= limit_mb * bounds.MB else 0
            first = max(known, PREFIXES[0])
            for length in (first, *(prefix for prefix in PREFIXES if prefix > first), limit_mb * bounds.MB):
                data += _more(stream, length - len(data))
                try:
                    complete = len(data) >= source.size
                    return encoding, parse(data, encoding.position, encoding.coding, complete=complete)
                except Short:
                    continue
        except (TooMuch, ValueError) as refusal:
            raise NotDicom(str(refusal)) from None
    raise NotDicom(f"no pixel data within the first {limit_mb} MB")


def _parsed_deflated(source: SourceFile, encoding: Encoding) -> Parsed:
    data, size = inflated(source, encoding.position)
    parsed = parse(data, 0, coding_at(data, 0, encoding.syntax), complete=len(data) >= size)
    if parsed.pixel_length is None:
        return parsed
    return replace(parsed, pixel_length=max(0, min(parsed.pixel_length, size - parsed.pixel_offset)))


def _more(stream: IO[bytes], count: int) -> bytes:
    """That many more bytes, fewer at the end of the file: a raw stream may give less than asked for."""
    pieces = []
    while count > 0 and (piece := stream.read(count)):
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
