# SPDX-License-Identifier: Apache-2.0
"""(f) A drain of an empty queue, as a crontab has it: how long it takes, and its peak memory."""
from __future__ import annotations

from figures import Figure, median, quartiles
from rig import (IMAGE, Baseline, FakeEngine, Plane, berth_program, directory, make_place,
                 program)
from run_once import Run, run_once

ROUNDS = 25
BASELINE_ROUNDS = 5
MAX_MS = 15
MAX_MORE_MB = 2


def measure() -> list[Figure]:
    berths, curls, sdks = [], [], []
    with directory() as where, FakeEngine(images=[IMAGE], worker=None) as engine, Plane() as plane:
        place = make_place(where / "place", plane, engine.url)
        place.write_fleet()
        drain = [berth_program(), "drain", "--config", str(place.fleet_file), "--log-level", "warning"]
        curl = [program("curl-loop"), f"{plane.url}/v1/environments/env_0/work/poll", "1"]
        for number in range(ROUNDS):
            # The order is alternated, as whoever comes second may find something warm.
            for which in (0, 1) if number % 2 else (1, 0):
                if which == 0:
                    berths.append(run_once(drain, place.environ))
                else:
                    curls.append(run_once(curl, place.environ))
        with Baseline(where / "sdk", plane, engine.url, runs=False) as baseline:
            for _ in range(BASELINE_ROUNDS):
                sdks.append(run_once(baseline.command, {**baseline.environ, "DRAIN": "1"}))
    return [*_figures(berths, curls, "minimal curl"), *_figures(berths, sdks, "WorkPoller")]


def _figures(berths: list[Run], others: list[Run], against: str) -> list[Figure]:
    times = [run.milliseconds for run in berths]
    peaks = [run.peak_kib / 1024 for run in berths]
    other_ms = median(run.milliseconds for run in others)
    other_mb = median(run.peak_kib / 1024 for run in others)
    is_curl = against == "minimal curl"
    return [
        Figure("f", "empty drain, wall time", "ms", median(times), other_ms, against,
               median(times) / other_ms, quartiles(times),
               *((f"at most {MAX_MS} ms", median(times) <= MAX_MS) if is_curl else ())),
        Figure("f", "empty drain, peak memory", "MB", median(peaks), other_mb, against,
               median(peaks) / other_mb, quartiles(peaks),
               *((f"at most {MAX_MORE_MB} MB over it", median(peaks) - other_mb <= MAX_MORE_MB)
                 if is_curl else ()))]
