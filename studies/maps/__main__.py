"""Compare all maps with public references and the digital spine: `python -m studies.maps [--write]` (docs/explanation/maps.md)."""

from __future__ import annotations

import argparse
from pathlib import Path

from studies.maps.page import page

TARGET = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "maps.md"


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(prog="python -m studies.maps", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {TARGET.name}")
    options = parser.parse_args()
    text = page()
    if options.write:
        TARGET.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
