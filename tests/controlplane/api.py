# SPDX-License-Identifier: Apache-2.0
"""The endpoints: which path means what, who may call it, and what it answers.

Credentials: E is the environment key, T the sessions token inside a work item's secret, A the
organization's API key. The table ROUTES says who may call what; T reaches its own item and its own
session only, E its own environment only.
"""
from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from typing import Callable, Iterator

from .wire import Reply, Request, error_reply, json_reply
from .log import Record
from .model import Model
from .skills import Skills
from .work import Refused, Work

BETA = "managed-agents-2026-04-01"
STATUS_OF = {"invalid": 400, "not_found": 404, "conflict": 409, "precondition": 412}
RESULT_EVENTS = ("user.tool_result", "user.custom_tool_result")


@dataclass(frozen=True)
class Route:
    endpoint: str
    method: str
    pattern: str
    allowed: str
    needs_beta: bool = True


_WORK = "v1/environments/{environment}/work"
_SESSION = "v1/sessions/{session}"
ROUTES = [
    Route("poll", "GET", f"{_WORK}/poll", "E"),
    Route("stats", "GET", f"{_WORK}/stats", "EA"),
    Route("list", "GET", _WORK, "E"),
    Route("ack", "POST", f"{_WORK}/{{work}}/ack", "ET"),
    Route("heartbeat", "POST", f"{_WORK}/{{work}}/heartbeat", "ET"),
    Route("stop", "POST", f"{_WORK}/{{work}}/stop", "ETA"),
    Route("retrieve", "GET", f"{_WORK}/{{work}}", "A"),
    Route("update", "POST", f"{_WORK}/{{work}}", "A"),
    Route("session", "GET", _SESSION, "ETA"),
    Route("events_list", "GET", f"{_SESSION}/events", "ETA"),
    Route("events_send", "POST", f"{_SESSION}/events", "ETA"),
    Route("events_stream", "GET", f"{_SESSION}/events/stream", "ETA"),
    Route("skill", "GET", "v1/skills/{skill}/versions/{version}", "ETA", needs_beta=False),
    Route("skill_download", "GET", "v1/skills/{skill}/versions/{version}/content", "ETA",
          needs_beta=False),
]
ENDPOINTS = tuple(route.endpoint for route in ROUTES)


def match(pattern: str, segments: list[str]) -> dict[str, str] | None:
    """The values of the pattern's {names}, or None where the path is another one."""
    parts = pattern.split("/")
    if len(parts) != len(segments):
        return None
    values = {}
    for part, segment in zip(parts, segments):
        if part.startswith("{"):
            values[part[1:-1]] = segment
        elif part != segment:
            return None
    return values


class Api:
    def __init__(self, model: Model, skills: Skills, api_key: str) -> None:
        self.model = model
        self.skills = skills
        self.api_key = api_key

    def identify(self, request: Request, record: Record) -> Route | None:
        """Fill in what the path and the credential say, before anything is decided."""
        record.credential, record.token_of = self._credential(request)
        record.worker = request.headers.get("anthropic-worker-id")
        for route in ROUTES:
            values = match(route.pattern, request.segments)
            if values is not None and route.method == request.method:
                record.endpoint = route.endpoint
                record.environment = values.get("environment")
                record.work = values.get("work")
                record.session = values.get("session")
                return route
        return None

    def answer(self, route: Route | None, request: Request, record: Record) -> Reply:
        try:
            if route is None:
                raise Denied(404, "no such endpoint")
            self._admit(route, request, record)
            handler: Callable[[Request, Record], Reply] = getattr(self, f"_{route.endpoint}")
            return handler(request, record)
        except Denied as no:
            return error_reply(no.status, str(no), record.request_id)
        except Refused as no:
            return error_reply(STATUS_OF[no.kind], no.message, record.request_id, **no.details)

    # -- credentials -----------------------------------------------------------------------------

    def _credential(self, request: Request) -> tuple[str, str | None]:
        """Whose credential it is, and for a sessions token the work item it was issued with."""
        authorization = request.headers.get("authorization")
        api_key = request.headers.get("x-api-key")
        if authorization is not None and api_key is not None:
            return "both", None
        if api_key is not None:
            return ("api" if _same(api_key, self.api_key) else "unknown"), None
        if authorization is None:
            return "none", None
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return "unknown", None
        if _same(token, self.api_key):
            return "api", None
        with self.model.lock:
            for environment in self.model.environments.values():
                if _same(token, environment.key):
                    return f"environment:{environment.id}", None
            work = self.model.items.get(self.model.tokens.get(token, ""))
            if work is not None:
                return f"session:{work.session_id}", work.id
        return "unknown", None

    def _admit(self, route: Route, request: Request, record: Record) -> None:
        kind, _, owner = record.credential.partition(":")
        if kind == "both":
            raise Denied(401, "send either authorization or x-api-key")
        if kind in ("none", "unknown"):
            raise Denied(401, "invalid or missing credential")
        letter = {"environment": "E", "session": "T", "api": "A"}[kind]
        if letter not in route.allowed:
            raise Denied(403, "this credential may not make this call")
        if "anthropic-version" not in request.headers:
            raise Denied(400, "anthropic-version: header is required")
        if route.needs_beta and BETA not in request.headers.get("anthropic-beta", ""):
            raise Denied(400, f"anthropic-beta: {BETA} is required")
        if record.environment is not None:
            self.model.environment(record.environment)
        if record.work is not None:
            self.model.item(record.work, record.environment)
        if record.session is not None:
            self.model.session(record.session)
        if letter == "T" and (record.work not in (None, record.token_of)
                              or record.session not in (None, owner)):
            raise Denied(403, "this token belongs to another work item")
        if letter == "E":
            environment = record.environment
            if record.session is not None:
                environment = self.model.session(record.session).environment_id
            if environment is not None and environment != owner:
                raise Denied(403, "this key belongs to another environment")

    # -- work ------------------------------------------------------------------------------------

    def _poll(self, request: Request, record: Record) -> Reply:
        block_ms = _number(request, "block_ms", 1, 999)
        reclaim_ms = _number(request, "reclaim_older_than_ms", 1, None)
        claimed = self.model.poll(record.environment or "", record.worker, block_ms, reclaim_ms)
        if claimed is None:
            return Reply(body=b"null")
        work, body = claimed
        record.work, record.session = work.id, work.session_id
        return Reply(body=body)

    def _ack(self, request: Request, record: Record) -> Reply:
        return self._work_reply(self.model.ack(record.environment or "", record.work or ""))

    def _heartbeat(self, request: Request, record: Record) -> Reply:
        expected = request.first("expected_last_heartbeat")
        return json_reply(self.model.heartbeat(record.environment or "", record.work or "",
                                               expected))

    def _stop(self, request: Request, record: Record) -> Reply:
        body = _object(request, optional=True)
        force = body.get("force", False)
        if not isinstance(force, bool):
            raise Denied(400, "force: must be a boolean")
        self.model.stop(record.environment or "", record.work or "", force)
        return Reply(204, content_type=None)

    def _list(self, request: Request, record: Record) -> Reply:
        limit = _number(request, "limit", 1, 1000) or 20
        with self.model.lock:
            works = [work.on_the_wire() for work in self.model.list(record.environment or "")
                     if work.has_id]
        return _page(request, works, limit)

    def _retrieve(self, request: Request, record: Record) -> Reply:
        return self._work_reply(self.model.item(record.work or "", record.environment))

    def _update(self, request: Request, record: Record) -> Reply:
        patch = _object(request).get("metadata", {})
        if not isinstance(patch, dict) or not all(isinstance(value, (str, type(None)))
                                                  for value in patch.values()):
            return error_reply(400, "metadata: must map strings to strings or null",
                               record.request_id, error_code="invalid_metadata")
        return self._work_reply(self.model.update_metadata(record.environment or "",
                                                           record.work or "", patch))

    def _stats(self, request: Request, record: Record) -> Reply:
        return json_reply(self.model.stats(record.environment or ""))

    def _work_reply(self, work: Work) -> Reply:
        with self.model.lock:
            return json_reply(work.on_the_wire())

    # -- sessions --------------------------------------------------------------------------------

    def _session(self, request: Request, record: Record) -> Reply:
        with self.model.lock:
            return json_reply(self.model.session(record.session or "").on_the_wire())

    def _events_list(self, request: Request, record: Record) -> Reply:
        limit = _number(request, "limit", 1, 1000) or 100
        with self.model.lock:
            events = list(self.model.session(record.session or "").events)
        types = request.query.get("types[]")
        if types:
            events = [event for event in events if event["type"] in types]
        if request.first("order") == "desc":
            events.reverse()
        return _page(request, events, limit)

    def _events_send(self, request: Request, record: Record) -> Reply:
        events = _object(request).get("events")
        if not isinstance(events, list) or not all(
                isinstance(event, dict) and isinstance(event.get("type"), str)
                and event["type"].startswith("user.") for event in events):
            raise Denied(400, "events: must be a list of user events")
        if record.credential != "api" and any(event["type"] not in RESULT_EVENTS
                                              for event in events):
            raise Denied(403, "a worker may send tool results only")
        return json_reply({"data": self.model.receive_events(record.session or "", events)})

    def _events_stream(self, request: Request, record: Record) -> Reply:
        session = self.model.session(record.session or "")
        events = session.stream(lambda: self.model.closed)
        return Reply(content_type="text/event-stream", headers={"cache-control": "no-cache"},
                     stream=_frames(events))

    # -- skills ----------------------------------------------------------------------------------

    def _skill(self, request: Request, record: Record) -> Reply:
        skill = self.skills.find(request.segments[2], request.segments[4])
        return json_reply({"id": skill.version_id, "type": "skill_version", "skill_id": skill.id,
                           "name": skill.name, "description": skill.description,
                           "created_at": "2026-11-01T00:00:00Z"})

    def _skill_download(self, request: Request, record: Record) -> Reply:
        skill = self.skills.find(request.segments[2], request.segments[4])
        return Reply(body=skill.archive(), content_type="application/zip")


class Denied(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _same(given: str, kept: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), kept.encode())


def _number(request: Request, key: str, least: int, most: int | None) -> int | None:
    text = request.first(key)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16) or int(text) < least \
            or (most is not None and int(text) > most):
        raise Denied(400, f"{key}: must be between {least} and {most or 'any number'}")
    return int(text)


def _object(request: Request, optional: bool = False) -> dict:
    try:
        value = request.json()
    except ValueError:
        raise Denied(400, "the body is not valid JSON") from None
    if value is None and optional:
        return {}
    if not isinstance(value, dict):
        raise Denied(400, "the body must be an object")
    return value


def _page(request: Request, entries: list, limit: int) -> Reply:
    page = request.first("page") or "page_0"
    start = page.removeprefix("page_")
    if not page.startswith("page_") or not (start.isascii() and start.isdigit()
                                            and len(start) < 10):
        raise Denied(400, "page: not a cursor of this list")
    end = int(start) + limit
    following = f"page_{end}" if end < len(entries) else None
    return json_reply({"data": entries[int(start):end], "next_page": following})


def _frames(events: Iterator[dict | None]) -> Iterator[bytes]:
    """Server-sent events; the SDK drops frames without an `event:` line and skips pings."""
    for event in events:
        name, data = ("ping", {"type": "ping"}) if event is None else (event["type"], event)
        yield f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
