"""Views: by code, by words, by detector angle; "unknown view stays not stated"; contradictions are said."""

from __future__ import annotations

import pydicom
import pytest

from spinemets.ingest.header.values import Values
from spinemets.ingest.projections.views import by_code, by_word, radiograph_view
from spinemets.ingest.read import read
from spinemets.knowledge.catalogue import table


def dataset(**values):
    found = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def code(value: str) -> dict:
    return {"ViewCodeSequence": [dataset(CodeValue=value, CodingSchemeDesignator="SRT", CodeMeaning="a view")]}


def views(path):
    (series,) = read([path]).series
    return series.planar.views, series.warnings


def test_anterior_and_posterior_by_view_code(tmp_path, write_nuclear, noise):
    """Each detector codes its view."""
    path = write_nuclear(
        tmp_path / "a", noise(2, 8, 4), "WHOLE BODY", [code("G-5215"), code("G-5216")], DetectorVector=[1, 2]
    )
    found, said = views(path)
    assert [v.name for v in found] == ["anterior", "posterior"] and said == ()
    assert found[0].facts == ("detector 1", "view by view code")


def test_views_follow_the_detector_vector_not_the_order_of_the_items(tmp_path, write_nuclear, noise):
    """The second item may come first."""
    path = write_nuclear(
        tmp_path / "a", noise(2, 8, 4), "WHOLE BODY", [code("G-5215"), code("G-5216")], DetectorVector=[2, 1]
    )
    assert [v.name for v in views(path)[0]] == ["posterior", "anterior"]


@pytest.mark.parametrize(
    ("angle", "name"),
    [
        (0, "posterior"),
        (180, "anterior"),
        (359, "posterior"),
        (-180, "anterior"),
        (170, "anterior"),
        (90, "not stated"),
    ],
)
def test_views_by_start_angle(tmp_path, write_nuclear, noise, angle, name):
    """Zero lies at the patient's back; what is neither front nor back is not named."""
    (view,), _ = views(write_nuclear(tmp_path / "a", noise(1, 8, 4), "STATIC", [{"StartAngle": angle}]))
    assert view.name == name and f"start angle {angle} degrees" in view.facts


def test_views_by_words_of_a_single_picture(tmp_path, write_nuclear, noise):
    """Words of the file name the view only where there is one picture."""
    (view,), _ = views(write_nuclear(tmp_path / "a", noise(1, 8, 4), "STATIC", ImageID="POST PELVIS"))
    assert view.name == "posterior" and "view by its words" in view.facts
    found, _ = views(
        write_nuclear(tmp_path / "a", noise(2, 8, 4), "STATIC", [{}, {}], ImageID="POST", DetectorVector=[1, 2])
    )
    assert [v.name for v in found] == ["not stated", "not stated"]


def test_code_and_angle_that_contradict_are_said(tmp_path, write_nuclear, noise):
    """The code is used; a mirrored bone scan is the error this guards against."""
    (view,), said = views(write_nuclear(tmp_path / "a", noise(1, 8, 4), "STATIC", [code("G-5215") | {"StartAngle": 0}]))
    assert view.name == "anterior"
    assert said == ("views contradict each other: anterior by view code, posterior by start angle",)


def test_energy_windows_phases_and_time_slots(tmp_path, write_nuclear, noise):
    """What tells pictures of one file apart is in their facts."""
    limits = dataset(EnergyWindowLowerLimit=126.4, EnergyWindowUpperLimit=154.5)
    windows = [
        {"EnergyWindowName": "Tc99m", "EnergyWindowRangeSequence": [limits]},
        {"EnergyWindowName": "scatter"},
    ]
    path = write_nuclear(
        tmp_path / "a", noise(4, 8, 4), "GATED", EnergyWindowInformationSequence=windows,
        EnergyWindowVector=[1, 2, 1, 2], TimeSlotVector=[1, 1, 2, 2],
    )  # fmt: skip
    found, _ = views(path)
    assert found[0].facts == ("energy window 1 (Tc99m, 126.4 to 154.5 keV)", "time slot 1")
    assert found[3].facts == ("energy window 2 (scatter)", "time slot 2")


def test_projections_around_the_patient_state_their_angle(tmp_path, write_nuclear, noise):
    """TOMO is no volume and no view: pictures with an angle."""
    turn = {"StartAngle": 10, "AngularStep": 30, "RotationDirection": "CW"}
    path = write_nuclear(
        tmp_path / "a", noise(3, 8, 4), "TOMO", [code("G-5215")], RotationInformationSequence=[turn],
        RotationVector=[1, 1, 1], AngularViewVector=[1, 2, 3],
    )  # fmt: skip
    found, _ = views(path)
    assert {v.name for v in found} == {"not stated"}
    assert [v.facts[-1] for v in found] == [f"projection at {angle} degrees" for angle in (10, 340, 310)]


@pytest.mark.parametrize(
    ("position", "name"),
    [
        ("AP", "AP"),
        ("PA", "PA"),
        ("LL", "left lateral"),
        ("RLO", "right oblique"),
        ("SWIM", "SWIM"),
        (None, "not stated"),
    ],
)
def test_radiograph_views(position, name):
    """Defined terms in words; other words as they stand."""
    view, said = radiograph_view(Values(dataset(**({"ViewPosition": position} if position else {}))))
    assert view.name == name and said == () and view.columns_towards is None


def test_radiograph_directions_and_sides():
    """Columns to the patient's left and rows to the feet, as the header says."""
    header = dataset(PatientOrientation=["L", "F"], ImageLaterality="U", ViewPosition="AP")
    view, _ = radiograph_view(Values(header))
    assert (view.columns_towards, view.rows_towards, view.facts) == ("L", "F", ("laterality U",))


def test_radiograph_contradictions():
    """Word, code and description are compared."""
    header = dataset(ViewPosition="AP", **code("R-10236"))
    view, said = radiograph_view(Values(header))
    assert view.name == "AP" and "says AP, the view code (0054,0220) left lateral" in said[0]
    for position, description, agrees in (
        ("AP", "Cervical OBLI 1", False),
        ("LL", "Cervical LAT", True),
        ("AP", "LSPINE AP/LAT", True),
        ("RLO", "C spine oblique", True),
        ("LL", "L-spine AP", False),
        ("AP", "Kapitel", True),
    ):
        said = radiograph_view(Values(dataset(ViewPosition=position, SeriesDescription=description)))[1]
        assert (said == ()) == agrees, description


def test_codes_are_those_of_the_standard():
    """Every SNOMED CT code means the view it stands for."""
    from pydicom.sr._concepts_dict import concepts

    meanings: dict[str, set[str]] = {}
    for names in concepts.values():
        for rows in names.values():
            for known, (text, _) in rows.items():
                meanings.setdefault(known, set()).add(text.lower().replace(" projection", ""))
    plain = {"AP": "antero-posterior", "PA": "postero-anterior"}
    for name, codes in table("planar")["view_codes"].items():
        for known in (c for c in codes if c.isdigit()):
            assert plain.get(name, name) in meanings[known], (known, meanings[known])


def test_words():
    """A whole text, or one telling word of it."""
    assert (by_word("ant"), by_word("Anterior WB"), by_word("ANT POST")) == ("anterior", "anterior", None)
    assert (by_word("AP"), by_word("AP LUMBAR"), by_word(""), by_word(None)) == ("AP", None, None, None)
    assert by_code(Values(dataset())) is None
