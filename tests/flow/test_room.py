# SPDX-License-Identifier: Apache-2.0
"""What cannot run now is not claimed: it stays in the queue for another host."""
from harness import FlowCase


class AHost(FlowCase):
    engine_options = {"info": {"DockerRootDir": "/tmp"}}

    def assert_claims_nothing(self, words: str) -> None:
        items = self.queue(2)
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 75)
        self.assertEqual(self.cp.log.all(), [])
        self.assertEqual({self.cp.item(item["id"])["state"] for item in items}, {"queued"})
        [paused] = berth.events("paused")
        self.assertIn(words, paused["msg"])

    def test_with_too_little_memory_claims_nothing(self) -> None:
        self.place.settings["host"]["min_free_memory"] = "900000GiB"
        self.assert_claims_nothing("host.min_free_memory")

    def test_with_too_little_disk_claims_nothing(self) -> None:
        self.place.settings["host"]["min_free_disk"] = "900000GiB"
        self.assert_claims_nothing("host.min_free_disk")


class AnEnvironment(FlowCase):
    def test_whose_image_is_missing_does_not_keep_another_from_running(self) -> None:
        other = self.serve_another_environment()
        self.place.environment.update(image="localhost/nowhere:1", pull="never")
        [stuck] = self.queue()
        runs = self.cp.queue(other["id"], 3)
        self.assert_exit(self.start("drain", "--wait"), 75)
        self.assertEqual(self.cp.item(stuck["id"])["offers"], 0)
        self.assertEqual({self.cp.item(item["id"])["state"] for item in runs}, {"stopped"})
        self.assertEqual(self.cp.log.of(credential=f"environment:{self.env['id']}"), [])
        self.assert_nothing_left()

    def test_has_no_more_sessions_at_once_than_its_own_cap(self) -> None:
        self.engine.worker("*", "run-100")
        self.place.environment["sessions"] = 1
        self.queue(4)
        self.assert_exit(self.start("drain", "--wait"), 0)
        self.assertEqual(self.engine.stats()["peak_running"], 1)
        self.assertEqual(len(self.worker_stops()), 4)
