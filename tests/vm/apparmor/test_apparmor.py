# SPDX-License-Identifier: Apache-2.0
"""`apparmor:` of a policy, on a Docker whose host has AppArmor."""
from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "engines"))

import private_engine  # noqa: E402
from engine_case import SECONDS  # noqa: E402
from policy_case import PolicyCase  # noqa: E402

setUpModule, tearDownModule = private_engine.start, private_engine.stop


class AProfile(PolicyCase):
    def test_that_is_loaded_confines_every_process_of_a_session(self) -> None:
        self.use("hardened", "apparmor: docker-default")
        profiles = self.inside(*(f"cat /proc/{pid}/attr/current" for pid in ("self", "$PPID", "1")))
        self.assertEqual(profiles, ["docker-default (enforce)"] * 3)

    def test_of_the_engine_confines_where_the_policy_names_none(self) -> None:
        self.use("hardened")
        self.assertEqual(self.inside("cat /proc/self/attr/current"), ["docker-default (enforce)"])

    def test_that_is_not_loaded_is_refused_by_name(self) -> None:
        self.use("hardened", "apparmor: no-such-profile")
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 75, SECONDS)
        [event] = berth.events("launch_failed")
        self.assertIn("apparmor: the engine's host has no profile 'no-such-profile'", event["msg"])
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assertEqual(self.results(item), [])
        self.assert_nothing_left()
