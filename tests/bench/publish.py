# SPDX-License-Identifier: Apache-2.0
"""Puts the last figures into README.md, between the two marks, and beside them what they were
drawn from.

    python3 tests/bench/publish.py build/bench/bench.json
"""
from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import plot
import table

HERE = Path(__file__).resolve().parent
README = HERE.parent.parent / "README.md"
TEXT = """\
Figures are medians; *spread* is the first and third quartile.

"""
PLOT = """
How the cost of items (c), environments (d) and live sessions (e) grows, with the line that fits
best; both axes are logarithmic:

![](tests/bench/growth.svg)
"""
BEGIN, END = "<!-- figures of make bench -->\n", "<!-- end of figures -->\n"


def main(measured: str) -> None:
    result = json.loads(Path(measured).read_text())
    figures = [figure for row in sorted(result["rows"]) for figure in result["rows"][row]]
    shutil.copyfile(measured, HERE / "figures.json")
    plot.draw(figures, HERE / "growth.svg")
    text, count = re.subn(f"{re.escape(BEGIN)}.*{re.escape(END)}",
                          lambda _: f"{BEGIN}{TEXT}{table.markdown(figures)}\n{PLOT}{END}",
                          README.read_text(), flags=re.DOTALL)
    if count != 1:
        sys.exit(f"{README} has no place for them: {BEGIN.strip()} ... {END.strip()}")
    README.write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
