"""Kinetic models of contrast agents: from signal to concentration, and from concentration to exchange (MR-DCE-02).

``Ct(t)`` is the plasma curve convolved with the tissue's response, rates per minute, volumes as fractions:

=================  ==========================================================================================
model              response
=================  ==========================================================================================
``tofts``          ``Ktrans exp(-Ktrans t/ve)``
``extended_tofts`` ``vp delta(t) + Ktrans exp(-Ktrans t/ve)``
``patlak``         ``vp delta(t) + PS``
``2cum``           ``Fp exp(-t/Tp) + Ktrans (1 - exp(-t/Tp))``, ``Tp = vp/(Fp + PS)``, ``Ktrans = Fp PS/(Fp + PS)``
``2cxm``           ``Fp [(1 - E) exp(-K+ t) + E exp(-K- t)]``
=================  ==========================================================================================

Sources: Tofts PS, J Magn Reson Imaging 1999; 10:223; Patlak CS, J Cereb Blood Flow Metab 1983; 3:1; Sourbron SP and Buckley DL,
Magn Reson Med 2011; 66:735.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps import kinetic_fits
from spinemets.maps.blocks import in_blocks, in_pieces, voxels
from spinemets.maps.kinetic_curves import input_of
from spinemets.maps.kinetic_signals import Curves, Signal, concentrations, fitted
from spinemets.maps.rounding import step_of
from spinemets.model.errors import UsageError

Numbers = NDArray[np.float32]
# Voxels that are fitted at a time, by what is done about the delay: tables of many delays are made anew for each piece.
PIECES = {"none": 1 << 16, "fit": 1 << 18}
# Signals are fitted in four further ways side by side, for what T1 and baseline may be wrong by.
SIGNALS = 1 << 17


@dataclass(frozen=True, kw_only=True, eq=False)
class PerfusionFit:
    """Parameters of each voxel, each of the leading axes' shape; None where the model has no such parameter.

    A parameter is nan where the curve does not tell it: where its interval spans more than a factor of 9 (table `kinetics`), or
    the model's other parameters do as well without it. Its interval stays.

    Attributes
    ----------
    ktrans_per_min, ve, vp, kep_per_min, ps_per_min, fp_ml_per_100ml_per_min
        Volume transfer constant, volume fractions of the interstitium and of plasma, ``kep = Ktrans/ve``, permeability surface
        product, plasma flow.
    delay_s
        How much later than in the input the agent arrives; the stated 0 where it is not fitted.
    ci95
        By name of the parameter, (..., 2): 95 % interval.
    residual_mmol_per_l
        Standard deviation of what the model leaves over.
    valid
        Whether the curve could be fitted at all.
    """

    ktrans_per_min: Numbers | None
    ve: Numbers | None
    vp: Numbers | None
    kep_per_min: Numbers | None
    ps_per_min: Numbers | None
    fp_ml_per_100ml_per_min: Numbers | None
    delay_s: Numbers
    ci95: Mapping[str, Numbers]
    residual_mmol_per_l: Numbers
    valid: NDArray[np.bool_]


def concentration(
    signal: ArrayLike,
    t10_s: ArrayLike,
    tr_s: float,
    flip_angle_deg: ArrayLike,
    r1: float,
    *,
    baseline: int | slice = 1,
) -> Numbers:
    """Concentration of the agent from the signal of a spoiled gradient echo, exact but for T2* (echo times below 2 ms, less than 5 mM).

    ``B = S/S0 (1 - E10)/(1 - E10 cos a)``, ``E1 = (1 - B)/(1 - B cos a)``, ``C = (-ln E1/TR - 1/T10)/r1``.

    Parameters
    ----------
    signal
        Shape (..., time).
    t10_s
        T1 before the agent [s], shape (...) or one number.
    tr_s
        Repetition time [s].
    flip_angle_deg
        True flip angle [degrees], shape (...) or one number.
    r1
        Relaxivity [1/(mM s)].
    baseline
        S0 is the mean of so many first points, or of a slice of them.

    Returns
    -------
    NDArray[np.float32]
        [mM], shape of the signal; nan where a signal is higher than any T1 gives, where S0 is not above 0, or T10 is not.

    Raises
    ------
    UsageError
        If there is no point in the baseline, or TR, angle or relaxivity are not above 0.
    """
    values = np.asarray(signal)
    before = slice(0, baseline) if isinstance(baseline, int) else baseline
    if not (tr_s > 0.0 and r1 > 0.0 and np.all(np.asarray(flip_angle_deg) > 0.0)):
        raise UsageError(
            "TR, flip angle and relaxivity must be above 0.", "Give them in seconds, degrees and 1/(mM s)."
        )
    if not len(range(values.shape[-1])[before]):
        raise UsageError("The baseline has no point.", "State how many first points lie before the agent.")
    rows, _ = voxels(values, None)
    t10, angle = (
        np.broadcast_to(np.asarray(x, dtype=np.float64), values.shape[:-1]).reshape(-1, 1)
        for x in (t10_s, flip_angle_deg)
    )
    found = np.empty(rows.shape, np.float32)

    def work(part: slice) -> None:
        curves = rows[part].astype(np.float64)
        start = curves[:, before].mean(axis=1, keepdims=True)
        found[part] = concentrations(curves, start, (t10[part], angle[part]), (tr_s, r1))

    in_blocks(work, len(rows), 8 * rows.shape[1])
    return found.reshape(values.shape)


def fit(
    concentration_mM: ArrayLike,
    aif_mM: ArrayLike,
    times_s: ArrayLike,
    model: str = "tofts",
    delay: str = "none",
    *,
    mask: ArrayLike | None = None,
) -> PerfusionFit:
    """Fit a kinetic model by least squares, all points alike.

    Parameters
    ----------
    concentration_mM
        In tissue, shape (..., time).
    aif_mM
        In arterial plasma (divided by 1 - hematocrit already), shape (time,).
    times_s
        Increasing, shape (time,).
    model
        `tofts`, `extended_tofts`, `patlak`, `2cxm` or `2cum`.
    delay
        `none`, or `fit`: how much later tissue sees the input, 0 to 15 s in steps of 0.1 s.
    mask
        Boolean, shape (...): voxels to fit; None = all.

    Returns
    -------
    PerfusionFit

    Raises
    ------
    UsageError
        If model or delay is none of those named, shapes do not agree, times do not increase, or the input is nowhere above 0.
    """
    values = np.asarray(concentration_mM)
    plasma, times = np.asarray(aif_mM, np.float64), np.asarray(times_s, np.float64)
    _check(values, plasma, times, (model, delay))
    rows, where = voxels(values, mask)
    rules = kinetic_rules()
    tissues = kinetic_fits.tissues_of(input_of(times / kinetic_fits.SECONDS_PER_MINUTE, plasma), rules)

    def piece(part: slice) -> PerfusionFit:
        curves = np.ascontiguousarray(rows[part], np.float32)
        wanted = np.ones(len(curves), bool) if where is None else where[part]
        samples = kinetic_fits.Samples(rows=curves, wanted=wanted)
        return _told(kinetic_fits.of_model(model, tissues, samples, rules, delay), curves.shape, rules["widest_ratio"])

    return in_pieces(piece, len(rows), values.shape[:-1], size=PIECES[delay])


def fit_signal(
    signal: ArrayLike, aif_mM: ArrayLike, times_s: ArrayLike, known: Signal, model: str = "tofts", delay: str = "none"
) -> PerfusionFit:
    """Fit a kinetic model to the signal itself: as `concentration` and `fit`, with intervals that hold more.

    The intervals of `fit` are those of scatter about the curve. An error of T1 or of the baseline does not scatter: it bends or scales
    the whole curve. Here both are varied to the ends of their own intervals, the delay kept, and what the parameters change by is
    added to their intervals as independent parts. Nor do errors of rounding scatter where a curve stays within a step: for models of one
    rate (not `patlak`, `2cxm`) intervals are no narrower than what rounding hides.

    Parameters
    ----------
    signal
        Shape (..., time); nan where not to be fitted.
    aif_mM, times_s, model, delay
        As for `fit`.
    known
        Sequence, T1 and baseline.

    Returns
    -------
    PerfusionFit

    Raises
    ------
    UsageError
        As `concentration` and `fit`.
    """
    values = np.asarray(signal)
    plasma, times = np.asarray(aif_mM, np.float64), np.asarray(times_s, np.float64)
    _check(values, plasma, times, (model, delay))
    lead, n = values.shape[:-1], values.shape[-1]
    rows = values.reshape(-1, n)
    t10, angle = (
        np.broadcast_to(np.asarray(x, np.float64), lead).reshape(-1, 1) for x in (known.t10_s, known.flip_angle_deg)
    )
    ends = None
    if known.t10_ci95_s is not None:
        ends = np.broadcast_to(np.asarray(known.t10_ci95_s, np.float64), (*lead, 2)).reshape(-1, 2)
    step = step_of(rows) if known.rounded_to is None else known.rounded_to
    rules = kinetic_rules()
    tissues = kinetic_fits.tissues_of(input_of(times / kinetic_fits.SECONDS_PER_MINUTE, plasma), rules)

    some = np.flatnonzero(np.isfinite(rows).all(axis=1))

    def piece(part: slice) -> PerfusionFit:
        own = some[part]
        curves = Curves(
            signal=rows[own].astype(np.float64), flip_angle_deg=angle[own], t10_s=t10[own], t10_ci95_s=None if ends is None else ends[own],
            known=known, step=step,
        )  # fmt: skip
        found = fitted(curves, tissues, model, rules, delay)
        return _told(found, curves.signal.shape, rules["widest_ratio"])

    found = in_pieces(piece, len(some), (len(some),), size=min(PIECES[delay], SIGNALS))
    return _among(found, some, lead)


def _among(found: PerfusionFit, some: NDArray[np.intp], lead: tuple[int, ...]) -> PerfusionFit:
    """What was found of some voxels among all of them; the others are nan and not valid."""
    number = int(np.prod(lead, dtype=np.int64))

    def spread(values: Any) -> Any:
        if values is None:
            return None
        if len(some) == number:
            return values.reshape((*lead, *values.shape[1:]))
        whole = np.full((number, *values.shape[1:]), False if values.dtype == bool else np.nan, values.dtype)
        whole[some] = values
        return whole.reshape((*lead, *values.shape[1:]))

    parts = {field.name: getattr(found, field.name) for field in fields(found) if field.name != "ci95"}
    ci95 = {name: spread(values) for name, values in found.ci95.items()}
    return PerfusionFit(**{name: spread(values) for name, values in parts.items()}, ci95=ci95)


def kinetic_rules() -> dict[str, float]:
    """Numbers of the table `kinetics`."""
    found: Any = table("kinetics")
    return {name: float(row["value"]) for name, row in found.items() if isinstance(row, dict) and "value" in row}


def _check(values: NDArray[Any], plasma: NDArray[Any], times: NDArray[Any], named: tuple[str, str]) -> None:
    model, delay = named
    if model not in kinetic_fits.MODELS or delay not in PIECES:
        raise UsageError(
            f"There is no model {model} with delay {delay}.",
            f"Models: {', '.join(kinetic_fits.MODELS)}; delays: {', '.join(PIECES)}.",
        )
    if times.ndim != 1 or not times.shape == plasma.shape == values.shape[-1:] or not (np.diff(times) > 0.0).all():
        raise UsageError(
            f"Times of shape {times.shape}, input of {plasma.shape} and curves of {values.shape} do not go together, or times do not increase.",
            "Give one increasing time in seconds, and one concentration in plasma, for each point of the last axis.",
        )
    if not np.isfinite(plasma).all() or not (plasma > 0.0).any():
        raise UsageError(
            "The arterial input is nowhere above 0, or not a number.", "Give the concentration in plasma in mM."
        )


def _told(fitted: kinetic_fits.Fitted, shape: tuple[int, ...], widest: float) -> PerfusionFit:
    """Parameters where their intervals tell them."""
    lead = shape[:-1]
    told: dict[str, Numbers | None] = dict.fromkeys(kinetic_fits.PARAMETERS)
    ci95: dict[str, Numbers] = {}
    for name, (value, ends) in fitted.parameters.items():
        interval = np.clip(ends, 0.0, np.finfo(np.float32).max)
        # Next to 0 the ratio of the ends means nothing: there the interval's width has to be small against what tissue can have.
        narrow = (interval[:, 1] <= widest * interval[:, 0]) | (interval[:, 1] <= kinetic_fits.NEGLIGIBLE[name])
        told[name] = np.where(fitted.found & narrow, value, np.nan).astype(np.float32).reshape(lead)
        ci95[name] = np.where(fitted.found[:, None], interval, np.nan).astype(np.float32).reshape((*lead, 2))
    delay = np.where(fitted.found[:, None], fitted.delay_ci_s, np.nan)
    ci95["delay_s"] = delay.astype(np.float32).reshape((*lead, 2))
    freedom = max(shape[-1] - fitted.n_parameters, 1)
    residual = np.where(fitted.found, np.sqrt(fitted.rss / freedom), np.nan)
    return PerfusionFit(
        **told,
        delay_s=np.where(fitted.found, fitted.delay_s, np.nan).astype(np.float32).reshape(lead),
        ci95=ci95,
        residual_mmol_per_l=residual.astype(np.float32).reshape(lead),
        valid=fitted.found.reshape(lead),
    )
