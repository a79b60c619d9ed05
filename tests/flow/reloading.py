# SPDX-License-Identifier: Apache-2.0
"""One berth that is told to read its file again, and files with one mistake each."""
from __future__ import annotations

import copy
import json
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

    def reload_in_effect(self) -> None:
        """The same, and returns when the first environment runs what comes as the file says now."""
        before = len(self.berth.events("image", environment=self.env["id"]))
        self.reload()
        self.berth.wait_event("image", environment=self.env["id"], count=before + 1)

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
