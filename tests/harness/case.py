# SPDX-License-Identifier: Apache-2.0
"""Test cases with a control plane, an installation of berth, and (FlowCase) a fake engine.

After every test, whatever its result: all berths have ended, no sanitizer complained, the simulator
did not fail, and no secret shows in what berth wrote, was called with, or told the engine outside
the container's environment.
"""
from __future__ import annotations

import json
import os
import re
import shutil
import signal
import tempfile
import unittest
from pathlib import Path
from typing import Any

from controlplane import ControlPlane
from fakeengine import FakeEngine

from .berth import TIMEOUT, Berth, wait_until
from .leaks import Secrets
from .place import Place

IMAGE = "localhost/berth-session-node:1"

# Of berths, the last ones, that a failed test shows.
MOST_TAILS = 8


class BerthCase(unittest.TestCase):
    """self.cp, self.env {"id", "key"}, self.place, self.queue(), self.start(), self.run_berth().

    A subclass says where its engine is in engine_url().
    """

    image = IMAGE
    listen = [("127.0.0.1", 0)]
    environment_options: dict[str, Any] = {}

    def shortDescription(self) -> str:
        """Class and method are one sentence: ADrain.test_of_an_empty_queue_ends_at_once."""
        subject = re.sub(r"(?<!^)(?=[A-Z][a-z]|(?<=[a-z])[A-Z])", " ", type(self).__name__)
        predicate = self._testMethodName.removeprefix("test_").replace("_", " ")
        return f"{subject[0]}{subject[1:].lower()} {predicate}"

    def run(self, result=None):
        self._result = result
        self._failures_before = len(result.failures) + len(result.errors) if result else 0
        return super().run(result)

    def setUp(self) -> None:
        self.dir = Path(tempfile.mkdtemp(prefix="berth-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.secrets = Secrets()
        self.places: list[Place] = []
        self.cp = ControlPlane(self.listen).start()
        self.addCleanup(self.cp.stop)
        self.env = self.cp.create_environment(**self.environment_options)
        self.secrets.add("an environment key", [self.env["key"]])
        self.addCleanup(self._check_everything)
        self.place = self.add_place()
        self.addCleanup(self._end_berths)

    # --- what tests use -------------------------------------------------------------------------

    def engine_url(self) -> str:
        raise NotImplementedError

    def add_place(self, name: str = "place", environment: dict[str, str] | None = None,
                  **settings: Any) -> Place:
        """A further installation, of the same environment unless told."""
        environment = environment or self.env
        place = Place(self.dir / name, environment_id=environment["id"], key=environment["key"],
                      base_url=self.cp.url, engine=self.engine_url(), image=self.image, **settings)
        self.places.append(place)
        return place

    def serve_another_environment(self) -> dict[str, str]:
        """A second queue for self.place to serve; its id and key."""
        environment = self.cp.create_environment()
        self.secrets.add("an environment key", [environment["key"]])
        key_file = self.place.dir / f"key-{environment['id']}"
        key_file.touch(0o600)
        key_file.write_text(environment["key"])
        self.place.settings["environments"].append(
            {**self.place.environment, "id": environment["id"], "name": environment["id"],
             "key": {"file": str(key_file)}})
        return environment

    def queue(self, count: int = 1, environment: dict[str, str] | None = None,
              **options: Any) -> list[dict]:
        """Queues sessions; ids, script, end, secret as ControlPlane.queue() has them."""
        items = self.cp.queue((environment or self.env)["id"], count, **options)
        self.secrets.add("a sessions token", [item["token"] for item in items])
        self.secrets.add("a work secret", [item["secret"] for item in items])
        return items

    def rotate_key(self) -> str:
        """A new environment key at the control plane; the key file keeps the old one."""
        key = self.cp.rotate_key(self.env["id"])
        self.secrets.add("an environment key", [key])
        return key

    def start(self, verb: str, *arguments: str, environ: dict[str, str] | None = None) -> Berth:
        return self.place.start(verb, *arguments, environ=environ)

    def run_berth(self, verb: str, *arguments: str, seconds: float = TIMEOUT,
                  environ: dict[str, str] | None = None) -> Berth:
        """Runs berth to its end; the exit code is in berth.process.returncode."""
        return self.place.run(verb, *arguments, seconds=seconds, environ=environ)

    def assert_exit(self, berth: Berth, code: int, seconds: float = TIMEOUT) -> None:
        """berth ends with that code; what it had to say is shown where it does not."""
        self.assertEqual(berth.wait(seconds), code, f"berth said:\n{berth.tail()}")

    # --- what must hold afterwards --------------------------------------------------------------

    def _berths(self) -> list[Berth]:
        return [berth for place in self.places for berth in place.berths]

    def _end_berths(self) -> None:
        failed = (self._result is not None and
                  len(self._result.failures) + len(self._result.errors) > self._failures_before)
        berths = self._berths()
        for berth in berths:
            berth.kill()
        if failed:
            for berth in berths[-MOST_TAILS:]:
                for line in berth.tail().splitlines():
                    print(f"# {berth.dir.parent.name}/{berth.dir.name}: {line}", flush=True)

    def _check_everything(self) -> None:
        # Offers may have carried secrets that no test has seen.
        self.secrets.add("a sessions token", self.cp.model.tokens)
        for berth in self._berths():
            self.assertEqual(berth.sanitizer_report(), "", "a sanitizer complained")
        for name, text in self.texts():
            self.assertEqual(self.secrets.found_in(text), set(), f"{name} gives away secrets")

    def texts(self) -> list[tuple[str, str]]:
        """What is searched for secrets."""
        return [(f"{place.dir.name}: {name}", text)
                for place in self.places for name, text in place.texts()]


class FlowCase(BerthCase):
    """Adds self.engine, a fake engine of its own for every test."""

    engine_options: dict[str, Any] = {}
    # What the engine calls a container that berth is ready to start.
    ready_state = "created"
    # Only tests of `credential: key`, and of items without a secret, let a container have it.
    containers_may_have_environment_key = False

    def setUp(self) -> None:
        self.engine = FakeEngine(**{"images": [self.image], **self.engine_options})
        self.addCleanup(self.engine.__exit__)
        self.engine.__enter__()
        super().setUp()

    def engine_url(self) -> str:
        return self.engine.url

    def texts(self) -> list[tuple[str, str]]:
        journal = []
        for entry in self.engine.requests():
            body = json.loads(entry.get("body") or "{}")
            variables = body.pop("Env", None) or []  # Docker's are a list, Podman's a map
            variables += [f"{name}={value}" for name, value in (body.pop("env", None) or {}).items()]
            for variable in variables:
                if not self.containers_may_have_environment_key:
                    self._assert_no_environment_key(variable)
            journal.append(json.dumps({**entry, "body": body}))
        return super().texts() + [("what the engine was told", "\n".join(journal))]

    def _assert_no_environment_key(self, text: str) -> None:
        self.assertNotIn("an environment key", self.secrets.found_in(text),
                         "a container was given the environment key")

    def leave_container(self, name: str, state: str, labels: dict[str, str], **more: Any) -> str:
        """A container that was there before berth; its id."""
        return self.engine.add_container(name, state=state, **more, create={
            "Image": self.image, "Labels": labels})

    # --- observing containers -------------------------------------------------------------------

    def container_of(self, item: dict) -> dict[str, Any]:
        """The item's container; KeyError when there is none."""
        return self.engine.container(f"berth-{item['id']}")

    def has_container(self, item: dict) -> bool:
        return any(row["name"] == f"berth-{item['id']}" for row in self.engine.containers())

    def wait_container(self, item: dict, state: str = "running") -> dict[str, Any]:
        """Waits until the item's container is in that state, and returns it."""
        def look() -> dict[str, Any] | None:
            for row in self.engine.containers():
                if row["name"] == f"berth-{item['id']}" and row["state"] == state:
                    return row
            return None
        return wait_until(look, what=f"no container of {item['id']} became {state}")

    def wait_no_containers(self) -> None:
        wait_until(lambda: not self.engine.containers(), what="containers were left")

    def signal_worker(self, item: dict, number: int = signal.SIGTERM) -> None:
        """Signals the worker behind the engine's back; after SIGTERM it stops its item and ends."""
        os.kill(self.container_of(item)["pid"], number)

    def assert_nothing_left(self) -> None:
        """No container, no volume and no network of berth's on the engine."""
        self.assertEqual(self.engine.containers(), [])
        self.assertEqual(self.engine.stats()["anonymous_volumes"], 0)
        networks = self.engine.ask("GET", "/networks").json()
        self.assertEqual([row["Name"] for row in networks if row["Name"].startswith("berth")], [])

    def first_heartbeats(self, item: dict) -> list:
        """The first heartbeats that gave somebody the lease. Once the item is stopped, everybody
        gets a 200 that says so."""
        stops = [record.seq for record in self.cp.log.of("stop", work=item["id"], status=204)]
        return [record for record in self.cp.log.of("heartbeat", work=item["id"], status=200)
                if record.query.get("expected_last_heartbeat") == "NO_HEARTBEAT"
                and not any(seq < record.seq for seq in stops)]

    def acks(self, item: dict | None = None) -> list:
        return self.cp.log.of("ack", work=item and item["id"])

    def worker_stops(self, item: dict | None = None) -> list:
        """The stops that workers sent, each with its item's own token."""
        return self.cp.log.of("stop", credential="session", work=item and item["id"])

    def stops(self, item: dict | None = None) -> list:
        """The stops that berth sent: with the environment key, as the worker has its own token."""
        return self.cp.log.of("stop", credential="environment", work=item and item["id"])
