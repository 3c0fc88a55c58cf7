"""Files that ask for absurd memory, time or trust: "refused before allocation", one line each, and never the study with them.

One process with bounded address space reads them all (`fuzz.examine`), so that an allocation that is too large, a crash of a
decoder and a hang are failures of the test and not of the test run.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spinemets.ingest.read import read
from spinemets.knowledge.catalogue import table
from spinemets.model.study import Unread

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "import sys; from spinemets.app.cli.main import main; sys.exit(main())"
MEMORY_MB, GROWTH_MB, PATIENCE_S = 768, 400, 400


def crafted():
    place = Path(__file__).with_name("hostile_files.py")
    spec = importlib.util.spec_from_file_location("hostile_files", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compressed() -> dict[str, str]:
    """Name -> uid of every syntax that is decoded and can claim more than it holds."""
    rows = table("transfer_syntaxes")
    return {str(uid): uid for uid, row in rows.items() if row["plugin"] not in ("", None, "native", "raw", "deflate")}


def examine(paths: list[Path]) -> dict[str, dict]:
    command = [sys.executable, "-m", "fuzz.examine", "--memory-mb", str(MEMORY_MB), "--files", *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return {row["file"]: row for row in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory) -> dict[str, dict]:
    """Every crafted file, read in one bounded process."""
    made, folder = crafted(), tmp_path_factory.mktemp("hostile")
    files = made.headers() | made.pixel_bombs(compressed()) | made.niftis() | made.bombs()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    found = examine(sorted(folder.iterdir()))
    shutil.rmtree(folder)
    assert set(found) == set(files)
    return found


def test_nothing_hostile_raises_or_takes_memory(outcomes):
    """Every one ends in a study or in one of our errors, and none takes hundreds of megabytes."""
    wrong = {
        name: row["outcome"] for name, row in outcomes.items() if row["outcome"].startswith(("trace", "wrong", "mem"))
    }
    assert wrong == {}
    assert {name: row["grown_mb"] for name, row in outcomes.items() if row["grown_mb"] > GROWTH_MB} == {}


@pytest.mark.parametrize(
    "name",
    ["claims-46341", "claims-frames", "claims-frames-1e300", "deep-unclosed", "items", "elements", "frames-of-one-pixel",
     "deflate-bomb", "fragments", "tera.nii", "tera.nii.gz", "many-volumes.nii", "offset-huge.nii", "offset-nan.nii",
     "offset-negative.nii", "bomb.nii.gz", "two.nii", "bomb.dcm.gz", "bombs.zip"],
)  # fmt: skip
def test_absurd_claims_are_refused(outcomes, name):
    """No volume comes from these."""
    assert outcomes[name]["outcome"] == "refused (UnreadableInput)"


@pytest.mark.parametrize("kind", ["size", "frames"])
def test_pixel_bombs_of_every_compressed_syntax(outcomes, kind):
    """65535 x 65535, or 999999999 images, from two kilobytes."""
    bombs = {name: row["outcome"] for name, row in outcomes.items() if name.startswith(f"{kind}-1.")}
    assert len(bombs) == len(compressed())
    assert set(bombs.values()) == {"refused (UnreadableInput)"}


@pytest.mark.parametrize("name", ["position-nan", "position-inf", "position-huge", "spacing-nan", "spacing-zero",
                                  "spacing-tiny", "spacing-huge", "orientation-zero", "affine-nan.nii", "affine-zero.nii",
                                  "affine-inf.nii", "affine-huge.nii", "pixdim-nan.nii"])  # fmt: skip
def test_places_that_are_no_numbers_give_no_volume(outcomes, name):
    """The series is listed, its geometry is not trusted."""
    assert outcomes[name]["outcome"] in ("series without a volume", "refused (UnreadableInput)")


def test_all_of_them_together_do_not_lose_the_study(tmp_path, write_series, noise, axial_positions):
    """'one bad file never loses the study': a good stack among everything that is crafted to break it."""
    folder = write_series(tmp_path / "s", noise(3, 4, 4), axial_positions(0, 2, 4), StudyInstanceUID="1.2.3")
    alone = read([folder]).series[0].pixels()
    made = crafted()
    files = made.headers() | made.pixel_bombs(compressed()) | made.niftis()
    heavy = {"items", "elements", "deflate-bomb", "dimensions", "deep", "deep-unclosed", "fragments", "text"}
    for name, data in files.items():
        if name not in heavy:
            (folder / name).write_bytes(data)
    study = read([folder])
    ours = [series for series in study.series if series.uid == "1.2.3.4"]
    assert len(ours) == 1
    np.testing.assert_array_equal(ours[0].pixels().array, alone.array)
    named = {row.file for row in study.unread}
    assert {f"size-{uid}" for uid in compressed()} <= named
    assert [row for row in study.unread if "\n" in row.reason or len(row.reason) > 300] == []
    assert not any("Secret" in row.reason + row.file for row in study.unread)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000, b'{"EchoTime": ' + b"9" * 100_000 + b"}", b'{"EchoTime": NaN, "FlipAngle": Infinity}', b"\xff\xfe{",
        b"{" + b",".join(b'"k%d": [[]]' % n for n in range(20_000)) + b"}", b'{"EchoTime": 1e999}', b"null", b"",
    ],
    ids=["deep", "digits", "nan", "utf-16", "keys", "overflow", "null", "empty"],
)  # fmt: skip
def test_side_files_do_no_harm(tmp_path, write_nifti, noise, content):
    """JSON nested without end, numbers of a hundred thousand digits, NaN: the image stays, and no such value is used."""
    write_nifti(tmp_path / "t2.nii", noise(4, 4, 4).astype(np.int16), np.eye(4))
    (tmp_path / "t2.json").write_bytes(content)
    (series,) = read([tmp_path]).series
    assert series.pixels().array.shape == (4, 4, 4)
    assert series.acquisition.te_s is None or np.isfinite(series.acquisition.te_s)


BOMB = "a: &a {x: 1}\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
)


@pytest.mark.parametrize(
    "content", [BOMB, "[" * 5000, "a: !!python/object/apply:os.system [echo]", "a: " + "9" * 50_000]
)
@pytest.mark.parametrize("option", ["--facts"])
def test_stated_files_do_no_harm(tmp_path, write_series, noise, axial_positions, content, option):
    """YAML that doubles itself by aliases, nests without end or names Python objects: one line and exit code 2."""
    folder = write_series(tmp_path / "s", noise(3, 4, 4), axial_positions(0, 2, 4))
    (tmp_path / "stated.yaml").write_text(content)
    command = [sys.executable, "-c", COMMAND, "series", str(folder), option, str(tmp_path / "stated.yaml")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 2, done.stderr[-2000:]
    assert "Traceback" not in done.stderr and len(done.stderr) < 5000


@pytest.mark.parametrize(("name", "code"), [("46341", 3), ("no-such-file", 3), ("bomb.gz", 3)])
def test_exit_codes(tmp_path, name, code):
    """`docs/reference/exit-codes`: 3 where nothing can be read, one line on standard error."""
    made = crafted()
    if name == "46341":
        (tmp_path / name).write_bytes(made.image(bytes(32), **made.sized(46341, 46341)))
    elif name == "bomb.gz":
        (tmp_path / name).write_bytes(made.bombs()["bomb.dcm.gz"])
    command = [sys.executable, "-c", COMMAND, "series", str(tmp_path / name)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == code
    assert done.stdout == "" and len(done.stderr.strip().splitlines()) == 1


def test_what_a_header_says_cannot_reach_the_terminal_as_it_is():
    """Line breaks and escape sequences of a damaged header are spelt out in the lines about files."""
    row = Unread(file="a\x1b[2Jb", reason="object of the unknown class 1.2\n\x00\u202e")
    assert row.file == "a\\x1b[2Jb" and row.reason == "object of the unknown class 1.2\\n\\x00\\u202e"
    assert Unread(file="Wirbelsäule", reason="leere Datei").file == "Wirbelsäule"
