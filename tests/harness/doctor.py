# SPDX-License-Identifier: Apache-2.0
"""Test cases of `berth doctor`: what it says as rows by the name of the check, and a host for it to
look at, in a directory of its own."""
from __future__ import annotations

import json
import os
from pathlib import Path

from fakeengine import PODMAN_CGROUP_V2

from .berth import Berth
from .case import FlowCase

# The user of the rootless engine: the owner of its socket.
UID = 4242
# What tests found with each check: each name with its results.
asserted: dict[str, set[str]] = {}
LIMITS = ("memory", "swap", "pids", "cpus")


class Host:
    """What a host gives a user `agent` for rootless engines; everything that is needed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.linger = root / "var/lib/systemd/linger/agent"
        self.session = root / f"sys/fs/cgroup/user.slice/user-{UID}.slice/user@{UID}.service"
        (root / "run/systemd/system").mkdir(parents=True)
        self.write("etc/passwd", f"root:x:0:0::/root:/bin/sh\nagent:x:{UID}:{UID}::/:/bin/sh\n")
        self.write("etc/subuid", "other:100000:65536\nagent:165536:65536\n")
        self.write("etc/subgid", f"{UID}:165536:65536\n")
        self.write("usr/bin/newuidmap", "")
        self.write("usr/bin/newgidmap", "")
        self.write(self.linger.relative_to(root), "")
        self.delegate("cpu memory pids")

    def write(self, path: str | Path, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def remove(self, path: str | Path) -> None:
        (self.root / path).unlink()

    def delegate(self, controllers: str) -> None:
        self.write(self.session.relative_to(self.root) / "cgroup.controllers", controllers + "\n")


class DoctorCase(FlowCase):
    """An engine with images on the root file system, whose free space is known."""

    engine_options = {"info": {"DockerRootDir": "/"}}

    def ask(self, *arguments: str, code: int = 0, environ: dict | None = None) -> Berth:
        self.place.write_fleet()
        berth = self.place.start_plain("doctor", "--config", str(self.place.fleet_file),
                                       *arguments, environ=environ)
        self.assert_exit(berth, code)
        return berth

    def rows(self, *arguments: str, code: int = 0, environ: dict | None = None) -> dict[str, dict]:
        """Each row by its check."""
        answer = self.ask(*arguments, "-o", "json", code=code, environ=environ)
        return {row["check"]: row for row in json.loads(answer.stdout)}

    def assert_result(self, row: dict, result: str, what: str = "") -> None:
        self.assertEqual(row["result"], result, row)
        self.assertIn(what, row["what"])
        asserted.setdefault(row["check"], set()).add(result)

    def assert_found(self, check: str, result: str, what: str = "", remedy: str | None = None,
                     code: int = 0, arguments: tuple = (), environ: dict | None = None) -> dict:
        """That check alone has that result, and is why the exit code is what it is."""
        rows = self.rows(*arguments, code=code, environ=environ)
        row = rows[check]
        self.assert_result(row, result, what)
        if remedy is not None:
            self.assertEqual(row.get("remedy", ""), remedy)
        if result == "failure":
            self.assertEqual([name for name, row in rows.items() if row["result"] == "failure"],
                             [check])
        return row

    def assert_left_alone(self) -> None:
        """Nobody was asked for more than what there is."""
        self.assertEqual({record.endpoint for record in self.cp.log.all()} - {"stats"}, set())
        self.assertEqual({entry["method"] for entry in self.engine.requests()}, {"GET"})
        self.assert_nothing_left()
        self.assertFalse(self.place.state_dir.exists())


class RootlessCase(DoctorCase):
    """A rootless Podman as it should be, and a host that gives its user everything."""

    engine_options = {"kind": "podman", "info": {
        "host": PODMAN_CGROUP_V2["host"], "store": {"graphRoot": "/"}}}

    def setUp(self) -> None:
        super().setUp()
        os.chown(self.engine.socket, UID, UID)
        self.host = Host(self.dir / "host")

    def ask(self, *arguments: str, code: int = 0, environ: dict | None = None) -> Berth:
        return super().ask("--host-root", str(self.host.root), *arguments, code=code,
                           environ=environ)
