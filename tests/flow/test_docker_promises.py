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
