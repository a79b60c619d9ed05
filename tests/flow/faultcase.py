# SPDX-License-Identifier: Apache-2.0
"""One fault at the Nth request, for every N until a run makes fewer requests than that.

A round has an engine without memory, environments, an installation and queued sessions of its own.
berth drains them under the fault, then without, as cron would, until every session has run. What
must hold after every round is in assert_round().
"""
from __future__ import annotations

import time
from typing import Any, Callable

from harness import FlowCase

# No run makes as many: a loop that gets there never ends by itself, and that is a failure.
MOST_REQUESTS = 200
MOST_DRAINS = 20


class Round:
    """`sessions` says how many are queued, in as many environments as it has numbers."""

    def __init__(self, case: FaultCase, number: int) -> None:
        case.engine.reset()
        case.cp.clear_faults()
        case.env = case.cp.create_environment()
        case.secrets.add("an environment key", [case.env["key"]])
        self.place = case.place = case.add_place(f"round-{case.rounds}")
        case.rounds += 1
        self.place.environment["poll"].update(
            reclaim_older_than_ms=300, ack_within="250ms", idle_min="10ms", idle_max="20ms")
        environments = [case.env, *(case.serve_another_environment() for _ in case.sessions[1:])]
        self.items = [
            item for place, (environment, count) in enumerate(zip(environments, case.sessions))
            for session in range(count)
            for item in case.queue(environment=environment,
                                   session=f"sesn_{case.worker}_{case.rounds}_{place}_{session}")]
        self.number = number


class FaultCase(FlowCase):
    # How many sessions a run has, for each environment.
    sessions: tuple[int, ...] = (1,)
    # How the workers behave, as a part of the session's id.
    worker = "plainly"
    # A loop of fewer did not meet what it is about.
    fewest_requests = 3
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
                self.assertGreater(number, self.fewest_requests, "the fault never happened")
                print(f"# every request of a run: {number - 1}", flush=True)
                return
        self.fail(f"a run makes more than {MOST_REQUESTS} requests")

    def drain_the_rest(self, this: Round) -> None:
        """Drains until every session has run; what was claimed has to be reclaimed first."""
        for _ in range(MOST_DRAINS):
            berth = this.place.start("drain", "--wait")
            self.assertIn(berth.wait(), (0, self.sound_exit), berth.tail())
            if all(self.cp.item(item["id"])["state"] == "stopped" for item in this.items):
                return
            time.sleep(0.1)
        self.fail(f"{[self.cp.item(item['id']) for item in this.items]} "
                  f"after request {this.number}: {berth.tail()}")

    def assert_round(self, this: Round) -> None:
        """Each session ran to its end, once, and nothing is left of it."""
        said = this.place.berths[0].tail()
        for item in this.items:
            self.assertEqual(len(self.first_heartbeats(item)), 1, said)
            self.assertEqual(len(self.worker_stops(item)), 1, said)
            self.assertEqual(self.stops(item), [], f"force-stopped what its worker stops: {said}")
            self.assertTrue(this.place.records(item["id"]), said)
        self.assert_nothing_left()
