# SPDX-License-Identifier: Apache-2.0
"""Session images that declare volumes, cannot start, or are not there."""
from __future__ import annotations

import private_engine
from engine_case import SECONDS, EngineCase
from harness import wait_until
from kinds import KIND

setUpModule, tearDownModule = private_engine.start, private_engine.stop


class DerivedImageCase(EngineCase):
    """Runs sessions of the session image with one more instruction."""

    instruction: str
    image = "localhost/berth-session-node:derived"

    def setUp(self) -> None:
        private_engine.engine.derive_image(private_engine.SESSION_IMAGE, self.image,
                                           self.instruction)
        self.addCleanup(private_engine.engine.remove_image, self.image)
        super().setUp()


class AnImageWithVolumes(DerivedImageCase):
    instruction = 'VOLUME ["/workspace", "/data/cache"]'

    def test_gets_a_sized_tmpfs_for_each_and_no_volume(self) -> None:
        [item] = self.queue(end="hold", script=[
            "cd /data/cache && echo kept >f && cat f && df --output=fstype,size -BM . | tail -n 1"])
        berth = self.start("run")
        container = self.running(item)
        self.assertEqual(self.wait_result(item)[0].split(), ["kept", "tmpfs", "256M"])
        self.assertEqual(self.engine.volumes(), [])
        self.assertEqual([mount for mount in container["Mounts"] if mount["Type"] != "tmpfs"], [])

        self.cp.finish_session(item["session_id"])
        berth.wait_event("removed", SECONDS)
        self.assertEqual(berth.terminate(), 0)
        self.assert_stopped_by_its_container(item)
        self.assert_nothing_left()


class AnImageThatCannotStart(DerivedImageCase):
    # The engine's own init starts all the same, and is what finds nothing to run.
    instruction = 'ENTRYPOINT ["/does/not/exist"]'

    def test_costs_one_session_and_keeps_the_others_in_the_queue(self) -> None:
        items = self.queue(3)
        berth = self.start("drain", "--wait", "--sessions", "1")
        self.assert_exit(berth, 75, SECONDS)
        [ack] = self.cp.log.of("ack")
        [stop] = self.cp.log.of("stop")
        self.assertEqual((stop.work, stop.credential, stop.body),
                         (ack.work, f"environment:{self.env['id']}", {"force": True}))
        self.assertIn(f"the command of image {self.image}", berth.wait_event("paused")["msg"])
        self.assertEqual(self.place.records(stop.work)[-1]["ended_by"], "start_failed")
        states = {item["id"]: self.cp.item(item["id"])["state"] for item in items}
        self.assertEqual(states.pop(ack.work), "stopped")
        self.assertEqual(list(states.values()), ["queued", "queued"])
        self.assert_nothing_left()


class AnImageThatIsRemovedUnderASession(DerivedImageCase):
    """Docker takes only the name away and lets the container run; Podman asks the worker to end, as
    anybody may, and removes the container."""

    instruction = "LABEL derived=again"

    def test_neither_loses_nor_doubles_a_session(self) -> None:
        self.place.environment.update(pull="never", sessions=2)
        [item] = self.queue(end="hold", script=["echo ready"])
        berth = self.start("run")
        self.running(item)
        self.wait_result(item)
        self.engine.remove_image(self.image)
        [later] = self.queue(script=["echo later"])
        berth.wait_event("paused", SECONDS)
        self.assertEqual(self.cp.item(later["id"])["state"], "queued")
        self.assertEqual(self.cp.log.of("ack", work=later["id"]), [])

        self.engine.derive_image(private_engine.SESSION_IMAGE, self.image, self.instruction)
        self.assertEqual(self.wait_result(later), ["later"])
        self.cp.finish_session(item["session_id"])
        wait_until(lambda: not self.engine.containers(), SECONDS, "containers are left")
        self.assertEqual(berth.terminate(), 0)
        for each in (item, later):
            self.assert_stopped_by_its_container(each)
            self.assertEqual(self.the_container_of(each).starts, 1)
        record = self.place.records(item["id"])[-1]
        self.assertEqual((record["ended_by"], record["force_stopped"]), ("itself", False))
        self.assertIn(record["exit_code"], KIND.codes_without_image)
        self.assertEqual(self.place.records(later["id"])[-1]["exit_code"], 0)
        self.assertEqual(self.stops_by_berth(), [])
        self.assert_nothing_left()


class AnImageThatIsNotThere(EngineCase):
    image = "localhost/berth-session-node:mistyped"

    def test_costs_no_session(self) -> None:
        [item] = self.queue()
        self.place.environment["pull"] = "never"
        self.assert_exit(self.start("drain", "--wait"), 75, SECONDS)
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        self.assertEqual(self.cp.log.of(["ack", "stop"]), [])
        self.assertEqual(self.watcher.all(), [])
        self.assert_nothing_left()
