# SPDX-License-Identifier: Apache-2.0
"""Rootless Podman on cgroup v1 limits nothing, so that `hardened` is not for it."""
from __future__ import annotations

import private_engine
from engine_case import SECONDS, EngineCase
from harness import ROOT
from kinds import KIND

setUpModule, tearDownModule = private_engine.start, private_engine.stop


class ThePolicyHardened(EngineCase):
    def test_is_refused_before_anything_is_asked_of_the_queue(self) -> None:
        self.place.environment["policy"] = "hardened"
        self.place.settings["policy_dir"] = str(ROOT / "policies")
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 78, SECONDS)
        self.assertEqual(self.cp.log.all(), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        self.assertEqual(self.watcher.all(), [])
        [why] = [event["msg"] for event in berth.events() if "cgroup" in event.get("msg", "")]
        for words in (",".join(KIND.unenforced), "rootless Podman limits nothing on cgroup v1",
                      "boot the host with cgroup v2", "delegates controllers",
                      "loginctl enable-linger", "`unenforced`"):
            self.assertIn(words, why)
