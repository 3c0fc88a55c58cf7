"""What every fit of a map promises, unasked: inputs untouched, the same bits on any number of threads, finite or refused,
any layout of the array, voxels that do not hear of one another, shapes, names with units."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import spinemets.maps
from spinemets.maps import (
    adc,
    blocks,
    enhancement,
    fat_fraction,
    fat_fraction_magnitude,
    inversion_recovery,
    ivim,
    opposed_phase,
    t1,
    tofts,
)
from spinemets.maps.aif import parker
from spinemets.maps.fat_spectrum import modulation
from spinemets.model.errors import UsageError

B = np.array([0.0, 20, 50, 100, 200, 400, 600, 800])
FLIPS = np.array([3.0, 8.0, 15.0, 25.0])
TIMES_S = 5.0 * np.arange(40)
PLASMA = parker(TIMES_S, delay_s=20.0)
INVERSIONS_S = np.array([0.05, 0.2, 0.5, 1.0, 2.0, 3.0])
TE_S = 1e-3 * np.array([1.2, 2.2, 3.2, 4.2, 5.2, 6.2])
N = 40


@dataclass(frozen=True, kw_only=True)
class Door:
    """A fit: how to call it on signals (..., samples), signals that it can fit, and whether it takes a mask."""

    run: Callable[..., Any]
    signals: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
    masked: bool = True
    complex: bool = False


def _diffusion(draw, lead):
    d, f = draw.uniform(0.5e-3, 2e-3, (*lead, 1)), draw.uniform(0.1, 0.3, (*lead, 1))
    clean = 900 * ((1 - f) * np.exp(-d * B) + f * np.exp(-0.03 * B))
    return clean + draw.standard_normal(clean.shape)


def _flips(draw, lead):
    a, e = np.radians(FLIPS), np.exp(-0.006 / draw.uniform(0.3, 2, (*lead, 1)))
    clean = 9000 * np.sin(a) * (1 - e) / (1 - e * np.cos(a))
    return clean + draw.standard_normal(clean.shape)


def _inversions(draw, lead):
    clean = 500 * np.abs(1 - 1.9 * np.exp(-INVERSIONS_S / draw.uniform(0.3, 1.5, (*lead, 1))))
    return clean + draw.standard_normal(clean.shape)


def _tissue(draw, lead):
    rise = np.cumsum(PLASMA) * 5 / 60
    clean = (
        draw.uniform(0.02, 0.2, (*lead, 1)) * rise * np.exp(-TIMES_S / 600) + draw.uniform(0, 0.1, (*lead, 1)) * PLASMA
    )
    return clean + 0.01 * draw.standard_normal(clean.shape)


def _dynamic(draw, lead):
    clean = 100 + draw.uniform(10, 200, (*lead, 1)) * (TIMES_S > 25) * np.exp(-TIMES_S / 900)
    return clean + draw.standard_normal(clean.shape)


def _echoes(draw, lead):
    share = draw.uniform(0.1, 0.9, (*lead, 1))
    clean = 200 * ((1 - share) + share * modulation(TE_S, 3.0)) * np.exp(-60 * TE_S)
    return clean + draw.standard_normal(clean.shape) + 1j * draw.standard_normal(clean.shape)


def _pair(draw, lead):
    return draw.uniform(50, 400, (*lead, 2))


DOORS = {
    "adc": Door(run=lambda s, **k: adc.fit(s, B, **k), signals=_diffusion),
    "ivim": Door(run=lambda s, **k: ivim.fit(s, B, **k), signals=_diffusion),
    "t1 nonlinear": Door(run=lambda s, **k: t1.fit_vfa(s, FLIPS, 0.006, **k), signals=_flips),
    "t1 linear": Door(run=lambda s, **k: t1.fit_vfa(s, FLIPS, 0.006, method="linear", **k), signals=_flips),
    "inversion recovery": Door(run=lambda s, **k: inversion_recovery.fit(s, INVERSIONS_S, **k), signals=_inversions),
    **{
        model: Door(run=lambda s, m=model, **k: tofts.fit(s, PLASMA, TIMES_S, m, **k), signals=_tissue)
        for model in ("tofts", "extended_tofts", "patlak", "2cxm", "2cum")
    },
    "tofts with delay": Door(run=lambda s, **k: tofts.fit(s, PLASMA, TIMES_S, "tofts", "fit", **k), signals=_tissue),
    "enhancement": Door(run=lambda s, **k: enhancement.fit(s, TIMES_S, 4, **k), signals=_dynamic),
    "fat fraction": Door(
        run=lambda s, **k: fat_fraction.fit(s, TE_S, 3.0, neighbours=False, **k), signals=_echoes, complex=True
    ),
    "fat fraction of magnitudes": Door(
        run=lambda s, **k: fat_fraction_magnitude.fit(np.abs(s), TE_S, 3.0, **k), signals=_echoes, complex=True
    ),
    "opposed phase": Door(run=lambda s, **k: opposed_phase.ratio(s[..., 0], s[..., 1], **k), signals=_pair),
}
ALL = pytest.mark.parametrize("name", list(DOORS))


def arrays(found: Any) -> dict[str, np.ndarray]:
    """Every array of a result, those in its dictionaries too."""
    made: dict[str, np.ndarray] = {}
    for field in dataclasses.fields(found):
        value = getattr(found, field.name)
        if isinstance(value, np.ndarray):
            made[field.name] = value
        elif isinstance(value, dict):
            made.update({f"{field.name}.{key}": array for key, array in value.items()})
    return made


def same(one: Any, other: Any) -> None:
    """Two results of the same voxels, bit by bit."""
    first, second = arrays(one), arrays(other)
    assert first.keys() == second.keys()
    for key, array in first.items():
        assert np.array_equal(array, second[key], equal_nan=array.dtype.kind == "f"), key


@ALL
def test_inputs_are_left_alone(name):
    door = DOORS[name]
    signal = door.signals(np.random.default_rng(1), (N,))
    kept = signal.copy()
    signal.setflags(write=False)
    door.run(signal)
    assert np.array_equal(signal, kept)


@ALL
def test_threads_make_no_difference(name, monkeypatch):
    door = DOORS[name]
    signal = door.signals(np.random.default_rng(2), (N,))
    monkeypatch.setattr(blocks.os, "cpu_count", lambda: 1)
    one = door.run(signal)
    monkeypatch.setattr(blocks.os, "cpu_count", lambda: 3)
    same(one, door.run(signal))


@ALL
def test_twice_the_same(name):
    door = DOORS[name]
    signal = door.signals(np.random.default_rng(3), (N,))
    same(door.run(signal), door.run(signal.copy()))


@ALL
def test_voxels_do_not_hear_of_one_another(name):
    """A voxel alone, among others, or in reverse order: the same numbers."""
    door = DOORS[name]
    signal = door.signals(np.random.default_rng(4), (N,))
    together, reverse = arrays(door.run(signal)), arrays(door.run(signal[::-1]))
    alone = arrays(door.run(signal[7:8]))
    for key, array in together.items():
        kind = array.dtype.kind == "f"
        assert np.array_equal(array, reverse[key][::-1], equal_nan=kind), key
        assert np.array_equal(array[7:8], alone[key], equal_nan=kind), key


@ALL
@pytest.mark.parametrize("lead", [(), (1,), (2, 3), (2, 3, 4)])
def test_leading_axes_stay(name, lead):
    door = DOORS[name]
    signal = door.signals(np.random.default_rng(5), lead)
    for key, array in arrays(door.run(signal)).items():
        assert array.shape[: len(lead)] == lead, key
        assert array.ndim <= len(lead) + 1, key


@ALL
def test_any_layout(name):
    """Fortran order, axes turned, a stride of two: the same as a plain copy."""
    door = DOORS[name]
    plain = np.ascontiguousarray(door.signals(np.random.default_rng(6), (4, 5, 3)))
    turned = np.asfortranarray(plain)
    wide = np.zeros((8, 5, 3, plain.shape[-1]), plain.dtype)
    wide[::2] = plain
    for view in (turned, wide[::2], np.moveaxis(np.ascontiguousarray(np.moveaxis(plain, -1, 0)), 0, -1)):
        same(door.run(plain), door.run(view))


@ALL
def test_flipped_images_give_flipped_maps(name):
    door = DOORS[name]
    signal = door.signals(np.random.default_rng(7), (4, 5))
    plain, flipped = arrays(door.run(signal)), arrays(door.run(signal[::-1, ::-1]))
    for key, array in plain.items():
        assert np.array_equal(array, flipped[key][::-1, ::-1], equal_nan=array.dtype.kind == "f"), key


@ALL
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_precision_of_the_input(name, kind):
    """Single and double precision in, single precision out, numbers alike."""
    door = DOORS[name]
    signal = door.signals(np.random.default_rng(8), (N,))
    cast = signal.astype(
        np.complex64 if door.complex and kind is np.float32 else signal.dtype if door.complex else kind
    )
    found, plain = arrays(door.run(cast)), arrays(door.run(signal))
    for key, array in found.items():
        if array.dtype.kind == "f":
            assert array.dtype == np.float32, key
        near = np.isfinite(array.astype(float)) & np.isfinite(plain[key].astype(float))
        if near.any() and "ci95" not in key:
            apart = np.abs(array[near].astype(float) - plain[key][near].astype(float))
            assert np.median(apart / (np.abs(plain[key][near].astype(float)) + 1e-6)) < 1e-3, key


BROKEN = {
    "nothing": 0.0,
    "no number": np.nan,
    "infinite": np.inf,
    "negative": -50.0,
    "constant": 70.0,
    "huge": 1e30,
    "tiny": 1e-30,
}


@ALL
@pytest.mark.parametrize("what", list(BROKEN))
def test_degenerate_voxels(name, what):
    """Never a warning, never a traceback; a voxel between broken ones is what it was."""
    door = DOORS[name]
    signal = door.signals(np.random.default_rng(9), (5,))
    good = arrays(door.run(signal[2:3]))
    signal[[0, 1, 3, 4]] = BROKEN[what]
    found = arrays(door.run(signal))
    for key, array in found.items():
        assert np.array_equal(array[2:3], good[key], equal_nan=array.dtype.kind == "f"), key
    valid = found["valid"]
    if what in ("no number", "infinite"):
        assert not valid[[0, 1, 3, 4]].any()


@ALL
def test_masks(name):
    """What is outside is not valid and not a number; what is inside does not change; a wrong shape is refused."""
    door = DOORS[name]
    signal = door.signals(np.random.default_rng(10), (4, 5))
    mask = np.random.default_rng(11).random((4, 5)) < 0.5
    whole, part = arrays(door.run(signal)), arrays(door.run(signal, mask=mask))
    for key, array in part.items():
        assert np.array_equal(array[mask], whole[key][mask], equal_nan=array.dtype.kind == "f"), key
        if array.dtype.kind == "f":
            assert np.isnan(array[~mask]).all(), key
    assert not part["valid"][~mask].any()
    nowhere = arrays(door.run(signal, mask=np.zeros((4, 5), bool)))
    assert not nowhere["valid"].any()
    with pytest.raises(UsageError, match="mask"):
        door.run(signal, mask=np.ones((5, 4), bool))


@ALL
def test_intervals_hold_their_values(name):
    door = DOORS[name]
    found = door.run(door.signals(np.random.default_rng(12), (N,)))
    intervals = {key: array for key, array in arrays(found).items() if "ci95" in key}
    for key, array in intervals.items():
        fraction = "pdff" if hasattr(found, "pdff") else "fat_fraction_magnitude"
        own = {"ci95": fraction, "ci95_s": "t1_s"}.get(key, key.removeprefix("ci95."))
        value = getattr(found, own, None)
        if value is None:
            continue
        told = np.isfinite(value) & np.isfinite(array).all(axis=-1)
        assert (array[told, 0] <= value[told] + 1e-5 * np.abs(value[told])).all(), key
        assert (value[told] <= array[told, 1] + 1e-5 * np.abs(value[told])).all(), key


def doors_of_the_room() -> list[tuple[str, Callable[..., Any]]]:
    """Every public function of the room's modules for arrays that fits something."""
    found = []
    for module in pkgutil.iter_modules(spinemets.maps.__path__):
        loaded = importlib.import_module(f"spinemets.maps.{module.name}")
        for name in ("fit", "fit_vfa", "ratio"):
            function = getattr(loaded, name, None)
            if inspect.isfunction(function) and function.__module__ == loaded.__name__:
                found.append((f"{module.name}.{name}", function))
    return found


def test_every_door_is_here():
    """A new fit that nobody added to this battery is noticed."""
    covered = {
        "adc.fit",
        "ivim.fit",
        "t1.fit_vfa",
        "inversion_recovery.fit",
        "tofts.fit",
        "enhancement.fit",
        "fat_fraction.fit",
        "fat_fraction_magnitude.fit",
        "opposed_phase.ratio",
    }
    assert {name for name, _ in doors_of_the_room()} == covered


@pytest.mark.parametrize(("name", "function"), doors_of_the_room())
def test_docstrings_say_shapes_units_and_errors(name, function):
    text = inspect.getdoc(function) or ""
    for heading in ("Parameters", "Returns", "Raises"):
        assert f"{heading}\n" in text, name
    assert "shape" in text.lower(), name
    assert "UsageError" in text, name
    result = inspect.signature(function).return_annotation
    assert result, name
