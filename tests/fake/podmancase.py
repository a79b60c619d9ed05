# SPDX-License-Identifier: Apache-2.0
"""What the tests of the fake engine as a Podman share.

podman-4.3.1.json holds what a real one (runc 1.1.5, cgroup v1) answered to `request`: inspect while
`running`, and what was different in other states and for a `rootless` one, as merge patches (null:
the member is not there).
"""
from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from enginecase import EngineCase
from fakeengine import PODMAN_ROOTFUL, FakeEngine, Response

LIBPOD = "/v4.0.0/libpod"
REAL: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parent / "podman-4.3.1.json").read_text())


def patched(value: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(value) if isinstance(value, dict) else {}
    for key, change in patch.items():
        if change is None:
            result.pop(key, None)
        else:
            result[key] = patched(result.get(key), change)
    return result


def shape(value: Any) -> Any:
    """Keys and JSON types; of a list the shapes in it."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        shapes = [json.dumps(shape(member), sort_keys=True) for member in value]
        return sorted(set(shapes))
    return "number" if type(value) in (int, float) else type(value).__name__


class PodmanCase(EngineCase):
    """One Podman without workers per class, rootful unless the class says otherwise."""

    options: dict[str, Any] = {"info": PODMAN_ROOTFUL}

    @classmethod
    def setUpClass(cls) -> None:
        cls.engine = cls.enterClassContext(
            FakeEngine(**{"kind": "podman", "worker": None, **cls.options}))

    def setUp(self) -> None:
        super().setUp()
        self.engine.add_image("localhost/probe:1", {"User": "10001:10001", "Cmd": ["sh"]})

    def ask_create(self, **changes: Any) -> Response:
        """What create answers to the request of the real one, with changes; None leaves out."""
        body = {key: value for key, value in {**REAL["request"], **changes}.items()
                if value is not None}
        return self.ask("POST", f"{LIBPOD}/containers/create", body)

    def create(self, name: str = "one", **changes: Any) -> str:
        reply = self.ask_create(name=name, **changes)
        self.assertEqual(reply.status, 201, reply.body)
        return reply.json()["Id"]

    def libpod(self, container: str, verb: str) -> int:
        return self.ask("POST", f"{LIBPOD}/containers/{container}/{verb}").status

    def inspect(self, container: str) -> dict[str, Any]:
        return self.ask("GET", f"{LIBPOD}/containers/{container}/json").json()

    def state(self, container: str) -> dict[str, Any]:
        return self.inspect(container)["State"]

    def listed(self, **filters: list[str]) -> list[dict[str, Any]]:
        path = f"/v1.41/containers/json?all=true&filters={quote(json.dumps(filters))}"
        return self.ask("GET", path).json()

    def actions(self, **filters: list[str]) -> list[str]:
        """The actions of the events so far."""
        connection = self.engine.connect()
        try:
            connection.request("GET", "/v1.41/events?since=1&filters="
                               f"{quote(json.dumps(filters))}")
            reply = connection.getresponse()
            self.ask("GET", "/_ping")
            self.engine.close_events()
            return [json.loads(line)["Action"] for line in reply.read().splitlines()]
        finally:
            connection.close()

    def assert_error(self, reply: Response, status: int, cause: str, message: str) -> None:
        self.assertEqual((reply.status, reply.json()),
                         (status, {"cause": cause, "message": message, "response": status}))
