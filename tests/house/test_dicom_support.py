"""The support page says what was tried: trials are compared value by value, and the page follows from them."""

from __future__ import annotations

import numpy as np
import pytest

from house.dicom_support import cells, main, page
from house.dicom_trials import CLASSES, NATIVE, Outcome, Trial, _compare, _same_values, made

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
RLE = "1.2.840.10008.1.2.5"


def trial(outcome=Outcome.EQUAL, maker=None, sop_class=CT, syntax=RLE, reason=""):
    return Trial(sop_class=sop_class, syntax=syntax, outcome=outcome, maker=maker, reason=reason)


def test_a_cell_holds_only_what_was_tried():
    """Nothing tried = empty; a refused file is no support."""
    found = cells(
        page([trial(), trial(maker="GE"), trial(maker="GE"), trial(Outcome.REFUSED, "Philips", MR, reason="why")])
    )
    column = {name: n for n, name in enumerate(CLASSES.values())}
    assert found[RLE][column["CT"]] == "made<br>GE 2"
    assert found[RLE][column["MR"]] == ""
    assert all(cell == "" for syntax, row in found.items() if syntax != RLE for cell in row)


def test_refusals_are_listed_with_their_reasons():
    """Real files that were refused, most frequent reason first; makers with their counts."""
    text = page(
        [trial(Outcome.REFUSED, "GE", reason="cut off")] * 2 + [trial(Outcome.REFUSED, "GE", reason="empty"), trial()]
    )
    assert "| 2 | cut off |" in text and text.index("cut off") < text.index("| 1 | empty |")
    assert "| GE | 0 | 0 | 3 |" in text
    assert "JPIP Referenced" in text


def test_equal_means_every_value():
    """One value off is a difference; a lossy syntax may differ a little, not a lot."""
    truth = np.arange(12.0).reshape(1, 3, 4) * 100
    assert _compare([truth[0]], truth, lossy=False) is Outcome.EQUAL
    off = truth.copy()
    off[0, 1, 1] += 1
    assert _compare([off[0]], truth, lossy=False) is Outcome.REFUSED
    assert _compare([off[0]], truth, lossy=True) is Outcome.LOSSY
    assert _compare([truth[0] * 2], truth, lossy=True) is Outcome.REFUSED
    assert _compare([], truth, lossy=False) is Outcome.REFUSED
    assert _compare("no picture", truth, lossy=False) is Outcome.REFUSED


def test_the_order_of_pictures_does_not_matter_but_their_values_do():
    """Real series may be sorted, split and tiled differently by pydicom."""
    pictures = np.arange(24.0).reshape(2, 3, 4) + 1
    assert _same_values([pictures[1].T, pictures[0].T], pictures, lossy=False) is Outcome.EQUAL
    assert (
        _same_values([pictures[0]], np.concatenate([pictures[:1], np.zeros((1, 3, 4))]), lossy=False) is Outcome.EQUAL
    )
    assert _same_values([pictures[0]], pictures, lossy=False) is Outcome.REFUSED
    assert _same_values([pictures[0], pictures[1] + 1], pictures, lossy=False) is Outcome.REFUSED
    assert _same_values([], pictures, lossy=False) is Outcome.REFUSED


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    return made(tmp_path_factory.mktemp("trials"))


def test_every_pair_that_can_be_written_is_read_back(trials):
    """Made files in nine storage classes and thirteen syntaxes: all equal, lossy ones within their loss."""
    assert len(trials) == 9 * 13
    assert [t for t in trials if t.outcome is Outcome.REFUSED] == []
    assert {t.syntax for t in trials} >= set(NATIVE)


@pytest.mark.slow
def test_the_page_is_up_to_date(shared_data):
    """The whole page, real files included."""
    assert main(["--check", "--shared", str(shared_data.parent)]) == 0


def test_without_real_files_the_made_cells_are_checked(tmp_path):
    """A stranger's clone has no real images: what can be tried is compared."""
    assert main(["--check", "--shared", str(tmp_path / "absent")]) == 0
