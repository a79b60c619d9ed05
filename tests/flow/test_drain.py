# SPDX-License-Identifier: Apache-2.0
"""drain: runs what is queued, then leaves; how long it stays is chosen by flags."""
from harness import FlowCase, wait_until


class ADrain(FlowCase):
    def test_of_an_empty_queue_ends_at_once_with_0(self) -> None:
        self.assert_exit(self.start("drain"), 0)
        self.assertEqual(len(self.cp.log.of("poll")), 1)
        self.assertEqual(self.engine.stats()["created"], 0)
        self.assert_nothing_left()

    def test_leaves_after_the_first_heartbeat_while_the_session_runs_on(self) -> None:
        self.engine.worker("*", "delay-1500", "hang")
        [item] = self.queue()
        berth = self.start("drain")
        self.assert_exit(berth, 0)
        [beat] = self.first_heartbeats(item)
        ended = (berth.dir / "stderr").stat().st_mtime
        self.assertGreater(ended, beat.time)
        self.assertEqual(self.container_of(item)["state"], "running")
        self.assertEqual(self.cp.item(item["id"])["state"], "active")

    def test_leaves_soon_after_the_first_heartbeat_of_the_slowest(self) -> None:
        self.engine.worker("*", "delay-2500", "hang", times=1)
        self.engine.worker("*", "hang", times=0)
        self.queue(2)
        berth = self.start("drain")
        self.assert_exit(berth, 0, seconds=20)
        self.assertEqual(len(berth.events("heartbeat")), 2)

    def test_with_wait_leaves_when_the_sessions_have_ended(self) -> None:
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        berth.wait_event("heartbeat")
        self.assertTrue(berth.is_running())
        self.signal_worker(item)
        self.assert_exit(berth, 0)
        self.assert_nothing_left()

    def test_with_detach_leaves_after_the_starts_without_waiting_for_heartbeats(self) -> None:
        self.engine.worker("*", "silent")
        items = self.queue(2)
        self.assert_exit(self.start("drain", "--detach"), 0)
        self.assertEqual([self.container_of(item)["state"] for item in items], ["running"] * 2)
        self.assertEqual(self.cp.log.of("heartbeat"), [])

    def test_with_detach_leaves_when_all_slots_are_taken(self) -> None:
        self.engine.worker("*", "silent")
        items = self.queue(3)
        self.assert_exit(self.start("drain", "--detach", "--sessions", "2"), 0)
        self.assertEqual([self.cp.item(item["id"])["state"] for item in items],
                         ["starting", "starting", "queued"])
        self.assertEqual(self.cp.item(items[2]["id"])["offers"], 0)

    def test_with_max_sessions_claims_no_more_than_that(self) -> None:
        items = self.queue(5)
        self.assert_exit(self.start("drain", "--wait", "--max-sessions", "2"), 0)
        self.assertEqual([self.cp.item(item["id"])["state"] for item in items],
                         ["stopped"] * 2 + ["queued"] * 3)
        self.assertEqual([self.cp.item(item["id"])["offers"] for item in items], [1, 1, 0, 0, 0])
        self.assert_nothing_left()

    def test_with_max_time_leaves_the_sessions_running_when_it_is_over(self) -> None:
        self.engine.worker("*", "hang")
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--wait", "--max-time", "1s"), 0)
        self.assertEqual(self.container_of(item)["state"], "running")
        self.assertEqual(self.cp.item(item["id"])["state"], "active")

    def test_with_max_sessions_does_not_count_what_it_adopts(self) -> None:
        self.engine.worker("*", "hang")
        first, second, third = self.queue(3)
        self.assert_exit(self.start("drain", "--detach", "--max-sessions", "1"), 0)
        self.assert_exit(self.start("drain", "--detach", "--max-sessions", "1"), 0)
        self.assertEqual([self.has_container(item) for item in (first, second, third)],
                         [True, True, False])

    def test_at_the_cap_waits_for_a_slot(self) -> None:
        self.engine.worker("*", "run-300")
        items = self.queue(3)
        self.assert_exit(self.start("drain", "--sessions", "1"), 0)
        self.assertEqual(len(self.engine.requests("start")), 3)
        self.assertEqual([self.cp.item(item["id"])["offers"] for item in items], [1, 1, 1])

    def test_with_max_time_claims_no_more_when_it_is_over(self) -> None:
        self.engine.worker("*", "run-400")
        self.queue(20)
        self.assert_exit(self.start("drain", "--wait", "--sessions", "1", "--max-time", "1s"), 0)
        claimed = [poll.work for poll in self.cp.log.of("poll") if poll.work]
        self.assertIn(len(claimed), range(1, 5))
        self.assertEqual(len(self.engine.requests("start")), len(claimed))

    def test_with_max_time_does_not_outstay_it_for_a_first_heartbeat(self) -> None:
        self.engine.worker("*", "silent")
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--max-time", "2s"), 0, seconds=30)
        self.assertEqual(self.container_of(item)["state"], "running")

    def test_with_max_time_ends_what_it_has_begun_to_end(self) -> None:
        """Else each drain of a crontab would only tell it once more, and none would kill it."""
        self.place.environment["timeouts"].update(session="1s", stop_grace="23s")
        self.engine.worker("*", "ignore-term")
        [item] = self.queue()
        self.start("drain", "--wait", "--max-time", "2s").wait()
        self.assertEqual(self.place.records(item["id"])[-1]["ended_by"], "time_limit")
        self.assertEqual([entry["query"] for entry in self.engine.requests("kill")],
                         ["signal=TERM", "signal=KILL"])
        self.assert_nothing_left()

    def test_does_not_wait_for_an_item_that_another_poller_holds(self) -> None:
        [item] = self.queue()
        self.cp.foreign_claim(item["id"])
        self.assert_exit(self.start("drain"), 0)
        self.assertEqual(self.cp.item(item["id"])["offers"], 0)

    def test_by_flags_alone_runs_a_session(self) -> None:
        [item] = self.queue()
        berth = self.place.start_plain(
            "drain", "--wait", "--environment-id", self.env["id"],
            "--environment-key-file", str(self.place.key_file), "--image", self.image,
            "--engine", self.engine.url, "--state-dir", str(self.place.state_dir),
            "--policy-dir", self.place.settings["policy_dir"],
            environ={"ANTHROPIC_BASE_URL": self.cp.url})
        self.assert_exit(berth, 0)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assert_nothing_left()


class ManySessions(FlowCase):
    def test_run_each_once_and_never_more_at_once_than_sessions_allows(self) -> None:
        self.engine.worker("*", "run-30")
        items = self.queue(50)
        self.assert_exit(self.start("drain", "--wait", "--sessions", "4"), 0)
        for calls in ("create", "start", "remove"):
            self.assertEqual(len(self.engine.requests(calls)), 50, calls)
        for item in items:
            self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
            self.assertEqual(self.cp.item(item["id"])["offers"], 1)
            self.assertEqual(len(self.acks(item)), 1)
            self.assertEqual(len(self.first_heartbeats(item)), 1)
            self.assertEqual(len(self.worker_stops(item)), 1)
        self.assertEqual(self.stops(), [])
        self.assertLessEqual(self.engine.stats()["peak_running"], 4)
        self.assertGreater(self.engine.stats()["peak_running"], 1)
        self.assertEqual({row["work"] for row in self.place.records()},
                         {item["id"] for item in items})
        self.assert_nothing_left()

    def test_are_never_more_on_the_host_than_host_sessions_allows(self) -> None:
        self.engine.worker("*", "run-30")
        self.place.settings["host"]["sessions"] = 2
        self.queue(6)
        self.assert_exit(self.start("drain", "--wait"), 0)
        self.assertLessEqual(self.engine.stats()["peak_running"], 2)
        self.assertEqual(len(self.worker_stops()), 6)

    def test_are_not_claimed_before_a_slot_is_free(self) -> None:
        self.engine.worker("*", "hang")
        first, second = self.queue(2)
        berth = self.start("drain", "--wait", "--sessions", "1")
        berth.wait_event("started", work=first["id"])
        berth.wait_event("heartbeat", work=first["id"])
        self.assertEqual(self.cp.item(second["id"])["offers"], 0)
        self.signal_worker(first)
        berth.wait_event("started", work=second["id"])
        self.signal_worker(second)
        self.assert_exit(berth, 0)
        self.assertEqual(self.cp.item(second["id"])["offers"], 1)


class ASecondDrain(FlowCase):
    def setUp(self) -> None:
        super().setUp()
        self.engine.worker("*", "hang")
        [item] = self.queue()
        self.first = self.start("drain", "--wait")
        self.first.wait_event("started", work=item["id"])
        wait_until(lambda: self.cp.log.of("heartbeat", work=item["id"]))
        self.seen = self.cp.log.last_seq()

    def test_on_the_same_state_dir_ends_with_75_and_names_the_pid(self) -> None:
        second = self.start("drain")
        self.assert_exit(second, 75)
        self.assertIn(f"pid {self.first.pid}", second.stderr)
        self.assertEqual(self.polls_of_second(), [])

    def test_with_quiet_if_locked_ends_with_0(self) -> None:
        self.assert_exit(self.start("drain", "--quiet-if-locked"), 0)
        self.assertEqual(self.polls_of_second(), [])

    def polls_of_second(self) -> list:
        """The first one polls no more: its queue is drained."""
        return self.cp.log.of("poll", since=self.seen)


class ARemovalThatFailsAtFirst(FlowCase):
    def test_does_not_keep_a_drain_waiting_for_the_next_regular_look(self) -> None:
        self.engine.rule(op="remove", status=500)
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--wait"), 0)
        removed = self.engine.requests("remove")[-1]["replied"]
        look = self.cp.log.of("list")[-1]
        self.assertLess(look.time - removed, 15)
        self.assertEqual(self.stops(item), [])
        self.assert_nothing_left()
