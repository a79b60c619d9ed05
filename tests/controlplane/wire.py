# SPDX-License-Identifier: Apache-2.0
"""A request as the API sees it, and a reply as the server sends it."""
from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Iterator
from urllib.parse import parse_qsl, unquote

JSON = "application/json"

ERROR_TYPES = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error",
               403: "permission_error", 404: "not_found_error", 405: "invalid_request_error",
               408: "timeout_error", 409: "conflict_error", 412: "invalid_request_error",
               413: "invalid_request_error", 429: "rate_limit_error", 504: "timeout_error",
               529: "overloaded_error"}


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    peer: str = ""
    path: str = ""
    segments: list[str] = field(default_factory=list)
    query: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        raw, _, query = self.target.partition("?")
        if raw.startswith(("http://", "https://")):
            # What a proxy's client sends; the authority is of no interest here.
            raw = "/" + raw.split("://", 1)[1].partition("/")[2]
        self.path = raw
        self.segments = [unquote(part, errors="replace") for part in raw.split("/")[1:]]
        for key, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
            self.query.setdefault(key, []).append(value)

    def first(self, key: str) -> str | None:
        values = self.query.get(key)
        return values[0] if values else None

    def json(self) -> object:
        """The body as JSON; a body that is none raises ValueError."""
        try:
            return json.loads(self.body) if self.body else None
        except RecursionError:
            raise ValueError("nested too deeply") from None


@dataclass
class Reply:
    """Either `body` or `stream`. `content_type` None sends no such header."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = JSON
    headers: dict[str, str] = field(default_factory=dict)
    stream: Iterator[bytes] | None = None


def json_reply(value: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode())


def error_reply(status: int, message: str, request_id: str = "", **details: object) -> Reply:
    error: dict = {"type": ERROR_TYPES.get(status, "api_error"), "message": message}
    if details:
        error["details"] = details
    return json_reply({"type": "error", "error": error, "request_id": request_id}, status)
