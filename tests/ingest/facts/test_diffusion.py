"""Diffusion weighting by vendor rule, without real data: b-values, directions in the patient, what is said."""

from __future__ import annotations

import struct

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.sequence import Sequence

from spinemets.ingest.facts import diffusion
from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header import reader
from spinemets.ingest.header.headers import EACH_ITS_OWN, Header
from spinemets.ingest.header.scan import Scan
from spinemets.ingest.header.values import Values
from spinemets.model.acquisition import Diffusion

AXIAL, SAGITTAL = b"1\\0\\0\\0\\1\\0", b"0\\1\\0\\0\\0\\-1"
OBLIQUE = b"0.8\\0.6\\0\\-0.6\\0.8\\0"


def fd(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}d", *numbers)


def fl(number: float) -> bytes:
    return struct.pack("<f", number)


def classic(vendor: bytes, elements: dict[int, bytes], **more: bytes) -> Header:
    """Scanned header of one vendor; `more` by name of the constant in `headers` or one of the keys below."""
    keys = {"position": 0x00185100, "phase": 0x00181312, "modality": 0x00080060, "orientation": 0x00200037}
    values = {0x00080060: b"MR", 0x00080070: vendor, 0x00200037: AXIAL} | elements
    values |= {keys[name]: value for name, value in more.items()}
    return Header(Scan(values=values, syntax="1.2.840.10008.1.2.1"))


def ge(b: bytes, direction: tuple[bytes, bytes, bytes] = (b"0", b"0", b"0"), **more: bytes) -> Header:
    parts = dict(zip((0x001910BB, 0x001910BC, 0x001910BD), direction, strict=True))
    creators = {0x00190010: b"GEMS_ACQU_01", 0x00430010: b"GEMS_PARM_01"}
    extra = {"position": b"HFS", "phase": b"COL "} | more
    return classic(b"GE MEDICAL SYSTEMS", creators | parts | {0x00431039: b}, **extra)


def siemens(elements: dict[int, bytes], block: int = 0x10) -> Header:
    moved = {0x00190000 | block << 8 | (tag & 0xFF): raw for tag, raw in elements.items()}
    return classic(b"SIEMENS", {0x00190000 | block: b"SIEMENS MR HEADER "} | moved)


def philips(b: float, letter: bytes, direction: tuple[float, float, float]) -> Header:
    creators = {0x20010010: b"Philips Imaging DD 001", 0x20050010: b"Philips MR Imaging DD 001 "}
    parts = {0x200510B0 + n: fl(part) for n, part in enumerate(direction)}
    return classic(b"Philips", creators | parts | {0x20011003: fl(b), 0x20011004: letter})


def uih(b: float, nominal: float, direction: tuple[float, float, float], **more: bytes) -> Header:
    own = {0x00650010: b"Image Private Header", 0x00651009: fd(b), 0x0065100A: fd(nominal), 0x00651037: fd(*direction)}
    return classic(b"UIH ", own, **more)


def test_the_standard_elements_need_no_vendor():
    """0018,9087 and 0018,9089 are in the patient; the length of the direction does not matter."""
    found = diffusion.of_header(classic(b"", {0x00189087: fd(800), 0x00189089: fd(0, 2, 0)}))
    assert found == Diffusion(b_s_per_mm2=800, direction_lps=(0, 1, 0), source="0018,9087")
    trace = diffusion.of_header(classic(b"", {0x00189087: fd(800), 0x00189075: b"ISOTROPIC "}))
    assert trace.averaged is True and trace.direction_lps is None
    big = Scan(values={0x00080060: b"MR", 0x00189087: struct.pack(">d", 50)}, syntax="1", little=False)
    assert diffusion.of_header(Header(big)).b_s_per_mm2 == 50


def test_no_statement_no_weighting():
    """Nothing stated, other modalities, and numbers that cannot be b-values are None, never 0."""
    assert diffusion.of_header(classic(b"SIEMENS", {})) is None
    assert diffusion.of_header(classic(b"", {0x00189087: fd(800)}, modality=b"CT")) is None
    for wrong in (float("nan"), float("inf"), -1.0, 7.23e75):
        assert diffusion.of_header(classic(b"", {0x00189087: fd(wrong)})) is None
    assert diffusion.of_header(siemens({0x0019000C: b"none"})) is None


@pytest.mark.parametrize("words", [rb"DERIVED\PRIMARY\DIFFUSION\ADC", rb"DERIVED\SECONDARY\DIFFUSION\FA\ND"])
def test_maps_have_no_weighting(words):
    """An ADC map repeats the b-value or the name of its sequence (*ep_b0): it has no weighting. Averages keep theirs."""
    stated = {0x00080008: words, 0x00189087: fd(800), 0x00180024: b"*ep_b0"}
    assert diffusion.of_header(classic(b"SIEMENS", stated)) is None
    stated[0x00080008] = rb"DERIVED\PRIMARY\DIFFUSION\TRACEW"
    assert diffusion.of_header(classic(b"SIEMENS", stated)).b_s_per_mm2 == 800
    assert diffusion.is_map("original\\primary\\adc") and not diffusion.is_map("") and not diffusion.is_map("FAT")


def test_siemens():
    """0019,100C is a text; the direction is in the patient; ISOTROPIC is an average."""
    weighted = diffusion.of_header(siemens({0x0C: b"1000", 0x0D: b"DIRECTIONAL", 0x0E: fd(0.6, 0, -0.8)}))
    assert weighted.b_s_per_mm2 == 1000 and weighted.direction_lps == pytest.approx((0.6, 0, -0.8))
    assert (weighted.averaged, weighted.source) == (False, "0019,100C")
    trace = diffusion.of_header(siemens({0x0C: b"500 ", 0x0D: b"ISOTROPIC "}))
    assert (trace.b_s_per_mm2, trace.averaged, trace.direction_lps) == (500, True, None)


def test_siemens_b_matrix_gives_the_direction_where_none_is_written():
    """0019,1027 of one direction: b u u'; an isotropic one gives none."""
    u = np.array([0.6, 0.0, -0.8])
    xx, xy, xz, yy, yz, zz = (1000 * u[i] * u[j] for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)))
    found = diffusion.of_header(siemens({0x0C: b"1000", 0x27: fd(xx, xy, xz, yy, yz, zz)}))
    assert abs(np.dot(found.direction_lps, u)) == pytest.approx(1)
    even = diffusion.of_header(siemens({0x0C: b"1000", 0x27: fd(333, 0, 0, 333, 0, 333)}))
    assert even.direction_lps is None


def test_old_siemens_says_it_in_the_name_of_the_sequence():
    """Last resort: *ep_b1000#12; only for the vendor's own files, and said to come from a text."""
    name = {0x00180024: b"*ep_b1000#12"}
    found = diffusion.of_header(classic(b"SIEMENS", name))
    assert (found.b_s_per_mm2, found.source) == (1000, f"0018,0024: {diffusion.TEXT}")
    assert diffusion.of_header(classic(b"GE MEDICAL SYSTEMS", name)) is None


@pytest.mark.parametrize("block", [0x10, 0x11, 0x1F])
def test_a_moved_private_block_is_found_by_its_creator(block):
    """Archives move blocks: 0019,110C is the same element, said with its address."""
    found = diffusion.of_header(siemens({0x0C: b"1000", 0x0E: fd(0, 0, 1)}, block=block))
    assert found.b_s_per_mm2 == 1000 and found.direction_lps == (0, 0, 1)
    assert found.source == f"0019,{block:02X}0C"


def test_a_foreign_block_at_the_usual_place_is_not_read():
    """0019,100C of another creator is not a b-value."""
    header = classic(b"SIEMENS", {0x00190010: b"SOMEBODY ELSE", 0x0019100C: b"1000"})
    assert diffusion.of_header(header) is None


def test_removed_creators_are_forgiven_for_the_file_s_own_vendor_only():
    """Anonymisers remove creators: the usual block counts where the manufacturer is that vendor."""
    bare = {0x0019100C: b"1000"}
    assert diffusion.of_header(classic(b"SIEMENS", bare)).b_s_per_mm2 == 1000
    assert diffusion.of_header(classic(b"GE MEDICAL SYSTEMS", bare)) is None
    assert diffusion.of_header(classic(b"", bare)) is None


def test_moved_block_in_a_real_file(write_image, tmp_path):
    """The scan keeps what the rules need: a file written to disk, private block 0019,11xx."""
    path = write_image(tmp_path / "one", np.zeros((2, 2), np.uint16), Modality="MR", Manufacturer="SIEMENS")
    dataset = pydicom.dcmread(path)
    dataset.private_block(0x0019, "SOMEBODY ELSE", create=True).add_new(0x0C, "LO", "77")
    dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "650")
    dataset.save_as(path)
    found = diffusion.of_header(
        reader.HeaderReader().header(SourceFile(path=path, name="one", size=path.stat().st_size))
    )
    assert (found.b_s_per_mm2, found.source) == (650, "0019,110C")


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"])
def test_every_encoding_of_the_header(write_image, tmp_path, syntax):
    """Implicit VR, big endian, deflated: the same weighting and direction from binary and text elements."""
    path = write_image(
        tmp_path / "one", np.zeros((2, 2), np.uint16), syntax=syntax, Modality="MR", Manufacturer="SIEMENS"
    )
    dataset = pydicom.dcmread(path)
    block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", "650")
    block.add_new(0x0E, "FD", [0.6, 0.0, -0.8])
    dataset.save_as(path)
    found = diffusion.of_header(
        reader.HeaderReader().header(SourceFile(path=path, name="one", size=path.stat().st_size))
    )
    assert (found.b_s_per_mm2, found.source) == (650, "0019,100C")
    assert found.direction_lps == pytest.approx((0.6, 0, -0.8))


@pytest.mark.parametrize(
    ("raw", "b"), [(b"0\\8\\0\\0", 0), (b"1000\\8\\0\\0", 1000), (b"0\\335544320\\0\\0", 0), (b"1000000800", 800),
                   (b"1000000000\\8", 0), (b"10000", 10000)],
)  # fmt: skip
def test_ge_first_value_and_its_offset(raw, b):
    """Subtract 1e9 where it was added; the second value is no b-value; b = 10000 is not 0."""
    assert diffusion.of_header(ge(raw)).b_s_per_mm2 == b


def test_ge_directions_lie_in_the_image():
    """Phase along the columns: -x along the row, -y along the column, z along their normal; an oblique image turns it."""
    stored = (b"0.6", b"0.0", b"-0.8")
    assert diffusion.of_header(ge(b"1000\\8", stored)).direction_lps == pytest.approx((-0.6, 0, -0.8))
    turned = diffusion.of_header(ge(b"1000\\8", stored, orientation=OBLIQUE)).direction_lps
    assert turned == pytest.approx((-0.6 * 0.8, -0.6 * 0.6, -0.8))
    swapped = diffusion.of_header(ge(b"1000\\8", (b"0.6", b"0.8", b"0"), phase=b"ROW ")).direction_lps
    assert swapped == pytest.approx((-0.8, 0.6, 0))


@pytest.mark.parametrize(
    ("more", "words"), [({"position": b"FFS"}, "HFS only"), ({"orientation": SAGITTAL}, "axial slices only"),
                        ({"phase": b""}, "no phase encoding"), ({"orientation": b""}, "no orientation")],
)  # fmt: skip
def test_ge_directions_whose_axes_are_not_known_are_not_read(more, words):
    """The b-value stays, the direction is not guessed and the reason is said."""
    found = diffusion.of_header(ge(b"1000\\8", (b"1", b"0", b"0"), **more))
    assert found.b_s_per_mm2 == 1000 and found.direction_lps is None
    _, said = diffusion.completed([found])
    assert any(words in text for text in said)


def test_ge_short_directions_scale_b():
    """A table of several shells: b = nominal x length squared, said; a stated standard b-value is not scaled."""
    stored = (b"0.5", b"0.5", b"0")
    found = diffusion.of_header(ge(b"2000\\8", stored))
    assert found.b_s_per_mm2 == pytest.approx(1000) and "squared length" in found.source
    assert np.linalg.norm(found.direction_lps) == pytest.approx(1)
    header = ge(b"2000\\8", stored)
    header.scanned.values[0x00189087] = fd(1000)
    assert diffusion.of_header(header).b_s_per_mm2 == 1000


def test_ge_average_over_directions():
    """0043,1030 = 15 is an average; 16 and more are single directions."""
    header = ge(b"800\\8")
    header.scanned.values[0x00431030] = struct.pack("<h", 15)
    assert diffusion.of_header(header).averaged is True


def test_philips():
    """2001,1003 and 2005,10B0 to B2; I at a high b-value is an average, at b = 0 it says nothing."""
    weighted = diffusion.of_header(philips(800, b"O ", (0, 0.6, 0.8)))
    assert weighted.b_s_per_mm2 == 800 and weighted.direction_lps == pytest.approx((0, 0.6, 0.8))
    assert (weighted.averaged, weighted.source) == (False, "2001,1003")
    derived = diffusion.of_header(philips(800, b"I ", (0, 0, 0)))
    assert (derived.averaged, derived.direction_lps) == (True, None)
    assert diffusion.of_header(philips(0, b"I ", (0, 0, 0))).averaged is None


def test_philips_numbered_repeats_of_zero_are_pooled():
    """0.001 is b = 0 without a direction, and that is said; 1.25 is kept."""
    found = [diffusion.of_header(philips(b, b"O ", (0, 0.6, 0.8))) for b in (0.0, 0.001, 0.002, 1.25, 800)]
    images, said = diffusion.completed(found)
    assert [one.b_s_per_mm2 for one in images] == [0, 0, 0, 1.25, 800]
    assert [one.direction_lps is None for one in images] == [True, True, True, False, False]
    assert said == (f"b-value from 2001,1003: {diffusion.REPEAT}",)


def test_uih_effective_value_and_image_axes():
    """The effective b-value is used before the standard one, the protocol's is said; the direction turns with the image."""
    header = uih(929.75, 1000, (1, 0, 0), orientation=OBLIQUE)
    header.scanned.values[0x00189087] = fd(1000)
    found = diffusion.of_header(header)
    assert found.b_s_per_mm2 == 929.75 and found.direction_lps == pytest.approx((0.8, 0.6, 0))
    assert found.source == "0065,1009: effective b = 929.75, the protocol states 1000 (0065,100A)"
    assert diffusion.of_header(uih(1000, 1000, (0, 0, 1))).source == "0065,1009"


def test_canon_comment_gives_the_b_value_and_no_direction():
    """b=1500(...) in a comment: its direction lies in axes whose polarity nobody states."""
    found = diffusion.of_header(classic(b"CANON_MEC", {0x00204000: b"b=1500(0.445,0.000,0.895)"}))
    assert (found.b_s_per_mm2, found.direction_lps, found.source) == (1500, None, f"0020,4000: {diffusion.TEXT}")
    assert diffusion.of_header(classic(b"SIEMENS", {0x00204000: b"b=1500"})) is None


def test_hitachi():
    """0029,1030 of creator MMCPrivate."""
    found = diffusion.of_header(classic(b"HITACHI", {0x00290010: b"MMCPrivate", 0x00291030: fd(1000)}))
    assert (found.b_s_per_mm2, found.source) == (1000, "0029,1030")


def test_missing_is_zero_only_where_the_others_state_theirs():
    """Toshiba writes nothing on b = 0. Where b = 0 is stated already, a missing one stays unknown and is said."""
    weighted, zero = Diffusion(b_s_per_mm2=1500, source="a"), Diffusion(b_s_per_mm2=0, source="a")
    images, said = diffusion.completed([None, weighted, weighted])
    assert (images[0].b_s_per_mm2, images[0].source) == (0, diffusion.INFERRED)
    assert said == ("1 of 3 images state no b-value: b = 0, because the other images of the series state theirs",)
    images, said = diffusion.completed([None, zero, weighted])
    assert images[0] is None and "unknown weighting" in said[0]
    assert diffusion.completed([None, None]) == ([None, None], ())
    assert diffusion.completed([]) == ([], ())


def test_an_image_without_direction_among_directions_is_said():
    """A trace or derived volume inside a tensor series; not said for b = 0 or where nobody has directions."""
    lone, zero = Diffusion(b_s_per_mm2=1000, source="a"), Diffusion(b_s_per_mm2=0, source="a")
    along = Diffusion(b_s_per_mm2=1000, direction_lps=(1, 0, 0), source="a")
    assert diffusion.NO_DIRECTION in diffusion.completed([along, zero, lone])[1][0]
    assert diffusion.completed([along, zero])[1] == diffusion.completed([lone, zero])[1] == ()


def item(**values) -> pydicom.Dataset:
    found = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def frame(**values) -> Values:
    group = item(MRDiffusionSequence=Sequence([item(**values)]))
    return Values(item(PerFrameFunctionalGroupsSequence=Sequence([group])), 0)


def test_frames_of_multi_frame_files():
    """MR Diffusion Sequence: directional, isotropic, b-matrix alone, none."""
    sequence = Sequence([item(DiffusionGradientOrientation=[0.0, 0.0, -1.0])])
    directed = diffusion.of_values(
        frame(DiffusionBValue=700.0, DiffusionDirectionality="DIRECTIONAL", DiffusionGradientDirectionSequence=sequence)
    )
    assert directed == Diffusion(b_s_per_mm2=700, direction_lps=(0, 0, -1), averaged=False, source="0018,9087")
    trace = diffusion.of_values(frame(DiffusionBValue=700.0, DiffusionDirectionality="ISOTROPIC"))
    assert (trace.averaged, trace.direction_lps) == (True, None)
    matrix = {f"DiffusionBValue{axes}": 0.0 for axes in ("XX", "XY", "XZ", "YY", "YZ")} | {"DiffusionBValueZZ": 700.0}
    found = diffusion.of_values(
        frame(
            DiffusionBValue=700.0,
            DiffusionDirectionality="BMATRIX",
            DiffusionBMatrixSequence=Sequence([item(**matrix)]),
        )
    )
    assert found.direction_lps == pytest.approx((0, 0, 1)) and found.averaged is False
    assert diffusion.of_values(frame()) is None
    one = frame(DiffusionBValue=700.0, FrameType=["DERIVED", "PRIMARY", "DIFFUSION", "ADC"])
    assert diffusion.of_values(one) is None


def test_private_elements_of_a_frame():
    """A converter's multi-frame file that kept the vendor's private elements: found by creator, block unknown."""
    dataset = item(Modality="MR", Manufacturer="SIEMENS")
    dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "400")
    found = diffusion.of_values(Values(dataset))
    assert (found.b_s_per_mm2, found.source) == (400, "0019,xx0C")


CREATORS = {
    0x00190010: b"SIEMENS MR HEADER", 0x00190011: b"GEMS_ACQU_01", 0x00430010: b"GEMS_PARM_01", 0x00650010: b"Image Private Header",
    0x20010010: b"Philips Imaging DD 001", 0x20050010: b"Philips MR Imaging DD 001", 0x00290010: b"MMCPrivate",
}  # fmt: skip
TAGS = sorted(
    tag for tag in diffusion.TAGS if tag & 0xFFFF != 0x0010 and (tag >> 8 & 0xFF) in (0x10, 0x11, 0x90, 0x13, 0x00)
)
RAW = st.one_of(
    st.binary(max_size=48),
    st.sampled_from([b"1000", b"COL", b"HFS", AXIAL, b"I", fd(800), fd(0, 1, 0), fl(500), b"1e400", b"\\"]),
)


@settings(max_examples=300, deadline=None)
@given(values=st.dictionaries(st.sampled_from(TAGS), RAW, max_size=12), little=st.booleans())
def test_any_bytes_give_a_sound_weighting_or_none(values, little):
    """Property: whatever lies in the elements, no exception; a b-value in range and a direction of length 1, or nothing."""
    raw = {0x00080060: b"MR"} | CREATORS | values
    found = diffusion.of_header(Header(Scan(values=raw, syntax="1.2.840.10008.1.2.1", little=little)))
    if found is None:
        return
    assert 0 <= found.b_s_per_mm2 <= 100_000 and found.source
    if found.direction_lps is not None:
        assert np.linalg.norm(found.direction_lps) == pytest.approx(1) and found.b_s_per_mm2 >= 1
        assert not found.averaged


def test_the_weighting_does_not_depend_on_what_every_image_has_of_its_own():
    """So images that share the rest have the same: identifier, number and place are not among what may be asked for."""
    assert diffusion.TAGS.isdisjoint(EACH_ITS_OWN)
