"""One DICOM file: is it an image, what does it hold, and where do its pixels lie."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.frames import Frame, Image, Layout
from spinemets.ingest.header import headers as h
from spinemets.ingest.header.headers import Header
from spinemets.ingest.header.scan import EXPLICIT, IMPLICIT
from spinemets.ingest.projections.nuclear import kept_capture
from spinemets.ingest.stacks import parametric
from spinemets.knowledge.catalogue import table

NATIVE = frozenset((IMPLICIT, EXPLICIT, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"))
WORD_BITS = (8, 16, 32)
COLOURS = 3
COLOUR = frozenset(("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"))


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """A file that gives no image: `kind` is that of `Unread`; `label` marks a DICOM segmentation."""

    reason: str
    kind: str = "unreadable"
    label: bool = False


def open_image(source: SourceFile, header: Header) -> Image | SetAside:
    """Decide what a file is, and check what it claims before anything is allocated."""
    sop_class = header.text(h.SOP_CLASS) or ""
    known = table("sop_classes").get(sop_class)
    if known is not None and not known["image"] and not kept_capture(header):
        label = bool(known.get("label", False))
        why = "a segmentation, to be given as labels" if label else "not an image of a volume"
        return SetAside(reason=f"{known['name']}: {why}", kind="set aside", label=label)
    if header.scanned.pixel_tag is None:
        return _without_pixels(header, known["name"] if known else None)
    return _image(source, header, sop_class)


def _without_pixels(header: Header, known: str | None) -> SetAside:
    """An image class without its pixels is damage; an object of another class is no image, and named as well as can be."""
    if known is not None:
        return SetAside(reason=f"{known} without pixel data")
    sop_class, modality = header.text(h.SOP_CLASS), header.text(h.MODALITY)
    if sop_class is None:
        return SetAside(reason=f"{modality or 'object of an unknown class'} without pixel data")
    what = f" ({modality})" if modality else ""
    return SetAside(reason=f"object of the unknown or private class {sop_class}{what}: not an image", kind="set aside")


def _image(source: SourceFile, header: Header, sop_class: str) -> Image | SetAside:
    layout = _layout(header)
    if isinstance(layout, SetAside):
        return layout
    syntax = header.scanned.syntax
    if refusal := _syntax_refusal(syntax):
        return SetAside(reason=refusal)
    n_frames = int(header.number(h.N_FRAMES) or 1)
    compressed = syntax not in NATIVE
    present = header.scanned.pixel_length
    if present is None and not compressed:
        return SetAside(reason="damaged: uncompressed pixel data of undefined length")
    if present is None:
        present = source.size - header.scanned.pixel_offset
    elif not header.unusual:
        present = min(present, source.size - header.scanned.pixel_offset)
    if refusal := bounds.refuse_claim(layout.frame_bytes, n_frames, present, compressed=compressed):
        return SetAside(reason=refusal)
    number = header.number(h.SERIES_NUMBER)
    return Image(
        source=source, header=header, layout=layout, n_frames=n_frames,
        direct=not compressed and not header.unusual,
        study_uid=header.text(h.STUDY_UID) or "", series_uid=header.text(h.SERIES_UID) or "",
        sop_uid=header.text(h.SOP_UID) or "", sop_class=sop_class, modality=header.text(h.MODALITY),
        series_number=None if number is None else int(number),
        frame_of_reference=header.text(h.FRAME_OF_REFERENCE), padding=_padding(header, layout),
    )  # fmt: skip


def _layout(header: Header) -> Layout | SetAside:
    rows, columns, allocated = header.integer(h.ROWS), header.integer(h.COLUMNS), header.integer(h.ALLOCATED)
    if not rows or not columns or not allocated:
        return SetAside(reason="the header states no image size (Rows, Columns or BitsAllocated)")
    photometric = header.text(h.PHOTOMETRIC) or ""
    if not photometric:
        return SetAside(reason="the header states no photometric interpretation")
    if header.scanned.pixel_tag in parametric.BITS:
        return _real_layout(header, rows, columns)
    samples = header.integer(h.SAMPLES) or 1
    if samples != 1 or not photometric.startswith("MONOCHROME"):
        if samples != COLOURS or allocated != 8 or photometric not in COLOUR or not _may_have_place(header):
            return SetAside(reason=f"colour picture ({photometric})", kind="set aside")
        return Layout(
            rows=rows, columns=columns, allocated=8, stored=8, high_bit=7, signed=False, inverted=False, samples=samples
        )
    stored = header.integer(h.STORED) or allocated
    high_bit = header.integer(h.HIGH_BIT)
    high_bit = stored - 1 if high_bit is None else high_bit
    if allocated not in WORD_BITS or not 0 < stored <= allocated or not stored - 1 <= high_bit < allocated:
        return SetAside(reason=f"{stored} bits stored in {allocated} (high bit {high_bit}) is not read")
    return Layout(
        rows=rows, columns=columns, allocated=allocated, stored=stored, high_bit=high_bit,
        signed=header.integer(h.SIGNED) == 1, inverted=photometric == "MONOCHROME1",
    )  # fmt: skip


def _may_have_place(header: Header) -> bool:
    """Whether a picture states where in the patient it lies, at the top level or perhaps in functional groups."""
    known = table("sop_classes").get(header.text(h.SOP_CLASS) or "") or {}
    return bool(known.get("multiframe")) or bool(header.numbers(h.POSITION) and header.numbers(h.ORIENTATION))


def _real_layout(header: Header, rows: int, columns: int) -> Layout | SetAside:
    """Floating-point pixels: the element itself says how many bits."""
    bits = parametric.BITS[header.scanned.pixel_tag or 0]
    if header.integer(h.ALLOCATED) != bits or (header.integer(h.SAMPLES) or 1) != 1:
        return SetAside(reason=f"floating-point pixel data of {header.integer(h.ALLOCATED)} bits is not read")
    return Layout(
        rows=rows,
        columns=columns,
        allocated=bits,
        stored=bits,
        high_bit=bits - 1,
        signed=True,
        inverted=False,
        real=True,
    )


def _syntax_refusal(syntax: str) -> str | None:
    row = table("transfer_syntaxes").get(syntax)
    if row is None:
        return f"unknown transfer syntax {syntax}"
    return None if row["plugin"] else f"transfer syntax {row['name']} is not decoded"


def _padding(header: Header, layout: Layout) -> tuple[int, int] | None:
    if layout.real or layout.samples > 1:
        return None
    value = header.integer(h.PADDING, signed=layout.signed)
    if value is None:
        return None
    limit = header.integer(h.PADDING_LIMIT, signed=layout.signed)
    limit = value if limit is None else limit
    return (min(value, limit), max(value, limit))


def classic_frame(image: Image) -> Frame:
    """The only image of a classic file."""
    header = image.header
    position, orientation = header.numbers(h.POSITION), header.numbers(h.ORIENTATION)
    spacing = header.numbers(h.SPACING)
    number = header.number(h.INSTANCE_NUMBER)
    return Frame(
        image=image, index=0,
        position_mm=(position[0], position[1], position[2]) if position and len(position) == 3 else None,
        orientation=orientation if orientation and len(orientation) == 6 else None,
        spacing_mm=(spacing[0], spacing[1]) if spacing and len(spacing) == 2 else None,
        # a slope of 0 would make every value the same: it is none
        thickness_mm=header.number(h.THICKNESS), slope=header.number(h.SLOPE) or None, intercept=header.number(h.INTERCEPT),
        number=0 if number is None else int(number),
    )  # fmt: skip
