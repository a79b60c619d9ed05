# SPDX-License-Identifier: Apache-2.0
"""run: keeps serving until a signal; what each signal does to the sessions."""
import signal

from harness import FlowCase, wait_until


class Run(FlowCase):
    def test_keeps_polling_and_runs_sessions_that_arrive_later(self) -> None:
        berth = self.start("run")
        berth.wait_event("idle")
        for _ in range(2):
            seen = self.cp.log.last_seq()
            wait_until(lambda: self.cp.log.of("poll", since=seen))
            [item] = self.queue()
            self.cp.wait_stopped([item["id"]])
            berth.wait_event("removed", work=item["id"])
        self.assertTrue(berth.is_running())
        self.assertEqual(berth.terminate(), 0)
        self.assert_nothing_left()

    def test_has_the_control_plane_hold_its_polls(self) -> None:
        del self.place.environment["poll"]["block_ms"]
        berth = self.start("run")
        polls = self.cp.wait_requests("poll", 2)
        self.assertEqual(berth.terminate(), 0)
        self.assertEqual({poll.query["block_ms"] for poll in polls}, {"999"})
        self.assertEqual(len({poll.worker for poll in polls}), 1)

    def test_sends_the_reclaim_time_that_the_file_asks_for(self) -> None:
        self.place.environment["poll"]["reclaim_older_than_ms"] = 7000
        berth = self.start("run")
        [poll] = self.cp.wait_requests("poll", 1)[:1]
        self.assertEqual(berth.terminate(), 0)
        self.assertEqual(poll.query["reclaim_older_than_ms"], "7000")


class ASignal(FlowCase):
    def run_sessions(self, *words: str, count: int = 1) -> tuple:
        """berth runs, with so many sessions that have heartbeated."""
        self.engine.worker("*", *words)
        items = self.queue(count)
        berth = self.start("run")
        for item in items:
            berth.wait_event("started", work=item["id"])
            wait_until(lambda: self.first_heartbeats(item))
        return berth, items

    def test_of_term_leaves_sessions_running_and_the_next_start_finishes_them(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number.name):
                berth, [item] = self.run_sessions("hang")
                berth.signal(number)
                self.assert_exit(berth, 0)
                self.assertEqual(self.container_of(item)["state"], "running")
                self.assertEqual(self.cp.item(item["id"])["state"], "active")

                berth = self.start("run")
                berth.wait_event("adopted", work=item["id"], status="running")
                self.signal_worker(item)
                berth.wait_event("removed", work=item["id"])
                self.assertEqual(berth.terminate(), 0)
                self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
                self.assertTrue(self.place.records(item["id"])[-1]["adopted"])
                self.assertEqual(len(self.acks(item)), 1)
                self.assertEqual(self.stops(), [])
                self.assert_nothing_left()

    def test_of_term_claims_no_more(self) -> None:
        berth, _ = self.run_sessions("hang")
        self.assertEqual(berth.terminate(), 0)
        [late] = self.queue()
        self.assertEqual(self.cp.item(late["id"])["offers"], 0)

    def test_of_term_finishes_a_launch_under_way(self) -> None:
        self.engine.rule(op="create", delay_ms=700)
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start("run")
        wait_until(lambda: self.engine.requests("create"))
        self.assertEqual(berth.terminate(), 0)
        self.assertEqual(self.container_of(item)["state"], "running")

    def test_of_term_that_comes_twice_ends_berth_by_the_signal(self) -> None:
        self.engine.rule(op="create", delay_ms=60000)
        self.queue()
        berth = self.start("run")
        wait_until(lambda: self.engine.requests("create"))
        berth.signal(signal.SIGTERM)
        berth.wait_event("stopping")
        berth.signal(signal.SIGTERM)
        self.assertEqual(berth.wait(), -signal.SIGTERM)

    def test_of_quit_waits_for_the_sessions_and_claims_no_more(self) -> None:
        berth, [item] = self.run_sessions("hang")
        berth.signal(signal.SIGQUIT)
        berth.wait_event("stopping")
        # What the poll under way brings would still be run.
        wait_until(lambda: self.cp.log.of("poll")[-1].duration is not None)
        [late] = self.queue()
        self.assertTrue(berth.is_running())
        self.signal_worker(item)
        self.assert_exit(berth, 0)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assertEqual(self.cp.item(late["id"])["offers"], 0)
        self.assert_nothing_left()

    def test_of_term_with_on_shutdown_stop_ends_them_and_each_worker_stops_its_item(self) -> None:
        self.place.settings["on_shutdown"] = "stop"
        berth, items = self.run_sessions("hang", count=2)
        self.assertEqual(berth.terminate(), 0)
        for item in items:
            self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
            self.assertEqual(len(self.worker_stops(item)), 1)
            self.assertEqual(self.place.records(item["id"])[-1]["ended_by"], "shutdown")
        self.assertEqual(self.stops(), [])
        self.assert_nothing_left()

    def test_of_hup_with_a_new_key_takes_up_a_rejected_environment_again(self) -> None:
        new = self.rotate_key()
        self.serve_another_environment()
        [item] = self.queue()
        berth = self.start("run")
        berth.wait_event("key_rejected")
        self.place.write_key(new)
        berth.signal(signal.SIGHUP)
        self.cp.wait_stopped([item["id"]])
        self.wait_no_containers()
        self.assertEqual(berth.terminate(), 0)


class SigUsr1(FlowCase):
    def test_logs_the_slots_and_the_length_of_the_queue(self) -> None:
        self.place.environment["sessions"] = 1
        self.engine.worker("*", "hang")
        running, waiting = self.queue(), self.queue(2)
        berth = self.start("run")
        berth.wait_event("started", work=running[0]["id"])
        berth.signal(signal.SIGUSR1)
        own = berth.wait_event("status", state="serving")
        self.assertEqual((own["slots_taken"], own["sessions"]), ("1", "1"))
        queue = berth.wait_event("status", count=2)
        self.assertEqual(queue["queued"], str(len(waiting)))
        self.assertEqual(len(self.cp.log.of("stats", status=200)), 1)
        self.assertEqual(berth.terminate(), 0)
