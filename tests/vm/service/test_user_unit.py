# SPDX-License-Identifier: Apache-2.0
"""examples/rootless/berth.service with the Podman of the user "op", and the session image's own worker."""
from __future__ import annotations

from pathlib import Path

from installed import SECONDS, USER, InstalledCase

HOME = Path(USER.pw_dir)


class TheUsersUnit(InstalledCase):
    user = True
    unit = Path("rootless/berth.service")
    units = HOME / ".config/systemd/user"
    config = HOME / ".config/berth/fleet.yaml"
    socket = Path(f"/run/user/{USER.pw_uid}/podman/podman.sock")

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.manager.systemctl("start", "podman.socket")

    def configure(self) -> None:
        key = self.config.parent / "environment.key"
        self.put(key, self.env["key"], 0o600)
        self.place.environment["key"] = {"file": str(key)}
        super().configure()

    def test_fits_its_configuration(self) -> None:
        self.assertEqual(self.check_unit(), "")

    def test_runs_a_session_across_its_own_restart(self) -> None:
        self.manager.systemctl("start", "berth")
        self.manager.wait_property("StatusText", "environments serving: 1")
        [item] = self.queue(end="hold", script=["echo ready"])
        self.cp.wait_requests("events_send", 1, SECONDS, session=item["session_id"])
        [container] = self.running()
        self.manager.systemctl("reload", "berth")
        self.manager.systemctl("restart", "berth")
        self.manager.wait_property("StatusText", "sessions running: 1")
        self.assertEqual(self.running(), [container])
        self.cp.finish_session(item["session_id"])
        self.cp.wait_state("stopped", [item["id"]], SECONDS)
        self.manager.wait_property("StatusText", "sessions running: 0")
        beats = [beat for beat in self.cp.log.of("heartbeat", work=item["id"], status=200)
                 if beat.query.get("expected_last_heartbeat") == "NO_HEARTBEAT"]
        self.assertEqual(len(beats), 1)
        self.manager.systemctl("stop", "berth")
        self.assertEqual(self.manager.property("Result"), "success")
