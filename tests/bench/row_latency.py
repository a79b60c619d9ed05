# SPDX-License-Identifier: Apache-2.0
"""(a) From an item's being queued, at some moment at which nothing else is to be done, until its
container has been started on the fake engine, whose own share is a millisecond or two: at berth's
default pace, at `idle_min: 0` (one poll follows the other), and by the official poller's script.
All three wait in the same run, each with a queue and an engine of its own, which get their items at
the same moments."""
from __future__ import annotations

import contextlib
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path

from figures import Figure, median, percentile, quartiles
from rig import IMAGE, Baseline, FakeEngine, Plane, directory, make_place, running, wait_for

SAMPLES = int(os.environ.get("BENCH_LATENCY", "60"))
MAX_CLAIM_MS = 15
MAX_OWN_MS = 5
LEAST_BETTER = 3
# Between two items: longer than the longest pause of any of the three.
APART_SECONDS = (3.5, 5)
RUN_MS = 20


@dataclass
class Latency:
    """Since each was queued, in milliseconds, in the order of the items."""

    claimed: list[float]
    started: list[float]


@dataclass
class Side:
    plane: Plane
    engine: FakeEngine

    def latency(self) -> Latency:
        items = self.plane.items()
        starts = [entry["replied"] for entry in self.engine.requests("start")]
        if len(items) != SAMPLES or len(starts) != SAMPLES:
            raise RuntimeError(f"{len(starts)} starts for {len(items)} items")
        return Latency([1e3 * (polled - queued) for _, queued, polled, _ in items],
                       [1e3 * (start - item[1]) for item, start in zip(items, starts)])


def measure() -> list[Figure]:
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(directory())
        sides = {name: Side(stack.enter_context(Plane(session_seconds=0)),
                            stack.enter_context(FakeEngine(images=[IMAGE], worker=None,
                                                           run_ms=RUN_MS)))
                 for name in ("default", "continuous", "sdk")}
        for name, poll in (("default", {}), ("continuous", {"idle_min": 0})):
            stack.enter_context(_berth(where / name, sides[name], poll))
        stack.enter_context(Baseline(where / "sdk", sides["sdk"].plane, sides["sdk"].engine.url))
        for side in sides.values():
            wait_for(lambda side=side: side.plane.stats()["empty_polls"], 60, "nothing is polled")
        for _ in range(SAMPLES):
            time.sleep(random.uniform(*APART_SECONDS))
            for side in sides.values():
                side.plane.queue(1)
        time.sleep(APART_SECONDS[1])
        return figures(**{name: side.latency() for name, side in sides.items()})


def _berth(where: Path, side: Side, poll: dict):
    return running(make_place(where, side.plane, side.engine.url, poll=poll, network="none"))


def figures(default: Latency, continuous: Latency, sdk: Latency) -> list[Figure]:
    """What an item takes here where nobody waits between polls is more than berth's own share: the
    queue, the engine and six round trips are in it."""
    claims, starts = median(continuous.claimed), median(continuous.started)
    tail, sdk_tail = percentile(default.started, 95), percentile(sdk.started, 95)
    return [
        Figure("a", "continuous: queued to claimed", "ms", claims, median(sdk.claimed),
               "WorkPoller", claims / median(sdk.claimed), quartiles(continuous.claimed),
               f"under {MAX_CLAIM_MS} ms", claims < MAX_CLAIM_MS),
        Figure("a", "continuous: queued to started, of which berth's own share is a part", "ms",
               starts, median(sdk.started), "WorkPoller", starts / median(sdk.started),
               quartiles(continuous.started), f"under {MAX_OWN_MS} ms", starts < MAX_OWN_MS),
        Figure("a", "default pace: queued to started, median", "ms", median(default.started),
               median(sdk.started), "WorkPoller",
               median(default.started) / median(sdk.started), quartiles(default.started)),
        Figure("a", "default pace: queued to started, 95th percentile", "ms", tail, sdk_tail,
               "WorkPoller", tail / sdk_tail, quartiles(default.started),
               f"at most 1/{LEAST_BETTER} of it", tail <= sdk_tail / LEAST_BETTER)]
