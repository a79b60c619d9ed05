# SPDX-License-Identifier: Apache-2.0
"""Many environments in one process: what one of them does or suffers is not felt by the others."""
from __future__ import annotations

import os
import signal
from collections import Counter

from environments import EnvironmentsCase
from harness import wait_until
from twoengines import TwoEnginesCase


class AFullHost(EnvironmentsCase):
    def test_gives_its_places_by_weight(self) -> None:
        """Ten environments that never run out of work, the lightest with by far the most of it."""
        self.place.settings["host"] |= {"sessions": 12, "requests_per_minute": 0}
        self.place.settings["environments"].clear()
        self._template["sessions"] = 100
        # Long against a poll, and not all as long: else places come free by the dozen, and it is not
        # places that all wait for. A session's id ends with a hexadecimal digit.
        for digits, milliseconds in (("0-3", 250), ("4-7", 350), ("89ab", 450), ("c-f", 550)):
            self.engine.worker(f"*[{digits}]", f"run-{milliseconds}")
        weights = {self.add_environment(weight=weight): weight for weight in range(1, 11)}
        total, launches = sum(weights.values()), 1000
        for environment, weight in weights.items():
            share = launches * weight // total
            self.cp.queue(environment, 2500 if weight == 1 else share + share // 2 + 20)
        berth = self.start("run", "--log-level", "info")

        wait_until(lambda: len(self.cp.log.of("ack")) >= launches, 300)
        berth.signal(signal.SIGKILL)
        acks = Counter(record.environment for record in self.cp.log.of("ack")[:launches])
        self.assertLessEqual(self.engine.stats()["peak_running"], 12)
        for environment, weight in weights.items():
            share = launches * weight / total
            self.assertAlmostEqual(acks[environment], share, delta=share / 10,
                                   msg=f"of weight {weight}; all: {acks}")

    def test_lets_nobody_starve_whose_work_comes_now_and_then(self) -> None:
        self.place.settings["host"]["sessions"] = 2
        flooding = self.place.environment["id"]
        now_and_then = self.add_environment()
        self.engine.worker("*", "run-200")
        self.cp.queue(flooding, 300)
        berth = self.start("run")
        berth.wait_event("removed", count=4)
        for _ in range(3):
            before = len(self.cp.log.of("ack", environment=flooding))
            item = self.queue_in(now_and_then)
            self.cp.wait_stopped([item["id"]])
            # Two were running, and one of those that wait may have been asked for before.
            self.assertLess(len(self.cp.log.of("ack", environment=flooding)) - before, 8)
        berth.kill()

    def test_lets_nobody_starve_because_many_have_no_work(self) -> None:
        """Each of them looks at its queue as often as it may, and needs the only place for that."""
        self.place.settings["host"]["sessions"] = 1
        for _ in range(30):
            self.cp.fault("poll", environment=self.add_environment(), delay=0.02, times=None)
        items = [self.queue_in(self.env["id"]) for _ in range(5)]
        berth = self.start("run", "--log-level", "info")
        self.cp.wait_stopped([item["id"] for item in items])
        self.assertEqual(berth.terminate(), 0)


class OneOfMany(EnvironmentsCase):
    def assert_ran_undisturbed(self, environment: str) -> None:
        item = self.queue_in(environment)
        self.cp.wait_stopped([item["id"]], 10)
        self.assert_ran_by_itself(item)

    def test_whose_containers_take_long_to_make_delays_no_other(self) -> None:
        slow, quick = self.add_environment(), self.add_environment()
        self.place.settings["engine"]["launches"] = 2
        self.engine.rule(op="create", request_body=f"*{slow}*", delay_ms=30000, times=0)
        self.cp.queue(slow, 50)
        berth = self.start("run")
        wait_until(lambda: len(self.engine.requests("create")) >= 2)
        for _ in range(3):
            self.assert_ran_undisturbed(quick)
        # It has as many under way as an engine is given at once, and one batch that waits.
        self.assertEqual(len(berth.events("claimed", environment=slow)), 4)
        berth.kill()

    def test_whose_containers_take_long_are_many_and_delay_no_other(self) -> None:
        """More of them than the engine is asked for anything else at once."""
        quick = self.add_environment()
        self.place.settings["engine"]["launches"] = 4
        slow = [self.add_environment() for _ in range(8)]
        for environment in slow:
            self.engine.rule(op="create", request_body=f"*{environment}*", delay_ms=30000, times=0)
            self.cp.queue(environment, 8)
        berth = self.start("run")
        wait_until(lambda: len(berth.events("claimed")) == 64)
        wait_until(lambda: len(self.engine.requests("create")) >= 32)
        self.assert_ran_undisturbed(quick)
        berth.kill()

    def test_whose_key_is_rejected_stops_no_other(self) -> None:
        rejected = self.add_environment()
        (self.place.dir / f"key-{rejected}").write_text("not-a-key")
        berth = self.start("run")
        berth.wait_event("key_rejected", environment=rejected)
        self.assert_ran_undisturbed(self.env["id"])
        self.assertEqual(len(self.cp.log.of("poll", environment=rejected)), 1)
        self.assertEqual(berth.terminate(), 0)

    def test_whose_image_is_missing_stops_no_other(self) -> None:
        lacking = self.add_environment(image="localhost/not-there:1", pull="never")
        queued = self.queue_in(lacking)
        berth = self.start("run")
        berth.wait_event("paused", environment=lacking)
        self.assert_ran_undisturbed(self.env["id"])
        self.assertEqual(self.cp.item(queued["id"])["offers"], 0)
        self.assertEqual(berth.terminate(), 0)

    def test_that_floods_delays_no_other(self) -> None:
        quick = self.add_environment()
        self.place.settings["engine"]["launches"] = 4
        self.cp.queue(self.env["id"], 400)
        berth = self.start("run")
        berth.wait_event("removed", count=10)
        for _ in range(3):
            before = len(self.cp.log.of("ack", environment=self.env["id"]))
            self.assert_ran_undisturbed(quick)
            self.assertLess(len(self.cp.log.of("ack", environment=self.env["id"])) - before, 100)
        berth.kill()


class TwoEngines(TwoEnginesCase):
    def test_run_the_sessions_of_their_own_environments(self) -> None:
        here, there = self.queue_in(self.env["id"]), self.queue_in(self.elsewhere)
        self.assert_exit(self.run_berth("drain", "--wait"), 0)
        for item in (here, there):
            self.assert_ran_by_itself(item)
        self.assertEqual([request["path"] for request in self.engine.requests("create")],
                         [request["path"] for request in self.other.requests("create")])
        self.assertEqual(len(self.engine.requests("create")), 1)
        self.assert_nothing_left()
        self.assertEqual(self.other.containers(), [])

    def test_are_both_found_again_by_the_next_start(self) -> None:
        for engine in (self.engine, self.other):
            engine.worker("*", "hang")
        here, there = self.queue_in(self.env["id"]), self.queue_in(self.elsewhere)
        berth = self.start("run")
        for item in (here, there):
            berth.wait_event("heartbeat", work=item["id"])
        berth.kill()
        berth = self.start("run")
        for item in (here, there):
            berth.wait_event("adopted", work=item["id"], status="running")
        self.assertEqual(berth.terminate(), 0)
        self.assertEqual(len(self.acks(here) + self.acks(there)), 2)

    def test_of_which_one_is_not_there_do_not_stop_each_other(self) -> None:
        self.other.stop()
        item, waiting = self.queue_in(self.env["id"]), self.queue_in(self.elsewhere)
        berth = self.start("run")
        berth.wait_event("removed", work=item["id"])
        self.assert_ran_by_itself(item)
        self.assertEqual(self.cp.item(waiting["id"])["offers"], 0)
        self.other.start()
        berth.wait_event("removed", work=waiting["id"])
        self.assert_ran_by_itself(waiting)
        self.assertEqual(berth.terminate(), 0)

    def test_of_which_one_is_not_there_are_drained_as_far_as_they_go(self) -> None:
        self.other.stop()
        item, waiting = self.queue_in(self.env["id"]), self.queue_in(self.elsewhere)
        self.assert_exit(self.run_berth("drain"), 69)
        self.assert_ran_by_itself(item)
        self.assertEqual(self.cp.item(waiting["id"])["offers"], 0)
        self.other.start()

    def test_that_are_both_not_there_end_the_process(self) -> None:
        self.other.stop()
        self.engine.stop()
        for verb in ("run", "drain"):
            self.assert_exit(self.run_berth(verb), 69)
        self.engine.start()
        self.other.start()

    def test_lets_an_environment_move_while_its_sessions_run_on(self) -> None:
        self.engine.worker("*", "hang")
        item = self.queue_in(self.env["id"])
        berth = self.start("run")
        berth.wait_event("heartbeat", work=item["id"])
        self.place.environment["engine"] = "two"
        self.place.write_fleet()
        berth.signal(signal.SIGHUP)
        # What a poll of before brings until then is run as it was.
        berth.wait_event("image", environment=self.env["id"], count=2)
        moved = self.queue_in(self.env["id"])
        berth.wait_event("removed", work=moved["id"])
        self.assertEqual(len(self.other.requests("create")), 1)
        self.signal_worker(item)
        berth.wait_event("removed", work=item["id"])
        self.assertEqual(berth.terminate(), 0)
        self.assert_nothing_left()
        self.assertEqual(self.other.containers(), [])

    def test_may_become_one_and_two_again(self) -> None:
        self.other.worker("*", "hang")
        item = self.queue_in(self.elsewhere)
        berth = self.start("run")
        berth.wait_event("heartbeat", work=item["id"])
        engines, environments = self.place.settings["engines"], self.place.settings["environments"]
        self.place.settings |= {"engines": {"one": engines["one"]},
                                "environments": environments[:1]}
        self.place.write_fleet()
        berth.signal(signal.SIGHUP)
        berth.wait_event("reloaded")
        # What runs on the engine that is gone from the file is followed to its end.
        os.kill(self.other.container(f"berth-{item['id']}")["pid"], signal.SIGTERM)
        berth.wait_event("removed", work=item["id"])
        self.place.settings |= {"engines": engines, "environments": environments}
        self.place.write_fleet()
        berth.signal(signal.SIGHUP)
        berth.wait_event("reloaded", count=2)
        again = self.queue_in(self.elsewhere)
        berth.wait_event("heartbeat", work=again["id"])
        self.assertEqual(berth.terminate(), 0)
