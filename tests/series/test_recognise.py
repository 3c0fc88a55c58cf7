"""MR-GEN-01 and CT-01: every series gets its kind from physics, with the reasons."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from spinemets.model.acquisition import Tracer
from spinemets.model.errors import UsageError
from spinemets.series.classes import known_kinds, mr_table
from spinemets.series.recognise import recognise

T15 = {"modality": "MR", "field_t": 1.5, "fat_suppressed": False}
PLAIN = {"image_type": ("ORIGINAL", "PRIMARY", "M", "ND")}
SE = {"scanning_sequence": ("SE",)}
IR = {"scanning_sequence": ("SE", "IR")}
GR = {"scanning_sequence": ("GR",)}

# One full header per vendor and class, as their scanners write it. `None` of a vendor's habit is left out on purpose.
VENDORS: dict[str, dict[str, Any]] = {
    "siemens t1": {
        **T15, **SE, "manufacturer": "SIEMENS", "tr_s": 0.58, "te_s": 0.0098, "flip_deg": 150, "echo_train_length": 3,
        "scan_options": ("PFP", "SAT1"), "sequence_variant": ("SK", "SP", "OSP"), "description": "t1_tse_sag",
    },
    "siemens t2": {
        **T15, **SE, "manufacturer": "SIEMENS", "tr_s": 3.27, "te_s": 0.096, "flip_deg": 150, "echo_train_length": 19,
        "scan_options": ("SAT1",), "description": "t2_tse_sag_p2_384",
    },
    "siemens stir 3 T": {
        **IR, "modality": "MR", "field_t": 2.89, "manufacturer": "Siemens Healthineers", "tr_s": 4.5, "te_s": 0.05,
        "ti_s": 0.22, "flip_deg": 150, "echo_train_length": 11, "scan_options": ("IR", "PFP"),
        "description": "t2_tirm_sag",
    },
    "ge t1": {
        **T15, **SE, "manufacturer": "GE MEDICAL SYSTEMS", "tr_s": 0.65, "te_s": 0.0126, "ti_s": 0.0, "flip_deg": 90,
        "echo_train_length": 3, "scan_options": ("FAST_GEMS", "NPW"), "description": "Sag T1 FSE",
    },
    "ge t2 fs": {
        **SE, "modality": "MR", "field_t": 1.5, "manufacturer": "GE MEDICAL SYSTEMS", "tr_s": 4.2, "te_s": 0.085,
        "ti_s": 0.0, "flip_deg": 90, "echo_train_length": 17, "scan_options": ("FAST_GEMS", "FS"),
        "description": "Sag T2 FS",
    },
    "ge stir": {
        **T15, **IR, "manufacturer": "GE MEDICAL SYSTEMS", "tr_s": 4.0, "te_s": 0.045, "ti_s": 0.15, "flip_deg": 90,
        "scan_options": ("FAST_GEMS",), "description": "Sag STIR",
    },
    "ge dwi": {
        "modality": "MR", "field_t": 3.0, "scanning_sequence": ("EP", "SE"), "manufacturer": "GE MEDICAL SYSTEMS",
        "tr_s": 4.0, "te_s": 0.072, "flip_deg": 90, "b_values_s_per_mm2": (0.0, 800.0),
        "scan_options": ("EPI_GEMS", "FS"), "description": "Ax DWI b800",
    },
    "philips t1": {
        **T15, **SE, "manufacturer": "Philips Medical Systems", "tr_s": 0.5, "te_s": 0.008, "flip_deg": 90,
        "echo_train_length": 5, "scan_options": ("OTHER",), "description": "T1W_TSE SAG",
    },
    "philips t2 spair": {
        **SE, "modality": "MR", "field_t": 3.0, "manufacturer": "Philips", "tr_s": 3.4, "te_s": 0.09, "ti_s": 0.12,
        "flip_deg": 90, "scan_options": ("FS",), "fat_suppressed": True, "description": "T2W_SPAIR SAG",
    },
    "philips stir": {
        **T15, "scanning_sequence": ("IR",), "manufacturer": "Philips Healthcare", "tr_s": 3.0, "te_s": 0.07,
        "ti_s": 0.165, "flip_deg": 90, "scan_options": ("OTHER",), "description": "STIR_longTE SAG",
    },
    "canon t1 flair 3 T": {
        **IR, "modality": "MR", "field_t": 3.0, "fat_suppressed": False, "manufacturer": "CANON_MEC", "tr_s": 2.2,
        "te_s": 0.02, "ti_s": 0.86, "flip_deg": 90, "description": "T1 FLAIR",
    },
    "hitachi t2 0.3 T": {
        **SE, "modality": "MR", "field_t": 0.3, "manufacturer": "HITACHI MEDICAL CORPORATION", "tr_s": 3.5, "te_s": 0.125,
        "ti_s": 0.0, "flip_deg": 90, "echo_train_length": 10, "scan_options": ("FC", "SP"), "description": "T2 DE SAG",
    },
    "uih t1 gd fs": {
        **SE, "modality": "MR", "field_t": 3.0, "manufacturer": "UIH", "tr_s": 0.7, "te_s": 0.011, "flip_deg": 120,
        "echo_train_length": 4, "scan_options": ("FS",), "contrast_agent": True, "description": "t1_fse_fs_sag +C",
    },
    "siemens t1 fs": {
        **SE, "modality": "MR", "field_t": 3.0, "manufacturer": "SIEMENS", "tr_s": 0.75, "te_s": 0.01, "flip_deg": 140,
        "scan_options": ("FS", "PFP"), "description": "t1_tse_fs_sag",
    },
    "siemens t2star": {
        **T15, **GR, "manufacturer": "SIEMENS", "tr_s": 0.6, "te_s": 0.018, "flip_deg": 28, "scan_options": ("PFP",),
        "description": "t2_me2d_tra",
    },
}  # fmt: skip
TRUTH = {
    "siemens t1": "t1", "siemens t2": "t2", "siemens stir 3 T": "stir", "ge t1": "t1", "ge t2 fs": "t2_fs",
    "ge stir": "stir", "ge dwi": "dwi", "philips t1": "t1", "philips t2 spair": "t2_fs", "philips stir": "stir",
    "canon t1 flair 3 T": "t1_flair", "hitachi t2 0.3 T": "t2", "uih t1 gd fs": "t1_gd_fs", "siemens t1 fs": "t1_fs",
    "siemens t2star": "t2star",
}  # fmt: skip


def kind_of(make_study, *series, which: int = 0):
    return recognise(make_study(*series)).series[which].recognition


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({**T15, **SE, "tr_s": 0.560, "te_s": 0.011}, "t1"),
        ({**T15, **IR, "tr_s": 2.2, "te_s": 0.02, "ti_s": 0.86}, "t1_flair"),
        ({**T15, **IR, "tr_s": 4.0, "te_s": 0.06, "ti_s": 0.16}, "stir"),
        ({**T15, **SE, "tr_s": 3.0, "te_s": 0.08, "fat_suppressed": True}, "t2_fs"),
        ({**T15, **SE, "tr_s": 4.0, "te_s": 0.1, "description": "T1"}, "t2"),
        ({**T15, **SE, "tr_s": 3.0, "te_s": 0.02}, "pd"),
        ({**T15, **IR, "tr_s": 9.0, "te_s": 0.1, "ti_s": 2.4}, "t2_flair"),
        ({**T15, **SE, "tr_s": 6.0, "te_s": 0.6}, "mr_myelo"),
        ({**T15, **SE, "tr_s": 0.56, "te_s": 0.011, "contrast_agent": True}, "t1_gd"),
        ({"modality": "MR", "image_type": ("DERIVED", "PRIMARY", "DIFFUSION", "ADC")}, "adc"),
        ({"modality": "MR", "image_type": ("DERIVED", "SECONDARY", "PROCESSED"), "scanning_sequence": ("EP", "SE")}, "derived"),
        ({"modality": "MR", "image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, "localizer"),
        ({"modality": "CT", "image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, "localizer"),
        ({"modality": "CT", "image_type": ("DERIVED", "SECONDARY", "SCREEN SAVE")}, "screen_capture"),
        ({"modality": "CT", "image_type": ("DERIVED", "SECONDARY", "MIP")}, "derived"),
        ({"modality": "PT"}, "pet"),
        ({"modality": "PT", "tracer": Tracer(corrections=("DECY", "ATTN"))}, "pet_ac"),
        ({"modality": "PT", "tracer": Tracer(corrections=("DECY",))}, "pet_nac"),
        ({"modality": "NM", "image_type": ("ORIGINAL", "PRIMARY", "RECON TOMO")}, "spect"),
        ({"sop_class": "1.2.840.10008.5.1.4.1.1.2"}, "ct"),
        ({"modality": "CR"}, "radiograph"),
        ({"modality": "SEG"}, "unknown"),
        ({}, "unknown"),
    ],
)  # fmt: skip
def test_published_vectors(make_series, make_study, facts, kind):
    """MR-GEN-01 T: "TR 560 TE 11 no IR -> t1; TR 2200 TE 20 TI 860 -> t1_flair; TR 4000 TE 60 TI 160, 1.5 T -> stir; ..."."""
    assert kind_of(make_study, make_series(**facts)).kind == kind


def test_description_raises_a_conflict_and_never_names(make_series, make_study):
    """MR-GEN-01 T: description "T1" with TR 4000 TE 100 -> `t2` + conflict."""
    found = kind_of(make_study, make_series(**T15, **SE, tr_s=4.0, te_s=0.1, description="T1"))
    assert found.kind == "t2"
    assert "T1-weighted" in found.conflicts[0]
    unnamed = kind_of(make_study, make_series(modality="MR", description="sag T1 TSE"))
    assert unnamed.kind == "unknown"
    assert any("does not name" in sentence for sentence in unnamed.evidence)


def test_echo_time_trap(make_series, make_study):
    """MR-GEN-01: "TE trap: 2.3 ms is opposed phase at 1.5 T and in phase at 3 T"."""
    facts = {**GR, "modality": "MR", "fat_suppressed": False, "tr_s": 0.12, "te_s": 0.0023, "flip_deg": 60}
    assert any("in phase" in s for s in kind_of(make_study, make_series(**facts, field_t=3.0)).evidence)
    assert any("opposed phase" in s for s in kind_of(make_study, make_series(**facts, field_t=1.5)).evidence)
    assert not any("phase" in s for s in kind_of(make_study, make_series(**facts, field_t=0.5)).evidence)


def test_two_echoes_of_one_geometry_are_in_and_opposed_phase(make_series, make_study):
    """`ip_op`: GR, 2 echoes, same geometry; a lone echo is only a T1 gradient echo."""
    array = np.zeros((4, 4, 4))
    facts = {**T15, **GR, "tr_s": 0.12, "flip_deg": 60}
    first = make_series(array, number=1, **facts, te_s=0.0023)
    second = make_series(array, number=2, **facts, te_s=0.0046)
    moved = make_series(array, number=3, origin=(30, 0, 0), **facts, te_s=0.0046)
    assert kind_of(make_study, first, second).kind == "ip_op"
    assert kind_of(make_study, first, moved).kind == "t1_gre"


def test_flip_angles_and_times_of_one_geometry(make_series, make_study):
    """`vfa`: >= 2 flip angles; `dce`: >= 8 time points; `dixon`: >= 3 echoes or a component in ImageType."""
    array = np.zeros((4, 4, 4))
    base = {**T15, **GR}
    flips = [make_series(array, number=n, **base, tr_s=0.005, te_s=0.002, flip_deg=f) for n, f in enumerate((3, 15), 1)]
    assert kind_of(make_study, *flips).kind == "vfa"
    times = [
        make_series(
            array,
            number=n,
            **base,
            tr_s=0.005,
            te_s=0.002,
            flip_deg=15,
            acquired=f"2026-01-01T12:00:{4 * n:02d}",
            contrast_agent=True,
        )
        for n in range(1, 10)
    ]
    assert kind_of(make_study, *times).kind == "dce"
    echoes = [
        make_series(array, number=n, **base, tr_s=0.01, te_s=t, flip_deg=6)
        for n, t in enumerate((0.0012, 0.0022, 0.0032), 1)
    ]
    assert kind_of(make_study, *echoes).kind == "dixon"
    water = make_series(**base, tr_s=0.01, te_s=0.002, flip_deg=6, image_type=("DERIVED", "PRIMARY", "WATER"))
    assert kind_of(make_study, water).kind == "dixon"
    fat_of_spin_echo = make_series(**T15, **SE, tr_s=3.5, te_s=0.1, image_type=("ORIGINAL", "PRIMARY", "FAT"))
    assert kind_of(make_study, fat_of_spin_echo).kind == "unknown"


@pytest.mark.parametrize("name", sorted(VENDORS))
def test_vendor_header_is_recognised(make_series, make_study, name):
    """`case hdr-vendors`: one header set per vendor."""
    found = kind_of(make_study, make_series(**PLAIN, **VENDORS[name]))
    assert found.kind == TRUTH[name], found
    assert found.confidence >= 0.8
    assert not found.conflicts


def _dropped(facts: dict[str, Any], n: int) -> Iterator[tuple[str, ...]]:
    droppable = [k for k in facts if k not in ("modality", "description", "contrast_agent")]
    for names in itertools.combinations(droppable, n):
        # Scan options and what was read from them are one element of the header.
        if ("scan_options" in names) == ("fat_suppressed" in names) or not {"scan_options", "fat_suppressed"} <= set(
            facts
        ):
            yield names


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("name", sorted(VENDORS))
def test_dropping_tags_never_names_another_class(make_series, make_study, name, n):
    """`case hdr-vendors` with tags dropped: a series stays what it is or becomes unknown, it is never another class."""
    full = {**PLAIN, **VENDORS[name]}
    for names in _dropped(full, n):
        facts = {k: v for k, v in full.items() if k not in names}
        if "fat_suppressed" in names or "scan_options" in names:
            facts.pop("fat_suppressed", None)
            facts.pop("scan_options", None)
        kind = kind_of(make_study, make_series(**facts)).kind
        assert kind in (TRUTH[name], "unknown"), (names, kind)


def test_contrast_that_is_not_stated_is_said(make_series, make_study):
    """Contrast is known only from its tag: without it a T1 series is called T1, and the record says on what grounds."""
    found = kind_of(make_study, make_series(**T15, **SE, tr_s=0.56, te_s=0.011, flip_deg=90))
    assert found.kind == "t1"
    assert any("no contrast agent stated" in sentence for sentence in found.evidence)


def test_unknown_fat_suppression_is_not_guessed(make_series, make_study):
    """A header without scan options does not say whether fat was suppressed: unknown, and the reason names it."""
    found = kind_of(make_study, make_series(modality="MR", field_t=1.5, **SE, tr_s=0.56, te_s=0.011, flip_deg=90))
    assert found.kind == "unknown"
    assert found.runner_up == ("t1", 0.8)
    assert any("fat suppression" in sentence for sentence in found.evidence)


def test_field_strength_decides_the_inversion_time(make_series, make_study):
    """STIR TI 100-190 ms at 1.5 T, 160-260 at 3 T: 240 ms is STIR only at 3 T, and without a field nowhere."""
    facts = {**IR, "modality": "MR", "tr_s": 4.0, "te_s": 0.06, "ti_s": 0.24}
    assert kind_of(make_study, make_series(**facts, field_t=3.0)).kind == "stir"
    assert kind_of(make_study, make_series(**facts, field_t=1.5)).kind == "unknown"
    assert kind_of(make_study, make_series(**facts)).kind == "unknown"


def test_contrast_that_nobody_rules_out_is_a_doubt(make_series, make_study):
    """A T1 that may be one after contrast is named, with the doubt, and never called sure; a description settles it."""
    facts = {**T15, **SE, **PLAIN, "tr_s": 0.56, "te_s": 0.011, "flip_deg": 90}
    silent = kind_of(make_study, make_series(**facts))
    assert silent.kind == "t1" and silent.confidence < 0.8
    assert any(doubt.startswith("t1_gd is not ruled out") for doubt in silent.doubts)
    spoken = kind_of(make_study, make_series(**facts, description="sag T1 TSE"))
    assert spoken.kind == "t1" and spoken.confidence >= 0.8 and not spoken.doubts
    after = kind_of(make_study, make_series(**facts, description="T1 nach KM"))
    assert after.kind == "t1" and after.confidence < 0.8 and after.conflicts


def test_later_than_injection_is_after_contrast(make_series, make_study):
    """MR-GEN-01: "contrast tag or later than injection": a T1 without the tag after a series with it is `t1_gd`."""
    facts = {**T15, **SE, **PLAIN, "tr_s": 0.56, "te_s": 0.011, "flip_deg": 90}
    first = make_series(number=1, **facts, acquired="2026-01-01T10:00:00")
    enhanced = make_series(number=2, **facts, acquired="2026-01-01T10:20:00", contrast_agent=True)
    last = make_series(number=3, **facts, acquired="2026-01-01T10:30:00")
    kinds = [s.recognition for s in recognise(make_study(first, enhanced, last)).series]
    assert [k.kind for k in kinds] == ["t1", "t1_gd", "t1_gd"]
    assert not kinds[0].doubts


@pytest.mark.parametrize(
    "text",
    [
        "t1 fettgesättigt",
        "T1 sat graisse",
        "T1 жироподавление",
        "T1 脂肪抑制",
        "T1 压脂",
        "T1 지방억제",
        "T1 supressão de gordura",
    ],
)
def test_words_of_other_languages_raise_conflicts(make_series, make_study, text):
    """Non-Latin descriptions: fat suppression in eight languages contradicts a plain T1."""
    found = kind_of(make_study, make_series(**T15, **SE, **PLAIN, tr_s=0.56, te_s=0.011, flip_deg=90, description=text))
    assert found.kind == "t1" and any("fat-suppressed" in s for s in found.conflicts) and found.confidence < 0.8


@pytest.mark.parametrize(
    "text", ["T1 造影後", "T1 增强", "T1 c контрастом", "T1 조영", "T1 avec injection", "T1 con contraste"]
)
def test_contrast_in_other_languages(make_series, make_study, text):
    """Words for contrast in other languages contradict a T1 whose header states none."""
    found = kind_of(make_study, make_series(**T15, **SE, **PLAIN, tr_s=0.56, te_s=0.011, flip_deg=90, description=text))
    assert any("after contrast" in s for s in found.conflicts)


@pytest.mark.parametrize(
    "text", ["T1 ohne KM", "T1 sans contraste", "T1 w/o contrast", "T1 pre contrast", "T1 造影前", "T1 без контраста"]
)
def test_no_contrast_in_other_languages(make_series, make_study, text):
    """ "Without contrast" is no contrast."""
    found = kind_of(make_study, make_series(**T15, **SE, **PLAIN, tr_s=0.56, te_s=0.011, flip_deg=90, description=text))
    assert not found.conflicts


def test_a_myelogram_needs_words_and_a_canal_that_does_not_deny_it(make_series, make_study):
    """CTM-01: words of the header; without a picture a doubt stays; "sac 15 HU -> plain CT" (see test_ct)."""
    facts = {"modality": "CT", "kernel": "STANDARD", "manufacturer": "GE MEDICAL SYSTEMS", **PLAIN}
    found = kind_of(make_study, make_series(**facts, description="L-SPINE MYELOGRAM"))
    assert found.kind == "ctm" and found.confidence < 0.8 and found.doubts
    assert kind_of(make_study, make_series(**facts, description="myeloma staging")).kind == "ct_soft"
    assert kind_of(make_study, make_series(**facts, description="L-SPINE")).kind == "ct_soft"


def test_user_statement_wins_and_physics_objects(make_series, make_study):
    """The user's word wins; evidence says so, and physics that contradicts it is reported, not resolved."""
    found = kind_of(make_study, make_series(**T15, **SE, tr_s=4.0, te_s=0.1, stated_kind="t1"))
    assert (found.kind, found.method, found.confidence) == ("t1", "stated by user", 1.0)
    assert "the header reads as t2" in found.conflicts[0]
    part = kind_of(make_study, make_series(modality="MR", tr_s=4.0, stated_kind="T1"))
    assert "does not fit" in part.conflicts[0]
    silent = kind_of(make_study, make_series(stated_kind="stir"))
    assert silent.kind == "stir" and not silent.conflicts
    kernel = kind_of(make_study, make_series(modality="CT", stated_kind="ct_bone"))
    assert kernel.kind == "ct_bone" and not kernel.conflicts


def test_a_kind_that_does_not_exist_is_a_usage_error(make_series, make_study):
    """A bad call is an exception that lists what exists."""
    with pytest.raises(UsageError, match="t1_flair"):
        recognise(make_study(make_series(stated_kind="t3")))


@pytest.mark.parametrize(
    ("kernel", "manufacturer", "kind"),
    [
        ("B", "Philips", "ct_soft"), ("L", "Philips", "ct_lung"), ("C", "Philips", "ct_soft"), ("D", "Philips", "ct_bone"),
        ("STANDARD", "GE MEDICAL SYSTEMS", "ct_soft"), ("BONEPLUS", "GE MEDICAL SYSTEMS", "ct_bone"),
        ("B30s", "SIEMENS", "ct_soft"), ("B70f", "SIEMENS", "ct_bone"), ("Br59f", "Siemens Healthineers", "ct_bone"),
        ("Br40d\\3", "SIEMENS", "ct_soft"), ("Bl64", "SIEMENS", "ct_lung"), ("['I70f', '3']", "SIEMENS", "ct_bone"),
        ("FC07", "TOSHIBA", "ct_soft"), ("FC17", "TOSHIBA", "ct_soft"), ("FC30", "Canon", "ct_bone"),
        ("FC51", "TOSHIBA", "ct_lung"), ("11", "Hitachi", "ct"), ("B", None, "ct"), ("bone", None, "ct_bone"),
        ("soft", "spinemets", "ct_soft"), (None, "GE", "ct"), ("  ", "GE", "ct"), ("DETAIL", "GE", "ct"),
    ],
)  # fmt: skip
def test_kernel_names(make_series, make_study, kernel, manufacturer, kind):
    """CT-01: "kernel class from ConvolutionKernel table"; the same letter means different things at different vendors."""
    found = kind_of(make_study, make_series(modality="CT", kernel=kernel, manufacturer=manufacturer))
    assert found.kind == kind


def test_reformatted_ct_keeps_its_kind(make_series, make_study):
    """A CT called derived by compression or reformatting still holds Hounsfield units."""
    facts = {"modality": "CT", "kernel": "STANDARD", "manufacturer": "GE MEDICAL SYSTEMS"}
    found = kind_of(make_study, make_series(**facts, image_type=("DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE")))
    assert found.kind == "ct_soft"
    assert any("reformatted" in sentence for sentence in found.evidence)


def test_body_part_conflicts(make_series, make_study):
    """A header that says lumbar is only reported; two header fields that disagree are a conflict."""
    t2 = {**T15, **SE, "tr_s": 3.27, "te_s": 0.096}
    plain = kind_of(make_study, make_series(**t2, body_part="LSPINE", description="t2_tse_sag"))
    assert plain.kind == "t2" and not plain.conflicts
    assert any("LSPINE (not checked" in sentence for sentence in plain.evidence)
    clash = kind_of(make_study, make_series(**t2, body_part="LSPINE", description="t2 cervical sag"))
    assert any("cervical" in sentence for sentence in clash.conflicts)
    head = kind_of(make_study, make_series(**t2, body_part="BRAIN"))
    assert any("not the spine" in sentence for sentence in head.conflicts)


def test_pixels_stay_shut_where_the_header_suffices(make_series, make_study):
    """Image checks cost a decode: none is made where a modality is stated (the fixture's loader would fail)."""
    recognise(make_study(make_series(modality="MR"), make_series(number=2, modality="CT")))


def test_values_alone_name_only_an_unmistakable_ct(make_series, make_study, rng_volume):
    """A file without facts is CT only with air and a soft tissue peak where Hounsfield units have them."""
    found = kind_of(make_study, make_series(rng_volume(air=0.2, centre=45)))
    assert found.kind == "ct" and found.confidence < 1 and found.method == "image content"
    assert any("tube voltage" in sentence for sentence in found.evidence)
    for air, centre in ((0.0, 45), (0.2, 600), (0.2, 110)):
        assert kind_of(make_study, make_series(rng_volume(air=air, centre=centre))).kind == "unknown"
    positive = np.abs(rng_volume(air=0.2, centre=45))
    assert kind_of(make_study, make_series(positive)).kind == "unknown"


def test_real_nifti(make_series, make_study, shared_data: Path):
    """Real files without a header: the torso CT is a CT, lumbar MR exams stay unknown with the remedy."""

    def read(path: Path) -> np.ndarray:
        return np.asarray(nibabel.load(path).dataobj)

    torso = kind_of(make_study, make_series(read(shared_data / "ct-torso-ts-labelled" / "ct.nii.gz")))
    assert torso.kind == "ct"
    for name in sorted((shared_data / "mr-lumbar-vb").glob("*_img.nii.gz"))[:3]:
        found = kind_of(make_study, make_series(read(name)))
        assert found.kind == "unknown"
        assert any("facts file" in sentence for sentence in found.evidence)


def test_tables_are_whole():
    """Every parent exists, every kind has words, and each description pattern agrees with kinds that exist."""
    table = mr_table()
    for kind, row in table.classes.items():
        assert row.nested_in is None or row.nested_in in table.classes
        assert kind in known_kinds()
    for word in table.description_words:
        assert set(word.agrees) <= set(known_kinds())
