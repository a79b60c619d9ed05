# SPDX-License-Identifier: Apache-2.0
"""An engine that goes away is unknown, not dead; events are only hints."""
import signal

from harness import FlowCase, wait_until


class EngineTroubleCase(FlowCase):
    def run_session(self) -> None:
        """berth runs, and a session that has heartbeated."""
        self.engine.worker("*", "hang")
        [self.item] = self.queue()
        self.berth = self.start("run")
        self.berth.wait_event("started")
        wait_until(lambda: self.first_heartbeats(self.item))

    def finish(self) -> None:
        self.berth.wait_event("removed", work=self.item["id"])
        self.assertEqual(self.cp.item(self.item["id"])["state"], "stopped")
        self.assertEqual(self.stops(), [])
        self.assertEqual(self.berth.terminate(), 0)
        self.assert_nothing_left()


class AnEngineGoneForAWhile(EngineTroubleCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_session()
        self.engine.vanish()
        self.berth.wait_event("engine", level="error")

    def test_has_its_sessions_kept_and_finished_when_it_is_back(self) -> None:
        self.engine.come_back()
        self.berth.wait_event("engine", level="info", count=2)
        self.assertEqual(self.berth.events("exited"), [])
        self.signal_worker(self.item)
        self.finish()

    def test_is_asked_when_it_is_back_what_ended_meanwhile(self) -> None:
        self.signal_worker(self.item)
        self.cp.wait_stopped()
        self.assertEqual(self.berth.events("exited"), [])
        self.engine.come_back()
        self.berth.wait_event("engine", level="info", count=2)
        self.finish()

    def test_does_not_keep_a_terminated_berth_from_leaving(self) -> None:
        self.assertEqual(self.berth.terminate(), 0)
        self.engine.come_back()
        self.assertEqual(self.container_of(self.item)["state"], "running")

    def test_has_nothing_claimed_for_it_meanwhile(self) -> None:
        # What the poll under way brings is claimed already.
        wait_until(lambda: self.cp.log.of("poll")[-1].duration is not None)
        seen = self.cp.log.last_seq()
        [late] = self.queue()
        self.berth.wait_event("engine", level="error")
        self.assertEqual(self.cp.log.of("poll", since=seen), [])
        self.engine.come_back()
        self.berth.wait_event("started", work=late["id"])
        self.signal_worker(late)
        self.signal_worker(self.item)
        self.berth.wait_event("removed", work=late["id"])
        self.finish()


class AnEngineThatIsReplaced(EngineTroubleCase):
    def test_without_its_containers_ends_their_sessions_and_leaves_the_items(self) -> None:
        self.run_session()
        self.engine.die(signal.SIGKILL)
        self.engine.start()
        self.berth.wait_event("exited", work=self.item["id"])
        wait_until(lambda: self.place.records(self.item["id"]))
        self.assertEqual(self.place.records(self.item["id"])[-1]["exit_code"], -1)
        self.assertEqual(self.stops(), [])
        self.assertEqual(self.cp.item(self.item["id"])["state"], "active")
        self.assertEqual(self.berth.terminate(), 0)


class AContainerThatSomebodyRemoves(EngineTroubleCase):
    def test_before_its_first_heartbeat_is_recorded_as_removed(self) -> None:
        self.engine.worker("*", "silent")
        [item] = self.queue()
        berth = self.start("run")
        berth.wait_event("started")
        container = self.container_of(item)["id"]
        self.engine.ask("DELETE", f"/containers/{container}?force=1")
        berth.wait_event("force_stopped", work=item["id"])
        berth.wait_event("removed", work=item["id"])
        self.assertEqual(berth.terminate(), 0)
        record = self.place.records(item["id"])[-1]
        self.assertEqual((record["container"], record["exit_code"]), (container, -1))
        self.assertIn("removed", record)


class AnEngineThatFailsAtACreate(EngineTroubleCase):
    def test_is_left_without_berths_network(self) -> None:
        """It is looked at anew after that, and the network is not made again on the way."""
        self.engine.rule(op="create", status=500)
        self.engine.rule(op="info", after=1, delay_ms=500)
        self.engine.rule(op="network_remove", reply_delay_ms=1500)
        self.queue()
        self.assert_exit(self.start("drain", "--wait"), 75)
        self.assert_nothing_left()


class AnEngineThatMakesBerthsNetwork(EngineTroubleCase):
    def leave_when(self, op: str, **slow: int) -> None:
        self.engine.rule(op=op, **slow)
        berth = self.start("run")
        wait_until(lambda: self.engine.requests(op))
        self.assertEqual(berth.terminate(), 0)
        self.assert_nothing_left()

    def test_when_berth_leaves_is_waited_for(self) -> None:
        self.leave_when("network_create", delay_ms=1000)

    def test_and_has_made_it_is_told_to_remove_it(self) -> None:
        self.leave_when("network_create", reply_delay_ms=1000)

    def test_and_does_not_answer_is_not_waited_for(self) -> None:
        self.engine.rule(op="network_create", delay_ms=100000)
        berth = self.start("run")
        wait_until(lambda: self.engine.requests("network_create"))
        self.assertEqual(berth.terminate(20), 0)
        self.assertEqual(len(berth.events("network_left")), 1)


class AnEngineThatDoesNotListItsContainers(EngineTroubleCase):
    def setUp(self) -> None:
        super().setUp()
        [self.item] = self.queue()

    def test_at_first_is_asked_again_soon(self) -> None:
        self.engine.rule(op="list", status=500, times=2)
        self.assert_exit(self.start("drain", "--wait"), 0, seconds=30)
        self.assertEqual(self.cp.item(self.item["id"])["state"], "stopped")

    def test_has_nothing_claimed_and_ends_a_drain_with_69(self) -> None:
        self.engine.rule(op="list", status=500, times=0)
        self.assert_exit(self.start("drain", "--wait"), 69, seconds=30)
        self.assertEqual(self.cp.log.all(), [])


class ALostEvent(EngineTroubleCase):
    def test_is_made_up_for_when_the_stream_is_opened_again(self) -> None:
        for cut in (False, True):
            with self.subTest(cut=cut):
                self.engine.rule(event="die", suppress=True)
                self.run_session()
                self.signal_worker(self.item)
                self.wait_container(self.item, "exited")
                self.assertEqual(self.berth.events("exited"), [])
                self.engine.close_events(cut)
                self.finish()

    def test_said_twice_or_late_changes_nothing(self) -> None:
        self.engine.rule(event="die", duplicate=3, delay_ms=200)
        self.run_session()
        self.signal_worker(self.item)
        self.finish()
        self.assertEqual(len(self.berth.events("exited")), 1)

    def test_that_is_no_event_at_all_is_ignored(self) -> None:
        self.run_session()
        for line in ("not json", "[]", '{"Type":"container"}', "{" * 70000, '{"id":7}'):
            self.engine.send_event(line)
        self.signal_worker(self.item)
        self.finish()


class AnEventThatIsNotTrue(EngineTroubleCase):
    def test_does_not_end_a_session_that_runs_on(self) -> None:
        self.run_session()
        container = self.container_of(self.item)["id"]
        inspects = len(self.engine.requests("inspect"))
        self.engine.send_event(
            '{"Type":"container","Action":"die","Actor":{"ID":"%s","Attributes":{}}}' % container)
        wait_until(lambda: len(self.engine.requests("inspect")) > inspects)
        self.assertEqual(self.berth.events("exited"), [])
        self.signal_worker(self.item)
        self.finish()
