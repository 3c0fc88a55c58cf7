"""`LazyVolume`: "caches until release()"."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from spinemets.ingest.lazy import LazyVolume


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
