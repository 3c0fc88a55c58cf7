"""The command line: exit codes, one line per error, standard output kept for results (report.md 9)."""

from __future__ import annotations

import errno
import subprocess
import sys
import time

import pytest

from spinemets import __version__
from spinemets.app.cli.main import VERBS, main, parser
from spinemets.model import errors


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (errors.UsageError("The facts file is wrong.", "Correct it."), 2),
        (errors.UnreadableInput("Nothing can be read.", "Give a folder."), 3),
        (errors.SeveralStudies("Two studies.", "Choose one."), 5),
        (errors.MissingPart("No network.", "Give labels."), 6),
        (errors.OutOfResources("Disk full.", "Free some."), 7),
        (MemoryError(), 7),
        (OSError(errno.ENOSPC, "No space left on device"), 7),
        (OSError(errno.EIO, "Input/output error"), 8),
        (KeyError("PatientName^Secret"), 8),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_exit_code_and_one_line(pipeline, capsys, fault: BaseException, code: int):
    """'Exit codes: 2 usage; 3 input unreadable; 5 several studies; 6 missing part; 7 memory or disk; 8 internal; 130.'"""
    pipeline.fault = fault
    assert main(["analyze", "study", "-q"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("spinemets: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err


def test_a_foreign_error_message_is_not_shown(pipeline, capsys):
    """'No patient identifiers' in errors: the text of an unexpected error may quote a header."""
    pipeline.fault = ValueError("bad value DOE^JANE")
    main(["analyze", "study"])
    assert "DOE" not in capsys.readouterr().err


def test_debug_shows_the_traceback(pipeline, capsys):
    """'Traceback only with `--debug`.'"""
    pipeline.fault = ValueError("x")
    assert main(["analyze", "study", "--debug"]) == 8
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["unknown"], ["analyze"], ["analyze", "s", "--nope"], ["explain", "ZZ-99"]])
def test_wrong_call_is_2_with_a_remedy(arguments: list[str], capsys):
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("spinemets: ")
    assert said.err.count("\n") == 1
    assert "`spinemets" in said.err or "Did you mean" in said.err


def test_version_names_code_catalogue_and_parameters(capsys):
    """'`--version` prints code, model and table versions.'"""
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"spinemets {__version__} (catalogue of ")
    assert "parameters " in said


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_help_and_json(verb: str, capsys):
    """'`--json` on every listing and result.'"""
    with pytest.raises(SystemExit) as left:
        main([verb, "--help"] if verb != "phantom" else [verb, "list", "--help"])
    assert left.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_help_is_fast_and_loads_nothing_heavy():
    """'`--help` < 0.3 s'; the limit here leaves room for a busy machine."""
    code = (
        "import sys\n"
        "from spinemets.app.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pydicom', 'nibabel', 'scipy', 'numba', 'yaml', 'msgspec', 'jinja2', 'PIL', 'skimage'}\n"
        "sys.exit(sorted(heavy & set(sys.modules)) or 0)"
    )
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        times.append(time.perf_counter() - begun)
        assert done.returncode == 0, done.stderr
    assert min(times) < 0.6


def test_a_reader_that_left_is_no_error():
    """`spinemets explain | head -1` ends quietly."""
    done = subprocess.run(
        f"{sys.executable} -m spinemets.app.cli explain | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 0


def test_parser_has_no_abbreviations_that_collide():
    """Every verb's parser can be built; argparse refuses two options of one name."""
    assert parser().prog == "spinemets"
