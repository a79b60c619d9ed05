# SPDX-License-Identifier: Apache-2.0
"""berth as an operator installs it on this machine, from the examples: as a unit of the system or
of the user "op", with a fleet file that points at a simulator. Runs as root."""
from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "engines"))

from engine_api import EngineApi  # noqa: E402
from harness import ROOT, BerthCase, Place, berth_program, wait_until  # noqa: E402

USER = pwd.getpwnam("op")
# An address of the machine's own, which slirp4netns reaches (the job makes it).
ADDRESS = "10.77.0.1"
SECONDS = 180.0


def run(*command: str, stdin: Any = subprocess.DEVNULL, check: bool = True) -> str:
    return subprocess.run(command, check=check, timeout=SECONDS, stdin=stdin, text=True,
                          stdout=subprocess.PIPE, stderr=None if check else subprocess.DEVNULL).stdout


def install_program() -> None:
    shutil.copy(berth_program(), "/usr/local/bin/berth")
    shutil.copytree(ROOT / "policies", "/usr/local/share/berth/policies", dirs_exist_ok=True)


class Manager:
    """One systemd: the system's, or the user's."""

    def __init__(self, user: bool) -> None:
        runtime = f"/run/user/{USER.pw_uid}"
        self.command = [] if not user else [
            "runuser", "--user", USER.pw_name, "--", "env", f"XDG_RUNTIME_DIR={runtime}",
            f"DBUS_SESSION_BUS_ADDRESS=unix:path={runtime}/bus"]
        self.flags = ["--user"] if user else []
        self.uid = USER.pw_uid if user else 0

    def systemctl(self, *arguments: str, check: bool = True) -> str:
        return run(*self.command, "systemctl", *self.flags, *arguments, check=check)

    def property(self, name: str) -> str:
        return self.systemctl("show", "--value", f"--property={name}", "berth").strip()

    def wait_property(self, name: str, value: str) -> None:
        try:
            wait_until(lambda: value in self.property(name), SECONDS)
        except TimeoutError:
            raise TimeoutError(f"{name} is not {value} but {self.property(name)}; berth said\n"
                               f"{self.journal()}") from None

    def journal(self) -> str:
        unit = "_SYSTEMD_USER_UNIT" if self.flags else "_SYSTEMD_UNIT"
        return run("journalctl", "--quiet", "--output=cat", "--boot",
                   f"{unit}=berth.service", f"_UID={self.uid}")


class InstalledCase(BerthCase):
    """A subclass says whose it is, and where the unit and its files are."""

    listen = [("127.0.0.1", 0), (ADDRESS, 0)]
    user = False
    unit: Path       # of the examples
    units: Path      # where it is installed
    config: Path     # the fleet file
    socket: Path

    @classmethod
    def setUpClass(cls) -> None:
        install_program()
        cls.manager = Manager(cls.user)
        cls.put(cls.units / "berth.service", (ROOT / "examples" / cls.unit).read_text())

    @classmethod
    def put(cls, path: Path, text: str, mode: int = 0o644) -> None:
        """A file of the user whose unit it is."""
        made = [parent for parent in path.parents if not parent.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        for each in (path, *made):
            os.chown(each, cls.manager.uid, cls.manager.uid)

    def engine_url(self) -> str:
        return f"unix://{self.socket}"

    def add_place(self, *arguments: Any, **settings: Any) -> Place:
        place = super().add_place(*arguments, **{
            "instance": "service", "session_base_url": self.cp.urls[1], "allow_http": True,
            **settings})
        for name in ("policy_dir", "state_dir"):
            del place.settings[name]
        place.environment["poll"].update(reclaim_older_than_ms=120000, ack_within="60s")
        place.environment["timeouts"].update(first_heartbeat="30m")
        return place

    def setUp(self) -> None:
        super().setUp()
        self.engine = EngineApi(str(self.socket), 60)
        self.addCleanup(self.clean_up)
        self.drop_ins = self.units / "berth.service.d"
        self.configure()

    def configure(self) -> None:
        """What an operator puts beside the unit; the manager then reads it."""
        self.put(self.config, self.place.write_fleet().read_text())
        self.manager.systemctl("daemon-reload")

    def clean_up(self) -> None:
        self.manager.systemctl("stop", "berth", check=False)
        self.manager.systemctl("reset-failed", "berth", check=False)
        shutil.rmtree(self.drop_ins, ignore_errors=True)
        for container in self.engine.containers():
            self.engine.call("DELETE", f"/containers/{container['Id']}?force=true&v=true")

    def run_session(self) -> tuple[dict, str]:
        """A session whose container runs; its item, and the container's id."""
        [item] = self.queue(end="hold")
        try:
            wait_until(self.running, SECONDS)
        except TimeoutError:
            raise TimeoutError(f"no container runs; berth said\n{self.manager.journal()}") from None
        [container] = self.engine.containers()
        self.assertEqual(container["Names"], [f"/berth-{item['id']}"])
        return item, container["Id"]

    def running(self) -> list[str]:
        return [each["Id"] for each in self.engine.containers() if each["State"] == "running"]

    def check_unit(self) -> str:
        """What `berth check --unit` has to say of it."""
        done = subprocess.run(
            [*self.manager.command, "/usr/local/bin/berth", "check", str(self.config),
             "--unit", str(self.units / "berth.service")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=SECONDS, check=True)
        return done.stderr
