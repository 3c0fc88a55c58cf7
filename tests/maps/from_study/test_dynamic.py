"""Enhancement and kinetics of studies: parameters back, baselines, inputs, what the sampling forbids."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.aif import parker
from spinemets.maps.from_study import stack
from spinemets.maps.from_study.dynamic import dce_maps, enhancement_maps
from spinemets.maps.from_study.how import FlipScale, How, Vessel
from spinemets.model.parametric_map import MapResult, NotMapped
from spinemets.model.study_view import SeriesMotion
from spinemets.physics.spgr_concentration import SpoiledEcho, signal_ratio
from spinemets.physics.tissue_kinetics import extended_tofts

SHAPE, N, STEP_S, BEFORE = (12, 12, 4), 50, 5.0, 6
TIMES_S = STEP_S * np.arange(N)
KTRANS, VE, VP = 0.15, 0.3, 0.03
BLOCK = np.s_[3:9, 3:9, :]


def input_curve(step_s=STEP_S):
    return parker(step_s * np.arange(N), delay_s=step_s * (BEFORE - 1))


def dynamic(step_s=STEP_S, given=True, **extra):
    """A dynamic series of tissue in noise, a vessel in a corner of it."""
    minutes = step_s * np.arange(N) / 60
    plasma = input_curve(step_s)
    tissue = np.asarray(
        extended_tofts(time_min=minutes, plasma_mmol_per_l=plasma, ktrans_per_min=KTRANS, ve=VE, vp=VP)
    ).reshape(-1)
    draw = np.random.default_rng(1)
    curves = np.zeros((*SHAPE, N))
    ratio = np.asarray(
        signal_ratio(
            conc_mmol_per_l=tissue, echo=SpoiledEcho(t10_ms=900.0, tr_ms=5.0, flip_deg=15.0, r1_per_mmol_per_s=4.5)
        )
    ).reshape(-1)
    curves[BLOCK] = 300 * ratio
    blood = np.asarray(
        signal_ratio(
            conc_mmol_per_l=plasma * 0.58,
            echo=SpoiledEcho(t10_ms=1440.0, tr_ms=5.0, flip_deg=15.0, r1_per_mmol_per_s=4.5),
        )
    ).reshape(-1)
    curves[3, 3, :] = 200 * blood
    curves = np.abs(curves + 0.5 * (draw.standard_normal(curves.shape) + 1j * draw.standard_normal(curves.shape)))
    facts = {
        "flip_deg": 15.0,
        "tr_s": 0.005,
        "stem": "1.2.7",
        "contrast_agent": True,
        "acquired": "2026-01-02T10:00:00",
        **extra,
    }
    if given:
        facts["contrast_at"] = (
            f"2026-01-02T10:00:{step_s * (BEFORE - 0.5):09.6f}" if step_s * BEFORE < 60 else "2026-01-02T10:01:20"
        )
    return [(curves[..., n], {**facts, "time_s": float(step_s * n)}) for n in range(N)]


def flips(t1_s=0.9):
    e = np.exp(-0.005 / t1_s)
    made = []
    for n, flip in enumerate((3.0, 15.0)):
        a = np.radians(flip)
        image = np.abs(np.random.default_rng(n).standard_normal(SHAPE))
        image[BLOCK] += 20000 * np.sin(a) * (1 - e) / (1 - e * np.cos(a))
        made.append((image, {"flip_deg": flip, "tr_s": 0.005, "contrast_agent": False}))
    return made


@pytest.mark.parametrize("delay", ["none", "fit"])
def test_kinetics(build, delay):
    """T1 from flip angles, population input, extended Tofts: parameters within a few percent."""
    (found,) = dce_maps(build([*flips(), *dynamic()]), How(motion=False, delay=delay))
    assert isinstance(found, MapResult), found
    by_name = {one.name: one.array for one in found.maps}
    inside = np.zeros(SHAPE, bool)
    inside[4:8, 4:8] = True
    for name, truth in (("ktrans_per_min", KTRANS), ("ve", VE), ("vp", VP)):
        assert np.nanmedian(by_name[name][inside]) == pytest.approx(truth, rel=0.12), name
        assert by_name[f"{name}_ci95"].shape == (*SHAPE, 2)
    assert found.inputs["baseline_volumes"] == BEFORE and found.inputs["baseline"] == "from the header"
    assert found.inputs["relaxivity"] == "table kinetics, 1.5 T" and "map of" in found.inputs["t10"]
    assert np.isnan(by_name["ktrans_per_min"][0, 0]).all()


def test_t1_stated_and_baseline_found(build):
    how = How(motion=False, delay="none", t10_s=0.9, relaxivity=4.5)
    (found,) = dce_maps(build(dynamic(given=False)), how)
    assert found.inputs["baseline_volumes"] == BEFORE and "strongest voxels" in found.inputs["baseline"]
    assert found.inputs["relaxivity"] == "stated by the user" and "stated by the user" in found.inputs["t10"]


def test_an_input_measured_in_a_vessel(build):
    study = build(dynamic())
    mask = np.zeros(SHAPE, bool)
    mask[3, 3, :] = True
    how = How(motion=False, delay="none", t10_s=0.9, aif="vessel", vessel=Vessel(mask=mask, grid=study.series[0].grid))
    (found,) = dce_maps(study, how)
    assert "4 vessel voxels" in found.inputs["arterial_input"]
    assert np.array(found.inputs["aif_plasma_mM"]) == pytest.approx(input_curve(), rel=0.4, abs=0.1)
    elsewhere = Vessel(mask=mask[:-1], grid=study.series[0].grid.crop((0, 0, 0), (11, 12, 4)))
    (found,) = dce_maps(study, How(motion=False, t10_s=0.9, aif="vessel", vessel=elsewhere))
    assert isinstance(found, NotMapped) and "another grid" in found.reason
    (found,) = dce_maps(study, How(motion=False, t10_s=0.9, aif="vessel"))
    assert isinstance(found, NotMapped)


@pytest.mark.parametrize(
    ("step_s", "how", "words"),
    [
        (5.0, How(motion=False, t10_s=0.9, model="2cxm"), "plasma flow"),
        (12.0, How(motion=False, t10_s=0.9, model="extended_tofts"), "plasma volume"),
        (5.0, How(motion=False), "T1 before the agent"),
        (5.0, How(motion=False, t10_s=0.9, baseline=99), "99 of 50 volumes"),
    ],
)
def test_refusals(build, step_s, how, words):
    (found,) = dce_maps(build(dynamic(step_s)), how)
    assert isinstance(found, NotMapped) and words in found.reason


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"field_t": 7.0}, "field strength"), ({"tr_s": None}, "TR or flip"), ({"flip_deg": None}, "TR or flip")],
)
def test_headers_that_leave_out(build, fields, words):
    (found,) = dce_maps(build(dynamic(**fields)), How(motion=False, t10_s=0.9))
    assert isinstance(found, NotMapped) and words in found.reason


def test_slow_sampling_has_no_plasma_volume(build):
    (found,) = dce_maps(build(dynamic(12.0)), How(motion=False, t10_s=0.9, delay="none"))
    assert found.inputs["model"] == "tofts" and any("do not tell plasma volume" in note for note in found.notes)


def test_curves(build):
    (found,) = enhancement_maps(build(dynamic()), How(motion=False))
    by_name = {one.name: one.array for one in found.maps}
    assert np.nanmedian(by_name["peak_percent"][4:8, 4:8]) > 50
    assert set(np.unique(by_name["curve_type"][4:8, 4:8])) <= {1, 2, 3, 4, 5}
    assert np.nanmedian(by_name["arrival_s"][4:8, 4:8]) == pytest.approx(TIMES_S[BEFORE], abs=2 * STEP_S)


def test_times_that_are_not_stated(build):
    parts = [(image, {**facts, "time_s": None, "acquired": None, "contrast_at": None}) for image, facts in dynamic()]
    (found,) = enhancement_maps(build(parts), How(motion=False))
    assert isinstance(found, NotMapped) and "times of the volumes" in found.reason


@pytest.mark.parametrize(("sigma", "told"), [(1.0, True), (30.0, False)])
def test_noise_does_not_decide_a_type(build, tissue, rician, sigma, told):
    """The largest of many noisy points lies above the end of a plateau, which then seems to wash out (type D for C)."""
    curve = np.interp(TIMES_S, (30, 70, 250), (300, 600, 600))
    facts = {"flip_deg": 15.0, "tr_s": 0.005, "kind": "dce", "stem": "1.2.9", "contrast_at": "2026-01-02T10:00:27"}
    facts["acquired"] = "2026-01-02T10:00:00"
    study = build(
        [(rician(x * tissue, sigma, seed=n), {**facts, "time_s": float(TIMES_S[n])}) for n, x in enumerate(curve)]
    )
    (found,) = enhancement_maps(study, How(motion=False, baseline=BEFORE))
    types = next(one.array for one in found.maps if one.name == "curve_type")[tissue]
    assert (set(np.unique(types)) == {3}) if told else (not types.any())
    assert any("noise would decide the type" in note for note in found.notes)


def test_before_and_after(build, tissue, rician):
    spin_echo = {"tr_s": 0.6, "te_s": 0.01, "scanning_sequence": ("SE",), "flip_deg": 90.0}
    before = (rician(np.where(tissue, 200.0, 0), 3.0, 1), {**spin_echo, "kind": "t1", "contrast_agent": False})
    after = (rician(np.where(tissue, 320.0, 0), 3.0, 2), {**spin_echo, "kind": "t1_gd", "contrast_agent": True})
    (found,) = enhancement_maps(build([before, after]), How(motion=False))
    assert np.nanmedian(found.maps[0].array[tissue]) == pytest.approx(60.0, abs=1.0)
    assert any("receiver gain" in note for note in found.notes)


@pytest.mark.parametrize(
    ("step", "asked", "model"),
    [
        (1.5, None, "extended_tofts"),
        (1.5, "2cxm", "2cxm"),
        (5.0, "patlak", "patlak"),
        (11.0, None, "tofts"),
        (11.0, "tofts", "tofts"),
    ],
)
def test_models_that_the_sampling_allows(step, asked, model):
    from spinemets.maps.from_study.dynamic import _model

    chosen, notes = _model(How(model=asked), step * np.arange(30))
    assert chosen == model
    assert bool(notes) == (asked is None and model == "tofts")


@pytest.mark.parametrize(("field_t", "value"), [(1.5, 4.5), (1.494, 4.5), (3.0, 4.1), (2.89, 4.1)])
def test_relaxivity_by_field(field_t, value):
    from spinemets.maps.from_study.dynamic import _by_field

    found, said = _by_field("relaxivities_per_mM_per_s", field_t, None)
    assert found == value and said.startswith("table kinetics")
    assert _by_field("relaxivities_per_mM_per_s", None, 3.3) == (3.3, "stated by the user")


def test_the_rise_of_the_strongest_voxels(build):
    """The number of volumes before the curve leaves its start, whatever lies still beside it."""
    from spinemets.maps.from_study.dynamic import _before_rise
    from spinemets.maps.from_study.stack import stacked

    study = build(dynamic(given=False))
    assert _before_rise(stacked(study.series, motion=False)) == BEFORE


def test_georgiou_is_another_input(build):
    study = build(dynamic())
    one, other = (
        dce_maps(study, How(motion=False, delay="none", t10_s=0.9, aif=name))[0].inputs["aif_plasma_mM"]
        for name in ("parker", "georgiou")
    )
    assert one != other and max(other) > 2.0


def test_every_map_has_its_interval(build):
    (found,) = dce_maps(build(dynamic()), How(motion=False, delay="none", t10_s=0.9))
    names = [one.name for one in found.maps]
    for name in ("ktrans_per_min", "ve", "vp", "kep_per_min"):
        assert names.index(f"{name}_ci95") == names.index(name) + 1
    assert names[-1] == "delay_s"
    assert "least squares" in found.method and found.kind == "dce"


def test_baseline_of_a_header_that_lies(build):
    """An injection after the last volume leaves no curve: refused, with the number."""
    parts = [(image, {**facts, "contrast_at": "2026-01-02T11:00:00"}) for image, facts in dynamic()]
    (found,) = dce_maps(build(parts), How(motion=False, t10_s=0.9))
    assert isinstance(found, NotMapped) and "50 of 50 volumes" in found.reason and "--baseline" in found.remedy


def test_three_angles_tell_how_sure_t1_is(build):
    """T1 of three angles brings its interval along: that of Ktrans is wider than with T1 as stated."""
    e = np.exp(-0.005 / 0.9)
    made = []
    for n, flip in enumerate((3.0, 8.0, 15.0)):
        a = np.radians(flip)
        image = np.abs(np.random.default_rng(n).standard_normal(SHAPE))
        image[BLOCK] += 3000 * np.sin(a) * (1 - e) / (1 - e * np.cos(a))
        made.append((image, {"flip_deg": flip, "tr_s": 0.005, "contrast_agent": False}))
    how = How(motion=False, delay="none")
    (unsure,) = dce_maps(build([*made, *dynamic()]), how)
    (sure,) = dce_maps(build(dynamic()), How(motion=False, delay="none", t10_s=0.9))
    widths = []
    for found in (unsure, sure):
        interval = next(one.array for one in found.maps if one.name == "ktrans_per_min_ci95")
        widths.append(float(np.nanmedian(np.diff(interval[4:8, 4:8], axis=-1))))
    assert widths[0] > 1.05 * widths[1]
    assert "two angles" not in unsure.inputs["t10"]


def test_flip_angles_scaled_by_a_map(build):
    """Headers that state a quarter more than was played: with the map the parameters are right; without it there is none of T1."""
    parts = [(image, {**facts, "flip_deg": facts["flip_deg"] / 0.8}) for image, facts in (*flips(), *dynamic())]
    study = build(parts)
    scale = np.full(SHAPE, 0.8, np.float32)
    scale[7:] = np.nan
    how = How(motion=False, delay="none", b1=FlipScale(values=scale, grid=study.series[0].grid))
    (found,), (plain,) = dce_maps(study, how), dce_maps(study, How(motion=False, delay="none"))
    right, wrong = (next(m.array for m in one.maps if m.name == "ktrans_per_min") for one in (found, plain))
    assert np.nanmedian(right[4:7, 4:8]) == pytest.approx(KTRANS, rel=0.12)
    assert abs(np.nanmedian(wrong[4:7, 4:8]) / KTRANS - 1) > 0.15
    assert np.isnan(right[7:]).all()
    assert any("scaled by the map of B1" in note for note in found.notes)
    assert any("no map of B1" in note for note in plain.notes)


def test_an_input_in_a_vessel_takes_its_own_angle(build):
    parts = [(image, {**facts, "flip_deg": facts["flip_deg"] / 0.8}) for image, facts in dynamic()]
    study = build(parts)
    mask = np.zeros(SHAPE, bool)
    mask[3, 3, :] = True
    grid = study.series[0].grid
    b1 = FlipScale(values=np.full(SHAPE, 0.8, np.float32), grid=grid)
    how = How(motion=False, delay="none", t10_s=0.9, aif="vessel", vessel=Vessel(mask=mask, grid=grid), b1=b1)
    (found,) = dce_maps(study, how)
    assert np.array(found.inputs["aif_plasma_mM"]) == pytest.approx(input_curve(), rel=0.4, abs=0.1)


@pytest.fixture
def verdicts(monkeypatch):
    """Function: what the motion of each later volume is said to be; the numbers of those looked at are kept."""
    asked = []

    def say(verdict):
        def of(pair):
            asked.append((pair.reference.number, pair.moving.number))
            sentence = f"series {pair.moving.number}: a few millimetres"
            return SeriesMotion(reference_uid="a", moving_uid="b", verdict=verdict, sentence=sentence)

        monkeypatch.setattr(stack, "of_pair", of)
        return asked

    return say


def test_motion_is_looked_at_in_the_middle_and_at_the_end(build, verdicts):
    asked = verdicts("agrees")
    (found,) = enhancement_maps(build(dynamic()), How())
    assert asked == [(1, 1 + round((N - 1) / 2)), (1, N)]
    assert found.notes[-1] == f"motion was looked at in 2 of {N - 1} later volumes, against the first"


def test_small_motion_is_said_and_nothing_is_moved(build, verdicts):
    still = enhancement_maps(build(dynamic()), How(motion=False))[0]
    verdicts("moved")
    (found,) = enhancement_maps(build(dynamic()), How())
    assert any(f"series {N}: a few millimetres: it was left where it is" in note for note in found.notes)
    assert np.array_equal(found.maps[0].array, still.maps[0].array, equal_nan=True)


def test_large_motion_is_refused(build, verdicts):
    verdicts("refused")
    (found,) = enhancement_maps(build(dynamic()), How())
    assert isinstance(found, NotMapped) and "moved between volumes" in found.reason


def test_motion_that_nothing_tells_is_said(build):
    """The little images of these tests hold too little to register."""
    (found,) = enhancement_maps(build(dynamic()), How())
    assert any("motion is not known of 2 of 2 volumes looked at" in note for note in found.notes)
