# SPDX-License-Identifier: Apache-2.0
"""Faults: what goes wrong, where, from which request on, and how often.

A fault first says which requests it is for (endpoint, environment, work, session, credential,
offer), then when it fires (after `after` matching requests, `times` times, None for always), then
what happens:

    when        "before": instead of processing, so nothing takes effect;
                "after": the request took effect, and then its reply is lost or replaced
    delay       seconds to wait, before processing or before the reply
    hook        a callable that gets the log record; runs after the delay
    reset       cut the connection with RST instead of a reply
    status, headers, body, content_type   replace the reply; content_type None sends no such header
    huge        replace the reply's body by this many bytes, streamed
    truncate    promise the whole body in content-length, send this many bytes, close the connection
    rate        send the body at this many bytes per second
    chunked     send the body with chunked encoding, without a content-length
    duplicate   poll only: hand the same item out again at the next poll

truncate, rate and chunked work on the genuine reply too, when no replacement is given.
`work` and `offer` of a poll are known only after processing, so they need when="after";
offer=True means polls that hand out an item, offer=False the empty ones.
"""
from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Callable, Iterable

from .api import ENDPOINTS
from .wire import JSON, Reply, error_reply
from .log import Record
from .work import Refused


@dataclass
class Fault:
    endpoint: str | Iterable[str] = "*"
    name: str = ""
    environment: str | None = None
    work: str | None = None
    session: str | None = None
    credential: str | None = None
    offer: bool | None = None
    after: int = 0
    times: int | None = 1
    when: str = "before"
    delay: float = 0.0
    hook: Callable[[Record], None] | None = None
    reset: bool = False
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str | None = JSON
    huge: int | None = None
    truncate: int | None = None
    rate: float | None = None
    chunked: bool = False
    duplicate: bool = False
    matched: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        names = (self.endpoint,) if isinstance(self.endpoint, str) else tuple(self.endpoint)
        self.endpoints = frozenset(names)
        unknown = self.endpoints - {"*", "unknown", *ENDPOINTS}
        if unknown:
            raise Refused("invalid", f"no such endpoint: {', '.join(sorted(unknown))}")
        if self.when not in ("before", "after"):
            raise Refused("invalid", "when is 'before' or 'after'")
        if self.when == "before" and self.offer is not None:
            raise Refused("invalid", "offer needs when='after'")
        if self.when == "before" and self.duplicate:
            raise Refused("invalid", "duplicate needs when='after'")
        if not self.name:
            self.name = self._describe()

    @property
    def replaces(self) -> bool:
        return self.status is not None or self.body is not None or self.huge is not None

    def is_for(self, record: Record, when: str) -> bool:
        kind = record.credential.partition(":")[0]
        return (self.when == when
                and ("*" in self.endpoints or record.endpoint in self.endpoints)
                and self.environment in (None, record.environment)
                and self.work in (None, record.work)
                and self.session in (None, record.session)
                and self.credential in (None, record.credential, kind)
                and self.offer in (None, record.work is not None))

    def reply(self, request_id: str) -> Reply:
        """The replacement: the API's own error where only an error status was given."""
        status = self.status or 200
        if self.body is None and self.huge is None and status >= 400:
            reply = error_reply(status, f"injected: {self.name}", request_id)
        else:
            reply = Reply(status, self.body or b"")
        if self.content_type != JSON:
            reply.content_type = self.content_type
        elif status == 204:
            reply.content_type = None
        reply.headers = dict(self.headers)
        return reply

    def _describe(self) -> str:
        parts = [str(self.status)] if self.status is not None else []
        parts += [key for key in ("reset", "huge", "truncate", "rate", "chunked", "duplicate",
                                  "body", "delay", "hook")
                  if getattr(self, key) not in (None, False, 0.0)]
        return f"{' '.join(parts) or 'nothing'} {self.when}"


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def take(self, record: Record, when: str) -> Fault | None:
        """The fault to apply now. All that match count the request; the first ready one fires."""
        with self._lock:
            chosen = None
            for fault in self._faults:
                if not fault.is_for(record, when):
                    continue
                fault.matched += 1
                ready = fault.matched > fault.after and (fault.times is None
                                                         or fault.fired < fault.times)
                if chosen is None and ready:
                    fault.fired += 1
                    chosen = fault
            return chosen
