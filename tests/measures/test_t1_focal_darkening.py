from dataclasses import replace

import numpy as np
import pytest

from spinemets.findings.judge import judge_cuts
from spinemets.knowledge import catalogue
from spinemets.lesions.contrast import without
from spinemets.measures.t1_focal_darkening import measure
from spinemets.model.finding import State
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Refused
from spinemets.model.reference import Reference

ENTRY = catalogue.load()["MR-T1-03"]
NORMAL = Reference(
    tissue="normal_marrow",
    median=400,
    spread=12,
    standard_error=1.5,
    n_voxels=3000,
    n_effective=1300,
    members=("L2", "L4"),
)


@pytest.fixture
def scene(make_volume, make_region):
    """Marrow block of 20 mm with signal 400; `spot` is a focus of given signal and size."""

    class Scene:
        def __init__(self, marrow=400.0, focus=None, size=8, endplate=False, scale=1.0):
            rng = np.random.default_rng(1)
            array = rng.normal(marrow, 12, (20, 20, 20))
            spot = np.zeros((20, 20, 20), bool)
            spot[4 : 4 + size, 4 : 4 + size, 4 : 4 + size] = True
            if focus is not None:
                array[spot] = rng.normal(focus, 12, spot.sum())
            self.volume = make_volume((array * scale).astype(np.float32), unit="1", quantity="mr_signal")
            self.marrow = make_region("marrow", np.ones((20, 20, 20), bool), self.volume)
            lesion = Lesion(
                id="L3-1t1",
                level_id="L3",
                series_uid="1",
                criterion="MR-T1-03",
                region=make_region("lesion", spot, self.volume),
                volume_ml=spot.sum() / 1000,
                volume_ci95_ml=(0.1, 1.0),
                diameters_mm={"longest": 8.0},
                share_of_body=None,
                compartments={"body": 1.0},
                kind="t1_dark",
                values={"contrast": -0.4, "at_upper_endplate": float(endplate), "at_lower_endplate": 0.0},
                centroid_lps_mm=np.zeros(3),
                caveats=("CV-DEGEN",) if endplate else (),
                notes=("Lies at mid-height.",),
            )
            self.lesions = () if focus is None else (lesion,)
            self.normal = replace(NORMAL, median=400 * scale, spread=12 * scale, standard_error=1.5 * scale)

        def measure(self, **changes):
            arguments = {
                "t1": self.volume,
                "marrow": self.marrow,
                "normal": self.normal,
                "lesions": self.lesions,
                **changes,
            }
            return measure(**arguments, **ENTRY.values())

    return Scene


def state(answer):
    return judge_cuts(answer.values["contrast"].ci95, ENTRY.judge.cuts)


def test_focus_vector(scene):
    """MR-T1-03: "210 versus 400 -> -0.475 present"."""
    answer = scene(focus=210).measure()
    assert answer.values["contrast"].value == pytest.approx(-0.475, abs=0.005)
    assert state(answer) is State.PRESENT
    assert answer.values["marrow_contrast"].value == pytest.approx(0, abs=0.01)
    assert answer.outline.name == "lesion"


def test_mild_darkening_vector(scene):
    """MR-T1-03: "350 -> -0.125 absent"."""
    answer = scene(marrow=350).measure()
    assert answer.values["contrast"].value == pytest.approx(-0.125, abs=0.005)
    assert state(answer) is State.ABSENT


def test_marrow_dark_as_a_whole_without_a_focus_is_indeterminate(scene):
    """Voxels must also lie 3 robust SDs below normal marrow."""
    answer = scene(marrow=300).measure()
    assert answer.values["contrast"].value == pytest.approx(-0.25, abs=0.01)
    assert state(answer) is State.INDETERMINATE


def test_endplate_focus_alone_is_indeterminate(scene):
    """CV-DEGEN: a change that hugs an endplate is never called certain."""
    answer = scene(focus=210, endplate=True).measure()
    assert state(answer) is State.INDETERMINATE
    assert "CV-DEGEN" in answer.caveats
    assert answer.values["contrast"].ci95[1] >= answer.values["marrow_contrast"].ci95[0]


def test_focus_away_from_the_endplate_leads(scene):
    one = scene(focus=210)
    (sure,) = one.lesions
    hugging = replace(sure, id="L3-2t1", values={**sure.values, "at_upper_endplate": 1.0})
    answer = one.measure(lesions=(hugging, sure))
    assert state(answer) is State.PRESENT


def test_tiny_focus_is_indeterminate(scene):
    """signs.md 0.8-3: a region mean needs at least 20 voxels and 0.1 mL."""
    assert state(scene(focus=210, size=2).measure()) is State.INDETERMINATE


def test_scale_of_the_scanner_does_not_matter(scene):
    one, other = scene(focus=210).measure(), scene(focus=210, scale=7.3).measure()
    for name in ("contrast", "marrow_contrast"):
        assert one.values[name].value == pytest.approx(other.values[name].value, abs=1e-4)
        assert one.values[name].ci95 == pytest.approx(other.values[name].ci95, abs=1e-4)


def test_few_voxels_and_missing_signal_are_refused(scene, make_region):
    one = scene()
    mask = np.zeros((20, 20, 20), bool)
    mask[0, 0, :5] = True
    few = one.measure(marrow=make_region("marrow", mask, one.volume))
    assert isinstance(few, Refused)
    assert few.code == "NA-FEW"
    dark = one.measure(normal=replace(NORMAL, median=0))
    assert isinstance(dark, Refused)
    assert dark.code == "NA-REFERENCE"
    empty = one.measure(marrow=make_region("marrow", np.zeros((20, 20, 20), bool), one.volume))
    assert empty.code == "NA-FEW"


def test_body_full_of_lesion_is_still_judged(scene, make_region):
    one = scene(focus=210, size=16)
    everything = replace(one.lesions[0], region=make_region("lesion", np.ones((20, 20, 20), bool), one.volume))
    answer = one.measure(lesions=(everything,))
    assert answer.values["contrast"].value < -0.2


def test_note_says_what_counts_as_dark(scene):
    notes = scene(focus=210).measure().notes
    assert notes[0].startswith("L3-1t1: 0.51 mL, 8 mm, signal -40%.")
    assert notes[-1] == "Dark = signal of 320 or less; reference marrow 400 (L2, L4)."


def test_without_takes_only_common_voxels(scene, make_region):
    one = scene(focus=210)
    rest = without(one.marrow, one.lesions)
    assert rest.n_voxels == 8000 - 512
    assert without(one.marrow, ()).n_voxels == 8000


def test_thick_slices_say_what_was_not_searched():
    """G-04: pedicles on slices thicker than 3 mm are not searched, which is said."""
    from spinemets.lesions.contrast import body_only
    from spinemets.model.grid import Grid
    from spinemets.model.volume import Volume

    def volume(slice_mm):
        grid = Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.diag([1.0, 1, slice_mm, 1]))
        return Volume(array=np.zeros((2, 2, 2)), grid=grid, quantity="mr_signal", unit="1")

    assert body_only(volume(3.0), 3.0) == ()
    assert "pedicles and arch were not" in body_only(volume(4.4), 3.0)[0]
