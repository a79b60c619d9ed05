# SPDX-License-Identifier: Apache-2.0
"""A session that plays a script: it asks for tool calls, one by one, and takes the results.

The script starts when the first worker opens the event stream. Every event goes into one list,
which is both the history and the stream, so the two cannot disagree. After the last result the
session ends as `end` says:

    terminated   session.status_terminated: the worker leaves at once
    idle         session.status_idle with end_turn: the worker leaves when its idle time is over
    hold         nothing: the session stays running until finish() is called
"""
from __future__ import annotations

import threading
from typing import Callable, Iterator

from .clock import Clock, rfc3339
from .work import Refused, new_id

DEFAULT_COMMAND = "echo berth-$((6*7))"
ENDS = ("terminated", "idle", "hold")
PING_SECONDS = 10.0


def tool_call(step: str | dict) -> dict:
    """A script's step: a bash command, or {"name", "input", "permission"?} for any tool."""
    if isinstance(step, str):
        step = {"name": "bash", "input": {"command": step}}
    return {"name": step["name"], "input": step.get("input", {}),
            "evaluated_permission": step.get("permission", "allow")}


class Session:
    def __init__(self, session_id: str | None, environment_id: str, *, lock: threading.RLock,
                 clock: Clock, script: list | None = None, end: str = "terminated",
                 skills: list[str] | tuple = (), metadata: dict[str, str] | None = None) -> None:
        if end not in ENDS:
            raise Refused("invalid", f"end is one of {', '.join(ENDS)}")
        self.id = session_id if session_id is not None else new_id("sesn")
        self.environment_id = environment_id
        steps = [DEFAULT_COMMAND] if script is None else script
        self.script = [tool_call(step) for step in steps]
        self.end = end
        self.skills = list(skills)
        self.metadata = dict(metadata or {})
        self.status = "running"
        self.events: list[dict] = []
        self.results: list[dict] = []
        self.arrived = threading.Condition(lock)
        self.streams_cut = 0
        self._clock = clock
        self._created_at = clock.wall()
        self._pending = list(self.script)
        self._waiting_for: str | None = None
        self._begun = False
        self._add("user.message", content=[{"type": "text", "text": "Run the script."}])

    # The lock is the model's, which its callers hold; it is re-entrant.

    def play_again(self) -> None:
        """A new turn: the script once more, after whatever is still unanswered."""
        self._pending.extend(self.script)
        self.status = "running"
        self._begun = False

    def receive(self, event: dict) -> dict:
        """Take a posted event. A result moves the script on; a repeated result only counts."""
        if self.status == "terminated":
            raise Refused("invalid", "the session has terminated")
        kind = event.get("type")
        if kind != "user.tool_result":
            return self._add(**event)
        asked = event.get("tool_use_id")
        known = any(entry["type"] == "agent.tool_use" and entry["id"] == asked
                    for entry in self.events)
        if not known:
            raise Refused("invalid", f"no tool use {asked!r} is waiting for a result")
        self.results.append(event)
        if asked != self._waiting_for:
            return {**event, "id": new_id("sevt")}
        self._waiting_for = None
        added = self._add(**event)
        self._advance()
        return added

    def finish(self) -> None:
        """End a session that holds."""
        self._end("terminated")

    def stream(self, closed: Callable[[], bool]) -> Iterator[dict | None]:
        """Events from now on, None where a ping is due; ends when the session has terminated.

        Subscribed when this returns, before the first event is asked for. A worker that comes back
        after the session terminated is told so again: the SDK learns it from the stream only.
        """
        with self.arrived:
            position, cut = len(self.events), self.streams_cut
            if self.status == "terminated":
                position -= 1
            self._begin()
        return self._follow(position, cut, closed)

    def _follow(self, position: int, cut: int,
                closed: Callable[[], bool]) -> Iterator[dict | None]:
        while True:
            with self.arrived:
                if position == len(self.events) and self.status != "terminated":
                    self.arrived.wait(PING_SECONDS)
                fresh = self.events[position:]
                position += len(fresh)
                over = self.status == "terminated" or closed()
                if self.streams_cut != cut:
                    return
            yield from fresh or ([] if over else [None])
            if over:
                return

    def cut_streams(self) -> None:
        """End every open stream in the middle of the session, as a broken connection would."""
        self.streams_cut += 1
        self.arrived.notify_all()

    def on_the_wire(self) -> dict:
        now = rfc3339(self._created_at)
        return {
            "id": self.id, "type": "session", "status": self.status, "title": None,
            "environment_id": self.environment_id, "metadata": dict(self.metadata),
            "resources": [], "vault_ids": [], "archived_at": None,
            "created_at": now, "updated_at": now,
            "agent": {"id": "agent_simulated", "type": "agent", "name": "simulated", "version": 1,
                      "tools": [], "mcp_servers": [],
                      "skills": [{"type": "custom", "skill_id": skill, "version": "latest"}
                                 for skill in self.skills]},
        }

    def _begin(self) -> None:
        if self._begun or self.status == "terminated":
            return
        self._begun = True
        if self._waiting_for is None:
            self._advance()

    def _advance(self) -> None:
        self.status = "running"
        self._add("session.status_running")
        if self._pending:
            asked = self._add("agent.tool_use", **self._pending.pop(0))
            self._waiting_for = asked["id"]
            self.status = "idle"
            self._add("session.status_idle", stop_details=None,
                      stop_reason={"type": "requires_action", "event_ids": [asked["id"]]})
        else:
            self._end(self.end)

    def _end(self, end: str) -> None:
        if end == "terminated":
            self.status = "terminated"
            self._add("session.status_terminated")
        elif end == "idle":
            self.status = "idle"
            self._add("session.status_idle", stop_reason={"type": "end_turn"}, stop_details=None)

    def _add(self, type: str, **fields) -> dict:
        event = {**fields, "type": type, "id": new_id("sevt"),
                 "processed_at": rfc3339(self._clock.wall())}
        with self.arrived:
            self.events.append(event)
            self.arrived.notify_all()
        return event
