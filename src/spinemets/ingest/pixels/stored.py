"""Stored values of images, each brought straight into the place a receiver gives: read where they lie, or decoded."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.frames import Frame, Image
from spinemets.ingest.header import encoding
from spinemets.ingest.pixels import codecs
from spinemets.ingest.pixels import decoded as places
from spinemets.ingest.pixels.decoded import DecodedImages
from spinemets.ingest.pixels.worker_process import from_file
from spinemets.ingest.pixels.workers import POOL, Receiver, Task, cores

# Below this a second thread costs more than it gains (measured: 1 ms against 0.2 ms a slice of 0.5 MB).
BYTES_PER_THREAD = 4 << 20
MOST_THREADS = 4
BLOCK = 1 << 16
INFLATE_STEP = 1 << 20

Numbered = tuple[int, Frame]


def deliver(frames: Sequence[Frame], store: DecodedImages, receiver: Receiver) -> None:
    """Bring the stored values of all pictures to the receiver, in any order, from several threads.

    Raises
    ------
    OSError
        If a file is gone or became shorter since its header was read.
    """
    plain: list[Numbered] = []
    tasks: list[Task] = []
    for n, frame in enumerate(frames):
        if frame.image.direct and frame.image.layout.samples == 1:
            plain.append((n, frame))
        elif not places.encoded(frame.image):
            receiver_takes(receiver, n, _native(frame))
        else:
            task = store.task(n, frame)
            if isinstance(task, str):
                receiver.failed(n, task)
            else:
                tasks.append(task)
    _read_all(plain, receiver)
    _decode_here([task for task in tasks if task.coding.plugin in codecs.SAFE], receiver)
    left = POOL.decode([task for task in tasks if task.coding.plugin not in codecs.SAFE], receiver)
    if left:
        # No processes can be had: what protects this one from damaged data is that every size a stream states was
        # compared with its header before, so no decoder writes beyond its room. It may still fail in ways of its own.
        with codecs.quiet():
            _decode_here(left, receiver)


def receiver_takes(receiver: Receiver, n: int, values: NDArray[Any]) -> None:
    """Hand over values that are in memory already."""
    room = receiver.room(n)
    room[...] = values
    receiver.done(n, room)


def _decode_here(tasks: Sequence[Task], receiver: Receiver) -> None:
    for task in tasks:
        data = task.data or from_file(task.path, task.pieces)
        try:
            values = codecs.decode(data, task.coding)
        except codecs.Undecodable as error:
            receiver.failed(task.n, str(error))
            continue
        receiver_takes(receiver, task.n, values)


def _read_all(plain: Sequence[Numbered], receiver: Receiver) -> None:
    """Uncompressed images; large series by several threads (reading and arithmetic both run without the lock)."""
    size = sum(frame.image.layout.frame_bytes for _, frame in plain)
    threads = max(1, min(cores(), MOST_THREADS, size // BYTES_PER_THREAD))
    if threads == 1:
        _read_block(plain, receiver)
        return
    step = -(-len(plain) // threads)
    blocks = [plain[start : start + step] for start in range(0, len(plain), step)]
    raised: list[BaseException] = []

    def work(block: Sequence[Numbered]) -> None:
        try:
            _read_block(block, receiver)
        except BaseException as error:  # noqa: BLE001  handed to the thread that waits
            raised.append(error)

    team = [threading.Thread(target=work, args=(block,)) for block in blocks[1:]]
    for thread in team:
        thread.start()
    work(blocks[0])
    for thread in team:
        thread.join()
    if raised:
        raise raised[0]


def _read_block(plain: Sequence[Numbered], receiver: Receiver) -> None:
    for n, frame in plain:
        room = receiver.room(n)
        read_into(room, frame.image, frame.index)
        receiver.done(n, room)


def read_into(room: NDArray[Any], image: Image, index: int) -> None:
    """Read one uncompressed image from its file.

    Raises
    ------
    OSError
        If the file is gone or shorter than it was.
    """
    view = room.data.cast("B")
    with image.source.path.open("rb", buffering=0) as stream:
        stream.seek(image.header.scanned.pixel_offset + index * len(view))
        while view:
            count = stream.readinto(view)
            if not count:
                raise OSError(f"{image.source.name}: the file became shorter while it was read")
            view = view[count:]


def _native(frame: Frame) -> NDArray[Any]:
    """One uncompressed image that does not lie in the file as it is: big endian, deflated, or colour."""
    image, scanned = frame.image, frame.image.header.scanned
    size = image.layout.frame_bytes
    start = scanned.pixel_offset + frame.index * size
    if scanned.syntax == encoding.DEFLATED:
        data = b"".join(_inflated(image, start, size))
    else:
        data = from_file(str(image.source.path), ((start, size),))
    if len(data) != size:
        raise OSError(f"{image.source.name}: the file became shorter while it was read")
    if not scanned.little:
        data = _little(data, image)
    return codecs.decode(data, places.coding(image))


def _little(data: bytes, image: Image) -> bytes:
    """Big endian words turned round; bytes stored as 16-bit words (OW) are turned round in pairs."""
    allocated = image.layout.allocated
    if allocated == 8:
        if from_file(str(image.source.path), ((image.header.scanned.pixel_offset - 8, 2),)) != b"OW":
            return data
        return np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype("<u2").tobytes() + data[len(data) // 2 * 2 :]
    return np.frombuffer(data, f">u{allocated // 8}").astype(f"<u{allocated // 8}").tobytes()


def _inflated(image: Image, start: int, count: int) -> Iterator[bytes]:
    """That many bytes of a deflated data set; what lies before them is thrown away as it comes."""
    inflate, end, position = zlib.decompressobj(-zlib.MAX_WBITS), start + count, 0
    with image.source.path.open("rb") as stream:
        found = encoding.encoding_of(stream.read(BLOCK))
        if found is None:
            return
        stream.seek(found.position)
        while position < end and (block := stream.read(BLOCK)):
            while block and position < end:
                piece = inflate.decompress(block, INFLATE_STEP)
                yield piece[max(0, start - position) : max(0, end - position)]
                position += len(piece)
                block = inflate.unconsumed_tail
