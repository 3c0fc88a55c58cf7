"""ADC: vectors, the second implementation, exactness, noise floor, real images of a phantom."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.maps.adc import distinct, fit
from spinemets.model.errors import UsageError
from spinemets.physics.diffusion import adc_log_linear
from spinemets.physics.rician import rician_moments

B = np.array([50.0, 400.0, 800.0])


def test_two_b_values():
    """E-30, and the order does not matter."""
    found = fit([820.0, 410.0], [50, 800])
    assert found.adc_mm2_per_s == pytest.approx(0.000924196241, rel=1e-6)
    assert found.s0 == pytest.approx(858.781181, rel=1e-6)
    assert found.r_squared == pytest.approx(1.0, abs=1e-6)
    assert fit([410.0, 820.0], [800, 50]).adc_mm2_per_s == pytest.approx(0.000924196241, rel=1e-6)


def test_three_b_values():
    """E-32."""
    found = fit([903.706631, 729.221198, 604.210067], B)
    assert found.adc_mm2_per_s == pytest.approx(0.00053519988, rel=1e-6)
    assert found.s0 == pytest.approx(919.473502, rel=1e-6)


@pytest.mark.parametrize("b", [[800, 800], [0, 0.5], [1000, 1010, 990], [500]])
def test_one_shell_is_refused(b):
    """E-35; what scanners state around one value is one b-value."""
    with pytest.raises(UsageError, match="fewer than two distinct b-values"):
        fit(np.full(len(b), 100.0), b)


def test_distinct_b_values():
    assert distinct([0, 0.001, 0.004, 50, 800, 820]) == 3


@pytest.mark.parametrize("n_b", [2, 3, 5, 8, 16])
@pytest.mark.parametrize("n", [1, 511, 512, 3001])
def test_against_a_slow_reference(n_b, n):
    """Polynomials of the library in double precision, voxel by voxel; chunks and blocks of any size."""
    draw = np.random.default_rng(n)
    b = np.sort(draw.uniform(0, 2000, n_b))
    signal = (
        draw.uniform(1, 4000, (n, 1))
        * np.exp(-b * draw.uniform(-0.2e-3, 3e-3, (n, 1)))
        * draw.uniform(0.8, 1.2, (n, n_b))
    )
    found = fit(signal.astype(np.float32), b)
    logs = np.log(signal.astype(np.float32).astype(float))
    slope, start = np.polyfit(b, logs.T, 1)
    left = logs - (start[:, None] + slope[:, None] * b)
    r_squared = 1 - (left**2).sum(axis=1) / ((logs - logs.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    assert found.valid.all()
    # Rounding of the logarithms, over the spread of the b-values.
    assert found.adc_mm2_per_s == pytest.approx(-slope, rel=2e-6, abs=1e-6 / b.std())
    assert found.s0 == pytest.approx(np.exp(start), rel=2e-6 * (1 + b.max() / b.std()))
    assert found.r_squared == pytest.approx(r_squared, abs=5e-5)


def test_against_the_second_implementation():
    """Shape of images is kept; stored integers and double precision give the same."""
    draw = np.random.default_rng(4)
    signal = (2000 * np.exp(-B * draw.uniform(0.2e-3, 2e-3, (7, 6, 5, 1)))).astype(np.int16)
    other = adc_log_linear(b_s_per_mm2=B, signal=signal)
    for kind in (np.int16, np.uint16, np.float32, np.float64):
        found = fit(signal.astype(kind), B)
        assert found.adc_mm2_per_s.shape == (7, 6, 5)
        assert found.adc_mm2_per_s == pytest.approx(other.adc_mm2_per_s, rel=1e-5, abs=1e-9)


def test_images_stacked_along_the_first_axis():
    """A view with b last gives what a copy gives."""
    draw = np.random.default_rng(6)
    stacked = draw.uniform(100, 1000, (3, 20, 30)).astype(np.float32)
    view = np.moveaxis(stacked, 0, -1)
    assert np.array_equal(fit(view, B).adc_mm2_per_s, fit(view.copy(), B).adc_mm2_per_s)


def test_what_is_not_valid():
    """0, negative, infinite, no number at any b, outside the mask."""
    signal = np.tile(np.float32([900.0, 700, 600]), (12, 1))
    bad = (0.0, -5.0, np.inf, -np.inf, np.nan, -0.0)
    for n, value in enumerate(bad):
        signal[n, n % 3] = value
    mask = np.ones(12, bool)
    mask[-1] = False
    found = fit(signal, B, mask=mask)
    assert found.valid.tolist() == [False] * 6 + [True] * 5 + [False]
    for values in (found.adc_mm2_per_s, found.s0, found.r_squared):
        assert np.isnan(values[~found.valid]).all()
        assert np.isfinite(values[found.valid]).all()


def test_signals_that_do_not_vary():
    """A flat line: ADC 0, explained whole."""
    found = fit(np.full((2, 3), 500.0), B)
    assert found.adc_mm2_per_s == pytest.approx(0.0, abs=1e-12)
    assert found.s0 == pytest.approx(500.0, rel=1e-6)
    assert (found.r_squared == 1.0).all()


def test_the_noise_floor():
    """E-40: what noise lifts to 7.7 at a noise of 5 would read 1.71e-3 for 2.00e-3; it is not valid once the noise is known."""
    b = [0.0, 1500.0]
    mean, _ = rician_moments(nu=[100.0, 100.0 * np.exp(-3.0)], sigma=5.0)
    assert fit(mean, b).adc_mm2_per_s == pytest.approx(0.0017074531, rel=1e-5)
    assert not fit(mean, b, noise_sigma=5.0).valid
    assert fit([100.0, 15.1], b, noise_sigma=5.0).valid


@given(factor=st.floats(1e-3, 1e6), adc=st.floats(-1e-3, 5e-3))
def test_units_of_the_signal_do_not_matter(factor, adc):
    """Property: a factor on all signals changes S0 only."""
    found = fit(factor * np.exp(-B * adc), B)
    assert found.adc_mm2_per_s == pytest.approx(adc, rel=1e-5, abs=3e-9)
    assert found.s0 == pytest.approx(factor, rel=1e-5)


@pytest.mark.parametrize("b", [[0.0, 800.0], [[0.0, 400.0, 800.0]], [0.0, np.nan, 800.0], [0.0, -1.0, 800.0]])
def test_b_values_that_do_not_go_with_the_signals(b):
    with pytest.raises(UsageError, match="one b-value of 0 or more"):
        fit(np.ones((4, 3)), b)


@pytest.mark.parametrize("repeat", ["repeat1", "repeat3"])
def test_the_scanner_s_own_map(shared_data, repeat):
    """Ice-water phantom: median difference from the scanner's ADC of at most 4e-6 mm2/s, all five b-values."""
    import pydicom

    path = shared_data.parent / "reference" / "diffusion_phantom" / f"{repeat}.zip"
    if not path.is_file():
        pytest.skip("reference suites are not here")
    images: dict[float | str, dict[float, np.ndarray]] = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith(".dcm"):
                continue
            ds = pydicom.dcmread(io.BytesIO(archive.read(name)))
            key = (
                "map"
                if int(ds.SeriesNumber) % 1000 == 1 and "ADC" in list(ds.ImageType)
                else float(ds[0x0019, 0x100C].value)
            )
            images.setdefault(key, {})[float(ds.ImagePositionPatient[2])] = ds.pixel_array
    b = sorted(key for key in images if key != "map")
    assert b == [0, 500, 1000, 1500, 2000]
    places = sorted(images["map"])
    signal = np.stack([np.stack([images[one][z] for z in places]) for one in b], axis=-1)
    scanner = 1e-6 * np.stack([images["map"][z] for z in places])
    found = fit(signal, b, mask=scanner > 0)
    assert np.median(np.abs(found.adc_mm2_per_s - scanner)[found.valid]) <= 4e-6


def test_images_stacked_with_their_axes_backwards():
    """Volumes with their first axis running fastest, as files hold them: left where they are, mask and all."""
    draw = np.random.default_rng(7)
    plain = draw.uniform(100, 1000, (5, 6, 7, 3)).astype(np.float32)
    laid = np.empty((3, 7, 6, 5), np.float32).transpose(3, 2, 1, 0)
    laid[...] = plain
    mask = draw.random((5, 6, 7)) < 0.7
    found, other = fit(laid, B, mask=mask), fit(plain, B, mask=mask)
    assert np.array_equal(found.valid, other.valid)
    assert np.array_equal(found.adc_mm2_per_s, other.adc_mm2_per_s, equal_nan=True)
    assert np.array_equal(found.s0, other.s0, equal_nan=True)
