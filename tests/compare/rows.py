# SPDX-License-Identifier: Apache-2.0
"""The table as data: what each side does with the same script of answers, and why berth differs.

A cell about calls is compared word by word with what was seen (events.py), one about a part of the
requests as a whole (calls.py). test_compare.py runs both sides and compares; README.md has the
table as table.py prints it.
"""
from __future__ import annotations

from dataclasses import dataclass

from script import (DONE_AND_RESET, NO_BODY, NO_CONTENT, NO_JSON, NULL, REDIRECT, RESET, Script,
                    retry_after, status)

HEALTHCHECK = Script("healthcheck")
SESSION = Script("session")


@dataclass(frozen=True)
class Row:
    """`why` is empty where both sides do the same. With `part` the cells are about that part of the
    requests, else about the calls. Each of the scripts gives what the cells say."""

    what: str
    official: str
    berth: str
    why: str = ""
    scripts: tuple[Script, ...] = (HEALTHCHECK,)
    part: str = ""


REQUESTS = (
    Row("poll", "GET {queue}/poll?block_ms=999", "GET {queue}/poll?beta=true&block_ms=999",
        "`beta=true` as in the Python and Go SDKs", part="poll"),
    Row("ack", "POST {queue}/{work}/ack", "POST {queue}/{work}/ack?beta=true",
        "likewise; no body on either side", part="ack"),
    Row("stop of an item that is no session",
        "POST {queue}/{work}/stop {}",
        'POST {queue}/{work}/stop?beta=true {"force":true}',
        "nobody beats for it, so a plain stop would leave it `stopping`", part="stop"),
    Row("credential, as a bearer", "environment", "environment", part="credential"),
    Row("anthropic-beta", "managed-agents-2026-04-01", "managed-agents-2026-04-01",
        part="anthropic-beta"),
    Row("anthropic-version", "2026-10-21", "2023-06-01",
        "the version of the API's documents", part="anthropic-version"),
    Row("Anthropic-Worker-ID", "poll: {uuid}", "poll: {host}-{pid}",
        "tells an operator which process it is", part="anthropic-worker-id"),
    Row("accept", "application/json", "application/json", part="accept"),
    Row("content-type", "stop: application/json", "stop: application/json", part="content-type"),
    Row("user-agent", "Anthropic/JS 1.12.0", "berth/{version}", "each says what it is",
        part="user-agent"),
)

ITEMS = (
    Row("a session",
        "poll item, ack, run, plain stop, poll",
        "poll item, create, ack, run, …, poll",
        "acks what it has made and checked; its worker stops it (as with `autoStop: false`)",
        scripts=(SESSION,)),
    Row("a health check",
        "poll item, ack, run, plain stop, poll",
        "poll item, ack, forced stop, poll",
        "there is nothing to run"),
    Row("an item that names another environment",
        "poll item, ack 404, poll",
        "poll item, ack, forced stop, poll",
        "paths have the configured environment, never one from an item",
        scripts=(Script("misdirected"),)),
)

POLLS = (
    Row("poll: `null`, or 204",
        "poll empty, 1–3 s, poll empty, 1–3 s, poll",
        "poll empty, 0.15–0.19 s, poll empty, 0.15–0.19 s, poll",
        "sooner, while few environments share the budget of requests",
        scripts=(Script(poll=(NULL,) * 3), Script(poll=(NO_CONTENT,) * 3))),
    Row("poll: 200 without a body",
        "poll no body, throws TypeError",
        "poll no body, 0.15–0.19 s, poll",
        "no item is no work",
        scripts=(Script(poll=(NO_BODY,)),)),
    Row("poll: broken JSON",
        "poll garbled, 0.75–1 s, poll garbled, 1.5–2 s, poll",
        "poll garbled, 0.5–1 s, poll garbled, 1–2 s, poll",
        "the same back-off with more jitter",
        scripts=(Script(poll=(NO_JSON,) * 2),)),
    Row("poll: 429, Retry-After 2 s",
        "poll 429, 2 s, poll 429, 2 s, poll 429, 0.75–1 s, poll",
        "poll 429, 2 s, poll 429, 2 s, poll 429, 2–4 s, poll",
        "waits as long as it is told, and longer with every failure",
        scripts=(Script(poll=(retry_after(2),) * 3),)),
    Row("poll: 500",
        "poll 500, 0.38–0.5 s, poll 500, 0.75–1 s, poll 500, 0.75–1 s, poll",
        "poll 500, 0.5–1 s, poll 500, 1–2 s, poll 500, 2–4 s, poll",
        "no retries below the back-off: it doubles with every failed call",
        scripts=(Script(poll=(status(500),) * 3),)),
    Row("poll: reset",
        "poll reset, 0.38–0.5 s, poll reset, 0.75–1 s, poll reset, 0.75–1 s, poll",
        "poll reset, 0.5–1 s, poll reset, 1–2 s, poll reset, 2–4 s, poll",
        "likewise",
        scripts=(Script(poll=(RESET,) * 3),)),
    Row("poll: redirect",
        "poll 302, elsewhere 403, throws 403",
        "poll 302, 0.5–1 s, poll",
        "follows none: the key would go along",
        scripts=(Script(poll=(REDIRECT,)),)),
    Row("poll: 400", "poll 400, throws 400", "poll 400, exits 78",
        "ends, too, with the code of a refused configuration",
        scripts=(Script(poll=(status(400),)),)),
    Row("poll: 401", "poll 401, throws 401", "poll 401, exits 77",
        "ends, too, unless the key's file has a new one",
        scripts=(Script(poll=(status(401),)),)),
    Row("poll: 404", "poll 404, throws 404", "poll 404, exits 77", "likewise",
        scripts=(Script(poll=(status(404),)),)),
)

ACKS = (
    Row("ack: 404, and offered again",
        "poll item, ack 404, poll item, ack 404, poll item, ack 404, poll",
        "poll item, ack 404, poll item, ack 404, 1 s, poll item, ack 404, 1 s, poll",
        "must not loop on one item",
        scripts=(Script("session", again=3, ack=(status(404),) * 4),)),
    Row("ack: 401, and offered again",
        "poll item, ack 401, poll item, ack 401, poll",
        "poll item, ack 401, exits 77",
        "the key will not do for the next call either",
        scripts=(Script("session", again=2, ack=(status(401),) * 3),)),
    Row("ack: 409",
        "poll item, ack 409, 0.38–0.5 s, ack, run",
        "poll item, ack 409, list, poll",
        "looks the item up; as it is still queued, leaves it to the next offer",
        scripts=(Script("session", ack=(status(409),)),)),
    Row("ack: 429, Retry-After 2 s",
        "poll item, ack 429, 2 s, ack, run",
        "poll item, ack 429, 2.13–2.25 s, ack, run",
        "adds jitter",
        scripts=(Script("session", ack=(retry_after(2),)),)),
    Row("ack: 500 three times",
        "poll item, ack 500, 0.38–0.5 s, ack 500, 0.75–1 s, ack 500, poll",
        "poll item, ack 500, 0.13–0.25 s, ack 500, 0.25–0.5 s, ack 500, list, poll",
        "sooner, to be done while the claim holds; looks the item up before it gives up",
        scripts=(Script("session", ack=(status(500),) * 3),)),
    Row("ack: reset, before or after it took effect",
        "poll item, ack reset, 0.38–0.5 s, ack, run",
        "poll item, ack reset, 0.13–0.25 s, ack, run",
        "sooner, likewise",
        scripts=(Script("session", ack=(RESET,)), Script("session", ack=(DONE_AND_RESET,)))),
)

STOPS = (
    Row("stop: 409",
        "poll item, ack, run, plain stop 409, 0.38–0.5 s, plain stop 409, 0.75–1 s, "
        "plain stop 409, poll",
        "poll item, ack, forced stop 409, poll",
        "409 says that it is stopped already",
        scripts=(Script("healthcheck", stop=(status(409),) * 3),)),
    Row("stop: 500",
        "poll item, ack, run, plain stop 500, 0.38–0.5 s, plain stop 500, 0.75–1 s, "
        "plain stop 500, poll",
        "poll item, ack, forced stop 500, 0.2–0.4 s, forced stop 500, 0.4–0.8 s, forced stop 500, "
        "0.8–1.6 s, forced stop",
        "nobody else would stop it",
        scripts=(Script("healthcheck", stop=(status(500),) * 3),)),
)

ROWS = (*REQUESTS, *ITEMS, *POLLS, *ACKS, *STOPS)
