"""Crafted files that ask for memory, time or trust they must not get: name -> bytes. Small to write, absurd to believe."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib

import numpy as np

MR = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
EXPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"
LONG = (b"OB", b"OW", b"SQ", b"UN")


def element(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """One explicit little endian element; `length` may lie."""
    value += b"\0" * (len(value) % 2) if vr in (b"UI", b"OB", b"UN") else b" " * (len(value) % 2)
    n = len(value) if length is None else length
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    return head + (struct.pack("<2xL", n) if vr in LONG else struct.pack("<H", n)) + value


def us(tag: int, value: int) -> bytes:
    return element(tag, b"US", struct.pack("<H", value))


def meta(syntax: str, sop_class: str = MR) -> bytes:
    body = element(0x00020002, b"UI", sop_class.encode()) + element(0x00020010, b"UI", syntax.encode())
    return bytes(128) + b"DICM" + element(0x00020000, b"UL", struct.pack("<L", len(body))) + body


def image(pixels: bytes, syntax: str = EXPLICIT, **changed: bytes | None) -> bytes:
    """A file of 4 x 4 pixels; `changed` replaces (None: leaves out) elements by name, `more` is put before the pixels."""
    sop_class = (changed.pop("sop_class", None) or MR.encode()).decode()
    parts = {
        "class": element(0x00080016, b"UI", sop_class.encode()), "uid": element(0x00080018, b"UI", b"1.2.9"),
        "modality": element(0x00080060, b"CS", b"MR"), "study": element(0x0020000D, b"UI", b"1.2.3"),
        "series": element(0x0020000E, b"UI", b"1.2.3.66"), "thickness": element(0x00180050, b"DS", b"2"),
        "position": element(0x00200032, b"DS", b"0\\0\\0"), "orientation": element(0x00200037, b"DS", b"1\\0\\0\\0\\1\\0"),
        "samples": us(0x00280002, 1), "photometric": element(0x00280004, b"CS", b"MONOCHROME2"),
        "frames": b"", "rows": us(0x00280010, 4), "columns": us(0x00280011, 4),
        "spacing": element(0x00280030, b"DS", b"1\\1"), "allocated": us(0x00280100, 16), "stored": us(0x00280101, 12),
        "high": us(0x00280102, 11), "signed": us(0x00280103, 0), "slope": b"", "more": b"",
        "pixels": pixels if pixels[:4] == b"\xe0\x7f\x10\x00" else element(0x7FE00010, b"OW", pixels),
    }  # fmt: skip
    parts |= {name: value or b"" for name, value in changed.items()}
    return meta(syntax, sop_class) + b"".join(parts.values())


def fragments(*parts: bytes) -> bytes:
    """Encapsulated pixel data with an empty offset table."""
    items = b"".join(struct.pack("<HHL", 0xFFFE, 0xE000, len(part)) + part for part in (b"", *parts))
    return struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + items + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def sized(rows: int, columns: int) -> dict[str, bytes]:
    return {"rows": us(0x00280010, rows), "columns": us(0x00280011, columns)}


def frames(n: bytes) -> bytes:
    return element(0x00280008, b"IS", n)


def zeros_deflated(megabytes: int, window: int) -> bytes:
    """A deflate stream of that many megabytes of zeros; one block, said over and over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    first = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * (megabytes - 1) + packer.flush()


def items(n: int, content: bytes = b"") -> bytes:
    return (struct.pack("<HHL", 0xFFFE, 0xE000, len(content)) + content) * n


def sequence(tag: int, content: bytes) -> bytes:
    return element(tag, b"SQ", content)


def nested(n: int) -> bytes:
    opening = struct.pack("<HH2sHLHHL", 0x0040, 0x0440, b"SQ", 0, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF)
    return opening * n + struct.pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0) * n


def headers() -> dict[str, bytes]:
    """DICOM files whose headers lie."""
    pixels = bytes(32)
    position, spacing = 0x00200032, 0x00280030
    found = {
        "claims-46341": image(pixels, **sized(46341, 46341)),
        "claims-frames": image(pixels, frames=frames(b"2147483647")),
        "claims-frames-1e300": image(pixels, frames=frames(b"1e300")),
        "claims-frames-negative": image(pixels, frames=frames(b"-5")),
        "length-beyond-file": image(struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, 0x7FFFFFF0) + pixels),
        "deep": image(pixels, more=nested(100_000)),
        "deep-unclosed": image(pixels, more=nested(50_000)[: 20 * 50_000]),
        "items": image(pixels, more=sequence(0x00400440, items(1_000_000))),
        "elements": image(pixels, more=element(0x00091001, b"SH", b"") * 1_000_000),
        "frames-of-one-pixel": image(
            bytes(400_000), frames=frames(b"100000"), sop_class=ENHANCED_MR.encode(), allocated=us(0x00280100, 8),
            stored=us(0x00280101, 8), high=us(0x00280102, 7), **sized(2, 2),
        ),
        "dimensions": image(
            pixels, sop_class=ENHANCED_MR.encode(), frames=frames(b"1"),
            more=sequence(0x00209222, items(100_000, element(0x00209165, b"AT", b"\x18\0\x87\x90")))
            + sequence(0x52009230, items(1, sequence(0x00209111, items(1, element(0x00209157, b"UN", bytes(4_000_000)))))),
        ),
        "deflate-bomb": meta(DEFLATED) + zeros_deflated(1024, -15),
        "fragments": image(fragments(*[b""] * 1_000_000), "1.2.840.10008.1.2.4.90"),
        "text": image(pixels, more=element(0x00104000, b"UN", b"A" * 8_000_000)),
    }  # fmt: skip
    for name, value in (
        ("nan", b"nan\\0\\0"),
        ("inf", b"inf\\0\\0"),
        ("huge", b"1e308\\0\\0"),
        ("many", b"1\\" * 5000),
    ):
        found[f"position-{name}"] = image(pixels, position=element(position, b"DS", value))
    for name, value in (("nan", b"nan\\1"), ("zero", b"0\\0"), ("tiny", b"1e-300\\1e-300"), ("huge", b"1e300\\1e300")):
        found[f"spacing-{name}"] = image(pixels, spacing=element(spacing, b"DS", value))
    for name, value in (("nan", b"nan"), ("inf", b"-inf"), ("huge", b"1e300")):
        found[f"slope-{name}"] = image(pixels, slope=element(0x00281053, b"DS", value))
    found["orientation-zero"] = image(pixels, orientation=element(0x00200037, b"DS", b"0\\0\\0\\0\\0\\0"))
    return found


def pixel_bombs(syntaxes: dict[str, str]) -> dict[str, bytes]:
    """65535 x 65535 pixels, or a billion images, from a few bytes: for each compressed syntax (name -> uid)."""
    found = {}
    for name, uid in syntaxes.items():
        found[f"size-{name}"] = image(fragments(b"\xff\xd8" + bytes(2000)), uid, **sized(65535, 65535))
        found[f"frames-{name}"] = image(fragments(b"\xff\xd8" + bytes(2000)), uid, frames=frames(b"999999999"))
        found[f"garbage-{name}"] = image(fragments(bytes(range(256)) * 4), uid, **sized(64, 64))
    # the header is modest, the stream inside claims gigabytes
    size = struct.pack(">HLLLLLLLLH", 0, 1 << 30, 1 << 30, 0, 0, 1 << 30, 1 << 30, 0, 0, 1) + b"\x0b\x01\x01"
    stream = b"\xff\x4f\xff\x51" + struct.pack(">H", len(size) + 2) + size + bytes(200)
    found["stream-jpeg-2000"] = image(fragments(stream), "1.2.840.10008.1.2.4.90", **sized(64, 64))
    frame = b"\xff\xd8\xff\xf7\x00\x0b\x0c\xff\xff\xff\xff\x01\x01\x11\x00" + bytes(200)
    found["stream-jpeg-ls"] = image(fragments(frame), "1.2.840.10008.1.2.4.80", **sized(64, 64))
    found["stream-jpeg"] = image(
        fragments(frame.replace(b"\xff\xf7", b"\xff\xc3")), "1.2.840.10008.1.2.4.70", **sized(64, 64)
    )
    return found


def nifti(**fields: tuple[str, object]) -> bytes:
    """A 3 x 3 x 3 image; fields of the header by name: (struct letter, value)."""
    import nibabel

    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape((3, 3, 3))
    header.set_sform(np.eye(4), 1)
    header["magic"], header["vox_offset"] = b"n+1", 352
    for name, value in fields.items():
        header[name] = value
    return bytes(header.binaryblock) + bytes(4) + bytes(54)


def niftis() -> dict[str, bytes]:
    """NIfTI files that claim terabytes, or numbers that are none."""
    most = np.array([3, 32767, 32767, 32767, 1, 1, 1, 1])
    affine = np.array([np.nan, 0, 0, 0])
    found = {
        "tera.nii": nifti(dim=most), "tera.nii.gz": gzip.compress(nifti(dim=most)),
        "many-volumes.nii": nifti(dim=np.array([4, 3, 3, 3, 32767, 1, 1, 1])),
        "offset-huge.nii": nifti(vox_offset=3e38), "offset-nan.nii": nifti(vox_offset=np.nan),
        "offset-negative.nii": nifti(vox_offset=-1e6), "slope-nan.nii": nifti(scl_slope=np.nan),
        "slope-inf.nii": nifti(scl_slope=np.inf, scl_inter=1.0), "slope-huge.nii": nifti(scl_slope=3e38, scl_inter=3e38),
        "affine-nan.nii": nifti(srow_x=affine), "affine-inf.nii": nifti(srow_y=affine + np.inf),
        "affine-huge.nii": nifti(srow_x=np.array([3e38, 0, 0, 3e38])), "affine-zero.nii": nifti(srow_x=np.zeros(4)),
        "pixdim-nan.nii": nifti(pixdim=np.full(8, np.nan), sform_code=0, qform_code=1),
        "quaternion.nii": nifti(quatern_b=3.0, quatern_c=np.nan, sform_code=0, qform_code=1),
        "bomb.nii.gz": gzip.compress(nifti(dim=most))[:-8] + zeros_deflated(1024, -15),
    }  # fmt: skip
    two = bytearray(540)
    struct.pack_into("<i8s", two, 0, 540, b"n+2\0\r\n\x1a\n")
    struct.pack_into("<hh8q", two, 12, 4, 16, 3, *[2**62] * 7)
    found["two.nii"] = bytes(two) + bytes(100)
    return found


def bombs() -> dict[str, bytes]:
    """Compressed zeros: gigabytes from kilobytes."""
    head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(4):
            archive.writestr(f"{n}.dcm.gz", head + zeros_deflated(1024, -15) + bytes(8))
    return {"bomb.dcm.gz": head + zeros_deflated(1024, -15) + bytes(8), "bombs.zip": out.getvalue()}
