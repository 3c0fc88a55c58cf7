"""T1 from magnitudes at several inversion times: every way their signs may lie is tried, so that no local minimum is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.maps.blocks import in_blocks, voxels
from spinemets.maps.separable import student
from spinemets.maps.t1 import rules
from spinemets.model.errors import UsageError

Numbers = NDArray[np.float32]
Array = NDArray[np.float64]
GRID = 240
# Rounds in which the best T1 of a row of seven is closed in on by a factor of three each: to 1e-6 of ln T1.
ROUNDS, ROW = 10, 7
# Ways of the signs that are searched more closely.
CLOSER = 3
BLOCK_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True, eq=False)
class InversionFit:
    """T1 of each voxel, each of the leading axes' shape; nan where not valid.

    Attributes
    ----------
    t1_s
        Relaxation time [s].
    recovered, inverted
        ``a`` and ``b`` of ``|a + b exp(-TI/T1)|``, in the unit of the signal.
    ci95_s
        (..., 2): 95 % interval of T1 from what the fit leaves over.
    valid
        Whether an exponential with ``b`` against ``a`` fits.
    """

    t1_s: Numbers
    recovered: Numbers
    inverted: Numbers
    ci95_s: Numbers
    valid: NDArray[np.bool_]


def fit(signal: ArrayLike, inversion_times_s: ArrayLike, *, mask: ArrayLike | None = None) -> InversionFit:
    """Fit ``S = |a + b exp(-TI/T1)|`` to magnitudes by least squares.

    ``a`` holds the recovery over TR, ``b`` the inversion, however perfect: T1 does not depend on either. For every T1 the amplitudes
    are a linear problem, and signs can change but once along the inversion times: all of them and all T1 are looked at.

    Parameters
    ----------
    signal
        Magnitudes, shape (..., time).
    inversion_times_s
        [s], shape (time,), any order.
    mask
        Boolean, shape (...): voxels to fit; None = all.

    Returns
    -------
    InversionFit

    Raises
    ------
    UsageError
        If there are fewer than four inversion times, or shapes do not agree.
    """
    values, times = np.asarray(signal), np.asarray(inversion_times_s, dtype=np.float64)
    if times.ndim != 1 or values.shape[-1:] != times.shape or not (np.isfinite(times) & (times > 0.0)).all():
        raise UsageError(
            f"Inversion times of shape {times.shape} do not go with signals of shape {values.shape}, or are none.",
            "Give one time in seconds above 0 for each image of the last axis.",
        )
    if len(np.unique(times)) < 4:
        raise UsageError("There are fewer than four inversion times.", "Three unknowns and a sign need four at least.")
    rows, where = voxels(values, mask)
    wanted = np.isfinite(rows).all(axis=1) & (np.abs(rows).sum(axis=1) > 0.0)
    wanted = wanted if where is None else wanted & where
    order = np.argsort(times)
    limits = rules()
    out = np.full((len(rows), 4), np.nan)

    def work(part: slice) -> None:
        chosen = np.flatnonzero(wanted[part])
        if len(chosen):
            seen = np.abs(rows[part][chosen][:, order]).astype(np.float64)
            out[part][chosen] = _block(
                seen, times[order], (limits["inversion_shortest_s"], limits["inversion_longest_s"])
            )

    in_blocks(work, len(rows), 8 * len(times), block_bytes=BLOCK_BYTES)
    return _told(out, wanted, values.shape[:-1], limits)


def _block(seen: Array, times: Array, between: tuple[float, float]) -> Array:
    """Ln T1, amplitudes and half-width of its interval, (n, 4), of signals by increasing time."""
    logs = np.log(np.geomspace(*between, GRID))
    signs = np.where(np.arange(len(times)) < np.arange(len(times))[:, None], -1.0, 1.0)
    one, other = _bases(logs, times)
    most, at = np.empty((len(signs), len(seen))), np.empty((len(signs), len(seen)))
    for number, sign in enumerate(signs):
        explained = ((seen * sign) @ one.T) ** 2 + ((seen * sign) @ other.T) ** 2
        place = explained.argmax(axis=1)
        most[number], at[number] = explained[np.arange(len(seen)), place], logs[place]
    # A signal near its null fits with either sign on the grid: the closer search tells which of the best ways it is.
    ways = np.argsort(-most, axis=0)[:CLOSER]
    found = [_closer(seen * signs[way], times, at[way, np.arange(len(seen))], logs[1] - logs[0]) for way in ways]
    which = np.argmax([energy for _, energy in found], axis=0)
    rows = np.arange(len(seen))
    return _with_interval(seen * signs[ways[which, rows]], times, np.stack([log for log, _ in found])[which, rows])


def _closer(signed: Array, times: Array, start: Array, step: float) -> tuple[Array, Array]:
    """Ln T1 of most energy explained near a start, and that energy."""
    at, energy = start, np.zeros(len(start))
    for _ in range(ROUNDS):
        row = at[:, None] + step * np.linspace(-1.0, 1.0, ROW)
        one, other = _bases(row, times)
        explained = (one @ signed[..., None])[..., 0] ** 2 + (other @ signed[..., None])[..., 0] ** 2
        best = explained.argmax(axis=1)
        at, energy = row[np.arange(len(at)), best], explained[np.arange(len(at)), best]
        step /= (ROW - 1) / 2
    return at, energy


def _bases(logs: Array, times: Array) -> tuple[Array, Array]:
    """Unit vectors along 1, and along the rest of ``exp(-TI/T1)``, for logarithms of T1 of any shape: (..., time)."""
    constant = np.full(len(times), 1.0 / np.sqrt(len(times)))
    decay = np.exp(-times / np.exp(logs)[..., None])
    rest = decay - decay.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(rest, axis=-1, keepdims=True)
    return np.broadcast_to(constant, decay.shape), rest / np.maximum(length, np.finfo(float).tiny)


def _with_interval(signed: Array, times: Array, at: Array) -> Array:
    n = len(times)
    decay = np.exp(-times / np.exp(at)[:, None])
    change = decay * times / np.exp(at)[:, None]
    shape = decay - decay.mean(axis=1, keepdims=True)
    inverted = (signed * shape).sum(axis=1) / np.maximum((shape**2).sum(axis=1), np.finfo(float).tiny)
    recovered = signed.mean(axis=1) - inverted * decay.mean(axis=1)
    left = signed - recovered[:, None] - inverted[:, None] * decay
    change = change - change.mean(axis=1, keepdims=True)
    along = (change * shape).sum(axis=1) ** 2 / np.maximum((shape**2).sum(axis=1), np.finfo(float).tiny)
    across = np.sqrt(np.maximum((change**2).sum(axis=1) - along, 0.0)) * np.abs(inverted)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = student(n - 3) * np.sqrt((left**2).sum(axis=1) / max(n - 3, 1)) / across
    return np.stack([at, recovered, inverted, half], axis=1)


def _told(out: Array, wanted: NDArray[np.bool_], lead: tuple[int, ...], limits: dict[str, Any]) -> InversionFit:
    logs, recovered, inverted, half = out.T
    t1 = np.exp(logs)
    with np.errstate(invalid="ignore"):
        inside = (t1 > 1.01 * limits["inversion_shortest_s"]) & (t1 < 0.99 * limits["inversion_longest_s"])
        valid = wanted & inside & (inverted < 0.0) & (recovered > 0.0)
        spread = np.exp(np.minimum(half, 80.0))

    def shaped(values: Array) -> Numbers:
        return (
            np.where(valid if values.ndim == 1 else valid[:, None], values, np.nan)
            .astype(np.float32)
            .reshape((*lead, *values.shape[1:]))
        )

    ci = np.stack([t1 / spread, t1 * spread], axis=1)
    return InversionFit(
        t1_s=shaped(t1),
        recovered=shaped(recovered),
        inverted=shaped(inverted),
        ci95_s=shaped(ci),
        valid=valid.reshape(lead),
    )
