"""Names of series with a place."""

from __future__ import annotations

import itertools

import pytest

from spinemets.exports.dicom.modules import anatomic_region
from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.placing import LUMBAR, body_part, placed, several


def test_no_place_is_the_lumbar_field():
    """A protocol without a place, and with the word, is the same."""
    assert placed("t1", {}, "") == placed("t1-lumbar", {}, LUMBAR) == {}
    assert default("t1").region == LUMBAR


@pytest.mark.parametrize(
    ("name", "description"),
    [("t1-thoracic", "T-SPINE SAG T1 SE"), ("ct-cervical", "CT cervical spine BONE"), ("ax_t2-L4", "AX T2 TSE")],
)
def test_the_description_says_where(name, description):
    """Instead of the lumbar spine, or before what the protocol is called; a stack of a disc is called as its sequence."""
    assert default(name).description == description


def test_a_region_sets_the_field():
    """280 mm cervical, 360 mm thoracic (phantom specification, PHA-40); an axial stack has the slices it needs."""
    assert default("t1-cervical").fov_mm[1] == 280.0
    assert default("t1-thoracic").fov_mm[1] == 360.0
    assert default("ax_t2").n_slices == 46 and default("ax_t2-thoracic").n_slices is None


def test_stations_differ_in_brightness():
    """By 10 to 40 % from one to the next (PHA-57)."""
    stored = [default(f"wb_stir-{n}").stored for n in (1, 2, 3, 4)]
    for one, other in itertools.pairwise(stored):
        assert 0.1 <= abs(other - one) / one <= 0.4
    assert [default(f"wb_stir-{n}").station for n in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert default("wb_stir").station == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("t1-knee", "no place 'knee'"),
        ("t1-L4", "only axial MR"),
        ("ct-L4", "only axial MR"),
        ("wb_stir-5", "no station '5'"),
        ("wb_stir-thoracic", "no station 'thoracic'"),
        ("wb_stir-0", "no station '0'"),
        ("xr_ap-thoracic", "lies where its protocol says"),
    ],
)
def test_places_that_cannot_be_are_refused(name, said):
    """In one line that names the series and says what there is."""
    with pytest.raises(UsageError, match=said) as caught:
        default(name)
    assert name in str(caught.value)


def test_regions_are_whole():
    """Each row says where it begins and ends, what it is centred on and how large each plane's picture is."""
    for row in table("phantom_protocols")["regions"].values():
        assert set(row["fov_mm"]) == {"axial", "sagittal", "coronal"} and row["centred_on"] and row["word"]
        assert row["top"]["above_mm"] > 0 and row["bottom"]["below_mm"] > 0


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("t1", ("t1",)),
        ("t1-thoracic", ("t1-thoracic",)),
        ("ax_t2-discs", ("ax_t2-L3", "ax_t2-L4", "ax_t2-L5")),
        ("wb3_stir-all", ("wb3_stir-1", "wb3_stir-2", "wb3_stir-3")),
        ("wb_dwi-all", ("wb_dwi-1", "wb_dwi-2", "wb_dwi-3", "wb_dwi-4")),
        ("t1-all", ("t1-all",)),
    ],
)
def test_names_that_stand_for_several(name, made):
    """Stacks along the usual discs, all stations; what is no such name is refused where it is made."""
    assert several(name) == made


@pytest.mark.parametrize(
    ("region", "part"), [("lumbar", "LSPINE"), ("thoracic", "TSPINE"), ("cervical", "CSPINE"), ("whole", "SPINE")]
)
def test_headers_name_the_part_that_is_seen(region, part):
    """A thoracic series that calls itself lumbar would set every reader's levels wrong; each term has its code."""
    assert body_part(region) == part
    assert anatomic_region(part).value
