# SPDX-License-Identifier: Apache-2.0
"""Rootless Podman lives and dies with its user's session: what berth makes of its end, and of a host where
there is none. Runs as root, beside the user."""
from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "engines"))

from engine_api import EngineApi  # noqa: E402
from harness import ROOT, BerthCase, Place, wait_until  # noqa: E402

USER = "op"
UID = pwd.getpwnam(USER).pw_uid
RUNTIME = Path(f"/run/user/{UID}")
SOCKET = RUNTIME / "podman/podman.sock"
ADDRESS = "10.77.0.1"
SECONDS = 600.0


def run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=SECONDS, stdin=subprocess.DEVNULL)


def end_session() -> None:
    run("loginctl", "disable-linger", USER)
    # Who was only kept by that is gone already, and cannot be terminated.
    subprocess.run(["loginctl", "terminate-user", USER], check=False, timeout=SECONDS)
    wait_until(lambda: not RUNTIME.exists(), SECONDS, "the user's session does not end")


def begin_session() -> None:
    run("loginctl", "enable-linger", USER)
    wait_until(SOCKET.exists, SECONDS, "no socket of the user's Podman")


class SessionCase(BerthCase):
    listen = [("127.0.0.1", 0), (ADDRESS, 0)]
    socket = SOCKET

    def engine_url(self) -> str:
        return f"unix://{self.socket}"

    def add_place(self, *arguments: Any, **settings: Any) -> Place:
        place = super().add_place(*arguments, **{
            "instance": "session", "session_base_url": self.cp.urls[1], "allow_http": True,
            "policy_dir": str(ROOT / "policies"), **settings})
        place.environment["poll"].update(reclaim_older_than_ms=120000, ack_within="60s")
        place.environment["timeouts"].update(first_heartbeat="10m")
        return place


class TheEndOfTheUsersSession(SessionCase):
    def test_ends_its_sessions_with_a_record_and_the_next_one_runs_when_it_is_back(self) -> None:
        [item] = self.queue(end="hold", script=["echo ready"])
        berth = self.start("run")
        self.cp.wait_requests("events_send", 1, SECONDS, session=item["session_id"])
        end_session()
        self.addCleanup(begin_session)
        # An engine that is gone tells nothing of its containers, and nothing is concluded from that.
        self.assertTrue(berth.is_running())
        [later] = self.queue(script=["echo later"])
        begin_session()
        berth.wait_event("exited", SECONDS)
        self.cp.wait_state("stopped", [later["id"]], SECONDS)
        berth.wait_event("removed", SECONDS, count=2)
        self.assertEqual(berth.terminate(SECONDS), 0)

        record = self.place.records(item["id"])[-1]
        # The image's worker ends on SIGTERM, with 0; before it listens, the signal itself ends it.
        self.assertIn(record["exit_code"], (0, 143, -1))
        self.assertEqual(record["ended_by"], "itself")
        for each in (item, later):
            self.assertEqual(len(self.cp.log.of("ack", work=each["id"])), 1)
            beats = [beat for beat in self.cp.log.of("heartbeat", work=each["id"], status=200)
                     if beat.query.get("expected_last_heartbeat") == "NO_HEARTBEAT"]
            self.assertEqual(len(beats), 1)
        self.assertEqual(self.cp.log.of("stop", credential="environment"), [])
        self.assertEqual(EngineApi(str(SOCKET), 60).containers(), [])


class AHostWithoutASession(SessionCase):
    @classmethod
    def setUpClass(cls) -> None:
        end_session()
        cls.addClassCleanup(begin_session)

    def test_has_no_engine_and_is_told_how_to_have_one(self) -> None:
        berth = self.start("drain")
        self.assert_exit(berth, 69)
        self.assertIn(f"loginctl enable-linger {UID}", berth.events("engine")[-1]["msg"])
        self.assertEqual(self.cp.log.all(), [])

    def test_is_refused_where_podman_falls_back_to_what_limits_nothing(self) -> None:
        """As a cron job or a system unit of the user starts it, with a store of its own."""
        home = Path("/var/tmp/without-session")
        home.mkdir(mode=0o700)
        os.chown(home, UID, UID)
        socket = home / "podman.sock"
        run("systemd-run", f"--uid={USER}", "--unit=without-session", f"--setenv=HOME={home}",
            "podman", "system", "service", "--time=0", f"unix://{socket}")
        self.addCleanup(run, "systemctl", "stop", "without-session")
        wait_until(socket.exists, SECONDS, "no podman without a session")
        self.place.settings["engine"] = {"socket": f"unix://{socket}"}
        [item] = self.queue()
        berth = self.start("drain")
        self.assert_exit(berth, 78, SECONDS)
        [why] = [event["msg"] for event in berth.events("given_up")]
        for words in ("memory,swap,pids,cpus", "cgroup manager is not systemd",
                      "loginctl enable-linger", "`unenforced`"):
            self.assertIn(words, why)
        self.assertEqual(self.cp.log.all(), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
