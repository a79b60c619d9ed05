# SPDX-License-Identifier: Apache-2.0
"""Hundreds of reloads, good and bad, while sessions come and go in ten environments.

RELOAD_SEED repeats the choices of an earlier run; the seed is printed.
"""
from __future__ import annotations

import json
import os
import random
import time

from flow.reloading import MISTAKES, OTHER_IMAGE, ReloadCase
from harness import wait_until


class ManyReloads(ReloadCase):
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
        # Each with the oldest edition that it may have been run with.
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
            # A poll of before may bring it, and what that brings is run as it was then.
            self.arrive_in(self.random.choice(self.ids), 0)

    def arrive_in(self, environment: str, least: int) -> None:
        session = f"sesn_run-{self.random.randint(200, 8000)}_{len(self.items)}"
        self.items.append((self.queue_in(environment, session=session), least))

    def arrive_after_all(self) -> None:
        """One more in each, once no poll of before the last reload is under way."""
        seen = self.cp.log.last_seq()
        for environment in self.ids:
            wait_until(lambda: len(self.cp.log.of("poll", environment=environment,
                                                  since=seen)) >= 2)
            self.arrive_in(environment, len(self.editions[environment]) - 1)

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
        """All of it; after the last reload the last one."""
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
        self.arrive_after_all()
        self.cp.wait_stopped(timeout=120)
        self.wait_no_containers()
        self.assertEqual(self.berth.terminate(), 0)
        self.assert_each_ran_once()
        self.assert_each_had_an_edition_in_effect()
        self.assertGreater(len(self.items), 2 * self.at_once)
        self.assertEqual(self.count("key_rejected"), 0)
