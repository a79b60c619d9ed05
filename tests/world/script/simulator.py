# SPDX-License-Identifier: Apache-2.0
"""Runs a script (script.py) through the simulator of tests/controlplane, in this thread, under a clock
that moves from one step to the next. The counterpart of tests/world/plane_script.c."""
from __future__ import annotations

import json
import re
import threading
from email.utils import formatdate
from urllib.parse import quote

from controlplane.api import Api
from controlplane.clock import Clock
from controlplane.log import Log
from controlplane.model import Model
from controlplane.skills import Skills
from controlplane.wire import Request
from controlplane.work import Refused, token_in

from .script import STANDARD

BEGINS_MS = 1_795_341_600_000  # sim.c
VERDICTS = {"not_found": "not found", "conflict": "conflict", "precondition": "lost"}


class Seconds(float):
    """Exact to the millisecond, so that what is due at a moment is due then."""

    def __add__(self, other: float) -> Seconds:
        return Seconds(round(float(self) + other, 3))

    def __sub__(self, other: float) -> Seconds:
        return Seconds(round(float(self) - other, 3))


class ScriptClock(Clock):
    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.now_ms = 0

    def wall(self) -> float:
        return (BEGINS_MS + self.now_ms) / 1000

    def monotonic(self) -> Seconds:
        return Seconds((1_000_000 + self.now_ms) / 1000)

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Ends with the next step, if that comes first: it may have been what is waited for."""
        until_ms = self.now_ms + round(seconds * 1000)
        if not self.runner.run_next(before_ms=until_ms):
            self.now_ms = until_ms


class Runner:
    def __init__(self, steps: list[dict]) -> None:
        self.clock = ScriptClock(self)
        self.model = Model(self.clock)
        self.api = Api(self.model, Skills(), "sk-ant-api-of-nobody")
        self.log = Log(self.model.changed)
        self.steps = steps
        self.next = 0
        self.due_ms = steps[0]["after_ms"]
        self.bodies: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.is_waiting = False
        self.answers: list[dict] = []

    def run(self) -> list[dict]:
        while self.run_next(before_ms=None):
            pass
        return self.answers

    def run_next(self, before_ms: int | None) -> bool:
        """Run the next step, if there is one and it is due before that."""
        if self.next == len(self.steps) or (before_ms is not None and self.due_ms >= before_ms):
            return False
        number, step = self.next, self.steps[self.next]
        self.clock.now_ms = self.due_ms
        self.next += 1
        if self.next < len(self.steps):
            self.due_ms += self.steps[self.next].get("after_ms", 0)
        answer = getattr(self, "_" + step["do"])(step)
        if step["do"] != "call":
            answer = {"status": 0, "headers": "", "body": json.dumps(answer)}
        self.answers.append({"step": number, "at": self.clock.now_ms, **answer})
        if "name" in step:
            self.bodies[step["name"]] = answer["body"]
        return True

    def _expand(self, text: str, is_url: bool = False) -> str:
        def answered(found: re.Match) -> str:
            body = json.loads(self.bodies[found[1]] or "null")
            body = body if isinstance(body, dict) else {}
            value = body.get(found[2])
            if value is None and found[2] == "token" and body.get("secret"):
                value = token_in(body["secret"])
            value = value if isinstance(value, str) else ""
            return quote(value, safe="") if is_url else value

        return re.sub(r"\{([a-z0-9_]+)\.([a-z_]+)\}", answered, text)

    # -- what happens at the control plane -------------------------------------------------------

    def _environment(self, step: dict) -> dict:
        environment = self.model.create_environment(step["name"])
        self._set(environment, step.get("options", {}))
        return {"key": environment.key}

    def _options(self, step: dict) -> dict:
        environment = self.model.environment(step["environment"])
        self._set(environment, step.get("options", {}))
        if "is_key_rejected" in step:
            self.keys.setdefault(environment.id, environment.key)
            environment.key = self.keys[environment.id] \
                if not step["is_key_rejected"] else "sk-ant-oat01-another"
        return {}

    @staticmethod
    def _set(environment, options: dict) -> None:
        for name, value in options.items():
            if name == "ttl_ms":
                environment.ttl_seconds = value / 1000
            else:
                setattr(environment, name, value)

    def _work(self, step: dict) -> dict:
        data = {"type": step.get("type", "session"), "id": step["session"]}
        secret = "auto" if step.get("has_secret", True) else "none"
        try:
            work = self.model.add_work(step["environment"], data, session_id=step["session"],
                                       secret=secret)
        except Refused:
            return {}
        return {"id": work.id, "token": work.token} if work.token else {"id": work.id}

    def _redeliver(self, step: dict) -> dict:
        return self._verdict(self.model.redeliver, self._expand(step["work"]))

    # -- workers and foreign pollers -------------------------------------------------------------

    def _poll(self, step: dict) -> dict:
        claimed = self.model.poll(step["environment"], None, None,
                                  step.get("reclaim_older_than_ms"))
        return {"id": claimed[0].id} if claimed else {}

    @staticmethod
    def _verdict(call, *arguments) -> dict:
        try:
            call(*arguments)
        except Refused as no:
            return {"verdict": VERDICTS[no.kind]}
        return {"verdict": "ok"}

    def _of(self, step: dict) -> tuple[str, str]:
        work_id = self._expand(step["work"])
        item = self.model.items.get(work_id)
        return (item.environment_id if item else ""), work_id

    def _ack(self, step: dict) -> dict:
        return self._verdict(self.model.ack, *self._of(step))

    def _stop(self, step: dict) -> dict:
        return self._verdict(self.model.stop, *self._of(step), step["force"])

    def _heartbeat(self, step: dict) -> dict:
        try:
            beat = self.model.heartbeat(*self._of(step), self._expand(step["expected"]))
        except Refused as no:
            return {"verdict": VERDICTS[no.kind], "last_heartbeat": ""}
        is_ending = beat["state"] in ("stopping", "stopped")
        return {"verdict": "ending" if is_ending else "ok",
                "last_heartbeat": beat["last_heartbeat"]}

    # -- calls over the wire ---------------------------------------------------------------------

    def _call(self, step: dict) -> dict:
        headers = {name.lower(): value for name, value in step.get("headers", STANDARD).items()}
        bearer = self._expand(step["bearer"])
        if bearer:
            headers["authorization"] = f"Bearer {bearer}"
        if "worker" in step:
            headers["anthropic-worker-id"] = step["worker"]
        target = self._expand(step["path"], is_url=True)
        if step.get("query"):
            target += "?" + self._expand(step["query"], is_url=True)
        request = Request(step["method"], target, headers, step.get("body", "").encode())
        record = self.log.begin(time=self.clock.wall(), monotonic=self.clock.monotonic(),
                                method=request.method, path=request.path, query={},
                                headers={}, peer="")
        route = self.api.identify(request, record)
        waits = "block_ms=" in step.get("query", "")
        assert not (waits and self.is_waiting), f"{step}: a poll waits already"
        self.is_waiting |= waits
        reply = self.api.answer(route, request, record)
        self.is_waiting &= not waits
        fields = {"date": formatdate(int(self.clock.wall()), usegmt=True),
                  "request-id": record.request_id}
        if reply.content_type is not None:
            fields["content-type"] = reply.content_type
        return {"status": reply.status, "body": reply.body.decode(),
                "headers": "".join(f"{name}: {value}\n" for name, value in fields.items())}
