"""The signal equations against an obvious slow reference: one magnetisation vector, pulse by pulse, repeat by repeat.

Nothing here uses the package's formulas: relaxation is the exact step of the Bloch equation without field offset, pulses
are rotations, and a sequence is repeated until it repeats itself.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.physics import ct, inversion_recovery, noise, spin_echo

T1 = st.floats(200.0, 3000.0)
T2 = st.floats(20.0, 150.0)


def relaxed(m: np.ndarray, ms: float, t1_ms: float, t2_ms: float) -> np.ndarray:
    """Transverse decay, longitudinal recovery towards 1."""
    across = m[:2] * np.exp(-ms / t2_ms)
    return np.array([*across, 1.0 - (1.0 - m[2]) * np.exp(-ms / t1_ms)])


def pulsed(m: np.ndarray, flip_deg: float, about: str = "x") -> np.ndarray:
    """Rotation about an axis across the field."""
    c, s = np.cos(np.radians(flip_deg)), np.sin(np.radians(flip_deg))
    x, y, z = m
    if about == "x":
        return np.array([x, c * y + s * z, c * z - s * y])
    return np.array([c * x + s * z, y, c * z - s * x])


def spoiled(m: np.ndarray) -> np.ndarray:
    """Gradients at the end of a repeat leave nothing across the field."""
    return np.array([0.0, 0.0, m[2]])


def settled(repeat, n: int = 60) -> float:
    """Signal of the last of many repeats."""
    m, signal = np.array([0.0, 0.0, 1.0]), 0.0
    for _ in range(n):
        m, signal = repeat(m)
    return signal


@settings(max_examples=30)
@given(t1=T1, t2=T2, tr=st.floats(300.0, 4000.0), te=st.floats(5.0, 120.0))
def test_spin_echo(t1: float, t2: float, tr: float, te: float):
    """90, wait TE/2, 180, wait TE/2, read, wait for TR: E-01, E-02 and all others."""

    def repeat(m):
        m = relaxed(pulsed(m, 90.0), te / 2, t1, t2)
        m = relaxed(pulsed(m, 180.0, "y"), te / 2, t1, t2)
        return spoiled(relaxed(m, tr - te, t1, t2)), float(np.hypot(m[0], m[1]))

    found = spin_echo.spin_echo(pd=1.0, t1_ms=t1, t2_ms=t2, tr_ms=tr, te_ms=te)
    assert found == pytest.approx(settled(repeat), rel=1e-6, abs=1e-9)


@settings(max_examples=30)
@given(t1=T1, tr=st.floats(1500.0, 6000.0), ti=st.floats(80.0, 900.0), train=st.floats(0.0, 300.0))
def test_inversion_recovery(t1: float, tr: float, ti: float, train: float):
    """180, wait TI, read, a train that leaves nothing along the field, wait for TR: E-13 to E-15."""

    def repeat(m):
        before = relaxed(spoiled(pulsed(m, 180.0)), ti, t1, 50.0)
        return relaxed(np.zeros(3), tr - ti - train, t1, 50.0), float(before[2])

    found = inversion_recovery.longitudinal(t1_ms=t1, ti_ms=ti, tr_ms=tr, train_ms=train)
    assert found == pytest.approx(settled(repeat), rel=1e-6, abs=1e-9)


@settings(max_examples=30)
@given(t1=T1, tr=st.floats(1000.0, 8000.0), efficiency=st.floats(0.7, 1.0), train=st.floats(0.0, 200.0))
def test_the_null_is_a_null(t1: float, tr: float, efficiency: float, train: float):
    """E-08 to E-12: at the inversion time that nulls a tissue nothing is left, whatever the pulse is worth."""
    ti = inversion_recovery.null_ti_ms(t1_ms=t1, tr_ms=tr, train_ms=train, efficiency=efficiency)
    left = inversion_recovery.longitudinal(t1_ms=t1, ti_ms=ti, tr_ms=tr, train_ms=train, efficiency=efficiency)
    assert left == pytest.approx(0.0, abs=1e-9)
    assert 0 < ti <= t1 * np.log(1 + efficiency) + 1e-9


def test_null_times():
    """E-09 to E-11: fat at 1.5 T and 3 T, with and without an echo train, and with a pulse of 95 %."""
    null = inversion_recovery.null_ti_ms
    assert null(t1_ms=343.0, tr_ms=3000.0) == pytest.approx(237.694937, rel=1e-5)
    assert null(t1_ms=343.0, tr_ms=3000.0, train_ms=150.0) == pytest.approx(237.665019, rel=1e-5)
    assert null(t1_ms=382.0, tr_ms=4000.0, train_ms=120.0, efficiency=0.95) == pytest.approx(255.09674, rel=1e-5)


@settings(max_examples=15, deadline=None)
@given(t1=T1, t2=T2, refocusing=st.floats(60.0, 180.0))
def test_echo_train_against_many_spins(t1: float, t2: float, refocusing: float):
    """E-06 by brute force: 256 spins that precess at their own rate, 90 about x, refocusing about y."""
    echo_ms, n, spins = 9.0, 6, 256
    turns = np.exp(1j * 2 * np.pi * np.arange(spins) / spins)
    across, along = np.full(spins, 1j), np.zeros(spins)
    half2, half1 = np.exp(-echo_ms / 2 / t2), np.exp(-echo_ms / 2 / t1)
    c, s = np.cos(np.radians(refocusing)), np.sin(np.radians(refocusing))
    echoes = []
    for _ in range(n):
        across, along = across * half2 * turns, 1 - (1 - along) * half1
        x, y = across.real, across.imag
        # The excitation lies along y: refocusing turns about y.
        across, along = (c * x + s * along) + 1j * y, c * along - s * x
        across, along = across * half2 * turns, 1 - (1 - along) * half1
        echoes.append(abs(across.mean()))
    found = spin_echo.echo_train(t1_ms=t1, t2_ms=t2, esp_ms=echo_ms, n_echoes=n, refocusing_deg=refocusing)
    assert found == pytest.approx(echoes, rel=2e-3, abs=2e-4)


@pytest.mark.parametrize("nu", [0.0, 0.5, 1.0, 3.0, 10.0])
def test_magnitude_noise_against_throws(nu: float):
    """E-36 by throwing: the magnitude of a complex number with noise in both channels."""
    throws = np.random.default_rng(7).normal(size=(2, 400_000))
    magnitude = np.hypot(nu + throws[0], throws[1])
    mean, sd = noise.rician_moments(nu, 1.0)
    assert magnitude.mean() == pytest.approx(float(mean), abs=0.006)
    assert magnitude.std() == pytest.approx(float(sd), abs=0.006)


def test_a_polychromatic_beam_against_counted_photons():
    """E-66 by counting: photons of each energy that come through, bin by bin."""
    weight, water, bone = [0.3, 0.4, 0.3], [0.2269, 0.1929, 0.1763], [0.814, 0.498, 0.384]
    through = sum(w * np.exp(-20.0 * a - 2.0 * b) for w, a, b in zip(weight, water, bone, strict=True))
    found = ct.polychromatic_line_integral(
        weight=weight, mu_water_per_cm=water, mu_bone_per_cm=bone, water_cm=20.0, bone_cm=2.0
    )
    assert found == pytest.approx(-np.log(through), rel=1e-12)


@given(mineral=st.floats(0.0, 400.0), fat=st.floats(0.0, 1.0), bone=st.floats(1400.0, 2300.0))
def test_mineral_of_a_reading_is_the_mineral_put_in(mineral: float, fat: float, bone: float):
    """E-58 and its inverse."""
    parts = {"hu_bone": bone, "hu_fat": -80.0, "hu_soft": 45.0}
    hu = float(ct.trabecular_hu(mineral_mg_per_ml=mineral, fat_fraction=fat, **parts))
    assert ct.mineral_for_hu(hu=hu, fat_fraction=fat, **parts) == pytest.approx(mineral, abs=1e-6)


@pytest.fixture(scope="module")
def vectors(shared_data):
    """The table of vectors beside the images, by id; skipped where it is absent."""
    path = shared_data.parent / "clinical" / "vectors.json"
    if not path.is_file():
        pytest.skip("the table of physics vectors is not here")
    return {row["id"]: row for row in json.loads(path.read_text())["vectors"]}


class TestTable:
    """The whole table of the models this version has, not only the rows quoted in the other files."""

    def close(self, row, found, name):
        assert found == pytest.approx(row["outputs"][name], rel=row["rel_tolerance"], abs=1e-9), (row["id"], name)

    @pytest.mark.parametrize("name", ["E-01", "E-04"])
    def test_spin_echo(self, vectors, name):
        row = vectors[name]
        self.close(row, spin_echo.spin_echo(**row["inputs"]), "signal")
        self.close(row, spin_echo.spin_echo_simple(**row["inputs"]), "signal_simple")

    @pytest.mark.parametrize("name", ["E-06", "E-07"])
    def test_echo_trains(self, vectors, name):
        given_ = dict(vectors[name]["inputs"])
        given_["n_echoes"] = given_.pop("etl")
        assert given_.pop("excitation_deg") == 90.0
        self.close(vectors[name], spin_echo.echo_train(**given_), "echo_amplitude")

    @pytest.mark.parametrize("name", ["E-08", "E-09", "E-10", "E-11", "E-12"])
    def test_null_times(self, vectors, name):
        given_ = dict(vectors[name]["inputs"])
        given_["efficiency"] = given_.pop("inversion_efficiency")
        self.close(vectors[name], inversion_recovery.null_ti_ms(**given_), "ti_null_ms")

    @pytest.mark.parametrize("name", ["E-13", "E-14", "E-15"])
    def test_inverted_signals(self, vectors, name):
        row = vectors[name]
        timing = row["inputs"]
        for tissue, (pd, t1, t2) in timing["tissues"].items():
            along = inversion_recovery.longitudinal(
                t1_ms=t1, ti_ms=timing["ti_ms"], tr_ms=timing["tr_ms"], train_ms=timing["train_ms"],
                efficiency=timing["inversion_efficiency"],
            )  # fmt: skip
            signal = pd * along * np.exp(-timing["te_ms"] / t2)
            assert signal == pytest.approx(row["outputs"]["signal"][tissue], rel=row["rel_tolerance"]), tissue

    def test_noise_of_magnitudes(self, vectors):
        row = vectors["E-36"]
        mean, sd = noise.rician_moments(row["inputs"]["nu"], row["inputs"]["sigma"])
        self.close(row, mean, "mean")
        self.close(row, sd, "sd")

    def test_blur_and_shell(self, vectors):
        row = vectors["E-64"]
        self.close(row, ct.shell_peak_hu(**row["inputs"]), "hu_peak")
        assert ct.sigma_from_fwhm_mm(vectors["E-63"]["inputs"]["fwhm_mm"]) == pytest.approx(
            vectors["E-63"]["outputs"]["sigma_mm"], rel=1e-6
        )

    def test_chemical_shift(self, vectors):
        row = vectors["E-83"]
        found = [
            noise.chemical_shift_px(field_t=b0, bandwidth_hz_per_px=bw, shift_ppm=row["inputs"]["shift_ppm"])
            for b0, bw in zip(row["inputs"]["b0_t"], row["inputs"]["bandwidth_hz_per_px"], strict=True)
        ]
        self.close(row, found, "shift_px")

    def test_snr(self, vectors):
        row = vectors["E-89"]["inputs"]
        found = noise.snr(
            reference=row["snr_ref"], voxel_ratio=row["voxel_mm3"] / row["voxel_ref_mm3"],
            nex_ratio=row["nex"] / row["nex_ref"], bandwidth_ratio=row["bandwidth_hz"] / row["bandwidth_ref_hz"],
            field_ratio=row["b0_t"] / row["b0_ref_t"],
        )  # fmt: skip
        self.close(vectors["E-89"], found, "snr")
