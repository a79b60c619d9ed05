# SPDX-License-Identifier: Apache-2.0
"""One fault at the Nth request, for every N until a run makes fewer requests than that.

A round has an engine without memory, an environment, an installation and one queued session of its
own. berth drains it under the fault, then without, as cron would, until the session has run. What
must hold after every round is in assert_round().
"""
from __future__ import annotations

import time
from typing import Any, Callable

from harness import FlowCase, Place

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
        [self.item] = case.queue(session=f"sesn_{case.worker}_{case.rounds}")
        self.number = number


class FaultCase(FlowCase):
    # How the workers behave, as a part of the session's id.
    worker = "plainly"
    # How a drain ends that meets no fault.
    sound_exit = 0
    # How one may end that does.
    faulty_exits: tuple[int, ...] = (0, 69, 75)

    def setUp(self) -> None:
        super().setUp()
        self.rounds = 0

    def for_every_request(self, inject: Callable[[Round], Any],
                          was_hit: Callable[[Any], bool]) -> None:
        """Rounds with inject(round), whose result tells was_hit() whether the fault happened."""
        hit = True
        for number in range(1, MOST_REQUESTS):
            with self.subTest(request=number):
                this = Round(self, number)
                fault = inject(this)
                berth = this.place.start("drain", "--wait")
                code = berth.wait()
                hit = was_hit(fault)
                self.engine.remove_rules()
                self.cp.clear_faults()
                self.assertIn(code, (self.sound_exit, *self.faulty_exits), berth.tail())
                self.drain_the_rest(this)
                self.assert_round(this)
            if not hit:
                self.assertGreater(number, 3, "the fault never happened")
                return
        self.fail(f"a run makes more than {MOST_REQUESTS} requests")

    def drain_the_rest(self, this: Round) -> None:
        """Drains until the session has run; an item that was claimed has to be reclaimed first."""
        for _ in range(MOST_DRAINS):
            berth = this.place.start("drain", "--wait")
            self.assertIn(berth.wait(), (0, self.sound_exit), berth.tail())
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
