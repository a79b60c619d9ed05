# SPDX-License-Identifier: Apache-2.0
"""What a Podman does not keep is noticed: of the host before anything is claimed, of a container before
its item is taken."""
from typing import Any

from flow.onpodman import OnPodman
from harness import ROOT, FlowCase, Place, wait_until

from fakeengine import PODMAN_CGROUP_V2

LIMITS = "memory,swap,pids,cpus"
NO_SESSION = {"host": {"cgroupVersion": "v2", "cgroupManager": "cgroupfs",
                       "cgroupControllers": ["cpuset", "cpu", "io", "memory", "pids"]}}


class HardenedCase(OnPodman, FlowCase):
    policy = "hardened"

    def add_place(self, *arguments: Any, **settings: Any) -> Place:
        place = super().add_place(*arguments, **settings)
        place.settings["policy_dir"] = str(ROOT / "policies")
        return place


class AHostThatKeepsNoLimits(HardenedCase):

    def assert_refused(self, verb: str, remedy: str) -> None:
        [item] = self.queue()
        berth = self.start(verb)
        self.assert_exit(berth, 78)
        said = berth.wait_event("given_up")["msg"] if berth.is_running() else \
            berth.events("given_up")[0]["msg"]
        for word in ("policy 'hardened'", "Podman 4.3.1", "rootless", LIMITS, remedy, "unenforced"):
            self.assertIn(word, said)
        self.assertEqual(self.cp.log.all(), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        self.assertEqual(self.engine.requests("create"), [])

    def test_ends_a_drain_before_its_first_poll(self) -> None:
        self.assert_refused("drain", "cgroup v2")

    def test_ends_a_run_before_its_first_poll(self) -> None:
        self.assert_refused("run", "cgroup v2")

    def test_pauses_only_the_environments_that_need_them(self) -> None:
        other = self.serve_another_environment()
        (self.place.dir / "policies").mkdir()
        for name, folder in (("hardened", "policies"), ("rootless-v1", "tests/policies")):
            (self.place.dir / "policies" / f"{name}.yaml").write_text(
                (ROOT / folder / f"{name}.yaml").read_text())
        self.place.settings["policy_dir"] = str(self.place.dir / "policies")
        self.place.settings["environments"][1]["policy"] = "rootless-v1"
        [refused] = self.queue()
        items = self.cp.queue(other["id"], 2)
        self.secrets.add("a sessions token", [item["token"] for item in items])
        self.assert_exit(self.start("drain", "--wait"), 78)
        self.assertEqual({self.cp.item(item["id"])["state"] for item in items}, {"stopped"})
        self.assertEqual(self.cp.item(refused["id"])["state"], "queued")


class AHostWithoutAUserSession(AHostThatKeepsNoLimits):
    engine_options = {"kind": "podman", "info": NO_SESSION}

    def test_ends_a_drain_before_its_first_poll(self) -> None:
        self.assert_refused("drain", "loginctl enable-linger")

    def test_ends_a_run_before_its_first_poll(self) -> None:
        self.assert_refused("run", "loginctl enable-linger")


class PromiseCase(FlowCase):
    def assert_refused(self, *words: str) -> None:
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 78)
        said = berth.events("launch_failed")[0]["msg"]
        for word in words:
            self.assertIn(word, said)
        self.assertEqual(self.cp.log.of(("ack", "stop")), [])
        self.assertEqual(self.engine.requests("start"), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        self.assert_nothing_left()


class AContainer(OnPodman, PromiseCase):
    def test_without_its_ulimits_is_not_started(self) -> None:
        self.engine.rule(op="create", lose=["/r_limits"], times=0)
        self.assert_refused("Ulimits", "unenforced")

    def test_whose_ulimits_are_only_shown_is_not_started(self) -> None:
        """The process itself has others than inspect says."""
        self.engine.rule(op="create", amend={"/r_limits/0/hard": 9000, "/r_limits/0/soft": 9000},
                         times=0)
        limits = [{"Name": f"RLIMIT_{name}", "Soft": value, "Hard": value}
                  for name, value in (("NOFILE", 4096), ("NPROC", 16384), ("CORE", 0))]
        self.engine.rule(op="inspect", set={"/HostConfig/Ulimits": limits}, times=0)
        self.assert_refused("nofile: asked for 4096, but the limit is 9000", "ulimits")

    def test_with_one_more_capability_is_not_started(self) -> None:
        self.engine.rule(op="create", amend={"/cap_add": ["CAP_NET_RAW"]}, times=0)
        self.assert_refused("BoundingCaps", "CAP_NET_RAW")


class AContainerWithoutACgroup(HardenedCase, PromiseCase):
    """The host says that it can limit, inspect shows the limits, and the process has none."""

    engine_options = {"kind": "podman", "info": PODMAN_CGROUP_V2}

    def test_of_its_own_is_not_started(self) -> None:
        self.assert_refused("memory: asked for 2147483648, but there is no limit in cgroup",
                            "loginctl enable-linger", "unenforced")


class ADeadMonitor(OnPodman, FlowCase):
    def test_is_noticed_by_the_process_that_is_gone(self) -> None:
        """The engine says "running" for ever; berth looks at the process once a minute."""
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start("run")
        self.wait_container(item)
        wait_until(lambda: self.first_heartbeats(item), what="no heartbeat")
        self.engine.lose_conmon(f"berth-{item['id']}")
        ended = berth.wait_event("exited", 120)
        self.assertIn("its process is gone", ended["msg"])
        self.assertNotIn("exit_code", ended)
        berth.wait_event("removed")
        self.assertEqual(self.place.records(item["id"])[-1]["exit_code"], -1)
        self.assertEqual(self.stops(), [])
        self.wait_no_containers()
        self.assertEqual(berth.terminate(), 0)
