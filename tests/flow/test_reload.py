# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: the file is read again, and all of it takes effect or none. What runs is not touched."""
from __future__ import annotations

import json

from flow.reloading import MISTAKES, OTHER_IMAGE, ReloadCase
from harness import wait_until


class AReload(ReloadCase):
    def test_serves_an_environment_that_was_added(self) -> None:
        self.serve()
        added = self.add_environment()
        self.reload()
        self.finish(self.started(added))

    def test_claims_no_more_for_an_environment_that_was_removed_and_follows_what_runs(self) -> None:
        leaving = self.add_environment()
        self.serve()
        running = self.started(leaving)
        entry = self.remove(leaving)
        self.reload()
        self.wait_last_poll(leaving)
        left = self.queue_in(leaving)
        self.finish(self.started(self.env["id"]), running)
        self.assertEqual(self.cp.item(left["id"])["offers"], 0)
        self.place.settings["environments"].append(entry)
        self.reload()
        self.cp.wait_stopped([left["id"]])

    def test_gives_back_an_environment_whose_sessions_still_run(self) -> None:
        coming = self.add_environment()
        self.serve()
        before = self.started(coming)
        entry = self.remove(coming)
        self.reload()
        self.place.settings["environments"].append(entry)
        self.reload()
        self.finish(before, self.started(coming))

    def test_changes_the_next_container_and_not_the_running_one(self) -> None:
        self.place.environment["labels"] = {"edition": "first"}
        self.serve()
        before = self.started(self.env["id"])
        self.place.environment.update(labels={"edition": "second"}, image=OTHER_IMAGE)
        self.reload_in_effect()
        after = self.started(self.env["id"])
        self.assert_running(before)
        for item, label, image in ((before, "first", self.image), (after, "second", OTHER_IMAGE)):
            self.assertEqual(self.created(item)["Labels"]["edition"], label)
            self.assertEqual(self.created(item)["Image"], image)
        self.finish(before, after)
        self.assertEqual([self.place.records(item["id"])[-1]["image"] for item in (before, after)],
                         [self.image, OTHER_IMAGE])

    def test_gives_new_limits_to_the_next_session_and_not_to_the_running_one(self) -> None:
        self.serve()
        before = self.started(self.env["id"])
        self.place.environment["timeouts"]["session"] = "1s"
        self.reload_in_effect()
        after = self.started(self.env["id"])
        self.berth.wait_event("removed", work=after["id"])
        self.assertEqual(self.place.records(after["id"])[-1]["ended_by"], "time_limit")
        self.finish(before)

    def test_with_fewer_sessions_ends_none_and_claims_none_until_there_is_room(self) -> None:
        self.serve()
        first, second = self.started(self.env["id"]), self.started(self.env["id"])
        self.place.environment["sessions"] = 1
        self.reload()
        self.wait_last_poll(self.env["id"])
        waiting = self.queue_in(self.env["id"])
        self.finish(first)
        self.assert_running(second)
        self.assertEqual(self.cp.item(waiting["id"])["offers"], 0)
        self.finish(second)
        self.cp.wait_stopped([waiting["id"]])

    def test_with_more_sessions_claims_at_once_what_waits(self) -> None:
        self.place.environment["sessions"] = 1
        self.serve()
        first = self.started(self.env["id"])
        second = self.queue_in(self.env["id"], session="sesn_hang_2")
        self.place.environment["sessions"] = 2
        self.reload()
        self.berth.wait_event("started", work=second["id"])
        self.finish(first, second)


    def test_ends_the_waits_of_the_file_before(self) -> None:
        patient = self.add_environment(poll={"idle_min": "1h", "idle_max": "1h"})
        self.serve()
        self.berth.wait_event("idle", environment=patient)
        item = self.queue_in(patient)
        self.entry(patient)["poll"] = {}
        self.reload()
        self.cp.wait_stopped([item["id"]])

    def test_is_not_blamed_for_what_fails_with_the_old_file(self) -> None:
        self.serve()
        self.engine.rule(op="create", status=500, delay_ms=1500)
        item = self.queue_in(self.env["id"])
        wait_until(lambda: self.engine.requests("create"))
        self.place.environment["image"] = OTHER_IMAGE
        self.reload()
        self.berth.wait_event("launch_failed", work=item["id"])
        self.cp.wait_stopped([item["id"]])
        self.assertEqual(self.berth.events("paused"), [])

    def test_names_the_environments_that_came_and_went(self) -> None:
        leaving = [self.add_environment(name=name) for name in ("one", "two")]
        self.serve()
        for environment in leaving:
            self.remove(environment)
        self.add_environment(name="three")
        self.reload()
        [event] = self.berth.events("reloaded")
        self.assertEqual((event["added"], event["added_names"]), ("1", "three"))
        self.assertEqual((event["removed"], event["removed_names"]), ("2", "one,two"))
        self.reload()
        self.assertNotIn("removed_names", self.berth.events("reloaded")[-1])

    def test_that_finds_no_file_of_an_include_warns_of_it_and_names_what_went(self) -> None:
        folder = self.place.fleet_file.parent / "conf.d"
        folder.mkdir()
        entry = self.remove(self.add_environment(name="included"))
        (folder / "one.yaml").write_text(json.dumps({"environments": [entry]}))
        self.place.settings["include"] = "conf.d/*.yaml"
        self.serve()
        self.assertEqual(self.berth.events("configuration"), [])
        (folder / "one.yaml").unlink()
        self.reload()
        [warning] = self.berth.events("configuration")
        self.assertIn("include: no file matches", warning["msg"])
        self.assertEqual(self.berth.events("reloaded")[-1]["removed_names"], "included")

    def test_that_adds_what_was_just_removed_counts_it(self) -> None:
        coming = self.add_environment()
        self.serve()
        running = self.started(coming)
        entry = self.remove(coming)
        self.reload()
        self.place.settings["environments"].append(entry)
        self.reload()
        self.assertEqual([(row["added"], row["removed"]) for row in self.berth.events("reloaded")],
                         [("0", "1"), ("1", "0")])
        self.finish(running)


class AReloadOfABadFile(ReloadCase):
    def setUp(self) -> None:
        super().setUp()
        self.serve()

    def assert_serves_as_before(self) -> None:
        item = self.queue_in(self.env["id"])
        self.cp.wait_stopped([item["id"]])
        self.assertNotIn("edition", self.created(item)["Labels"])

    def test_names_the_place_of_the_mistake_and_changes_nothing(self) -> None:
        running = self.started(self.env["id"])
        for name, mistake in MISTAKES.items():
            with self.subTest(name):
                self.place.environment["labels"] = {"edition": "next"}
                self.reload_with(mistake, self.env["id"])
                self.assert_running(running)
        self.assert_serves_as_before()
        self.finish(running)

    def test_that_is_broken_off_names_the_line_and_changes_nothing(self) -> None:
        text = json.dumps(self.place.settings, indent=2)
        self.place.write_fleet(text[:len(text) // 2])
        self.reload_file("reload_failed")
        self.assertRegex(self.berth.events("reload_failed")[-1]["msg"],
                         rf"{self.place.fleet_file}:\d+:\d+: ")
        self.assert_serves_as_before()

    def test_that_is_gone_says_so_and_changes_nothing(self) -> None:
        self.place.fleet_file.unlink()
        self.reload_file("reload_failed")
        self.assertIn(str(self.place.fleet_file),
                      self.berth.events("reload_failed")[-1]["msg"])
        self.assert_serves_as_before()

    def test_with_another_instance_says_that_this_needs_a_restart(self) -> None:
        self.place.settings["instance"] = "another"
        self.reload("reload_failed")
        self.assertIn("instance", self.berth.events("reload_failed")[-1]["msg"])
        self.assert_serves_as_before()


class ARotatedKey(ReloadCase):
    """At a moment when nothing is asked with it: the only slot is taken."""

    def setUp(self) -> None:
        super().setUp()
        self.place.environment["sessions"] = 1
        self.serve()
        self.running = self.started(self.env["id"])
        wait_until(lambda: self.first_heartbeats(self.running))
        self.berth.wait_event("heartbeat")

    def assert_used(self) -> None:
        """Without one refused request."""
        self.berth.wait_event("key_replaced")
        item = self.queue_in(self.env["id"])
        self.finish(self.running)
        self.cp.wait_stopped([item["id"]])
        self.assertEqual(self.cp.log.of(("poll", "ack", "list"), status=401), [])

    def test_is_read_on_a_reload(self) -> None:
        self.rotate(self.env["id"])
        self.reload()
        self.assertEqual(self.count("key_replaced"), 1)
        self.assert_used()

    def test_is_read_when_its_file_has_changed(self) -> None:
        self.rotate(self.env["id"])
        self.assert_used()

    def test_is_read_when_the_old_one_is_refused(self) -> None:
        self.rotate(self.env["id"])
        item = self.queue_in(self.env["id"])
        self.finish(self.running)
        self.cp.wait_stopped([item["id"]])
        self.assertEqual(self.count("key_rejected"), 0)
        self.assertEqual(self.count("key_replaced"), 1)
