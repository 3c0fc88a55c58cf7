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

    def explained(part: slice) -> _Explained:
        return _explained(rows[part], None if where is None else where[part], search, turned)

    lead, n = values.shape[:-1], len(rows)
    together = len(lead) in (2, 3) if neighbours is None else neighbours
    if not together:
        return in_pieces(lambda part: _alone(explained(part), search, turned), n, lead, size=PIECE)
    found = in_pieces(explained, n, (n,), size=PIECE)
    which, field = field_map.chosen(found.field_hz, found.against, found.certain, lead, period_hz=search.period_hz)
    _take_second(found, np.flatnonzero(which), rows, search, turned)
    return _told(found, (which, field, field_map.agrees(field, lead)), lead, search, turned)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Explained:
    """Explanations of each voxel's echoes, least residual first: what neighbours choose from.

    Attributes
    ----------
    field_hz
        float32 (n, 2); 0 where there is no explanation.
    against, certain
        What the echoes say of them, as `field_map.weighed` has it.
    rate, water, fat, half
        float32 (n,): decay rate, signals, and half of the 95 % interval of the fraction, of the first explanation; nan where there is none.
        A second one is worked out again where it is chosen: few are, and of a whole image each array counts.
    """

    field_hz: Numbers
    against: Numbers
    certain: Numbers
    rate: Numbers
    water: Numbers
    fat: Numbers
    half: Numbers


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


def _explained(rows: NDArray[Any], where: NDArray[np.bool_] | None, search: _Search, turned: bool) -> _Explained:
    """Explanations of some voxels' echoes."""
    samples, energy, wanted = _seen(rows, where)
    found = _candidates(np.conj(samples) if turned else samples, wanted, search)
    # Residuals are no less than those of rounding.
    against, certain = field_map.weighed(found[:, :, 4] + ROUNDING * energy[:, None], energy, search.freedom)
    field = np.where(np.isfinite(found[:, :, 4]), found[:, :, 0], 0.0).astype(np.float32)
    rate, water, fat, half = _numbers(found[:, 0], search)
    return _Explained(field_hz=field, against=against, certain=certain, rate=rate, water=water, fat=fat, half=half)


def _numbers(candidate: Array, search: _Search) -> tuple[Numbers, ...]:
    """Decay rate, water, fat and half of the fraction's interval from columns of the loop (n, column)."""
    own = np.where(np.isfinite(candidate[:, 4:5]), candidate, np.nan)
    _, rate, water, fat, cost, sd = own.T
    half = student(search.freedom) * np.sqrt(cost / search.freedom) * sd
    return tuple(column.astype(np.float32) for column in (rate, water, fat, half))


def _take_second(
    found: _Explained, indices: NDArray[np.intp], rows: NDArray[Any], search: _Search, turned: bool
) -> None:
    """Put the second explanation in the place of the first where neighbours chose it."""
    for part in pieces(len(indices), PIECE):
        some = indices[part]
        samples, _, wanted = _seen(rows[some], None)
        second = _candidates(np.conj(samples) if turned else samples, wanted, search)[:, 1]
        for column, values in zip(
            (found.rate, found.water, found.fat, found.half), _numbers(second, search), strict=True
        ):
            column[some] = values


def _alone(found: _Explained, search: _Search, turned: bool) -> PdffFit:
    """The likeliest explanation of each voxel by itself."""
    none = np.zeros(len(found.certain), np.int8)
    field = np.where(np.isfinite(found.against[:, 0]), found.field_hz[:, 0], np.float32(np.nan))
    return _told(found, (none, field, none > 0), none.shape, search, turned)


def _told(
    found: _Explained,
    chosen: tuple[NDArray[np.int8], Numbers, NDArray[np.bool_]],
    lead: tuple[int, ...],
    search: _Search,
    turned: bool,
) -> PdffFit:
    """What the explanations that were chosen say: their numbers, the fields, and whether these agree with their neighbours'."""
    which, field, smooth = chosen
    valid, doubtful = _judged(found.against, which, search)
    with np.errstate(invalid="ignore", divide="ignore"):
        pdff = found.fat / (found.water + found.fat)
        ends = np.stack([pdff - found.half, pdff + found.half], axis=-1)
        # An interval wholly outside 0 to 1 is no mixture either: the field is likely the other one.
        doubtful |= (ends[:, 1] < -EXACT) | (ends[:, 0] > 1.0 + EXACT)
    doubtful &= valid & ~smooth
    return PdffFit(
        pdff=pdff.reshape(lead), r2star_per_s=found.rate.reshape(lead), field_map_hz=field.reshape(lead), water=found.water.reshape(lead),
        fat=found.fat.reshape(lead), ci95=ends.reshape((*lead, 2)), swap_suspected=doubtful.reshape(lead), valid=valid.reshape(lead),
        conjugated=turned,
    )  # fmt: skip


def _judged(against: Numbers, which: NDArray[np.int8], search: _Search) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether there is an explanation, and whether the other one is nearly as good."""
    own, other = (np.where(which == 0, against[:, k], against[:, 1 - k]) for k in (0, 1))
    most = search.freedom * np.log(float(table("fat_fraction")["swap_ratio"]["value"]))
    with np.errstate(invalid="ignore"):
        return np.isfinite(own), other - own < most
