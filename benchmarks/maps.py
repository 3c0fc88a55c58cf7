"""How fast the fits of `spinemets.maps` are, beside numpy and scipy in the same run: part of `make bench`.

For each fit: voxels a second, what a peer reaches, memory over that of the input, and how far the fit is from what the machine can do:
bytes that have to move against the measured bandwidth, and operations against the measured speed of one compiled loop of multiplications.
"""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

from spinemets.maps import adc, fat_fraction, fat_fraction_magnitude, ivim, t1, tofts
from spinemets.maps.aif import parker
from spinemets.maps.fat_spectrum import modulation
from spinemets.maps.kinetic_curves import input_of, response_of

ROUNDS = 3
MILLION = 1e6
DRAW = np.random.default_rng(1)


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fit to time.

    Attributes
    ----------
    name
        As printed.
    run
        Fits all voxels.
    voxels
        How many.
    input_bytes
        Of the input.
    bytes_each, operations_each
        That a voxel has to move and to do, at least: samples in, results out; projection and search. Operations in double
        precision: two in single precision are one.
    bar
        Voxels a second that are asked for; 0 = measured against the peer.
    peer
        Voxels a second of the best that the libraries offer in this run, with its name.
    """

    name: str
    run: Callable[[], object]
    voxels: int
    input_bytes: int
    bytes_each: float
    operations_each: float
    bar: float
    peer: tuple[str, float]


def best(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Seconds of the fastest of some runs; one run before them warms up."""
    run()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return min(times)


def machine() -> tuple[float, float]:
    """Bytes a second of a copy, and operations a second of matrix products, all processors."""
    source = np.ones(40_000_000, np.float32)
    target = np.empty_like(source)
    copied = best(lambda: np.copyto(target, source))
    square = np.ones((1500, 1500))
    multiplied = best(lambda: square @ square)
    return 2 * source.nbytes / copied, 2 * 1500**3 / multiplied


def peak(run: Callable[[], object]) -> float:
    """Bytes that a run holds at most beyond what was there."""
    tracemalloc.start()
    run()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return float(most)


def adc_fits() -> list[Fit]:
    """Mask, noise floor and share explained, against the bare product of logarithms and weights."""
    made = []
    for n_b, voxels in ((2, 8_000_000), (3, 6_000_000), (8, 3_000_000)):
        b = np.linspace(0.0, 800.0, n_b)
        signal = DRAW.uniform(200, 1000, (voxels, n_b)).astype(np.float32)
        weights, mask = np.linspace(-1, 1, n_b).astype(np.float32), np.ones(voxels, bool)
        bare = voxels / best(lambda s=signal, w=weights: np.log(s) @ w)
        made.append(
            Fit(
                name=f"ADC, {n_b} b-values", run=lambda s=signal, at=b, m=mask: adc.fit(s, at, mask=m, noise_sigma=5.0), voxels=voxels,
                input_bytes=signal.nbytes, bytes_each=4 * n_b + 14, operations_each=(40 * n_b + 60) / 2, bar=0.0, peer=("numpy log(S) @ w", bare),
            )
        )  # fmt: skip
    return made


def t1_fits() -> list[Fit]:
    """Seven flip angles; the peer is the straight line in numpy."""
    voxels, flips, tr_s = 1_000_000, np.array([2.0, 5, 10, 15, 20, 25, 30]), 0.0073
    a, e = np.radians(flips), np.exp(-tr_s / DRAW.uniform(0.2, 2, voxels))[:, None]
    signal = (1000 * np.sin(a) * (1 - e) / (1 - e * np.cos(a)) + 0.5 * DRAW.standard_normal((voxels, 7))).astype(
        np.float32
    )

    def line() -> Any:
        x, y = signal / np.tan(a), signal / np.sin(a)
        x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
        return -tr_s / np.log((x * y).sum(axis=1) / (x * x).sum(axis=1))

    peer = ("numpy, straight line", voxels / best(line))
    common: dict[str, Any] = {"voxels": voxels, "input_bytes": signal.nbytes, "bytes_each": 28 + 25, "peer": peer}
    return [
        Fit(
            name="T1, linear",
            run=lambda: t1.fit_vfa(signal, flips, tr_s, method="linear"),
            operations_each=150,
            bar=10e6,
            **common,
        ),
        Fit(name="T1, nonlinear", run=lambda: t1.fit_vfa(signal, flips, tr_s), operations_each=900, bar=1e6, **common),
    ]


def kinetic_fits() -> list[Fit]:
    """61 points, 5 s apart; the peer fits voxel by voxel with scipy."""
    voxels, times_s = 400_000, 5.0 * np.arange(61)
    plasma = parker(times_s, delay_s=30.0)
    rates, ktrans = np.exp(DRAW.uniform(np.log(0.1), np.log(3), 2000)), DRAW.uniform(0.02, 0.3, 2000)
    response = response_of(input_of(times_s / 60, plasma), rates).seen(0.0)
    clean = np.tile(ktrans[:, None] * response, (voxels // 2000, 1))
    tissue = (clean + 0.02 * DRAW.standard_normal(clean.shape)).astype(np.float32)
    with_plasma = (tissue + 0.05 * plasma).astype(np.float32)
    minutes = times_s / 60

    def model(t: Any, k: float, ve: float) -> Any:
        return k * np.convolve(plasma, np.exp(-k / ve * t))[: len(t)] * t[1]

    def slow() -> None:
        for curve in tissue[:40]:
            curve_fit(model, minutes, curve, [0.1, 0.2], bounds=([0, 1e-3], [5, 5]))

    peer = ("scipy curve_fit", 40 / best(slow, 1))
    bars = {"tofts": 1e6, "extended_tofts": 0.5e6, "patlak": 0.0, "2cum": 0.0, "2cxm": 50e3}
    return [
        Fit(
            name=f"{name}, 61 points", run=lambda m=name, c=tissue if name == "tofts" else with_plasma: tofts.fit(c, plasma, times_s, m), voxels=voxels,
            input_bytes=tissue.nbytes, bytes_each=4 * 61 + 60, operations_each=2 * 61 * 17 + (3000 if name == "2cxm" else 1200), bar=bar, peer=peer,
        )
        for name, bar in bars.items()
    ]  # fmt: skip


def ivim_fits() -> list[Fit]:
    """IVIM of 16 b-values."""
    voxels, b = 200_000, np.array([0, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 500, 600, 700, 800, 1000.0])
    f, d, dstar = DRAW.uniform(0.05, 0.3, voxels), DRAW.uniform(0.5e-3, 2e-3, voxels), DRAW.uniform(8e-3, 0.08, voxels)
    clean = 1000 * ((1 - f)[:, None] * np.exp(-d[:, None] * b) + f[:, None] * np.exp(-dstar[:, None] * b))
    signal = (clean + 10 * DRAW.standard_normal(clean.shape)).astype(np.float32)

    def model(x: Any, s0: float, share: float, slow: float, fast: float) -> Any:
        return s0 * ((1 - share) * np.exp(-x * slow) + share * np.exp(-x * fast))

    def slow_ivim() -> None:
        for row in signal[:100]:
            curve_fit(model, b, row, [1000, 0.1, 1e-3, 0.02], maxfev=4000)

    return [
        Fit(
            name="IVIM, 16 b-values", run=lambda: ivim.fit(signal, b), voxels=voxels, input_bytes=signal.nbytes, bytes_each=64 + 60,
            operations_each=2 * 16 * 16 + 4000, bar=100e3, peer=("scipy curve_fit (LM)", 100 / best(slow_ivim, 1)),
        ),
    ]  # fmt: skip


def fat_fits() -> list[Fit]:
    """Fat fraction of six complex echoes, of their magnitudes, and of an image of three, whose neighbours decide between fields."""
    te_s, fraction = 1e-3 * np.array([1.2, 3.2, 5.2, 7.2, 9.2, 11.2]), DRAW.uniform(0, 1, 100_000)
    fat = modulation(te_s, 1.5)
    turns = np.exp((2j * np.pi * DRAW.uniform(-80, 80, 100_000) - DRAW.uniform(30, 200, 100_000))[:, None] * te_s)
    echoes = 1000 * ((1 - fraction)[:, None] + fraction[:, None] * fat) * turns
    echoes = (echoes + 33 * (DRAW.standard_normal(echoes.shape) + 1j * DRAW.standard_normal(echoes.shape))).astype(
        np.complex64
    )

    def slow_fat() -> None:
        for row in echoes[:20]:
            seen = np.concatenate([row.real, row.imag])

            def both(_: Any, w: float, x: float, phase: float, hz: float, rate: float) -> Any:
                found = (w + x * fat) * np.exp(1j * phase + (2j * np.pi * hz - rate) * te_s)
                return np.concatenate([found.real, found.imag])

            curve_fit(both, np.zeros(12), seen, [500, 500, 0, 0, 80], maxfev=4000)

    sizes = np.abs(echoes)
    image = echoes.reshape(100, 50, 20, 6)[..., :3]
    image = np.ascontiguousarray(np.tile(image, (1, 2, 2, 1)))

    def slow_sizes() -> None:
        def size(_: Any, total: float, share: float, rate: float) -> Any:
            return total * np.abs(1 - share + share * fat) * np.exp(-rate * te_s)

        for row in sizes[:20]:
            curve_fit(size, np.zeros(6), row, [1000, 0.2, 80], bounds=([0, 0, 0], [np.inf, 1, 2000]))

    return [
        Fit(
            name="fat fraction, 6 echoes", run=lambda: fat_fraction.fit(echoes, te_s, 1.5), voxels=len(echoes), input_bytes=echoes.nbytes, bytes_each=48 + 40,
            operations_each=25 * 3 * 6 * 16 + 3 * 8 * 6 * 60, bar=100e3, peer=("scipy curve_fit, one start", 20 / best(slow_fat, 1)),
        ),
        Fit(
            name="same, of magnitudes", run=lambda: fat_fraction_magnitude.fit(sizes, te_s, 1.5), voxels=len(sizes), input_bytes=sizes.nbytes,
            bytes_each=24 + 40, operations_each=2 * 126 * 6 + 4 * 12 * 6 * 60, bar=0.0, peer=("scipy curve_fit, one start", 20 / best(slow_sizes, 1)),
        ),
        Fit(
            name="same, image of 3 echoes", run=lambda: fat_fraction.fit(image, te_s[:3], 1.5), voxels=image[..., 0].size, input_bytes=image.nbytes,
            bytes_each=24 + 40, operations_each=25 * 3 * 16 + 3 * 8 * 3 * 60, bar=0.0, peer=("scipy curve_fit, one start", 20 / best(slow_fat, 1)),
        ),
    ]  # fmt: skip


def told(fits: Sequence[Fit], bandwidth: float, speed: float) -> list[str]:
    """A line for each fit."""
    lines = []
    for one in fits:
        rate = one.voxels / best(one.run)
        least = max(one.bytes_each / bandwidth, one.operations_each / speed)
        name, peer = one.peer
        asked = one.bar if one.bar else (peer if one.name.startswith("ADC") else 0.0)
        verdict = "" if not asked else f"{rate / asked:5.2f} of what is asked"
        memory = peak(one.run) / one.input_bytes
        lines.append(
            f"{one.name:24} {rate / MILLION:9.3f} M/s   {verdict:24} {rate / peer:8.1f} x {name:28} {100 * least * rate:5.1f} % of the machine's limit"
            f"   {memory:4.1f} x the input's memory"
        )
    return lines


def main() -> int:
    """Time everything and print."""
    bandwidth, speed = machine()
    print(
        f"maps: {len(os.sched_getaffinity(0))} processors, copy {bandwidth / 1e9:.1f} GB/s, products {speed / 1e9:.0f} G operations/s"
    )
    for fits in (adc_fits, t1_fits, kinetic_fits, ivim_fits, fat_fits):
        for line in told(fits(), bandwidth, speed):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
