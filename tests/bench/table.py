# SPDX-License-Identifier: Apache-2.0
"""The table of figures, in Markdown."""
from __future__ import annotations

from typing import Sequence

HEAD = ("", "", "berth", "baseline", "ratio", "spread", "wanted", "")


def number(value: float | None) -> str:
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def markdown(figures: Sequence[dict]) -> str:
    rows = [HEAD, ("---",) * len(HEAD)]
    for figure in figures:
        baseline = number(figure["baseline"])
        if baseline:
            baseline += f" ({figure['against']})"
        spread = " – ".join(map(number, figure["spread"] or ()))
        met = {True: "yes", False: "**missed**", None: ""}[figure["met"]]
        rows.append((figure["row"], figure["what"], f"{number(figure['berth'])} {figure['unit']}",
                     baseline, number(figure["ratio"]), spread, figure["goal"], met))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
