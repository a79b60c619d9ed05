# SPDX-License-Identifier: Apache-2.0
"""berth doctor on a real engine that berth can work with: it finds no failure, from outside and from
inside a container of the session image, and leaves nothing."""
from __future__ import annotations

import json
import os
import re
from pathlib import Path

import private_engine
from engine_case import SECONDS, EngineCase
from kinds import KIND

setUpModule, tearDownModule = private_engine.start, private_engine.stop

# What the session image has, and each policy of these tests promises.
INSIDE = ("bash", "user", "capabilities", "no_new_privileges", "seccomp", "read_only_root",
          "ulimits", "writable", "ca_certificates", "node_proxy")

# What these say is the machine's matter as much as the engine's.
OF_THE_MACHINE = ("memory.free", "state_dir", "cgroups.", "disk.free", "rootless.")
GOLDEN = Path(__file__).resolve().parents[1] / "golden/engines"


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

    def test_says_what_was_reviewed(self) -> None:
        text = "".join(self.stable(row) for row in self.rows("--inside").values())
        file = GOLDEN / f"doctor_{KIND.name}.txt"
        if os.environ.get("GOLDEN_UPDATE"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        self.maxDiff = None
        self.assertEqual(text, file.read_text(),
                         f"GOLDEN_UPDATE=1 make check-{KIND.name} writes {file} anew")

    def stable(self, row: dict) -> str:
        """The row as a line, without what is another machine's or run's."""
        if row["check"].startswith(OF_THE_MACHINE):
            return f"{row['check']}\n"
        text = f"{row['check']}: {row['result']}: {row['what']}\n"
        for word, value in (("ENGINE", private_engine.url), ("DIR", str(self.place.dir)),
                            ("CONTROL", self.cp.url), ("SESSIONS", self.cp.urls[1]),
                            ("ENVIRONMENT", self.env["id"])):
            text = text.replace(value, word)
        text = re.sub(r"^(engine.version: ok: [A-Z]\w+) .*", r"\1", text)
        text = re.sub(r"sha256:[0-9a-f]+", "sha256:DIGEST", text)
        text = re.sub(r"Node v[0-9.]+", "Node VERSION", text)
        return re.sub(r"in \d+ ms", "in N ms", text)
