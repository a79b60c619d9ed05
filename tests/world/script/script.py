# SPDX-License-Identifier: Apache-2.0
"""A script of calls while it is written.

A step happens `after_ms` after the one before it. `name` lets later steps use what it answered:
"{name.member}" in a path, a query, a bearer, a `work` or an `expected`; `{poll.token}` is the
sessions token in a poll's secret. A poll that waits does so while the steps after it happen, but no
two polls wait at a time: which of them gets an item is left open.

do: environment, options, work, redeliver: what happens at the control plane.
    call: over HTTP; without `headers` with those that every call needs.
    poll, ack, stop, heartbeat: a worker or a foreign poller, without HTTP.
    forget, leave: of the modelled control plane alone (plane_script.c).
"""
from __future__ import annotations

import json

STANDARD = {"anthropic-version": "2023-06-01", "anthropic-beta": "managed-agents-2026-04-01"}


class Script:
    def __init__(self) -> None:
        self.steps: list[dict] = []
        self.names = 0

    def add(self, do: str, after_ms: int = 0, **fields) -> str:
        self.names += 1
        name = fields.pop("name", f"s{self.names}")
        step = {"after_ms": after_ms, "do": do, "name": name, **fields}
        self.steps.append({key: value for key, value in step.items() if value is not None})
        return name

    # What happens at the control plane.

    def environment(self, name: str, **options) -> str:
        return self.add("environment", name=name, options=options)

    def work(self, environment: str, session: str, after_ms: int = 0, **fields) -> str:
        return self.add("work", after_ms, environment=environment, session=session, **fields)

    def quiet(self, after_ms: int) -> None:
        """Time goes by; the look at the numbers is part of it."""
        self.add("options", after_ms, environment="e1", options={})

    # Calls.

    def call(self, method: str, path: str, bearer: str, after_ms: int = 0, **fields) -> str:
        return self.add("call", after_ms, method=method, path=path, bearer=bearer, **fields)

    def poll(self, environment: str, after_ms: int = 0, query: str = "", **fields) -> str:
        fields.setdefault("bearer", f"{{{environment}.key}}")
        return self.call("GET", f"/v1/environments/{environment}/work/poll", after_ms=after_ms,
                         query=query, **fields)

    def on(self, verb: str, environment: str, work: str, after_ms: int = 0, **fields) -> str:
        fields.setdefault("bearer", f"{{{environment}.key}}")
        return self.call("POST", f"/v1/environments/{environment}/work/{{{work}.id}}/{verb}",
                         after_ms=after_ms, **fields)

    def ack(self, environment: str, work: str, after_ms: int = 0, **fields) -> str:
        return self.on("ack", environment, work, after_ms, **fields)

    def beat(self, environment: str, work: str, expected: str | None, after_ms: int = 0,
             **fields) -> str:
        """`expected`: a literal, or the name of the beat whose answer is sent back."""
        if expected is not None and expected.startswith("s"):
            expected = f"{{{expected}.last_heartbeat}}"
        query = "" if expected is None else f"expected_last_heartbeat={expected}"
        return self.on("heartbeat", environment, work, after_ms, query=query, **fields)

    def stop(self, environment: str, work: str, after_ms: int = 0, force: bool | None = None,
             **fields) -> str:
        if force is not None:
            fields["body"] = json.dumps({"force": force})
        return self.on("stop", environment, work, after_ms, **fields)

    def list(self, environment: str, after_ms: int = 0, query: str = "", **fields) -> str:
        fields.setdefault("bearer", f"{{{environment}.key}}")
        return self.call("GET", f"/v1/environments/{environment}/work", after_ms=after_ms,
                         query=query, **fields)

    def stats(self, environment: str, after_ms: int = 0, **fields) -> str:
        fields.setdefault("bearer", f"{{{environment}.key}}")
        return self.call("GET", f"/v1/environments/{environment}/work/stats", after_ms=after_ms,
                         **fields)
