# SPDX-License-Identifier: Apache-2.0
"""A hundred reloads that send environments from engine to engine, while their sessions come and go.

RELOAD_SEED repeats the choices of an earlier run; the seed is printed.
"""
from __future__ import annotations

import os
import random
import time

from twoengines import TwoEnginesCase


class ManyMoves(TwoEnginesCase):
    reloads, at_once = 100, 30

    def setUp(self) -> None:
        super().setUp()
        self.seed = int(os.environ.get("RELOAD_SEED", time.time_ns() % 1_000_000))
        self.random = random.Random(self.seed)
        print(f"# seed {self.seed}", flush=True)
        for _ in range(4):
            self.add_environment()
        self.entries = list(self.place.settings["environments"])
        self.sockets = [self.engine.url, self.other.url]
        self.items: list[dict] = []

    def arrive(self) -> None:
        live = sum(self.cp.item(item["id"])["state"] != "stopped"
                   for item in self.items[-4 * self.at_once:])
        for _ in range(self.at_once - live):
            session = f"sesn_run-{self.random.randint(20, 400)}_{len(self.items)}"
            self.items.append(self.queue_in(self.random.choice(self.entries)["id"],
                                            session=session))

    def move(self) -> None:
        """Environments to other engines, engines to other names, and some of both out of the file."""
        self.random.shuffle(self.sockets)
        names = ["one", "two"][:self.random.choice((1, 2, 2))]
        self.place.settings["engines"] = {
            name: {"socket": socket} for name, socket in zip(names, self.sockets)}
        present = self.random.sample(self.entries, self.random.randint(1, len(self.entries)))
        for entry in present:
            entry["engine"] = self.random.choice(names)
        self.place.settings["environments"] = present

    def test_lose_no_session_and_run_none_twice(self) -> None:
        for engine in (self.engine, self.other):
            engine.rule(op=["create", "inspect", "start", "list"], delay_ms=20, times=0)
        berth = self.start("run", "--log-level", "info")
        berth.wait_event("idle")
        for _ in range(self.reloads):
            self.arrive()
            self.move()
            self.reload(berth)
            time.sleep(self.random.uniform(0, 0.1))
        self.place.settings["environments"] = self.entries
        for entry in self.entries:
            entry["engine"] = "one"
        self.reload(berth)
        self.cp.wait_stopped(timeout=120)
        for item in self.items:
            berth.wait_event("removed", work=item["id"])
        self.assertEqual(berth.terminate(), 0)
        self.assert_each_ran_once()

    def assert_each_ran_once(self) -> None:
        recorded = {row["work"]: row for row in self.place.records()}
        for item in self.items:
            with self.subTest(item["id"], seed=self.seed):
                self.assert_ran_by_itself(item)
                self.assertEqual(recorded[item["id"]]["ended_by"], "itself")
        for engine in (self.engine, self.other):
            self.assertEqual(engine.containers(), [])
            self.assertEqual(engine.requests("kill"), [])
        starts = [len(engine.requests("start")) for engine in (self.engine, self.other)]
        self.assertEqual(sum(starts), len(self.items))
        self.assertGreater(min(starts), self.at_once)
