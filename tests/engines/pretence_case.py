# SPDX-License-Identifier: Apache-2.0
"""Sessions on an engine that only pretends to keep a promise (tampering.py)."""
from __future__ import annotations

from engine_case import SECONDS, EngineCase
from harness import wait_until
from kinds import KIND
from tampering import Pretence, PretendingEngine


class PretenceCase(EngineCase):
    def assert_each_refused(self, pretences: list[Pretence]) -> None:
        # A promise that the policy waives anyhow cannot be broken.
        for pretence in [each for each in pretences if each.waiver not in KIND.unenforced]:
            with self.subTest(pretence.name):
                self.assert_refused(pretence)

    def assert_refused(self, pretence: Pretence) -> None:
        """Nothing is acked and nothing runs; berth names the field and what would help, ends with
        78 and leaves the item and the engine as they were."""
        place = self.add_place(pretence.name.replace(" ", "-"))
        socket = place.dir / "engine.sock"
        place.settings["engine"] = {"socket": f"unix://{socket}"}
        [item] = self.queue()
        with PretendingEngine(self.engine.socket_path, socket, pretence) as engine:
            berth = place.start("drain", "--wait")
            self.assert_exit(berth, 78, SECONDS)
        self.assertEqual(engine.changed, 1)
        [failed] = berth.events("launch_failed")
        self.assertEqual(failed["msg"].split(":")[0].split(" ")[0], pretence.field)
        self.assertIn(pretence.remedy, failed["msg"])
        self.assertEqual(self.cp.log.of(["ack", "stop"]), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        wait_until(lambda: self.watcher.of(item["id"]), SECONDS, "no event tells of the container")
        self.assertEqual(self.the_container_of(item).starts, 0)
        self.assert_nothing_left()
        # Not for the next one.
        self.cp.remove(item["id"])
