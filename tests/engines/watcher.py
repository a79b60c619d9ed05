# SPDX-License-Identifier: Apache-2.0
"""Follows an engine's events and keeps what the engine says of each session container, for the time
when it is gone."""
from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from dataclasses import dataclass

from engine_api import EngineApi, EngineRefused, epoch, filters

# Docker's word and Podman's.
GONE = ("destroy", "remove")


@dataclass
class Seen:
    """One container; times are the engine's, None for what did not happen."""

    id: str
    name: str
    labels: dict[str, str]
    created: float | None = None
    started: float | None = None
    starts: int = 0
    address: str | None = None
    exit_code: int | None = None
    removed: bool = False

    @property
    def work(self) -> str:
        return self.labels.get("berth.work", "")


class Watcher:
    def __init__(self, engine: EngineApi) -> None:
        self.engine = engine
        self.error: BaseException | None = None
        self._seen: dict[str, Seen] = {}
        self._taken: set[tuple[str, str, int]] = set()
        self._since = time.time()
        self._lock = threading.Condition()
        self._stopping = False
        # Open before this returns: nothing that happens later is missed.
        self._stream = self._open()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        with contextlib.suppress(OSError):
            with socket.socket(fileno=socket.dup(self._stream.fileno())) as connection:
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._stream.close()
        if self.error is not None:
            raise RuntimeError("the engine's events could not be followed") from self.error

    def all(self) -> list[Seen]:
        with self._lock:
            return list(self._seen.values())

    def of(self, work: str) -> list[Seen]:
        """The containers of a work item, oldest first."""
        return [seen for seen in self.all() if seen.work == work]

    def wait_removed(self, seconds: float = 10) -> None:
        """Until every container that was seen is gone: events come a moment after the fact."""
        with self._lock:
            if not self._lock.wait_for(lambda: all(seen.removed for seen in self._seen.values()),
                                       seconds):
                raise TimeoutError("containers were left: " + ", ".join(
                    seen.name for seen in self._seen.values() if not seen.removed))

    def _open(self) -> http.client.HTTPResponse:
        # Podman 4.3.1 finds no event by the name of a label alone, so all are asked for.
        return self.engine.open("GET", f"/events?since={self._since:.6f}&"
                                       + filters(type=["container"]), timeout=600)

    def _run(self) -> None:
        """Follows the events; from where it was when the engine's service comes back."""
        try:
            while not self._stopping:
                with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                    self._follow()
                with contextlib.suppress(OSError, http.client.HTTPException):
                    self._stream = self._open()
                time.sleep(0.1)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def _follow(self) -> None:
        while line := self._stream.readline():
            # Podman begins with an empty line.
            if line.strip():
                self._take(json.loads(line))

    def _take(self, event: dict) -> None:
        attributes = event["Actor"]["Attributes"]
        labels = {name: value for name, value in attributes.items() if name.startswith("berth.")}
        key = (event["id"], event["Action"], event["timeNano"])
        if "berth.work" not in labels or key in self._taken:
            return
        self._taken.add(key)
        self._since = event["timeNano"] / 1e9
        with self._lock:
            seen = self._seen.setdefault(event["id"], Seen(event["id"], attributes["name"], labels))
        if event["Action"] in ("create", "start", "die"):
            self._look(seen)
        with self._lock:
            seen.starts += event["Action"] == "start"
            if event["Action"] == "die":
                seen.exit_code = int(attributes["exitCode"])
            seen.removed |= event["Action"] in GONE
            self._lock.notify_all()

    def _look(self, seen: Seen) -> None:
        try:
            facts = self.engine.inspect(seen.id)
        except EngineRefused:
            return
        seen.created = epoch(facts["Created"])
        # Before the start the engine names year 1. A prepared container of Podman has a process.
        if facts["State"]["StartedAt"] > "1970":
            seen.started = epoch(facts["State"]["StartedAt"])
        for network in (facts["NetworkSettings"]["Networks"] or {}).values():
            seen.address = network["IPAddress"] or seen.address
