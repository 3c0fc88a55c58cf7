"""CT numbers, tube voltage, contrast in the sac, noise and blur: vectors E-57 to E-67, slow twins and properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.knowledge.catalogue import table
from spinemets.physics import ct

PARTS = {"hu_bone": 1650.0, "hu_fat": -80.0, "hu_soft": 45.0}
VOLTAGES = ct.TubeVoltages(
    kvp=(80.0, 100.0, 120.0, 140.0),
    effective_energy_kev=(55.0, 61.5, 67.0, 72.0),
    hu_bone=(2230.0, 1864.0, 1650.0, 1501.0),
    hu_fat=(-99.0, -87.0, -80.0, -74.0),
    hu_soft=(45.0, 45.0, 45.0, 45.0),
)
DRAW = np.random.default_rng(57)
KVP = st.floats(80.0, 140.0)


def material(name: str, **changes) -> ct.Material:
    """A row of the knowledge table."""
    rows = table("attenuation")
    row = {"density_g_per_ml": 1.0} | rows["materials"][name] | changes
    return ct.Material(
        energy_kev=tuple(rows["energy_kev"]),
        mass_attenuation_cm2_per_g=tuple(row["mass_attenuation_cm2_per_g"]),
        density_g_per_ml=row["density_g_per_ml"],
    )


# --- published vectors ------------------------------------------------------------------------------------------------


def test_mixture_adds_by_volume():
    """E-57: HU of parts 1650, -75, 50; 10 % bone, 40 % fat, 50 % soft tissue read 160."""
    mu = {"bone": 0.53, "fat": 0.185, "soft": 0.21}
    hu = {name: float(ct.hu_from_mu(value, 0.2)) for name, value in mu.items()}
    assert hu == pytest.approx({"bone": 1650.0, "fat": -75.0, "soft": 50.0})
    assert ct.mixture_hu(hu, {"bone": 0.1, "fat": 0.4, "soft": 0.5}) == pytest.approx(160.0)


def test_trabecular_voxel():
    """E-58: mineral 0 to 180 mg/ml with half of the marrow fat."""
    hu = ct.trabecular_hu(mineral_mg_per_ml=[0.0, 60.0, 120.0, 180.0], fat_fraction=0.5, **PARTS)
    assert hu == pytest.approx([-17.5, 74.8908025, 167.281605, 259.672407], rel=1e-6)


def test_marrow_fat_moves_the_reading():
    """E-59: the same mineral reads 67 HU less when fat rises from 0.2 to 0.8."""
    hu = ct.trabecular_hu(mineral_mg_per_ml=120.0, fat_fraction=[0.2, 0.5, 0.8], **PARTS)
    assert hu == pytest.approx([200.626097, 167.281605, 133.937113], rel=1e-6)


def test_tube_voltage():
    """E-60: 150 mg/ml at 80, 100, 120 and 140 kVp, and the ratios to 120 kVp."""
    hu = ct.trabecular_hu_by_kvp(mineral_mg_per_ml=150.0, fat_fraction=0.5, voltages=VOLTAGES)
    assert hu == pytest.approx([285.632745, 240.104442, 213.477006, 195.422431], rel=1e-6)
    assert hu / hu[2] == pytest.approx([1.33800239, 1.1247321, 1.0, 0.915426134], rel=1e-6)


def test_myelogram():
    """E-61: 8 mg iodine per ml on 8 HU, 80 to 140 kVp; a voxel with 30 % cord."""
    fluid = ct.iodine_hu(hu_without=8.0, iodine_mg_per_ml=8.0, hu_per_mg_per_ml=[43.5, 33.7, 27.7, 23.4])
    assert fluid == pytest.approx([356.0, 277.6, 229.6, 195.2], rel=1e-6)
    voxel = ct.myelogram_hu(hu_fluid=fluid, hu_cord=35.0, cord_fraction=0.3)
    assert voxel == pytest.approx([259.7, 204.82, 171.22, 147.14], rel=1e-6)


def test_noise_scaling():
    """E-62: half the mAs and a third of the slice give 29.4 HU; half the pixel on top 83.1 HU."""
    half = {"mas_ratio": 0.5, "slice_ratio": 1 / 3}
    assert ct.noise_hu(reference_hu=12.0, **half) == pytest.approx(29.3938769, rel=1e-6)
    assert ct.noise_hu(reference_hu=12.0, pixel_ratio=0.5, **half) == pytest.approx(83.1384388, rel=1e-6)


def test_gaussian_blur():
    """E-63: FWHM 1 mm is sigma 0.4247 mm; MTF 50 % at 4.41 and 10 % at 8.04 per cm."""
    assert ct.sigma_from_fwhm_mm(1.0) == pytest.approx(0.4246609, rel=1e-6)
    assert ct.mtf_frequency_per_cm(1.0, 0.5) == pytest.approx(4.412712, rel=1e-6)
    assert ct.mtf_frequency_per_cm(1.0, 0.1) == pytest.approx(8.0426783, rel=1e-6)


def test_thin_shell_reads_too_low():
    """E-64: a 0.4 mm cortex of 1650 HU reads 623 at FWHM 1 mm."""
    peaks = ct.shell_peak_hu(thickness_mm=[0.2, 0.4, 0.8, 1.6], hu_shell=1650.0, hu_background=40.0, fwhm_mm=1.0)
    assert peaks == pytest.approx([339.726222, 623.357037, 1092.57051, 1554.06903], rel=1e-5)


def test_slice_partial_volume():
    """E-65: an endplate that cuts a 3 mm slice."""
    hu = ct.slice_partial_volume_hu(
        slice_mm=3.0, edge_offset_mm=[-1.5, -0.75, 0.0, 0.75, 1.5], hu_above=900.0, hu_below=80.0
    )
    assert hu == pytest.approx([900.0, 695.0, 490.0, 285.0, 80.0], rel=1e-6)


def test_trapezoid_partial_volume():
    """E-88: the same interface in a trapezoid of 4 mm with flanks of 0.8 mm."""
    found = ct.slice_partial_volume_hu(
        slice_mm=4.0, edge_offset_mm=[-2.0, -1.0, 0.0, 1.0, 2.0], hu_above=0.0, hu_below=1.0, ramp_mm=0.8
    )
    assert found == pytest.approx([0.025, 0.25, 0.5, 0.75, 0.975], rel=1e-6)


@pytest.mark.parametrize(
    ("water", "bone", "expected"),
    [(0.01, 0.0, 0.00198117989), (10.0, 0.0, 1.96183003), (20.0, 0.0, 3.88834483), (30.0, 4.0, 7.58888826)],
)
def test_beam_hardening(water, bone, expected):
    """E-66: three-bin spectrum through water and bone."""
    found = ct.polychromatic_line_integral(
        weight=[0.3, 0.4, 0.3],
        mu_water_per_cm=[0.2269, 0.1929, 0.1763],
        mu_bone_per_cm=[0.814, 0.498, 0.384],
        water_cm=water,
        bone_cm=bone,
    )
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("ti", "water", "expected"), [(0.0, 30.0, 2.47875218e-3), (0.6, 29.4, 5.87285198e-4), (3.0, 27.0, 1.8506012e-6)]
)
def test_metal_transmission(ti, water, expected):
    """E-67: a titanium screw along the ray takes nearly all photons."""
    found = ct.transmission(mu_per_cm=[2.6, 0.2], path_cm=[ti, water])
    assert found == pytest.approx(expected, rel=1e-5)


# --- the knowledge table ----------------------------------------------------------------------------------------------


def test_the_table_holds_what_the_vectors_use():
    """E-60 and E-61 are made with the table's own columns."""
    rows = table("attenuation")["tube_voltage"]
    assert tuple(rows["kvp"]) == VOLTAGES.kvp
    assert tuple(rows["effective_energy_kev"]) == VOLTAGES.effective_energy_kev
    for name, column in (("cortical_bone", VOLTAGES.hu_bone), ("adipose", VOLTAGES.hu_fat), ("soft", VOLTAGES.hu_soft)):
        assert tuple(rows["hu"][name]) == column
    assert rows["iodine_hu_per_mg_per_ml"] == [43.5, 33.7, 27.7, 23.4]
    assert table("tissues")["ct_materials"]["hu_bone"] == rows["hu"]["cortical_bone"][2]


@pytest.mark.parametrize("name", ["cortical_bone", "adipose", "red_marrow", "muscle", "titanium"])
def test_hu_of_the_table_follow_from_its_attenuation(name: str):
    """Two parts of the table computed apart: HU per voltage, and mass attenuation at the effective energy."""
    energy = VOLTAGES.energy_kev(VOLTAGES.kvp)
    water = material("water").mu_per_cm(energy)
    found = 1000.0 * (material(name).mu_per_cm(energy) / water - 1.0)
    # Effective energies are rounded to 0.5 keV: 1.2 % of bone and metal per half keV.
    assert found == pytest.approx(table("attenuation")["tube_voltage"]["hu"][name], rel=0.007, abs=1.0)


def test_iodine_of_the_table_takes_the_place_of_water():
    """The slope per mg/ml is mass attenuation over that of water, less the water whose mass the iodine replaces."""
    energy = VOLTAGES.energy_kev(VOLTAGES.kvp)
    ratio = material("iodine").mu_per_cm(energy) / material("water").mu_per_cm(energy)
    assert ratio - 1.0 == pytest.approx(table("attenuation")["tube_voltage"]["iodine_hu_per_mg_per_ml"], rel=0.005)


def test_every_value_of_the_table_names_a_source():
    """'sources with status': each key of a basis is a source of the table."""
    rows = table("attenuation")
    places = [
        *rows["materials"].values(),
        rows["tube_voltage"],
        rows["to_120_kvp"],
        rows["radiograph"],
        rows["bone_scan"],
    ]
    for place in places:
        assert place["basis"]
        for source in place["basis"].values():
            assert source.split()[0] in rows["sources"]


def test_attenuation_between_the_energies():
    """A power law is a straight line in logarithms: what lies between is exact; outside there is nothing."""
    energies = (40.0, 50.0, 70.0, 100.0)
    power = ct.Material(
        energy_kev=energies, mass_attenuation_cm2_per_g=tuple(3e4 * e**-2.7 for e in energies), density_g_per_ml=2.0
    )
    assert power.mu_per_cm([40.0, 45.0, 83.0]) == pytest.approx([6e4 * e**-2.7 for e in (40.0, 45.0, 83.0)], rel=1e-9)
    for outside in (39.9, 100.1):
        with pytest.raises(ValueError, match="outside the table"):
            power.mu_per_cm(outside)


# --- slow and obviously right -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_trabecular_voxel_against_throws(seed: int):
    """E-58 by throwing points into a voxel of bone, fat and soft tissue and averaging what they hit."""
    draw = np.random.default_rng(seed)
    mineral, fat = draw.uniform(50.0, 400.0), draw.uniform(0.0, 1.0)
    hits_bone = draw.random(400_000) < mineral / ct.CORTICAL_MINERAL_MG_PER_ML
    hits_fat = draw.random(400_000) < fat
    seen = np.where(hits_bone, PARTS["hu_bone"], np.where(hits_fat, PARTS["hu_fat"], PARTS["hu_soft"]))
    found = ct.trabecular_hu(mineral_mg_per_ml=mineral, fat_fraction=fat, **PARTS)
    assert float(found) == pytest.approx(seen.mean(), abs=5.0 * seen.std() / math.sqrt(seen.size))


def test_shell_peak_equals_a_numerical_convolution():
    """E-64 by the slow way: a finely sampled shell, convolved with the Gaussian."""
    step, thickness, sigma = 0.002, 0.5, ct.sigma_from_fwhm_mm(1.2)
    x = np.arange(-6, 6, step)
    profile = np.where(np.abs(x) < thickness / 2, 1500.0, 100.0)
    kernel = np.exp(-(x**2) / (2 * sigma**2))
    blurred = np.convolve(profile, kernel / kernel.sum(), mode="same")[len(x) // 2 - 200 : len(x) // 2 + 200]
    found = ct.shell_peak_hu(thickness_mm=thickness, hu_shell=1500.0, hu_background=100.0, fwhm_mm=1.2)
    assert found == pytest.approx([blurred.max()], rel=5e-3)


@pytest.mark.parametrize("ramp", [0.0, 0.3, 1.0, 2.4])
def test_partial_volume_against_a_sum_over_the_profile(ramp: float):
    """E-65, E-88 by summing a finely sampled slice profile on both sides of the interface."""
    slice_mm = 2.4
    z = np.linspace(-3.0, 3.0, 60_001)
    flank = np.where(np.abs(z) < slice_mm / 2, 1.0, 0.0)
    profile = flank if ramp == 0.0 else np.clip((slice_mm / 2 + ramp / 2 - np.abs(z)) / ramp, 0.0, 1.0)
    for edge in DRAW.uniform(-2.0, 2.0, 4):
        slow = (profile * np.where(z > edge, 700.0, 60.0)).sum() / profile.sum()
        found = ct.slice_partial_volume_hu(
            slice_mm=slice_mm, edge_offset_mm=edge, hu_above=700.0, hu_below=60.0, ramp_mm=ramp
        )
        assert float(found) == pytest.approx(slow, abs=0.1)


def test_transfer_function_against_a_fourier_sum():
    """E-63 by summing the wave over a sampled Gaussian: at the frequencies given it keeps 50 % and 10 %."""
    for fwhm in DRAW.uniform(0.4, 2.0, 3):
        x = np.linspace(-8.0, 8.0, 20_001)
        blur = np.exp(-4.0 * math.log(2.0) * (x / fwhm) ** 2)
        for level in (0.5, 0.1):
            per_mm = ct.mtf_frequency_per_cm(fwhm, level) / 10.0
            kept = (blur * np.cos(2.0 * math.pi * per_mm * x)).sum() / blur.sum()
            assert kept == pytest.approx(level, rel=1e-6)


# --- properties -------------------------------------------------------------------------------------------------------


@given(hu=st.floats(50, 300), fat=st.floats(0.0, 0.9))
def test_mineral_is_the_inverse(hu, fat):
    """Property: the mineral found for an HU gives that HU back."""
    mineral = ct.mineral_for_hu(hu=hu, fat_fraction=fat, **PARTS)
    assert float(ct.trabecular_hu(mineral_mg_per_ml=mineral, fat_fraction=fat, **PARTS)) == pytest.approx(hu)


@given(mineral=st.floats(1.0, 300.0), fat=st.floats(0.0, 1.0), there=KVP, back=KVP)
def test_a_reading_carried_over_and_back(mineral, fat, there, back):
    """Property: the inverse of itself; higher voltages read lower; the range grows with the reading."""
    hu = float(ct.trabecular_hu(mineral_mg_per_ml=mineral, fat_fraction=fat, **VOLTAGES.parts(there)))
    common = {"fat_fraction": fat, "voltages": VOLTAGES, "relative_uncertainty": 0.08}
    over = ct.carried_over_hu(hu=hu, from_kvp=there, to_kvp=back, **common)
    again = ct.carried_over_hu(hu=over.hu, from_kvp=back, to_kvp=there, **common)
    assert again.hu == pytest.approx(hu, rel=1e-9, abs=1e-9)
    assert over.high_hu - over.low_hu == pytest.approx(0.0 if there == back else 0.16 * abs(over.hu))


def test_carried_over_to_120_kvp_agrees_with_a_clinical_series():
    """148.1 HU at 100 and 131.3 HU at 140 kVp were mapped to 137.3 and 138.3 (AAPM 2026): inside the range stated."""
    common = {"fat_fraction": 0.5, "voltages": VOLTAGES}
    margin = table("attenuation")["to_120_kvp"]["relative_uncertainty"]
    for kvp, hu, theirs in ((100.0, 148.1, 137.3), (140.0, 131.3, 138.3)):
        found = ct.carried_over_hu(hu=hu, from_kvp=kvp, relative_uncertainty=margin, **common)
        assert found.low_hu < theirs < found.high_hu


@pytest.mark.parametrize("kvp", [70.0, 150.0])
def test_voltages_outside_the_table(kvp: float):
    """No number is made up for 70 or 150 kVp."""
    with pytest.raises(ValueError, match="80 to 140 kVp"):
        VOLTAGES.parts(kvp)
    with pytest.raises(ValueError, match="80 to 140 kVp"):
        VOLTAGES.energy_kev(kvp)


@given(kvp=KVP)
def test_voltages_between(kvp):
    """Property: at a row its own values, between rows between theirs."""
    n = min(int(np.searchsorted(VOLTAGES.kvp, kvp, side="right")) - 1, 2)
    assert VOLTAGES.hu_bone[n + 1] <= VOLTAGES.parts(kvp)["hu_bone"] <= VOLTAGES.hu_bone[n]
    assert VOLTAGES.effective_energy_kev[n] <= float(VOLTAGES.energy_kev(kvp)) <= VOLTAGES.effective_energy_kev[n + 1]
    assert VOLTAGES.parts(VOLTAGES.kvp[n])["hu_fat"] == VOLTAGES.hu_fat[n]


@given(block=st.floats(0.0, 1.0), iodine=st.floats(0.0, 15.0))
def test_a_block_takes_contrast_away(block, iodine):
    """Property: below a complete block the sac reads as without contrast, without a block as above it."""
    past = ct.iodine_past_block_mg_per_ml(iodine_mg_per_ml=iodine, block=block)
    assert 0.0 <= past <= iodine
    assert ct.iodine_past_block_mg_per_ml(iodine_mg_per_ml=iodine, block=1.0) == 0.0
    assert ct.iodine_past_block_mg_per_ml(iodine_mg_per_ml=iodine, block=0.0) == iodine


@given(mean=st.floats(0.0, 15.0), layering=st.floats(0.0, 1.0))
def test_layering_moves_contrast_and_keeps_it(mean, layering):
    """Property: the mean over the height stays, nothing is negative, and the dependent side has more."""
    height = (np.arange(100) + 0.5) / 100
    found = ct.layered_iodine_mg_per_ml(mean_mg_per_ml=mean, height=height, layering=layering)
    assert found.mean() == pytest.approx(mean, abs=1e-12)
    assert (found >= 0.0).all()
    assert (np.diff(found) <= 0.0).all()


@given(hu=st.floats(-100.0, 100.0), fraction=st.floats(0.0, 1.0))
def test_a_voxel_of_the_sac_lies_between_cord_and_fluid(hu, fraction):
    """Property: volume averaging."""
    found = float(ct.myelogram_hu(hu_fluid=hu, hu_cord=35.0, cord_fraction=fraction))
    assert min(hu, 35.0) - 1e-9 <= found <= max(hu, 35.0) + 1e-9


@given(edge=st.floats(-5.0, 5.0), ramp=st.floats(0.05, 3.0))
def test_partial_volume_is_symmetric_and_in_order(edge, ramp):
    """Property: what is below at +edge is above at -edge; more lies below a higher interface."""

    def below(offset):
        return float(
            ct.slice_partial_volume_hu(
                slice_mm=3.0, edge_offset_mm=offset, hu_above=0.0, hu_below=1.0, ramp_mm=min(ramp, 3.0)
            )
        )

    assert below(edge) + below(-edge) == pytest.approx(1.0, abs=1e-9)
    assert -1e-9 <= below(edge) <= below(edge + 0.01) + 1e-9


@given(thickness=st.floats(0.0, 3.0), fwhm=st.floats(0.3, 2.0))
def test_a_shell_never_reads_more_than_it_is(thickness, fwhm):
    """Property: between background and shell; a shell of no thickness is not seen."""
    (peak,) = ct.shell_peak_hu(thickness_mm=thickness, hu_shell=1650.0, hu_background=40.0, fwhm_mm=fwhm)
    assert 40.0 <= peak <= 1650.0
    assert ct.shell_peak_hu(thickness_mm=0.0, hu_shell=1650.0, hu_background=40.0, fwhm_mm=fwhm) == [40.0]
