"""`--labels FILE[:SCHEME]`."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinemets.model.errors import UsageError
from spinemets.segmentation.options import LabelFile, SegmenterOptions


@pytest.mark.parametrize(
    ("text", "path", "scheme"),
    [
        ("labels.nii.gz", "labels.nii.gz", None),
        ("labels.nii.gz:verse", "labels.nii.gz", "verse"),
        ("a/b/T12.nii.gz:T12", "a/b/T12.nii.gz", "T12"),
        ("sacrum.nii.gz:sacrum", "sacrum.nii.gz", "sacrum"),
        (r"C:\data\labels.nii.gz", r"C:\data\labels.nii.gz", None),
        (r"C:\data\labels.nii.gz:verse", r"C:\data\labels.nii.gz", "verse"),
        ("C:/data/labels.nii.gz", "C:/data/labels.nii.gz", None),
        ("C:labels.nii.gz", "C:labels.nii.gz", None),
        ("study:1/labels.nii.gz", "study:1/labels.nii.gz", None),
    ],
)
def test_parse(text, path, scheme):
    """'careful with Windows drive letters'."""
    file = LabelFile.parse(text)
    assert (str(file.path), file.scheme) == (path, scheme)


def test_unknown_scheme_lists_all():
    """'unknown scheme -> UsageError listing names'."""
    with pytest.raises(UsageError, match="'vers' is no label scheme") as caught:
        LabelFile.parse("labels.nii.gz:vers")
    for name in ("verse", "instances_body", "totalsegmentator_total_v2", "T12"):
        assert name in caught.value.remedy
    assert caught.value.exit_code == 2


def test_existing_file_with_a_colon(tmp_path):
    odd = tmp_path / "a:verse"
    odd.write_bytes(b"")
    assert LabelFile.parse(str(odd)) == LabelFile(path=odd)


def test_single_structure():
    assert LabelFile(path=Path("x"), scheme="T12").single == "T12"
    assert LabelFile(path=Path("x"), scheme="verse").single is None
    assert LabelFile(path=Path("x")).single is None
    assert SegmenterOptions().labels == ()
