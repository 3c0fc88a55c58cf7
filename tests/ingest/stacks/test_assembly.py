"""Images into series: an unreadable header costs its own images only."""

from __future__ import annotations

import dataclasses

import pytest

from spinemets.ingest.files import limits as bounds
from spinemets.ingest.header import headers as h
from spinemets.ingest.header import reader
from spinemets.ingest.read import read
from spinemets.ingest.stacks import assembly, duplicates
from spinemets.model.errors import UnreadableInput


def test_header_only_the_scan_understands_is_a_line(tmp_path, write_image, write_multiframe, noise, monkeypatch):
    """Where the full parser gives up on a file, its images become lines; other series are read."""
    write_image(tmp_path / "good", noise(4, 4))
    write_image(tmp_path / "bad", noise(4, 4, seed=1), SeriesInstanceUID="1.7")
    write_multiframe(tmp_path / "multi", noise(2, 4, 4), [{"position": (0, 0, z)} for z in (0.0, 3.0)])
    original = reader._parsed

    def refuse(source, *known):
        if source.name != "good":
            raise h.NotDicom("sequences are nested too deep to be read")
        return original(source, *known)

    monkeypatch.setattr(reader, "_parsed", refuse)
    study = read([tmp_path])
    assert [s.label for s in study.series] == ["series 4"]
    assert [(u.file, u.reason) for u in study.unread] == [
        ("bad", "sequences are nested too deep to be read"),
        ("multi", "sequences are nested too deep to be read"),
    ]


def test_headers_are_parsed_once_for_the_volumes_of_one_file(tmp_path, write_multiframe, noise, monkeypatch):
    """Ten echoes in one file: one parse."""
    frames = [{"position": (0, 0, z), "echo_ms": float(te)} for z in (0.0, 3.0) for te in range(1, 11)]
    path = write_multiframe(tmp_path / "m", noise(20, 4, 4), frames)
    calls: list[int] = []
    original = reader._parsed
    monkeypatch.setattr(reader, "_parsed", lambda source, *known: calls.append(1) or original(source, *known))
    assert len(read([path]).series) == 10 and len(calls) == 1


def test_deep_nesting_is_one_line(shared_data, tmp_path):
    """ "nesting that overflows recursive readers": RecursionError handled."""
    import tarfile

    with tarfile.open(shared_data / "dicom-robustness" / "large.tar.xz") as archive:
        member = next(m for m in archive if "Deeply" in m.name)
        data = archive.extractfile(member).read()
    (tmp_path / "deep.dcm").write_bytes(data)
    with pytest.raises(UnreadableInput, match=r"deep\.dcm: "):
        read([tmp_path])


def test_duplicates_without_identifier_are_kept():
    """No images, no series, no patient."""
    assert duplicates.without_duplicates([], None, []) == []
    assert assembly.dicom_series([], reader.HeaderReader(), None, []) == ([], None)


def test_a_header_damaged_behind_its_first_elements_costs_one_file(tmp_path, write_series, noise, axial_positions):
    """The first image of a series has a nest too deep to be followed: it has its line, the others stay a volume."""
    import struct

    from spinemets.ingest.read import read

    folder = write_series(tmp_path / "s", noise(4, 8, 8), axial_positions(0, 2, 4, 6))
    first = next(
        path for path in folder.iterdir() if b"0\\0\\0 " in path.read_bytes() or b"0.0\\0.0\\0.0" in path.read_bytes()
    )
    data = first.read_bytes()
    opening = struct.pack("<HH2sHLHHL", 0x0040, 0x0440, b"SQ", 0, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF)
    closing = struct.pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    at = data.index(struct.pack("<HH2s", 0x7FE0, 0x0010, b"OW"))
    first.write_bytes(data[:at] + opening * 100 + closing * 100 + data[at:])
    study = read([folder])
    assert [series.n_images for series in study.series] == [3]
    assert [(row.file, row.reason) for row in study.unread] == [(first.name, "sequences are nested more than 64 deep")]


def test_headers_of_several_files_are_parsed_once_while_they_are_few(tmp_path, write_multiframe, noise, monkeypatch):
    """Three files of one series: three parses; where only one may be kept, the same series all the same."""
    for n in range(3):
        frames = [{"position": (0, 0, z), "echo_ms": float(n + 1)} for z in (0.0, 3.0)]
        write_multiframe(tmp_path / f"m{n}", noise(2, 4, 4, seed=n), frames)
    calls: list[int] = []
    original = reader._parsed
    monkeypatch.setattr(reader, "_parsed", lambda source, *known: calls.append(1) or original(source, *known))
    labels = [s.label for s in read([tmp_path]).series]
    assert len(labels) == 3 and len(calls) == 3
    none_kept = dataclasses.replace(bounds.load(), kept_headers_mb=0)
    monkeypatch.setattr(bounds, "load", lambda: none_kept)
    assert [s.label for s in read([tmp_path]).series] == labels and len(calls) > 6


def test_images_that_share_a_header_are_weighted_once(tmp_path, write_image, noise, monkeypatch):
    """Two volumes of three slices: two headers are asked, and each image has the weighting that its own header states."""
    for n in range(6):
        b, place = float(800 * (n // 3)), [0.0, 0.0, 5.0 * (n % 3)]
        write_image(
            tmp_path / f"{n}",
            noise(4, 4, seed=n),
            Modality="MR",
            DiffusionBValue=b,
            ImagePositionPatient=place,
            InstanceNumber=n + 1,
        )
    asked = []
    original = assembly.diffusion.of_header
    monkeypatch.setattr(assembly.diffusion, "of_header", lambda header: asked.append(header) or original(header))
    study = read([tmp_path])
    assert sorted(one.acquisition.diffusion.b_s_per_mm2 for one in study.series) == [0.0, 800.0]
    assert [one.n_images for one in study.series] == [3, 3] and len(asked) == 2
