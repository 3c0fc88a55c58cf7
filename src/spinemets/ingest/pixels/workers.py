"""Decoding in processes of their own: on every core, and so that an image that kills its decoder kills nothing else.

The decoders for JPEG, JPEG-LS and JPEG 2000 keep the interpreter lock while they work, so threads gain nothing, and they
are C and C++ that damaged data can crash. Each process is a plain Python started with our own code (no fork, nothing of
the caller's main module is run again), kept for the next series, and ends with this process. Decoded pixels come
through a pipe straight into their place in the volume: a process holds one image and no more.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from spinemets.ingest.pixels.codecs import Coding
from spinemets.ingest.pixels.encapsulated import Pieces
from spinemets.ingest.pixels.worker_process import ANSWER, DECODED, HELLO, REQUEST, UNREADABLE

# Starting a process costs about as much as decoding this much of JPEG-LS, the fastest of them (measured: 0.1 s).
BYTES_PER_WORKER = 8 << 20
MOST_WORKERS = 8
# How long an answer is waited for where the process did not end itself (its own bound is processor time): far beyond any
# real image, also on a machine with much else to do.
PATIENCE_S, PATIENCE_BYTES_PER_S = 20.0, 1e6
HELLO_S = 30.0
TOO_LONG = getattr(signal, "SIGXCPU", 0)
AHEAD = 2
FEW_PIECES = 64
PIPE_BYTES = 1 << 20
CHILD = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from spinemets.ingest.pixels import worker_process as w; w.main()"


class Unavailable(Exception):
    """Processes cannot be had here."""


class Receiver(Protocol):
    """Where decoded images go. Called from several threads, each image once."""

    def room(self, n: int) -> NDArray[Any]:
        """Array for the stored values of image n, of the size and type of the stored values."""

    def done(self, n: int, stored: NDArray[Any]) -> None:
        """The array now holds them."""

    def failed(self, n: int, reason: str) -> None:
        """The image cannot be decoded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One image to decode: its number for the receiver, where its bytes lie (or the bytes), and how it is coded."""

    n: int
    path: str
    name: str
    pieces: Pieces
    coding: Coding
    data: bytes = b""


class Worker:
    """One decoding process."""

    def __init__(self) -> None:
        if getattr(sys, "frozen", False) or not sys.executable:
            raise Unavailable("this Python cannot start another one")
        import subprocess  # lazy: most input is not compressed

        # -P: nothing is imported from the working folder unless the caller does so too
        command = [sys.executable, "-P", "-c", CHILD, json.dumps(sys.path)]
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
            )
        except OSError as error:
            raise Unavailable("no process can be started") from error
        self.deadline: float | None = time.monotonic() + HELLO_S
        self.late = False
        self.ready = False
        _widen(self.process.stdout)

    def greet(self) -> None:
        """Wait until it has started.

        Raises
        ------
        Unavailable
            If it does not.
        """
        if self.ready:
            return
        hello = bytearray(len(HELLO))
        if not self._fill(memoryview(hello)) or hello != HELLO:
            raise Unavailable("the decoding process does not start")
        self.ready, self.deadline = True, None

    def send(self, task: Task) -> bool:
        """Hand a task over; False if the process is gone."""
        text = json.dumps({"path": task.path, "pieces": task.pieces, "coding": task.coding}).encode()
        assert self.process.stdin is not None
        try:
            for part in (REQUEST.pack(len(text), len(task.data)), text, task.data):
                view = memoryview(part)
                while view:
                    view = view[self.process.stdin.write(view) :]
        except OSError:
            return False
        return True

    def receive(self, room: memoryview) -> tuple[int, str] | None:
        """State and reason of the oldest task, its pixels in `room`; None if the process is gone."""
        head = bytearray(ANSWER.size)
        if not self._fill(memoryview(head)):
            return None
        state, length = ANSWER.unpack(head)
        if state == DECODED:
            return (state, "") if length == len(room) and self._fill(room) else None
        reason = bytearray(length)
        return (state, reason.decode("utf-8", "replace")) if self._fill(memoryview(reason)) else None

    def _fill(self, view: memoryview) -> bool:
        assert self.process.stdout is not None
        while view:
            try:
                count = self.process.stdout.readinto(view)  # type: ignore[attr-defined]
            except OSError:
                return False
            if not count:
                return False
            view = view[count:]
        return True

    def end(self) -> None:
        """Stop the process, now."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def _widen(pipe: Any) -> None:
    """A pipe that holds a whole slice saves hundreds of switches between the processes; Linux only."""
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        pass


class Pool:
    """The decoding processes of this process, started when first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._owner = os.getpid()

    def decode(self, tasks: Sequence[Task], receiver: Receiver) -> list[Task]:
        """Decode all tasks; those that no process could be had for are given back.

        Raises
        ------
        OSError
            If a file cannot be read any more.
        """
        if not tasks:
            return []
        with self._lock:
            team = self._team(tasks)
            run = _Run(tasks, receiver)
            try:
                run.with_workers(team)
            finally:
                self._idle += run.alive
            if run.error is not None:
                raise run.error
            return list(run.left)

    def close(self) -> None:
        """End all processes."""
        self._forget_after_fork()
        while self._idle:
            self._idle.pop().end()

    def _team(self, tasks: Sequence[Task]) -> list[Worker]:
        self._forget_after_fork()
        size = sum(task.coding.frame_bytes for task in tasks)
        wanted = min(cores(), MOST_WORKERS, len(tasks), max(len(self._idle), 1 + size // BYTES_PER_WORKER))
        team = [self._idle.pop() for _ in range(min(wanted, len(self._idle)))]
        try:
            while len(team) < wanted:
                team.append(Worker())
        except Unavailable:
            pass
        return team

    def _forget_after_fork(self) -> None:
        """The pipes of a process that forked belong to the parent."""
        if self._owner != os.getpid():
            self._owner, self._idle = os.getpid(), []


class _Run:
    """One series: tasks handed to workers, one thread each."""

    def __init__(self, tasks: Sequence[Task], receiver: Receiver) -> None:
        self.left: deque[Task] = deque(tasks)
        self.receiver = receiver
        self.alive: list[Worker] = []
        self.error: BaseException | None = None
        # a long request is sent only to a process that waits for it: both sides writing would wait for ever
        self.ahead = 1 if any(task.data or len(task.pieces) > FEW_PIECES for task in tasks) else AHEAD

    def with_workers(self, team: Sequence[Worker]) -> None:
        """Until everything is decoded or nobody is left to do it."""
        self.alive = list(team)
        threads = [threading.Thread(target=self._serve, args=(one,), daemon=True) for one in team]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                next(thread for thread in threads if thread.is_alive() or thread is threads[-1]).join(0.05)
                self._end_late()
        except BaseException:
            for one in self.alive:
                one.process.kill()
            for thread in threads:
                thread.join()
            self.alive = []
            raise

    def _end_late(self) -> None:
        for one in self.alive:
            if one.deadline is not None and time.monotonic() > one.deadline:
                one.late = True
                one.process.kill()

    def _serve(self, worker: Worker) -> None:
        """One thread: a worker, and those that replace it if it dies."""
        try:
            while lost := self._work(worker):
                self._bury(worker, lost)
                if not self.left:
                    return
                worker = Worker()
                self.alive.append(worker)
        except Unavailable:
            return
        except BaseException as error:  # noqa: BLE001  handed to the thread that waits
            self.error = self.error or error
            self.left.clear()

    def _bury(self, worker: Worker, lost: list[Task]) -> None:
        """The image it was at is lost, those behind it are not."""
        self._leave(worker)
        late = worker.late or worker.process.returncode == -TOO_LONG
        self.receiver.failed(lost[0].n, "takes too long" if late else "the decoder crashed")
        self.left.extendleft(reversed(lost[1:]))

    def _leave(self, worker: Worker) -> None:
        self.alive.remove(worker)
        worker.end()

    def _work(self, worker: Worker) -> list[Task]:
        """Decode until nothing is left; what was under way when the process died is given back."""
        try:
            worker.greet()
        except Unavailable:
            self._leave(worker)
            raise
        under_way: deque[Task] = deque()
        while True:
            while len(under_way) < self.ahead and (task := self._next()) is not None:
                under_way.append(task)
                if not worker.send(task):
                    return list(under_way)
            if not under_way:
                return []
            try:
                if not self._take(worker, under_way[0]):
                    return list(under_way)
            except BaseException:
                # its next answer would be taken for that of another image
                self._leave(worker)
                raise
            under_way.popleft()

    def _next(self) -> Task | None:
        try:
            return self.left.popleft()
        except IndexError:
            return None

    def _take(self, worker: Worker, task: Task) -> bool:
        room = self.receiver.room(task.n)
        worker.deadline = time.monotonic() + PATIENCE_S + task.coding.frame_bytes / PATIENCE_BYTES_PER_S
        answer = worker.receive(room.data.cast("B"))
        worker.deadline = None
        if answer is None:
            return False
        state, reason = answer
        if state == UNREADABLE:
            raise OSError(f"{task.name}: {reason}")
        if state == DECODED:
            self.receiver.done(task.n, room)
        else:
            self.receiver.failed(task.n, reason)
        return True


def cores() -> int:
    """Processor cores this process may use."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


POOL = Pool()
atexit.register(POOL.close)
