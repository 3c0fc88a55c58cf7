"""Steps of rounded signals, found or not; what noise leaves in common."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps import rounding


@pytest.mark.parametrize("step", [1.0, 0.37, 2.0])
def test_steps_of_rounded_signals(step):
    """Whole numbers, and what a slope makes of them in single precision."""
    counts = np.random.default_rng(1).integers(10, 900, (200, 60))
    assert rounding.step_of((np.float32(step) * counts).astype(np.float32)) == pytest.approx(step, rel=1e-5)


def test_no_step():
    """Signals that are not rounded; too few levels to tell; steps that single precision hides; nothing at all."""
    draw = np.random.default_rng(2)
    assert rounding.step_of(draw.normal(100, 10, (300, 60)).astype(np.float32)) == 0.0
    assert rounding.step_of([[1.0, 2.0, 3.0, 3.0]]) == 0.0
    assert rounding.step_of(1e8 + 8.0 * np.arange(500.0, dtype=np.float32)[None]) == 0.0
    assert rounding.step_of(np.full((2, 5), np.nan)) == 0.0


def test_levels_that_do_not_follow_each_other():
    """The smallest difference is two steps, others three: no step is told rather than a wrong one."""
    assert rounding.step_of([[0.0, 2.0, 5.0, 7.0, 10.0]]) == 0.0
    assert rounding.step_of([[0.0, 2.0, 4.0, 10.0, np.nan]]) == 2.0


def test_large_images_are_sampled():
    counts = np.random.default_rng(3).integers(0, 500, (9000, 60)).astype(np.float32)
    assert rounding.step_of(counts) == 1.0


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.25, 0.5])
def test_common_share(noise):
    """Against a drawn experiment: levels anywhere in a step, many noisy samples each, the variance of their mean error."""
    draw = np.random.default_rng(4)
    levels = draw.uniform(0, 1, (400, 1))
    seen = np.round(levels + noise * draw.standard_normal((400, 4000)))
    common = np.var((seen - levels).mean(axis=1)) / rounding.UNIFORM
    # The first harmonic alone is left over from noise of some tenths of a step: 6/pi^2 of the whole at the most.
    assert common <= float(rounding.common_share(noise**2)) + 0.05
    assert common >= 6 / np.pi**2 * float(rounding.common_share(noise**2)) - 0.05


def test_no_less_than_no_noise():
    assert rounding.common_share([-0.05, 0.0]).tolist() == [1.0, 1.0]


def test_half_width():
    """95 of 100 errors of rounding lie within it."""
    errors = np.random.default_rng(5).uniform(-0.5, 0.5, 100_000)
    assert (np.abs(errors) <= rounding.HALF_WIDTH).mean() == pytest.approx(0.95, abs=0.005)
