# SPDX-License-Identifier: Apache-2.0
"""A key file that changes: when it is read again, and what may begin again with the new key."""
from __future__ import annotations

import signal
import time

from environments import EnvironmentsCase
from harness import Berth, FlowCase, wait_until


class AKeyFile(EnvironmentsCase):
    def test_that_could_be_read_by_others_is_used_once_it_cannot(self) -> None:
        rejected = self.add_environment()
        file = self.place.dir / f"key-{rejected}"
        key = file.read_text()
        file.write_text("not-a-key")
        berth = self.start("run")
        berth.wait_event("key_rejected", environment=rejected)
        file.chmod(0o644)
        file.write_text(key)
        berth.wait_event("key_unreadable", environment=rejected)
        file.chmod(0o600)
        item = self.queue_in(rejected)
        berth.wait_event("removed", work=item["id"])
        self.assertEqual(berth.terminate(), 0)


class AnotherKey(EnvironmentsCase):
    """For an environment that was told to stop, and whose last request was refused after that."""

    def setUp(self) -> None:
        super().setUp()
        self.leaving = self.add_environment()

    def serve_until_the_key_is_refused(self, stop, number: int) -> Berth:
        """A session of it runs, and a poll is under way while stop() and the signal come."""
        self.engine.worker("*", "hang")
        self.running = self.queue_in(self.leaving)
        berth = self.start("run")
        berth.wait_event("heartbeat", work=self.running["id"])
        refusal = self.cp.fault("poll", environment=self.leaving, status=401, delay=1)
        wait_until(lambda: refusal.matched)
        stop()
        berth.signal(number)
        berth.wait_event("key_rejected", environment=self.leaving)
        return berth

    def replace_key(self, berth: Berth) -> None:
        """And berth takes notice."""
        key = f"sk-ant-oat01-{time.time_ns()}"
        self.secrets.add("an environment key", [key])
        self.cp.rotate_key(self.leaving, key)
        (self.place.dir / f"key-{self.leaving}").write_text(key)
        berth.wait_event("key_replaced", environment=self.leaving)

    def remove_it(self) -> None:
        self.place.settings["environments"].pop()
        self.place.write_fleet()

    def finish(self) -> None:
        self.signal_worker(self.running)

    def test_does_not_bring_back_what_is_not_in_the_file_any_more(self) -> None:
        berth = self.serve_until_the_key_is_refused(self.remove_it, signal.SIGHUP)
        polls = len(self.cp.log.of("poll", environment=self.leaving))
        self.replace_key(berth)
        served = len(self.cp.log.of("poll", environment=self.env["id"]))
        wait_until(lambda: len(self.cp.log.of("poll", environment=self.env["id"])) > served + 10)
        self.assertEqual(len(self.cp.log.of("poll", environment=self.leaving)), polls)
        self.finish()
        berth.wait_event("removed", work=self.running["id"])
        self.assertEqual(berth.terminate(), 0)

    def test_does_not_keep_a_berth_that_is_about_to_end(self) -> None:
        berth = self.serve_until_the_key_is_refused(lambda: None, signal.SIGQUIT)
        self.replace_key(berth)
        self.finish()
        self.assert_exit(berth, 77)


class AKeyThatCouldListAndIsRefusedAtTheEnd(FlowCase):
    """It may be no good any more; it is not one that may not list."""

    def test_leaves_the_container_of_an_item_in_doubt_to_the_next_start(self) -> None:
        self.engine.worker("*", "silent")
        [item] = self.queue()
        berth = self.start("run")
        berth.wait_event("started", work=item["id"])
        self.cp.wait_requests("list", 1)
        berth.signal(signal.SIGQUIT)
        berth.wait_event("stopping")
        self.cp.fault("list", status=401, times=None)
        self.signal_worker(item, signal.SIGKILL)
        self.assert_exit(berth, 75)
        self.assertEqual(self.container_of(item)["state"], "exited")
        self.assertEqual(self.cp.item(item["id"])["state"], "starting")

        self.cp.clear_faults()
        berth = self.start("drain")
        berth.wait_event("force_stopped", work=item["id"])
        self.assert_exit(berth, 75)
        self.assert_nothing_left()
