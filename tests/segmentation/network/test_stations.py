"""Stations of a whole spine as one ("a whole-spine set of stations", "duplicates ... impossible by construction")."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.segmentation import Part, Segmentation
from spinemets.segmentation.network.stations import joined, union


def grid(low: float, length: int, step: float = 1.0) -> Grid:
    affine = np.diag([2.0, 2.0, step, 1.0])
    affine[2, 3] = low
    return Grid(shape_ijk=(20, 20, length), affine_lps_mm=affine)


def part(structure: str, on: Grid, low: float, high: float, *, cut: bool = False, i=(4, 16)) -> Part:
    """A block between two heights, as far as the grid reaches."""
    mask = np.zeros(on.shape_ijk, bool)
    heights = on.to_lps_mm(np.array([[0, 0, k] for k in range(on.shape_ijk[2])]))[:, 2]
    mask[i[0] : i[1], 4:16, (heights >= low) & (heights < high)] = True
    made = Region.from_mask(structure, mask, on)
    flags = ("cut by the border",) if cut else ()
    region = Region(name=structure, mask=made.mask, start_ijk=made.start_ijk, grid=on, flags=flags)
    return Part(structure=structure, level=None, region=region, confidence=0.9)


def station(on: Grid, *parts: Part, source: str = "network on series 1") -> Segmentation:
    return Segmentation(
        grid=on, parts=parts, scheme="network", naming="none", body_only=False, series_uid="1.2", source=source
    )


@pytest.fixture
def two():
    """Upper and lower station, 40 mm of overlap; the vertebra at 90 to 115 is cut in the upper one and whole in the lower."""
    upper, lower = grid(100, 150), grid(0, 140)
    a = station(
        upper, part("vertebra", upper, 150, 180), part("vertebral_body", upper, 150, 180, i=(4, 10)),
        part("vertebra", upper, 90, 115, cut=True), part("vertebral_body", upper, 90, 115, i=(4, 10)),
        part("canal", upper, 0, 300, i=(16, 18)),
    )  # fmt: skip
    b = station(
        lower, part("vertebra", lower, 90, 115), part("vertebral_body", lower, 90, 115, i=(4, 10)),
        part("vertebra", lower, 40, 70), part("vertebral_body", lower, 40, 70, i=(4, 10)),
        part("disc", lower, 70, 90), part("canal", lower, 0, 300, i=(16, 18)), source="network on series 2",
    )  # fmt: skip
    return a, b


def heights(part: Part) -> tuple[float, float]:
    z = part.region.grid.to_lps_mm(part.region.indices)[:, 2]
    return float(z.min()), float(z.max())


def test_one_station_stays_as_it_is(two):
    assert joined(two[:1]) is two[0]


def test_each_vertebra_once_and_whole(two):
    found = joined(two)
    assert sorted(heights(p) for p in found.of("vertebra")) == [(40, 69), (90, 114), (150, 179)]
    assert all(not p.region.flags for p in found.of("vertebra"))
    assert sorted(heights(p) for p in found.of("vertebral_body")) == [(40, 69), (90, 114), (150, 179)]
    assert len(found.of("disc")) == 1


def test_what_the_spine_has_once_is_united(two):
    (canal,) = joined(two).of("canal")
    assert heights(canal) == (0, 249)


def test_the_grid_holds_both_and_says_so(two):
    found = joined(two)
    assert found.grid.shape_ijk == (20, 20, 250)
    assert found.series_uid is None
    assert found.source == "network on series 1; network on series 2"


def test_a_union_keeps_the_axes_of_the_first():
    first, other = grid(100, 50), grid(30, 40, step=2.0)
    made = union([first, other])
    assert np.allclose(made.spacing_mm, first.spacing_mm)
    for one in (first, other):
        inside = made.to_ijk(one.corners_lps_mm)
        assert (inside > -0.5).all() and (inside < np.array(made.shape_ijk) - 0.5).all()
    assert np.allclose((made.to_ijk(first.affine_lps_mm[:3, 3]) + 0.5) % 1, 0.5, atol=1e-6)
