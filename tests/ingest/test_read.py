"""`read`: files into a study. Design rule: "nothing is dropped"; G-01: "never from file order"."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spinemets.ingest.options import ReadingOptions
from spinemets.ingest.read import read
from spinemets.model.errors import SeveralStudies, SpinemetsError, UnreadableInput, UsageError


def test_ct_stack_is_sorted_by_position_and_in_hounsfield(tmp_path, write_series, noise, axial_positions):
    """Pixel [r, c] of slice k is array[c, r, k], values are stored * slope + intercept, position from the header."""
    stored = noise(5, 6, 4)
    folder = write_series(tmp_path / "ct", stored, axial_positions(10, 12, 14, 16, 18, x_mm=-20, y_mm=7))
    study = read([folder])
    (series,) = study.series
    volume = series.pixels()
    assert series.geometry.verdict == "ok" and series.n_images == 5 and series.sides_known
    assert volume.array.dtype == np.int16
    assert (volume.quantity, volume.unit) == ("attenuation", "[hnsf'U]")
    np.testing.assert_array_equal(volume.array, stored.transpose(2, 1, 0).astype(np.int16) - 1024)
    np.testing.assert_allclose(volume.grid.to_lps_mm([3, 5, 4]), [-20 + 1.5, 7 + 2.5, 18])
    assert volume.grid.frame_of_reference_uid == "1.2.3.9"
    assert not volume.array.flags.writeable


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), spacing=st.floats(0.3, 6))
def test_world_positions_survive_any_orientation(tmp_path_factory, write_series, noise, seed, spacing):
    """Property: random orientation, shuffled files, random spacing: every voxel keeps its place and value."""
    rng = np.random.default_rng(seed)
    turn = Rotation.random(rng=rng).as_matrix()
    origin, normal = rng.uniform(-200, 200, 3), turn[:, 2]
    stored = noise(4, 5, 3, seed=seed)
    positions = [origin + k * spacing * normal for k in range(4)]
    orientation = [float(f"{v:.10g}") for v in (*turn[:, 0], *turn[:, 1])]
    folder = write_series(
        tmp_path_factory.mktemp("any"), stored, positions, seed,
        ImageOrientationPatient=orientation, PixelSpacing=[0.8, 0.3],
    )  # fmt: skip
    volume = read([folder]).series[0].pixels()
    for k, r, c in ((0, 0, 0), (3, 4, 2), (1, 2, 1)):
        world = positions[k] + turn[:, 0] * c * 0.3 + turn[:, 1] * r * 0.8
        i, j, kk = np.rint(volume.grid.to_ijk(world)).astype(int)
        np.testing.assert_allclose(volume.grid.to_lps_mm([i, j, kk]), world, atol=1e-4)
        assert volume.array[i, j, kk] == int(stored[k, r, c]) - 1024


def test_one_study_of_mixed_series_in_one_folder(tmp_path, write_series, write_nifti, noise, axial_positions):
    """Mixed series, any nesting, any name: each becomes a series; their order is fixed by series number."""
    stored = noise(3, 4, 4)
    write_series(tmp_path / "a" / "b", stored, axial_positions(0, 2, 4), SeriesInstanceUID="1.2.3.40", SeriesNumber=12)
    write_series(
        tmp_path / "z", stored, axial_positions(0, 3, 6), Modality="MR", SeriesInstanceUID="1.2.3.41", SeriesNumber=3,
        EchoTime=10, RepetitionTime=500,
    )  # fmt: skip
    write_nifti(tmp_path / "extra.nii.gz", stored.astype(np.int16), np.diag([-1.0, -1, 2, 1]))
    study = read([tmp_path])
    assert [s.label for s in study.series] == ["series 3", "series 12", "extra"]
    assert [s.number for s in study.series] == [1, 2, 3]
    assert study.uid == "1.2.3" and study.unread == ()
    assert study.warnings == ("NIfTI files name no patient: all images of the input are taken to be of one",)
    assert study.series[0].acquisition.te_s == pytest.approx(0.010)
    assert study.series[0].pixels().quantity == "mr_signal"


def test_patient_facts_without_name(tmp_path, write_image, noise):
    """Age, sex and date are kept, the name is not: "never the name"."""
    study = read([write_image(tmp_path / "x", noise(4, 4))])
    facts = study.patient
    assert (facts.age_years, facts.sex, facts.study_date) == (61.0, "female", "2024-01-02")
    assert facts.pseudonym is not None and facts.pseudonym.startswith("patient-") and len(facts.pseudonym) == 16
    assert "Secret" not in repr(study) and "P1" not in repr(facts)


def test_several_studies_are_listed_and_one_can_be_chosen(tmp_path, write_image, noise):
    """Several studies -> a list without names; a beginning of the uid chooses, the rest becomes a line each."""
    write_image(tmp_path / "a", noise(4, 4), StudyInstanceUID="1.2.3")
    write_image(tmp_path / "b", noise(4, 4, seed=1), StudyInstanceUID="1.9.9", SeriesInstanceUID="1.9")
    with pytest.raises(SeveralStudies) as error:
        read([tmp_path])
    assert "2024-01-02  CT  1 series  1 files  patient-" in str(error.value)
    assert "Secret" not in str(error.value) and error.value.exit_code == 5
    study = read([tmp_path], ReadingOptions(study_uid="1.9"))
    assert study.uid == "1.9.9"
    assert [u.reason for u in study.unread] == ["belongs to another study than the chosen one"]
    with pytest.raises(UsageError, match="No study"):
        read([tmp_path], ReadingOptions(study_uid="7"))
    with pytest.raises(UsageError, match="2 studies have"):
        read([tmp_path], ReadingOptions(study_uid="1."))


def test_same_study_uid_of_two_patients_is_not_one_study(tmp_path, write_image, noise):
    """Two patients in one folder must never be measured as one."""
    write_image(tmp_path / "a", noise(4, 4))
    write_image(tmp_path / "b", noise(4, 4, seed=1), PatientID="P2")
    with pytest.raises(SeveralStudies):
        read([tmp_path])


def test_files_without_study_uid_are_one_study(tmp_path, write_image, noise):
    """Files without StudyInstanceUID are grouped as such and get a digest as their study's name."""
    path = write_image(tmp_path / "a", noise(4, 4), StudyInstanceUID=None)
    assert read([path]).uid.startswith("digest-")


def test_copies_and_clashing_identifiers_are_said(tmp_path, write_image, noise):
    """Duplicates are dropped with a line; the same identifier on other contents is called so."""
    first = write_image(tmp_path / "a", noise(4, 4), SOPInstanceUID="1.2.77")
    shutil.copy(first, tmp_path / "b")
    write_image(tmp_path / "c", noise(4, 4, seed=3), SOPInstanceUID="1.2.77")
    study = read([tmp_path])
    assert study.series[0].n_images == 1
    assert sorted(u.reason for u in study.unread) == ["copy of a", "same identifier as, but other contents than, a"]


def test_two_series_of_one_number_get_different_labels(tmp_path, write_image, noise):
    """A label names one series."""
    write_image(tmp_path / "a", noise(4, 4), SeriesInstanceUID="1.1")
    write_image(tmp_path / "b", noise(4, 4, seed=1), SeriesInstanceUID="1.2")
    assert [s.label for s in read([tmp_path]).series] == ["series 4", "series 4 (2)"]


def test_digest_depends_on_contents_only(tmp_path, write_series, noise, axial_positions):
    """SHA-256 over the file contents: names, folders and order do not matter, a changed byte does."""
    positions = axial_positions(0, 2, 4)
    a = write_series(tmp_path / "a", noise(3, 4, 4), positions)
    b = tmp_path / "b"
    b.mkdir()
    for n, path in enumerate(sorted(a.iterdir())):
        shutil.copy(path, b / f"other{9 - n}.dcm")
    one, two = read([a]).series[0].digest, read([b]).series[0].digest
    assert one == two and len(one) == 64
    victim = b / "other9.dcm"
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(bytes(data))
    assert read([b]).series[0].digest != one


def test_leave_out_keeps_label_maps_away(tmp_path, write_nifti, noise):
    """Label maps given elsewhere are no images of the study."""
    image = write_nifti(tmp_path / "ct.nii.gz", noise(4, 4, 4).astype(np.int16), np.eye(4))
    labels = write_nifti(tmp_path / "labels.nii.gz", np.ones((4, 4, 4), np.uint8), np.eye(4))
    study = read([tmp_path], ReadingOptions(leave_out=(labels,)))
    assert [s.source for s in study.series] == [image.name]


def test_nothing_readable_is_an_error_with_its_reason(tmp_path):
    """Exit code 3: "Nothing in the input can be read"."""
    (tmp_path / "note").write_text("hello")
    with pytest.raises(UnreadableInput, match=r"note: not a DICOM, NIfTI or archive file") as error:
        read([tmp_path])
    assert error.value.exit_code == 3
    with pytest.raises(UnreadableInput, match="no file or folder"):
        read([tmp_path / "absent"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableInput, match="holds no files"):
        read([tmp_path / "empty"])


@pytest.mark.parametrize("folder", ["dicom-robustness", "dicom-objects", "dicom-singles-spine", "dicom-nema-wg04"])
def test_every_real_file_ends_in_a_series_or_one_clear_line(shared_data, folder):
    """Robustness: no traceback; what is no image has a line that says why; what is one can be loaded."""
    paths = [p for p in sorted((shared_data / folder).rglob("*")) if p.is_file() and p.suffix != ".tsv"]
    assert paths
    for path in paths:
        try:
            study = read([path])
        except SpinemetsError as error:
            assert "Traceback" not in str(error) and len(str(error)) > 20, path.name
            continue
        assert all(u.reason and u.file for u in study.unread), path.name
        for series in study.series:
            if series.measurable:
                assert series.pixels().array.size, path.name
            else:
                assert series.geometry.notes, path.name


def test_enhanced_twin_equals_classic(shared_data):
    """dicom-objects: the enhanced multi-frame twin is the same volume as the three classic images."""
    for name in ("tiny-23x38x3", "tiny-24x38x3"):
        folder = shared_data / "dicom-objects" / name
        classic = read(sorted(folder.glob("IMG*.dcm"))).series
        twin = read([folder / "mf.dcm"]).series
        assert len(classic) == len(twin) == 1
        assert classic[0].pixels().grid == twin[0].pixels().grid
        np.testing.assert_array_equal(classic[0].pixels().array, twin[0].pixels().array)


def test_real_chest_ct_has_two_series_told_apart_by_kernel(shared_data):
    """Both series have one description and frame of reference: "only the kernel tells them apart"."""
    study = read(sorted((shared_data / "ct-thoracic-dx-a0001").glob("*.tar.xz")))
    sharp, body = study.series
    assert (sharp.acquisition.kernel, body.acquisition.kernel) == ("L", "B")
    assert sharp.pixels().grid.shape_ijk == (512, 512, 10) and body.pixels().grid.shape_ijk == (512, 512, 64)
    assert body.acquisition.kvp == 120 and study.patient.age_years == 58
    both = body.pixels().grid.to_ijk(sharp.pixels().grid.to_lps_mm([0, 0, 0]))
    np.testing.assert_allclose(both, np.rint(both), atol=1e-3)


def test_reading_twice_gives_the_same_study(tmp_path, write_series, write_nifti, noise, axial_positions):
    """Stable order: same uids, labels, digests, geometry and voxels, however often."""
    write_series(tmp_path / "s", noise(4, 5, 6), axial_positions(0, 2, 4, 6))
    write_nifti(tmp_path / "b.nii", noise(3, 3, 3).astype(np.int16), np.eye(4))
    write_nifti(tmp_path / "a.nii", noise(3, 3, 3, seed=1).astype(np.int16), np.eye(4))
    one, two = read([tmp_path]), read([tmp_path])
    assert [(s.uid, s.label, s.digest, s.number) for s in one.series] == [
        (s.uid, s.label, s.digest, s.number) for s in two.series
    ]
    assert [s.label for s in one.series] == ["series 4", "a", "b"]
    assert one.uid == two.uid and one.patient == two.patient
    for first, second in zip(one.series, two.series, strict=True):
        np.testing.assert_array_equal(first.pixels().array, second.pixels().array)


def test_names_of_folders_and_order_of_paths_do_not_matter(tmp_path, write_series, noise, axial_positions):
    """The same files given one by one, backwards, are the same series."""
    folder = write_series(tmp_path / "s", noise(4, 5, 6), axial_positions(0, 2, 4, 6))
    whole = read([folder]).series[0]
    single = read(sorted(folder.iterdir(), reverse=True)).series[0]
    assert (whole.uid, whole.digest, whole.n_images) == (single.uid, single.digest, single.n_images)
    np.testing.assert_array_equal(whole.pixels().array, single.pixels().array)


def test_pixels_are_read_only_when_asked_for(tmp_path, write_series, noise, axial_positions, monkeypatch):
    """Lazy: a study of many series costs headers only; what is released is read again."""
    from spinemets.ingest.pixels import loading

    calls: list[int] = []
    original = loading.rescaled
    monkeypatch.setattr(loading, "rescaled", lambda *given: calls.append(1) or original(*given))
    series = read([write_series(tmp_path / "s", noise(3, 4, 4), axial_positions(0, 2, 4))]).series[0]
    assert series.grid.shape_ijk == (4, 4, 3) and calls == []
    assert series.pixels() is series.pixels() and calls == [1]
    series.load.release()
    series.pixels()
    assert calls == [1, 1]


def test_pixels_from_several_threads_are_the_same(tmp_path, write_series, noise, axial_positions):
    """Two threads, same bits."""
    from concurrent.futures import ThreadPoolExecutor

    study = read([write_series(tmp_path / "s", noise(3, 4, 4), axial_positions(0, 2, 4))])
    with ThreadPoolExecutor(4) as pool:
        volumes = list(pool.map(lambda _: study.series[0].pixels(), range(8)))
    assert len({id(v) for v in volumes}) == 1


def test_no_identifier_in_any_message(tmp_path, write_image, noise):
    """Rule 6: "no patient identifiers" in errors, notes, warnings or labels."""
    secret = {"PatientName": "Geheim^Gisela", "PatientID": "ID-4711", "AccessionNumber": "ACC"}
    write_image(tmp_path / "a", noise(4, 4), PixelSpacing=None, **secret)
    write_image(tmp_path / "b", noise(4, 4), SeriesInstanceUID="1.8", Rows=9999, **secret)
    write_image(tmp_path / "c", noise(4, 4), SeriesInstanceUID="1.9", RescaleIntercept=None, **secret)
    study = read([tmp_path])
    said = [u.reason for u in study.unread] + [study.uid, *study.warnings]
    for series in study.series:
        said += [series.label, series.source, *series.warnings, *series.geometry.notes]
    assert len(study.unread) == 1 and len(study.series) == 2
    assert not any(word in text for text in said for word in ("Geheim", "Gisela", "4711"))


def test_reading_starts_light():
    """`spinemets --help` < 0.3 s: the door of the room imports no DICOM, NIfTI or image library."""
    import subprocess
    import sys

    code = (
        "import sys; import spinemets.ingest.read;"
        "print([m for m in ('pydicom', 'nibabel', 'scipy', 'numba', 'jsonschema', 'isal', 'gdcm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_headers_are_read_without_the_pixels(tmp_path, write_image):
    """A header costs its own bytes, not the file: the first read is 8 kB however large the image."""
    from spinemets.ingest.files.sources import listing
    from spinemets.ingest.header import reader

    path = write_image(tmp_path / "x", np.zeros((1500, 1500), np.uint16))
    (source,) = listing([path]).files
    header = reader.HeaderReader().header(source)
    assert reader.PREFIXES[0] == 8192 and header.scanned.pixel_offset < 8192 < source.size
    assert header.scanned.pixel_length == 1500 * 1500 * 2


def test_a_uid_that_holds_the_sign_of_volumes(tmp_path, write_image, noise):
    """A damaged uid may look like the name of a volume: read as any other."""
    for n, uid in enumerate((b"1.2#777.3", b"1.777#777", b"177777777")):
        path = write_image(tmp_path / str(n), noise(4, 4), SeriesInstanceUID="1.777.777", SeriesNumber=n + 1)
        path.write_bytes(path.read_bytes().replace(b"1.777.777", uid))
    assert [s.number for s in read([tmp_path]).series] == [1, 2, 3]
