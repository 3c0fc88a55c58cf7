"""Several studies or patients: "a list (pseudonymous: study date, modality, n series, uid) unless options.study_uid"."""

from __future__ import annotations

import pytest

from spinemets.ingest.dicom import open_image
from spinemets.ingest.headers import read_header
from spinemets.ingest.source_file import SourceFile
from spinemets.ingest.studies import chosen
from spinemets.model.errors import SeveralStudies, UsageError


@pytest.fixture
def images(tmp_path, write_image, noise):
    def build(*studies: tuple[str, str]) -> list:
        found = []
        for n, (uid, patient) in enumerate(studies):
            path = write_image(tmp_path / f"f{n}", noise(2, 2), StudyInstanceUID=uid, PatientID=patient)
            source = SourceFile(path=path, name=path.name, size=path.stat().st_size)
            found.append(open_image(source, read_header(source)))
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
