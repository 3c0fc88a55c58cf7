"""Echoes, flip angles, inversion times, phases and time points: found where one quantity varies, and only there."""

from __future__ import annotations

from spinemets.series.sets import varying
from tests.series.study_builders import stack

GRE = {"scanning_sequence": ("GR",), "tr_s": 0.15, "flip_deg": 60.0}


def echo(n: int, te_ms: float, **facts):
    return stack(n, "t1_gre", **{**GRE, "te_s": te_ms / 1e3, **facts})


def test_echoes_of_gradient_echo_series():
    (found,) = varying.echoes([echo(1, 9.2), echo(2, 4.6), echo(3, 13.8)])
    assert found.kind == "echoes" and found.name == "3 echoes: TE 4.6, 9.2, 13.8 ms"
    assert found.members == ("1.2.2", "1.2.1", "1.2.3")


def test_two_echoes_may_be_in_and_opposed_phase():
    """1.5 T: 2.30 ms opposed, 4.61 ms in phase (MR-GEN-01)."""
    (found,) = varying.echoes([echo(1, 4.61, field_t=1.5), echo(2, 2.3, field_t=1.5)])
    assert found.kind == "in_opposed"
    assert found.varies == ("opposed phase, TE 2.3 ms", "in phase, TE 4.61 ms")
    assert found.notes == ("phases by echo time at 1.5 T",)


def test_opposed_after_in_phase_is_said():
    """3 T: 2.30 ms is in phase; an opposed echo after it has lost signal to decay as well."""
    (found,) = varying.echoes([echo(1, 2.3, field_t=3.0), echo(2, 1.15, field_t=3.0)])
    assert found.varies[0].startswith("opposed")
    late = varying.echoes([echo(1, 4.61, field_t=1.5), echo(2, 2.3, field_t=1.5), echo(3, 6.9, field_t=1.5)])
    assert late[0].kind == "echoes"


def test_spin_echoes_are_one_train_only_if_numbered():
    """A T1 and a T2 that happen to share TR are no echo set."""
    pair = [stack(1, scanning_sequence=("SE",), te_s=0.01), stack(2, scanning_sequence=("SE",), te_s=0.09)]
    assert varying.echoes(pair) == []
    numbered = [stack(n, scanning_sequence=("SE",), te_s=0.02 * n, echo_number=n) for n in (1, 2)]
    assert len(varying.echoes(numbered)) == 1


def test_echoes_need_one_repetition_time():
    assert varying.echoes([echo(1, 4.6), echo(2, 9.2, tr_s=0.2)]) == []


def test_a_doubled_echo_is_said():
    (found,) = varying.echoes([echo(1, 4.6), echo(2, 9.2), echo(3, 9.2)])
    assert found.notes == ("1 of the echo times twice or more",)


def test_fat_and_water_by_image_type():
    parts = [echo(n, 4.6, image_type=("DERIVED", w)) for n, w in enumerate(("W", "F", "IN_PHASE", "OPP_PHASE"), 1)]
    (found,) = varying.fat_water(parts)
    assert found.name == "fat and water: in phase, opposed phase, water, fat"
    (half,) = varying.fat_water(parts[:2])
    assert half.notes == ("no in phase and no opposed phase image",)
    assert varying.fat_water(parts[:1]) == []


def test_two_runs_of_fat_and_water_stay_apart():
    runs = [echo(n, 4.6, image_type=("DERIVED", w)) for n, w in enumerate(("W", "F", "W", "F"), 1)]
    assert [s.members for s in varying.fat_water(runs)] == [("1.2.1", "1.2.2"), ("1.2.3", "1.2.4")]


def test_flip_angles_in_order():
    (found,) = varying.flip_angles([echo(1, 3, flip_deg=15.0), echo(2, 3, flip_deg=2.0)])
    assert found.name == "flip angles 2, 15 degrees" and found.members == ("1.2.2", "1.2.1")
    assert varying.flip_angles([echo(1, 3), echo(2, 3)]) == []


def test_flip_angles_after_contrast_are_said():
    (found,) = varying.flip_angles([echo(n, 3, flip_deg=5.0 * n, contrast_agent=True) for n in (1, 2)])
    assert "not the native one" in found.notes[0]


def test_spin_echo_refocusing_angles_are_no_t1_set():
    assert varying.flip_angles([stack(n, scanning_sequence=("SE",), flip_deg=90.0 * n) for n in (1, 2)]) == []


def test_inversion_times():
    (found,) = varying.inversion_times([stack(n, scanning_sequence=("IR",), ti_s=1.0 / n) for n in (1, 2, 4)])
    assert found.name == "inversion times 250, 500, 1000 ms" and found.varies[0] == "TI 250 ms"
    assert varying.inversion_times([stack(1, ti_s=0.16), stack(2)]) == []


def test_phase_with_its_magnitude():
    (found,) = varying.phase_magnitude([echo(1, 4.6), echo(2, 4.6, complex_component="PHASE")])
    assert found.name == "magnitude and phase: series 1 and 2"
    assert found.varies == ("magnitude, TE 4.6 ms", "phase, TE 4.6 ms")
    (parts,) = varying.phase_magnitude([echo(1, 4, complex_component="REAL"), echo(2, 4, complex_component="PHASE")])
    assert parts.notes == ("no magnitude image",)
    assert varying.phase_magnitude([echo(1, 4.6), echo(2, 9.2)]) == []


def frames(n: int, step_s: float, **facts):
    return [echo(k, 1.2, uid=f"5#{k}", time_s=step_s * (k - 1), **facts) for k in range(1, n + 1)]


def test_volumes_in_time():
    (found,) = varying.dynamic(frames(40, 4.5, acquired="2020-01-01T10:00:00"))
    assert found.name == "40 volumes in time, every 4.5 s, over 175.5 s"
    assert found.varies[0] == "0 s" and found.varies[-1] == "175.5 s"
    assert found.notes == ("baseline unknown: the header does not say when contrast was given",)


def test_time_order_wins_over_numbers():
    volumes = list(reversed(frames(3, 5.0)))
    assert varying.dynamic(volumes)[0].members == ("5#1", "5#2", "5#3")


def test_baseline_is_counted_where_contrast_has_a_time():
    (found,) = varying.dynamic(frames(20, 5.0, acquired="2020-01-01T10:00:00", contrast_at="2020-01-01T10:00:22"))
    assert found.notes == ("contrast at 22 s: 5 volumes before it",)


def test_uneven_steps_are_said():
    volumes = [echo(k, 1.2, uid=f"5#{k}", time_s=t) for k, t in enumerate((0.0, 5.0, 10.0, 40.0), 1)]
    assert varying.dynamic(volumes)[0].notes[0] == "steps differ: 5 to 30 s"


def test_volumes_without_times():
    (found,) = varying.dynamic([echo(k, 1.2, uid=f"5#{k}") for k in (1, 2, 3)])
    assert found.name == "3 volumes in time" and found.notes == ("their times are not stated",)


def test_two_volumes_are_no_time_series():
    assert varying.dynamic(frames(2, 5.0)) == []


def test_separate_series_in_time():
    """Phases sent as series of their own join while they follow each other; a later one does not."""
    series = [echo(k, 1.2, acquired=f"2020-01-01T10:0{k}:00") for k in (1, 2, 3)] + [
        echo(4, 1.2, acquired="2020-01-01T10:20:00")
    ]
    (found,) = varying.dynamic(series)
    assert found.members == ("1.2.1", "1.2.2", "1.2.3")
    assert varying.dynamic([echo(k, 1.2) for k in (1, 2, 3)]) == []
