"""A zip without its directory: "damaged central directory (recover what a stream scan can give, or say)"."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from spinemets.ingest.files import salvage

FILES = {"a/one": b"first " * 400, "two": np.random.default_rng(0).bytes(3000), "three": b"PK\x03\x04 not a header"}


def packed(method: int, *, streamed: bool = False) -> bytes:
    """A zip; streamed, as a pipe writes it, with sizes after the members."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return not streamed

        def seek(self, *arguments):
            if streamed:
                raise io.UnsupportedOperation
            return super().seek(*arguments)

        def tell(self):
            if streamed:
                raise io.UnsupportedOperation
            return super().tell()

    out = Pipe()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in FILES.items():
            made.writestr(name, data)
    return out.getvalue()


def found(data: bytes) -> dict[str, bytes | str]:
    """Content of every member that is whole, or why it is not."""
    stream, all_of_them = io.BytesIO(data), {}
    for header in salvage.members(stream):
        back = stream.tell()
        try:
            all_of_them[header.name] = b"".join(salvage.content(stream, header))
        except salvage.Damaged as why:
            all_of_them[header.name] = str(why)
        stream.seek(back)
    return all_of_them


@pytest.mark.parametrize(("method", "streamed"), [(0, False), (8, False), (8, True)])
def test_members_equal_what_was_packed(method, streamed):
    """Stored, deflated, and deflated with sizes after the bytes; the directory is not needed."""
    data = packed(method, streamed=streamed)
    whole = found(data[: data.index(b"PK\x01\x02")])
    assert {name: whole[name] for name in FILES} == FILES


def test_a_cut_file_gives_what_lies_before_the_cut():
    """The first member whole, the second said to be damaged, the third not there."""
    data = packed(8)
    whole = found(data[: data.index(b"two") + 500])
    assert whole == {"a/one": FILES["a/one"], "two": "damaged member of an archive (cut off or changed)"}


def test_changed_bytes_are_never_given_as_whole():
    """Every single byte of a stored member: the checksum notices."""
    data = packed(0)
    at = data.index(FILES["two"])
    for n in range(0, 3000, 251):
        changed = bytearray(data)
        changed[at + n] ^= 1
        assert found(bytes(changed))["two"] == "damaged member of an archive (cut off or changed)"


@pytest.mark.parametrize(
    ("flag", "method", "word"), [(1, 8, "encrypted"), (0, 12, "method 12"), (8, 0, "size is lost")]
)
def test_what_cannot_be_unpacked_says_so(flag, method, word):
    """Encryption, other packing, stored members of unknown size."""
    header = salvage.Local(name="x", at=0, data_at=0, flags=flag, method=method, checksum=0, packed=0)
    with pytest.raises(salvage.Damaged, match=word):
        list(salvage.content(io.BytesIO(b""), header))


def test_no_header_no_member():
    """Other bytes, and a header cut off."""
    assert salvage.local_header(io.BytesIO(b"PK\x01\x02" + bytes(60)), 0) is None
    assert list(salvage.members(io.BytesIO(bytes(3 << 20)))) == []
    assert list(salvage.members(io.BytesIO(b"PK\x03\x04" + bytes(10)))) == []
