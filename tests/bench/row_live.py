# SPDX-License-Identifier: Apache-2.0
"""(e) What a session costs while it runs and nothing happens: private memory of one process with
10 to 10,000 of them, on the fake engine."""
from __future__ import annotations

import os
import time

from figures import Figure, slope
from process import memory
from rig import IMAGE, FakeEngine, Plane, directory, make_place, running, wait_for

COUNTS = [int(count) for count in os.environ.get("BENCH_LIVE", "10 100 1000 10000").split()]
MAX_KB = 6
# Until a list has shown the heartbeats, for which no more lists are made then.
SETTLE_SECONDS = 8


def measure() -> list[Figure]:
    held = []
    with directory() as where, FakeEngine(images=[IMAGE], worker=None) as engine, Plane() as plane:
        place = make_place(where / "place", plane, engine.url, budget=0, sessions=COUNTS[-1])
        with running(place) as berth:
            wait_for(lambda: plane.stats()["empty_polls"], 30, "nothing is polled")
            before = memory(berth.pid)[1]
            for count in COUNTS:
                plane.queue(count - engine.stats()["created"])
                wait_for(lambda: engine.stats()["running"] == count, 300, f"no {count} run", 0.2)
                lists = plane.stats()["lists"]
                wait_for(lambda: plane.stats()["lists"] > lists, 40, "nothing is listed", 0.2)
                time.sleep(SETTLE_SECONDS)
                held.append((memory(berth.pid)[1] - before) / 1024)
    each = held[-1] / COUNTS[-1]
    rise, base = slope(COUNTS, held)
    return [
        Figure("e", f"memory per live session, at {COUNTS[-1]:,}", "kB", each,
               goal=f"at most {MAX_KB} kB", met=each <= MAX_KB),
        Figure("e", "memory of one more session", "kB", rise, more={
            "xs": COUNTS, "ys": held, "slope": rise, "base": base})]
