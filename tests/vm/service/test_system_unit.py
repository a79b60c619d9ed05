# SPDX-License-Identifier: Apache-2.0
"""examples/berth.service with the system's Podman. Its sessions only sleep: what becomes of them when berth
comes and goes is the matter here."""
from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from harness import wait_until
from installed import SECONDS, InstalledCase, run

IMAGE = "localhost/sleeper:1"
# Long enough that a busy machine is not taken for a stalled one, and short enough to be waited for.
WATCHDOG = "[Service]\nWatchdogSec=20\nRestartSec=1\n"
CREDENTIAL = "[Service]\nLoadCredential=environment-key:/etc/berth/environment.key\n"


def import_image() -> None:
    """What `sleep` needs and nothing else: to import the session image takes minutes here."""
    program = os.path.realpath("/bin/sleep")
    words = run("ldd", program).split()
    files = [word.lstrip("/") for word in (program, *words) if word.startswith("/")]
    tar = subprocess.Popen(["tar", "--create", "--directory=/", "--dereference", *files],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    run("podman", "import", "--change", f'CMD ["{program}","infinity"]', "-", IMAGE, stdin=tar.stdout)
    if tar.wait() != 0:
        raise RuntimeError("tar failed")


class TheSystemUnit(InstalledCase):
    image = IMAGE
    unit = Path("berth.service")
    units = Path("/etc/systemd/system")
    config = Path("/etc/berth/fleet.yaml")
    socket = Path("/run/podman/podman.sock")

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        import_image()
        cls.manager.systemctl("start", "podman.socket")

    def configure(self) -> None:
        self.put(self.config.parent / "environment.key", self.env["key"], 0o600)
        self.put(self.drop_ins / "credential.conf", CREDENTIAL)
        self.place.environment["key"] = {"credential": "environment-key"}
        self.place.environment["network"] = "none"
        super().configure()

    def test_fits_its_configuration(self) -> None:
        self.place.environment["key"] = {"file": str(self.place.key_file)}
        self.put(self.config, self.place.write_fleet().read_text())
        self.assertEqual(self.check_unit(), "")

    def test_is_active_when_it_is_ready_and_no_sooner(self) -> None:
        self.engine.containers()
        self.manager.systemctl("kill", "--signal=STOP", "podman.service")
        self.addCleanup(self.manager.systemctl, "kill", "--signal=CONT", "podman.service", check=False)
        self.manager.systemctl("start", "--no-block", "berth")
        self.manager.wait_property("StatusText", "starting")
        self.assertEqual(self.manager.property("ActiveState"), "activating")
        self.assertEqual(self.cp.log.all(), [])
        self.manager.systemctl("kill", "--signal=CONT", "podman.service")
        self.manager.wait_property("ActiveState", "active")
        self.manager.wait_property("StatusText", "environments serving: 1")
        self.cp.wait_requests("poll", 1, SECONDS)

    def test_leaves_its_sessions_running_when_stopped_and_adopts_them_when_started(self) -> None:
        self.manager.systemctl("start", "berth")
        item, container = self.run_session()
        self.manager.wait_property("StatusText", "sessions running: 1")
        self.manager.systemctl("stop", "berth")
        self.assertEqual(self.manager.property("Result"), "success")
        self.assertEqual(self.running(), [container])
        self.manager.systemctl("start", "berth")
        self.manager.wait_property("StatusText", "sessions running: 1, slots taken: 1 of 32")
        self.assertEqual(self.running(), [container])
        self.assertEqual(len(self.cp.log.of("ack", work=item["id"])), 1)
        self.assertTrue(Path("/var/lib/berth/lock").exists())

    def test_reloads(self) -> None:
        self.manager.systemctl("start", "berth")
        pid = self.manager.property("MainPID")
        self.manager.systemctl("reload", "berth")
        wait_until(lambda: "event=reloaded" in self.manager.journal(), SECONDS)
        self.manager.wait_property("ActiveState", "active")
        self.assertEqual(self.manager.property("MainPID"), pid)

    def test_is_started_anew_by_its_watchdog_when_polls_are_not_answered(self) -> None:
        self.put(self.drop_ins / "watchdog.conf", WATCHDOG)
        self.manager.systemctl("daemon-reload")
        self.manager.systemctl("start", "berth")
        item, container = self.run_session()
        fault = self.cp.fault("poll", delay=SECONDS, times=None)
        self.manager.wait_property("NRestarts", "1")
        self.assertIn("event=watchdog", self.manager.journal())
        fault.times = 0
        self.manager.wait_property("StatusText", "sessions running: 1, slots taken: 1 of 32")
        self.manager.wait_property("ActiveState", "active")
        self.assertEqual(self.running(), [container])
        self.assertEqual(len(self.cp.log.of("ack", work=item["id"])), 1)

    def test_is_started_anew_by_its_watchdog_when_it_stands_still(self) -> None:
        self.put(self.drop_ins / "watchdog.conf", WATCHDOG)
        self.manager.systemctl("daemon-reload")
        self.manager.systemctl("start", "berth")
        os.kill(int(self.manager.property("MainPID")), signal.SIGSTOP)
        self.manager.wait_property("NRestarts", "1")
        self.manager.wait_property("ActiveState", "active")

    def test_is_not_started_anew_with_a_key_that_was_rejected(self) -> None:
        self.cp.fault("poll", status=401, times=None)
        self.manager.systemctl("start", "berth", check=False)
        self.manager.wait_property("ActiveState", "failed")
        self.assertEqual(self.manager.property("ExecMainStatus"), "77")
        self.assertEqual(self.manager.property("NRestarts"), "0")
