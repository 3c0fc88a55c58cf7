"""Fat fraction of complex echoes, with decay and field (MR-DIX-01).

``S(t) = [W + F sum_p a_p exp(2 pi i f_p t)] exp(i phi) exp(2 pi i psi t) exp(-R2* t)``, W and F real: water and fat have one phase when
they are excited. What only magnitudes or two echoes can say is in `fat_fraction_magnitude`, under names of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps import field_map
from spinemets.maps.blocks import in_blocks, in_pieces, pieces, voxels
from spinemets.maps.fat_spectrum import modulation, proton_hz
from spinemets.maps.separable import student
from spinemets.model.errors import UsageError

Array = NDArray[np.float64]
Numbers = NDArray[np.float32]
BLOCK_BYTES = 1 << 16
# Explanations take several times the memory of the echoes: small pieces.
PIECE = 1 << 14
# Echo times count as evenly spaced when they are so to this share of a step; single precision leaves this share of the energy.
EVEN, ROUNDING = 1e-3, 1e-12
# Voxels that tell which way the phase turns, and how much better the other way has to fit.
ASKED, DECISIVE = 400, 0.5
# Rounding of a fat fraction in single precision.
EXACT = 1e-4


@dataclass(frozen=True, kw_only=True, eq=False)
class PdffFit:
    """Fat and water of each voxel, each of the leading axes' shape; nan where not valid.

    Attributes
    ----------
    pdff
        ``F/(W + F)``. Noise may take it below 0 or above 1: it is not cut off, so that means stay unbiased. A *proton density* fat fraction
        only for small flip angles (table `fat_fraction`): whoever names it has to look.
    r2star_per_s, field_map_hz
        Decay rate, common to water and fat; frequency against water's nominal one.
    water, fat
        Signals at t = 0.
    ci95
        (..., 2): 95 % interval of `pdff` from what the fit leaves over.
    swap_suspected
        Whether another field, with water and fat exchanged, explains the echoes nearly as well and no neighbours decide.
    valid
        Whether a mixture of water and fat explains the echoes at all.
    conjugated
        Whether the images' phases turn the other way (they were conjugated for the fit).
    """

    pdff: Numbers
    r2star_per_s: Numbers
    field_map_hz: Numbers
    water: Numbers
    fat: Numbers
    ci95: Numbers
    swap_suspected: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    conjugated: bool


def fit(
    echoes_complex: ArrayLike,
    echo_times_s: ArrayLike,
    field_t: float,
    *,
    mask: ArrayLike | None = None,
    spectrum: str | None = None,
    neighbours: bool | None = None,
) -> PdffFit:
    """Fit water, fat, phase, field and decay to complex echoes by least squares.

    Parameters
    ----------
    echoes_complex
        Shape (..., echo).
    echo_times_s
        [s], shape (echo,).
    field_t
        Field strength [T].
    mask
        Boolean, shape (...): voxels to fit; None = all.
    spectrum
        Of fat, a name in the table `fat_spectra`; None = Hamilton 2011.
    neighbours
        Whether the leading axes are those of an image, whose neighbouring voxels decide between two fields; None = where there are two or
        three of them.

    Returns
    -------
    PdffFit

    Raises
    ------
    UsageError
        If there are fewer than three distinct echo times, no such spectrum, or shapes do not agree.

    Notes
    -----
    Variable projection over field and decay (Bydder M, Magn Reson Imaging 2011; 29:216, for the common phase), all minima of the residual
    over the field refined by Gauss and Newton's method. With three echoes the decay is taken as 0. Whether phases turn the other way on this
    scanner is tried on some voxels, once for all of them.
    """
    values, times = np.asarray(echoes_complex), np.asarray(echo_times_s, dtype=np.float64)
    _check(values, times)
    rows, where = voxels(values, mask)
    search = _Search.of(times, field_t, spectrum)
    turned = _turned(rows, where, search)

    def explained(part: slice) -> _Candidates:
        return _explained(rows[part], None if where is None else where[part], search, turned)

    def alone(part: slice) -> PdffFit:
        found = explained(part)
        return _told(found, None, found.energy.shape, search, turned)

    lead, n = values.shape[:-1], len(rows)
    together = len(lead) in (2, 3) if neighbours is None else neighbours
    if not together:
        return in_pieces(alone, n, lead, size=PIECE)
    return _told(in_pieces(explained, n, (n,), size=PIECE), lead, lead, search, turned)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Candidates:
    """Explanations of each voxel's echoes, least residual first: what neighbours choose from.

    Attributes
    ----------
    field_hz, cost
        (n, 2): residuals no less than those of rounding; infinite = no explanation.
    told
        float32 (n, 2, 6): fraction, decay rate, water, fat, and ends of the fraction's interval.
    mixture
        (n, 2): whether the interval reaches what a mixture can have.
    energy
        (n,): of the echoes.
    """

    field_hz: Array
    cost: Array
    told: Numbers
    mixture: NDArray[np.bool_]
    energy: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class _Search:
    """What of the echoes does not depend on the voxel."""

    times: Array
    fat: NDArray[np.complex128]
    fields: Array
    rates: Array
    period_hz: float
    without_decay: bool

    @staticmethod
    def of(times: Array, field_t: float, spectrum: str | None) -> _Search:
        rules: Any = table("fat_fraction")
        fat = modulation(times, field_t, spectrum)
        steps = np.diff(np.sort(times))
        step_hz = float(rules["field_step_hz"]["value"])
        if np.ptp(steps) <= EVEN * steps.mean():
            period = 1.0 / float(steps.mean())
            fields = -period / 2.0 + period * np.arange(int(np.ceil(period / step_hz))) / np.ceil(period / step_hz)
        else:
            period, most = 0.0, float(rules["widest_field_ppm"]["value"]) * 1e-6 * proton_hz(field_t)
            fields = np.linspace(-most, most, 2 * int(np.ceil(most / step_hz)) + 1)
        few = len(times) < int(rules["fewest_for_decay"]["value"])
        rates = np.zeros(1) if few else np.asarray(rules["rates_per_s"]["value"], dtype=np.float64)
        return _Search(times=times, fat=fat, fields=fields, rates=rates, period_hz=period, without_decay=few)

    @property
    def freedom(self) -> int:
        """Residuals (two an echo) less unknowns."""
        return max(2 * len(self.times) - 5 + self.without_decay, 1)

    def tables(self) -> tuple[NDArray[np.complex128], NDArray[np.complex128], Array, Array]:
        """For the loop: modulation, turns back by each field, decays, inverse normal matrices."""
        turns = np.exp(-2j * np.pi * np.multiply.outer(self.fields, self.times))
        decays = np.exp(-np.multiply.outer(self.rates, self.times))
        one, both = (decays**2).sum(axis=1), (decays**2 * self.fat.real).sum(axis=1)
        other = (decays**2 * np.abs(self.fat) ** 2).sum(axis=1)
        inverses = np.stack([other, -both, one], axis=1) / (one * other - both**2)[:, None]
        return self.fat, np.ascontiguousarray(turns), np.ascontiguousarray(decays), np.ascontiguousarray(inverses)


def _check(values: NDArray[Any], times: Array) -> None:
    if times.ndim != 1 or values.shape[-1:] != times.shape or not (np.isfinite(times) & (times > 0.0)).all():
        raise UsageError(
            f"Echo times of shape {times.shape} do not go with echoes of shape {values.shape}, or are none.",
            "Give one time in seconds above 0 for each image of the last axis.",
        )
    if not np.iscomplexobj(values):
        raise UsageError("The echoes are not complex.", "Use the fit of magnitudes, which knows less.")
    if len(np.unique(times)) < 3:
        raise UsageError(
            "There are fewer than three distinct echo times.",
            "Two echoes give a signal fat fraction at best: use two_point.",
        )


def _candidates(samples: NDArray[np.complex64], wanted: NDArray[np.bool_], search: _Search) -> Array:
    """(n, candidates, columns of the loop)."""
    from spinemets.maps import fat_fraction_loops as loops  # lazy: compiled

    out = np.empty((len(samples), loops.KEPT, len(loops.CANDIDATE)))
    marks, tables = wanted.astype(np.uint8), search.tables()
    lattice = (search.times, search.fields, search.rates)
    numbers = (search.period_hz, float(search.without_decay))

    def work(part: slice) -> None:
        loops.candidates(out[part], samples[part], marks[part], tables, lattice, numbers)

    in_blocks(work, len(samples), 8 * len(search.times), block_bytes=BLOCK_BYTES)
    return out


def _seen(
    rows: NDArray[Any], where: NDArray[np.bool_] | None
) -> tuple[NDArray[np.complex64], Array, NDArray[np.bool_]]:
    """Echoes of some voxels, the sums of their squares, and which are to be fitted."""
    samples = np.ascontiguousarray(rows, np.complex64)
    energy = (samples.real.astype(np.float64) ** 2 + samples.imag.astype(np.float64) ** 2).sum(axis=1)
    wanted = np.isfinite(energy) & (energy > 0.0)
    return samples, energy, wanted if where is None else wanted & where


def _turned(rows: NDArray[Any], where: NDArray[np.bool_] | None, search: _Search) -> bool:
    """Whether the conjugated echoes fit clearly better: decided once for all voxels, never voxel by voxel."""
    wanted = np.concatenate(
        [_seen(rows[part], None if where is None else where[part])[2] for part in pieces(len(rows))]
    )
    asked = np.flatnonzero(wanted)
    asked = asked[:: max(1, len(asked) // ASKED)]
    if not len(asked):
        return False
    some = np.ascontiguousarray(rows[asked], np.complex64)
    all_of_them = np.ones(len(some), bool)
    costs = [_candidates(echoes, all_of_them, search)[:, 0, 4] for echoes in (some, np.conj(some))]
    return bool(np.median(costs[1]) < DECISIVE * np.median(costs[0]))


def _explained(rows: NDArray[Any], where: NDArray[np.bool_] | None, search: _Search, turned: bool) -> _Candidates:
    """Explanations of some voxels' echoes."""
    samples, energy, wanted = _seen(rows, where)
    found = _candidates(np.conj(samples) if turned else samples, wanted, search)
    own = np.where(np.isfinite(found[:, :, 4:5]), found, np.nan)
    _, rate, water, fat, cost, sd = np.moveaxis(own, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        pdff = fat / (water + fat)
        half = student(search.freedom) * np.sqrt(cost / search.freedom) * sd
        mixture = ~((pdff + half < -EXACT) | (pdff - half > 1.0 + EXACT))
    told = np.stack([pdff, rate, water, fat, pdff - half, pdff + half], axis=-1, dtype=np.float32, casting="same_kind")
    cost = found[:, :, 4] + ROUNDING * energy[:, None]
    return _Candidates(field_hz=found[:, :, 0].copy(), cost=cost, told=told, mixture=mixture, energy=energy)


def _told(
    found: _Candidates, image: tuple[int, ...] | None, lead: tuple[int, ...], search: _Search, turned: bool
) -> PdffFit:
    """The likeliest explanation of each voxel; in an image the one that its neighbours favour."""
    costs, n = found.cost, len(found.cost)
    if image is None:
        which, smooth = np.zeros(n, np.int64), np.zeros(n, bool)
        field = found.field_hz[:, 0]
    else:
        numbers: Any = {"period_hz": search.period_hz, "freedom": search.freedom}
        which, field = field_map.chosen(found.field_hz, costs, found.energy, image, **numbers)
        smooth = field_map.agrees(field, image)
    rows = np.arange(n)
    valid = np.isfinite(costs[rows, which])
    with np.errstate(invalid="ignore", divide="ignore"):
        near = costs[rows, 1 - which] / costs[rows, which] < float(table("fat_fraction")["swap_ratio"]["value"])
    # An interval wholly outside 0 to 1 is no mixture either: the field is likely the other one.
    swap = valid & (near | ~found.mixture[rows, which]) & ~smooth

    def column(k: int) -> Numbers:
        return np.asarray(found.told[rows, which, k].reshape(lead), np.float32)

    return PdffFit(
        pdff=column(0), r2star_per_s=column(1), field_map_hz=np.where(valid, field, np.nan).astype(np.float32).reshape(lead),
        water=column(2), fat=column(3), ci95=found.told[rows, which, 4:].reshape((*lead, 2)), swap_suspected=swap.reshape(lead),
        valid=valid.reshape(lead), conjugated=turned,
    )  # fmt: skip
