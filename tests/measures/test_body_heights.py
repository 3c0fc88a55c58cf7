"""G-08: distance between endplate surfaces along s at anterior, middle, posterior sixths of depth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.knowledge.catalogue import load
from spinemets.measures.body_heights import measure
from spinemets.model.measurement import Measured, Refused
from spinemets.model.spine import Completeness, Endplates

PARAMETERS = load()["G-08"].values()
SIZE = {"width_mm": 44.0, "depth_mm": 34.0, "voxel_along_s_mm": 1.0, "voxel_across_mm": 1.0}


def plates(
    height=lambda left, anterior: 26.0 + 0 * left, n: tuple[int, int] = (44, 34), depth: float = 34.0
) -> Endplates:
    """Endplates whose distance is a function of the place; the inferior one is flat at -13 mm."""
    step = (44.0 / n[0], depth / n[1])
    left = -22.0 + step[0] * (np.arange(n[0]) + 0.5)
    anterior = -depth / 2 + step[1] * (np.arange(n[1]) + 0.5)
    across, along = np.meshgrid(left, anterior, indexing="ij")
    bottom = np.full(across.shape, -13.0)
    return Endplates(left_mm=left, anterior_mm=anterior, superior_mm=bottom + height(across, along), inferior_mm=bottom)


def run(endplates: Endplates, completeness: Completeness | None = None, size=SIZE, **changes) -> Measured | Refused:
    return measure(
        endplates=endplates,
        completeness=completeness or Completeness(),
        size_mm=size,
        **{**PARAMETERS, **changes},
    )


def value(answer: Measured | Refused, name: str) -> float:
    assert isinstance(answer, Measured)
    return answer.values[name].value


def test_a_flat_body_has_one_height():
    answer = run(plates())
    for name in ("ha_mm", "hm_mm", "hp_mm", "hmin_mm", "h_side_1_mm", "h_side_2_mm"):
        assert value(answer, name) == pytest.approx(26.0)
    assert value(answer, "wedge_deg") == pytest.approx(0.0)


def test_heights_are_medians_over_sixths():
    """A linear wedge: the sixths' middles lie at 5/12 of the depth before and behind the centre."""
    answer = run(plates(lambda left, anterior: 24.0 - 0.2 * anterior))
    reach = 34.0 * 5 / 12
    assert value(answer, "ha_mm") == pytest.approx(24.0 - 0.2 * reach, abs=0.1)
    assert value(answer, "hm_mm") == pytest.approx(24.0, abs=0.1)
    assert value(answer, "hp_mm") == pytest.approx(24.0 + 0.2 * reach, abs=0.1)


@pytest.mark.parametrize("slope", [-0.2, 0.05, 0.3])
def test_wedge_is_positive_where_the_front_is_lower(slope: float):
    answer = run(plates(lambda left, anterior: 24.0 - slope * anterior))
    assert value(answer, "wedge_deg") == pytest.approx(np.degrees(np.arctan(slope)), abs=0.2)


def test_only_the_middle_half_of_the_width_counts():
    """Uncinate processes and lateral osteophytes stand outside the middle half."""
    answer = run(plates(lambda left, anterior: 20.0 + 8.0 * (np.abs(left) > 11.5)))
    assert value(answer, "hm_mm") == pytest.approx(20.0)


def test_sides_in_the_order_of_the_frame_left_first():
    answer = run(plates(lambda left, anterior: 24.0 + 0.1 * left))
    assert value(answer, "h_side_1_mm") > 24.0 > value(answer, "h_side_2_mm")


def test_the_smallest_height_is_found_inside_the_rim():
    notch = run(plates(lambda left, anterior: 26.0 - 9.0 * (np.hypot(left - 5, anterior) < 4)))
    assert value(notch, "hmin_mm") == pytest.approx(17.0)
    edge = run(plates(lambda left, anterior: 26.0 - 9.0 * (np.abs(left) > 20)))
    assert value(edge, "hmin_mm") == pytest.approx(26.0)


@pytest.mark.parametrize(("voxel", "sd"), [(1.0, 0.781), (3.0, 1.616), (0.5, 0.650)])
def test_interval_from_half_a_voxel_and_the_mask_spread(voxel: float, sd: float):
    """FX-01: error by propagation: 0.5 voxel along s, mask spread about 0.6 mm."""
    answer = run(plates(), size={**SIZE, "voxel_along_s_mm": voxel})
    assert isinstance(answer, Measured)
    estimate = answer.values["hm_mm"]
    assert estimate.sd == pytest.approx(sd, abs=1e-3)
    assert estimate.ci95 == pytest.approx((26.0 - 1.96 * sd, 26.0 + 1.96 * sd), abs=2e-3)


def test_a_lateral_cut_leaves_heights_valid_and_is_said():
    """G-02: a lateral cut alone leaves them valid, flagged."""
    answer = run(plates(), Completeness(complete=False, heights_valid=True, notes=("cut at the side",)))
    assert value(answer, "hm_mm") == pytest.approx(26.0)
    assert isinstance(answer, Measured)
    assert answer.notes == ("cut at the side",)


def test_a_cut_endplate_refuses_and_says_which():
    answer = run(plates(), Completeness(complete=False, heights_valid=False, notes=("cuts the superior endplate",)))
    assert isinstance(answer, Refused)
    assert answer.code == "NA-COVERAGE"
    assert "superior" in answer.missing


def test_a_cut_without_words_has_words_all_the_same():
    answer = run(plates(), Completeness(complete=False, heights_valid=False))
    assert isinstance(answer, Refused)
    assert answer.missing


def test_fewer_than_three_slices():
    """FX-01 N/A: < 3 sagittal slices through the body."""
    answer = run(plates(), size={**SIZE, "voxel_across_mm": 20.0})
    assert isinstance(answer, Refused)
    assert answer.code == "NA-RESOLUTION"


def test_an_endplate_that_is_missing_in_front():
    broken = plates()
    surface = broken.superior_mm.copy()
    surface[:, -8:] = np.nan
    answer = run(replace(broken, superior_mm=surface))
    assert isinstance(answer, Refused)
    assert answer.code == "NA-SEGMENTATION"


def test_a_side_that_is_missing_is_left_out():
    broken = plates()
    surface = broken.superior_mm.copy()
    surface[:8] = np.nan
    answer = run(replace(broken, superior_mm=surface))
    assert isinstance(answer, Measured)
    assert "h_side_2_mm" not in answer.values
    assert "h_side_1_mm" in answer.values


def test_a_possible_sacrum_has_no_heights():
    """G-03: flag "possible sacrum", heights not used as reference; they do not repeat, so none are given."""
    answer = run(plates(), size={**SIZE, "possible_sacrum_tilt_deg": 48.0})
    assert isinstance(answer, Refused)
    assert answer.code == "NA-ANATOMY"
    assert "--anchor" in answer.remedy
    assert isinstance(run(plates()), Measured)


def test_every_value_is_in_the_catalogue():
    answer = run(plates())
    assert isinstance(answer, Measured)
    gives = load()["G-08"].gives
    assert set(answer.values) <= set(gives)
    for name, estimate in answer.values.items():
        low, high = gives[name].plausible or (-np.inf, np.inf)
        assert low <= estimate.value <= high


@pytest.mark.parametrize("n", [(22, 17), (88, 68)])
def test_sampling_does_not_change_the_answer(n: tuple[int, int]):
    def shape(left, anterior):
        return 25.0 - 0.15 * anterior - 3.0 * np.clip(1 - (left / 22) ** 2 - (anterior / 17) ** 2, 0, 1)

    coarse, fine = run(plates(shape, n=n)), run(plates(shape))
    for name in ("ha_mm", "hm_mm", "hp_mm"):
        assert value(coarse, name) == pytest.approx(value(fine, name), abs=0.15)


def test_an_empty_map_refuses():
    empty = plates()
    nothing = np.full_like(empty.superior_mm, np.nan)
    assert isinstance(run(replace(empty, superior_mm=nothing)), Refused)
