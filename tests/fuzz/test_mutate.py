"""The mutator: "Deterministic: same seed, same files", and damage that knows what it damages."""

from __future__ import annotations

import gzip
import io
import random
import zipfile

import pytest

from fuzz import corpus, mutate


@pytest.fixture(scope="module")
def samples():
    return corpus.made()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_same_seed_same_files(samples):
    """The same corpus, seed and index give the same bytes; another seed gives others."""
    first = [mutate.mutant(samples, 7, n).data for n in range(150)]
    assert first == [mutate.mutant(samples, 7, n).data for n in range(150)]
    assert (
        sum(a != b for a, b in zip(first, (mutate.mutant(samples, 8, n).data for n in range(150)), strict=True)) > 140
    )
    assert [m.data for m in mutate.folder(samples, 7, 50)] == [m.data for m in mutate.folder(samples, 7, 50)]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_mutants_differ_from_what_they_were_made_of(samples):
    """Most of the damage is damage; nothing grows without bound."""
    by_name = {sample.name: sample.data for sample in samples}
    made = [mutate.mutant(samples, 1, n) for n in range(300)]
    assert sum(one.data != by_name[one.name] for one in made) > 280
    assert max(len(one.data) for one in made) <= mutate.MAX_BYTES


def test_elements_of_a_file_are_found(samples):
    """Offsets and lengths as pydicom reads them, sequences entered."""
    import pydicom

    data = next(s.data for s in samples if s.name == "enhanced-explicit.dcm")
    tags = {int.from_bytes(data[e.at : e.at + 2], "little") << 16 | int.from_bytes(data[e.at + 2 : e.at + 4], "little")
            for e in mutate.elements(data)}  # fmt: skip
    wanted = {int(element.tag) for element in pydicom.dcmread(io.BytesIO(data)).iterall()}
    assert wanted <= tags


@pytest.mark.parametrize("damage", [*mutate.BYTES, *sorted(set(mutate.DICOM), key=lambda f: f.__name__)])
def test_every_damage_takes_any_bytes(samples, damage):
    """No input stops the mutator: empty, tiny, and of every kind."""
    for n, data in enumerate([b"", b"x", bytes(40), *(s.data for s in samples[::9])]):
        assert isinstance(damage(bytearray(data), random.Random(n), samples), bytearray)


def test_packed_files_stay_packed(samples):
    """Damage inside a gzip and a zip leaves the wrapping whole, so that what is inside is reached."""
    by_name = {sample.name: sample.data for sample in samples}
    for n in range(20):
        gzip.decompress(bytes(mutate.inside_gzip(bytearray(by_name["dwi.nii.gz"]), random.Random(n), samples)))
    made = mutate.zip_record(bytearray(by_name["study.zip"]), random.Random(1), samples)
    assert len(made) == len(by_name["study.zip"])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_made_again_opens(samples):
    """Names of all kinds, links and devices, doubles."""
    data = next(s.data for s in samples if s.name == "study.zip")
    for n in range(10):
        made = mutate.inside_zip(bytearray(data), random.Random(n), samples)
        assert len(zipfile.ZipFile(io.BytesIO(made)).infolist()) == 5
