"""'CLI flag, JSON Schema, `--help` and the options page are generated from the field.'"""

from __future__ import annotations

import argparse
from pathlib import Path

from spinemets.app.cli import flags
from spinemets.app.options import Options, walk


def parse(*given: str, only: frozenset[str] | None = None) -> Options:
    parser = argparse.ArgumentParser()
    flags.add(parser, only=only)
    return flags.read(parser.parse_args(list(given)))


def test_nothing_given_is_the_default():
    assert parse() == Options()


def test_every_field_has_its_flag_and_default_in_the_help():
    parser = argparse.ArgumentParser()
    flags.add(parser)
    shown = parser.format_help()
    for _, item, _ in walk(Options()):
        assert item.metadata["flag"] in shown
    assert "(default: spinemets-report)" in " ".join(shown.split())


def test_types():
    options = parse("--facts", "f.yaml", "--labels", "a", "--labels", "b", "--json")
    assert options.reading.facts == Path("f.yaml")
    assert options.labels == ("a", "b")
    assert options.report.json is True


def test_a_verb_with_few_flags_keeps_the_other_defaults():
    assert parse("--json", only=frozenset({"json"})).report.out == Path("spinemets-report")
