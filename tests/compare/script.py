# SPDX-License-Identifier: Apache-2.0
"""A script of answers: what stands in a queue, and what the control plane answers in which order.

Both sides get the same script, each with an environment of its own.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from controlplane import ControlPlane

# The word for an answer, and the fault that makes the simulator give it.
Answer = tuple[str, dict[str, Any]]


def status(code: int) -> Answer:
    return str(code), {"status": code}


def retry_after(seconds: int) -> Answer:
    return "429", {"status": 429, "headers": {"retry-after": str(seconds)}}


NULL: Answer = ("empty", {"body": b"null"})
NO_CONTENT: Answer = ("empty", {"status": 204})
NO_BODY: Answer = ("no body", {"body": b"", "content_type": None})
NO_JSON: Answer = ("garbled", {"body": b'{"id":'})
RESET: Answer = ("reset", {"reset": True})
DONE_AND_RESET: Answer = ("reset", {"reset": True, "when": "after"})
REDIRECT: Answer = ("302", {"status": 302, "headers": {"location": "elsewhere"}})


@dataclass(frozen=True, eq=False)
class Script:
    """`item` is "session", "healthcheck", "misdirected" (it names another environment than the one
    it is polled from) or "" for none; it is offered again by the next `again` polls. A call that
    finds no answer left in the script gets the genuine one."""

    item: str = ""
    again: int = 0
    poll: tuple[Answer, ...] = ()
    ack: tuple[Answer, ...] = ()
    stop: tuple[Answer, ...] = ()

    def prepare(self, cp: ControlPlane) -> tuple[dict[str, str], str | None]:
        """An environment with this script, and the id of the item that is queued there."""
        environment = cp.create_environment()
        for endpoint in ("poll", "ack", "stop"):
            for word, fault in getattr(self, endpoint):
                cp.fault(endpoint, environment=environment["id"], name=word, **fault)
        if self.again:
            cp.fault("poll", environment=environment["id"], name="item", when="after", offer=True,
                     duplicate=True, times=self.again)
        return environment, self._queue(cp, environment["id"])

    def _queue(self, cp: ControlPlane, environment: str) -> str | None:
        if self.item == "session":
            return cp.queue(environment)[0]["id"]
        if self.item == "healthcheck":
            return cp.queue_healthcheck(environment)["id"]
        if self.item == "misdirected":
            return _queue_misdirected(cp, environment)
        assert not self.item, self.item
        return None


def _queue_misdirected(cp: ControlPlane, environment: str) -> str:
    work = f"work_of_{environment}"
    cp.queue_raw(environment, {
        "id": work, "type": "work", "state": "queued", "environment_id": f"{environment}_other",
        "data": {"type": "session", "id": f"sesn_of_{environment}"}}, work=work)
    return work
