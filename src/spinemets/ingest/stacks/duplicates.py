"""The same image twice: by identifier, or by place. Said by name, never chosen in silence."""

from __future__ import annotations

from collections.abc import Sequence

from spinemets.ingest.files.digests import Digests
from spinemets.ingest.frames import Frame, Image
from spinemets.ingest.header import headers as h
from spinemets.model.study import Unread

SHARED = "images of this series carry the same identifier (SOPInstanceUID) although they are different images"
# What makes two images different although they carry one identifier.
OWN = (h.SERIES_UID, h.SERIES_NUMBER, h.INSTANCE_NUMBER, h.POSITION, h.ORIENTATION, h.TE, h.ACQUISITION_NUMBER)


def without_duplicates(images: Sequence[Image], digests: Digests, unread: list[Unread]) -> list[Image]:
    """Each image once. One identifier with headers that differ is two images: both are kept."""
    kept: dict[str, list[Image]] = {}
    found: list[Image] = []
    for image in images:
        others = kept.setdefault(image.sop_uid or image.source.name, [])
        twin = next((other for other in others if _own(other) == _own(image)), None)
        if twin is not None:
            same = digests.file(twin.source) == digests.file(image.source)
            how = "copy of" if same else "same identifier as, but other contents than,"
            unread.append(Unread(file=image.source.name, reason=f"{how} {twin.source.name}", kind="set aside"))
            continue
        others.append(image)
        found.append(image)
    return found


def _own(image: Image) -> tuple[bytes | None, ...]:
    return tuple(image.header.scanned.values.get(tag) for tag in OWN)


def sharing(frames: Sequence[Frame]) -> str:
    """A sentence where different images of one series carry one identifier, else empty."""
    images = {str(frame.image.source.path): frame.image.sop_uid for frame in frames if frame.image.sop_uid}
    return SHARED if len(set(images.values())) < len(images) else ""


def repeated(extra: Frame, used: Frame, label: str) -> Unread:
    """The line of an image whose place another image fills already, for no reason the headers give."""
    same = _same_pixels(extra, used)
    how = {True: "the same pixels", False: "other pixels", None: ""}[same]
    what = f"repeated position in {label}, which {used.image.source.name} fills"
    return Unread(file=extra.image.source.name, reason=f"{what}{f' with {how}' if how else ''}: not used")


def _same_pixels(a: Frame, b: Frame) -> bool | None:
    """Whether two images hold the same stored bytes; None where that is not known without decoding."""
    if not (a.image.direct and b.image.direct) or a.tile is not None or a.image.layout != b.image.layout:
        return None
    try:
        return _pixels(a) == _pixels(b)
    except OSError:
        return None


def _pixels(frame: Frame) -> bytes:
    size = frame.image.layout.frame_bytes
    with frame.image.source.path.open("rb") as stream:
        stream.seek(frame.image.header.scanned.pixel_offset + frame.index * size)
        return stream.read(size)
