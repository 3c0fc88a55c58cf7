"""`.bval` and `.bvec` (FSL): "wrong counts, transposed files, NaN, comma separated: one clear warning and not used"."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.geometry import gradients
from spinemets.ingest.facts import diffusion
from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.nifti import gradient_files

GOOD_B, GOOD_V = "0 500 1000 1000", "0 1 0 0\n0 0 1 0\n0 0 0 1\n"
LPS = np.diag([-1.0, -1, 1, 1])


@pytest.fixture
def weightings(tmp_path):
    """Read two texts (None = no such file) as those of an image of n volumes."""

    def read(bval: str | None = GOOD_B, bvec: str | None = GOOD_V, n: int = 4, affine=LPS):
        files = []
        for name, text in (("d.bval", bval), ("d.bvec", bvec)):
            path = tmp_path / name
            if text is not None:
                path.write_text(text)
            files.append(SourceFile(path=path, name=f"in/{name}", size=len(text)) if text is not None else None)
        return gradient_files.read(*files, n, affine)

    return read


def test_values_and_directions_in_the_patient(weightings):
    """FSL's voxel axes become LPS; b = 0 has no direction; every number says its file."""
    found = weightings()
    assert found.said == () and [one.b_s_per_mm2 for one in found.volumes] == [0, 500, 1000, 1000]
    expected = gradients.fsl_to_lps(np.eye(3), LPS)
    assert found.volumes[0].direction_lps is None
    for one, truth in zip(found.volumes[1:], expected, strict=True):
        np.testing.assert_allclose(one.direction_lps, truth)
    assert {one.source for one in found.volumes} == {"d.bval"}


@pytest.mark.parametrize("text", ["0\n500\n1000\n1000\n", "0 500\t1000   1000 \n\n", "\ufeff0 500 1e3 1000.0"])
def test_layouts_of_b_values_that_cannot_be_misread(weightings, text):
    """One row or one column, any blanks, a byte order mark."""
    assert [one.b_s_per_mm2 for one in weightings(text).volumes] == [0, 500, 1000, 1000]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("0 500 1000", "holds 3 b-values in 1 row for 4 volumes"), ("0 500\n1000 1000", "4 b-values in 2 rows"),
        ("0,500,1000,1000", "blanks between them"), ("0 500 nan 1000", "NaN"), ("0 500 inf 1000", "infinite"),
        ("", "is empty"), ("\n \n", "is empty"), ("0 -5 1000 1000", "below 0"), ("0 5 1000 1e9", "above 100000"),
        ("b 0 500 1000", "blanks between them"),
    ],
)  # fmt: skip
def test_unusable_b_values(weightings, text, word):
    """Not used at all, one sentence with the file's name."""
    found = weightings(text)
    assert found.volumes == () and len(found.said) == 1
    assert found.said[0].startswith("d.bval is not used: it ") and word in found.said[0]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("0 0 0\n1 0 0\n0 1 0\n0 0 1\n", "transposed (4 rows of 3"), ("0 1 0\n0 0 1\n0 0 0\n", "not 3 rows of 4"),
        ("0 1 0 0\n0 0 1 0\n", "2 rows of 4"), (GOOD_V.replace(" ", ","), "blanks between them"),
        (GOOD_V.replace("1", "nan"), "NaN"), ("0 1 0 0\n0 0 1\n0 0 0 1\n", "3/4 numbers"), ("", "is empty"),
    ],
)  # fmt: skip
def test_unusable_directions_leave_the_b_values(weightings, text, word):
    """The b-values stay, no direction is guessed, one sentence."""
    found = weightings(bvec=text)
    assert [one.b_s_per_mm2 for one in found.volumes] == [0, 500, 1000, 1000]
    assert all(one.direction_lps is None for one in found.volumes)
    assert len(found.said) == 1 and found.said[0].startswith("d.bvec is not used: it ") and word in found.said[0]


def test_directions_without_b_values_or_without_a_place(weightings):
    """Neither is used; both are said. No files, nothing said."""
    assert weightings(bval=None) == ((), ("d.bvec is not used: there are no b-values beside it",))
    found = weightings(affine=None)
    assert "whose place is not known" in found.said[0] and len(found.volumes) == 4
    assert weightings(bval=None, bvec=None) == ((), ())
    assert weightings(bvec=None).said == ()


def test_three_volumes_are_never_called_transposed(weightings):
    """3 x 3 numbers: FSL's order is the only rule."""
    found = weightings("0 800 800", "0 1 0\n0 0 1\n0 0 0\n", n=3)
    assert found.said == ()
    np.testing.assert_allclose(found.volumes[1].direction_lps, gradients.fsl_to_lps(np.eye(3), LPS)[0])


def test_short_directions_and_lone_volumes_are_said(weightings):
    """A length of 0.5 is said; so is a weighted volume without direction among others with one."""
    found = weightings(bvec="0 0.5 0 0\n0 0 1 0\n0 0 0 0\n")
    assert "up to 0.5 off length 1" in found.said[0] and diffusion.NO_DIRECTION in found.said[1]
    assert np.linalg.norm(found.volumes[1].direction_lps) == pytest.approx(1)
    assert found.volumes[3].direction_lps is None


def test_numbered_zeros_are_pooled(weightings):
    """0.001 is a repeat of b = 0, as in the headers it came from."""
    found = weightings("0 0.001 1000 1000")
    assert found.volumes[1].b_s_per_mm2 == 0 and diffusion.REPEAT in found.said[0]


def test_a_file_beyond_the_limit(weightings, monkeypatch):
    """Too large to be what its name says: not read."""
    small = dataclasses.replace(bounds.load(), max_stated_kb=0)
    monkeypatch.setattr(bounds, "load", lambda: small)
    assert "is too large" in weightings().said[0]


def test_bytes_that_are_no_text(tmp_path):
    """A sentence, no exception."""
    path = tmp_path / "d.bval"
    path.write_bytes(b"\xff\xfe\x00\x81")
    found = gradient_files.read(SourceFile(path=path, name="d.bval", size=4), None, 4, LPS)
    assert "blanks between them" in found.said[0]


@settings(max_examples=100, deadline=None)
@given(bval=st.binary(max_size=60), bvec=st.text("0123456789.,-e \n\tnaif", max_size=60))
def test_any_bytes_are_used_whole_or_said(tmp_path_factory, bval, bvec):
    """Property: either one sound weighting a volume, or a sentence; never an exception."""
    folder = tmp_path_factory.mktemp("g")
    (folder / "d.bval").write_bytes(bval)
    (folder / "d.bvec").write_text(bvec)
    files = [SourceFile(path=folder / name, name=name, size=1) for name in ("d.bval", "d.bvec")]
    found = gradient_files.read(*files, 2, LPS)
    assert found.said or len(found.volumes) == 2
    assert all(np.isfinite(one.b_s_per_mm2) for one in found.volumes)
