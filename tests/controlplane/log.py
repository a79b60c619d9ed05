# SPDX-License-Identifier: Apache-2.0
"""The request log: what really reached the control plane, in the order of arrival.

It never holds a credential: authorization headers are classified and dropped, and replies are not
kept. A record is in the log from the moment its request was read; `status` is None until the reply
is decided ("reset" stands for a connection cut instead of a reply).
"""
from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Iterable

KEPT_HEADERS = ("accept", "anthropic-beta", "anthropic-version", "anthropic-worker-id",
                "anthropic-workspace-id", "connection", "content-length", "content-type", "host",
                "transfer-encoding", "user-agent", "x-stainless-helper", "x-stainless-retry-count")
MAX_BODY = 64 * 1024


@dataclass
class Record:
    """One request.

    time         wall clock on arrival, seconds since the epoch
    credential   "environment:<id>", "session:<session id>", "api", "unknown", "none" or "both"
    token_of     the work item whose secret carried the sessions token, if that was the credential
    work         from the path; for poll the item that was handed out, if any
    decided      seconds until it was known what the reply would be, before its first byte was sent
    duration     seconds until the reply was sent, and that noted; None while it is not
    """

    seq: int
    time: float
    monotonic: float
    method: str
    path: str
    query: dict
    headers: dict
    peer: str
    body: object = None
    endpoint: str = "unknown"
    environment: str | None = None
    work: str | None = None
    session: str | None = None
    credential: str = "none"
    token_of: str | None = None
    worker: str | None = None
    status: int | str | None = None
    fault: str | None = None
    decided: float | None = None
    duration: float | None = None

    @property
    def request_id(self) -> str:
        return f"req_{self.seq:08d}"

    def as_dict(self) -> dict:
        return {**asdict(self), "request_id": self.request_id}


def body_for_log(body: bytes) -> object:
    """JSON where it is JSON, else text; bounded either way."""
    if not body:
        return None
    if len(body) <= MAX_BODY:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            pass
    return body[:MAX_BODY].decode(errors="replace")


@dataclass
class Log:
    changed: threading.Condition
    file: Path | None = None
    _records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._out = self.file.open("a", encoding="utf-8") if self.file else None

    def begin(self, **fields) -> Record:
        with self.changed:
            record = Record(seq=len(self._records) + 1, **fields)
            self._records.append(record)
            self.changed.notify_all()
            return record

    def decided(self, record: Record, status: int | str) -> None:
        """To be called before the reply's first byte, so that who saw it finds the status."""
        with self.changed:
            record.status = status
            record.decided = time.monotonic() - record.monotonic
            self.changed.notify_all()

    def end(self, record: Record, duration: float) -> None:
        with self.changed:
            record.duration = duration
            if self._out is not None:
                self._out.write(json.dumps(record.as_dict()) + "\n")
                self._out.flush()
            self.changed.notify_all()

    def close(self) -> None:
        with self.changed:
            if self._out is not None:
                self._out.close()
                self._out = None

    def all(self) -> list[Record]:
        with self.changed:
            return list(self._records)

    def of(self, endpoint: str | Iterable[str] | None = None, *, work: str | None = None,
           session: str | None = None, environment: str | None = None,
           credential: str | None = None, status: int | str | None = None,
           worker: str | None = None, since: int = 0) -> list[Record]:
        """The records that match all that is given, in order of arrival.

        `credential` matches whole ("environment:env_1") or by kind ("environment"); `since` is a
        sequence number to start after.
        """
        names = {endpoint} if isinstance(endpoint, str) else set(endpoint or ())
        return [record for record in self.all()
                if (not names or record.endpoint in names)
                and work in (None, record.work)
                and session in (None, record.session)
                and environment in (None, record.environment)
                and credential in (None, record.credential, record.credential.partition(":")[0])
                and status in (None, record.status)
                and worker in (None, record.worker)
                and record.seq > since]

    def last_seq(self) -> int:
        with self.changed:
            return len(self._records)
