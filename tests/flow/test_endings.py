# SPDX-License-Identifier: Apache-2.0
"""How sessions end: by themselves, by dying, at a limit. And what becomes of their items."""
import signal

from harness import FlowCase, wait_until


class EndingCase(FlowCase):
    def drain_one(self, *words: str, code: int = 0) -> dict:
        """Drains one session whose worker behaves like that; returns its item."""
        self.engine.worker("*", *words)
        [item] = self.queue()
        self.berth = self.start("drain", "--wait")
        self.assert_exit(self.berth, code)
        self.assert_nothing_left()
        return item

    def assert_force_stopped_once(self, item: dict) -> None:
        """Once, and after a look at the item that followed its ack."""
        [stop] = self.stops(item)
        self.assertEqual(stop.body, {"force": True})
        acked = self.acks(item)[-1].time
        self.assertTrue([look for look in self.cp.log.of("list", status=200)
                         if acked < look.time < stop.time], "force-stopped without a look")
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assertTrue(self.place.records(item["id"])[-1]["force_stopped"])


class AContainerThatDies(EndingCase):
    def test_before_its_first_heartbeat_has_its_item_force_stopped_once(self) -> None:
        item = self.drain_one("crash-before-beat", code=75)
        self.assert_force_stopped_once(item)
        self.assertEqual(self.place.records(item["id"])[-1]["exit_code"], 1)

    def test_cleanly_before_its_first_heartbeat_has_its_item_force_stopped_too(self) -> None:
        self.engine.worker("*", "silent")
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        berth.wait_event("started")
        self.signal_worker(item)
        self.assert_exit(berth, 75)
        self.assert_force_stopped_once(item)

    def test_after_a_heartbeat_is_left_to_its_lease(self) -> None:
        item = self.drain_one("crash-after-beat")
        self.assertEqual(self.cp.log.of("stop"), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "active")
        self.assertEqual(self.place.records(item["id"])[-1]["ended_by"], "itself")

    def test_of_a_session_that_somebody_else_stopped_meanwhile_is_left_alone(self) -> None:
        self.engine.worker("*", "silent")
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        berth.wait_event("started")
        self.cp.foreign_stop(item["id"])
        self.signal_worker(item, signal.SIGKILL)
        self.assert_exit(berth, 0)
        self.assertEqual(self.stops(), [])

    def test_while_another_holder_has_the_item_is_left_alone(self) -> None:
        self.engine.worker("*", "silent")
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        berth.wait_event("started")
        self.cp.foreign_heartbeat(item["id"])
        self.signal_worker(item, signal.SIGKILL)
        self.assert_exit(berth, 0)
        self.assertEqual(self.stops(), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "active")

    def test_out_of_memory_is_recorded_so(self) -> None:
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        wait_until(lambda: self.first_heartbeats(item))
        self.engine.exit_container(f"berth-{item['id']}", 137, oom=True)
        self.assert_exit(berth, 0)
        record = self.place.records(item["id"])[-1]
        self.assertEqual((record["exit_code"], record["oom_killed"]), (137, True))
        self.assertEqual(self.stops(), [])

    def test_three_times_for_one_session_has_the_next_item_refused(self) -> None:
        self.engine.worker("*", "crash-before-beat")
        berth = self.start("run")
        for count in range(1, 4):
            [item] = self.queue(session="sesn_unlucky")
            self.cp.wait_stopped([item["id"]])
            berth.wait_event("died_unbeaten", count=count)
        [last] = self.queue(session="sesn_unlucky")
        self.cp.wait_stopped([last["id"]])
        self.assertEqual(len(berth.events("refused", work=last["id"])), 1)
        self.assertEqual(len(self.engine.requests("create")), 3)
        self.assertEqual(len(self.acks(last)), 1)
        self.assertEqual(len(self.stops(last)), 1)
        [other] = self.queue(session="sesn_other", work="work_other")
        self.engine.remove_rules()
        self.cp.wait_stopped([other["id"]])
        self.wait_no_containers()
        self.assertEqual(berth.terminate(), 0)


class AWorkerThatLeavesAtOnce(EndingCase):
    def test_with_exit_code_0_and_no_heartbeat_is_flagged(self) -> None:
        self.engine.worker("*", "silent")
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        berth.wait_event("started", work=item["id"])
        self.signal_worker(item)
        self.assert_exit(berth, 75)
        self.assertIn("foreground", berth.wait_event("quick_exit", work=item["id"])["msg"])
        self.assertTrue(self.place.records(item["id"])[-1]["quick_exit"])
        self.assert_force_stopped_once(item)

    def test_because_its_item_was_stopped_is_told_from_one_in_the_background(self) -> None:
        self.engine.worker("*", "silent")
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        berth.wait_event("started", work=item["id"])
        self.cp.foreign_stop(item["id"])
        self.signal_worker(item)
        self.assert_exit(berth, 0)
        self.assertIn("its item was stopped", berth.wait_event("quick_exit")["msg"])
        self.assertTrue(self.place.records(item["id"])[-1]["quick_exit"])
        self.assertEqual(self.stops(), [])

    def test_after_its_session_is_not(self) -> None:
        item = self.drain_one("exit-0", code=0)
        self.assertFalse(self.place.records(item["id"])[-1]["quick_exit"])


class AKeyThatMayNotList(EndingCase):
    def test_is_warned_of_once_and_nothing_is_force_stopped(self) -> None:
        self.cp.fault("list", status=403, times=None)
        self.engine.worker("*", "crash-before-beat")
        items = self.queue(2)
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 75)
        self.assertEqual(len(berth.events("list_not_permitted")), 1)
        self.assertEqual(len(self.cp.log.of("list")), 1)
        self.assertEqual(len(berth.events("undecided")), 2)
        self.assertEqual(self.stops(), [])
        self.assertEqual({self.cp.item(item["id"])["state"] for item in items}, {"starting"})
        self.assert_nothing_left()

    def test_does_not_end_sessions_whose_heartbeats_it_cannot_see(self) -> None:
        self.cp.fault("list", status=403, times=None)
        self.place.environment["timeouts"].update(first_heartbeat="1s")
        self.engine.worker("*", "run-2500")
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--wait"), 0)
        self.assertEqual(self.place.records(item["id"])[-1]["ended_by"], "itself")
        self.assertEqual(len(self.worker_stops(item)), 1)


class ASilentContainer(EndingCase):
    def test_is_ended_after_first_heartbeat_and_its_item_force_stopped(self) -> None:
        self.place.environment["timeouts"].update(first_heartbeat="1s")
        item = self.drain_one("silent", code=75)
        self.assert_force_stopped_once(item)
        self.assertEqual(self.place.records(item["id"])[-1]["ended_by"], "no_heartbeat")
        self.assertEqual([entry["query"] for entry in self.engine.requests("kill")],
                         ["signal=TERM"])

    def test_that_ignores_sigterm_is_killed_after_its_grace(self) -> None:
        self.place.environment["timeouts"].update(first_heartbeat="1s", stop_grace="1s")
        item = self.drain_one("silent", "ignore-term", code=75)
        self.assert_force_stopped_once(item)
        self.assertEqual([entry["query"] for entry in self.engine.requests("kill")],
                         ["signal=TERM", "signal=KILL"])

    def test_is_not_taken_for_one_whose_heartbeat_has_not_been_looked_for_yet(self) -> None:
        self.place.environment["timeouts"].update(first_heartbeat="1s")
        item = self.drain_one("run-2500")
        self.assertEqual(self.place.records(item["id"])[-1]["ended_by"], "itself")
        self.assertEqual(self.engine.requests("kill"), [])
        self.assertEqual(len(self.worker_stops(item)), 1)
        self.assertEqual(self.stops(), [])


class ASessionAtItsTimeLimit(EndingCase):
    def test_is_told_to_end_and_stops_its_own_item(self) -> None:
        self.place.environment["timeouts"].update(session="1s")
        item = self.drain_one("hang")
        self.assertEqual([entry["query"] for entry in self.engine.requests("kill")],
                         ["signal=TERM"])
        self.assertEqual(len(self.worker_stops(item)), 1)
        self.assertEqual(self.stops(), [])
        self.assertEqual(self.place.records(item["id"])[-1]["ended_by"], "time_limit")

    def test_that_ignores_sigterm_is_killed_after_its_grace_and_force_stopped(self) -> None:
        self.place.environment["timeouts"].update(session="1s", stop_grace="1s")
        item = self.drain_one("ignore-term")
        term, kill = self.engine.requests("kill")
        self.assertEqual([term["query"], kill["query"]], ["signal=TERM", "signal=KILL"])
        self.assertGreaterEqual(kill["time"] - term["time"], 0.95)
        self.assert_force_stopped_once(item)

    def test_that_another_holder_has_by_then_is_not_force_stopped(self) -> None:
        """Its lease lapsed unseen and another host runs the session."""
        self.place.environment["timeouts"].update(session="2s", stop_grace="1s")
        self.engine.worker("*", "ignore-term", "no-stop")
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        wait_until(lambda: self.first_heartbeats(item))
        self.signal_worker(item, signal.SIGSTOP)
        with self.cp.model.lock:
            self.cp.model.item(item["id"]).lease_until = 0.0
        self.cp.foreign_claim(item["id"])
        self.cp.foreign_ack(item["id"])
        self.cp.foreign_heartbeat(item["id"])
        self.assert_exit(berth, 0)
        self.assertEqual(self.stops(), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "active")
        self.assert_nothing_left()


class ALapsedLease(FlowCase):
    environment_options = {"ttl_seconds": 2}

    def test_has_its_old_container_ended_without_an_ack_and_the_next_offer_taken(self) -> None:
        self.place.environment["poll"].update(reclaim_older_than_ms=500, ack_within="400ms")
        self.engine.worker("*", "hang", times=1)
        [item] = self.queue()
        berth = self.start("run")
        wait_until(lambda: self.first_heartbeats(item))
        old = self.container_of(item)
        self.signal_worker(item, signal.SIGSTOP)
        berth.wait_event("offered_again", work=item["id"])
        self.cp.wait_stopped([item["id"]])
        self.wait_no_containers()
        self.assertEqual(berth.terminate(), 0)

        offers = self.cp.log.of("poll", work=item["id"])
        acks = self.acks(item)
        self.assertGreaterEqual(len(offers), 3)
        self.assertEqual(len(acks), 2)
        removal = [entry for entry in self.engine.requests("remove")
                   if old["id"] in entry["path"]][0]
        self.assertLess(removal["time"], acks[1].time)
        self.assertEqual(len(self.first_heartbeats(item)), 2)
        self.assertEqual(self.stops(), [])
        kills = [entry["query"] for entry in self.engine.requests("kill")]
        self.assertEqual(kills, ["signal=KILL"])
        self.assertEqual(self.place.records(item["id"])[0]["ended_by"], "lease_lapsed")
        self.assert_nothing_left()


class AnOfferThatRepeatsWhatRuns(FlowCase):
    def setUp(self) -> None:
        super().setUp()
        self.engine.worker("*", "hang")
        [self.item] = self.queue()
        self.berth = self.start("run")
        self.berth.wait_event("started")

    def test_is_looked_up_and_the_session_left_running(self) -> None:
        # An answer to a poll that was sent before the start would prove nothing.
        seen = self.cp.log.last_seq()
        wait_until(lambda: self.cp.log.of("poll", since=seen))
        self.cp.redeliver(self.item["id"])
        self.berth.wait_event("offered_again", msg="handed out twice: its container keeps it")
        self.assertEqual(self.container_of(self.item)["state"], "running")
        self.signal_worker(self.item)
        self.berth.wait_event("removed")
        self.assertEqual(self.berth.terminate(), 0)
        self.assertEqual(len(self.engine.requests("start")), 1)
        self.assertEqual(self.engine.requests("kill"), [])
        self.assertEqual(self.cp.item(self.item["id"])["state"], "stopped")
