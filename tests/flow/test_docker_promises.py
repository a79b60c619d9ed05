# SPDX-License-Identifier: Apache-2.0
"""What a Docker daemon or its host does not have is noticed before anything is claimed."""
from harness import FlowCase


class AHostThatCannotKeepThePolicy(FlowCase):
    def refused(self, policy: str) -> str:
        """What berth says when it refuses this policy without a word to the queue."""
        policies = self.dir / "policies"
        policies.mkdir(exist_ok=True)
        (policies / "own.yaml").write_text(policy)
        self.place.settings["policy_dir"] = str(policies)
        self.place.environment["policy"] = "own"
        [item] = self.queue()
        berth = self.start("drain")
        self.assert_exit(berth, 78)
        self.assertEqual(self.cp.log.all(), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        self.assertEqual(self.engine.requests("create"), [])
        [event] = berth.events("given_up")
        return event["msg"]

    def test_says_which_field_on_which_engine_and_what_to_do(self) -> None:
        for policy, words in {
                "apparmor: own-profile\n": ("apparmor: its host has no AppArmor",
                                            "would leave this out", "enable AppArmor"),
                "selinux: own_t\n": ("selinux: its host has no SELinux", "enable SELinux"),
                "user_namespace: required\n": ("user_namespace: root in its containers is the "
                                               "host's root", "userns-remap"),
                "runtime: runsc\n": ("runtime: the policy asks for runsc, the engine knows runc",
                                     "daemon.json")}.items():
            with self.subTest(policy):
                said = self.refused(policy)
                for word in ("policy 'own' cannot be kept by Docker 20.10.24", *words):
                    self.assertIn(word, said)


class ADaemonWithoutAFilter(AHostThatCannotKeepThePolicy):
    engine_options = {"info": {"SecurityOptions": ["name=seccomp,profile=unconfined"]}}

    def test_says_which_field_on_which_engine_and_what_to_do(self) -> None:
        self.assertIn("seccomp: this Docker filters no system calls", self.refused("pids: 99\n"))


class AnAppArmorProfile(FlowCase):
    """Docker learns from its runtime, at the start, that its host does not have it."""

    engine_options = {"info": {"SecurityOptions": ["name=seccomp,profile=default",
                                                   "name=apparmor"]}}

    def test_that_the_host_does_not_have_is_named_with_a_remedy_and_costs_one_session(self) -> None:
        policies = self.dir / "policies"
        policies.mkdir()
        (policies / "own.yaml").write_text("apparmor: no-such-profile\n")
        self.place.settings["policy_dir"] = str(policies)
        self.place.environment.update(policy="own", sessions=1)
        self.engine.rule(op="start", status=400, times=0, body={"message": (
            "OCI runtime create failed: runc create failed: unable to start container process: "
            "error during container init: unable to apply apparmor profile: write "
            "/proc/self/attr/apparmor/exec: no such file or directory: unknown")})
        items = self.queue(3)
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 75)
        for event in ("launch_failed", "force_stopped", "paused"):
            self.assertIn("apparmor: the engine's host has no profile 'no-such-profile'; load it "
                          "there, or take `apparmor` out of the policy",
                          berth.wait_event(event)["msg"], event)
        self.assertEqual(sorted(self.cp.item(item["id"])["state"] for item in items),
                         ["queued", "queued", "stopped"])
        self.assert_nothing_left()
