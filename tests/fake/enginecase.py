# SPDX-License-Identifier: Apache-2.0
"""What the fake engine's own tests share."""
from __future__ import annotations

import json
import sys
import unittest
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent))
from fakeengine import IMAGE, FakeEngine  # noqa: E402


def filters(**values: list[str]) -> str:
    """Docker's filters parameter."""
    return quote(json.dumps(values))


class EngineCase(unittest.TestCase):
    """One engine without workers per class, reset before each test."""

    engine: FakeEngine

    @classmethod
    def setUpClass(cls) -> None:
        cls.engine = cls.enterClassContext(FakeEngine(worker=None))

    def setUp(self) -> None:
        self.engine.reset()

    def create(self, name: str = "one", **body: object) -> str:
        reply = self.engine.ask("POST", f"/containers/create?name={name}", {"Image": IMAGE, **body})
        self.assertEqual(reply.status, 201, reply.body)
        return reply.json()["Id"]

    def run_container(self, name: str = "one", **body: object) -> str:
        container = self.create(name, **body)
        self.assertEqual(self.ask("POST", f"/containers/{container}/start").status, 204)
        return container

    def ask(self, method: str, path: str, body: object = None):
        return self.engine.ask(method, path, body)

    def state(self, container: str) -> dict:
        return self.ask("GET", f"/containers/{container}/json").json()["State"]
