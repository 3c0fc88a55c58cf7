"""Values in order: what is sorted step by step is what sorting all of it gives; quantiles are those of numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.maps import in_order as order
from spinemets.maps.in_order import Sorted, Spread, in_order, quantile, spread

WHOLE = st.lists(st.integers(-40, 60) | st.integers(0, 3) | st.sampled_from([-32768, 32767]), min_size=1, max_size=300)


@given(numbers=WHOLE, kind=st.sampled_from([np.int16, np.int32, np.float32, np.float64]), data=st.data())
def test_whole_numbers_step_by_step(numbers, kind, data):
    """Property: the values and counts of the slow twin, which sorts all, to the last bit, in whatever order they are asked for."""
    values = np.array(numbers, kind)
    found, slow = Spread(values), Sorted(np.sort(spread(values)))
    assert len(found) == len(slow) == len(values)
    every = [slow.at(place) for place in range(len(slow))]
    levels = st.sampled_from([*every, -1.0, 0.0, 0.5, 1.5, 2.25, 1e9]) | st.floats(-2, 70)
    for level in data.draw(st.lists(levels, min_size=5, max_size=20)):
        assert found.up_to(level) == slow.up_to(level)
    for place in data.draw(st.permutations(range(len(slow)))):
        assert found.at(place) == every[place]


def test_whole_numbers_are_spread():
    """Evenly over a step, in the same way each time, never below 0."""
    stored = np.repeat(np.arange(6), 1000)
    one, other = spread(stored), spread(stored)
    assert np.array_equal(one, other) and one.min() >= 0.0
    assert in_order(stored).up_to(2.5) == pytest.approx(3000, abs=1)
    assert len(np.unique(np.round(one, 3))) > 2000
    assert stored[0] == 0 and stored[-1] == 5


def test_what_is_not_stored_in_steps():
    """Fractions are taken as they are; whole numbers beyond 16 bits are spread, and sorted at once."""
    fractions = in_order(np.array([3.5, -1.0, 2.0]))
    assert isinstance(fractions, Sorted) and [fractions.at(n) for n in range(3)] == [-1.0, 2.0, 3.5]
    assert isinstance(in_order(np.array([3, 1, 2])), Spread)
    large = np.array([70_000, 3, -80_000, 5])
    found = in_order(large)
    assert isinstance(found, Sorted)
    assert [found.at(n) for n in range(4)] == np.sort(spread(large)).tolist()
    assert isinstance(in_order(np.array([order.MOST_STEPS - 1, 0])), Spread)
    assert isinstance(in_order(np.array([order.MOST_STEPS, 0])), Sorted)


def test_counts_by_hand():
    found = Sorted(np.array([1.0, 2.0, 2.0, 5.0]))
    assert [found.up_to(level) for level in (0.5, 1.0, 2.0, 4.9, 5.0)] == [0, 1, 3, 3, 4]


@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    share=st.sampled_from([0.0, 0.002, 0.7, 0.95, 1.0]) | st.floats(0, 1),
)
def test_quantiles(values, share):
    """Property: to the last bit."""
    array = np.sort(np.array(values))
    assert quantile(Sorted(array), share) == float(np.quantile(array, share))


def test_steps_are_sorted_when_they_are_asked_for():
    """A count looks at the step of its level and the one after it, no other."""
    found = Spread(np.repeat(np.arange(50), 20))
    found.up_to(7.2)
    assert found._sorted == {7, 8}
    assert quantile(found, 0.5) == pytest.approx(24.5, abs=1.0)
    assert found._sorted <= {7, 8, 24, 25}
