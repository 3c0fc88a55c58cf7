"""The eye: looks once where volumes show the same, stays shut where it is told to, and finds the two headers that lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinemets.ingest.read import read
from spinemets.series.picture.looked import NOTHING
from spinemets.series.picture.looking import Eye, ct_look, mr_look
from spinemets.series.picture.slices import Picture
from spinemets.series.picture.table import picture_table
from spinemets.series.recognise import recognise
from tests.series.picture.test_ct import head, picture, trunk
from tests.series.picture.test_mr import back
from tests.series.picture.test_repeats import spine

TABLE = picture_table()


def test_region_must_be_in_every_axial_slice():
    """One slice of lung does not make a lumbar CT a thorax."""
    lung, belly = picture(trunk(lungs=True)), picture(trunk())
    assert ct_look([lung, lung], TABLE).region == "thorax"
    assert ct_look([lung, belly], TABLE).region is None
    assert ct_look([picture(head())] * 2, TABLE).region == "head"
    assert ct_look([], TABLE) == NOTHING == mr_look([], TABLE)


def test_wrong_values_say_nothing_else():
    """Where the values are no Hounsfield units every other rule would measure nonsense."""
    found = ct_look([picture(trunk() + 1024)] * 3, TABLE)
    assert found.values_wrong and found.region is None and found.canal_hu is None


def test_coronal_ct_names_no_region():
    """No rule is made for coronal slices."""
    flat = Picture(values=trunk().astype(np.float32), spacing_mm=(1.5, 1.5), plane="coronal")
    assert ct_look([flat], TABLE).region is None


def test_mr_look():
    """Bright fat in most slices, and the height of vertebrae in sagittal ones."""
    assert mr_look([back(300)] * 3, TABLE).fat == "bright"
    assert mr_look([back(300), back(60), back(60)], TABLE).fat is None
    assert mr_look([spine(15)] * 2, TABLE).region == "neck"


def test_the_eye_looks_once_and_can_be_shut(make_series):
    """Volumes of one series with one echo time show the same place; a shut eye decodes nothing."""
    looked = []

    def load(volume=None):
        looked.append(1)
        raise IndexError

    class Load:
        preview = staticmethod(lambda k: load())

        def __call__(self):
            raise AssertionError

    array = np.zeros((80, 80, 4), np.float32)
    one = replace(make_series(array, modality="CT"), load=Load(), uid="1.2#1")
    two = replace(one, uid="1.2#2")
    eye = Eye(open_=True)
    assert eye.look(one, "CT") == NOTHING and eye.look(two, "CT") == NOTHING
    assert len(looked) == 1
    assert Eye(open_=False).look(one, "CT") == NOTHING and eye.look(one, "PT") == NOTHING and len(looked) == 1


@pytest.mark.parametrize(
    ("file", "said", "shown"),
    [
        ("mr-cervical-t2-sag-says-lspine.dcm", "lumbar", "neck"),
        ("ct-head-says-cspine.dcm", "cervical", "head"),
    ],
)
def test_headers_that_lie_about_the_body_part(shared_data: Path, file: str, said: str, shown: str):
    """A cervical MR whose header says LSPINE and a skull whose header says CSPINE: found from the picture, not resolved."""
    study = recognise(read([shared_data / "dicom-singles-spine" / file]))
    found = study.series[0].recognition
    assert found.body_region == shown and 0.5 < found.body_confidence < 1
    assert any(f"says {said}" in s and f"shows: {shown}" in s for s in found.conflicts)
    assert recognise(study, look=False).series[0].recognition.conflicts == ()


def test_honest_real_headers_raise_no_conflict_of_region(shared_data: Path):
    """Real spines and trunks with honest headers: no picture contradicts a body part or a description."""
    folder = shared_data / "dicom-singles-spine"
    honest = [folder / "mr-lumbar-t2-sag-hitachi.dcm", folder / "ct-lumbar-axial-disc.dcm"]
    honest += [shared_data / "dicom-robustness" / "pydicom" / "bad_sequence.dcm"]
    honest += [shared_data / "ct-thoracic-dx-a0001" / "series-kernel-L-10slices.tar.xz"]
    for path in honest:
        for series in recognise(read([path])).series:
            assert not [s for s in series.recognition.conflicts if "picture" in s], path.name
