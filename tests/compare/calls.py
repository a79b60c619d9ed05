# SPDX-License-Identifier: Apache-2.0
"""How a call looks on the wire, in the words of the table: ids and versions of our own, which
differ from run to run and from release to release, are replaced by what they stand for."""
from __future__ import annotations

import json
import re
import socket
from urllib.parse import urlencode

from controlplane.log import Record

ENDPOINTS = ("poll", "ack", "stop")

STANDS_FOR = (
    (re.compile(r"/v1/environments/env_[0-9a-f]+/work(?=/)"), "{queue}"),
    (re.compile(r"/work_[0-9a-f]+(?=/)"), "/{work}"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "{uuid}"),
    (re.compile(rf"\b{re.escape(socket.gethostname())}-\d+\b"), "{host}-{pid}"),
    (re.compile(r"\bberth/\d+(\.\d+)+"), "berth/{version}"),
)


def wording(text: str) -> str:
    for pattern, name in STANDS_FOR:
        text = pattern.sub(name, text)
    return text


def _first_of_each(records: list[Record]) -> dict[str, Record]:
    of = {record.endpoint: record for record in reversed(records)}
    return {endpoint: of[endpoint] for endpoint in ENDPOINTS if endpoint in of}


def has_parts(records: list[Record]) -> bool:
    """Each of the three calls has been made."""
    return len(_first_of_each(records)) == len(ENDPOINTS)


def part_of(records: list[Record], part: str) -> str:
    """`part` is an endpoint, for its request line and body, "credential", or the name of a header:
    one value if all three calls have it, else the value of each that has one."""
    firsts = _first_of_each(records)
    if part in firsts:
        return wording(_request(firsts[part]))
    values = {endpoint: _value(record, part) for endpoint, record in firsts.items()}
    if len(firsts) == len(ENDPOINTS) and len(set(values.values())) == 1:
        return wording(str(values["poll"]))
    return wording(", ".join(f"{endpoint}: {value}" for endpoint, value in values.items() if value))


def _request(record: Record) -> str:
    query = urlencode(sorted(record.query.items()))
    body = json.dumps(record.body, separators=(",", ":")) if record.body is not None else ""
    return f"{record.method} {record.path}{'?' * bool(query)}{query} {body}".strip()


def _value(record: Record, part: str) -> str | None:
    if part == "credential":
        return record.credential.partition(":")[0]
    return record.headers.get(part)
