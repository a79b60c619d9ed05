# SPDX-License-Identifier: Apache-2.0
"""The crontab line among the examples, run as cron runs a user's."""
from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import private_engine
from engine_case import SECONDS, EngineCase
from harness import ROOT
from harness.place import berth_program
from kinds import KIND

setUpModule, tearDownModule = private_engine.start, private_engine.stop

CRONTAB = ROOT / "examples/cron/crontab"

# What a policy says that promises less than all, and the engine to it.
WAIVED = ("unenforced", "engine_warning")


class TheCrontabLine(EngineCase):
    def setUp(self) -> None:
        super().setUp()
        self.user = pwd.getpwnam(KIND.arguments[1])
        # Where this user can read, and nobody else writes.
        self.home = Path(tempfile.mkdtemp(prefix="berth-cron-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.make_socket_usual()

    def make_socket_usual(self) -> None:
        """The user's socket, where a user's Podman has it."""
        runtime = Path("/run/user") / str(self.user.pw_uid)
        self.assertFalse(runtime.exists(), f"{runtime} is somebody's")
        (runtime / "podman").mkdir(parents=True)
        self.addCleanup(shutil.rmtree, runtime)
        (runtime / "podman/podman.sock").symlink_to(private_engine.url.removeprefix("unix://"))
        for path in (runtime, runtime / "podman"):
            self.give(path, 0o700)

    def give(self, path: Path, mode: int) -> Path:
        path.chmod(mode)
        os.chown(path, self.user.pw_uid, self.user.pw_gid)
        return path

    def install(self) -> str:
        """berth, its fleet file and its key, below the user's home; the line that names them."""
        shutil.copy(berth_program(), self.home / "berth")
        shutil.copytree(KIND.policy_dir, self.home / "policies")
        key = self.home / "key"
        shutil.copy(self.place.key_file, key)
        settings = self.place.settings
        settings["environments"][0]["key"] = {"file": str(key)}
        settings["policy_dir"] = str(self.home / "policies")
        del settings["engine"], settings["state_dir"]
        fleet = self.home / "fleet.yaml"
        shutil.copy(self.place.write_fleet(), fleet)
        self.give(key, 0o600)
        self.give(self.home, 0o755)
        [line] = [line for line in CRONTAB.read_text().splitlines()
                  if line.startswith("*")]
        command = line.split(None, 5)[5]
        return (command.replace("/usr/local/bin/berth", str(self.home / "berth"))
                .replace("/etc/berth/fleet.yaml", str(fleet)))

    def run_as_cron_does(self, command: str) -> subprocess.CompletedProcess:
        """crontab(5): HOME, LOGNAME, SHELL, PATH and nothing else; input is empty, output mailed."""
        name = self.user.pw_name
        return subprocess.run(
            ["runuser", "-u", name, "--", "env", "-i", f"HOME={self.home}", f"LOGNAME={name}",
             "SHELL=/bin/sh", "PATH=/usr/bin:/bin", "/bin/sh", "-c", command],
            cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False)

    def test_drains_the_queue_and_says_only_what_the_policy_waives(self) -> None:
        command = self.install()
        items = self.queue(3, script=["echo from cron"])
        run = self.run_as_cron_does(command)
        self.assertEqual(run.returncode, 0, run.stdout)
        for item in items:
            self.assertEqual(self.wait_result(item), ["from cron"])
        self.cp.wait_stopped([item["id"] for item in items], SECONDS)
        mailed = [line for line in run.stdout.splitlines()
                  if not any(f"event={event} " in line for event in WAIVED)]
        self.assertEqual(mailed, [])

        # What the first drain left is cleared away by the next one, which finds an empty queue.
        run = self.run_as_cron_does(command)
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertEqual(self.engine.containers(), [])
        records = (self.home / ".local/state/berth/records.jsonl").read_text()
        for item in items:
            self.assertIn(item["id"], records)
