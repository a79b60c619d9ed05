# SPDX-License-Identifier: Apache-2.0
"""An engine asked over its unix socket, in Docker's API 1.41, which Podman speaks too: what it has,
and what it says of it.

The tests look at the engine with this and not with berth's eyes.
"""
from __future__ import annotations

import http.client
import json
import re
import socket
from datetime import datetime
from typing import Any
from urllib.parse import quote

import processes

API = "/v1.41"
BUILT_IN_NETWORKS = ("bridge", "host", "none", "podman")


class EngineRefused(Exception):
    """An answer of 400 and above."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("engine", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def filters(**values: list[str]) -> str:
    return "filters=" + quote(json.dumps(values))


def epoch(text: str) -> float:
    """The engine's RFC 3339 times have nanoseconds, which datetime does not read."""
    whole, fraction, zone = re.fullmatch(r"([^.Z+]+)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text).groups()
    moment = datetime.fromisoformat(whole + zone.replace("Z", "+00:00"))
    return moment.timestamp() + float(f"0.{fraction or 0}")


class EngineApi:
    def __init__(self, socket_path: str, timeout: float = 30) -> None:
        self.socket_path = socket_path
        self.timeout = timeout

    def open(self, method: str, path: str, body: object = None, timeout: float | None = None,
             api: str = API) -> http.client.HTTPResponse:
        """The open answer of one request, whose body is JSON or, in bytes, a tar; EngineRefused
        from 400 on."""
        connection = UnixConnection(self.socket_path, timeout or self.timeout)
        is_tar = isinstance(body, bytes)
        connection.request(method, api + path,
                           body if body is None or is_tar else json.dumps(body),
                           {"Content-Type": f"application/{'x-tar' if is_tar else 'json'}"})
        answer = connection.getresponse()
        if answer.status >= 400:
            text = answer.read().decode(errors="replace")
            connection.close()
            raise EngineRefused(answer.status, text)
        return answer

    def raw(self, method: str, path: str, body: object = None, api: str = API) -> bytes:
        with self.open(method, path, body, api=api) as answer:
            return answer.read()

    def call(self, method: str, path: str, body: object = None, api: str = API) -> Any:
        text = self.raw(method, path, body, api)
        return json.loads(text) if text else None

    def containers(self) -> list[dict]:
        return self.call("GET", "/containers/json?all=1")

    def inspect(self, container: str, api: str = API) -> dict:
        return self.call("GET", f"/containers/{container}/json", api=api)

    def version(self) -> str:
        component = self.call("GET", "/version")["Components"][0]
        return f"{component['Name']} {component['Version']}"

    def pids(self, container: str) -> list[int]:
        """The processes of a running container, as this machine numbers them: those that share a
        name space of processes with its first. (Podman's /top has the container's own numbers.)"""
        first = self.inspect(container)["State"]["Pid"]
        return processes.neighbours(first)

    def logs(self, container: str) -> bytes:
        return self.raw("GET", f"/containers/{container}/logs?stdout=1&stderr=1")

    def volumes(self) -> list[str]:
        return [row["Name"] for row in self.call("GET", "/volumes")["Volumes"] or []]

    def networks(self) -> list[str]:
        """All but those that every engine has."""
        return [row["Name"] for row in self.call("GET", "/networks")
                if row["Name"] not in BUILT_IN_NETWORKS]

    def derive_image(self, reference: str, derived: str, instruction: str,
                     files: bytes | None = None) -> None:
        """A new image: another one, an instruction of a Containerfile, and the files of a tar."""
        repository, _, tag = derived.rpartition(":")
        made = self.call("POST", "/containers/create", {"Image": reference, "Cmd": ["unused"]})
        try:
            if files is not None:
                self.call("PUT", f"/containers/{made['Id']}/archive?path=/", files)
            # Podman 4.3.1 wants a body.
            self.call("POST", f"/commit?container={made['Id']}&repo={quote(repository, safe='')}"
                              f"&tag={tag}&changes={quote(instruction)}", {})
        finally:
            self.call("DELETE", f"/containers/{made['Id']}?force=1&v=1&timeout=0")

    def remove_image(self, reference: str) -> None:
        """By force; no matter if it is not there."""
        try:
            self.call("DELETE", f"/images/{reference}?force=1")
        except EngineRefused as refused:
            if refused.status != 404:
                raise

    def tag_image(self, reference: str, tagged: str) -> None:
        repository, _, tag = tagged.rpartition(":")
        self.raw("POST", f"/images/{reference}/tag?repo={quote(repository, safe='')}&tag={tag}")

    def untag_image(self, reference: str) -> None:
        """Takes one of several names away."""
        self.call("DELETE", f"/images/{reference}")
