"""`marks.of`: what may tell two images at one place apart."""

from __future__ import annotations

import dataclasses

import pytest

from spinemets.ingest.facts import component
from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.frames import Frame, Image, Layout
from spinemets.ingest.header import headers
from spinemets.ingest.header.headers import Header
from spinemets.ingest.header.scan import Scan
from spinemets.ingest.stacks import marks
from spinemets.model.acquisition import Diffusion


def header(**values: bytes) -> Header:
    raw = {getattr(headers, name, None) or getattr(component, name): value for name, value in values.items()}
    return Header(Scan(values=raw, syntax=""))


def frame(tmp_path, of_file=None, diffusion=None, **values: bytes) -> Frame:
    layout = Layout(rows=4, columns=6, allocated=16, stored=12, high_bit=11, signed=False, inverted=False)
    image = Image(
        source=SourceFile(path=tmp_path, name="x", size=1), header=header(**values), layout=layout, n_frames=1,
        direct=True, study_uid="", series_uid="", sop_uid="", sop_class="", modality="MR", series_number=None,
        frame_of_reference=None,
    )  # fmt: skip
    return Frame(
        image=image, index=0, position_mm=None, orientation=None, spacing_mm=None, thickness_mm=None, slope=None,
        intercept=None, number=1, marks=of_file, diffusion=diffusion,
    )  # fmt: skip


def test_physics_first_and_only_what_is_stated(tmp_path):
    """b-value and echo time before image type before acquisition number; absent attributes are no marks."""
    one = frame(
        tmp_path, diffusion=Diffusion(b_s_per_mm2=50.0), TE=b"12.5", IMAGE_TYPE=b"ORIGINAL\\PRIMARY\\OTHER ",
        ACQUISITION_NUMBER=b"2",
    )  # fmt: skip
    assert list(marks.of(one).items()) == [
        ("b-value", "50 s/mm2"),
        ("echo time", "12.5 ms"),
        ("image type", "ORIGINAL\\PRIMARY\\OTHER"),
        ("acquisition", "2"),
    ]
    assert marks.of(frame(tmp_path)) == {}


def test_marks_of_multiframe_images_are_their_own(tmp_path):
    """Functional groups speak, not the top level; the weighting is the one that was worked out."""
    assert marks.of(frame(tmp_path, {"echo time": "1 ms"}, TE=b"99")) == {"echo time": "1 ms"}
    found = marks.of(frame(tmp_path, {"b-value": "0.003 s/mm2", "gradient direction": "x"}, Diffusion(b_s_per_mm2=0.0)))
    assert found == {"b-value": "0 s/mm2"}


def test_known_marks_are_made_once(tmp_path, monkeypatch):
    """Tiles of one picture share its header, not their weighting; each frame has the marks it has alone."""
    made = []
    original = marks._classic
    monkeypatch.setattr(marks, "_classic", lambda header: made.append(header) or original(header))
    first = frame(tmp_path, TE=b"12.5")
    tiles = [first, *(dataclasses.replace(first, index=n, diffusion=Diffusion(b_s_per_mm2=50.0 * n)) for n in (1, 2))]
    others = [frame(tmp_path, {"echo time": "1 ms"}), frame(tmp_path, TE=b"99")]
    known = marks.Known()
    found = [dict(known[one]) for one in (*tiles, *others) * 2]
    assert len(made) == 2
    assert found == [dict(marks.of(one)) for one in (*tiles, *others)] * 2
    assert [mark.get("b-value") for mark in found[:4]] == [None, "50 s/mm2", "100 s/mm2", None]


class Asked(dict):
    """Values that remember which of them were asked for."""

    def __init__(self, values):
        super().__init__(values)
        self.tags = set()

    def get(self, tag, default=None):
        self.tags.add(tag)
        return super().get(tag, default)


def test_marks_do_not_look_at_what_every_image_has_of_its_own():
    """So images that share the rest have the same: identifier, number and place are never asked for."""
    values = Asked({headers.MODALITY: b"MR", headers.TE: b"12", headers.IMAGE_TYPE: b"ORIGINAL\\PRIMARY\\M"})
    marks._classic(Header(Scan(values=values, syntax="")))
    assert headers.TE in values.tags and values.tags.isdisjoint(headers.EACH_ITS_OWN)


def test_images_that_share_a_header_are_looked_at_once(tmp_path, monkeypatch):
    """The marks of a volume's images are made from one of them, and are those that each has alone."""
    made = []
    original = marks._classic
    monkeypatch.setattr(marks, "_classic", lambda header: made.append(header) or original(header))
    frames = [frame(tmp_path, TE=te, SOP_UID=b"1.%d" % n) for n, te in enumerate([b"12", b"12", b"99", b"12"])]
    known = marks.Known()
    assert [dict(known[one]) for one in frames] == [{"echo time": f"{te} ms"} for te in (12, 12, 99, 12)]
    assert len(made) == 2


@pytest.mark.parametrize(
    ("weighting", "text"),
    [
        (Diffusion(b_s_per_mm2=800.0, direction_lps=(0.6, -0.0, -0.8)), "(0.600, 0.000, -0.800)"),
        (Diffusion(b_s_per_mm2=800.0, averaged=True), "averaged"),
    ],
)
def test_directions_are_marks(tmp_path, weighting, text):
    """A direction, or the average of several; minus zero is zero."""
    assert marks.of(frame(tmp_path, diffusion=weighting))["gradient direction"] == text


def test_a_localizer_image_is_marked(tmp_path):
    """A scout among slices of the same direction must not join their stack."""
    assert marks.of(frame(tmp_path, IMAGE_TYPE=b"ORIGINAL\\PRIMARY\\LOCALIZER"))["localizer"] == "image"


def test_numbers_keep_their_digits(tmp_path):
    """Trigger times of a long dynamic series differ in the seventh digit."""
    assert marks.of(frame(tmp_path, TRIGGER=b"1000000.5"))["trigger time"] == "1000000.5 ms"


def test_images_that_agree_in_their_bytes_are_alike(tmp_path):
    """One look at the bytes: a difference in an element, in the weighting or in a mark of a frame is seen, others are not."""
    same = [frame(tmp_path, TE=b"10", KERNEL=b"B30f") for _ in range(3)]
    assert marks.alike(same, marks.APART, marks.APART_TAGS)
    assert marks.alike([*same, frame(tmp_path, TE=b"11", KERNEL=b"B30f")], marks.APART, marks.APART_TAGS)
    assert not marks.alike([*same, frame(tmp_path, TE=b"11", KERNEL=b"B30f")], marks.REMARKABLE, marks.REMARKABLE_TAGS)
    assert not marks.alike([*same, frame(tmp_path, KERNEL=b"B70f")], marks.APART, marks.APART_TAGS)
    weighted = frame(tmp_path, TE=b"10", KERNEL=b"B30f", diffusion=Diffusion(b_s_per_mm2=0.0))
    assert not marks.alike([*same, weighted], marks.APART, marks.APART_TAGS)
    frames = [frame(tmp_path, {"complex component": part}) for part in ("REAL", "REAL", "PHASE")]
    assert marks.alike(frames[:2], marks.APART, ()) and not marks.alike(frames, marks.APART, ())


def test_what_is_never_mixed_is_physics():
    """Separated first, and named first."""
    assert set(marks.APART) <= set(marks.PHYSICS) and set(marks.REMARKABLE) <= set(marks.PHYSICS)
