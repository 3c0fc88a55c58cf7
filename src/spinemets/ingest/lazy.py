"""`LazyVolume`: decodes a volume when it is first asked for, keeps it until released."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Lock

from spinemets.model.volume import Volume


class LazyVolume:
    """Callable for `Series.load`.

    Parameters
    ----------
    build
        Reads the volume; may be called again after `release`.
    """

    def __init__(self, build: Callable[[], Volume]) -> None:
        self._build = build
        self._lock = Lock()
        self._volume: Volume | None = None

    def __call__(self) -> Volume:
        """The volume, read at the first call."""
        with self._lock:
            if self._volume is None:
                self._volume = self._build()
            return self._volume

    def release(self) -> None:
        """Forget the pixels; the next call reads them again."""
        with self._lock:
            self._volume = None

    def requantified(self, quantity: str, unit: str) -> LazyVolume:
        """The same pixels under another quantity and unit; nothing is read yet."""
        return LazyVolume(lambda: replace(self._build(), quantity=quantity, unit=unit))
