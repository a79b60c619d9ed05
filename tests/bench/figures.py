# SPDX-License-Identifier: Apache-2.0
"""A figure of the table, and the few statistics that it takes."""
from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any, Sequence

median = statistics.median


@dataclass
class Figure:
    """One line of the table. `spread` is of berth's samples; `met` is None where no goal is set."""

    row: str
    what: str
    unit: str
    berth: float
    baseline: float | None = None
    against: str = ""
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    goal: str = ""
    met: bool | None = None
    more: dict[str, Any] = field(default_factory=dict)


def quartiles(samples: Sequence[float]) -> tuple[float, float]:
    """The first and the third."""
    if len(samples) < 2:
        return samples[0], samples[0]
    first, _, third = statistics.quantiles(samples, n=4, method="inclusive")
    return first, third


def percentile(samples: Sequence[float], percent: int) -> float:
    return statistics.quantiles(samples, n=100, method="inclusive")[percent - 1]


def slope(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Of the straight line that fits best where every point counts by how far off it is in its own
    measure (weights 1/y^2): what one more costs, and what there is without any."""
    weights = [1 / y ** 2 for y in ys]
    total = sum(weights)
    mean_x = sum(w * x for w, x in zip(weights, xs)) / total
    mean_y = sum(w * y for w, y in zip(weights, ys)) / total
    rise = (sum(w * (x - mean_x) * (y - mean_y) for w, x, y in zip(weights, xs, ys)) /
            sum(w * (x - mean_x) ** 2 for w, x in zip(weights, xs)))
    return rise, mean_y - rise * mean_x
