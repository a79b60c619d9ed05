# SPDX-License-Identifier: Apache-2.0
"""How cost grows with what there is, drawn by gnuplot: every figure that has points and a line."""
from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Sequence

HEAD = """\
set terminal svg size {width},300 font "sans,11" background "white"
set output "{output}"
set multiplot layout 1,{count}
set logscale xy
set grid
set key off
"""
PANEL = """\
set title "{title}"
set xlabel "{xlabel}"
set ylabel "{unit}"
plot $points{number} using 1:2 with points pointtype 7, {slope} * x + {base} with lines
"""
# Of a row: what is counted along the x axis.
COUNTED = {"c": "items", "d": "environments", "e": "sessions"}
# What all of them cost together, where the figure's own unit is that of one more.
PANEL_WIDTH = 300


def draw(figures: Sequence[dict], output: Path) -> None:
    drawn = [figure for figure in figures if figure["more"].get("xs")]
    blocks = [_points(number, figure["more"]) for number, figure in enumerate(drawn)]
    script = HEAD.format(width=PANEL_WIDTH * len(drawn), output=output, count=len(drawn))
    for number, figure in enumerate(drawn):
        more = figure["more"]
        script += PANEL.format(number=number, title=f"({figure['row']}) {figure['what']}",
                               xlabel=COUNTED[figure["row"]], unit=figure["unit"],
                               slope=more["slope"], base=more["base"])
    subprocess.run(["gnuplot"], input="".join(blocks) + script, text=True, check=True)


def _points(number: int, more: dict) -> str:
    rows = "\n".join(f"{x} {y}" for x, y in zip(more["xs"], more["ys"]))
    return f"$points{number} << end\n{rows}\nend\n"
