"""Forward-model check of the tissue tables: ratios of one-voxel signals that an edit must keep, at 1.5 T and 3 T.

Each voxel is a water and a fat pool. Numbers are those of the specification, in its rounding; what they stand for was
measured in patients where that is said. Sequences: spin echo 500/10 or 600/10, STIR 4000/168/60 (3 T: 225), fast spin echo
3500/100, spoiled gradient echo in opposed and in phase.
"""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.lookup import table
from spinemets.phantom.tissue.tissues import Tissue, fat_pool_ms, spongiosa, tissue
from spinemets.physics import inversion_recovery, spin_echo

FIELDS = (1.5, 3.0)
GAMMA_BAR_HZ_PER_MS_PER_PPM_T = 42.577478518e-3
# Six peaks of fat: ppm against water, amplitude (Hamilton 2011; the spectrum named in fat_pool).
HAMILTON6 = ((-3.8, 0.088), (-3.4, 0.7), (-2.6, 0.12), (-1.95, 0.006), (-0.5, 0.039), (0.6, 0.047))
STIR_TI_MS = {1.5: 168.0, 3.0: 225.0}
# Opposed, in phase.
ECHOES_MS = {1.5: (2.3, 4.6), 3.0: (1.15, 2.3)}
DIXON, T1_WEIGHTED = (10.0, 3.0), (120.0, 60.0)  # TR in ms, flip in degrees
TRAIN_MS = 16 * 9.0
# Half of the last digit of a ratio of two decimals, and a little.
TWO_DECIMALS = 0.006


def normal(sex: str, decade: int, field_t: float) -> Tissue:
    """Spongy bone at the middle of a decade."""
    return spongiosa(age_years=decade + 5.0, sex=sex, field_t=field_t)


def two_pools(of: Tissue, field_t: float, signal) -> float:
    """Signed sum of water and fat."""
    water, fat = signal(of.t1_ms, of.t2_ms), signal(*fat_pool_ms(field_t))
    return float(sum(spin_echo.two_pool(pd=of.pd, fat_fraction=of.fat_fraction, water=water, fat=fat)))


def t1(of: Tissue, field_t: float, tr_ms: float = 500.0) -> float:
    """Spin echo, TE 10 ms."""

    def signal(t1_ms: float, t2_ms: float):
        return spin_echo.spin_echo(pd=1.0, t1_ms=t1_ms, t2_ms=t2_ms, tr_ms=tr_ms, te_ms=10.0)

    return two_pools(of, field_t, signal)


def stir(of: Tissue, field_t: float) -> float:
    """Magnitude of STIR."""

    def signal(t1_ms: float, t2_ms: float):
        return inversion_recovery.inversion_recovery(
            t1_ms=t1_ms, t2_ms=t2_ms, te_ms=60.0, ti_ms=STIR_TI_MS[field_t], tr_ms=4000.0
        )

    return abs(two_pools(of, field_t, signal))


def t2(of: Tissue, field_t: float) -> float:
    """Fast spin echo; refocused J-coupling lengthens the T2 of fat."""
    longer = table("tissues")["fast_spin_echo_fat_t2_factor"]["value"]
    fat_t1, fat_t2 = fat_pool_ms(field_t)

    def signal(t1_ms: float, t2_ms: float):
        return spin_echo.fast_spin_echo(pd=1.0, t1_ms=t1_ms, t2_ms=t2_ms, tr_ms=3500.0, te_ms=100.0, train_ms=TRAIN_MS)

    parts = spin_echo.two_pool(
        pd=of.pd,
        fat_fraction=of.fat_fraction,
        water=signal(of.t1_ms, of.t2_ms),
        fat=signal(fat_t1, longer * fat_t2),
    )
    return float(sum(parts))


def gradient_echo(of: Tissue, field_t: float, te_ms: float, tr_ms: float, flip_deg: float) -> float:
    """Spoiled gradient echo: ``sin a (1 - E1)/(1 - E1 cos a) exp(-TE/T2*)`` of both pools, fat with six peaks.

    Both pools dephase alike: ``1/T2* = 1/T2 + R2'``.
    """
    flip = np.radians(flip_deg)
    fat_t1, fat_t2 = fat_pool_ms(field_t)
    dephasing_per_ms = 1.0 / of.t2star_ms - 1.0 / of.t2_ms

    def steady(t1_ms: float) -> float:
        left = np.exp(-tr_ms / t1_ms)
        return float(np.sin(flip) * (1.0 - left) / (1.0 - left * np.cos(flip)))

    turns = GAMMA_BAR_HZ_PER_MS_PER_PPM_T * field_t * te_ms
    peaks = sum(a * np.exp(2j * np.pi * turns * ppm) for ppm, a in HAMILTON6)
    water = (1.0 - of.fat_fraction) * steady(of.t1_ms) * np.exp(-te_ms / of.t2star_ms)
    fat = of.fat_fraction * steady(fat_t1) * peaks * np.exp(-te_ms * (1.0 / fat_t2 + dephasing_per_ms))
    return float(abs(water + fat))


def opposed_over_in(of: Tissue, field_t: float, protocol: tuple[float, float]) -> float:
    """Ratio of the first two echoes."""
    opposed, in_phase = (gradient_echo(of, field_t, te, *protocol) for te in ECHOES_MS[field_t])
    return opposed / in_phase


def normals(field_t: float) -> tuple[Tissue, Tissue]:
    """Men in their thirties and women in their sixties: the two hosts of the check."""
    return normal("male", 30, field_t), normal("female", 60, field_t)


def close(*expected: float):
    """Equal in the two decimals of the specification."""
    return pytest.approx(list(expected), abs=TWO_DECIMALS)


# --- T1 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("field_t", "ratios"), [(1.5, (1.57, 1.74)), (3.0, (1.42, 1.59))])
def test_normal_marrow_is_brighter_than_muscle(field_t, ratios):
    """The review: brighter than muscle on T1."""
    muscle = t1(tissue("muscle", field_t), field_t)
    assert [t1(n, field_t) / muscle for n in normals(field_t)] == close(*ratios)


@pytest.mark.parametrize(
    ("field_t", "disc", "ratios"),
    [
        (1.5, "nucleus_healthy", (1.65, 1.82)),
        (1.5, "nucleus_degenerated", (1.80, 1.99)),
        (3.0, "nucleus_healthy", (1.54, 1.73)),
        (3.0, "nucleus_degenerated", (1.66, 1.86)),
    ],
)
def test_normal_marrow_is_brighter_than_disc(field_t, disc, ratios):
    """The review: brighter than disc on T1, healthy or degenerated."""
    of_disc = t1(tissue(disc, field_t), field_t)
    assert [t1(n, field_t) / of_disc for n in normals(field_t)] == close(*ratios)


@pytest.mark.parametrize(("field_t", "ratios"), [(1.5, (0.85, 0.89, 0.97)), (3.0, (0.77, 0.84, 0.90))])
def test_lytic_tumour_is_darker_than_muscle_and_disc(field_t, ratios):
    """The review: abnormal when below muscle and disc on T1."""
    lesion = t1(tissue("lytic_tumour", field_t), field_t)
    others = ("muscle", "nucleus_healthy", "nucleus_degenerated")
    assert [lesion / t1(tissue(other, field_t), field_t) for other in others] == close(*ratios)


@pytest.mark.parametrize(("field_t", "ratios"), [(1.5, (0.49, 0.58)), (3.0, (0.48, 0.59))])
def test_lytic_tumour_over_normal_marrow(field_t, ratios):
    """Women in their sixties to women in their thirties; a mean of 0.58 was measured (MR-T1-03)."""
    lesion = t1(tissue("lytic_tumour", field_t), field_t)
    assert [lesion / t1(normal("female", d, field_t), field_t) for d in (60, 30)] == close(*ratios)


@pytest.mark.parametrize(
    ("name", "field_t", "ratios"),
    [
        ("modic1", 1.5, (0.81, 0.74)),
        ("modic1", 3.0, (0.87, 0.78)),
        ("discitis_marrow", 1.5, (0.62, 0.56)),
        ("discitis_marrow", 3.0, (0.67, 0.60)),
    ],
)
def test_inflamed_marrow_over_normal_marrow(name, field_t, ratios):
    """TR 600: Modic 1 measured 0.83, discitis 0.60 and 0.61, at 3 T (J Clin Med 2020;9:826)."""
    lesion = t1(tissue(name, field_t), field_t, 600.0)
    assert [lesion / t1(n, field_t, 600.0) for n in normals(field_t)] == close(*ratios)


@pytest.mark.parametrize(
    ("field_t", "at_rest", "with_inflow"), [(1.5, (3.5, 3.9), (2.1, 2.3)), (3.0, (3.0, 3.4), (1.8, 2.0))]
)
def test_vertebral_body_over_csf(field_t, at_rest, with_inflow):
    """TR 600: a mean of 2.03 (1.31 to 2.93, n = 36) was measured, hence a tenth of the fluid comes in fresh.

    The fresh tenth takes the place of a tenth at rest.
    """
    csf = tissue("csf", field_t)
    share = table("tissues")["csf_inflow"]["share"]
    rest = t1(csf, field_t, 600.0)
    fresh = csf.pd * float(spin_echo.decay(10.0, csf.t2_ms))
    bodies = [t1(n, field_t, 600.0) for n in normals(field_t)]
    assert [body / rest for body in bodies] == pytest.approx(list(at_rest), abs=0.06)
    flowing = (1.0 - share) * rest + share * fresh
    assert [body / flowing for body in bodies] == pytest.approx(list(with_inflow), abs=0.06)
    # On top of all fluid at rest, instead of a tenth of it, the ratio is 0.11 to 0.14 lower: still as measured.
    assert all(1.6 < body / (rest + share * fresh) < 2.3 for body in bodies)


# --- STIR, T2 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("field_t", "ratio"), [(1.5, 3.5), (3.0, 3.8)])
def test_tumour_is_bright_on_stir(field_t, ratio):
    """Over muscle."""
    found = stir(tissue("lytic_tumour", field_t), field_t) / stir(tissue("muscle", field_t), field_t)
    assert found == pytest.approx(ratio, abs=0.06)


@pytest.mark.parametrize(("field_t", "on_t1", "on_t2"), [(1.5, 0.50, 0.59), (3.0, 0.47, 0.43)])
def test_blastic_tumour_is_dark_on_both(field_t, on_t1, on_t2):
    """Over muscle; the review: dark in every sequence."""
    lesion, muscle = tissue("blastic_tumour", field_t), tissue("muscle", field_t)
    found = [make(lesion, field_t) / make(muscle, field_t) for make in (t1, t2)]
    assert found == close(on_t1, on_t2)


# --- opposed and in phase ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field_t", "protocol", "ratios"),
    [
        (1.5, DIXON, (1.00, 1.00, 0.61, 0.57, 0.58)),
        (3.0, DIXON, (0.98, 0.98, 0.58, 0.56, 0.56)),
        (1.5, T1_WEIGHTED, (0.90, 0.88, 0.09, 0.03, 0.18)),
        (3.0, T1_WEIGHTED, (0.89, 0.86, 0.08, 0.06, 0.18)),
    ],
)
def test_opposed_over_in_phase(field_t, protocol, ratios):
    """Lytic, malignant fracture, benign fracture, oedema, normal women in their thirties; 0.80 divides them in wide use.

    T1 weighting moves marrow through the null, where the ratio hangs on rounding: within 0.01.
    """
    names = ("lytic_tumour", "malignant_fracture", "acute_fracture", "marrow_oedema")
    tissues = [*(tissue(name, field_t) for name in names), normal("female", 30, field_t)]
    found = [opposed_over_in(of, field_t, protocol) for of in tissues]
    assert found == pytest.approx(list(ratios), abs=0.01)
    assert [ratio > 0.8 for ratio in found] == [True, True, False, False, False]


@pytest.mark.parametrize(("name", "contrast"), [("melanoma_melanotic", 0.37), ("hemangioma_typical", 0.34)])
def test_what_is_bright_on_t1(name, contrast):
    """Over women in their sixties at 1.5 T: melanin without fat, hemangioma by its fat (above the 0.25 of MR-T1-05)."""
    host = t1(normal("female", 60, 1.5), 1.5)
    assert t1(tissue(name), 1.5) / host - 1.0 == pytest.approx(contrast, abs=TWO_DECIMALS)


@pytest.mark.parametrize("field_t", FIELDS)
def test_melanin_keeps_its_signal_in_opposed_phase(field_t):
    """Bright without fat."""
    assert opposed_over_in(tissue("melanoma_melanotic", field_t), field_t, DIXON) > 0.95


# --- one pool instead of two ------------------------------------------------------------------------------------------


def one_pool_t1_ms(of: Tissue, field_t: float) -> float:
    """T1 of the single exponential nearest to the inversion recovery of both pools."""
    ti_ms = np.array([50.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0])
    pools = ((1.0 - of.fat_fraction, of.t1_ms), (of.fat_fraction, fat_pool_ms(field_t)[0]))
    measured = sum(share * (1.0 - 2.0 * np.exp(-ti_ms / t)) for share, t in pools)
    tried = np.arange(150.0, 2500.0)
    curves = 1.0 - 2.0 * np.exp(-ti_ms[:, None] / tried)
    scale = curves.T @ measured / np.sum(curves**2, axis=0)
    return float(tried[np.argmin(np.sum((curves * scale - measured[:, None]) ** 2, axis=0))])


def one_pool_t2_ms(of: Tissue, field_t: float) -> float:
    """T2 of the straight line through the logarithms of seven echoes of both pools."""
    te_ms = np.linspace(20.0, 140.0, 7)
    pools = ((1.0 - of.fat_fraction, of.t2_ms), (of.fat_fraction, fat_pool_ms(field_t)[1]))
    measured = sum(share * np.exp(-te_ms / t) for share, t in pools)
    return float(-1.0 / np.polyfit(te_ms, np.log(measured), 1)[0])


def with_bulk(field_t: float) -> list[tuple[Tissue, dict]]:
    """Tissues whose one-pool times are known."""
    rows = table("tissues_normal")["tissues"]
    found = [(tissue(name, field_t), rows[name]["bulk"]) for name in ("muscle", "subcutaneous_fat")]
    marrow = table("tissues_marrow")["spongiosa"]["bulk_30s"]
    return [*found, *((normal(sex, 30, field_t), marrow) for sex in ("male", "female"))]


@pytest.mark.parametrize("field_t", FIELDS)
def test_mixtures_read_like_one_pool(field_t):
    """Both pools together read the one-pool T1 and T2 of the literature within 30 %; muscle and marrow T2 much closer.

    Known misfits: fat is 23 % short in T1 at 1.5 T (so that clinical inversion times null it), marrow 18 % (men) and 30 %
    (women) long in T1 at 3 T.
    """
    column = FIELDS.index(field_t)
    for of, bulk in with_bulk(field_t):
        assert one_pool_t1_ms(of, field_t) == pytest.approx(bulk["t1_ms"][column], rel=0.30), of.name
        assert one_pool_t2_ms(of, field_t) == pytest.approx(bulk["t2_ms"][column], rel=0.30), of.name
        if of.name == "muscle":
            assert one_pool_t1_ms(of, field_t) == pytest.approx(bulk["t1_ms"][column], rel=0.03)
        if of.name == "spongiosa":
            assert one_pool_t2_ms(of, field_t) == pytest.approx(bulk["t2_ms"][column], rel=0.10)


def test_fat_is_shorter_than_bulk_fat():
    """The misfit that is wanted: 245 and 330 ms against 343 and 382 ms."""
    bulk = table("tissues_normal")["tissues"]["subcutaneous_fat"]["bulk"]["t1_ms"]
    ratios = [one_pool_t1_ms(tissue("subcutaneous_fat", f), f) / b for f, b in zip(FIELDS, bulk, strict=True)]
    assert ratios == pytest.approx([0.77, 0.93], abs=0.01)
