# SPDX-License-Identifier: Apache-2.0
"""(b) A hundred items at once, on real engines: until the last container is started, against a bare
loop of the same create, inspect and start requests at the same concurrency. Which of the two goes
first is alternated; the ratio is of the rates, so below 1 where berth takes longer."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from figures import Figure, median, quartiles

KINDS = {"docker": "Docker", "podman": "Podman"}
COUNT = int(os.environ.get("BENCH_BURST", "100"))
PAIRS = int(os.environ.get("BENCH_PAIRS", "5"))
LEAST_RATIO = 0.92


def pairs_on(kind: str) -> list[tuple[float, float]]:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("burst.py")), str(COUNT), str(PAIRS)],
        env={**os.environ, "ENGINE_KIND": kind}, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def measure() -> list[Figure]:
    return [figure for kind, name in KINDS.items() for figure in figures(name, pairs_on(kind))]


def figures(name: str, pairs: list[tuple[float, float]]) -> list[Figure]:
    rates = [COUNT / ours for ours, _ in pairs]
    ratios = [bare / ours for ours, bare in pairs]
    ratio = median(ratios)
    return [Figure("b", f"burst of {COUNT} on {name}, sessions started a second", "1/s",
                   median(rates), COUNT / median(bare for _, bare in pairs), "bare loop", ratio,
                   quartiles(rates), f"at least {LEAST_RATIO} of it", ratio >= LEAST_RATIO,
                   {"lower_quartile": quartiles(ratios)[0], "pairs": pairs})]
