"""`LazyVolume`: decodes a volume when it is first asked for, keeps it until released."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from spinemets.model.volume import Volume


class LazyVolume:
    """Callable for `Series.load`.

    Parameters
    ----------
    build
        Reads the volume; may be called again after `release`.
    preview
        Reads one image alone; None where the source has no images of its own.
    """

    def __init__(self, build: Callable[[], Volume], preview: Callable[[int], NDArray[Any]] | None = None) -> None:
        self._build = build
        self._preview = preview
        self._lock = Lock()
        self._volume: Volume | None = None
        self._noticed: tuple[str, ...] = ()

    @property
    def noticed(self) -> tuple[str, ...]:
        """What was noticed when the pixels were last read; empty before that."""
        return self._noticed

    def __call__(self) -> Volume:
        """The volume, read at the first call."""
        with self._lock:
            if self._volume is None:
                self._volume = self._build()
                self._noticed = self._volume.warnings
            return self._volume

    def release(self) -> None:
        """Forget the pixels; the next call reads them again."""
        with self._lock:
            self._volume = None

    def preview(self, k: int) -> NDArray[Any]:
        """Values (i, j) of the k-th image of the stack, before any resampling; only this image is decoded.

        Raises
        ------
        IndexError
            If there is no such image.
        """
        if self._preview is not None:
            return self._preview(k)
        array = self().array
        if not 0 <= k < array.shape[2]:
            raise IndexError(f"no image {k + 1} of {array.shape[2]}")
        return array[:, :, k]

    def requantified(self, quantity: str, unit: str) -> LazyVolume:
        """The same pixels under another quantity and unit; nothing is read yet."""
        return LazyVolume(lambda: replace(self._build(), quantity=quantity, unit=unit), self._preview)
