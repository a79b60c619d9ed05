# SPDX-License-Identifier: Apache-2.0
"""A small client for the simulator's own tests: one request per connection, nothing hidden."""
from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

VERSIONS = {"anthropic-version": "2023-06-01", "anthropic-beta": "managed-agents-2026-04-01"}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self):
        return json.loads(self.content)


def connect(url: str, timeout: float = 20,
            ca_file: str | None = None) -> http.client.HTTPConnection:
    where = urlsplit(url)
    if where.scheme == "https":
        return http.client.HTTPSConnection(where.hostname or "", where.port, timeout=timeout,
                                           context=ssl.create_default_context(cafile=ca_file))
    return http.client.HTTPConnection(where.hostname or "", where.port, timeout=timeout)


def call(url: str, method: str, path: str, token: str | None = None, body: object = None,
         headers: dict[str, str] | None = None, timeout: float = 20,
         ca_file: str | None = None) -> Answer:
    """The whole answer; a connection that breaks raises what http.client raises."""
    connection = connect(url, timeout, ca_file)
    try:
        fields = dict(VERSIONS if headers is None else headers)
        if token is not None:
            fields["authorization"] = f"Bearer {token}"
        connection.request(method, path, None if body is None else json.dumps(body), fields)
        reply = connection.getresponse()
        content = reply.read()
        return Answer(reply.status, {key.lower(): value for key, value in reply.getheaders()},
                      content)
    finally:
        connection.close()
