# SPDX-License-Identifier: Apache-2.0
"""drain: runs what is queued, then leaves."""
from harness import FlowCase


class ADrain(FlowCase):
    def test_of_an_empty_queue_ends_at_once_with_0(self) -> None:
        berth = self.start("drain")
        self.assert_exit(berth, 0)
        self.assertEqual(len(self.cp.log.of("poll")), 1)
        self.assertEqual(self.engine.stats()["created"], 0)
        self.assert_nothing_left()

    def test_runs_a_queued_session_to_its_end(self) -> None:
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assert_nothing_left()
