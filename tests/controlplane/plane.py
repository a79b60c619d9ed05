# SPDX-License-Identifier: Apache-2.0
"""The control plane as a test uses it: start it, queue work, inject faults, read the log.

    cp = ControlPlane().start()
    env = cp.create_environment()
    items = cp.queue(env["id"], count=3)
    ... run what is to be tested against cp.url with env["key"] ...
    cp.wait_stopped()
    assert len(cp.log.of("ack")) == 3
    cp.stop()

Methods that take and return plain values are mirrored by the admin interface (admin.py).
"""
from __future__ import annotations

import json
import secrets
import ssl
import time
from pathlib import Path
from typing import Callable, Sequence

from .admin import AdminHandler
from .api import Api
from .clock import Clock
from .faults import Fault, Faults
from .log import Log
from .model import Model
from .server import Exchange, Server
from .sessions import Session
from .skills import Skills

DEFAULT_TIMEOUT = 30.0
# How often wait_for looks again where nothing but time brings the change (a lapsing lease).
LOOK_AGAIN_SECONDS = 0.1
BREATHER_SECONDS = 0.005


class ControlPlane:
    def __init__(self, listen: Sequence[tuple[str, int]] = (("127.0.0.1", 0),), *,
                 admin: tuple[str, int] | None = None, tls_cert: str | None = None,
                 tls_key: str | None = None, log_file: str | Path | None = None,
                 api_key: str | None = None, clock: Clock | None = None) -> None:
        """Port 0 takes a free port; further addresses with port 0 share the first one's port."""
        self.model = Model(clock)
        self.skills = Skills()
        self.api_key = api_key or "sk-ant-api03-" + secrets.token_urlsafe(32)
        self.log = Log(self.model.changed, Path(log_file) if log_file else None)
        self.faults = Faults()
        self._exchange = Exchange(Api(self.model, self.skills, self.api_key), self.faults, self.log)
        self._listen = list(listen)
        self._admin_address = admin
        self._tls = None
        if tls_cert is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(tls_cert, tls_key)
        self._servers: list[Server] = []
        self._admin: Server | None = None
        self._foreign_beats: dict[str, str] = {}

    # -- life ------------------------------------------------------------------------------------

    def start(self) -> ControlPlane:
        shared_port = 0
        for host, port in self._listen:
            server = Server((host, port or shared_port), self._exchange, self._tls)
            shared_port = shared_port or server.port
            self._servers.append(server)
            server.start()
        if self._admin_address is not None:
            self._admin = Server(self._admin_address, self, handler=AdminHandler)
            self._admin.start()
        return self

    def stop(self) -> None:
        """End everything; raises when the simulator itself went wrong on the way."""
        self._exchange.stopping.set()
        self.model.close()
        for server in [*self._servers, *([self._admin] if self._admin else [])]:
            server.stop()
        self._servers, self._admin = [], None
        self.log.close()
        if self.errors:
            raise RuntimeError("the simulator failed:\n" + "\n".join(self.errors))

    def __enter__(self) -> ControlPlane:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def errors(self) -> list[str]:
        return self._exchange.errors

    @property
    def urls(self) -> list[str]:
        scheme = "https" if self._tls else "http"
        return [f"{scheme}://{_authority(host, server.port)}"
                for (host, _), server in zip(self._listen, self._servers)]

    @property
    def url(self) -> str:
        return self.urls[0]

    @property
    def admin_url(self) -> str | None:
        if self._admin is None or self._admin_address is None:
            return None
        return f"http://{_authority(self._admin_address[0], self._admin.port)}"

    # -- queueing --------------------------------------------------------------------------------

    def create_environment(self, id: str | None = None, key: str | None = None,
                           **options) -> dict:
        """Options: ttl_seconds, stopped_again, acked_again, fresh_secrets (work.Environment)."""
        environment = self.model.create_environment(id, key, **options)
        return {"id": environment.id, "key": environment.key}

    def rotate_key(self, environment: str, key: str | None = None) -> str:
        """Replace the environment key; the old one is refused from now on."""
        with self.model.lock:
            kept = self.model.environment(environment)
            kept.key = key or "sk-ant-oat01-" + secrets.token_urlsafe(32)
            return kept.key

    def queue(self, environment: str, count: int = 1, *, session: str | None = None,
              script: list | None = None, end: str = "terminated", skills: Sequence[str] = (),
              secret: str = "auto", work: str | None = None,
              metadata: dict[str, str] | None = None) -> list[dict]:
        """Queue sessions, one item each; returns snapshots of the items.

        secret is "auto", "none", or the literal string to send. A `session` that exists already
        gets a new item and keeps its script.
        """
        if count != 1 and (session is not None or work is not None):
            raise ValueError("ids are for one item")
        items = []
        with self.model.lock:
            for _ in range(count):
                target = self.model.sessions.get(session) if session is not None else None
                if target is None:
                    self.model.environment(environment)
                    target = Session(session, environment, lock=self.model.lock,
                                     clock=self.model.clock, script=script, end=end,
                                     skills=skills, metadata=metadata)
                    self.model.add_session(target)
                item = self.model.add_work(environment, {"type": "session", "id": target.id},
                                           work_id=work, session_id=target.id, secret=secret)
                items.append(item.snapshot())
        return items

    def queue_healthcheck(self, environment: str, *, type: str | None = "healthcheck",
                          work: str | None = None) -> dict:
        """Queue an item that is no session; type None leaves `data.type` out."""
        data = {"id": "healthcheck_" + secrets.token_hex(6)}
        if type is not None:
            data["type"] = type
        return self.model.add_work(environment, data, work_id=work, secret="none").snapshot()

    def queue_raw(self, environment: str, body: bytes | str | dict | list, *,
                  work: str | None = None, session: str | None = None) -> dict:
        """Queue the verbatim bytes of a poll reply.

        With `work` the item can be acked and stopped under that id; without, nobody can, and it is
        offered again after every reclaim until remove(). It takes no secret: put one into the body.
        """
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        raw = body.encode() if isinstance(body, str) else bytes(body)
        return self.model.add_work(environment, {"type": "session", "id": session or ""},
                                   work_id=work, session_id=session, secret="none",
                                   raw=raw).snapshot()

    def redeliver(self, work: str) -> None:
        """Hand the item out at the next poll, whatever its state (duplicate delivery)."""
        self.model.redeliver(work)

    def remove(self, work: str) -> None:
        """Forget an item, as if it had never been."""
        self.model.remove(work)

    def add_skill(self, id: str, name: str, files: dict[str, str] | None = None) -> None:
        self.skills.add(id, name, files)

    # -- sessions --------------------------------------------------------------------------------

    def send_user_event(self, session: str, type: str = "user.interrupt", **fields) -> None:
        """What the application behind the session would send; wakes a session without an item."""
        self.model.receive_events(session, [{"type": type, **fields}])

    def finish_session(self, session: str) -> None:
        """Terminate a session, one that holds for example."""
        with self.model.lock:
            self.model.session(session).finish()

    def cut_streams(self, session: str) -> None:
        """Break the session's open event streams; the worker reconnects."""
        with self.model.lock:
            self.model.session(session).cut_streams()

    # -- another worker, elsewhere ---------------------------------------------------------------

    def foreign_claim(self, work: str) -> None:
        """Another poller claims the queued item; this does not count as an offer."""
        with self.model.lock:
            item = self.model.item(work)
            item.claimed, item.claimed_by = self.model.clock.monotonic(), "foreign"

    def foreign_ack(self, work: str) -> dict:
        item = self.model.item(work)
        return self.model.ack(item.environment_id, work).snapshot()

    def foreign_heartbeat(self, work: str) -> dict:
        """The other worker beats: first NO_HEARTBEAT, then its own echo."""
        item = self.model.item(work)
        reply = self.model.heartbeat(item.environment_id, work,
                                     self._foreign_beats.get(work, "NO_HEARTBEAT"))
        self._foreign_beats[work] = reply["last_heartbeat"]
        return reply

    def foreign_stop(self, work: str, force: bool = True) -> dict:
        item = self.model.item(work)
        return self.model.stop(item.environment_id, work, force).snapshot()

    # -- faults ----------------------------------------------------------------------------------

    def fault(self, endpoint: str | Sequence[str] = "*", **options) -> Fault:
        """Inject a fault; faults.py has the list. One endpoint may have several."""
        return self.faults.add(Fault(endpoint, **options))

    def clear_faults(self) -> None:
        self.faults.clear()

    # -- observing -------------------------------------------------------------------------------

    def item(self, work: str) -> dict:
        with self.model.lock:
            return self.model.item(work).snapshot()

    def items(self, environment: str | None = None) -> list[dict]:
        with self.model.lock:
            return [work.snapshot() for work in self.model.list(environment)]

    def session(self, session: str) -> dict:
        with self.model.lock:
            found = self.model.session(session)
            return {"id": found.id, "status": found.status, "events": list(found.events),
                    "results": list(found.results), "calls": len(found.script)}

    def state(self) -> dict:
        """Everything at one instant."""
        with self.model.lock:
            return {"items": self.items(),
                    "sessions": [self.session(session) for session in self.model.sessions],
                    "stats": {environment: self.model.stats(environment)
                              for environment in self.model.environments},
                    "faults": [{"name": fault.name, "matched": fault.matched, "fired": fault.fired}
                               for fault in self.faults.all()],
                    "requests": self.log.last_seq()}

    def wait_for(self, predicate: Callable[[ControlPlane], object],
                 timeout: float = DEFAULT_TIMEOUT, what: str = "the condition") -> object:
        """Wait until predicate(self) is true and return its value; TimeoutError otherwise."""
        deadline = time.monotonic() + timeout
        while True:
            with self.model.changed:
                value = predicate(self)
                if value:
                    return value
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{what} did not hold within {timeout} s: {self._summary()}")
                self.model.changed.wait(min(left, LOOK_AGAIN_SECONDS))
            # A busy simulator changes at every request; there is no need to look that often.
            time.sleep(BREATHER_SECONDS)

    def wait_state(self, state: str, works: Sequence[str] | None = None,
                   timeout: float = DEFAULT_TIMEOUT) -> None:
        """Wait until the given items, or all that have an id, are in the state."""
        def reached(_: ControlPlane) -> bool:
            return all(work.state == state for work in self.model.list()
                       if (work.id in works if works is not None else work.has_id))
        self.wait_for(reached, timeout, f"all items {state}")

    def wait_stopped(self, works: Sequence[str] | None = None,
                     timeout: float = DEFAULT_TIMEOUT) -> None:
        self.wait_state("stopped", works, timeout)

    def wait_requests(self, endpoint: str, count: int, timeout: float = DEFAULT_TIMEOUT,
                      **match) -> list:
        """Wait until the log holds that many answered requests, and return them; matches as in
        log.of."""
        def enough(_: ControlPlane) -> list | None:
            found = [record for record in self.log.of(endpoint, **match)
                     if record.status is not None]
            return found if len(found) >= count else None
        found = self.wait_for(enough, timeout, f"{count} {endpoint} requests")
        assert isinstance(found, list)
        return found

    def _summary(self) -> str:
        items = [(item["id"], item["state"], item["offers"]) for item in self.items()]
        recent = [(record.endpoint, record.work, record.status)
                  for record in self.log.all()[-10:]]
        return f"items {items}, last requests {recent}"


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
