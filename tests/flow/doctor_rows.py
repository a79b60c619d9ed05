# SPDX-License-Identifier: Apache-2.0
"""berth doctor: what is well is said to be, each thing that is missing fails its own check with a
remedy, and nobody is asked for more than what there is."""
from __future__ import annotations

import json
import shlex
import threading
import time
from email.utils import formatdate

from harness import FlowCase
from harness.doctor import LIMITS, DoctorCase, RootlessCase

from fakeengine import PODMAN_CGROUP_V2, PODMAN_ROOTFUL, FakeEngine


class ADoctor(DoctorCase):
    def test_finds_no_failure_where_everything_is_well_and_touches_nothing(self) -> None:
        self.queue()
        rows = self.rows()
        self.assertEqual([row for row in rows.values() if row["result"] == "failure"], [])
        self.assertEqual(rows["engine.version"]["what"], "Docker 20.10.24, API 1.41, cgroup v1")
        self.assertIn("waiting: 1", rows["queue.key"]["what"])
        self.assert_left_alone()

    def test_says_how_each_promise_is_proven(self) -> None:
        rows = self.rows()
        self.assertIn("inspect, process: ", rows["policy.hardened.memory"]["what"])
        self.assertIn("info: ", rows["policy.hardened.seccomp"]["what"])

    def test_says_so_where_the_policy_asks_for_nothing(self) -> None:
        row = self.rows()["policy.hardened.apparmor"]
        self.assertEqual((row["result"], row["what"]),
                         ("ok", "the engine's choice; the policy asks for nothing"))

    def test_looks_at_engine_and_host_before_anything_is_configured(self) -> None:
        berth = self.place.start_plain("doctor", "--engine", self.engine.url, "-o", "json")
        self.assert_exit(berth, 0)
        checks = [row["check"] for row in json.loads(berth.stdout)]
        self.assertIn("policy.hardened.memory", checks)
        self.assertNotIn("key", checks)

    def test_of_a_configuration_that_is_wrong_says_so(self) -> None:
        self.place.settings["sessions"] = 1
        self.assertIn("sessions", self.ask(code=78).stderr)

    def test_ends_by_a_signal(self) -> None:
        is_asked = threading.Event()
        self.cp.fault("stats", hook=lambda record: is_asked.set() or time.sleep(2))
        self.place.write_fleet()
        berth = self.place.start_plain("doctor", "--config", str(self.place.fleet_file))
        is_asked.wait(60)
        berth.signal(2)
        self.assert_exit(berth, 130)
        self.assertNotIn("queue.", berth.stdout, "what was not waited for is not known")


class APolicyOfOnesOwn(DoctorCase):
    """One that asks for what others leave to the engine, and how that is proven."""

    engine_options = {"info": {"DockerRootDir": "/", "SecurityOptions": [
        "name=seccomp,profile=default", "name=apparmor", "name=selinux", "name=userns"]}}
    proofs = {"apparmor": "own-profile; inspect, process: ", "selinux": "own_t; inspect, process: ",
              "user_namespace": "required; info: ", "disk": "1GiB; measure: ",
              "require_secret": "yes; berth: ", "seccomp": "own.json; inspect: "}

    def setUp(self) -> None:
        super().setUp()
        self.place.settings["policy_dir"] = str(self.dir)
        self.place.environment["policy"] = "own"
        (self.dir / "own.json").write_text('{"defaultAction":"SCMP_ACT_ALLOW","syscalls":['
                                           '{"names":["ptrace"],"action":"SCMP_ACT_ERRNO"}]}')
        (self.dir / "own.yaml").write_text(
            "apparmor: own-profile\nselinux: own_t\nuser_namespace: required\n"
            "read_only_root: false\ndisk: 1GiB\nrequire_secret: true\nseccomp: own.json\n")

    def test_is_shown_with_its_values_and_their_proofs(self) -> None:
        rows = self.rows()
        for field, words in self.proofs.items():
            row = rows[f"policy.own.{field}"]
            self.assertEqual(row["result"], "ok", row)
            self.assertTrue(row["what"].startswith(words), row)


class APolicyOfOnesOwnOnPodman(APolicyOfOnesOwn):
    engine_options = {"kind": "podman", "info": {
        "host": {**PODMAN_CGROUP_V2["host"], "security": {
            "rootless": True, "seccompEnabled": True, "apparmorEnabled": True,
            "selinuxEnabled": True}},
        "store": {"graphRoot": "/"}}}
    proofs = {**APolicyOfOnesOwn.proofs, "user_namespace": "required; process: ",
              "seccomp": "own.json; runtime: "}


class TheHost(DoctorCase):
    def test_without_memory_fails(self) -> None:
        self.place.settings["host"]["min_free_memory"] = "8000GiB"
        self.assert_found("memory.free", "failure", "nothing is claimed", code=75)

    def test_without_a_state_dir_that_can_be_written_fails(self) -> None:
        self.place.settings["state_dir"] = str(self.place.key_file / "state")
        self.assert_found("state_dir", "failure", "is no directory",
                          f"ls -l {self.place.key_file}", code=78)
        program = self.place.dir / "program"
        program.touch(0o755)
        self.place.settings["state_dir"] = str(program)
        self.assert_found("state_dir", "failure", "is no directory", code=78)

    def test_where_no_state_dir_can_be_made_fails(self) -> None:
        # The kernel's own file system takes no folder of anybody.
        self.place.settings["state_dir"] = "/proc/sys/no/state"
        self.assert_found("state_dir", "failure", "/proc/sys cannot be written",
                          "install -d -m 700 -o 0 -g 0 /proc/sys/no/state", code=78)

    def test_that_is_not_there_is_a_mistake_of_the_command_line(self) -> None:
        self.assertIn("no directory", self.ask("--host-root", str(self.dir / "none"),
                                               code=64).stderr)

    def test_with_an_organizations_key_fails(self) -> None:
        self.secrets.add("an organization's key", [self.cp.api_key])
        self.assert_found("api_key", "failure", "ANTHROPIC_API_KEY is set",
                          "unset ANTHROPIC_API_KEY", code=78,
                          environ={"ANTHROPIC_API_KEY": self.cp.api_key})


class TheEngine(DoctorCase):
    def test_that_is_away_fails_alone(self) -> None:
        self.engine.vanish()
        row = self.assert_found("engine.reachable", "failure", code=69)
        self.assertRegex(row["remedy"], "^systemctl .*enable --now")
        rows = self.rows(code=69)
        self.assertEqual(rows["engine.version"]["result"], "skipped")
        self.assertEqual(rows["image.present"]["result"], "skipped")
        self.assertEqual(rows["queue.key"]["result"], "ok")

    def test_without_a_disk_fails(self) -> None:
        self.place.settings["host"]["min_free_disk"] = "8000GiB"
        row = self.assert_found("disk.free", "failure", "host.min_free_disk asks", code=75)
        self.assertEqual(row["remedy"], f"docker -H {self.engine.url} system df")


class SilentParties(DoctorCase):
    """Who takes the question and never answers: doctor ends, and says of whom it does not know."""

    def test_an_engine_that_never_answers_fails_alone(self) -> None:
        self.engine.rule(hang="before", times=0)
        self.assert_found("engine.reachable", "failure", "timed out", code=69)

    def test_an_engine_that_falls_silent_is_left_there(self) -> None:
        self.engine.rule(op="image_inspect", hang="before", times=0)
        rows = self.rows("--inside", code=69)
        self.assertEqual({check: rows[check]["result"] for check in
                          ("engine.version", "image.present", "inside.container", "queue.key")},
                         {"engine.version": "ok", "image.present": "failure",
                          "inside.container": "skipped", "queue.key": "ok"})

    def test_a_control_plane_that_asks_for_a_long_pause_is_not_waited_for(self) -> None:
        self.cp.fault("stats", status=503, headers={"retry-after": "100"}, times=None)
        began = time.monotonic()
        self.assert_found("queue.reachable", "failure", "503", code=75)
        self.assertLess(time.monotonic() - began, 60)
        self.assertEqual(len(self.cp.log.of("stats")), 1)

    def test_a_control_plane_that_never_answers_fails(self) -> None:
        self.cp.fault("stats", delay=45, times=None)
        self.assert_found("queue.reachable", "failure", "timed out", code=75)


class WordsOfOthers(DoctorCase):
    def test_are_shown_as_one_line_that_moves_no_terminal(self) -> None:
        self.engine.rule(op="image_inspect", status=500, times=0, body={
            "message": "\x1b]0;title\x07\nqueue.key ok \x9b2J \u202e"})
        answer = self.ask(code=69)
        for bad in ("\x1b", "\x07", "\x9b", "\u202e"):
            self.assertNotIn(bad, answer.stdout + answer.stderr)
        self.assertNotRegex(answer.stdout, "(?m)^queue.key")

    def test_become_no_commands_in_what_is_to_be_pasted(self) -> None:
        key = self.place.dir / "a key;$(reboot)'s"
        key.write_text("sk-test\n")
        key.chmod(0o644)
        self.place.environment["key"] = {"file": str(key)}
        row = self.assert_found("key", "failure", code=78)
        self.assertEqual(shlex.split(row["remedy"]), ["chmod", "600", str(key)])


class AnOldEngine(DoctorCase):
    engine_options = {"api_max": "1.40"}

    def test_fails_with_both_versions(self) -> None:
        row = self.assert_found("engine.version", "failure", "upgrade Docker", code=69)
        self.assertIn("1.40", row["what"])
        self.assertEqual(self.rows(code=69)["engine.reachable"]["result"], "ok")


class AnEngineWithoutAController(DoctorCase):
    engine_options = {"info": {"PidsLimit": False}}

    def test_fails_where_a_policy_promises_the_limit(self) -> None:
        row = self.assert_found("cgroups.controllers", "failure", "pids", code=78)
        self.assertIn("update-grub", row["remedy"])

    def test_is_warned_of_where_no_policy_does(self) -> None:
        self.place.settings["policy_dir"] = str(self.dir)
        self.place.environment["policy"] = "lax"
        (self.dir / "lax.yaml").write_text("unenforced: [pids]\n")
        rows = self.rows()
        self.assertEqual(rows["cgroups.controllers"]["result"], "warning")
        self.assertEqual(rows["policy.lax.pids"]["result"], "warning")
        self.assertIn("not promised", rows["policy.lax.pids"]["what"])
        self.assertEqual(rows["policy.lax.memory"]["result"], "ok")


class AnEngineWithoutSwapLimits(DoctorCase):
    engine_options = {"info": {"SwapLimit": False}}

    def test_fails(self) -> None:
        self.assert_found("cgroups.controllers", "failure", "swap", code=78)


class AnEngineWithoutASystemCallFilter(DoctorCase):
    engine_options = {"info": {"SecurityOptions": ["name=seccomp,profile=unconfined"]}}

    def test_cannot_keep_the_policy(self) -> None:
        self.assert_found("policy.hardened.host", "failure", "seccomp-profile",
                          f"docker -H {self.engine.url} info", code=78)

    def test_is_not_claimed_for(self) -> None:
        self.queue()
        berth = self.run_berth("drain")
        self.assert_exit(berth, 78)
        [event] = berth.events("given_up")
        self.assertIn("seccomp", event["msg"])
        self.assertEqual(self.acks(), [])


class AnEnvironment(DoctorCase):
    def test_whose_key_others_can_read_fails(self) -> None:
        self.place.key_file.chmod(0o644)
        self.assert_found("key", "failure", remedy=f"chmod 600 {self.place.key_file}", code=78)
        self.assertEqual(self.rows(code=78)["queue.key"]["result"], "skipped")

    def test_without_a_key_file_fails(self) -> None:
        self.place.key_file.unlink()
        self.assert_found("key", "failure", str(self.place.key_file),
                          f"install -D -m 600 /dev/stdin {self.place.key_file}", code=78)

    def test_whose_key_file_is_no_file_fails(self) -> None:
        self.place.key_file.unlink()
        self.place.key_file.mkdir()
        file = self.place.key_file
        self.assert_found("key", "failure", "not a regular file", f"mv {file} {file}.old", code=78)

    def test_with_an_empty_key_file_fails(self) -> None:
        self.place.write_key("")
        self.assert_found("key", "failure", "empty", code=78)

    def test_whose_key_is_in_a_variable_that_is_not_set_fails(self) -> None:
        self.place.environment["key"] = {"env": "BUILD_KEY"}
        self.assert_found("key", "failure", "BUILD_KEY is not set",
                          "read -rs BUILD_KEY && export BUILD_KEY", code=78)

    def test_without_its_image_fails(self) -> None:
        self.engine.remove_image(self.image)
        self.assert_found("image.present", "failure", self.image,
                          f"images/session-node/build.sh --load {self.engine.url}", code=78)

    def test_whose_image_will_be_pulled_is_warned_of(self) -> None:
        self.place.environment["image"] = "example.com/worker:1"
        self.assert_found("image.present", "warning", "until it is pulled",
                          f"docker -H {self.engine.url} pull example.com/worker:1")
        self.place.environment["pull"] = "never"
        self.assert_found("image.present", "failure", code=78)


class TheControlPlane(DoctorCase):
    def test_that_is_down_fails(self) -> None:
        self.cp.fault("stats", status=503, times=None)
        row = self.assert_found("queue.reachable", "failure", "503", code=75)
        self.assertIn(self.cp.url, row["remedy"])

    def test_that_rejects_the_key_fails(self) -> None:
        self.rotate_key()
        self.assert_found("queue.key", "failure", "401",
                          f"install -D -m 600 /dev/stdin {self.place.key_file}", code=77)

    def test_that_permits_the_key_no_numbers_is_warned_of(self) -> None:
        self.cp.fault("stats", status=403, times=None)
        self.assert_found("queue.key", "warning", "whether it may poll is not known")

    def test_of_another_time_is_warned_of_and_then_fails(self) -> None:
        for seconds, result, side, code in ((-90, "warning", "ahead of", 0),
                                            (3600, "failure", "behind", 75)):
            self.cp.clear_faults()
            self.cp.fault("stats", status=200, body=b"{}", headers={
                "Date": formatdate(time.time() + seconds, usegmt=True)})
            self.assert_found("clock.skew", result, side, "timedatectl set-ntp true", code=code)

    def test_that_sessions_find_elsewhere_is_looked_for_there(self) -> None:
        self.place.settings["session_base_url"] = "https://no-such-host.invalid"
        self.assert_found("session_url.reachable", "warning", "does not answer this host")
        self.assert_left_alone()

    def test_on_the_hosts_loopback_is_no_place_for_sessions(self) -> None:
        self.place.settings["session_base_url"] = "http://127.0.0.1:1"
        self.assert_found("session_url.reachable", "warning", "that session itself")


class ARootlessEngine(RootlessCase):
    def test_on_a_host_that_gives_it_everything_has_no_failure(self) -> None:
        rows = self.rows()
        for check in ("linger", "subuid", "subgid", "newuidmap", "delegation"):
            self.assertEqual(rows[f"rootless.{check}"]["result"], "ok", rows[f"rootless.{check}"])
        self.assertIn("process: ", rows["policy.hardened.memory"]["what"])

    def test_whose_user_has_no_lasting_session_fails(self) -> None:
        self.host.linger.unlink()
        self.assert_found("rootless.linger", "failure", "agent", "loginctl enable-linger agent",
                          code=78)

    def test_whose_user_has_no_ids_fails(self) -> None:
        for check in ("rootless.subuid", "rootless.subgid"):
            kind = check.removeprefix("rootless.")
            with self.subTest(kind):
                text = (self.host.root / "etc" / kind).read_text()
                self.host.write(f"etc/{kind}", "other:100000:65536\nagents:1:65536\n")
                # Not the range of somebody else.
                self.assert_found(check, "failure", f"/etc/{kind}",
                                  f"usermod --add-{kind}s 165536-231071 agent", code=78)
                self.host.write(f"etc/{kind}", text)

    def test_whose_user_has_few_ids_is_warned_of(self) -> None:
        self.host.write("etc/subuid", "agent:1:1000\nagent:5000:20\n")
        self.assert_found("rootless.subuid", "warning", "1020 ids")

    def test_without_newuidmap_fails(self) -> None:
        self.host.remove("usr/bin/newuidmap")
        self.assert_found("rootless.newuidmap", "failure", "newuidmap",
                          "apt-get install --yes uidmap", code=78)

    def test_whose_user_may_not_limit_memory_fails(self) -> None:
        self.host.delegate("pids cpu")
        row = self.assert_found("rootless.delegation", "failure", "memory", code=78)
        self.assertIn("Delegate=cpu memory pids", row["remedy"])

    def test_whose_user_has_no_session_fails(self) -> None:
        (self.host.session / "cgroup.controllers").unlink()
        self.assert_found("rootless.delegation", "failure", "agent",
                          "loginctl enable-linger agent", code=78)

    def test_on_a_host_without_systemd_is_not_asked_for_it(self) -> None:
        (self.host.root / "run/systemd/system").rmdir()
        self.host.linger.unlink()
        self.assertEqual(self.rows()["rootless.linger"]["result"], "skipped")


class ARootlessEngineOnCgroupV1(RootlessCase):
    engine_options = {"kind": "podman"}

    def test_is_warned_of_and_cannot_keep_the_limits(self) -> None:
        self.assert_found("policy.hardened.host", "failure", "limits nothing on cgroup v1", code=78)
        row = self.rows(code=78)["cgroups.version"]
        self.assert_result(row, "warning")
        self.assertIn("systemd.unified_cgroup_hierarchy=1", row["remedy"])

    def test_will_do_where_the_policy_waives_them(self) -> None:
        self.place.settings["policy_dir"] = str(self.dir)
        self.place.environment["policy"] = "lax"
        (self.dir / "lax.yaml").write_text(f"unenforced: [{', '.join(LIMITS)}]\n")
        rows = self.rows()
        for field in LIMITS:
            self.assertEqual(rows[f"policy.lax.{field}"]["result"], "warning", field)


class AFleet(FlowCase):
    def test_is_looked_at_engine_by_engine(self) -> None:
        with FakeEngine(kind="podman", images=[self.image], info=PODMAN_ROOTFUL) as podman:
            other = self.serve_another_environment()
            del self.place.settings["engine"]
            self.place.settings["engines"] = {"docker": {"socket": self.engine.url},
                                              "podman": {"socket": podman.url}}
            for environment, engine in zip(self.place.settings["environments"],
                                           ("docker", "podman")):
                environment["engine"] = engine
            podman.vanish()
            self.place.write_fleet()
            berth = self.place.start_plain("doctor", "--config", str(self.place.fleet_file), "-o",
                                           "json")
            self.assert_exit(berth, 69)
            rows = json.loads(berth.stdout)
        reachable = {row["engine"]: row["result"] for row in rows
                     if row["check"] == "engine.reachable"}
        self.assertEqual(reachable, {"docker": "ok", "podman": "failure"})
        images = {row["environment"]: row["result"] for row in rows
                  if row["check"] == "image.present"}
        self.assertEqual(images, {"test": "ok", other["id"]: "skipped"})
