# SPDX-License-Identifier: Apache-2.0
"""Environments and work items: the values that the model keeps, and how they look on the wire."""
from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field

from .clock import rfc3339

LIVE_STATES = ("queued", "starting", "active", "stopping")


class Refused(Exception):
    """The model says no. `kind` is what the HTTP side turns into a status."""

    def __init__(self, kind: str, message: str, **details: object) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.details = details


def new_id(prefix: str) -> str:
    """Random, because several simulators may feed one container engine, where names must differ."""
    return f"{prefix}_{secrets.token_hex(12)}"


def encode_secret(token: str) -> str:
    payload = json.dumps({"sessions_token": token}).encode()
    return base64.urlsafe_b64encode(payload).rstrip(b"=").decode()


def token_in(secret: str) -> str | None:
    """The sessions token inside a work item's secret, or None where there is none to be found."""
    normal = secret.replace("-", "+").replace("_", "/")
    try:
        payload = json.loads(base64.b64decode(normal + "=" * (-len(normal) % 4)))
    except (ValueError, RecursionError):
        return None
    token = payload.get("sessions_token") if isinstance(payload, dict) else None
    return token if isinstance(token, str) and token else None


@dataclass
class Environment:
    """One queue. The options choose among answers on which the real server's documents are silent:

    ttl_seconds     the lease that a heartbeat grants
    stopped_again   status for stopping what is stopped already: 200 or 409
    acked_again     status for repeating an ack in `starting` or `active`: 200 or 409
    fresh_secrets   every offer carries a new secret; the earlier ones stay valid
    """

    id: str
    key: str
    ttl_seconds: float = 300
    stopped_again: int = 200
    acked_again: int = 200
    fresh_secrets: bool = False
    workers_seen: dict[str, float] = field(default_factory=dict)
    redeliveries: list[str] = field(default_factory=list)


@dataclass
class Work:
    """One work item. Times named *_at are wall clock; `claimed` and `lease_until` are monotonic."""

    id: str
    environment_id: str
    data: dict
    created_at: float
    session_id: str | None = None
    secret: str | None = None
    token: str | None = None
    raw: bytes | None = None
    has_id: bool = True
    state: str = "queued"
    acknowledged_at: float | None = None
    started_at: float | None = None
    latest_heartbeat_at: float | None = None
    stop_requested_at: float | None = None
    stopped_at: float | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    last_heartbeat: str | None = None
    lease_until: float | None = None
    claimed: float | None = None
    claimed_by: str | None = None
    offers: int = 0
    offered_to: list[str] = field(default_factory=list)
    lapses: int = 0

    @property
    def live(self) -> bool:
        return self.state in LIVE_STATES

    def on_the_wire(self) -> dict:
        """The work object of every reply but poll's, where `secret` is null."""
        return {
            "id": self.id, "type": "work", "state": self.state,
            "environment_id": self.environment_id, "data": self.data,
            "created_at": rfc3339(self.created_at),
            "acknowledged_at": rfc3339(self.acknowledged_at),
            "started_at": rfc3339(self.started_at),
            "latest_heartbeat_at": rfc3339(self.latest_heartbeat_at),
            "stop_requested_at": rfc3339(self.stop_requested_at),
            "stopped_at": rfc3339(self.stopped_at),
            "metadata": dict(self.metadata), "secret": None,
        }

    def offer(self) -> bytes:
        """The body of the poll reply that hands this item out."""
        if self.raw is not None:
            return self.raw
        return json.dumps({**self.on_the_wire(), "secret": self.secret}).encode()

    def snapshot(self) -> dict:
        """What a test may want to know, the parts that are not on the wire included."""
        return {
            **self.on_the_wire(), "secret": self.secret, "token": self.token,
            "session_id": self.session_id, "raw": self.raw is not None,
            "pending": self.state == "queued" and self.claimed is not None,
            "claimed_by": self.claimed_by, "offers": self.offers,
            "offered_to": list(self.offered_to), "lapses": self.lapses,
            "last_heartbeat": self.last_heartbeat,
            "created_time": self.created_at, "acknowledged_time": self.acknowledged_at,
            "started_time": self.started_at, "stopped_time": self.stopped_at,
        }
