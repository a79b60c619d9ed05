# SPDX-License-Identifier: Apache-2.0
"""Does something at one certain call to an engine, which nobody else could time."""
from __future__ import annotations

import contextlib
import http.client
import re
import socket
import threading
from pathlib import Path
from typing import Callable

from tampering import CREATE, Pretence, PretendingEngine

START = re.compile(rb"POST \S*/containers/[^/ ]+/start[ ?]")
# The first that berth does with a container it has created: Docker's is inspected, Podman's made
# ready.
FIRST_LOOK = re.compile(rb"(GET \S*/containers/[0-9a-f]{64}/json|"
                        rb"POST \S*/containers/[^/ ]+/init)[ ?]")

__all__ = ["CREATE", "FIRST_LOOK", "START", "Meddler"]


class Meddler(PretendingEngine):
    """`with Meddler(SOCKET, PATH, CALL, deed)`: when the first request that matches CALL comes,
    deed() is done before the engine at SOCKET gets it, or, with `loses_answer`, when the engine has
    answered it, and then nobody gets the answer. `done` is set when that has happened."""

    def __init__(self, engine: str, path: Path, call: re.Pattern, deed: Callable[[], object], *,
                 loses_answer: bool = False) -> None:
        super().__init__(engine, path, Pretence("", lambda body: None, ""))
        self.call = call
        self.deed = deed
        self.loses_answer = loses_answer
        self.done = threading.Event()
        self._has_come = False

    def _serve(self, client: socket.socket) -> None:
        # An engine that is dead answers nobody.
        with contextlib.suppress(OSError):
            super()._serve(client)

    def _is_the_call(self, head: bytes) -> bool:
        return not self._has_come and self.call.match(head) is not None

    def _meddle(self) -> None:
        self._has_come = True
        self.deed()
        self.done.set()

    def _request(self, head: bytes, body: bytes) -> bytes:
        if self._is_the_call(head) and not self.loses_answer:
            self._meddle()
        return super()._request(head, body)

    def _answer(self, head: bytes, engine: socket.socket, client: socket.socket) -> None:
        if not self._is_the_call(head):
            super()._answer(head, engine, client)
            return
        answer = http.client.HTTPResponse(engine)
        answer.begin()
        answer.read()
        self._meddle()
