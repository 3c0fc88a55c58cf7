"""The corpus: works "in a stranger's clone", the same bytes each time, every file readable before it is damaged."""

from __future__ import annotations

import pytest

from fuzz import corpus
from fuzz.examine import read_all


def test_made_files_are_the_same_each_time():
    """No time of day, no random identifier."""
    assert corpus.made() == corpus.made()


def test_every_kind_is_there():
    """Syntaxes, vendors, NIfTI, side files and archives; names are given once."""
    names = [sample.name for sample in corpus.gather()]
    assert len(set(names)) == len(names) > 100
    for part in (
        "ct-rle",
        "ct-deflated",
        "enhanced-big-endian",
        "siemens",
        "philips",
        "dwi.bvec",
        "study.tar.xz",
        "nested.zip",
    ):
        assert any(part in name for name in names), part


@pytest.mark.parametrize(
    "name", ["ct-explicit.dcm", "ct-implicit.dcm", "ct-big-endian.dcm", "ct-deflated.dcm", "ct-rle.dcm", "ct-jpeg-ls.dcm",
             "ct-jpeg-2000.dcm", "enhanced-explicit.dcm", "no-preamble.dcm", "t2.nii", "dwi.nii.gz", "study.zip", "nested.zip",
             "study.tar.bz2", "one.dcm.gz"],
)  # fmt: skip
def test_undamaged_files_give_volumes(tmp_path, name):
    """Damage to what is not read would prove nothing."""
    data = next(sample.data for sample in corpus.made() if sample.name == name)
    (tmp_path / name).write_bytes(data)
    assert read_all(tmp_path / name) in ("volumes", "series without a volume")


def test_real_files_are_used_in_place(shared_data):
    """Hundreds of real and broken files, none of them large."""
    found = corpus.gather(shared_data)
    assert len(found) > 300
    assert max(len(sample.data) for sample in found) <= corpus.MAX_SAMPLE_BYTES
