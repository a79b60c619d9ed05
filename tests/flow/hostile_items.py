# SPDX-License-Identifier: Apache-2.0
"""The kinds of broken and hostile items, by what must become of them.

Each row is a name and a function from a good item, as it would go over the wire with its real
secret, to the bytes that go instead.
"""
from __future__ import annotations

import base64
import json
from typing import Any, Callable

Kinds = dict[str, Callable[[dict], bytes]]

LONG = "x" * (256 << 10)
# The token in secrets that are broken for another reason; it must show nowhere.
BROKEN_TOKEN = "sk-ant-req-" + "Broken" * 8


def dumps(value: Any) -> bytes:
    return json.dumps(value).encode()


def item(**members: Any) -> Callable[[dict], bytes]:
    """The item with other members."""
    return lambda good: dumps({**good, **members})


def data(**members: Any) -> Callable[[dict], bytes]:
    """The item with other members in its `data`."""
    return lambda good: dumps({**good, "data": {**good["data"], **members}})


def without(*names: str) -> Callable[[dict], bytes]:
    return lambda good: dumps({key: good[key] for key in good if key not in names})


def text(edit: Callable[[str], str]) -> Callable[[dict], bytes]:
    """The item's text, edited."""
    return lambda good: edit(json.dumps(good)).encode()


def verbatim(body: bytes) -> Callable[[dict], bytes]:
    return lambda good: body


def secret(token: Any, **more: Any) -> Callable[[dict], bytes]:
    """The item with a secret that is well formed around this token."""
    return item(secret=encoded(dumps({"sessions_token": token, **more})))


def encoded(payload: bytes) -> str:
    return base64.urlsafe_b64encode(payload).decode().rstrip("=")


def decoded(text: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def nested_text(depth: int) -> Callable[[dict], bytes]:
    """Deeper than Python's own encoder would go."""
    return text(lambda good: good[:-1] + ', "deep": ' + "[" * depth + "]" * depth + "}")


# --- its id is usable, but it is no session of this environment: acked and force-stopped ---------

REFUSED: Kinds = {
    "without data": without("data"),
    "data null": item(data=None),
    "data an array": item(data=[{"type": "session", "id": "sesn_1"}]),
    "data a number": item(data=7),
    "data a text": item(data="session"),
    "data true": item(data=True),
    "data an empty object": item(data={}),
    "data.type missing, as of some healthchecks": item(data={"id": "healthcheck_1"}),
    "data.type null": data(type=None),
    "a healthcheck": data(type="healthcheck"),
    "data.type unknown": data(type="vault_rotation"),
    "data.type a number": data(type=1),
    "data.type an array": data(type=["session"]),
    "data.type an object": data(type={"session": "session"}),
    "data.type in capitals": data(type="SESSION"),
    "data.type with a newline": data(type="session\n"),
    "data.type with a NUL": data(type="session\0"),
    "data.type of 256 KiB": data(type=LONG),
    "data.type twice, the last one no session": text(
        lambda good: good.replace('"type": "session"', '"type": "session", "type": "healthcheck"')),
    "data twice, the last one null": text(lambda good: good[:-1] + ', "data": null}'),
    "data with capitals in its names": item(data={"Type": "session", "Id": "sesn_1"}),
    "data.id missing": item(data={"type": "session"}),
    "data.id null": data(id=None),
    "data.id empty": data(id=""),
    "data.id a number": data(id=12345),
    "data.id an array": data(id=["sesn_1"]),
    "data.id that climbs out of its path": data(id="../../../etc/passwd"),
    "data.id with a slash": data(id="sesn_1/events"),
    "data.id with a newline": data(id="sesn_1\nANTHROPIC_API_KEY=x"),
    "data.id with a NUL": data(id="sesn_1\0"),
    "data.id with a space": data(id="sesn 1"),
    "data.id with percent signs": data(id="sesn_%2e%2e%2f"),
    "data.id with letters beyond ASCII": data(id="sesn_\u00e9\u4e2d"),
    "data.id for a shell": data(id="$(reboot);`id`"),
    "data.id for a label": data(id='x","berth.instance":"other'),
    "data.id of 129 letters": data(id="s" * 129),
    "data.id of 256 KiB": data(id=LONG),
    "another environment's": item(environment_id="env_somebody_elses"),
    "environment_id a number": item(environment_id=5),
    "environment_id with a newline": text(
        lambda good: good.replace('", "data"', '\\n", "data"')),
    "environment_id that holds the secret": lambda good: dumps(
        {**good, "environment_id": good["secret"]}),
    "data.type that holds the secret": lambda good: dumps(
        {**good, "data": {"type": good["secret"], "id": good["secret"]}}),
    "data.type in an overlong encoding": lambda good: dumps(good).replace(
        b'"session"', b'"\xc1\xb3ession"'),
    "type unknown": item(type="environment"),
    "type a number": item(type=1),
    "type an object": item(type={}),
}

# --- its id is not usable: left, remembered, skipped ----------------------------------------------

SKIPPED: Kinds = {
    "without an id": without("id"),
    "id null": item(id=None),
    "id empty": item(id=""),
    "id a number": item(id=7),
    "id a number beyond 64 bits": text(
        lambda good: '{"id": 123456789012345678901234567890, ' + good.split(", ", 1)[1]),
    "id true": item(id=True),
    "id an array": item(id=["work_1"]),
    "id an object": item(id={"id": "work_1"}),
    "id that climbs out of its path": item(id="../../work_1"),
    "id with a slash": item(id="work_1/stop"),
    "id with a query": item(id="work_1?force=true"),
    "id with a newline": item(id="work_1\r\nx-injected: 1"),
    "id with a NUL": item(id="work_1\0"),
    "id with a space": item(id="work 1"),
    "id with a percent sign": item(id="work_%31"),
    "id with letters beyond ASCII": item(id="work_\u202e\u00fc"),
    "id with half a surrogate pair": text(
        lambda good: '{"id": "work_\\ud800", ' + good.split(", ", 1)[1]),
    "id of 129 letters": item(id="w" * 129),
    "id of 256 KiB": item(id=LONG),
    "id twice, the last one unusable": text(lambda good: good[:-1] + ', "id": "../"}'),
    "id that holds the secret in quotes": lambda good: dumps({**good, "id": f"'{good['secret']}'"}),
}

# --- no JSON object at all: whoever answered, it was not the queue --------------------------------

MALFORMED: Kinds = {
    "an array": lambda good: dumps([good]),
    "an empty array": verbatim(b"[]"),
    "a number": verbatim(b"7"),
    "a text": lambda good: dumps(json.dumps(good)),
    "true": verbatim(b"true"),
    "truncated": lambda good: dumps(good)[:-20],
    "an open brace": verbatim(b"{"),
    "trailing garbage": text(lambda good: good + "}"),
    "two items": text(lambda good: good + "\n" + good),
    "a trailing comma": text(lambda good: good[:-1] + ",}"),
    "names without quotes": text(lambda good: good.replace('"type"', "type")),
    "a comment": text(lambda good: "/* hello */" + good),
    "bad UTF-8": lambda good: dumps(good).replace(b"session", b"sess\xff\xfeion"),
    "a byte order mark": lambda good: b"\xef\xbb\xbf" + dumps(good),
    "UTF-16": lambda good: json.dumps(good).encode("utf-16"),
    "a NUL byte inside": text(lambda good: good.replace("session", "ses\0sion")),
    "a NUL byte behind": lambda good: dumps(good) + b"\0",
    "nested 40 deep": nested_text(40),
    "nested 100,000 deep": nested_text(100000),
    "two megabytes": item(metadata={"filler": "x" * (2 << 20)}),
    "a page of HTML": verbatim(b"<!DOCTYPE html><html><body>Bad gateway</body></html>"),
}

# --- odd, but a session all the same --------------------------------------------------------------

ODD: Kinds = {
    "without a type": without("type"),
    "type null": item(type=None),
    "without an environment_id": without("environment_id"),
    "environment_id null": item(environment_id=None),
    "without all that is not needed": lambda good: dumps(
        {name: good[name] for name in ("id", "data", "secret")}),
    "state unknown": item(state="hibernating"),
    "state a number": item(state=3),
    "created_at no time": item(created_at="yesterday\n"),
    "created_at a number": item(created_at=1e300),
    "created_at far away": item(created_at="9999999999-01-01T00:00:00Z"),
    "metadata an array": item(metadata=[1, 2, 3]),
    "metadata null": item(metadata=None),
    "metadata nested 20 deep": item(metadata=nested(20)),
    "metadata of 256 KiB": item(metadata={"note": LONG}),
    "unknown members": item(priority="high", tags=["a"], extra={"id": "work_other"}),
    "a member with an empty name": item(**{"": "", "\n": "\0"}),
    "numbers too big for anything": text(
        lambda good: good[:-1] + ', "big": 123456789012345678901234567890, "huge": 1e999, '
                                 '"small": -1e-999}'),
    "everything twice": text(lambda good: good[:-1] + ", " + good[1:]),
    "id twice, the last one good": text(lambda good: '{"id": "../../", ' + good[1:]),
    "its id in escapes": text(lambda good: good.replace('"id": "w', '"id": "\\u0077', 1)),
    "a secret that names another server": lambda good: dumps({**good, "secret": encoded(dumps(
        {**decoded(good["secret"]), "api_base_url": "http://192.0.2.1/"}))}),
    "a secret with padding": lambda good: dumps(
        {**good, "secret": base64.b64encode(dumps(decoded(good["secret"]))).decode()}),
    "white space all around": lambda good: b" \t\r\n" + json.dumps(good, indent=8).encode() + b"\n",
}

# --- a session whose secret counts as absent ------------------------------------------------------

BROKEN_SECRETS: Kinds = {
    "missing": without("secret"),
    "null": item(secret=None),
    "empty": item(secret=""),
    "a number": item(secret=7),
    "an array": item(secret=[encoded(dumps({"sessions_token": BROKEN_TOKEN}))]),
    "an object": item(secret={"sessions_token": BROKEN_TOKEN}),
    "the token itself": item(secret=BROKEN_TOKEN),
    "the JSON itself": item(secret=json.dumps({"sessions_token": BROKEN_TOKEN})),
    "no base64": item(secret="!" + encoded(dumps({"sessions_token": BROKEN_TOKEN}))),
    "with a NUL": item(secret=encoded(dumps({"sessions_token": BROKEN_TOKEN})) + "\0"),
    "cut": item(secret=encoded(dumps({"sessions_token": BROKEN_TOKEN}))[:-8]),
    "bytes that are no text": item(secret=encoded(bytes(range(128, 256)))),
    "an array inside": item(secret=encoded(dumps([BROKEN_TOKEN]))),
    "a text inside": item(secret=encoded(dumps(BROKEN_TOKEN))),
    "nested 40 deep": secret(BROKEN_TOKEN, deep=nested(40)),
    "without a token": item(secret=encoded(b"{}")),
    "with a token under another name": item(secret=encoded(dumps({"token": BROKEN_TOKEN}))),
    "with a token null": secret(None),
    "with a token empty": secret(""),
    "with a token a number": secret(7),
    "with a token an array": secret([BROKEN_TOKEN]),
    "with a token and a newline": secret(BROKEN_TOKEN + "\n"),
    "with a token and a header": secret(BROKEN_TOKEN + "\r\nx-injected: 1"),
    "with a token and a NUL": secret(BROKEN_TOKEN + "\0" + BROKEN_TOKEN),
    "with a token and an escape sequence": secret("\x1b[2J" + BROKEN_TOKEN),
    "with a token and a space": secret(BROKEN_TOKEN + " "),
    "with a token and letters beyond ASCII": secret(BROKEN_TOKEN + "\u00e9"),
    "with a token of 100 KiB": secret(BROKEN_TOKEN + "x" * (100 << 10)),
    "of 256 KiB": secret(BROKEN_TOKEN, filler=LONG),
}
