# SPDX-License-Identifier: Apache-2.0
"""berth doctor --inside: one container of the image looks around as a session of the environment
would, and is gone afterwards, whatever happens. What it finds is told by the test."""
from __future__ import annotations

import json

from harness import Berth, wait_until
from harness.doctor import DoctorCase

FOUND = {
    "Uid": "10001 10001 10001 10001", "Gid": "10001 10001 10001 10001", "NoNewPrivs": "1",
    "Seccomp": "2", "CapBnd": "0000000000000000", "root": "ro",
    "Max open files": "4096 4096 files", "Max processes": "16384 16384 processes",
    "Max core file size": "0 0 bytes", "ca": "/etc/ssl/certs/ca-certificates.crt",
    "node": "v22.1.0",
}


def output(**changes: str | None) -> str:
    """What the script in the container prints; None leaves a line out."""
    found = {**FOUND, **{name.replace("_", " "): value for name, value in changes.items()}}
    lines = [f"{name} {value}" if name.startswith("Max") else f"{name}: {value}"
             for name, value in found.items() if value is not None]
    return "\n".join([*lines, "end", ""])


class InsideCase(DoctorCase):
    engine_options = {**DoctorCase.engine_options, "worker": None}

    def start_looking(self) -> Berth:
        return self.place.start_plain("doctor", "--config", str(self.place.write_fleet()), "-o",
                                      "json", "--inside")

    def its_container(self) -> dict:
        def look() -> dict | None:
            return next((row for row in self.engine.containers() if row["state"] == "running"), None)
        return wait_until(look, 60, "no container was started")

    def rows_of(self, berth: Berth, code: int = 0) -> dict[str, dict]:
        self.assert_exit(berth, code)
        self.assert_nothing_left()
        return {row["check"]: row for row in json.loads(berth.stdout)}

    def find(self, text: str, exit_code: int = 0, code: int = 0) -> dict[str, dict]:
        """What doctor says when the container prints that and ends."""
        berth = self.start_looking()
        container = self.its_container()
        if text:
            self.engine.say(container["id"], text)
        self.engine.exit_container(container["id"], exit_code)
        return self.rows_of(berth, code)

    def assert_fails(self, check: str, what: str, **changes: str | None) -> None:
        rows = self.find(output(**changes), code=78)
        self.assertEqual([name for name, row in rows.items() if row["result"] == "failure"], [check])
        self.assert_result(rows[check], "failure", what)


class ALookInside(InsideCase):
    def test_finds_no_failure_where_everything_is_well(self) -> None:
        rows = self.find(output())
        self.assertEqual([row for row in rows.values() if row["result"] == "failure"], [])
        inside = {name: row["result"] for name, row in rows.items() if name.startswith("inside.")}
        self.assertEqual(set(inside.values()), {"ok"}, inside)
        self.assertEqual({record.endpoint for record in self.cp.log.all()}, {"stats"})

    def test_is_a_session_without_network_and_key_that_no_berth_takes_for_one(self) -> None:
        berth = self.start_looking()
        container = self.its_container()
        self.assertEqual(container["labels"]["berth.instance"], "flow-doctor")
        self.assertEqual(container["host_config"]["NetworkMode"], "none")
        self.assertEqual(container["host_config"]["CapDrop"], ["ALL"])
        self.assertEqual(container["config"]["User"], "10001:10001")
        self.assertIn("ANTHROPIC_ENVIRONMENT_KEY=no-key-of-anybody", container["env"])
        self.engine.exit_container(container["id"])
        self.assert_exit(berth, 78)

    def test_fails_where_the_image_has_no_bash(self) -> None:
        rows = self.find("", exit_code=127, code=78)
        self.assert_result(rows["inside.bash"], "failure", "no /bin/bash")
        self.assertNotIn("inside.user", rows)

    def test_fails_where_a_promise_does_not_hold(self) -> None:
        self.assert_fails("inside.user", "0:0", Uid="0 0 0 0", Gid="0 0 0 0")
        self.assert_fails("inside.capabilities", "2000", CapBnd="0000000000002000")
        self.assert_fails("inside.no_new_privileges", "not set", NoNewPrivs="0")
        self.assert_fails("inside.seccomp", "not filtered", Seccomp="0")
        self.assert_fails("inside.read_only_root", "can be changed", root="rw")
        self.assert_fails("inside.ulimits", "nofile 8192", Max_open_files="4096 8192 files")
        self.assert_fails("inside.ulimits", "core -1", Max_core_file_size="0 unlimited bytes")

    def test_fails_where_a_place_of_the_policy_cannot_be_written(self) -> None:
        self.assert_fails("inside.writable", "/workspace", closed="/workspace")

    def test_warns_of_an_image_without_certificates(self) -> None:
        row = self.find(output(ca=None))["inside.ca_certificates"]
        self.assert_result(row, "warning")
        self.assertIn("ca-certificates", row["remedy"])

    def test_warns_of_a_node_that_goes_past_the_proxy(self) -> None:
        row = self.find(output(proxy="HTTPS_PROXY"))["inside.node_proxy"]
        self.assert_result(row, "warning", "NODE_USE_ENV_PROXY")
        text = output(proxy="HTTPS_PROXY").replace("proxy:", "node_uses_proxy: 1\nproxy:")
        self.assertEqual(self.find(text)["inside.node_proxy"]["result"], "ok")
        self.assertEqual(self.find(output(node=None))["inside.node_proxy"]["result"], "skipped")

    def test_shows_nothing_that_moves_a_terminal(self) -> None:
        row = self.find(output(ca="/etc/\u001b[2J"))["inside.ca_certificates"]
        self.assertNotIn("\u001b", row["what"])

    def test_fails_where_the_engine_does_not_keep_the_policy(self) -> None:
        self.engine.rule(op="inspect", times=0, drop=["/HostConfig/Memory"])
        rows = self.rows_of(self.start_looking(), 78)
        self.assert_result(rows["inside.container"], "failure", "HostConfig.Memory")

    def test_fails_where_the_engine_fails(self) -> None:
        for op in ("create", "start"):
            rule = self.engine.rule(op=op, status=500, body={"message": "no space left"})
            rows = self.rows_of(self.start_looking(), 78)
            self.assert_result(rows["inside.container"], "failure", "no space left")
            self.engine.remove_rules(rule)

    def test_of_an_image_that_is_not_there_is_no_look(self) -> None:
        self.engine.remove_image(self.image)
        rows = self.rows_of(self.start_looking(), 78)
        self.assertEqual(rows["inside.container"]["result"], "skipped")


class ItsContainer(InsideCase):
    def test_is_removed_when_a_signal_comes(self) -> None:
        for number, code in ((2, 130), (15, 143)):
            berth = self.start_looking()
            self.its_container()
            berth.signal(number)
            self.rows_of(berth, code)

    def test_is_removed_when_a_signal_comes_while_it_is_made(self) -> None:
        rule = self.engine.rule(op="create", reply_delay_ms=1000)
        berth = self.start_looking()
        wait_until(lambda: self.engine.hits(rule), 60)
        berth.signal(2)
        self.rows_of(berth, 130)

    def test_is_removed_when_its_create_has_no_answer(self) -> None:
        self.engine.rule(op="create", cut="after")
        rows = self.rows_of(self.start_looking(), 78)
        self.assert_result(rows["inside.container"], "failure")

    def test_that_cannot_be_removed_is_named(self) -> None:
        self.engine.rule(op="remove", status=500, times=0)
        berth = self.start_looking()
        container = self.its_container()
        self.engine.say(container["id"], output())
        self.engine.exit_container(container["id"])
        self.assert_exit(berth, 69)
        [row] = [row for row in json.loads(berth.stdout) if row["result"] == "failure"]
        self.assertEqual(row["check"], "inside.removed")
        self.assert_result(row, "failure")
        self.assertIn(f"rm --force --volumes {container['name']}", row["remedy"])

    def test_of_a_doctor_that_was_killed_is_removed_by_the_next(self) -> None:
        labels = {"berth.instance": "flow-doctor", "berth.environment": self.env["id"],
                  "berth.session": "doctor", "berth.policy": "hardened", "berth.schema": "1"}
        for number, created in (("1", "2020-01-02T03:04:05Z"), ("2", "2999-01-02T03:04:05Z")):
            self.engine.add_container(f"berth-doctor_{number}", created_at=created, create={
                "Image": self.image, "Labels": {**labels, "berth.work": f"doctor_{number}"}})
        berth = self.start_looking()
        container = self.its_container()
        self.engine.say(container["id"], output())
        self.engine.exit_container(container["id"])
        self.assert_exit(berth, 0)
        # The other one may belong to a doctor that looks right now.
        self.assertEqual([row["name"] for row in self.engine.containers()], ["berth-doctor_2"])

    def test_beside_a_berth_that_serves_is_left_alone_by_it(self) -> None:
        served = self.start("run")
        served.wait_event("engine", 60)
        berth = self.start_looking()
        container = self.its_container()
        self.engine.say(container["id"], output())
        self.engine.exit_container(container["id"])
        self.assert_exit(berth, 0)
        self.assertEqual(served.terminate(), 0)
        self.assertEqual(self.engine.containers(), [])
        for name in ("foreign", "adopted", "removed", "not_removed"):
            self.assertEqual(served.events(name), [], name)
        self.assertEqual(self.acks(), [])
