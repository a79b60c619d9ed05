# SPDX-License-Identifier: Apache-2.0
"""One fault at the Nth request, for every N until a run makes fewer requests than that.

A round has an engine without memory, an environment, an installation and one queued session of its
own. berth drains it under the fault, then without, as cron would, until the session has run. What
must hold after every round is in assert_round().
"""
from __future__ import annotations

import time
from typing import Any, Callable

from harness import Berth, FlowCase, Place

MOST_REQUESTS = 60
MOST_DRAINS = 20


class Round:
    def __init__(self, case: FaultCase, number: int) -> None:
        case.engine.reset()
        case.cp.clear_faults()
        case.env = case.cp.create_environment()
        case.secrets.add("an environment key", [case.env["key"]])
        self.place: Place = case.add_place(f"round-{case.rounds}")
        case.rounds += 1
        self.place.environment["poll"].update(
            reclaim_older_than_ms=300, ack_within="250ms", idle_min="10ms", idle_max="20ms")
        self.place.environment["timeouts"].update(case.timeouts)
        [self.item] = case.queue()
        self.number = number


class FaultCase(FlowCase):
    timeouts: dict[str, str] = {}

    def setUp(self) -> None:
        super().setUp()
        self.rounds = 0

    def for_every_request(self, inject: Callable[[Round], Any],
                          was_hit: Callable[[Any], bool]) -> None:
        """Rounds with inject(round), whose result tells was_hit() whether the fault happened."""
        for number in range(1, MOST_REQUESTS):
            with self.subTest(request=number):
                this = Round(self, number)
                fault = inject(this)
                berth = this.place.start("drain", "--wait")
                code = berth.wait()
                hit = was_hit(fault)
                self.engine.remove_rules()
                self.cp.clear_faults()
                self.assert_exit_code(berth, code)
                self.drain_the_rest(this)
                self.assert_round(this)
            if not hit:
                self.assertGreater(number, 3, "the fault never happened")
                return
        self.fail(f"a run makes more than {MOST_REQUESTS} requests")

    def assert_exit_code(self, berth: Berth, code: int) -> None:
        self.assertIn(code, (0, 69, 75), berth.tail())

    def drain_the_rest(self, this: Round) -> None:
        """Drains until the session has run; an item that was claimed has to be reclaimed first."""
        for _ in range(MOST_DRAINS):
            berth = this.place.start("drain", "--wait")
            self.assertEqual(berth.wait(), 0, berth.tail())
            if self.cp.item(this.item["id"])["state"] == "stopped":
                return
            time.sleep(0.1)
        self.fail(f"{self.cp.item(this.item['id'])} after request {this.number}: {berth.tail()}")

    def assert_round(self, this: Round) -> None:
        """The session ran to its end, once, and nothing is left of it."""
        item = this.item
        said = this.place.berths[0].tail()
        self.assertEqual(len(self.first_heartbeats(item)), 1, said)
        self.assertEqual(len(self.worker_stops(item)), 1, said)
        self.assertEqual(self.stops(item), [], f"force-stopped what its worker stops: {said}")
        self.assertTrue(this.place.records(item["id"]), said)
        self.assert_nothing_left()
