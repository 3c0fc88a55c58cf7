"""The decoding side of the pipe, driven in this process: requests in, answers out."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from spinemets.ingest.pixels import codecs, worker_process
from spinemets.ingest.pixels.worker_process import ANSWER, DECODED, HELLO, REQUEST, UNDECODABLE, UNREADABLE

CODING = ["raw", 2, 3, 1, 16, True, "MONOCHROME2", False]


def asked(*requests: tuple[dict, bytes]) -> list[tuple[int, bytes]]:
    """Answers to these requests."""
    sent = b""
    for task, data in requests:
        text = json.dumps(task).encode()
        sent += REQUEST.pack(len(text), len(data)) + text + data
    answers = io.BytesIO()
    worker_process.serve(io.BytesIO(sent), answers)
    stream = io.BytesIO(answers.getvalue())
    assert stream.read(len(HELLO)) == HELLO
    found = []
    while head := stream.read(ANSWER.size):
        state, length = ANSWER.unpack(head)
        found.append((state, stream.read(length)))
    return found


def test_one_answer_a_request_in_order(tmp_path):
    """From bytes, from a file in two pieces, and a refusal between them."""
    array = np.arange(6, dtype=np.int16)
    data = array.tobytes()
    (tmp_path / "x").write_bytes(data[:5] + b"junk" + data[5:])
    by_bytes = {"path": "", "pieces": [], "coding": CODING}
    by_file = {"path": str(tmp_path / "x"), "pieces": [[0, 5], [9, 7]], "coding": CODING}
    first, second, third = asked((by_bytes, data), (by_bytes, data[:4]), (by_file, b""))
    assert first == third == (DECODED, data)
    assert second[0] == UNDECODABLE and b"raw gives up" in second[1]


@pytest.mark.parametrize("pieces", [[[0, 5]], [[100, 1]]])
def test_a_file_that_is_not_there_or_too_short(tmp_path, pieces):
    """The input changed: no image is made of what is left."""
    (tmp_path / "short").write_bytes(b"abc")
    for name in ("short", "gone"):
        ((state, reason),) = asked(({"path": str(tmp_path / name), "pieces": pieces, "coding": CODING}, b""))
        assert state == UNREADABLE and reason


def test_any_error_of_a_decoder_is_an_answer(monkeypatch):
    """Even one nobody thought of."""

    def odd(data, coding):
        raise KeyError("surprise")

    monkeypatch.setattr(codecs, "decode", odd)
    assert asked(({"path": "", "pieces": [], "coding": CODING}, b"abc")) == [(UNDECODABLE, b"KeyError")]


def test_half_a_request_is_the_end():
    """The other side is gone."""
    answers = io.BytesIO()
    worker_process.serve(io.BytesIO(b"\1\2\3"), answers)
    assert answers.getvalue() == HELLO
