"""Tables of tissues: complete, physically possible, sourced, and number by number those of the specification."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from spinemets.knowledge.catalogue import table
from spinemets.physics import ct

THEMES = ("tissues_marrow", "tissues_lesions", "tissues_normal", "tissues_organs", "tissues_foreign")
FIELDS = ("1.5", "3.0")
BY_FIELD = ("t1_ms", "t2_ms", "t2star_ms")
SINGLE = (
    *("pd", "fat", "adc", "ivim_d", "ivim_dstar", "ivim_f", "ktrans", "ve", "vp"),
    *("hu", "mineral", "suv", "bone_scan"),
)
KEYS = {*BY_FIELD, *SINGLE, "kvp_model"}
CONFIDENCE = {"verified", "derived", "literature_not_verified", "plausible_choice"}
CHOICE = ("choice", "plausible_choice")
DECADES = 7
# Where the specification keeps what a column holds.
PLACES = {
    "pd": ("mr", "proton_density_rel"),
    "fat": ("mr", "fat_fraction"),
    "adc": ("diffusion", "adc_1e-3_mm2_per_s"),
    "ivim_d": ("diffusion", "ivim_d_1e-3_mm2_per_s"),
    "ivim_dstar": ("diffusion", "ivim_dstar_1e-3_mm2_per_s"),
    "ivim_f": ("diffusion", "ivim_f"),
    "ktrans": ("kinetics", "ktrans_per_min"),
    "ve": ("kinetics", "ve"),
    "vp": ("kinetics", "vp"),
    "hu": ("ct", "hu_120kvp"),
    "mineral": ("ct", "mineral_mg_per_ml"),
    "suv": ("fdg_pet", "suv_bw"),
    "bone_scan": ("bone_scan", "uptake_rel_to_normal_vertebra"),
}
# Tissues the patient needs that the specification does not have.
OURS = {"halo_rim", "basivertebral", "interspinous", "ganglion", *table("tissues_organs")["tissues"]}
# Water bound to mineral: its T1 falls with the field.
BOUND_WATER = {"cortical_bone", "enostosis"}
# HU between thick struts, which the struts are drawn on top of.
BETWEEN_STRUTS = {"hemangioma_typical"}


def all_rows() -> dict[str, dict[str, Any]]:
    """Every tissue, those of spongy bone as lumbar_<sex>_<decade>s."""
    found = {name: row for theme in THEMES for name, row in table(theme)["tissues"].items()}
    rows = table("tissues_marrow")["spongiosa"]
    for sex in ("m", "f"):
        for number, decade in enumerate(rows["decades"]):
            found[f"lumbar_{sex}_{decade}s"] = of_decade(rows, sex, number)
    return found


def of_decade(rows: dict[str, Any], sex: str, number: int) -> dict[str, Any]:
    """One decade of spongy bone as the row it would be."""

    def pick(value: Any) -> Any:
        return value[number] if isinstance(value, list) and len(value) == DECADES else value

    row: dict[str, Any] = {"sd": {}, "basis": {}}
    for block in (rows["same"], rows["both"], rows[sex]):
        for key, value in block.items():
            if key in ("sd", "basis"):
                row[key] |= {name: pick(v) for name, v in value.items()}
            else:
                row[key] = pick(value)
    if rows["decades"][number] == 30:
        row["bulk"] = rows["bulk_30s"]
    return row


ROWS = all_rows()


# --- complete and possible --------------------------------------------------------------------------------------------


def test_themes_hold_each_tissue_once():
    """90 tissues of the specification and those of this project."""
    assert tuple(table("tissues")["themes"]) == THEMES
    names = [name for theme in THEMES for name in table(theme)["tissues"]]
    assert len(names) == len(set(names))
    assert len(ROWS) == 90 + len(OURS)


@pytest.mark.parametrize("name", ("tissues", *THEMES, "tissues_sources"))
def test_tables_say_what_they_are(name):
    """Each has its own schema."""
    assert table(name)["schema"].startswith(f"spinemets-{name.replace('_', '-')}/")


@pytest.mark.parametrize("name", ROWS)
def test_rows_are_complete(name):
    """Every column, with both field strengths where it has them; spread and basis speak of columns only."""
    row = ROWS[name]
    assert KEYS <= set(row) <= {*KEYS, "sd", "basis", "bulk", "hu_without_iodine"}
    assert all(len(row[key]) == len(FIELDS) for key in BY_FIELD)
    assert set(row.get("sd", {})) <= {*BY_FIELD, *SINGLE}
    assert set(row.get("basis", {})) <= {*BY_FIELD, *SINGLE}
    assert row["kvp_model"] in table("tissues")["kvp_models"]
    assert ("hu_without_iodine" in row) == (row["kvp_model"] == "iodine")


@pytest.mark.parametrize("name", ROWS)
def test_shares_and_volumes(name):
    """Shares lie in 0 to 1; interstitium and plasma fit into the tissue, mineral into bone."""
    row = ROWS[name]
    for key in ("pd", "fat", "ivim_f", "ve", "vp"):
        assert 0 <= row[key] <= 1, key
    assert row["ve"] + row["vp"] <= 1
    assert 0 <= row["mineral"] <= ct.CORTICAL_MINERAL_MG_PER_ML
    assert row["hu"] >= -1000
    assert row["ktrans"] >= 0 and row["suv"] >= 0 and row["bone_scan"] >= 0


@pytest.mark.parametrize("name", ROWS)
def test_relaxation_is_possible(name):
    """T2* <= T2 <= T1; at 3 T T1 is no shorter (but for bound water), T2 and T2* are no longer."""
    row = ROWS[name]
    for t1, t2, t2star in zip(row["t1_ms"], row["t2_ms"], row["t2star_ms"], strict=True):
        assert 0 < t2star <= t2 <= t1
    assert (row["t1_ms"][1] >= row["t1_ms"][0]) != (name in BOUND_WATER)
    assert row["t2_ms"][1] <= row["t2_ms"][0]
    assert row["t2star_ms"][1] <= row["t2star_ms"][0]


@pytest.mark.parametrize("name", ROWS)
def test_diffusion_is_possible(name):
    """No faster than free water at 37 C (3.0); perfusion speeds up what is seen, and is more than thrice as fast."""
    row = ROWS[name]
    assert 0 <= row["ivim_d"] <= row["adc"] <= 3.0
    if row["ivim_f"] > 0:
        assert row["ivim_dstar"] > 3 * row["ivim_d"]


@pytest.mark.parametrize("name", ROWS)
def test_spread_is_smaller_than_what_it_spreads(name):
    """A standard deviation is positive; relaxation and shares spread by less than their value."""
    for key, value in ROWS[name].get("sd", {}).items():
        for column, sd in enumerate(value if isinstance(value, list) else [value]):
            stated = ROWS[name][key]
            mean = stated[column] if isinstance(stated, list) else stated
            assert sd is None or sd > 0, key
            assert sd is None or key == "hu" or sd < mean, key


# --- sources ----------------------------------------------------------------------------------------------------------


def bases(node: Any) -> Iterator[str]:
    """All values of `basis` anywhere in a table."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from texts(value) if key == "basis" else bases(value)


def texts(node: Any) -> Iterator[str]:
    """All texts below a node."""
    if isinstance(node, str):
        yield node
    elif node is not None:
        for value in node.values() if isinstance(node, dict) else node:
            yield from texts(value)


@pytest.mark.parametrize("name", ("tissues", *THEMES))
def test_every_basis_has_its_source_and_a_known_confidence(name):
    """`source confidence`, the source with its citation."""
    known = table("tissues_sources")["sources"]
    for basis in bases(table(name)):
        source, confidence = basis.split()
        assert source in known, basis
        assert confidence in CONFIDENCE, basis


def test_sources_have_citation_and_status():
    """Nothing that was not seen is called verified."""
    claimed: dict[str, set[str]] = {}
    for name in ("tissues", *THEMES):
        for source, confidence in (basis.split() for basis in bases(table(name))):
            claimed.setdefault(source, set()).add(confidence)
    for source, row in table("tissues_sources")["sources"].items():
        assert set(row) == {"citation", "status"}, source
        assert row["citation"] and row["status"], source
        if row["status"].startswith("not verified"):
            assert "verified" not in claimed[source], source
        if "cited in a comment only" in row["status"]:
            assert source not in claimed, source


# --- one number against another ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n, r in ROWS.items() if r["kvp_model"] in ("mixed", "mineral")])
def test_bone_obeys_the_mixture(name):
    """Every spongy and sclerotic record: mineral and marrow give the HU within 8."""
    row, parts = ROWS[name], table("tissues")["ct_materials"]
    hu = ct.trabecular_hu(
        mineral_mg_per_ml=row["mineral"],
        fat_fraction=row["fat"],
        **{key: parts[key] for key in ("hu_bone", "hu_fat", "hu_soft")},
    )
    if name in BETWEEN_STRUTS:
        assert float(hu) == pytest.approx(row["hu"], abs=15)
    else:
        assert float(hu) == pytest.approx(row["hu"], abs=8)


@pytest.mark.parametrize("name", [n for n in table("tissues_marrow")["tissues"] if "marrow" in n])
def test_marrow_without_bone_obeys_the_mixture(name):
    """Fat and soft part alone."""
    row, parts = ROWS[name], table("tissues")["ct_materials"]
    assert float(ct.marrow_hu(row["fat"], parts["hu_fat"], parts["hu_soft"])) == pytest.approx(row["hu"], abs=1)


@pytest.mark.parametrize("name", [n for n, r in ROWS.items() if r["kvp_model"] == "soft" and r["mineral"] > 0])
def test_soft_tumour_keeps_little_mineral(name):
    """Ten mg/ml at most: what the mixture says is then within 20 HU of the record."""
    row = ROWS[name]
    assert row["mineral"] <= 10
    hu = ct.trabecular_hu(
        mineral_mg_per_ml=row["mineral"], fat_fraction=row["fat"], hu_bone=1650.0, hu_fat=-80.0, hu_soft=45.0
    )
    assert float(hu) == pytest.approx(row["hu"], abs=20)


def test_materials_are_those_of_the_attenuation_table():
    """Bone, fat and soft tissue of the mixture at 120 kVp."""
    rows, parts = table("attenuation")["tube_voltage"], table("tissues")["ct_materials"]
    column = rows["kvp"].index(120)
    for part, material in (("hu_bone", "cortical_bone"), ("hu_fat", "adipose"), ("hu_soft", "soft")):
        assert parts[part] == rows["hu"][material][column]


def test_iodine_adds_to_the_tissue_without_it():
    """HU before the agent are those of the same fluid; 8 mg/ml in CSF add what the slope says (E-61)."""
    assert ROWS["csf_myelogram"]["hu_without_iodine"] == ROWS["csf"]["hu"]
    assert ROWS["aorta_blood_iodine"]["hu_without_iodine"] == ROWS["aorta_blood_pre"]["hu"]
    hu = ct.iodine_hu(hu_without=ROWS["csf"]["hu"], iodine_mg_per_ml=8.0, hu_per_mg_per_ml=27.7)
    assert float(hu) == pytest.approx(ROWS["csf_myelogram"]["hu"], abs=1)


@pytest.mark.parametrize(("column", "relaxivity"), [(0, 4.5), (1, 4.1)])
def test_gadolinium_shortens_the_t1_of_blood(column, relaxivity):
    """``1/T1 = 1/T10 + r1 C`` with 0.633 mmol/l three minutes after the dose."""
    rate = 1.0 / ROWS["aorta_blood_pre"]["t1_ms"][column] + relaxivity * 0.633 / 1000.0
    assert 1.0 / rate == pytest.approx(ROWS["aorta_blood_post_gd"]["t1_ms"][column], abs=1.0)


@pytest.mark.parametrize(("name", "kep_per_min"), [("lytic_tumour", 0.49), ("myeloma", 0.88)])
def test_interstitium_is_transfer_over_return(name, kep_per_min):
    """ve = Ktrans/kep, both measured by lang2013."""
    assert ROWS[name]["ktrans"] / kep_per_min == pytest.approx(ROWS[name]["ve"], abs=0.001)


def test_uptake_references_agree_with_the_tissues():
    """Means lie below the maxima of the same kind; blastic tumour has the measured ratio of maxima to normal spine."""
    bone, fdg = table("tissues")["bone_scan_reference"], table("tissues")["fdg_reference"]
    normal = (bone["normal_thoracic"]["suv_max"] + bone["normal_lumbar"]["suv_max"]) / 2
    assert bone["metastasis"]["suv_max"] / normal == pytest.approx(ROWS["blastic_tumour"]["bone_scan"], abs=0.05)
    assert bone["normal_vertebra"]["suv_mean"] < bone["normal_vertebra"]["suv_max"]
    assert ROWS["lytic_tumour"]["suv"] < fdg["metastasis"]["suv_max_median"]
    assert ROWS["acute_fracture"]["suv"] < fdg["benign_avid"]["suv_max_median"]


# --- the specification ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    """The specification's own table, beside the real images that the fixture `shared_data` finds."""
    stated = os.environ.get("SPINEMETS_SHARED_DATA")
    images = Path(stated) if stated else Path(__file__).resolve().parents[3] / "shared" / "data"
    path = images.parent / "clinical" / "tissues.yaml"
    if not path.is_file():
        pytest.skip("the specification (shared/clinical beside the repository) is not here; the tables stand alone")
    with path.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=yaml.CSafeLoader)


Number = tuple[float, float | None, tuple[str, ...]]


def theirs(node: Any) -> Number:
    """(value, sd, (source, confidence)) of the specification; a number without source is a choice."""
    if not isinstance(node, dict):
        return node, None, CHOICE
    basis = (node["source"], node["confidence"]) if "source" in node else CHOICE
    return node["value"], node.get("sd"), basis


def ours(row: dict[str, Any], key: str, column: int | None = None) -> Number:
    """The same of a row of ours."""

    def at(value: Any) -> Any:
        return value[column] if column is not None and isinstance(value, list) else value

    basis = at(row.get("basis", {}).get(key))
    return at(row[key]), at(row.get("sd", {}).get(key)), CHOICE if basis is None else tuple(basis.split())


def pairs(row: dict[str, Any], record: dict[str, Any]) -> Iterator[tuple[str, Number, Number]]:
    """Every number of a tissue: where, ours, theirs."""
    for key, (group, name) in PLACES.items():
        yield key, ours(row, key), theirs(record[group][name])
    for column, field in enumerate(FIELDS):
        for key in BY_FIELD:
            yield f"{key} {field}", ours(row, key, column), theirs(record["mr"]["water_pool"][field][key])
        if "bulk_for_validation" in record["mr"]:
            for key in ("t1_ms", "t2_ms"):
                there = theirs(record["mr"]["bulk_for_validation"][field][key])
                yield f"bulk {key} {field}", ours(row["bulk"], key, column), there


def test_every_number_of_the_specification(specification):
    """90 tissues: value, spread, source and confidence."""
    records = {record["id"]: record for record in specification["tissues"]}
    assert set(ROWS) - OURS == set(records)
    different = [
        (name, *pair) for name, record in records.items() for pair in pairs(ROWS[name], record) if pair[1] != pair[2]
    ]
    assert different == []
    for name, record in records.items():
        assert ROWS[name]["kvp_model"] == record["ct"]["kvp_model"], name
        assert ("bulk" in ROWS[name]) == ("bulk_for_validation" in record["mr"]), name


def test_general_numbers_of_the_specification(specification):
    """Fat pool and spread."""
    rows, fat = table("tissues"), specification["fat_pool"]
    for column, field in enumerate(FIELDS):
        for key in ("t1_ms", "t2_ms"):
            assert ours(rows["fat_pool"], key, column) == theirs(fat[field][key])
    assert rows["fat_pool"]["adc"] == fat["adc_1e-3_mm2_per_s"]
    assert rows["fat_pool"]["spectrum"] == fat["spectrum"]
    assert rows["ct_materials"]["hu_fat"] == fat["hu_120kvp"]["value"]
    renamed = {"hu_abs": "hu", "t1": "t1_ms", "t2": "t2_ms", "t2star": "t2star_ms"}
    spread = {renamed.get(key, key): value for key, value in specification["spread"].items() if key != "note"}
    assert rows["spread"] == spread


def test_tube_voltage_factors_of_the_specification(specification):
    """Ours are quotients of the attenuation table; the specification rounds them."""
    rows, stated = table("attenuation")["tube_voltage"], specification["kvp_models"]
    column = rows["kvp"].index(120)
    for model, material in (("bone", "cortical_bone"), ("fat", "adipose"), ("soft", "soft")):
        for kvp, factor in stated[model].items():
            hu = rows["hu"][material]
            assert hu[rows["kvp"].index(int(kvp))] / hu[column] == pytest.approx(factor, abs=0.0051)
    slopes = {int(kvp): slope for kvp, slope in stated["iodine_hu_per_mg_per_ml"].items()}
    assert slopes == dict(zip(rows["kvp"], rows["iodine_hu_per_mg_per_ml"], strict=True))


def test_tracer_references_of_the_specification(specification):
    """Bone scan and FDG."""
    rows = table("tissues")
    for key, node in specification["bone_scan_reference"].items():
        if key != "note":
            group, kind = key.rsplit("_suv_", 1)
            assert ours(rows["bone_scan_reference"][group], f"suv_{kind}") == theirs(node), key
    for key, node in specification["fdg_reference"].items():
        if key != "note":
            group = key.removesuffix("_suv_max_median")
            assert ours(rows["fdg_reference"][group], "suv_max_median") == theirs(node), key


def test_rules_by_age_and_level_of_the_specification(specification):
    """Mineral and HU by level, fat of muscle by age."""
    rows, rule = table("tissues"), specification["age_rule"]
    for name in ("mineral_by_level", "hu_by_lumbar_level"):
        stated = {level: theirs(node) for level, node in rule[name].items() if level != "note"}
        assert {level: ours(rows[name], level) for level in rows[name] if level != "basis"} == stated
    measured = rows["muscle_fat"]["measured"]
    assert set(measured) == set(rule["muscle_fat_fraction"]) - {"note"}
    for name, row in measured.items():
        for column, group in enumerate(("young", "old")):
            assert ours(row, "fat", column) == theirs(rule["muscle_fat_fraction"][name][group])


def test_sources_of_the_specification(specification):
    """Every work behind a number is cited as there, as verified as there."""
    stated = {row["key"]: row for row in specification["sources"]}
    for key, row in table("tissues_sources")["sources"].items():
        assert row["citation"] == stated[key]["citation"].removesuffix(" (the review this project implements)")
        assert row["status"].startswith(stated[key]["status"].split(",")[0].split(" for ")[0]), key
