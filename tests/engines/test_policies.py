# SPDX-License-Identifier: Apache-2.0
"""Policies beside `hardened`: which of them an engine can keep, and what berth does where it cannot.
What sessions can and cannot do under those that come with berth is in tests/hardening. What the
policy of this engine waives is waived in a copy of them, by `extends`."""
from __future__ import annotations

import private_engine
from engine_case import SECONDS
from kinds import KIND
from policy_case import PolicyCase

setUpModule, tearDownModule = private_engine.start, private_engine.stop


class Strict(PolicyCase):
    def test_filters_system_calls_of_every_process(self) -> None:
        self.use("strict")
        self.assertEqual(self.inside(*(f"grep -h '^Seccomp:' /proc/{pid}/status"
                                       for pid in ("self", "$PPID", "1"))), ["Seccomp: 2"] * 3)


class ASessionThatWritesToDisk(PolicyCase):
    def test_is_ended_when_it_has_written_more_than_its_policy_allows(self) -> None:
        self.use("hardened", "read_only_root: false", "disk: 4MiB",
                 "tmpfs: [{ path: /tmp, size: 64MiB, mode: '1777', exec: true }]")
        [item] = self.queue(end="hold", script=[
            "head -c 8M /dev/zero >/workspace/file && echo written"])
        berth = self.start("drain", "--wait")
        self.assertEqual([text.strip() for text in self.wait_result(item)], ["written"])
        self.assertEqual(berth.wait_event("stopping", SECONDS)["reason"], "disk")
        berth.wait(SECONDS)
        record = self.place.records(item["id"])[-1]
        self.assertEqual(record["ended_by"], "disk")
        self.assert_nothing_left()


class APromiseThatThisEngineCannotKeep(PolicyCase):
    def test_is_refused_before_anything_is_claimed(self) -> None:
        for line, words in {
                "apparmor: own-profile": "apparmor: its host has no AppArmor",
                "selinux: container_t": "selinux: its host has no SELinux",
                **({} if KIND.rootless else {
                    "user_namespace: required": "root in its containers is the host's root"})
        }.items():
            with self.subTest(line):
                self.use("hardened", line)
                [item] = self.queue()
                berth = self.start("drain", "--wait")
                self.assert_exit(berth, 78, SECONDS)
                self.assertEqual(self.cp.log.of(("poll", "ack", "stop")), [])
                self.assertEqual(self.cp.item(item["id"])["state"], "queued")
                self.assertEqual(self.watcher.all(), [])
                self.assertIn(words, berth.stderr)


class Gvisor(PolicyCase):
    def test_is_refused_before_anything_is_claimed_where_there_is_no_runsc(self) -> None:
        self.use("gvisor")
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 78, SECONDS)
        self.assertEqual(self.cp.log.all(), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        self.assertEqual(self.watcher.all(), [])
        # The policy, the engine with its version, the field, and what to change.
        [event] = berth.events("given_up")
        version = self.engine.call("GET", "/version")["Version"]
        engine = "Docker" if KIND.name == "docker" else "Podman"
        self.assertIn(f"policy 'own' cannot be kept by {engine} {version}", event["msg"])
        self.assertIn("runtime: the policy asks for runsc, ", event["msg"])
        self.assertIn(KIND.runtime_remedy, event["msg"])
