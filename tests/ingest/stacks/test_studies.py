"""Several studies or patients: "a list (pseudonymous: study date, modality, n series, uid) unless options.study_uid"."""

from __future__ import annotations

import pytest

from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header.reader import HeaderReader
from spinemets.ingest.stacks.dicom import open_image
from spinemets.ingest.stacks.studies import chosen, remarks
from spinemets.model.errors import SeveralStudies, UsageError


@pytest.fixture
def images(tmp_path, write_image, noise):
    def build(*studies: tuple[str, str]) -> list:
        found = []
        for n, (uid, patient) in enumerate(studies):
            path = write_image(tmp_path / f"f{n}", noise(2, 2), StudyInstanceUID=uid, PatientID=patient)
            source = SourceFile(path=path, name=path.name, size=path.stat().st_size)
            found.append(open_image(source, HeaderReader().header(source)))
        return found

    return build


def test_one_study_needs_no_choice(images):
    """Nothing to choose."""
    found = images(("1.2", "a"), ("1.2", "a"))
    assert chosen(found, None, []) == found and chosen([], None, []) == []


def test_exact_uid_before_beginning(images):
    """A uid that is the beginning of another one can still be chosen."""
    found = images(("1.2", "a"), ("1.2.3", "a"))
    unread: list = []
    assert chosen(found, "1.2", unread) == found[:1]
    assert [u.file for u in unread] == ["f1"] and unread[0].kind == "set aside"


def test_the_list_is_pseudonymous(images):
    """Neither name nor identifier, whatever the failure."""
    found = images(("1.2", "ID-77"), ("1.3", ""))
    for uid, kind in ((None, SeveralStudies), ("1.", UsageError), ("9", UsageError)):
        with pytest.raises(kind) as error:
            chosen(found, uid, [])
        assert "ID-77" not in str(error.value) and "Somebody" not in str(error.value)
        assert "no patient identifier" in str(error.value) and "1.3" in str(error.value)


def test_three_patients_are_listed_and_one_is_read(images):
    """Three patients, three studies: none is read unasked; the others of a chosen one are set aside by name."""
    found = images(("1.2", "a"), ("1.3", "b"), ("1.4", "c"), ("1.4", "c"))
    with pytest.raises(SeveralStudies, match="3 studies"):
        chosen(found, None, [])
    unread: list = []
    assert chosen(found, "1.4", unread) == found[2:]
    assert [u.file for u in unread] == ["f0", "f1"]


def test_one_uid_with_two_patients_is_never_mixed(images):
    """A study uid that two patients share (broken anonymisation): refused, and the pseudonym chooses."""
    found = images(("1.2", "a"), ("1.2", "b"))
    with pytest.raises(SeveralStudies):
        chosen(found, None, [])
    with pytest.raises(UsageError, match="colon and the pseudonym") as error:
        chosen(found, "1.2", [])
    rows = [line.split() for line in str(error.value).splitlines() if "patient-" in line]
    for one, row in zip(sorted(found, key=lambda i: i.header.text(0x00100020)), rows, strict=True):
        assert chosen(found, f"1.2:{row[-2]}", []) == [one]
    with pytest.raises(UsageError, match="No study has"):
        chosen(found, "1.2:patient-00000000", [])


def test_images_without_identifier_are_of_the_one_patient_of_their_study(images):
    """Some images lost their PatientID: the study uid is the same, nothing contradicts, and it is said."""
    found = images(("1.2", "a"), ("1.2", ""), ("1.2", "a"))
    assert chosen(found, None, []) == found
    (said,) = remarks(found)
    assert said.startswith("1 of 3 images state no patient identifier")
    assert remarks(found[:1]) == () and remarks(found[1:2]) == ()


def test_images_without_identifier_are_not_shared_out_among_patients(images):
    """Two patients under one uid, and images of neither: three rows, none guessed."""
    with pytest.raises(SeveralStudies, match="3 studies"):
        chosen(images(("1.2", "a"), ("1.2", "b"), ("1.2", "")), None, [])
    with pytest.raises(SeveralStudies, match="2 studies"):
        chosen(images(("", "a"), ("", "")), None, [])


def test_a_real_set_of_several_patients(shared_data):
    """A set with an index of several patients and studies: listed by date, modality and counts."""
    from spinemets.ingest.read import read

    path = shared_data / "dicom-robustness" / "dicomdirtests.tar.xz"
    if not path.is_file():
        pytest.skip("the set is not here")
    with pytest.raises(SeveralStudies) as error:
        read([path])
    rows = [line for line in str(error.value).splitlines() if "patient-" in line]
    assert len(rows) >= 3 and len({row.split()[-2] for row in rows}) >= 2
