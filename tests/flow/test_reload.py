# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: the file is read again, and all of it takes effect or none. What runs is not touched.

RELOAD_SEED repeats the choices of an earlier run; the seed is printed.
"""
from __future__ import annotations

import copy
import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flow.environments import EnvironmentsCase
from harness import Berth, wait_until

OTHER_IMAGE = "localhost/berth-session-node:2"

# How a file can be wrong: what is done to it and to one of its environments, and the text at which
# the mistake is.
Mistake = tuple[Callable[[dict, dict], Any], str]
MISTAKES: dict[str, Mistake] = {
    "an unknown key": (lambda file, entry: entry.update(sesions=1), '"sesions"'),
    "a word for a number": (lambda file, entry: entry.update(sessions="many"), '"many"'),
    "a number out of range": (lambda file, entry: entry.update(sessions=99999), "99999"),
    "no duration": (lambda file, entry: entry["timeouts"].update(session="long"), '"long"'),
    "no such policy": (lambda file, entry: entry.update(policy="nowhere"), '"nowhere"'),
    "no usable image": (lambda file, entry: entry.update(image="-x y"), '"-x y"'),
    "an unknown section": (lambda file, entry: file.update(hots={}), '"hots"'),
}


class ReloadCase(EnvironmentsCase):
    engine_options = {"images": [EnvironmentsCase.image, OTHER_IMAGE]}

    def setUp(self) -> None:
        super().setUp()
        self.place.environment["name"] = self.env["id"]
        self.news = {"reloaded": 0, "reload_failed": 0}

    def serve(self) -> Berth:
        self.berth = self.start("run", "--log-level", "info")
        self.berth.wait_event("idle")
        return self.berth

    def count(self, event: str) -> int:
        return self.berth.stderr.count(f'"event":"{event}"')

    def reload(self, expected: str = "reloaded") -> None:
        """Returns when berth has said how it went: once, and as expected."""
        self.place.write_fleet()
        self.reload_file(expected)

    def reload_file(self, expected: str) -> None:
        self.news[expected] += 1
        self.berth.signal(signal.SIGHUP)
        wait_until(lambda: sum(map(self.count, self.news)) >= sum(self.news.values()),
                   what="no answer to a SIGHUP")
        self.assertEqual({event: self.count(event) for event in self.news}, self.news,
                         self.berth.tail())

    def reload_with(self, mistake: Mistake, environment: str) -> None:
        """The mistake is named with its place, and is in the file only for that long."""
        change, text = mistake
        kept = copy.deepcopy(self.place.settings)
        change(self.place.settings, self.entry(environment))
        self.reload("reload_failed")
        line, column = self.place_of(text)
        self.assertIn(f"{self.place.fleet_file}:{line}:{column}: ",
                      self.berth.events("reload_failed")[-1]["msg"])
        self.place.settings = kept

    def place_of(self, text: str) -> tuple[int, int]:
        before, found, _ = self.place.fleet_file.read_text().partition(text)
        self.assertTrue(found)
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def entry(self, environment: str) -> dict[str, Any]:
        return next(entry for entry in self.place.settings["environments"]
                    if entry["id"] == environment)

    def remove(self, environment: str) -> dict[str, Any]:
        """Its entry, taken out of the file."""
        entry = self.entry(environment)
        self.place.settings["environments"].remove(entry)
        return entry

    def rotate(self, environment: str) -> None:
        """A new key, in the file first: nobody has reason to read it before the old one is refused."""
        key = f"sk-ant-oat01-{self._testMethodName}-{time.time_ns()}"
        self.secrets.add("an environment key", [key])
        file = Path(self.entry(environment)["key"]["file"])
        new = file.with_suffix(".new")
        new.touch(0o600)
        new.write_text(key + "\n")
        new.rename(file)
        self.cp.rotate_key(environment, key)

    def wait_last_poll(self, environment: str) -> None:
        """One that was under way at the reload may still bring something."""
        wait_until(lambda: self.cp.log.of("poll", environment=environment)[-1].duration)

    def created(self, item: dict) -> dict[str, Any]:
        """What the engine was asked to create for the item."""
        [create] = [entry for entry in self.engine.requests("create")
                    if entry["query"] == f"name=berth-{item['id']}"]
        return json.loads(create["body"])

    def started(self, environment: str) -> dict:
        """A session that hangs, and runs already."""
        item = self.queue_in(environment, session=f"sesn_hang_{time.time_ns()}")
        self.berth.wait_event("started", work=item["id"])
        return item

    def assert_running(self, item: dict) -> None:
        self.assertEqual(self.container_of(item)["state"], "running")
        self.assertEqual(self.engine.requests("kill"), [])

    def finish(self, *items: dict) -> None:
        """They end by themselves, and are followed to that end."""
        for item in items:
            wait_until(lambda: self.first_heartbeats(item))
            self.signal_worker(item)
        for item in items:
            self.berth.wait_event("removed", work=item["id"])
            self.assert_ran_by_itself(item)
            self.assertEqual(self.place.records(item["id"])[-1]["ended_by"], "itself")


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
        self.reload()
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
        self.reload()
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


class ManyReloads(ReloadCase):
    """Good and bad ones, while sessions come and go in ten environments."""

    reloads, environments, at_once = 200, 10, 50

    def setUp(self) -> None:
        super().setUp()
        self.seed = int(os.environ.get("RELOAD_SEED", time.time_ns() % 1_000_000))
        self.random = random.Random(self.seed)
        print(f"# seed {self.seed}", flush=True)
        self.ids = [self.env["id"]]
        self.ids += [self.add_environment() for _ in range(self.environments - 1)]
        self.removed: dict[str, dict] = {}
        # What the file has said of each: image by edition.
        self.editions: dict[str, list[str]] = {environment: [] for environment in self.ids}
        for environment in self.ids:
            self.change(environment)
        # Each with the edition that was in effect when it was queued.
        self.items: list[tuple[dict, int]] = []

    # --- what happens ---------------------------------------------------------------------------

    def change(self, environment: str) -> None:
        image = self.random.choice((self.image, OTHER_IMAGE))
        self.entry(environment).update(
            image=image, labels={"edition": str(len(self.editions[environment]))},
            sessions=self.random.randint(3, 8), weight=self.random.randint(1, 5))
        self.entry(environment)["timeouts"]["session"] = f"{self.random.randint(1, 9)}h"
        self.editions[environment].append(image)

    def arrive(self) -> None:
        """As many as are missing of those that are there at once."""
        live = sum(self.cp.item(item["id"])["state"] != "stopped"
                   for item, _ in self.items[-4 * self.at_once:])
        for _ in range(self.at_once - live):
            environment = self.random.choice(self.ids)
            session = f"sesn_run-{self.random.randint(20, 400)}_{len(self.items)}"
            self.items.append((self.queue_in(environment, session=session),
                               len(self.editions[environment]) - 1))

    def reload_somehow(self) -> None:
        present = [entry["id"] for entry in self.place.settings["environments"]]
        what = self.random.choice(("bad", "change", "change", "remove", "add", "rotate"))
        if what == "bad":
            self.reload_with(self.random.choice([*MISTAKES.values()]), self.random.choice(present))
            return
        if what == "remove" and len(present) > 2:
            environment = self.random.choice(present)
            self.removed[environment] = self.remove(environment)
        elif what == "add" and self.removed:
            environment = self.random.choice([*self.removed])
            self.place.settings["environments"].append(self.removed.pop(environment))
        elif what == "rotate":
            self.rotate(self.random.choice(present))
        else:
            self.change(self.random.choice(present))
        self.reload()

    def give_back_all(self) -> None:
        self.place.settings["environments"] += self.removed.values()
        self.reload()

    # --- what must hold ---------------------------------------------------------------------------

    def assert_each_ran_once(self) -> None:
        recorded = {row["work"]: row for row in self.place.records()}
        for item, _ in self.items:
            with self.subTest(item["id"], seed=self.seed):
                self.assert_ran_by_itself(item)
                self.assertEqual(recorded[item["id"]]["ended_by"], "itself")
                self.assertIn("removed", recorded[item["id"]])
        self.assertEqual(len(self.engine.requests("start")), len(self.items))
        self.assertEqual(self.engine.requests("kill"), [])
        self.assert_nothing_left()

    def assert_each_had_an_edition_in_effect(self) -> None:
        """Not an older one than when it was queued, and all of it."""
        created = {entry["query"].removeprefix("name=berth-"): json.loads(entry["body"])
                   for entry in self.engine.requests("create")}
        for item, least in self.items:
            with self.subTest(item["id"], seed=self.seed):
                container = created[item["id"]]
                edition = int(container["Labels"]["edition"])
                self.assertGreaterEqual(edition, least)
                self.assertEqual(container["Image"],
                                 self.editions[item["environment_id"]][edition])

    def test_lose_no_session_and_touch_none_that_runs(self) -> None:
        # So that many of them come in the middle of a launch.
        self.engine.rule(op=["create", "inspect", "start"], delay_ms=20, times=0)
        self.serve()
        for _ in range(self.reloads):
            self.arrive()
            self.reload_somehow()
            time.sleep(self.random.uniform(0, 0.04))
        self.give_back_all()
        self.cp.wait_stopped(timeout=120)
        self.wait_no_containers()
        self.assertEqual(self.berth.terminate(), 0)
        self.assert_each_ran_once()
        self.assert_each_had_an_edition_in_effect()
        self.assertGreater(len(self.items), 2 * self.at_once)
        self.assertEqual(self.count("key_rejected"), 0)
