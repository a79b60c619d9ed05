# SPDX-License-Identifier: Apache-2.0
"""The admin interface: ControlPlane's methods over HTTP, for what is not written in Python.

    POST /METHOD    body: a JSON object with the method's keyword arguments; the reply is its value
    GET  /METHOD    the same, without arguments
    GET  /log       the request log; POST /log takes the arguments of Log.of

Bytes are given as `body` (text) or as `body_base64`. An error answers 400 with {"error": "..."}.
Listen on loopback only: there is no credential, and secrets are part of the answers.
"""
from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler

from .faults import Fault
from .log import Record
from .work import Refused

METHODS = frozenset({
    "create_environment", "rotate_key", "queue", "queue_healthcheck", "queue_raw", "redeliver",
    "remove", "add_skill", "send_user_event", "finish_session", "cut_streams", "foreign_claim",
    "foreign_ack", "foreign_heartbeat", "foreign_stop", "fault", "clear_faults", "item", "items",
    "session", "state", "wait_state", "wait_stopped", "wait_requests",
})
MAX_BODY = 64 * 1024 * 1024


class AdminHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 90
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Admin calls are no requests to the control plane."""

    def do_GET(self) -> None:
        self._call({})

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("content-length", "0"))
            if not 0 <= length <= MAX_BODY:
                raise ValueError("the body is too large")
            arguments = json.loads(self.rfile.read(length) or b"{}")
            if not isinstance(arguments, dict):
                raise ValueError("the body must be a JSON object")
        except ValueError as error:
            self.close_connection = True
            self._reply(400, {"error": str(error)})
            return
        self._call(arguments)

    def _call(self, arguments: dict) -> None:
        plane = self.server.exchange
        name = self.path.strip("/")
        if name == "log":
            method = plane.log.of
        elif name in METHODS:
            method = getattr(plane, name)
        else:
            self._reply(404, {"error": f"no such method: {name}"})
            return
        try:
            if "body_base64" in arguments:
                arguments["body"] = base64.b64decode(arguments.pop("body_base64"), validate=True)
            elif name == "fault" and isinstance(arguments.get("body"), str):
                arguments["body"] = arguments["body"].encode()
            value = method(**arguments)
        except (Refused, TypeError, ValueError, KeyError, TimeoutError) as error:
            self._reply(400, {"error": f"{type(error).__name__}: {error}"})
            return
        self._reply(200, _plain(value))

    def _reply(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _plain(value: object) -> object:
    if isinstance(value, Record):
        return value.as_dict()
    if isinstance(value, Fault):
        return {"name": value.name}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value
