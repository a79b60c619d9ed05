# SPDX-License-Identifier: Apache-2.0
"""The ack: repeated, looked up, lost. A container starts only if the item is provably free."""
from harness import FlowCase


class AnAck(FlowCase):
    def setUp(self) -> None:
        super().setUp()
        [self.item] = self.queue()

    def drain(self, code: int = 0) -> None:
        self.berth = self.start("drain", "--wait")
        self.assert_exit(self.berth, code)

    def statuses(self) -> list:
        return [record.status for record in self.acks(self.item)]

    def assert_ran_once(self) -> None:
        self.assertEqual(self.cp.item(self.item["id"])["state"], "stopped")
        self.assertEqual(len(self.engine.requests("start")), 1)
        self.assertEqual(len(self.first_heartbeats(self.item)), 1)
        self.assertEqual(self.stops(), [])
        self.assert_nothing_left()

    def assert_not_started(self) -> None:
        self.assertEqual(self.engine.requests("start"), [])
        self.assertEqual(self.stops(), [])
        self.assert_nothing_left()

    def test_is_repeated_after_a_failure_of_the_server(self) -> None:
        self.cp.fault("ack", status=503, times=2)
        self.drain()
        self.assertEqual(self.statuses(), [503, 503, 200])
        self.assert_ran_once()

    def test_whose_reply_was_lost_is_repeated(self) -> None:
        self.cp.fault("ack", reset=True, when="after")
        self.drain()
        self.assertEqual(self.statuses(), ["reset", 200])
        self.assert_ran_once()

    def test_answered_with_429_waits_as_long_as_it_was_told(self) -> None:
        self.cp.fault("ack", status=429, headers={"retry-after": "1"})
        self.drain()
        first, second = self.acks(self.item)
        self.assertGreaterEqual(second.time - first.time, 1.0)
        self.assert_ran_once()

    def test_that_stays_in_doubt_is_looked_up_and_the_untouched_item_left_queued(self) -> None:
        self.cp.fault("ack", status=503, times=None)
        self.drain(75)
        self.assertEqual(set(self.statuses()), {503})
        self.assertTrue(self.cp.log.of("list"))
        self.assertEqual(self.cp.item(self.item["id"])["state"], "queued")
        self.assert_not_started()

    def test_that_stays_in_doubt_but_shows_in_the_list_is_good_enough(self) -> None:
        self.cp.fault("ack", reset=True, when="after", times=None)
        self.drain()
        self.assertEqual(set(self.statuses()), {"reset"})
        self.assert_ran_once()

    def test_in_doubt_with_no_list_to_look_at_does_not_start(self) -> None:
        self.cp.fault("ack", status=429, times=None)
        self.cp.fault("list", status=503, times=None)
        self.drain(75)
        self.assertEqual(len(self.berth.events("undecided")), 1)
        self.assert_not_started()

    def test_that_may_have_happened_keeps_its_container_for_the_next_start(self) -> None:
        self.cp.fault("ack", reset=True, when="after", times=None)
        self.cp.fault("list", status=503, times=None)
        self.drain(75)
        self.assertEqual(self.cp.item(self.item["id"])["state"], "starting")
        self.assertEqual(self.container_of(self.item)["state"], "created")
        self.assertEqual(self.engine.requests("start"), [])
        self.cp.clear_faults()
        self.drain()
        self.assert_ran_once()

    def test_of_an_item_that_another_host_acked_and_runs_does_not_start(self) -> None:
        def take(_: object) -> None:
            self.cp.foreign_ack(self.item["id"])
            self.cp.foreign_heartbeat(self.item["id"])
        self.cp.fault("ack", hook=take)
        self.drain()
        self.assertEqual(self.statuses(), [200])
        self.assertEqual(len(self.berth.events("lost")), 1)
        self.assertEqual(self.cp.item(self.item["id"])["state"], "active")
        self.assert_not_started()

    def test_of_an_item_that_another_host_has_finished_does_not_start(self) -> None:
        def take(_: object) -> None:
            self.cp.foreign_ack(self.item["id"])
            self.cp.foreign_stop(self.item["id"])
        self.cp.fault("ack", hook=take)
        self.drain()
        self.assertIn(409, self.statuses())
        self.assert_not_started()

    def test_of_an_item_that_is_gone_does_not_start(self) -> None:
        self.cp.fault("ack", hook=lambda record: self.cp.remove(self.item["id"]))
        self.start("drain", "--wait").wait()
        self.assert_not_started()

    def test_won_by_two_hosts_is_decided_by_the_first_heartbeat(self) -> None:
        self.cp.fault("ack", hook=lambda record: self.cp.foreign_ack(self.item["id"]))
        self.cp.fault("heartbeat", hook=lambda record: self.cp.foreign_heartbeat(self.item["id"]))
        self.drain()
        self.assertEqual([record.status for record in self.cp.log.of("heartbeat")], [412])
        self.assertEqual(self.cp.item(self.item["id"])["state"], "active")
        self.assertEqual(self.cp.log.of("stop"), [])
        self.assert_nothing_left()


class AnAckWhereRepeatingIsAConflict(FlowCase):
    environment_options = {"acked_again": 409}

    def test_is_looked_up_and_then_started(self) -> None:
        [item] = self.queue()
        self.cp.fault("ack", reset=True, when="after")
        self.assert_exit(self.start("drain", "--wait"), 0)
        self.assertEqual([record.status for record in self.acks(item)], ["reset", 409])
        [look] = [record for record in self.cp.log.of("list")][:1]
        [start] = self.engine.requests("start")
        self.assertLess(self.acks(item)[-1].time, look.time)
        self.assertLess(look.time, start["time"])
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assertEqual(self.stops(), [])


class AnItemHandedOutTwice(FlowCase):
    def test_is_run_once(self) -> None:
        self.cp.fault("poll", when="after", offer=True, duplicate=True)
        self.engine.rule(op="create", delay_ms=500)
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0)
        self.assertEqual(self.cp.item(item["id"])["offers"], 2)
        self.assertEqual(len(self.engine.requests("create")), 1)
        self.assertEqual(len(self.engine.requests("start")), 1)
        self.assertEqual(len(self.first_heartbeats(item)), 1)
        self.assert_nothing_left()
