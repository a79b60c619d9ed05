# SPDX-License-Identifier: Apache-2.0
"""The two sides: many queues at once, each with its own script, and what was seen of each.

The official poller runs once per queue, all in one Node process; berth runs once per queue as a
process of its own, all on one fake engine. Both have their defaults, and berth one place for a
session, because the poller hands over one item at a time. They start one after the other, so that
starting does not blur the pauses.
"""
from __future__ import annotations

import json
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import Any

from controlplane.log import Record
from controlplane.sdk_runner import start_node
from events import Event, moment, of_record
from harness import Berth, FlowCase

START_EVERY = 0.12


@dataclass
class Queue:
    """One side's run of a script; `others` are the events that are not in the log of requests."""

    environment: dict[str, str]
    work: str | None
    others: list[Event] = field(default_factory=list)

    def records(self, case: FlowCase) -> list[Record]:
        """The calls of the one who polls, without those of a session's worker."""
        return [record for record in case.cp.log.all()
                if f"/{self.environment['id']}" in record.path and record.duration is not None
                and not record.credential.startswith("session:")]

    def events(self, case: FlowCase) -> list[Event]:
        return sorted([*map(of_record, self.records(case)), *self.others],
                      key=lambda event: event.begin)


class OfficialPoller:
    """Its others are "run", an item that is handed over, and "throws", the end of the loop."""

    def __init__(self, case: FlowCase, queues: list[Queue]) -> None:
        self.queues = {queue.environment["id"]: queue for queue in queues}
        self.output = case.dir / f"official-{queues[0].environment['id']}"
        with self.output.open("w") as output:
            self.process = start_node(
                "poll-many.mjs", stdin=subprocess.PIPE, stdout=output, environment={
                    "ANTHROPIC_BASE_URL": case.cp.url, "START_EVERY_MS": str(START_EVERY * 1000),
                    "ENVIRONMENTS": json.dumps([queue.environment for queue in queues])})
        case.addCleanup(self.process.wait)
        case.addCleanup(self.process.kill)

    def look(self) -> None:
        """Brings the queues' others up to date."""
        for queue in self.queues.values():
            queue.others = []
        for text in self.output.read_text().splitlines(keepends=True):
            if text.endswith("\n"):
                self._note(json.loads(text))

    def _note(self, row: dict[str, Any]) -> None:
        text = " ".join(filter(None, [row["event"], row.get("error")]))
        self.queues[row["environment"]].others.append(moment(row["time"], text))

    def stop(self) -> None:
        _, errors = self.process.communicate(timeout=30)
        if self.process.returncode != 0:
            raise AssertionError(f"the official poller's script failed: {errors}")


class BerthPerQueue:
    """Its others are "create", the engine's create request, "run", the first word of the session's
    worker, and "exits", the end of the process."""

    def __init__(self, case: FlowCase, queues: list[Queue]) -> None:
        self.case = case
        self.ends: dict[int, Event] = {}
        self.runs = [(queue, self._start(queue)) for queue in queues]

    def _start(self, queue: Queue) -> Berth:
        name = queue.environment["id"]
        place = self.case.add_place(name, queue.environment, instance=name.replace("_", "-"))
        place.environment["poll"] = {}
        place.environment["sessions"] = 1
        time.sleep(START_EVERY)
        return place.start("run")

    def look(self) -> None:
        """Brings the queues' others up to date."""
        creates = self.case.engine.requests("create")
        for queue, berth in self.runs:
            beats = self.case.cp.log.of("heartbeat", work=queue.work) if queue.work else []
            queue.others = [
                *(moment(create["time"], "create") for create in creates
                  if create["query"] == f"name=berth-{queue.work}"),
                *(moment(beat.time, "run") for beat in beats[:1]),
                *self._end(berth)]

    def _end(self, berth: Berth) -> list[Event]:
        if berth.is_running():
            return []
        code = berth.process.returncode
        return [self.ends.setdefault(berth.pid, moment(time.time(), f"exits {code}"))]

    def stop(self) -> None:
        left = [berth for _, berth in self.runs if berth.is_running()]
        for berth in left:
            berth.signal(signal.SIGTERM)
        for berth in left:
            berth.wait()
