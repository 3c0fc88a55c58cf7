import numpy as np
import pytest

from spinemets.findings.judge import judge
from spinemets.knowledge import catalogue
from spinemets.measures.runner import to_measurement
from spinemets.measures.trabecular_density import measure
from spinemets.model.finding import State
from spinemets.model.lesion import Lesion
from spinemets.model.level import Level
from spinemets.model.measurement import Refused, Subject

ENTRY = catalogue.load()["CT-08"]
BANDS = ["110 HU or less", "110 to 135 HU", "135 to 160 HU", "above 160 HU"]


@pytest.fixture
def call(make_volume, make_region):
    def run(mean=150.0, sd=20.0, size=20, lesions=(), contrast=None, array=None):
        rng = np.random.default_rng(2)
        values = rng.normal(mean, sd, (20, 20, 20)).astype(np.float32) if array is None else array
        ct = make_volume(values)
        mask = np.zeros((20, 20, 20), bool)
        mask[:size, :size, :size] = True
        core = make_region("trabecular_core", mask, ct)
        made = lesions(ct) if callable(lesions) else lesions
        return measure(ct=ct, trabecular_core=core, lesions=made, contrast_agent=contrast, **ENTRY.values())

    return run


@pytest.fixture
def lesion(make_region):
    def build(ct, mask):
        return Lesion(
            id="L1-1",
            level_id="L1",
            series_uid="1",
            criterion="CT-02",
            region=make_region("lesion", mask, ct),
            volume_ml=1,
            volume_ci95_ml=(0.5, 1.5),
            diameters_mm={},
            share_of_body=None,
            compartments={},
            kind="blastic",
            values={},
            centroid_lps_mm=np.zeros(3),
        )

    return build


def finding(answer, level="L1", kvp=120.0):
    facts = {"level": level} if kvp is None else {"level": level, "kvp": kvp}
    context = {
        "context": facts, "series_uids": (), "regions": (), "references": (), "lesions": (), "region": None,
    }  # fmt: skip
    result = to_measurement(ENTRY, Subject(level_id=level), answer, None, context)
    return judge(result, ENTRY, Level(name=level, position=1, of=1, method="x"), f"{level}-01")


@pytest.mark.parametrize(("hu", "band"), list(zip((98, 120, 150, 180), BANDS, strict=True)))
def test_bands_in_order(call, hu, band):
    """CT-08: "98, 120, 150, 180 HU -> the four bands in order"."""
    assert finding(call(mean=hu)).category == band


def test_states_of_the_bands(call):
    states = [finding(call(mean=hu)).state for hu in (98, 120, 150, 180)]
    assert states == [State.PRESENT, State.INDETERMINATE, State.INDETERMINATE, State.ABSENT]


@pytest.mark.parametrize("kvp", [140.0, 100.0, None])
def test_other_tube_voltage_has_no_band(call, kvp):
    """CT-08: "any at 140 kVp -> no band"; "other kVp -> value with CV-KVP, no band"."""
    answer = finding(call(mean=98), kvp=kvp)
    assert answer.state is State.MEASURED
    assert answer.category is None
    assert answer.value == pytest.approx(98, abs=1)
    assert "CV-KVP" in answer.caveats


def test_other_level_is_measured_only(call):
    """CT-08: L1 only."""
    answer = finding(call(mean=98), level="L3")
    assert answer.state is State.MEASURED
    assert "CV-POPULATION" in answer.caveats


def test_straddled_band_is_indeterminate(call):
    assert finding(call(mean=110)).state is State.INDETERMINATE


def test_interval_of_mean_and_median(call):
    """signs.md 0.9: n_eff = n / 2.25; mean and median are both given."""
    answer = call(mean=150, sd=20)
    half = 1.96 * 20 / np.sqrt(8000 / 2.25)
    low, high = answer.values["mean"].ci95
    assert (high - low) / 2 == pytest.approx(half, rel=0.03)
    assert answer.values["median"].value == pytest.approx(150, abs=1)
    wide = answer.values["median"].ci95
    assert wide[1] - wide[0] > high - low


def test_lesion_voxels_are_left_out(call, lesion):
    """CT-08: "no lesion"."""
    array = np.full((20, 20, 20), 100.0, np.float32)
    array[:5] = 800
    mask = np.zeros((20, 20, 20), bool)
    mask[:5] = True
    answer = call(array=array, lesions=lambda ct: (lesion(ct, mask),))
    assert answer.values["mean"].value == 100
    assert answer.n_voxels == 6000
    assert "2000 voxels" in answer.notes[0]
    assert not (answer.outline.full_mask() & mask).any()


def test_core_full_of_lesion_is_refused(call, lesion):
    mask = np.zeros((20, 20, 20), bool)
    mask[:12] = True
    answer = call(lesions=lambda ct: (lesion(ct, mask),))
    assert isinstance(answer, Refused)
    assert answer.code == "NA-FEW"


def test_level_that_was_not_searched_says_so(call):
    assert "not searched" in call(lesions=None).notes[0]


@pytest.mark.parametrize("size", [0, 1, 2, 4])
def test_too_few_voxels(call, size):
    """signs.md 0.8-3: ">= 20 voxels, >= 0.1 mL, and n_eff >= 5"."""
    answer = call(size=size)
    assert isinstance(answer, Refused)
    assert answer.code == "NA-FEW"


def test_contrast_agent_is_a_caveat(call):
    assert call(contrast=True).caveats == ("CV-IVCONTRAST",)
    assert call(contrast=False).caveats == ()


def test_missing_values_are_left_out(call):
    array = np.full((20, 20, 20), 120.0, np.float32)
    array[0] = np.nan
    assert call(array=array).values["mean"].value == 120
