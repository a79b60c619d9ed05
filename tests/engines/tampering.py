# SPDX-License-Identifier: Apache-2.0
"""An engine that only pretends: stands before the real one and changes what it is asked to create,
and if told what it says of it afterwards."""
from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

CREATE = re.compile(rb"POST \S*/containers/create[ ?]")
INSPECT = re.compile(rb"GET \S*/containers/[^/ ]+/json ")

Change = Callable[[dict], object]


@dataclass(frozen=True)
class Pretence:
    """A change of a create request's body; the field that it breaks, as berth must call it, and the
    waiver that would allow it. `lie` is a change of what inspect answers, which hides it."""

    name: str
    change: Change
    field: str
    waiver: str = ""
    lie: Change | None = None
    own_remedy: str = ""
    # The member of berth's request that is changed; "": one that berth does not send.
    member: str = ""
    # Why nothing comes of it, where `field` is empty.
    harmless: str = ""

    @property
    def remedy(self) -> str:
        return self.own_remedy or ("under `unenforced`" if self.waiver else "use another one")


def host(name: str, value: object = None) -> Change:
    """Sets a member of HostConfig, or takes it out."""
    return lambda body: (body["HostConfig"].pop(name, None) if value is None
                         else body["HostConfig"].update({name: value}))


def limit(kind: str) -> Change:
    return lambda body: body["resource_limits"].pop(kind)


def put(name: str, value: object) -> Change:
    return lambda body: body.update({name: value})


def drop(name: str) -> Change:
    return lambda body: body.pop(name)


def both(first: Change, second: Change) -> Change:
    return lambda body: (first(body), second(body))


# In the words of Docker's API 1.41, and of Podman's own (libpod 4.0.0).
PRETENCES = {
    "docker": [
        Pretence("ulimits are dropped", host("Ulimits"), "HostConfig.Ulimits", "ulimits"),
        Pretence("memory is not limited", both(host("MemorySwap"), host("Memory")),
                 "HostConfig.Memory", "memory"),
        Pretence("swap is not limited", host("MemorySwap", -1), "HostConfig.MemorySwap", "swap"),
        Pretence("processes are not limited", host("PidsLimit"), "HostConfig.PidsLimit", "pids"),
        Pretence("CPU time is not limited", host("NanoCpus"), "HostConfig.NanoCpus", "cpus"),
        Pretence("a capability is added", host("CapAdd", ["SYS_ADMIN"]), "HostConfig.CapAdd"),
        Pretence("programs may gain privileges", host("SecurityOpt"), "HostConfig.SecurityOpt"),
        Pretence("the root is writable", host("ReadonlyRootfs", False),
                 "HostConfig.ReadonlyRootfs"),
    ],
    "libpod": [
        Pretence("ulimits are dropped", drop("r_limits"), "HostConfig.Ulimits", "ulimits"),
        Pretence("memory is not limited", limit("memory"), "HostConfig.Memory", "memory"),
        Pretence("processes are not limited", limit("pids"), "HostConfig.PidsLimit", "pids"),
        Pretence("CPU time is not limited", limit("cpu"), "HostConfig.NanoCpus", "cpus"),
        Pretence("a capability is added", lambda body: body.update(cap_add=["CAP_SYS_ADMIN"]),
                 "BoundingCaps"),
        Pretence("programs may gain privileges", drop("no_new_privileges"),
                 "HostConfig.SecurityOpt"),
        Pretence("the root is writable", drop("read_only_filesystem"),
                 "HostConfig.ReadonlyRootfs"),
    ],
}

# What Podman does without a user's systemd on cgroup v2: no limit is set, and inspect has them all.
ULIMITS = [{"Name": f"RLIMIT_{name}", "Soft": value, "Hard": value}
           for name, value in (("NOFILE", 4096), ("NPROC", 16384), ("CORE", 0))]
LIES = [
    Pretence("memory is limited in words", limit("memory"), "memory", "memory",
             both(host("Memory", 2 << 30), host("MemorySwap", 2 << 30))),
    Pretence("processes are limited in words", limit("pids"), "pids", "pids",
             host("PidsLimit", 512)),
    Pretence("CPU time is limited in words", limit("cpu"), "cpus", "cpus",
             host("NanoCpus", 2000000000)),
    Pretence("open files are limited in words",
             lambda body: [each.update(soft=8192, hard=8192) for each in body["r_limits"]
                           if each["type"] == "nofile"],
             "nofile", "ulimits", host("Ulimits", ULIMITS)),
]


class PretendingEngine:
    """`with PretendingEngine(SOCKET, PATH, PRETENCE)`: listens on PATH and speaks for the engine at
    SOCKET, one request for each connection. `changed` counts the containers it has touched."""

    def __init__(self, engine: str, path: Path, pretence: Pretence) -> None:
        self.engine = engine
        self.pretence = pretence
        self.changed = 0
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(64)

    def __enter__(self) -> PretendingEngine:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as engine:
            head, body = self._read(client)
            if not head:
                return
            engine.connect(self.engine)
            engine.sendall(self._request(head, body))
            # A client that leaves a stream ends it for the engine, too.
            threading.Thread(target=self._wait_end, args=(client, engine), daemon=True).start()
            with contextlib.suppress(OSError):
                self._answer(head, engine, client)
                # Closing alone would not end what _wait_end() still reads.
                client.shutdown(socket.SHUT_RDWR)

    def _answer(self, head: bytes, engine: socket.socket, client: socket.socket) -> None:
        if self.pretence.lie is not None and INSPECT.match(head):
            client.sendall(self._lying_answer(engine))
        while piece := engine.recv(65536):
            client.sendall(piece)

    def _lying_answer(self, engine: socket.socket) -> bytes:
        answer = http.client.HTTPResponse(engine)
        answer.begin()
        body = answer.read()
        if answer.status == 200:
            fields = json.loads(body)
            self.pretence.lie(fields)
            body = json.dumps(fields).encode()
        return (f"HTTP/1.1 {answer.status} {answer.reason}\r\nContent-Type: application/json\r\n"
                f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body

    @staticmethod
    def _read(client: socket.socket) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = client.recv(65536)
            if not piece:
                return b"", b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
        while length and len(body) < int(length[1]):
            body += client.recv(65536)
        return head, body

    def _request(self, head: bytes, body: bytes) -> bytes:
        if CREATE.match(head):
            fields = json.loads(body)
            self.pretence.change(fields)
            self.changed += 1
            body = json.dumps(fields).encode()
        lines = [line for line in head.split(b"\r\n")
                 if not re.match(rb"(?i)(content-length|connection):", line)]
        lines += [b"Connection: close", b"Content-Length: %d" % len(body)]
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    @staticmethod
    def _wait_end(client: socket.socket, engine: socket.socket) -> None:
        try:
            client.recv(1)
            engine.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
