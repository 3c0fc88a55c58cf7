"""The exact vectors of the forward models' specification, each through the fit or the curve that inverts or uses it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from spinemets.maps import adc, aif, enhancement, fat_fraction, fat_fraction_magnitude, ivim, t1, tofts
from spinemets.maps.kinetic_curves import input_of, response_of
from spinemets.model.errors import UsageError
from studies.maps.rows import Row, all_of, reference

Vector = Mapping[str, Any]
FINE_MIN = 1.0 / 600.0
RELATIVE = 2e-5


def _adc(given: Vector, wanted: Vector) -> bool:
    if wanted.get("refuse"):
        try:
            adc.fit(given["signal"], given["b_s_per_mm2"])
        except UsageError:
            return True
        return False
    found = adc.fit(given["signal"], given["b_s_per_mm2"])
    return _near(found.adc_mm2_per_s, wanted["adc_mm2_per_s"]) and _near(found.s0, wanted["s0"])


def _ivim(given: Vector, wanted: Vector) -> bool:
    found = ivim.fit(wanted["signal"], given["b_s_per_mm2"])
    return all(_near(getattr(found, name), given[name], 2e-4) for name in ("f", "d_mm2_per_s", "dstar_mm2_per_s", "s0"))


def _pdff(given: Vector, wanted: Vector) -> bool:
    echoes = np.array(given["real"]) + 1j * np.array(given["imag"])
    found = fat_fraction.fit(echoes, np.array(given["te_ms"]) / 1000.0, given["b0_t"])
    rate = 1000.0 / wanted["t2star_ms"]
    return (
        abs(float(found.pdff) - wanted["pdff"]) < 1e-4
        and _near(found.r2star_per_s, rate, 1e-3)
        and abs(float(found.field_map_hz) - wanted["field_map_hz"]) < 0.1
    )


def _two_point(given: Vector, wanted: Vector) -> bool:
    found = fat_fraction_magnitude.two_point(given["in_phase"], given["opposed_phase"])
    return np.allclose(found.fat_fraction_signal, wanted["apparent_fat_fraction"], atol=1e-6)


def _t1(given: Vector, wanted: Vector) -> bool:
    found = t1.fit_vfa(given["signal"], given["flip_deg"], given["tr_ms"] / 1000.0)
    return _near(found.t1_s, wanted["t1_ms"] / 1000.0) and _near(found.m0, wanted["m0"])


def _t1_b1(given: Vector, wanted: Vector) -> bool:
    fits = [
        t1.fit_vfa(given["signal"], given["flip_nominal_deg"], given["tr_ms"] / 1000.0, b1)
        for b1 in (None, given["b1_scale"])
    ]
    return all(
        _near(f.t1_s, wanted[name] / 1000.0)
        for f, name in zip(fits, ("t1_uncorrected_ms", "t1_corrected_ms"), strict=True)
    )


def _aif(curve: Callable[..., Any]) -> Callable[[Vector, Vector], bool]:
    def check(given: Vector, wanted: Vector) -> bool:
        times_s = 60.0 * np.array(given["time_min"])
        good = np.allclose(curve(times_s, 0.0), wanted["blood_mM"], rtol=RELATIVE)
        if "plasma_mM" in wanted:
            good = good and np.allclose(curve(times_s, given["hematocrit"]), wanted["plasma_mM"], rtol=RELATIVE)
        return bool(good)

    return check


def _kinetics(model: str) -> Callable[[Vector, Vector], bool]:
    """The model's curve from our own responses, and its parameters back from a finely sampled one."""

    def check(given: Vector, wanted: Vector) -> bool:
        times = np.arange(0.0, 5.0 + FINE_MIN / 2, FINE_MIN)
        source = input_of(
            times, aif.parker(60.0 * times, given["hematocrit"], delay_s=60.0 * given.get("delay_min", 0.0))
        )
        curve = sum(size * part for size, part in _parts(model, given, source))
        at = [round(t / FINE_MIN) for t in given["time_min"]]
        if not np.allclose(np.asarray(curve)[at], wanted["conc_mM"], rtol=3e-4, atol=1e-6):
            return False
        if given.get("ktrans_per_min") == 0.0:
            return True
        thin = slice(None, None, 10)
        found = tofts.fit(np.asarray(curve)[thin], source.plasma_mmol_per_l[::4][thin], 60.0 * times[thin], model)
        truth = {"ktrans_per_min": "ktrans_per_min", "ve": "ve", "vp": "vp", "ps_per_min": "ps_per_min"}
        return all(
            _near(getattr(found, name), given[key], 0.01)
            for name, key in truth.items()
            if key in given and getattr(found, name) is not None
        )

    return check


def _parts(model: str, given: Vector, source: Any) -> list[tuple[float, Any]]:
    """Amplitudes and curves that add up to the model."""

    def seen(rate: float) -> Any:
        return response_of(source, np.array([rate])).seen(0.0)[0]

    plasma = source.seen(0.0)
    if model in ("tofts", "extended_tofts"):
        k, ve = given["ktrans_per_min"], given["ve"]
        return [(k, seen(k / ve)), (given.get("vp", 0.0), plasma)]
    if model == "patlak":
        return [(given["vp"], plasma), (given["ktrans_per_min"], seen(0.0))]
    flow, ps, vp = given["fp_per_min"], given["ps_per_min"], given["vp"]
    k, out = flow * ps / (flow + ps), (flow + ps) / vp
    if model == "2cum":
        return [(flow - k, seen(out)), (k, seen(0.0))]
    back = ps / given["ve"]
    root = np.sqrt((out + back) ** 2 - 4.0 * back * flow / vp)
    fast, slow = (out + back + root) / 2.0, (out + back - root) / 2.0
    share = (fast - flow / vp) / (fast - slow)
    return [(flow * (1.0 - share), seen(fast)), (flow * share, seen(slow))]


def _concentration(given: Vector, wanted: Vector) -> bool:
    sequence = (given["t10_ms"] / 1000.0, given["tr_ms"] / 1000.0, given["flip_deg"], given["r1_per_mM_per_s"])
    if wanted.get("refuse"):
        return bool(np.isnan(tofts.concentration([1.0, given["signal_ratio"]], *sequence)[1]))
    return np.allclose(tofts.concentration(wanted["signal_ratio"], *sequence), given["conc_mM"], atol=5e-6)


def _enhancement(given: Vector, wanted: Vector) -> bool:
    found = enhancement.fit(given["signal"], given["time_s"], given["n_baseline"])
    return (
        _near(found.peak_percent, wanted["peak_enhancement_percent"])
        and _near(found.time_to_peak_s, wanted["time_to_peak_s"])
        and _near(found.slope_percent_per_s, wanted["wash_in_percent_per_s"])
        and _near(found.wash_out_percent_per_min, wanted["wash_out_percent_per_min"])
        and enhancement.TYPES[int(found.curve_type)] == wanted["curve_type"]
    )


def _near(value: Any, truth: float, relative: float = RELATIVE) -> bool:
    return bool(abs(float(value) - truth) <= relative * abs(truth) + 1e-12)


CHECKS: Mapping[str, Callable[[Vector, Vector], bool]] = {
    "adc_two_point": _adc, "adc_lls": _adc, "ivim": _ivim, "pdff_fit": _pdff, "dixon_2pt_magnitude": _two_point, "vfa_t1": _t1, "vfa_t1_b1": _t1_b1,
    "parker_aif": _aif(aif.parker), "georgiou_aif": _aif(aif.georgiou), "tofts": _kinetics("tofts"), "extended_tofts": _kinetics("extended_tofts"),
    "patlak": _kinetics("patlak"), "2cxm": _kinetics("2cxm"), "2cum": _kinetics("2cum"), "spgr_concentration": _concentration,
    "enhancement_curve": _enhancement,
}  # fmt: skip


def all_vectors() -> list[Row]:
    """Every vector of a model that a map inverts, or whose curve it uses."""
    data = json.loads((reference().parent / "clinical" / "vectors.json").read_text(encoding="utf-8"))
    asked = [vector for vector in data["vectors"] if vector["model"] in CHECKS]
    failed = [vector["id"] for vector in asked if not CHECKS[vector["model"]](vector["inputs"], vector["outputs"])]
    missing = f" (not: {', '.join(failed)})" if failed else ""
    return [all_of(f"vectors of models that a map inverts or uses{missing}", len(asked) - len(failed), len(asked))]
