"""'Progress bar with stage and time left on a terminal, else one line per stage; -q.'"""

from __future__ import annotations

import io

from spinemets.app.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_one_line_per_stage_where_there_is_no_terminal():
    stream = io.StringIO()
    progress = Progress(stream)
    progress("reading")
    progress("lesions", 0.5)
    progress("report")
    progress.close()
    assert [line.split("s  ")[1] for line in stream.getvalue().splitlines()] == ["reading", "report"]
    assert "\x1b" not in stream.getvalue()


def test_a_terminal_line_is_rewritten_and_cleared():
    stream = Terminal()
    progress = Progress(stream)
    progress("lesions", 0.5)
    progress.close()
    assert stream.getvalue().startswith("\r\x1b[K")
    assert "50 %" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")
    assert "\n" not in stream.getvalue()


def test_quiet_says_nothing():
    stream = Terminal()
    progress = Progress(stream, quiet=True)
    progress("reading")
    progress.close()
    assert stream.getvalue() == ""
