"""FX-01: expected E per point, first available; undeformed; the population table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spinemets.knowledge.catalogue import load, table
from spinemets.model.measurement import Measured, NotAssessable, Refused, Subject
from spinemets.model.study import ClinicalFacts, Device, PatientFacts
from spinemets.testing.heights import cut, heights, levels_of, run, usual

ENTRY = load()["FX-01"]
LIMITS = (0.20, 0.25, 0.40)


class TestOrderOfReferences:
    """Expected E, first available: neighbours, one neighbour times the ratio, population."""

    def test_distance_weights_the_neighbours(self):
        names = levels_of("T12", "L1", "L2", "L3")
        rows = [heights(names[0], 24, 23, 25), heights(names[1], 15, 15, 25), heights(names[2], 27, 26, 28)]
        found = run([*rows, usual(names[3])], names)["L1"]
        assert isinstance(found, Measured)
        assert found.values["expected_ant_mm"].value == pytest.approx(25.5)

    def test_a_deformed_neighbour_is_passed_over(self):
        names = levels_of("T11", "T12", "L1", "L2")
        rows = [usual(names[0]), heights(names[1], 14, 16, 25), heights(names[2], 16, 18, 26), usual(names[3])]
        found = run(rows, names)["L1"]
        assert isinstance(found, Measured)
        assert found.notes[0] == "Expected heights: interpolated between T11 and L2."
        low, high = (table("morphometry")["levels"][n]["ant"] for n in ("T11", "L2"))
        assert found.values["expected_ant_mm"].value == pytest.approx(low + 2 / 3 * (high - low))

    def test_farther_than_three_levels_does_not_serve(self):
        names = levels_of("T9", "T10", "T11", "T12", "L1")
        crushed = [heights(n, 12, 12, 24) for n in names[1:4]]
        found = run([usual(names[0]), *crushed, heights(names[4], 14, 14, 25)], names)["L1"]
        assert isinstance(found, Measured)
        assert "population mean of L1" in found.notes[0]

    def test_one_neighbour_times_the_population_ratio(self):
        l4, l5 = levels_of("L4", "L5")
        found = run([usual(l4, 1.1), heights(l5, 20, 20, 20)], (l4, l5))["L5"]
        assert isinstance(found, Measured)
        assert found.values["expected_post_mm"].value == pytest.approx(
            1.1 * table("morphometry")["levels"]["L5"]["post"]
        )
        assert found.notes[0] == "Expected heights: L4 times the population ratio L5 / L4."

    def test_l5_says_why_it_lacks_a_neighbour(self):
        """S1/sacrum never a neighbour."""
        names = levels_of("L4", "L5", "S1")
        found = run([usual(names[0]), usual(names[1]), heights(names[2], 30, 26, 25)], names)["L5"]
        assert isinstance(found, Measured)
        assert any("S1: the sacrum never serves" in n for n in found.notes)

    def test_t12_says_why_it_lacks_a_neighbour(self):
        names = levels_of("T11", "T12", "L1")
        found = run([cut(names[0]), usual(names[1]), usual(names[2])], names)["T12"]
        assert isinstance(found, Measured)
        assert "No neighbour above (T11: the border of the image cuts" in found.notes[1]

    @pytest.mark.parametrize(("sex", "factor"), [("F", 0.98), ("M", 1.02), (None, 1.0)])
    def test_population_by_sex_and_stature(self, sex, factor):
        """Population by level and sex times the size factor, else the stature rule (height/170)^0.8."""
        (l3,) = levels_of("L3")
        found = run(
            [heights(l3, 15, 15, 25)], (l3,), clinical=ClinicalFacts(height_cm=180.0), patient=PatientFacts(sex=sex)
        )["L3"]
        assert isinstance(found, Measured)
        stature = (180 / 170) ** 0.8
        assert found.values["expected_mid_mm"].value == pytest.approx(25.4 * factor * stature)
        assert "stature of 180 cm" in found.notes[0]
        assert found.values["expected_mid_mm"].sd == pytest.approx(0.06 * 25.4 * factor * stature)

    def test_size_factor_from_the_depth_of_undeformed_bodies(self):
        names = levels_of("T5", "T6", "T7", "T8", "L3")
        rows = [usual(names[0], 0.9), *(heights(n, 9, 9, 18) for n in names[1:4]), heights(names[4], 15, 15, 25)]
        found = run(rows, names)["L3"]
        assert isinstance(found, Measured)
        assert "scaled by 0.90 from the depth of 1 undeformed body" in found.notes[0]
        assert found.values["expected_mid_mm"].value == pytest.approx(0.9 * 25.4, rel=1e-3)

    def test_unscaled_says_so(self):
        (l3,) = levels_of("L3")
        found = run([heights(l3, 15, 15, 25)], (l3,))["L3"]
        assert isinstance(found, Measured)
        assert "not scaled to the patient" in found.notes[0]

    def test_without_a_name_only_neighbours_serve(self):
        """Only NAMED levels may use population; relative ones only neighbours."""
        one, two, three = levels_of(None, None, None)
        rows = [heights(one, 24, 23, 25), heights(two, 14, 15, 25), heights(three, 26, 25, 27)]
        found = run(rows, (one, two, three))
        assert isinstance(found["v02"], Measured)
        assert "vertebra 1 of 3 in view and vertebra 3 of 3 in view" in found["v02"].notes[0]
        assert isinstance(found["v01"], Refused)
        assert found["v01"].code == "NA-REFERENCE"
        assert "without a level name" in found["v01"].missing

    def test_a_name_is_said_once(self):
        """The runner puts the level in front of what is missing; sentences that name it again drop it."""
        t12, l1 = levels_of("T12", "L1")
        refused = NotAssessable(
            criterion="G-08", version="1", subject=Subject(level_id="T12"), code="NA-COVERAGE", missing="T12: cut off"
        )
        found = run([refused, usual(l1)], (t12, l1))
        assert isinstance(found["T12"], Refused)
        assert found["T12"].missing == "cut off"
        assert isinstance(found["L1"], Measured)
        assert "(T12: cut off)" in " ".join(found["L1"].notes)

    def test_the_sacrum_has_no_population_value(self):
        (s1,) = levels_of("S1")
        found = run([heights(s1, 25, 24, 24)], (s1,))["S1"]
        assert isinstance(found, Refused)
        assert "No population value applies for S1." in found.missing

    def test_t13_has_no_row_in_the_table(self):
        t13, l1 = levels_of("T13", "L1")
        found = run([heights(t13, 24, 23, 25), usual(l1)], (t13, l1))
        assert isinstance(found["T13"], Refused)
        assert isinstance(found["L1"], Measured)


class TestUndeformed:
    """Own wedge within 5 degrees of the level's normal, middle height >= 0.80, no cement or hardware."""

    @staticmethod
    def words(neighbour, names, **more):
        found = run([neighbour, heights(names[1], 15, 15, 25), usual(names[2])], names, **more)[names[1].id]
        assert isinstance(found, Measured)
        return " ".join(found.notes)

    def test_wedge_off_the_usual_one(self):
        names = levels_of("T11", "T12", "L1")
        assert "off the level's usual one" in self.words(heights(names[0], 18, 20, 24), names)

    def test_low_middle(self):
        names = levels_of("T11", "T12", "L1")
        assert "of its rims" in self.words(heights(names[0], 22, 17, 24), names)

    def test_deep_endplates_are_usual_in_the_neck(self):
        """C3-C7 0.72: their endplates are deeper."""
        names = levels_of("C4", "C5", "C6")
        rows = [heights(names[0], 13.5, 10.2, 14), heights(names[1], 8, 8, 13), usual(names[2])]
        found = run(rows, names)["C5"]
        assert isinstance(found, Measured)
        assert "between C4 and C6" in found.notes[0]

    def test_hardware(self):
        names = levels_of("T11", "T12", "L1")
        clinical = ClinicalFacts(devices=(Device(kind="cement", levels=("T11",)),))
        assert "implant or cement" in self.words(usual(names[0]), names, clinical=clinical)

    def test_a_possible_sacrum(self):
        names = levels_of(None, None, None)
        rows = [heights(n, 25, 24, 25.5) for n in names[:2]]
        rows.append(replace(cut(names[2]), code="NA-ANATOMY", missing="it may be the sacrum"))
        found = run(rows, names)
        assert isinstance(found["v02"], Refused)
        assert "it may be the sacrum" in found["v02"].missing
        assert isinstance(found["v03"], Refused)

    def test_an_unnamed_level_is_compared_with_any_usual_wedge(self):
        names = levels_of(None, None, None)
        rows = [heights(names[0], 24, 23, 27), heights(names[1], 15, 15, 25), heights(names[2], 29, 26, 26)]
        assert isinstance(run(rows, names)["v02"], Measured)


def test_the_table_marks_every_number():
    """Every row of the morphometry table has its marks and known sources."""
    morphometry = table("morphometry")
    for name, row in morphometry["levels"].items():
        assert set(row["marks"].values()) <= set("RVNE"), name
        used = {*row["sources"]["heights"], row["sources"]["size"], row["sources"]["wedge"]}
        assert used <= set(morphometry["sources"]), name
        assert row["ant"] > 10
        assert row["mid"] <= max(row["ant"], row["post"])
