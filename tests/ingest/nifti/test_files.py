"""NIfTI files: "sform/qform -> LPS; 4-D split; scl_slope; int32 CT data lossless to int16 if range allows"."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spinemets.ingest.read import read
from spinemets.model.errors import UnreadableInput

RAS = np.array([[-0.5, 0, 0, 10], [0, -0.75, 0, 20], [0, 0, 2.0, -30], [0, 0, 0, 1]])


def test_values_axes_and_world(tmp_path, write_nifti, noise):
    """Array axes are those of the file; RAS becomes LPS: x and y change sign."""
    stored = noise(4, 5, 6).astype(np.int16) - 1000
    series = read([write_nifti(tmp_path / "ct scan.nii.gz", stored, RAS)]).series[0]
    volume = series.pixels()
    np.testing.assert_array_equal(volume.array, stored)
    np.testing.assert_allclose(volume.grid.to_lps_mm([1, 2, 3]), [-(10 - 0.5), -(20 - 1.5), -30 + 6], atol=1e-5)
    assert volume.grid.spacing_mm == pytest.approx((0.5, 0.75, 2.0))
    assert series.label == "ct scan" and series.source == "ct scan.nii.gz" and series.sides_known
    assert series.uid.startswith("nifti-") and series.digest[:32] in series.uid
    assert series.n_images == 6 and volume.grid.frame_of_reference_uid is None


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (np.array([-1024, 3071], np.int32), np.int16),
        (np.array([-1024, 70000], np.int32), np.int32),
        (np.array([0, 255], np.uint8), np.int16),
        (np.array([0, 65535], np.uint16), np.int32),
        (np.array([0, 4000], np.uint16), np.int16),
        (np.array([-5, 5], np.int64), np.int16),
        (np.array([0.25, 3.5], np.float32), np.float32),
        (np.array([0.25, 3.5], np.float64), np.float32),
    ],
)
def test_types_are_lossless_and_small(tmp_path, write_nifti, stored, expected):
    """Integers stay integers in the smallest type that holds them; floats become float32."""
    cube = np.resize(stored, (3, 4, 2))
    volume = read([write_nifti(tmp_path / "x.nii", cube, RAS)]).series[0].pixels()
    assert volume.array.dtype == expected
    np.testing.assert_array_equal(volume.array, cube.astype(expected))


@pytest.mark.parametrize(("slope", "inter"), [(2.0, -1000.0), (1.0, -1024.0), (0.5, 0.25)])
def test_scale_of_the_file(tmp_path, write_nifti, slope, inter):
    """scl_slope and scl_inter: stored * slope + inter; whole ones stay integers."""
    stored = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    path = write_nifti(tmp_path / "x.nii.gz", stored, RAS)
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[112:120] = np.array([slope, inter], "<f4").tobytes()
    path.write_bytes(gzip.compress(bytes(raw)))
    volume = read([path]).series[0].pixels()
    assert volume.array.dtype == (np.int16 if slope == 1 else np.float32)
    np.testing.assert_allclose(volume.array, stored * slope + inter)


def test_values_that_are_no_numbers_are_padding(tmp_path, write_nifti):
    """NaN and infinity become a mask; the array itself is finite."""
    stored = np.ones((3, 3, 3), np.float32)
    stored[0, 0, 0], stored[1, 1, 1] = np.nan, np.inf
    volume = read([write_nifti(tmp_path / "x.nii", stored, RAS)]).series[0].pixels()
    assert volume.padding is not None and volume.padding.sum() == 2 and np.isfinite(volume.array).all()


def test_four_dimensions_become_one_series_each(tmp_path, write_nifti, noise):
    """4-D: split by t, named volumes, one digest; a long file is split in numeric order."""
    stored = noise(3, 4, 2, 11).astype(np.int16)
    study = read([write_nifti(tmp_path / "d.nii.gz", stored, RAS)])
    assert [s.label for s in study.series] == [f"d, volume {t}" for t in range(1, 12)]
    for t, series in enumerate(study.series):
        np.testing.assert_array_equal(series.pixels().array, stored[..., t])
    assert len({s.uid for s in study.series}) == 11 and len({s.digest for s in study.series}) == 1


def test_big_endian_nifti2_and_plain(tmp_path, noise):
    """Every byte order and both versions give the same volume."""
    import nibabel as nib

    stored = noise(3, 4, 5).astype(np.int16)
    nib.save(nib.Nifti2Image(stored, RAS), tmp_path / "two.nii")
    big = nib.Nifti1Image(stored.astype(">i2"), RAS, nib.Nifti1Header(endianness=">"))
    nib.save(big, tmp_path / "big.nii")
    for name in ("two.nii", "big.nii"):
        np.testing.assert_array_equal(read([tmp_path / name]).series[0].pixels().array, stored)


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda raw: raw[: len(raw) // 2], "cut off"),
        (lambda raw: raw[:200], "cut off inside the header"),
        (lambda raw: b"\1" * 400, "not a NIfTI file"),
        (lambda raw: raw[:42] + b"\xff\x7f\xff\x7f\xff\x7f" + raw[48:], "cut off: the header claims"),
        (lambda raw: raw[:42] + b"\0\0" + raw[44:], "no valid image size"),
        (lambda raw: raw[:70] + b"\x80\0" + raw[72:], "is not read"),
        (lambda raw: raw[:344] + b"ni1\0" + raw[348:], "two-file"),
        (lambda raw: raw[:40] + b"\5\0" + raw[42:48] + b"\1\0\3\0" + raw[52:], "not a 3-D or 4-D"),
    ],
)
@pytest.mark.parametrize("gz", [False, True])
def test_damaged_files_have_a_line(tmp_path, write_nifti, noise, spoil, word, gz):
    """Refused with a reason before anything is allocated."""
    path = write_nifti(tmp_path / "x.nii", noise(6, 7, 8).astype(np.int16), RAS)
    spoiled = spoil(path.read_bytes())
    path = tmp_path / ("y.nii.gz" if gz else "y.nii")
    path.write_bytes(gzip.compress(spoiled) if gz else spoiled)
    with pytest.raises(UnreadableInput, match=word):
        read([path])


def test_cut_gzip_stream_is_noticed_at_reading(tmp_path, write_nifti, noise):
    """A .nii.gz cut in transfer is refused when it is read, not when it is used."""
    path = write_nifti(tmp_path / "x.nii.gz", noise(20, 20, 20).astype(np.int16), RAS)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(UnreadableInput, match=r"cut off|damaged"):
        read([path])


def test_damage_inside_a_compressed_file_is_an_error_of_ours(tmp_path, write_nifti, noise):
    """A flipped byte that the trailer does not show raises our error when the pixels are read."""
    path = write_nifti(tmp_path / "x.nii.gz", noise(20, 20, 20).astype(np.int16), RAS)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 40] = bytes(40)
    path.write_bytes(bytes(raw))
    series = read([path]).series[0]
    with pytest.raises(UnreadableInput, match=r"x\.nii\.gz is damaged"):
        series.pixels()


def test_copies_of_one_file(tmp_path, write_nifti, noise):
    """The same contents twice is one series and a line."""
    path = write_nifti(tmp_path / "a.nii", noise(4, 4, 4).astype(np.int16), RAS)
    (tmp_path / "b.nii").write_bytes(path.read_bytes())
    study = read([tmp_path])
    assert len(study.series) == 1 and study.unread[0].reason == "copy of a.nii"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), flip=st.booleans())
def test_any_affine_keeps_world_positions(tmp_path_factory, write_nifti, seed, flip):
    """Property: rotation, flip and spacing: LPS = diag(-1, -1, 1) RAS for every voxel."""
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = Rotation.random(rng=rng).as_matrix() * rng.uniform(0.3, 5, 3)
    if flip:
        affine[:3, 0] *= -1
    affine[:3, 3] = rng.uniform(-200, 200, 3)
    path = write_nifti(tmp_path_factory.mktemp("n") / "x.nii", np.ones((4, 5, 6), np.int16), affine)
    grid = read([path]).series[0].grid
    ijk = rng.integers(0, 4, (10, 3))
    ras = ijk @ affine[:3, :3].T + affine[:3, 3]
    np.testing.assert_allclose(grid.to_lps_mm(ijk), ras * [-1, -1, 1], atol=2e-3)


def test_real_torso_ct(shared_data):
    """int32 CT stored as int16, RAS axes, HU -1207..3382."""
    series = read([shared_data / "ct-torso-ts-labelled" / "ct.nii.gz"]).series[0]
    volume = series.pixels()
    assert (volume.array.dtype, volume.array.min(), volume.array.max()) == (np.int16, -1207, 3382)
    assert volume.grid.spacing_mm == pytest.approx((3, 3, 3), abs=1e-4) and series.sides_known


def test_refused_geometry_cannot_be_loaded(tmp_path, write_nifti):
    """No trusted geometry, no volume."""
    sheared = RAS.copy()
    sheared[0, 1] = 0.4
    path = write_nifti(tmp_path / "x.nii", np.ones((3, 4, 5), np.int16), RAS, sform=(sheared, 1), qform=(RAS, 0))
    series = read([path]).series[0]
    with pytest.raises(UnreadableInput, match="no trusted geometry"):
        series.pixels()


def test_too_many_volumes_and_too_large_ones(tmp_path, write_nifti, monkeypatch):
    """Limits of the table, said by name."""
    import dataclasses

    from spinemets.ingest.files import limits as bounds

    path = write_nifti(tmp_path / "x.nii", np.ones((3, 4, 5, 3), np.int16), RAS)
    small = dataclasses.replace(bounds.load(), max_volumes_4d=2)
    monkeypatch.setattr(bounds, "load", lambda: small)
    with pytest.raises(UnreadableInput, match="3 volumes in one file, more than the limit of 2"):
        read([path])
    tiny = dataclasses.replace(small, max_volumes_4d=9, max_volume_mb=0)
    monkeypatch.setattr(bounds, "load", lambda: tiny)
    with pytest.raises(UnreadableInput, match="more than 0 MB"):
        read([path])


def test_two_gzip_members_are_one_file(tmp_path, write_nifti, noise):
    """Parallel compressors write several members: the trailer of the last is not the size of the file."""
    stored = noise(8, 8, 8).astype(np.int16)
    data = write_nifti(tmp_path / "x.nii", stored, RAS).read_bytes()
    (tmp_path / "y.nii.gz").write_bytes(gzip.compress(data[:700]) + gzip.compress(data[700:]))
    np.testing.assert_array_equal(read([tmp_path / "y.nii.gz"]).series[0].pixels().array, stored)


def test_memory_that_runs_out_is_our_error(tmp_path, write_nifti, monkeypatch):
    """Exit code 7, with a sentence."""
    from spinemets.ingest.nifti.voxels import Reader
    from spinemets.model.errors import OutOfResources

    series = read([write_nifti(tmp_path / "x.nii", np.ones((3, 4, 5), np.int16), RAS)]).series[0]

    def full(*_):
        raise MemoryError

    monkeypatch.setattr(Reader, "values", full)
    with pytest.raises(OutOfResources, match=r"Memory ran out while x\.nii"):
        series.pixels()


def test_a_single_slice(tmp_path, write_nifti, noise):
    """A 2-D file is one slice as thick as the file says."""
    stored = noise(6, 7).astype(np.int16)
    volume = read([write_nifti(tmp_path / "x.nii", stored, RAS)]).series[0].pixels()
    assert volume.grid.shape_ijk == (6, 7, 1) and volume.grid.spacing_mm[2] == pytest.approx(2.0)


def changed(path, *patches) -> None:
    """Write bytes into a file: (offset, bytes)."""
    raw = bytearray(path.read_bytes())
    for offset, data in patches:
        raw[offset : offset + len(data)] = data
    path.write_bytes(bytes(raw))


def as_pair(path, *, analyze: bool = False):
    """A single file as `.hdr` and `.img`; `analyze` removes everything only NIfTI says."""
    raw = path.read_bytes()
    head, data = bytearray(raw[:348]), raw[352:]
    head[108:112] = np.float32(0).tobytes()
    head[344:348] = b"ni1\0"
    if analyze:
        head[252:348] = bytes(96)
    path.with_suffix(".hdr").write_bytes(bytes(head))
    path.with_suffix(".img").write_bytes(data)
    path.unlink()
    return path.with_suffix(".hdr")


def test_pair_of_files(tmp_path, write_nifti, noise):
    """`.hdr` and `.img` are one volume, as the single file was; neither half is a line of its own."""
    stored = noise(4, 5, 6).astype(np.int16)
    single = read([write_nifti(tmp_path / "x.nii", stored, RAS)]).series[0]
    array, affine = single.pixels().array.copy(), single.grid.affine_lps_mm
    as_pair(tmp_path / "x.nii")
    study = read([tmp_path])
    (series,) = study.series
    np.testing.assert_array_equal(series.pixels().array, array)
    np.testing.assert_allclose(series.grid.affine_lps_mm, affine)
    assert (study.unread, study.warnings, series.warnings) == ((), (), ())
    assert (series.label, series.source, series.sides_known) == ("x", "x.hdr", True)


def test_pairs_of_one_header_and_other_voxels_are_no_copies(tmp_path, write_nifti, noise):
    """The digest holds both files."""
    for n in (1, 2):
        as_pair(write_nifti(tmp_path / f"{n}.nii", noise(4, 5, 6, seed=n).astype(np.int16), RAS))
    first, second = read([tmp_path]).series
    assert first.digest != second.digest and not np.array_equal(first.pixels().array, second.pixels().array)


def test_half_of_a_pair_has_a_line(tmp_path, write_nifti, noise):
    """A header without voxels is said by name."""
    head = as_pair(write_nifti(tmp_path / "x.nii", noise(4, 5, 6).astype(np.int16), RAS))
    head.with_suffix(".img").unlink()
    with pytest.raises(UnreadableInput, match=r"x\.hdr: two-file NIfTI.*not beside it"):
        read([tmp_path])


def test_analyze_states_no_orientation(tmp_path, write_nifti, noise):
    """Analyze: read, sides unknown and said; the scale factor of SPM is used and said."""
    stored = noise(4, 5, 6).astype(np.int16)
    head = as_pair(write_nifti(tmp_path / "x.nii", stored, RAS), analyze=True)
    changed(head, (112, np.float32(0.5).tobytes()))
    (series,) = read([tmp_path]).series
    assert not series.sides_known and series.measurable
    assert "Analyze file" in series.warnings[0] and "multiplied by 0.5" in series.warnings[1]
    np.testing.assert_allclose(series.pixels().array, stored * 0.5)
    assert series.grid.spacing_mm == pytest.approx((0.5, 0.75, 2.0))


@pytest.mark.parametrize(
    ("code", "bits", "word"),
    [(1, 1, "single bits"), (32, 64, "complex"), (128, 24, "RGB colour"), (2304, 32, "RGBA colour"),
     (1792, 128, "complex"), (1536, 128, "extended"), (999, 16, "NIfTI does not define it")],
)  # fmt: skip
def test_types_that_are_not_read_are_named(tmp_path, write_nifti, code, bits, word):
    """Colour, complex and extended types are refused by name."""
    path = write_nifti(tmp_path / "x.nii", np.ones((4, 5, 6), np.int16), RAS)
    changed(path, (70, np.array([code, bits], "<i2").tobytes()))
    with pytest.raises(UnreadableInput, match=f"voxel type .*{word}.*|{word}"):
        read([path])


@pytest.mark.parametrize("slope", [0.0, np.nan])
def test_no_scale(tmp_path, write_nifti, slope):
    """scl_slope 0 or NaN means that values are as stored, whatever the intercept says."""
    stored = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    path = write_nifti(tmp_path / "x.nii", stored, RAS)
    changed(path, (112, np.array([slope, 7], "<f4").tobytes()))
    np.testing.assert_array_equal(read([path]).series[0].pixels().array, stored)


def test_an_infinite_scale_is_refused(tmp_path, write_nifti):
    """A scale nobody can apply is a line, not a volume of nothing."""
    path = write_nifti(tmp_path / "x.nii", np.ones((2, 3, 4), np.int16), RAS)
    changed(path, (112, np.array([np.inf, 0], "<f4").tobytes()))
    with pytest.raises(UnreadableInput, match="is not finite"):
        read([path])


@pytest.mark.parametrize(("code", "word"), [(1002, "labels"), (3, "statistical test"), (1007, "vectors")])
def test_intents_other_than_an_image_are_said(tmp_path, write_nifti, code, word):
    """A label map or a map of t values says so."""
    path = write_nifti(tmp_path / "x.nii", np.ones((4, 5, 6), np.int16), RAS)
    changed(path, (68, np.array([code], "<i2").tobytes()))
    assert word in read([path]).series[0].warnings[0]


def test_time_step_of_the_header(tmp_path, write_nifti):
    """pixdim[4] with its unit gives the times of the volumes; without a unit there are none."""
    path = write_nifti(tmp_path / "x.nii", np.ones((3, 4, 5, 3), np.int16), RAS)
    assert [s.acquisition.time_s for s in read([path]).series] == [None] * 3
    changed(path, (92, np.float32(2500).tobytes()), (123, bytes([2 | 16])))
    found = [(s.acquisition.time_s, s.acquisition.temporal_position) for s in read([path]).series]
    assert found == [(0.0, 1), (2.5, 2), (5.0, 3)]


def test_volumes_in_any_order(tmp_path, write_nifti, noise):
    """The stream of a compressed 4-D file is shared: every order of reading gives the same voxels."""
    stored = noise(5, 6, 7, 4).astype(np.int16)
    study = read([write_nifti(tmp_path / "x.nii.gz", stored, RAS)])
    for t in (2, 0, 1, 3, 3, 0):
        study.series[t].load.release()
        np.testing.assert_array_equal(study.series[t].pixels().array, stored[..., t])
