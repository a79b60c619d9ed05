# SPDX-License-Identifier: Apache-2.0
"""Start and script the fake engine: the REST API of Docker or Podman in memory, with misbehaviour
on demand.

    from fakeengine import FakeEngine

    with FakeEngine() as engine:                # engine.url is "unix:///tmp/fake-.../engine.sock"
        engine.rule(op="create", status=500)    # the next create fails
        ...                                     # run the program under test against engine.url
        engine.requests(op="create")            # what it asked, from the engine's own journal
        engine.containers()                     # what there is now
        engine.stats()["peak_running"]          # the most that ever ran at once

The program is build/default/tests/fake-engine, or where FAKE_ENGINE_DIR says. It has two sockets:
the engine's, and a control socket that this module talks to and no fault ever touches. Everything
is in memory; reset() takes it back to the start. Facts in it were measured on Docker 20.10.24 (API
1.41) and on Podman 4.3.1.

Podman: FakeEngine(kind="podman")
    The libpod API (/v4.0.0/libpod/...) for info, container create, init, start, inspect and remove;
    the compatible one for events, list, kill, remove, logs, images, networks. Everything else is
    501. It is rootless on cgroup v1 unless info= says something else (laid over its answer):
    PODMAN_ROOTFUL, PODMAN_CGROUP_V2, or {"host": {...}}.
    init makes the worker's process, with its RLIMIT_* set as asked for, and holds it back; start
    lets it go. No cgroup is made: limits of memory, pids and CPU are only ever shown.
    The operations of rules and of the journal are called as for Docker.
    lose_conmon() leaves a container "running" with its last pid whatever becomes of its worker.

Containers
    Started containers run fake-worker with exactly their environment: it heartbeats, looks its
    session up and force-stops its work item as the official SDK's worker does, with the item's
    own token. State.Pid is its real pid. Words in the session id (sesn_hang_1) or from
    worker("sesn_1", "hang") change what it does; behaviour.h explains them: crash-before-beat,
    crash-after-beat, delay-MS, run-MS, hang, silent, ignore-term, no-stop, exit-N.
    With worker=None nothing runs: containers stay up until killed or for run_ms, heed ignore-term,
    exit-N and run-MS, and show the engine's own pid.

Rules: rule(**spec) returns an id; every match is counted, an older rule's member wins
    which     op="create" or a list (ping version info events image_inspect image_pull list create
              inspect init start kill stop wait logs archive remove network_* volume_* unknown),
              method="POST", path="/containers/*" (glob, without the version prefix),
              request_body="*env_1*" (glob)
    when      after=N skips the first N matches, times=K (default 1, 0: for ever) limits the hits
    delay     delay_ms before processing, reply_delay_ms before replying
    reply     status, headers, body (a string verbatim, anything else as JSON), echo_body=True (the
              request's body comes back in the error message); raw="HTTP/1.1 ..." sends just these
              bytes and closes. The request is not processed unless process=True.
    damage    cut="before"|"after" (processing)|"body" (the head alone is sent)|"mid-body",
              hang="before"|"after", malformed=True (half of the JSON), body_bytes=N (padded with
              spaces), drip_ms and drip_bytes
    content   set={"/HostConfig/PidsLimit": 0} and drop=["/HostConfig/Memory"] change members of
              the JSON reply; set={"/Warnings": ["..."]} makes create warn.
              amend={"/cap_add": ["NET_RAW"]} and lose=["/r_limits"] do so with the request, before
              it is processed: what the engine made of it then really is so.
    absence   away_ms=N: after the reply the socket and all connections are gone for so long, as
              are those of a service that ends when it is idle
    kill      kill="before"|"after" with pid_file=PATH: SIGKILL that process, then close
    events    event="die" (or a list), name=GLOB with suppress=True, duplicate=N or delay_ms=N
    workers   worker=GLOB on the session id, words=[...]
"""
from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Iterable, NamedTuple
from urllib.parse import quote, urlencode

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "localhost/berth-session:1"

# For info=: what else a Podman can be than rootless on cgroup v1.
PODMAN_ROOTFUL = {"host": {"security": {"rootless": False}, "cgroupControllers": [
    "cpuset", "cpu", "cpuacct", "blkio", "memory", "devices", "freezer", "pids"]}}
PODMAN_CGROUP_V2 = {"host": {"cgroupVersion": "v2", "cgroupManager": "systemd",
                             "cgroupControllers": ["cpu", "memory", "pids"]}}


def program_dir() -> Path:
    """Where fake-engine and fake-worker were built."""
    return Path(os.environ.get("FAKE_ENGINE_DIR", ROOT / "build/default/tests")).resolve()


def fingerprint(value: str) -> str:
    """What the journal shows instead of a registry credential (FNV-1a, 64 bits)."""
    digest = 0xCBF29CE484222325
    for byte in value.encode():
        digest = (digest ^ byte) * 0x100000001B3 % 2**64
    return f"{digest:016x}"


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def message(self) -> str:
        """The text of an engine's error."""
        return self.json()["message"]


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float = 10) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)

    def ask(self, method: str, path: str, body: Any = None, headers: dict | None = None) -> Response:
        """One request on this connection; a body that is no bytes is sent as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        self.request(method, path, body, headers)
        reply = self.getresponse()
        lowered = {name.lower(): value for name, value in reply.getheaders()}
        return Response(reply.status, lowered, reply.read())


def wait_until(condition: Callable[[], Any], seconds: float = 10, what: str = "") -> Any:
    """Asks until the answer is true, and returns it; TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(what or "the condition did not come true")
        time.sleep(0.01)


class FakeEngine:
    """One running fake engine in a temporary directory of its own."""

    def __init__(
        self,
        *,
        kind: str = "docker",
        api_min: str | None = None,
        api_max: str = "1.41",
        images: Iterable[str] = (IMAGE,),
        worker: str | None = "fake-worker",
        run_ms: int = 0,
        headers: dict[str, str] | None = None,
        info: dict[str, Any] | None = None,
        args: Iterable[str] = (),
    ) -> None:
        self.dir = Path(tempfile.mkdtemp(prefix="fake-"))
        self.socket = str(self.dir / "engine.sock")
        self.url = f"unix://{self.socket}"
        self.errors = self.dir / "stderr"
        self._control = str(self.dir / "control.sock")
        self._process: subprocess.Popen | None = None
        self.command = [str(program_dir() / "fake-engine"), "--socket", self.socket]
        self.command += ["--control", self._control, "--kind", kind, "--api-max", api_max]
        if api_min:
            self.command += ["--api-min", api_min]
        self.command += ["--worker", str(program_dir() / worker) if worker else "none"]
        self.command += ["--run-ms", str(run_ms)]
        for image in images:
            self.command += ["--image", image]
        for name, value in (headers or {}).items():
            self.command += ["--header", f"{name}: {value}"]
        if info:
            self.command += ["--info", json.dumps(info)]
        self.command += list(args)

    def __enter__(self) -> FakeEngine:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    def start(self) -> None:
        """Starts the program and returns when it answers."""
        with open(self.errors, "ab") as errors:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors
            )
        wait_until(self._is_ready, what="the fake engine did not come up")

    def _is_ready(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"fake-engine ended: {self.errors.read_text()}")
        try:
            return self.control("GET", "/stats").status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """Ends the program and with it its workers."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        if process.returncode != 0:
            raise RuntimeError(f"fake-engine: {process.returncode} {self.errors.read_text()}")

    def die(self, signal: int) -> None:
        """Ends it by that signal, its workers or not; start() brings up an empty engine."""
        process, self._process = self._process, None
        process.send_signal(signal)
        process.wait(10)

    @property
    def pid(self) -> int:
        return self._process.pid

    # --- the engine's API ---------------------------------------------------------------------

    def connect(self, timeout: float = 10) -> UnixConnection:
        return UnixConnection(self.socket, timeout)

    def ask(self, method: str, path: str, body: Any = None, headers: dict | None = None) -> Response:
        """One request to the engine's socket, on a connection of its own."""
        connection = self.connect()
        try:
            return connection.ask(method, path, body, headers)
        finally:
            connection.close()

    # --- the control interface ----------------------------------------------------------------

    def control(self, method: str, path: str, body: Any = None, **query: Any) -> Response:
        connection = UnixConnection(self._control)
        try:
            words = {key: value for key, value in query.items() if value is not None}
            return connection.ask(method, f"{path}?{urlencode(words)}", body)
        finally:
            connection.close()

    def _must(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        reply = self.control(method, path, body, **query)
        if reply.status >= 300:
            raise RuntimeError(f"{method} {path}: {reply.status} {reply.body!r}")
        return reply.json() if reply.body else None

    def requests(self, op: str | None = None, after: int = 0) -> list[dict[str, Any]]:
        """The journal: seq, time, pid of who asked, op, method, path, query, status, rules, body of
        creates, ..."""
        return self._must("GET", "/requests", op=op, after=after)

    def ops(self, after: int = 0) -> list[str]:
        """Just the operations, in their order."""
        return [entry["op"] for entry in self.requests(after=after)]

    def stats(self) -> dict[str, Any]:
        """requests, containers, running, peak_running, created, event_streams, ..."""
        return self._must("GET", "/stats")

    def rule(self, **spec: Any) -> int:
        return self._must("POST", "/rules", spec)["id"]

    def worker(self, session: str, *words: str, times: int = 0) -> int:
        """How the workers of sessions that match the glob behave."""
        return self.rule(worker=session, words=list(words), times=times)

    def kill_at(self, n: int, pid_file: str | os.PathLike, when: str = "before", **which: Any) -> int:
        """SIGKILL the process in pid_file at the nth request from now."""
        return self.rule(kill=when, pid_file=str(pid_file), after=n - 1, **which)

    def rules(self) -> list[dict[str, Any]]:
        """id, seen and hits of every rule, and the rule."""
        return self._must("GET", "/rules")

    def hits(self, rule: int) -> int:
        """How often a rule applied; 0 tells a loop over N that it has gone past the end."""
        return next(row["hits"] for row in self.rules() if row["id"] == rule)

    def remove_rules(self, rule: int | None = None) -> None:
        self._must("DELETE", "/rules", id=rule)

    def containers(self) -> list[dict[str, Any]]:
        """Oldest first: id, name, state, pid, exit_code, labels, env, config, host_config, ..."""
        return self._must("GET", "/containers")

    def container(self, reference: str) -> dict[str, Any]:
        """The one of that name or id; KeyError when there is none."""
        for row in self.containers():
            if reference in (row["name"], row["id"]):
                return row
        raise KeyError(reference)

    def add_container(self, name: str | None = None, state: str = "created", **more: Any) -> str:
        """A container that nobody created through the API; returns its id.

        state: created, initialized (Podman), running, exited or dead. More: created_at, started_at,
        finished_at (RFC 3339), exit_code, pid, and create (the body of a create request: Labels, Env,
        HostConfig, ...; for Podman labels, env, ...).
        """
        spec = {"state": state, **more}
        if name is not None:
            spec["name"] = name
        return self._must("POST", "/containers", spec)["Id"]

    def exit_container(self, reference: str, code: int = 0, oom: bool = False) -> None:
        """Ends a running container with that exit code, out of memory if asked for."""
        self._must("POST", f"/containers/{quote(reference)}/exit", code=code, oom=int(oom))

    def lose_conmon(self, reference: str, worker: bool = True) -> None:
        """Podman: nobody sees any more how the container ends; ends its worker too, or not."""
        self._must("POST", f"/containers/{quote(reference)}/conmon", worker=int(worker))

    def say(self, reference: str, text: str | bytes, stderr: bool = False) -> None:
        """The container writes that, as one frame of its output."""
        data = text.encode() if isinstance(text, str) else text
        self._must("POST", f"/containers/{quote(reference)}/say", data, stderr=int(stderr))

    def hold_removal(self, reference: str, requests: int) -> None:
        """The container is "being removed" for so many requests that touch it, then gone."""
        self._must("POST", f"/containers/{quote(reference)}/removing", requests=requests)

    def send_event(self, line: str) -> None:
        """Any line to every event stream."""
        self._must("POST", "/events", {"line": line})

    def close_events(self, cut: bool = False) -> None:
        """Ends all event streams; cut: without the end that HTTP wants."""
        self._must("POST", "/events/close", cut=int(cut))

    def add_image(self, name: str, config: dict[str, Any] | None = None) -> str:
        """An image with that Config (Entrypoint, Cmd, Env, Labels, Volumes, User); its id."""
        spec: dict[str, Any] = {"name": name}
        if config is not None:
            spec["config"] = config
        return self._must("POST", "/images", spec)["Id"]

    def remove_image(self, name: str) -> None:
        self._must("DELETE", "/images", name=name)

    def vanish(self, cut: bool = True) -> None:
        """The engine's socket is gone, its connections too if cut; containers run on."""
        self._must("POST", "/listener", up=0, cut=int(cut))

    def come_back(self) -> None:
        self._must("POST", "/listener", up=1)

    def pause_accepting(self) -> None:
        """New connections stay in the accept queue (--backlog); a full queue refuses at once."""
        self._must("POST", "/listener/accept", on=0)

    def resume_accepting(self) -> None:
        self._must("POST", "/listener/accept", on=1)

    def reset(self) -> None:
        """As just started: no containers, rules or journal; event streams end."""
        self._must("POST", "/reset")
