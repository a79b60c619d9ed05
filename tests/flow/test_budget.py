# SPDX-License-Identifier: Apache-2.0
"""One budget of requests for all environments; what reached the control plane says how it was
spent."""
from __future__ import annotations

import signal
import time

from environments import EnvironmentsCase
from harness import wait_until

LIMIT = 600


class AHundredEnvironments(EnvironmentsCase):
    """One never runs out of work, one has a key that is no good, and 98 have nothing to do."""

    def setUp(self) -> None:
        super().setUp()
        self.place.settings["host"]["requests_per_minute"] = LIMIT
        self._template["poll"] = {}
        self.flooding = self.add_environment()
        self.rejected = self.add_environment()
        self.idle = [self.add_environment() for _ in range(97)] + [self.env["id"]]
        key_file = self.place.dir / f"key-{self.rejected}"
        key_file.write_text("not-a-key")
        self.cp.fault("poll", environment=self.flooding, times=None,
                      hook=lambda record: self.cp.queue_healthcheck(self.flooding))

    def test_are_each_polled_twice_a_minute_and_never_above_the_limit(self) -> None:
        berth = self.start("run")
        wait_until(lambda: len({record.environment for record in self.cp.log.of("poll")}) == 100)
        since = time.time()
        time.sleep(60)
        until = time.time()
        self.assertEqual(berth.terminate(), 0)

        polls = [record for record in self.cp.log.of("poll") if since <= record.time < until]
        for environment in self.idle + [self.flooding]:
            mine = [record for record in polls if record.environment == environment]
            self.assertGreaterEqual(len(mine), 2, environment)
        self.assertEqual(len(self.cp.log.of(environment=self.rejected)), 1)

        times = [record.time for record in self.cp.log.all()]
        for first, last in zip(times, times[LIMIT:]):
            self.assertGreaterEqual(last - first, 60)
        # The others need 98 polls in 27 s; two thirds of what is left are acks and stops.
        flood = [record for record in polls if record.environment == self.flooding]
        self.assertGreater(len(flood), 50)


class ManyEnvironments(EnvironmentsCase):
    """Whose requests beside polls would be more than the limit."""

    limit, environments = 240, 20  # 60 at once, and then 180 a minute

    def setUp(self) -> None:
        super().setUp()
        self.place.settings["host"]["requests_per_minute"] = self.limit
        self._template["timeouts"] = {"first_heartbeat": "40s"}
        self.ids = [self.add_environment() for _ in range(self.environments)]

    def test_are_not_all_asked_how_they_are_when_somebody_wants_to_know(self) -> None:
        berth = self.start("run")
        berth.wait_event("idle")
        for _ in range(12):
            asked = len(berth.events("status", sessions="8"))
            berth.signal(signal.SIGUSR1)
            berth.wait_event("status", count=asked + self.environments, sessions="8")
        self.assertLess(len(self.cp.log.of("stats")), self.limit / 2)
        self.assertEqual(berth.terminate(), 0)

    def test_are_not_searched_for_heartbeats_beyond_it(self) -> None:
        self.engine.worker("*", "silent")
        for environment in self.ids:
            self.queue_in(environment)
        self.run_berth("drain", seconds=120)
        # Until their time is up, and each is looked at before it is ended.
        times = [record.time for record in self.cp.log.all()]
        self.assertLess(len([when for when in times if when < times[0] + 35]), self.limit)


class ABudget(EnvironmentsCase):
    def test_that_is_too_small_is_warned_of_and_served(self) -> None:
        self.place.settings["host"]["requests_per_minute"] = 5
        self.add_environment()
        berth = self.place.start_plain("check", "--config", str(self.place.write_fleet()))
        self.assert_exit(berth, 0)
        self.assertIn("with 5 not each of 2 environments is polled every 30 s: say 6 or more",
                      berth.stderr)

    def test_of_nothing_is_no_limit(self) -> None:
        self.place.settings["host"]["requests_per_minute"] = 0
        items = self.queue(3)
        self.assert_exit(self.run_berth("drain", "--wait"), 0)
        for item in items:
            self.assert_ran_by_itself(item)

    def test_can_be_changed_while_berth_runs(self) -> None:
        self.place.settings["host"]["requests_per_minute"] = 3  # two for good
        berth = self.start("run")
        wait_until(lambda: self.cp.log.of("poll"))
        self.place.settings["host"]["requests_per_minute"] = 0
        self.place.write_fleet()
        berth.signal(signal.SIGHUP)
        wait_until(lambda: len(self.cp.log.of("poll")) > 20)
        self.assertEqual(berth.terminate(), 0)

    def test_is_spent_on_one_environment_if_there_is_no_other(self) -> None:
        self.place.settings["host"]["requests_per_minute"] = 100
        items = self.queue(5)
        self.assert_exit(self.run_berth("drain", "--wait"), 0)
        for item in items:
            self.assert_ran_by_itself(item)

    def test_holds_all_up_when_one_is_told_to_slow_down(self) -> None:
        for _ in range(5):
            self.add_environment()
        berth = self.start("run")
        wait_until(lambda: len(self.cp.log.of("poll")) > 50)
        self.cp.fault("poll", status=429, headers={"retry-after": "3"})
        [refused] = wait_until(lambda: self.cp.log.of("poll", status=429))
        berth.wait_event("slowed", environment=refused.environment)
        wait_until(lambda: self.cp.log.all()[-1].time > refused.time + 3.5)
        self.assertEqual(berth.terminate(), 0)
        during = [record for record in self.cp.log.of("poll")
                  if refused.time + 0.5 < record.time < refused.time + 2.99]
        self.assertEqual(during, [])  # half a second for those that were under way
        self.assertEqual(len(berth.events("slowed")), 1)
