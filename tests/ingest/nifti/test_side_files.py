"""Side files of an image: its own name, and the inheritance of BIDS up the folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.nifti.side_files import SideFiles


def source(name: str, keep: object = "archive") -> SourceFile:
    """A file that is only a name (as a member of an archive, so that nobody looks on the disk)."""
    return SourceFile(path=Path("/nowhere") / name.rsplit("/", 1)[-1], name=name, size=1, kind="side", keep=keep)


def found(image: str, *names: str, ending: str = ".json") -> list[str]:
    side = SideFiles([source(name) for name in names])
    return [one.name for one in side.of(source(image), ending)]


def test_own_name_only_outside_bids():
    """t2.json speaks about t2.nii.gz in the same folder, and about nothing else."""
    names = ("t2.json", "a/t2.json", "t1.json", "t2.bval", "json")
    assert found("t2.nii.gz", *names) == ["t2.json"]
    assert found("a/t2.nii", *names) == ["a/t2.json"]
    assert found("b/t2.nii.gz", *names) == []
    assert found("t2.nii.gz", *names, ending=".bval") == ["t2.bval"]


def test_a_name_with_its_own_entities_inherits_from_above():
    """The most general first: the root, the subject's folder, the file's own."""
    image = "ds/sub-01/dwi/sub-01_dir-AP_dwi.nii.gz"
    names = (
        "ds/sub-01/dwi/sub-01_dir-AP_dwi.json", "ds/dwi.json", "ds/sub-01/sub-01_dwi.json", "ds/dir-AP_dwi.json",
        "ds/dir-PA_dwi.json", "ds/T1w.json", "ds/sub-02/sub-02_dwi.json", "ds/sub-01/anat/sub-01_dwi.json",
        "ds/dataset_description.json", "ds/sub-01/dwi/sub-01_acq-b_dir-AP_dwi.json",
    )  # fmt: skip
    assert found(image, *names) == [
        "ds/dwi.json", "ds/dir-AP_dwi.json", "ds/sub-01/sub-01_dwi.json", "ds/sub-01/dwi/sub-01_dir-AP_dwi.json",
    ]  # fmt: skip


def test_values_of_entities_must_agree():
    """acq-, rec-, ce-, echo-, part- tell files apart."""
    for key in ("acq", "rec", "ce", "echo", "part", "run"):
        names = (f"{key}-a_T2w.json", f"{key}-b_T2w.json")
        assert found(f"sub-1/sub-1_{key}-a_T2w.nii", *names) == [f"{key}-a_T2w.json"]
        assert found("sub-1/sub-1_T2w.nii", *names) == []


@pytest.mark.parametrize("image", ["T2w.nii", "scan_T2w.nii", "acq-a_T2w.nii", "sub-1_T2w-x.nii"])
def test_what_is_no_bids_name_does_not_inherit(image):
    """Without a subject in its name an image has no dataset around it."""
    assert found(f"a/{image}", "T2w.json", "acq-a_T2w.json") == []


def test_members_of_archives_lie_in_folders():
    """`a.zip!` counts as a folder."""
    assert found("a.zip!ds/sub-1/sub-1_T2w.nii", "a.zip!ds/T2w.json", "b.zip!ds/T2w.json") == ["a.zip!ds/T2w.json"]
    assert found("a.zip!t2.nii", "a.zip!t2.json") == ["a.zip!t2.json"]


def test_used_files_are_known():
    """What spoke about an image is not set aside; what did not is."""
    side = SideFiles([source("t2.json"), source("t2.bval"), source("other.json")])
    side.of(source("t2.nii"), ".json")
    assert side.taken == {"t2.json"}
    side.of(source("t2.nii"), ".bval")
    side.of(source("t2.nii"), ".bvec")
    assert side.taken == {"t2.json", "t2.bval"}


def test_a_single_file_finds_its_neighbour_on_the_disk(tmp_path):
    """An image given alone: the file of its name beside it is read, members of archives have no disk."""
    (tmp_path / "t2.nii").write_bytes(b"x")
    (tmp_path / "t2.json").write_text("{}")
    alone = SourceFile(path=tmp_path / "t2.nii", name="t2.nii", size=1)
    (one,) = SideFiles([]).of(alone, ".json")
    assert (one.path, one.size, one.kind) == (tmp_path / "t2.json", 2, "side")
    assert SideFiles([]).of(alone, ".bval") == []
    assert SideFiles([]).of(source("t2.nii"), ".json") == []


def test_many_images_in_one_folder_stay_cheap():
    """20 000 side files: each image asks for a handful of names, not for all of them."""
    names = [f"sub-{n}/sub-{n}_T2w" for n in range(20_000)]
    side = SideFiles([source(f"{name}.json") for name in names])
    assert [len(side.of(source(f"{name}.nii"), ".json")) for name in names] == [1] * len(names)
