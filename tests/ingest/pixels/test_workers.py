"""Decoding processes: same values as without them, one dead process is one lost image, and none is ever needed."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

from spinemets.ingest.pixels import workers
from spinemets.ingest.pixels.codecs import Coding
from spinemets.ingest.pixels.workers import Pool, Task, Unavailable, Worker


class Kept:
    """A receiver that keeps what it is given."""

    def __init__(self, shape=(40, 36)) -> None:
        self.shape = shape
        self.images: dict[int, np.ndarray] = {}
        self.reasons: dict[int, str] = {}

    def room(self, n):
        return np.zeros(self.shape, np.uint16)

    def done(self, n, stored):
        self.images[n] = stored.copy()

    def failed(self, n, reason):
        self.reasons[n] = reason


@pytest.fixture
def pool():
    """Processes of one test."""
    made = Pool()
    yield made
    made.close()


@pytest.fixture
def tasks(tmp_path, noise):
    """Twelve JPEG-LS images in one file, with junk between them."""
    import jpeg_ls

    arrays = noise(12, 40, 36)
    coding = Coding(
        plugin="pyjpegls", rows=40, columns=36, samples=1, allocated=16, signed=False, photometric="MONOCHROME2"
    )
    data, found = b"", []
    for n, array in enumerate(arrays):
        code = bytes(jpeg_ls.encode_array(array))
        half = len(code) // 2
        pieces = ((len(data), half), (len(data) + half + 3, len(code) - half))
        data += code[:half] + b"xyz" + code[half:]
        found.append(Task(n=n, path=str(tmp_path / "x"), name="x", pieces=pieces, coding=coding))
    (tmp_path / "x").write_bytes(data)
    return arrays, found


def test_values_are_those_that_were_encoded(pool, tasks):
    """Every image once, from files read by the processes and from bytes handed to them."""
    arrays, found = tasks
    kept = Kept()
    assert pool.decode(found, kept) == []
    for n, array in enumerate(arrays):
        np.testing.assert_array_equal(kept.images[n], array)
    path, again = found[0].path, Kept()
    data = [b"".join(_read(path, piece) for piece in task.pieces) for task in found]
    by_bytes = [
        Task(n=t.n, path="", name="x", pieces=(), coding=t.coding, data=d) for t, d in zip(found, data, strict=True)
    ]
    assert pool.decode(by_bytes, again) == [] and not again.reasons
    np.testing.assert_array_equal(again.images[11], arrays[11])


def _read(path, piece) -> bytes:
    with open(path, "rb") as stream:  # noqa: PTH123
        stream.seek(piece[0])
        return stream.read(piece[1])


def test_processes_are_kept_for_the_next_series(pool, tasks):
    """Started once."""
    pool.decode(tasks[1], Kept())
    first = {one.process.pid for one in pool._idle}
    pool.decode(tasks[1], Kept())
    assert first and {one.process.pid for one in pool._idle} == first


def test_an_image_that_cannot_be_decoded_is_said_and_the_rest_goes_on(pool, tasks):
    """A stream cut in half: its reason, and eleven images."""
    found = list(tasks[1])
    found[4] = Task(n=4, path=found[4].path, name="x", pieces=found[4].pieces[:1], coding=found[4].coding)
    kept = Kept()
    pool.decode(found, kept)
    assert list(kept.reasons) == [4] and "pyjpegls gives up" in kept.reasons[4]
    assert len(kept.images) == 11


def crashing(monkeypatch, code: str) -> None:
    """Have the child's decoder do something worse than raise, for images of 5 columns."""
    spoiled = f"from spinemets.ingest.pixels import codecs; true = codecs.decode\ndef bad(d, c):\n {code}\n return true(d, c)\n"
    spoiled += "codecs.decode = bad\n"
    start, end = workers.CHILD.split("from spinemets.ingest", 1)
    monkeypatch.setattr(workers, "CHILD", f"{start}\n{spoiled}from spinemets.ingest{end}")


def test_a_process_that_dies_takes_one_image_with_it(pool, tasks, monkeypatch):
    """A segmentation fault in a decoder: that image is lost, the others are decoded by another process."""
    crashing(monkeypatch, "if c.photometric == 'BOOM': import os; os.kill(os.getpid(), 11)")
    arrays, found = tasks
    found[3] = Task(
        n=3, path=found[3].path, name="x", pieces=found[3].pieces, coding=found[3].coding._replace(photometric="BOOM")
    )
    kept = Kept()
    assert pool.decode(found, kept) == []
    assert kept.reasons == {3: "the decoder crashed"}
    assert sorted(kept.images) == [n for n in range(12) if n != 3]
    np.testing.assert_array_equal(kept.images[4], arrays[4])


def test_every_image_may_kill_its_process(pool, tasks, monkeypatch):
    """As many deaths as images: an answer for each."""
    crashing(monkeypatch, "import os; os._exit(3)")
    kept = Kept()
    assert pool.decode(tasks[1][:3], kept) == []
    assert sorted(kept.reasons) == [0, 1, 2]


def test_a_decoder_that_hangs_is_ended(pool, tasks, monkeypatch):
    """Bounded time an image."""
    crashing(monkeypatch, "if c.photometric == 'HANG': import time; time.sleep(600)")
    monkeypatch.setattr(workers, "PATIENCE_S", 0.3)
    found = tasks[1]
    found[0] = Task(
        n=0, path=found[0].path, name="x", pieces=found[0].pieces, coding=found[0].coding._replace(photometric="HANG")
    )
    kept = Kept()
    pool.decode(found, kept)
    assert kept.reasons == {0: "takes too long"} and len(kept.images) == 11


def test_a_decoder_that_works_for_ever_is_ended_by_processor_time(pool, tasks, monkeypatch):
    """The process bounds itself: a busy machine changes nothing."""
    spoiled = "if c.photometric == 'LOOP':\n  while True: pass"
    crashing(monkeypatch, spoiled)
    child = workers.CHILD.replace("w.main()", "w.CPU_S = 0.2; w.main()")
    monkeypatch.setattr(workers, "CHILD", child)
    found = tasks[1]
    found[5] = Task(
        n=5, path=found[5].path, name="x", pieces=found[5].pieces, coding=found[5].coding._replace(photometric="LOOP")
    )
    kept = Kept()
    pool.decode(found, kept)
    assert kept.reasons == {5: "takes too long"} and len(kept.images) == 11


def test_without_processes_the_tasks_come_back(pool, tasks, monkeypatch):
    """No executable, a frozen program, a Python that does not start: the caller decodes himself."""
    for name, value in (("executable", "/nowhere/python"), ("executable", ""), ("frozen", True)):
        with monkeypatch.context() as patch:
            patch.setattr("sys." + name, value, raising=False)
            assert pool.decode(tasks[1], Kept()) == tasks[1]
    monkeypatch.setattr(workers, "CHILD", "raise SystemExit(1)")
    assert sorted(task.n for task in pool.decode(tasks[1], Kept())) == list(range(12))


def test_a_python_that_never_answers_is_not_waited_for(pool, tasks, monkeypatch):
    """The start is bounded as well."""
    monkeypatch.setattr(workers, "CHILD", "import time; time.sleep(600)")
    monkeypatch.setattr(workers, "HELLO_S", 0.3)
    assert len(pool.decode(tasks[1], Kept())) == 12


def test_a_vanished_file_is_the_callers_error(pool, tasks):
    """Not an undecodable image: the input changed."""
    arrays, found = tasks
    found[2] = Task(n=2, path=found[2].path + "gone", name="x", pieces=found[2].pieces, coding=found[2].coding)
    with pytest.raises(OSError, match="x: "):
        pool.decode(found, Kept())
    kept = Kept()
    assert pool.decode(tasks[1][3:], kept) == []
    np.testing.assert_array_equal(kept.images[5], arrays[5])


def test_what_the_receiver_raises_comes_out_and_the_pool_lives(pool, tasks):
    """A type that proves too small stops the decoding; the next series is decoded as ever."""

    class Picky(Kept):
        def done(self, n, stored):
            raise OverflowError

    with pytest.raises(OverflowError):
        pool.decode(tasks[1], Picky())
    kept = Kept()
    pool.decode(tasks[1], kept)
    np.testing.assert_array_equal(kept.images[7], tasks[0][7])


def test_several_threads_may_ask(pool, tasks):
    """One after the other, each with all its images."""
    kept = [Kept() for _ in range(3)]
    threads = [threading.Thread(target=pool.decode, args=(tasks[1], one)) for one in kept]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(one.images) for one in kept] == [12, 12, 12]


def test_closing_ends_every_process(tasks):
    """Nothing is left behind; closing twice is closing once."""
    pool = Pool()
    pool.decode(tasks[1], Kept())
    processes = [one.process for one in pool._idle]
    pool.close()
    pool.close()
    assert processes and all(process.poll() is not None for process in processes)


def test_a_process_ends_when_its_parent_is_gone():
    """It reads the end of its input."""
    worker = Worker()
    worker.greet()
    worker.process.stdin.close()
    for _ in range(100):
        if worker.process.poll() is not None:
            break
        time.sleep(0.05)
    assert worker.process.poll() == 0
    worker.process.stdin = None
    worker.end()


def test_a_forked_child_does_not_use_its_parents_processes(pool, tasks, monkeypatch):
    """The pipes belong to the process that made them."""
    pool.decode(tasks[1], Kept())
    mine = list(pool._idle)
    monkeypatch.setattr(pool, "_owner", os.getpid() + 1)
    pool.decode(tasks[1], Kept())
    assert not {id(one) for one in pool._idle} & {id(one) for one in mine}
    for one in mine:
        one.end()


def test_unavailable_is_said():
    """An error of its own, so that nobody takes it for a damaged image."""
    assert issubclass(Unavailable, Exception) and workers.cores() >= 1
