"""`LazyVolume`: "caches until release()"."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from spinemets.ingest.pixels.lazy import LazyVolume


def test_read_once_until_released(make_volume):
    """One reading however often and from however many threads it is asked for."""
    calls: list[int] = []

    def build():
        calls.append(1)
        return make_volume(np.zeros((2, 2, 2)))

    lazy = LazyVolume(build)
    assert calls == []
    with ThreadPoolExecutor(4) as pool:
        volumes = list(pool.map(lambda _: lazy(), range(8)))
    assert len(calls) == 1 and len({id(v) for v in volumes}) == 1
    lazy.release()
    assert lazy() is not volumes[0] and len(calls) == 2


def test_requantified_reads_nothing_and_shares_nothing(make_volume):
    """Another unit for the same pixels."""
    calls: list[int] = []

    def build():
        calls.append(1)
        return make_volume(np.zeros((2, 2, 2)), unit="1", quantity="unknown")

    other = LazyVolume(build).requantified("attenuation", "[hnsf'U]")
    assert calls == []
    assert (other().quantity, other().unit, len(calls)) == ("attenuation", "[hnsf'U]", 1)


def test_preview_reads_one_image_or_a_slice_of_the_volume(make_volume):
    """The source's own way where it has one; else the volume is read and cut."""
    array = np.arange(24).reshape(2, 3, 4)
    asked: list[int] = []
    lazy = LazyVolume(lambda: make_volume(array), lambda k: asked.append(k) or array[:, :, k])
    np.testing.assert_array_equal(lazy.preview(2), array[:, :, 2])
    np.testing.assert_array_equal(lazy.requantified("attenuation", "1").preview(1), array[:, :, 1])
    assert asked == [2, 1]
    whole = LazyVolume(lambda: make_volume(array))
    np.testing.assert_array_equal(whole.preview(3), array[:, :, 3])
    with pytest.raises(IndexError):
        whole.preview(4)


def test_what_was_noticed_outlives_the_pixels(make_volume):
    """Nothing before the first reading; kept after release."""
    volume = dataclasses.replace(make_volume(np.zeros((2, 2, 2))), warnings=("image 1 cannot be decoded",))
    lazy = LazyVolume(lambda: volume)
    assert lazy.noticed == ()
    lazy()
    lazy.release()
    assert lazy.noticed == ("image 1 cannot be decoded",)
