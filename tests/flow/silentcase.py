# SPDX-License-Identifier: Apache-2.0
"""A half-open connection at the Nth request, for every N: it is accepted, never answered and never
closed, so that nothing but the request's own deadline ends it.

Deadlines are up to two minutes long. The rounds wait for theirs at the same time, each with an
engine and an environment of its own.
"""
from __future__ import annotations

import threading
import traceback
from typing import Any, Callable

from harness import FlowCase

from fakeengine import FakeEngine
from flow.faultcase import MOST_DRAINS

# The longest that one request may take, and all the rest.
PATIENCE = 200.0

# No run makes as many.
MOST_REQUESTS = 20


class SilentRound:
    """Like faultcase.Round, as one of many at the same time."""

    def __init__(self, case: SilentCase, name: str, number: int) -> None:
        self.name = name
        self.number = number
        self.engine = FakeEngine(**{"images": [case.image], **case.engine_options})
        self.engine.__enter__()
        case.addCleanup(self.engine.__exit__)
        self.environment = case.cp.create_environment()
        case.secrets.add("an environment key", [self.environment["key"]])
        self.place = case.add_place(f"{name}-{number}", self.environment)
        self.place.settings["engine"] = {"socket": self.engine.url}
        self.place.environment["poll"].update(
            reclaim_older_than_ms=300, ack_within="250ms", idle_min="10ms", idle_max="20ms")
        [self.item] = case.queue(environment=self.environment)
        self.was_hit = False
        self.problem = ""


class SilentCase(FlowCase):
    def inject(self, this: SilentRound, **fault: Any) -> Callable[[], bool]:
        """Has the round's Nth request meet the fault; the result tells later if it did."""
        raise NotImplementedError

    def for_every_request(self, faults: dict[str, dict[str, Any]]) -> None:
        """Rounds with each of these faults, which have names."""
        rounds = [SilentRound(self, name, number)
                  for name in faults for number in range(1, MOST_REQUESTS + 1)]
        threads = [threading.Thread(target=self._play, args=(this, faults[this.name]))
                   for this in rounds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for this in rounds:
            with self.subTest(fault=this.name, request=this.number):
                self.assertEqual(this.problem, "")
        for name in faults:
            self._assert_natural_end(name, [this.was_hit for this in rounds if this.name == name])

    def _assert_natural_end(self, name: str, hits: list[bool]) -> None:
        self.assertFalse(hits[-1], f"a run makes {MOST_REQUESTS} requests or more")
        number = hits.index(False)
        self.assertGreater(number, 2, "the fault never happened")
        self.assertFalse(any(hits[number:]), hits)
        print(f"# {name}: every request of a run: {number}", flush=True)

    def _play(self, this: SilentRound, fault: dict[str, Any]) -> None:
        try:
            was_hit = self.inject(this, **fault)
            berth = this.place.start("drain", "--wait")
            code = berth.wait(PATIENCE)
            this.was_hit = was_hit()
            self.assertIn(code, (0, 69, 75), berth.tail())
            this.engine.remove_rules()
            self._drain_the_rest(this)
            self._assert_round(this)
        except Exception:
            this.problem = traceback.format_exc()

    def _drain_the_rest(self, this: SilentRound) -> None:
        for _ in range(MOST_DRAINS):
            berth = this.place.start("drain", "--wait")
            self.assertEqual(berth.wait(), 0, berth.tail())
            if self.cp.item(this.item["id"])["state"] == "stopped":
                return
        self.fail(f"{self.cp.item(this.item['id'])}: {berth.tail()}")

    def _assert_round(self, this: SilentRound) -> None:
        said = this.place.berths[0].tail()
        self.assertEqual(len(self.first_heartbeats(this.item)), 1, said)
        self.assertEqual(len(self.worker_stops(this.item)), 1, said)
        self.assertEqual(self.stops(this.item), [], said)
        self.assertTrue(this.place.records(this.item["id"]), said)
        self.assertEqual(this.engine.containers(), [], said)
        self.assertEqual(this.engine.stats()["anonymous_volumes"], 0)
