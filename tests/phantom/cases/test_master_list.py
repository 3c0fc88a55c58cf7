"""The master list of cases (phantom specification, section 6): which exist, and which are still missing, by name."""

from __future__ import annotations

import pytest

from spinemets.model.errors import UsageError
from spinemets.phantom.cases.named import CASES, case_of, headings
from spinemets.phantom.files.header_sets import CASE as HEADERS

NORMALS = [f"normal-{decade}-{sex}" for decade in range(20, 90, 10) for sex in "mf"]
FIGURES = [
    "fig01",
    "fig02",
    "fig03",
    "fig04",
    "fig05",
    "fig06-halo",
    "fig07",
    "fig08",
    "fig08-pet",
    "fig09",
    "fig10",
    "fig11",
    "fig12",
    "fig13",
    "fig14",
    "fig15",
]
GEOMETRY = ["geom-tilt", "geom-gap", "lvl-t13", "lvl-l6", "lvl-none", "fx-grades"]
CT = [
    "ct-lytic",
    "ct-blastic-nodular",
    "ct-blastic-mottled",
    "ct-blastic-diffuse",
    "ct-mixed",
    "enostosis",
    "pedicle-l",
    "epi-1b-ct",
    "hw-ct",
    "ct-gate-bone-1",
    "ct-gate-soft-3",
    "ct-gate-soft-5",
    "ct-gate-100kv",
    "ct-gate-contrast",
    "cortex-frac",
]
GRIDS = [
    "lesion-grid",
    "xr-detect-grid",
    "xr-pedicle",
    "xr-scallop",
    "adc-grid",
    "csi-grid",
    "pdff-grid",
    "fs-table",
    "dce-types",
]
MYELOGRAM = ["ctm-block-partial", "ctm-block-complete", "lm-thick", "lm-nodules"]
NUCLEAR = ["marrow-only"]
MR = [
    "bullseye",
    "red-island",
    "t2-bright",
    "t1fs",
    "dwi-hyper",
    "dwi-shine",
    "dwi-lowsnr",
    "resp-adc",
    "resp-fibrosis",
    "wb-3st",
    "gcsf",
]
EPIDURAL = [f"epi-escc-{grade}" for grade in ("0", "1a", "1b", "1c", "2", "3")] + [
    "epi-draped",
    "epi-undraped",
    "epi-circumferential",
    "epi-foraminal",
    "epi-isolated",
    "par-mass",
    "lm-film",
    "im-hemorrhage",
]
FRACTURES = [
    f"fx-{kind}"
    for kind in [
        "benign-typical",
        "malignant-typical",
        "overlap",
        "band",
        "spared",
        "full-edema",
        "convex-wall",
        "retropulsion",
        "pedicle-edema",
    ]
]
MIMICS = [
    f"mim-{kind}"
    for kind in [
        "hemangioma-atypical",
        "hemangioma-aggressive",
        "modic1",
        "schmorl",
        "discitis",
        "hematoma-hyperacute",
        "hematoma-acute",
        "hematoma-subacute",
        "hematoma-chronic",
        "abscess",
        "phlegmon",
        "ms",
        "infarct",
        "avm",
        "ependymoma",
        "astrocytoma",
        "cement",
        "rt-field",
    ]
]
PAIRS = [f"pair-{kind}" for kind in ["sclerosis", "fading", "lytic-conversion", "flare", "stable", "new-lesion"]]
PITFALLS = [
    f"pit-{kind}"
    for kind in [
        "young-marrow",
        "gcsf",
        "osteoporosis-3fx",
        "hardware",
        "3t-header",
        "missing-tags",
        "stir-after-gd",
        "transitional",
    ]
]
PLANNING = [f"sins-{score}" for score in ("02", "07", "12", "13", "14", "18")] + [
    f"plan-sectors-{n}" for n in range(1, 8)
]
FAULTS = [
    "fs-fail-edge",
    "hw-l3l5",
    "shading",
    "motion-1",
    "proto-t1-t2",
    "proto-ct5-soft",
    "proto-t1-stir-gd",
    "proto-no-gd",
    "proto-pet-only",
]
MASTER = (
    NORMALS + FIGURES + GEOMETRY + CT + GRIDS + MYELOGRAM + NUCLEAR + MR + EPIDURAL + FRACTURES + MIMICS + PAIRS + PITFALLS
    + PLANNING + FAULTS
)  # fmt: skip
# What is known to be missing: a case that comes to exist must leave this list.
MISSING: set[str] = set()


def exists(name):
    """Whether a case can be made by that name."""
    try:
        case_of(name)
    except UsageError:
        return name == HEADERS
    return True


def test_what_is_missing_is_known():
    """No case of the master list is missing without being named here, and none is named that exists."""
    assert {name for name in MASTER if not exists(name)} == MISSING


def test_no_name_is_used_twice():
    """Every case belongs to one group, with a heading of its own."""
    listed = [name for names in headings().values() for name in names]
    assert len(listed) == len(set(listed)) == len(CASES)


@pytest.mark.parametrize("name", [n for n in MASTER if n not in MISSING])
def test_the_case_bears_its_name(name):
    """What is made says what was asked for, and either promises findings or says why not."""
    case = case_of(name)
    assert case.name.partition("@")[0] == name
    assert bool(case.expected) != bool(case.awaits)
