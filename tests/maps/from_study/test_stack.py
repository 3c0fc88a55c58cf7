"""Volumes as one array: order, padding, refusals; small motion is undone, large motion refused."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage

from spinemets.maps.from_study import stack
from spinemets.maps.from_study.how import CannotMap, How
from spinemets.maps.from_study.stack import above_noise, attempt, close_to, counted, each_set, looked_at, named, stacked
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid
from spinemets.model.parametric_map import NotMapped
from spinemets.model.region import Region
from spinemets.model.series import GeometryCheck
from spinemets.model.study_view import SeriesMotion


def test_each_set_is_mapped_or_says_why():
    """Kinds without a maker are not asked; one set's failure leaves the others."""
    study = SimpleNamespace(sets=[SimpleNamespace(kind=kind, name=kind) for kind in ("a", "b", "c", "a")])

    def fails(study, group, how):
        raise CannotMap("Two volumes.", "Give three.")

    found = each_set(study, "t1", {"a": lambda study, group, how: (group.name, how), "b": fails}, How(delay="none"))
    assert [one[0] for one in (found[0], found[2])] == ["a", "a"] and found[0][1].delay == "none" and len(found) == 3
    assert found[1] == NotMapped(kind="t1", source="b", reason="Two volumes.", remedy="Give three.")


def test_what_a_fit_finds_wrong_with_data_is_no_fault_of_the_call():
    def fails():
        raise UsageError("The times do not increase.", "Give others.")

    why = NotMapped(kind="t1", source="series 3", reason="The times do not increase.", remedy="Give others.")
    assert attempt("t1", "series 3", fails) == why and attempt("t1", "series 3", lambda: "map") == "map"


def test_order_and_layout(build):
    study = build([(np.full((4, 5, 3), n, np.int16), {"te_s": 0.002 * n}) for n in (1, 2, 3)])
    found = stacked(study.series[::-1], motion=False)
    assert found.values.shape == (4, 5, 3, 3) and found.values.dtype == np.float32
    assert found.values[0, 0, 0].tolist() == [3.0, 2.0, 1.0]
    assert np.moveaxis(found.values, -1, 0).transpose(0, 3, 2, 1).flags.c_contiguous
    assert found.measured.all() and found.notes == ()


def test_padding_of_any_volume(build):
    padding = np.zeros((4, 5, 3), bool)
    padding[0] = True
    study = build([(np.ones((4, 5, 3)), {}), (np.ones((4, 5, 3)), {"padding": padding})])
    assert (~stacked(study.series, motion=False).measured == padding).all()


def test_measured_lies_as_the_values(build):
    """So that nothing is turned over where both are looked at together."""
    found = stacked(build([(np.ones((4, 5, 3)), {})]).series, motion=False)
    assert found.measured.shape == (4, 5, 3) and found.measured.T.flags.c_contiguous


def test_stored_integers_stay_where_asked_for(build):
    """The same values in half the memory; a volume of another type makes all of them floating point."""
    stored = [np.arange(60, dtype=np.int16).reshape(4, 5, 3) - n for n in range(3)]
    whole = build([(array, {}) for array in stored])
    found, other = stacked(whole.series, motion=False, stored=True), stacked(whole.series, motion=False)
    assert found.values.dtype == np.int16 and other.values.dtype == np.float32
    assert np.array_equal(found.values, other.values)
    assert np.moveaxis(found.values, -1, 0).transpose(0, 3, 2, 1).flags.c_contiguous
    for kind in (np.float32, np.int32, np.uint16):
        for place in range(3):
            arrays = [array.astype(kind) if n == place else array for n, array in enumerate(stored)]
            mixed = stacked(build([(array, {}) for array in arrays]).series, motion=False, stored=True).values
            assert mixed.dtype == np.float32
            assert np.array_equal(mixed, np.stack(arrays, axis=-1).astype(np.float32))
            assert np.moveaxis(mixed, -1, 0).transpose(0, 3, 2, 1).flags.c_contiguous


def test_a_stored_volume_that_moved_is_floating_point(build, monkeypatch):
    images = [(1000 * blob(shift)).astype(np.int16) for shift in (0.0, 1.5)]
    study = build([(image, {}) for image in images])
    monkeypatch.setattr(stack, "of_pair", verdict("moved", 3.0))
    found, other = (stacked(study.series, motion=True, stored=stored).values for stored in (True, False))
    assert found.dtype == np.float32 and np.array_equal(found, other, equal_nan=True)


def test_no_trusted_geometry(build):
    study = build([(np.ones((4, 5, 3)), {}), (np.ones((4, 5, 3)), {})])
    bad = replace(study.series[1], geometry=GeometryCheck(verdict="refused", notes=("tilted",)))
    with pytest.raises(CannotMap, match="series 2") as caught:
        stacked([study.series[0], bad], motion=False)
    assert "tilted" in caught.value.remedy


def test_several_values_a_voxel(build):
    study = build([(np.ones((4, 5, 3, 2)), {})])
    with pytest.raises(CannotMap, match="more than one value"):
        stacked(study.series, motion=False)


def blob(shift=0.0):
    i, j, k = np.mgrid[:40, :40, :12]
    return np.exp(-(((i - 20 - shift) / 6) ** 2 + ((j - 18) / 8) ** 2 + ((k - 6) / 4) ** 2)).astype(np.float32)


def verdict(kind, shift_mm):
    def measured(pair):
        return SeriesMotion(
            reference_uid=pair.reference.uid, moving_uid=pair.moving.uid, verdict=kind, sentence=f"{shift_mm} mm to the left",
            shift_mm=(shift_mm, 0.0, 0.0), rotation_deg=(0.0, 0.0, 0.0), centre_lps_mm=(0.0, 0.0, 0.0), residual_mm=shift_mm,
        )  # fmt: skip

    return measured


def test_small_motion_is_undone(build, monkeypatch):
    """A volume shifted by 3 mm lies where the reference does again, and a note says so."""
    study = build([(blob(), {}), (blob(1.5), {})])
    monkeypatch.setattr(stack, "of_pair", verdict("moved", 3.0))
    found = stacked(study.series, motion=True)
    inside = np.isfinite(found.values[..., 1])
    assert np.abs(found.values[..., 1] - found.values[..., 0])[inside].max() < 0.02
    assert "moved back" in found.notes[0] and "3.0 mm" in found.notes[0]
    assert ndimage.center_of_mass(np.nan_to_num(found.values[..., 1]))[0] == pytest.approx(
        ndimage.center_of_mass(blob())[0], abs=0.05
    )


@pytest.mark.parametrize(
    ("kind", "words"), [("agrees", ()), ("not measured", ("motion of series 2 is not known: 0.2 mm to the left",))]
)
def test_no_motion_or_none_known(build, monkeypatch, kind, words):
    study = build([(blob(), {}), (blob(), {})])
    monkeypatch.setattr(stack, "of_pair", verdict(kind, 0.2))
    found = stacked(study.series, motion=True)
    assert found.notes == words
    assert (found.values[..., 0] == found.values[..., 1]).all()


def test_large_motion_is_refused(build, monkeypatch):
    study = build([(blob(), {}), (blob(), {})])
    monkeypatch.setattr(stack, "of_pair", verdict("refused", 9.0))
    with pytest.raises(CannotMap, match=r"moved between volumes: 9\.0 mm"):
        stacked(study.series, motion=True)


def test_above_noise(build, tissue, rician):
    image = rician(np.where(tissue, 200.0, 0.0), 5.0, 1)
    found = stacked(build([(image, {})]).series, motion=False)
    mask, said = above_noise(found.values[..., 0], found)
    assert mask[tissue].all() and mask[~tissue].mean() < 0.05 and "noise" in said
    flat = stacked(build([(np.full((24, 24, 6), 7.0), {})]).series, motion=False)
    mask, said = above_noise(flat.values[..., 0], flat)
    assert mask.all() and "no noise floor" in said


def test_named_and_counted():
    assert named("Title", "t_s", "s", np.ones(3)).unit == "s"
    assert counted(some_reason=np.array([True, False, True]), none=np.zeros(3, bool)) == {"some reason": 2}


def anatomy(shift_mm=0.0, scale=1.0):
    """A volume with structure at all scales, shifted along i; spacing 2, 2, 4 mm."""
    draw = np.random.default_rng(5)
    rough = ndimage.gaussian_filter(draw.standard_normal((70, 60, 24)), (2.5, 2.5, 1.5))
    rough = (rough - rough.min()) / np.ptp(rough)
    moved = ndimage.shift(rough, (shift_mm / 2.0, 0, 0), order=3, mode="nearest")[5:65, 5:55, 2:22]
    return (1000.0 * scale * moved**2).astype(np.float32)


def test_motion_that_was_measured_is_undone(build):
    """No stand-in: a volume of another contrast, 3 mm off, is found and brought back."""
    frame = {"affine": np.diag([2.0, 2.0, 4.0, 1.0])}
    study = build([(anatomy(), frame), (anatomy(3.0, 0.6), frame)])
    as_it_is = stacked(study.series, motion=False)
    undone = stacked(study.series, motion=True)
    inner = np.s_[8:-8, 8:-8, 3:-3]
    apart = [
        np.nanmean(np.abs(found.values[..., 1] - 0.6 * found.values[..., 0])[inner]) for found in (as_it_is, undone)
    ]
    if not undone.notes:
        pytest.fail("the motion was not noticed")
    assert "moved back" in undone.notes[0] or "not known" in undone.notes[0]
    if "moved back" in undone.notes[0]:
        assert apart[1] < 0.4 * apart[0]


def test_the_reference_may_be_any_volume(build):
    """The chosen volume stays where it is."""
    study = build([(blob(1.0), {}), (blob(), {}), (blob(-1.0), {})])
    found = stacked(study.series, motion=True, reference=1)
    assert (found.values[..., 1] == blob()).all()
    assert found.grid == study.series[1].grid


def test_volumes_are_let_go(build):
    """What a reader keeps is released once it lies in the stack."""
    study = build([(np.ones((4, 5, 3)), {}), (np.ones((4, 5, 3)), {})])
    released = []

    class Kept:
        """A loader that counts."""

        def __init__(self, load):
            self._load = load

        def __call__(self):
            return self._load()

        def release(self):
            released.append(self)

    series = [replace(one, load=Kept(one.load)) for one in study.series]
    stacked(series, motion=False)
    assert len(released) == 2


def test_where_a_slow_fit_looks(build):
    """Boxes around the regions, 20 mm to spare, on whatever grid; everywhere where no region is named."""
    grid = build([(np.ones((40, 40, 12)), {})]).series[0].grid
    assert looked_at(How(), grid).all()
    mask = np.zeros((40, 40, 12), bool)
    mask[20, 20, 6] = True
    near = looked_at(How(within=(Region.from_mask("body", mask, grid),)), grid)
    assert near[10:31, 10:31, 1:12].all() and near.sum() == 21 * 21 * 11
    fine = Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.eye(4))
    far = replace(fine, affine_lps_mm=np.diag([1.0, 1, 1, 1]) + np.array([[0, 0, 0, -9e3], *[[0.0] * 4] * 3]))
    assert not looked_at(How(within=(Region.from_mask("body", np.ones((2, 2, 2), bool), far),)), grid).any()


def test_the_slowest_look_at_the_vertebrae_themselves(build):
    """6 mm around the voxels of the regions: 3 voxels of 2 mm, 1 slice of 4 mm."""
    grid = build([(np.ones((40, 40, 12)), {})]).series[0].grid
    assert close_to(How(), grid).all()
    mask = np.zeros((40, 40, 12), bool)
    mask[20, 20, 6] = True
    near = close_to(How(within=(Region.from_mask("body", mask, grid),)), grid)
    assert near[17, 20, 6] and near[20, 23, 6] and near[20, 20, 7] and near[18, 20, 7]
    assert not near[16, 20, 6] and not near[20, 20, 8] and not near[17, 17, 6]
    nothing = Region.from_mask("body", np.zeros((40, 40, 12), bool), grid)
    assert not close_to(How(within=(nothing,)), grid).any()
