# SPDX-License-Identifier: Apache-2.0
"""berth doctor on a real engine that berth can work with: it finds no failure, from outside and from
inside a container of the session image, and leaves nothing."""
from __future__ import annotations

import json

import private_engine
from engine_case import SECONDS, EngineCase
from kinds import KIND

setUpModule, tearDownModule = private_engine.start, private_engine.stop

# What the session image has, and each policy of these tests promises.
INSIDE = ("bash", "user", "capabilities", "no_new_privileges", "seccomp", "read_only_root",
          "ulimits", "writable", "ca_certificates", "node_proxy")


class ADoctor(EngineCase):
    def rows(self, *arguments: str) -> dict[str, dict]:
        berth = self.place.start_plain("doctor", "--config", str(self.place.write_fleet()), "-o",
                                       "json", *arguments)
        self.assert_exit(berth, 0, SECONDS)
        self.assert_nothing_left()
        # The numbers of the queue, and, without a key, whether sessions would find anybody.
        self.assertLessEqual({record.endpoint for record in self.cp.log.all()},
                             {"stats", "unknown"})
        rows = json.loads(berth.stdout)
        self.assertEqual([row for row in rows if row["result"] == "failure"], [])
        return {row["check"]: row for row in rows}

    def test_finds_no_failure_and_what_the_policy_waives(self) -> None:
        rows = self.rows()
        name = "Docker" if KIND.name == "docker" else "Podman"
        self.assertTrue(rows["engine.version"]["what"].startswith(name), rows["engine.version"])
        self.assertEqual("rootless.subuid" in rows, "rootless" in rows["engine.version"]["what"])
        waived = {check.rpartition(".")[2] for check, row in rows.items()
                  if check.startswith("policy.") and row["result"] == "warning"}
        self.assertEqual(waived, set(KIND.unenforced))

    def test_finds_the_promises_kept_inside_and_removes_its_container(self) -> None:
        rows = self.rows("--inside")
        self.assertEqual({f"inside.{name}": rows[f"inside.{name}"]["result"] for name in INSIDE},
                         {f"inside.{name}": "ok" for name in INSIDE})
        self.assertEqual({check for check in rows if check.startswith("inside.")},
                         {f"inside.{name}" for name in INSIDE})
