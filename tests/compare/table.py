#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the table of rows.py as README.md must have it.

    python3 tests/compare/table.py
"""
from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rows import ROWS, Row  # noqa: E402

README = Path(__file__).resolve().parents[2] / "README.md"
HEADING = "## Compared with the official poller"
FIRST_LINE = "| | official poller | berth | same, or why not |"


def cell(row: Row, text: str) -> str:
    return f"`{text}`" if row.part else text


def lines() -> Iterator[str]:
    yield FIRST_LINE
    yield "|---|---|---|---|"
    for row in ROWS:
        yield (f"| {row.what} | {cell(row, row.official)} | {cell(row, row.berth)} "
               f"| {row.why or 'same'} |")


def in_readme() -> list[str]:
    """The table that README.md has below the heading; empty if it has none."""
    _, _, section = README.read_text().partition(f"\n{HEADING}\n")
    _, first_line, rest = section.partition(FIRST_LINE)
    return (first_line + rest).partition("\n\n")[0].splitlines()


if __name__ == "__main__":
    print("\n".join(lines()))
