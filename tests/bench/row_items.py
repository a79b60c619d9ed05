# SPDX-License-Identifier: Apache-2.0
"""(c) A queue of N items, from the start of a drain until each has been created, verified, started
and removed, on the fake engine, whose containers end at once: berth's processor time for one, and
how many a second. The budget of requests is off. The baseline makes the same requests to the
engine, four launches at once as berth does."""
from __future__ import annotations

import os

from figures import Figure, median, quartiles, slope
from rig import (IMAGE, Baseline, FakeEngine, Plane, berth_program, create_body, directory,
                 make_place)
from run_once import Run, run_once

COUNTS = [int(count) for count in os.environ.get("BENCH_ITEMS", "10 100 1000 10000").split()]
BASELINE_COUNT = 1000
PAIRS = 3
SLOTS = 64
MAX_CPU_MS = 0.35
LEAST_RATIO = 3


def run(count: int, is_berth: bool) -> Run:
    with directory() as where, FakeEngine(images=[IMAGE], worker=None, run_ms=1) as engine, \
            Plane(session_seconds=0) as plane:
        place = make_place(where / "place", plane, engine.url, budget=0, sessions=SLOTS,
                           network="none")
        place.write_fleet()
        plane.queue(count)
        if is_berth:
            done = run_once([berth_program(), "drain", "--wait", "--config", str(place.fleet_file),
                             "--log-level", "warning"], place.environ)
        else:
            with Baseline(where / "sdk", plane, engine.url, body=create_body(place, "docker"),
                          runs=False, DRAIN="1") as baseline:
                done = run_once(baseline.command, baseline.environ)
        stats = engine.stats()
        if stats["created"] != count or engine.containers() or plane.stats()["acks"] != count:
            raise RuntimeError(f"not all of {count} items were run and removed: {stats}")
        return done


def measure() -> list[Figure]:
    berth: dict[int, list[Run]] = {count: [] for count in COUNTS}
    pairs = []
    for count in COUNTS:
        for _ in range(1 if count > 1000 else PAIRS):
            berth[count].append(run(count, True))
    for number in range(PAIRS):
        sides = {is_berth: run(BASELINE_COUNT, is_berth)
                 for is_berth in ((True, False) if number % 2 else (False, True))}
        pairs.append((sides[True], sides[False]))
    return figures(berth, pairs)


def figures(berth: dict[int, list[Run]], pairs: list[tuple[Run, Run]]) -> list[Figure]:
    cpu = [median(run.cpu for run in berth[count]) for count in COUNTS]
    rise, base = slope(COUNTS, cpu)
    times = [median(run.milliseconds for run in berth[count]) for count in COUNTS]
    rates = [1e3 * BASELINE_COUNT / ours.milliseconds for ours, _ in pairs]
    other_rates = [1e3 * BASELINE_COUNT / other.milliseconds for _, other in pairs]
    ratio = median(ours / other for ours, other in zip(rates, other_rates))
    each = [run.cpu / COUNTS[-1] for run in berth[COUNTS[-1]]]
    return [
        Figure("c", f"berth's CPU per item, of {COUNTS[-1]:,}", "ms", median(each),
               median(other.cpu for _, other in pairs) / BASELINE_COUNT, "WorkPoller",
               median(ours.cpu / other.cpu for ours, other in pairs), quartiles(each),
               f"at most {MAX_CPU_MS} ms", median(each) <= MAX_CPU_MS),
        Figure("c", "CPU of one more item", "ms", rise, more={
            "xs": COUNTS, "ys": cpu, "slope": rise, "base": base}),
        Figure("c", f"items a second, of {BASELINE_COUNT:,}", "1/s", median(rates),
               median(other_rates), "WorkPoller", ratio, quartiles(rates),
               f"at least {LEAST_RATIO} times it", ratio >= LEAST_RATIO),
        Figure("c", f"items a second, of {COUNTS[-1]:,}", "1/s", 1e3 * COUNTS[-1] / times[-1])]
