# SPDX-License-Identifier: Apache-2.0
"""One berth that serves many environments, so that the rows of a table are tried at the same time.

Each row has an environment of its own: its own queue, its own faults, its own part of the request
log. What goes wrong in one must not disturb the others.
"""
from __future__ import annotations

import copy
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Iterator

from harness import FlowCase


@dataclass
class Row:
    """`item` is what the row is about, `good` one behind it in the same queue, if there is one."""

    name: str
    environment: str
    item: dict
    good: dict | None = None


class EnvironmentsCase(FlowCase):
    """add_environment() as often as needed, then start(). The first environment, self.env, is
    served too."""

    def setUp(self) -> None:
        super().setUp()
        self.place.settings["host"]["sessions"] = 500
        self.place.settings["engine"]["launches"] = 64
        del self.place.environment["name"]
        self._template = copy.deepcopy(self.place.environment)

    def add_environment(self, **changes: Any) -> str:
        """Another queue to serve; `changes` are members of its entry in the fleet file."""
        environment = self.cp.create_environment()
        self.secrets.add("an environment key", [environment["key"]])
        key_file = self.place.dir / f"key-{environment['id']}"
        key_file.touch(0o600)
        key_file.write_text(environment["key"])
        entry = {**copy.deepcopy(self._template), "id": environment["id"],
                 "key": {"file": str(key_file)}, **changes}
        self.place.settings["environments"].append(entry)
        return environment["id"]

    def queue_in(self, environment: str, **options: Any) -> dict:
        """One good item, at the end of that queue."""
        [item] = self.cp.queue(environment, **options)
        self.secrets.add("a sessions token", [item["token"]])
        self.secrets.add("a work secret", [item["secret"]])
        return item

    @contextmanager
    def row(self, row: Row) -> Iterator[None]:
        """Names the row in a failure, with the requests of its environment and what berth said;
        the other rows are looked at all the same."""
        with self.subTest(row.name):
            try:
                yield
            except (AssertionError, ValueError):
                print("\n".join(self._about(row.environment)), flush=True)
                raise

    def _about(self, environment: str) -> Iterator[str]:
        for record in self.cp.log.of(environment=environment):
            yield f"# {record.time:.3f} {record.endpoint} {record.work} {record.status}"
        for berth in self.place.berths:
            for row in berth.events(environment=environment):
                if row["level"] != "debug":
                    yield f"# {row}"

    def created_names(self) -> list[str]:
        return sorted(entry["query"].removeprefix("name=")
                      for entry in self.engine.requests("create"))

    def assert_ran_once(self, item: dict) -> None:
        """Started once, beaten by one worker, and stopped by it and nobody else."""
        work = item["id"]
        self.assertEqual(self.cp.item(work)["state"], "stopped")
        self.assertEqual(len(self.first_heartbeats(item)), 1)
        beats = self.cp.log.of("heartbeat", work=work)
        self.assertEqual([record.status for record in beats], [200] * len(beats))
        self.assertEqual(len(self.cp.log.of("stop", work=work)), 1)

    def assert_ran_by_itself(self, item: dict) -> None:
        """As assert_ran_once, with the item's own token: berth has sent no stop."""
        self.assert_ran_once(item)
        self.assertEqual(len(self.worker_stops(item)), 1)
