"""The other end of `workers`: a process that decodes one image after the other, and may die of one.

It reads requests from standard input and writes answers to standard output. Request: two lengths, the task as JSON, and
the compressed bytes (none: the task says where they lie in a file). Answer: a state, a length, and that many bytes:
decoded pixels or a reason.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import signal
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

try:
    import resource
except ImportError:  # not a Unix: the parent's patience is the only bound
    resource = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from spinemets.ingest.pixels.encapsulated import Pieces

REQUEST, ANSWER = struct.Struct("<LQ"), struct.Struct("<BQ")
DECODED, UNDECODABLE, UNREADABLE = 0, 1, 2
HELLO = b"spinemets decodes\n"
# Processor time an image may take: many times what the slowest decoder needs (JPEG 2000: 15 MB a second). Damaged JPEG-LS
# makes its decoder run for ever (6 of 120 damaged streams tried).
CPU_S, CPU_BYTES_PER_S = 2.0, 2e6


def serve(requests: BinaryIO, answers: BinaryIO, before: Callable[[int], None] = lambda frame_bytes: None) -> None:
    """Answer until the other side closes; `before` is told the size of each image."""
    from spinemets.ingest.pixels.codecs import Coding

    answers.write(HELLO)
    answers.flush()
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        n_task, n_data = REQUEST.unpack(head)
        task = json.loads(requests.read(n_task))
        data = requests.read(n_data)
        before(Coding(*task["coding"]).frame_bytes)
        state, body = answer(task, data)
        answers.write(ANSWER.pack(state, len(body)))
        answers.write(body)
        answers.flush()


def answer(task: dict[str, Any], data: bytes) -> tuple[int, bytes | memoryview]:
    """Decode one image: a state, and its pixels or the reason why there are none."""
    from spinemets.ingest.pixels import codecs

    coding = codecs.Coding(*task["coding"])
    try:
        if not data:
            data = from_file(task["path"], task["pieces"])
    except OSError as error:
        return UNREADABLE, str(error.strerror or error).encode()
    try:
        return DECODED, codecs.decode(data, coding).data.cast("B")
    except codecs.Undecodable as error:
        return UNDECODABLE, str(error).encode()
    except Exception as error:  # noqa: BLE001  whatever a decoder throws: this image is lost, the process goes on
        return UNDECODABLE, type(error).__name__.encode()


def from_file(path: str, pieces: Pieces) -> bytes:
    """Compressed bytes of one image.

    Raises
    ------
    OSError
        If the file is gone or shorter than it was.
    """
    from spinemets.ingest.pixels.encapsulated import joined

    with Path(path).open("rb", buffering=0) as stream:

        def read_at(start: int, count: int) -> bytes:
            stream.seek(start)
            return stream.read(count)

        return joined(read_at, pieces)


def main() -> None:
    """Keep the pipes for ourselves: what a C library prints goes nowhere; Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    _no_core_dump()
    # before the first request: what takes long is done while the parent is still busy
    importlib.import_module("spinemets.ingest.pixels.codecs")
    importlib.import_module("spinemets.ingest.pixels.encapsulated")
    serve(requests, answers, bound)


def _no_core_dump() -> None:
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def bound(frame_bytes: int) -> None:
    """Have the system end this process if it works too long at an image: by processor time, so a busy machine changes nothing."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        limit = math.ceil(time.process_time() + CPU_S + frame_bytes / CPU_BYTES_PER_S)
        resource.setrlimit(resource.RLIMIT_CPU, (limit if hard < 0 else min(limit, hard), hard))
