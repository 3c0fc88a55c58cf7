"""MR-T1-02: darker than disc on T1."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.findings.judge import judge
from spinemets.knowledge.catalogue import decode
from spinemets.measures.runner import to_measurement
from spinemets.measures.t1_darker_than_disc import measure
from spinemets.model.finding import State
from spinemets.model.grid import Grid
from spinemets.model.level import Level
from spinemets.model.measurement import Refused, Subject
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume


@pytest.fixture(scope="module")
def entry():
    from importlib.resources import files

    return decode((files("spinemets.knowledge") / "criteria" / "MR-T1-02.yaml").read_text(), "MR-T1-02")


def tissue(name: str, median: float, se: float = 1.0, **kwargs) -> Reference:
    fields = {"spread": 10.0, "n_voxels": 300, "n_effective": 133.0, "members": ("L2", "L3")}
    return Reference(tissue=name, median=median, standard_error=se, **{**fields, **kwargs})


def run(entry, signal, disc=250.0, muscle=None, field_t=1.5, n=200, **kwargs):
    grid = Grid(shape_ijk=(9, 9, 9), affine_lps_mm=np.diag([2.0, 2.0, 2.0, 1.0]))
    mask = np.zeros(grid.shape_ijk, bool)
    mask.flat[:n] = True
    volume = Volume(array=np.where(mask, float(signal), 0.0), grid=grid, quantity="mr_signal", unit="1")
    return measure(
        t1=volume,
        marrow=Region.from_mask("marrow", mask, grid),
        disc=tissue("disc", disc, **kwargs),
        muscle=None if muscle is None else tissue("muscle", muscle),
        lesions=(),
        field_t=field_t,
        **entry.values(),
    )


def finding(entry, answer, field_t=1.5):
    context = {"context": {"field_t": field_t}, "series_uids": (), "regions": (), "references": (), "lesions": (),
               "region": None}  # fmt: skip
    result = to_measurement(entry, Subject(level_id="L3"), answer, None, context)
    return judge(result, entry, Level(name="L3", position=1, of=1, method="label map"), "L3-02")


def test_darker_is_present(entry):
    """'210 versus 250 -> 0.84 present'."""
    answer = run(entry, 210)
    assert answer.values["ratio"].value == pytest.approx(0.84)
    assert finding(entry, answer).state is State.PRESENT


def test_brighter_is_absent(entry):
    """'12 of 12 brighter normal'."""
    assert finding(entry, run(entry, 400)).state is State.ABSENT


def test_isointense_is_undecided(entry):
    answer = run(entry, 248, se=4.0)
    assert answer.category == "isointense"
    assert finding(entry, answer).state is State.INDETERMINATE


def test_disagreement_at_3_t(entry):
    """'3 T: r_d 0.95, r_m 1.10 -> indeterminate' (CV-FIELD)."""
    answer = run(entry, 237.5, muscle=237.5 / 1.10, field_t=3.0)
    assert answer.values["ratio"].value == pytest.approx(0.95)
    assert answer.category == "disagrees with muscle"
    found = finding(entry, answer, 3.0)
    assert found.state is State.INDETERMINATE
    assert "CV-FIELD" in found.caveats
    assert any("ratio to muscle 1.10" in note for note in found.notes)


def test_disagreement_the_other_way(entry):
    answer = run(entry, 262.5, muscle=262.5 / 0.92, field_t=3.0)
    assert finding(entry, answer, 3.0).state is State.INDETERMINATE


@pytest.mark.parametrize(("muscle", "field_t"), [(216.0, 1.5), (None, 3.0), (260.0, 3.0), (216.0, None)])
def test_muscle_has_a_say_only_at_3_t_and_only_against(entry, muscle, field_t):
    """At 1.5 T, without a muscle reference, or where both agree, the disc decides alone."""
    answer = run(entry, 237.5, muscle=muscle, field_t=field_t)
    assert answer.category == "hypointense"
    assert "CV-FIELD" not in answer.caveats


def test_muscle_cannot_be_measured(entry):
    """A muscle reference without signal says nothing."""
    assert run(entry, 237.5, muscle=0.0, field_t=3.0).category == "hypointense"


def test_other_field(entry):
    found = finding(entry, run(entry, 210, field_t=1.0), 1.0)
    assert (found.state, found.reason, found.value) == (State.NOT_ASSESSABLE, "NA-FIELD", pytest.approx(0.84))


def test_refusal(entry):
    answer = run(entry, 210, n=10)
    assert isinstance(answer, Refused)
    assert answer.code == "NA-FEW"


def test_discs_left_out_are_named(entry):
    answer = run(entry, 210, refused=(("L4", "gas in the disc"),))
    assert "Disc not used below L4: gas in the disc." in answer.notes


def test_muscle_may_be_missing_in_the_catalogue(entry):
    """Without muscle the criterion still works: the runner passes None."""
    assert "muscle" in entry.needs.optional
    assert "disc" not in entry.needs.optional
