#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what the tests of hardening have printed (matrix_case.py) as one matrix: a row for each
thing, a column for each kind of engine and policy; then, as a table of its own, what sessions can do.

    table.py TAP...
"""
from __future__ import annotations

import sys
from pathlib import Path

LEGEND = """\
`root` is what the same attempt comes to for the machine's root, who has no policy. **Bold**:
refused, and not to root, so it was the policy. (In brackets): refused to root, too, or this machine
has nothing of the kind; proves nothing. *Slanted*: let through, and no promise. `waived`: by the
policy, by name."""


def rows(path: Path) -> list[list[str]]:
    return [[cell.strip() for cell in line.rstrip("\n ").removesuffix("|")[3:].split("|")]
            for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# | ")]


def cell(outcome: str, verdict: str) -> str:
    if verdict.startswith("let through"):
        return f"*{outcome}*"
    return {"refused": f"**{outcome}**", "waived": "waived", "not tried": "-", "": outcome,
            "BROKEN": f"BROKEN: {outcome}"}.get(verdict, f"({outcome})")


def matrix(found: list[list[str]], kind_of_row: str, first: list[str]) -> list[list[str]]:
    found = [row for row in found if row[1] == kind_of_row]
    columns = list(dict.fromkeys((row[0], row[2]) for row in found))
    cells = {(row[0], row[2], row[3]): cell(row[5], row[6]) for row in found}
    root = {name: " or ".join(sorted({row[4] for row in found if row[3] == name}))
            for name in {row[3] for row in found}}
    table = [[*first, *(f"{engine} {policy}" for engine, policy in columns)]]
    table.append(["---"] * len(table[0]))
    for name in dict.fromkeys(row[3] for row in found):
        table.append([name, *[root[name]] * (len(first) - 1),
                      *(cells.get((*column, name), "-") for column in columns)])
    # What holds for a whole column stands below it.
    table.sort(key=lambda row: row[0] in ("as shipped, but", "proven"))
    return table


def main() -> None:
    found = [row for path in sys.argv[1:] for row in rows(Path(path))]
    for title, table in (("What must fail", matrix(found, "must fail", ["", "root"])),
                         ("What must work", matrix(found, "must work", [""]))):
        print(f"\n{title}:\n")
        for line in table:
            print("| " + " | ".join(line) + " |")
    print(f"\n{LEGEND}\n")
    for why in sorted({f"{row[3]} ({row[0]}): {row[6]}" for row in found
                       if row[6].startswith("let through")}):
        print(f"- {why}")


if __name__ == "__main__":
    main()
