#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints one table of the rows that the tests of faults have printed (fault_case.py).

    table.py TAP...
"""
from __future__ import annotations

import sys
from pathlib import Path

HEAD = ("fault", "engine", "end of session", "left behind", "force-stops", "records")


def rows(path: Path) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("#| \n").split("|")]
            for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# | ")]


def main() -> None:
    found = [row for path in sys.argv[1:] for row in rows(Path(path))]
    # By fault, in the order of the first engine that has it.
    order = list(dict.fromkeys(row[0] for row in found))
    found.sort(key=lambda row: order.index(row[0]))
    for cells in [HEAD, ("---",) * len(HEAD), *found]:
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
