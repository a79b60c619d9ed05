#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the sessions' timelines for demo.sh; exit 0 only if each is complete and in order.

    demo.py STATE LOG RECORDS

STATE and LOG are the simulator's state and request log, RECORDS is berth's records.jsonl. What the
control plane can see is taken from its own log; only what it cannot see comes from berth's record.
"""
from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

STEPS = {
    "queued": "control plane",
    "claimed": "control plane",
    "created": "berth's record",
    "acked": "control plane",
    "started": "berth's record",
    "first heartbeat": "control plane",
    "tool result": "control plane",
    "stopped by the container": "control plane",
    "removed": "berth's record",
}
# Records have milliseconds, the log has microseconds.
ROUNDING = 0.002


def record_time(record: dict, name: str) -> float | None:
    text = record.get(name)
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else None


def timeline(item: dict, log: list[dict], record: dict) -> dict[str, float | None]:
    """When each step happened, None where it did not."""
    def first(endpoint: str, **match: object) -> float | None:
        times = [request["time"] for request in log if request["endpoint"] == endpoint
                 and isinstance(request["status"], int) and request["status"] < 300
                 and all(request[name] == value for name, value in match.items())]
        return min(times, default=None)

    work, session = item["id"], item["session_id"]
    host = {request["peer"].rpartition(":")[0] for request in log if request["endpoint"] == "poll"}
    by_container = [request for request in log if request["endpoint"] == "stop"
                    and request["work"] == work and request["token_of"] == work
                    and request["peer"].rpartition(":")[0] not in host]
    return {
        "queued": item["created_time"],
        "claimed": first("poll", work=work),
        "created": record_time(record, "created"),
        "acked": first("ack", work=work),
        "started": record_time(record, "started"),
        "first heartbeat": first("heartbeat", work=work),
        "tool result": first("events_send", session=session),
        "stopped by the container": by_container[0]["time"] if len(by_container) == 1 else None,
        "removed": record_time(record, "removed"),
    }


def problems(item: dict, times: dict[str, float | None], stops: list[dict]) -> list[str]:
    found = [f"never {step}" for step, time in times.items() if time is None]
    known = [(step, time) for step, time in times.items() if time is not None]
    found += [f"{later} before {earlier}" for (earlier, at), (later, then) in zip(known, known[1:])
              if then < at - ROUNDING]
    if item["state"] != "stopped":
        found.append(f"its item is {item['state']}")
    if len(stops) != 1:
        found.append(f"{len(stops)} stops")
    return found


def result_of(session: dict) -> str:
    texts = [part.get("text", "") for result in session["results"] for part in result["content"]]
    return " ".join(texts).strip() or "nothing"


def print_table(columns: list[tuple[str, dict[str, float | None]]]) -> None:
    width = max(len(title) for title, _ in columns) + 2
    print(f"  {'':26}" + "".join(f"{title:>{width}}" for title, _ in columns) + "   seen by")
    for step, witness in STEPS.items():
        cells = ""
        for _, times in columns:
            time, queued = times[step], times["queued"]
            text = "-" if time is None or queued is None else f"{max(time - queued, 0):.3f}"
            cells += f"{text:>{width}}"
        print(f"  {step:26}{cells}   {witness}")


def main() -> int:
    state, log = (json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:3])
    lines = Path(sys.argv[3]).read_text(encoding="utf-8").splitlines()
    # A session is recorded several times, and the last line has everything.
    records = {record["work"]: record for record in map(json.loads, lines)}
    sessions = {session["id"]: session for session in state["sessions"]}

    columns, complaints, results = [], [], []
    for item in state["items"]:
        short = item["session_id"][:13]
        times = timeline(item, log, records.get(item["id"], {}))
        stops = [request for request in log
                 if request["endpoint"] == "stop" and request["work"] == item["id"]]
        columns.append((short, times))
        complaints += [f"{short}: {text}" for text in problems(item, times, stops)]
        results.append(f"  {short} answered: {result_of(sessions[item['session_id']])}")
    print_table(columns)
    print("\n" + "\n".join(results))
    for complaint in complaints:
        print(f"demo.py: {complaint}", file=sys.stderr)
    if complaints or not columns:
        return 1
    print(f"\n{len(columns)} sessions: claimed, run, stopped by their own containers, removed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
