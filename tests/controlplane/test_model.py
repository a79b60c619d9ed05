# SPDX-License-Identifier: Apache-2.0
"""The work queue under a clock that only moves when the test says so."""
from __future__ import annotations

import threading
import unittest

from controlplane.clock import Clock
from controlplane.model import Model
from controlplane.sessions import Session
from controlplane.work import Refused, encode_secret, token_in


class FakeClock(Clock):
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        self.now += seconds


class ModelTest(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = FakeClock()
        self.model = Model(self.clock)
        self.model.create_environment("env_1", "key_1", ttl_seconds=60)

    def queue(self, session: str = "sesn_1", **options) -> str:
        if session not in self.model.sessions:
            self.model.add_session(Session(session, "env_1", lock=self.model.lock,
                                           clock=self.clock))
        return self.model.add_work("env_1", {"type": "session", "id": session},
                                   session_id=session, **options).id

    def poll(self, worker: str = "w1", environment: str = "env_1", **options) -> str | None:
        claimed = self.model.poll(environment, worker, **options)
        return claimed[0].id if claimed else None

    def state(self, work: str) -> str:
        return self.model.item(work).state

    def assert_refused(self, kind: str, call, *arguments) -> Refused:
        with self.assertRaises(Refused) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.kind, kind)
        return caught.exception


class Claims(ModelTest):
    def test_items_are_offered_oldest_first(self) -> None:
        """items are offered oldest first, each to one poller"""
        works = [self.queue(f"sesn_{n}") for n in range(3)]
        self.assertEqual([self.poll("w1"), self.poll("w2"), self.poll("w1")], works)
        self.assertIsNone(self.poll("w2"))

    def test_an_empty_poll_lasts_block_ms(self) -> None:
        """an empty poll lasts exactly block_ms, and no time at all without it"""
        start = self.clock.now
        self.assertIsNone(self.poll(block_ms=700))
        self.assertAlmostEqual(self.clock.now - start, 0.7, delta=0.002)
        self.assertIsNone(self.poll())
        self.assertAlmostEqual(self.clock.now - start, 0.7, delta=0.002)

    def test_an_unacked_item_is_offered_again_after_five_seconds(self) -> None:
        """an item that nobody acks is offered again after five seconds by default"""
        work = self.queue()
        self.poll("w1")
        self.clock.now += 4.99
        self.assertIsNone(self.poll("w2"))
        self.clock.now += 0.01
        self.assertEqual(self.poll("w2"), work)
        self.assertEqual(self.model.item(work).offered_to, ["w1", "w2"])

    def test_each_poller_brings_its_own_reclaim_time(self) -> None:
        """the reclaim time is each poll's own: the impatient takes what the patient may not"""
        work = self.queue()
        self.poll("patient", reclaim_older_than_ms=60_000)
        self.clock.now += 2
        self.assertIsNone(self.poll("patient", reclaim_older_than_ms=60_000))
        self.assertEqual(self.poll("impatient", reclaim_older_than_ms=2_000), work)

    def test_a_blocked_poll_wakes_for_a_reclaim(self) -> None:
        """a blocked poll gets an item in the moment its reclaim time has passed"""
        work = self.queue()
        self.poll("w1")
        start = self.clock.now
        self.assertEqual(self.poll("w2", block_ms=900, reclaim_older_than_ms=300), work)
        self.assertAlmostEqual(self.clock.now - start, 0.3, delta=0.002)

    def test_environments_do_not_share_work(self) -> None:
        """a poller of one environment never sees another environment's work"""
        self.model.create_environment("env_2", "key_2")
        self.queue()
        self.assertIsNone(self.poll(environment="env_2"))

    def test_an_acked_item_is_never_reclaimed(self) -> None:
        """an item that was acked and never heartbeats stays in starting, whatever time passes"""
        work = self.queue()
        self.poll()
        self.model.ack("env_1", work)
        self.clock.now += 30 * 24 * 3600
        self.assertIsNone(self.poll(reclaim_older_than_ms=1))
        self.assertEqual(self.state(work), "starting")

    def test_a_session_has_one_live_item(self) -> None:
        """a session has one live item at a time, and may get another after the stop"""
        work = self.queue()
        self.assert_refused("conflict", self.queue)
        self.model.stop("env_1", work, True)
        self.assertNotEqual(self.queue(), work)

    def test_redelivery_hands_out_an_acked_item(self) -> None:
        """a redelivered item is handed out again although it was acked, and keeps its state"""
        work = self.queue()
        self.poll("w1")
        self.model.ack("env_1", work)
        self.model.redeliver(work)
        self.assertEqual(self.poll("w2"), work)
        self.assertIsNone(self.poll("w2"))
        self.assertEqual(self.state(work), "starting")

    def test_raw_items_are_offered_until_stopped(self) -> None:
        """a raw item is offered verbatim again and again until it is acked or stopped"""
        body = b'\xff\x00{"id":'
        work = self.model.add_work("env_1", {}, work_id="work_raw", secret="none", raw=body).id
        for _ in range(3):
            claimed = self.model.poll("env_1", "w1")
            assert claimed is not None
            self.assertEqual(claimed[1], body)
            self.clock.now += 5
        self.model.ack("env_1", work)
        self.model.stop("env_1", work, True)
        self.clock.now += 5
        self.assertIsNone(self.poll())
        self.assertEqual(self.model.item(work).offers, 3)


class Leases(ModelTest):
    def setUp(self) -> None:
        super().setUp()
        self.work = self.queue()
        self.poll()
        self.model.ack("env_1", self.work)

    def beat(self, expected: str | None) -> dict:
        return self.model.heartbeat("env_1", self.work, expected)

    def test_the_first_beat_makes_the_item_active(self) -> None:
        """the first heartbeat makes the item active and grants the environment's lease"""
        reply = self.beat("NO_HEARTBEAT")
        self.assertEqual((reply["state"], reply["ttl_seconds"], reply["lease_extended"]),
                         ("active", 60, True))
        self.assertIsNotNone(self.model.item(self.work).started_at)

    def test_a_second_first_beat_is_refused(self) -> None:
        """a second NO_HEARTBEAT is refused with the state that holds"""
        held = self.beat("NO_HEARTBEAT")["last_heartbeat"]
        refused = self.assert_refused("precondition", self.beat, "NO_HEARTBEAT")
        self.assertEqual(refused.details["error_code"], "heartbeat_precondition_failed")
        self.assertEqual(refused.details["current_state"],
                         {"state": "active", "last_heartbeat": held, "lease_extended": False,
                          "ttl_seconds": 60})

    def test_the_echo_is_compared_byte_for_byte(self) -> None:
        """only the last heartbeat's exact string extends the lease, and each string is new"""
        first = self.beat("NO_HEARTBEAT")["last_heartbeat"]
        self.assert_refused("precondition", self.beat, first.replace("Z", "+00:00"))
        second = self.beat(first)["last_heartbeat"]
        self.assertNotEqual(first, second)
        self.assert_refused("precondition", self.beat, first)

    def test_a_lapsed_lease_queues_the_item_again(self) -> None:
        """a lapsed lease queues the item again at once, and the old holder meets 412"""
        held = self.beat("NO_HEARTBEAT")["last_heartbeat"]
        self.clock.now += 59.9
        held = self.beat(held)["last_heartbeat"]
        self.clock.now += 60
        self.assertEqual(self.poll("w2"), self.work)
        refused = self.assert_refused("precondition", self.beat, held)
        state = refused.details["current_state"]
        self.assertEqual((state["state"], state["last_heartbeat"]), ("queued", None))
        self.assertEqual(self.model.item(self.work).lapses, 1)

    def test_a_blocked_poll_wakes_for_a_lapse(self) -> None:
        """a blocked poll gets an item in the moment its lease lapses"""
        self.beat("NO_HEARTBEAT")
        self.clock.now += 59.5
        start = self.clock.now
        self.assertEqual(self.poll("w2", block_ms=999), self.work)
        self.assertAlmostEqual(self.clock.now - start, 0.5, delta=0.002)

    def test_heartbeats_of_stopping_items_are_not_compared(self) -> None:
        """in stopping and stopped the expected heartbeat is not compared"""
        self.beat("NO_HEARTBEAT")
        self.model.stop("env_1", self.work, False)
        self.assertEqual(self.beat("NO_HEARTBEAT")["state"], "stopping")
        self.model.stop("env_1", self.work, True)
        reply = self.beat("anything")
        self.assertEqual((reply["state"], reply["lease_extended"]), ("stopped", False))

    def test_an_unacked_item_takes_no_heartbeat(self) -> None:
        """an item that was not acked takes no heartbeat"""
        other = self.queue("sesn_2")
        self.assert_refused("precondition", self.model.heartbeat, "env_1", other, "NO_HEARTBEAT")


class Stops(ModelTest):
    def test_force_stops_in_every_live_state(self) -> None:
        """a forced stop ends queued, starting, active and stopping items"""
        def acked(work: str) -> None:
            self.model.ack("env_1", work)

        def beating(work: str) -> None:
            acked(work)
            self.model.heartbeat("env_1", work, "NO_HEARTBEAT")

        def stopping(work: str) -> None:
            self.model.stop("env_1", work, False)

        for number, prepare in enumerate([lambda _: None, acked, beating, stopping]):
            work = self.queue(f"sesn_{number}")
            prepare(work)
            self.model.stop("env_1", work, True)
            self.assertEqual(self.state(work), "stopped")

    def test_a_plain_stop_without_a_worker_is_never_confirmed(self) -> None:
        """a plain stop that no worker confirms parks the item in stopping for good"""
        work = self.queue()
        self.poll()
        self.model.ack("env_1", work)
        self.model.stop("env_1", work, False)
        self.clock.now += 24 * 3600
        self.assertEqual(self.state(work), "stopping")

    def test_stopping_twice_is_the_environments_choice(self) -> None:
        """stopping a stopped item is accepted or refused, as the environment is set"""
        work = self.queue()
        self.model.stop("env_1", work, True)
        self.model.stop("env_1", work, True)
        self.model.environments["env_1"].stopped_again = 409
        self.assert_refused("conflict", self.model.stop, "env_1", work, True)

    def test_a_stopped_item_cannot_be_acked(self) -> None:
        """an ack of a stopping or stopped item is refused"""
        for session, force in (("sesn_1", False), ("sesn_2", True)):
            work = self.queue(session)
            self.model.stop("env_1", work, force)
            self.assert_refused("conflict", self.model.ack, "env_1", work)

    def test_acking_twice_is_the_environments_choice(self) -> None:
        """a repeated ack is accepted or refused, as the environment is set"""
        work = self.queue()
        self.model.ack("env_1", work)
        self.assertEqual(self.model.ack("env_1", work).state, "starting")
        self.model.environments["env_1"].acked_again = 409
        self.assert_refused("conflict", self.model.ack, "env_1", work)


class Views(ModelTest):
    def test_stats_tell_unclaimed_from_pending(self) -> None:
        """stats count unclaimed items as depth and claimed ones as pending until the ack"""
        for number in range(3):
            self.queue(f"sesn_{number}")
        work = self.poll("w1")
        stats = self.model.stats("env_1")
        self.assertEqual((stats["depth"], stats["pending"], stats["workers_polling"]), (2, 1, 1))
        assert work is not None
        self.model.ack("env_1", work)
        self.clock.now += 31
        stats = self.model.stats("env_1")
        self.assertEqual((stats["depth"], stats["pending"], stats["workers_polling"]), (2, 0, 0))
        self.assertTrue(stats["oldest_queued_at"].endswith("Z"))

    def test_the_secret_is_on_the_poll_reply_only(self) -> None:
        """the secret is part of the poll reply and of nothing else"""
        work = self.queue()
        claimed = self.model.poll("env_1", "w1")
        assert claimed is not None
        secret = self.model.item(work).secret
        assert secret is not None
        self.assertIn(secret.encode(), claimed[1])
        self.assertIsNone(self.model.item(work).on_the_wire()["secret"])

    def test_fresh_secrets_keep_the_earlier_ones_valid(self) -> None:
        """with fresh_secrets a new offer has a new secret, and the old token still belongs to it"""
        self.model.environments["env_1"].fresh_secrets = True
        work = self.queue()
        self.poll()
        first = self.model.item(work).token
        self.clock.now += 5
        self.poll()
        second = self.model.item(work).token
        self.assertNotEqual(first, second)
        self.assertEqual({self.model.tokens[token] for token in (first, second) if token}, {work})

    def test_a_secret_round_trips(self) -> None:
        """a secret decodes to its token, and what is no secret decodes to none"""
        self.assertEqual(token_in(encode_secret("sk-ant-req-x")), "sk-ant-req-x")
        for broken in ("", "%%%", "bnVsbA", "W10", "e30", "eyJzZXNzaW9uc190b2tlbiI6MX0"):
            self.assertIsNone(token_in(broken), broken)


class Sessions(ModelTest):
    def setUp(self) -> None:
        super().setUp()
        self.session = Session("sesn_1", "env_1", lock=self.model.lock, clock=self.clock,
                               script=["echo one", "echo two"])
        self.model.add_session(self.session)

    def types(self) -> list[str]:
        return [event["type"] for event in self.session.events]

    def answer(self) -> None:
        asked = [event for event in self.session.events if event["type"] == "agent.tool_use"][-1]
        self.model.receive_events("sesn_1", [{"type": "user.tool_result", "content": [],
                                              "tool_use_id": asked["id"]}])

    def test_the_script_starts_with_the_first_stream(self) -> None:
        """a session asks for its first call when the first stream is opened, not earlier"""
        self.assertEqual(self.types(), ["user.message"])
        self.session.stream(lambda: False)
        self.assertEqual(self.types(), ["user.message", "session.status_running",
                                        "agent.tool_use", "session.status_idle"])

    def test_the_stream_and_the_history_agree(self) -> None:
        """the stream shows exactly what the history holds, and ends with the session"""
        stream = self.session.stream(lambda: False)
        self.answer()
        self.answer()
        self.assertEqual(list(stream), self.session.events[1:])
        self.assertEqual(self.types()[-1], "session.status_terminated")
        self.assertEqual(self.session.status, "terminated")

    def test_an_unknown_or_repeated_result_moves_nothing(self) -> None:
        """a result for an unknown call is refused, a repeated one is counted and moves nothing"""
        self.session.stream(lambda: False)
        unknown = {"type": "user.tool_result", "tool_use_id": "sevt_unknown"}
        self.assert_refused("invalid", self.model.receive_events, "sesn_1", [unknown])
        asked = self.session.events[2]["id"]
        result = {"type": "user.tool_result", "tool_use_id": asked}
        self.model.receive_events("sesn_1", [result])
        before = self.types()
        self.model.receive_events("sesn_1", [result])
        self.assertEqual(self.types(), before)
        self.assertEqual(len(self.session.results), 2)

    def test_an_idle_session_wakes_with_a_new_item(self) -> None:
        """a user event wakes an idle session with a new item, but only when none is live"""
        self.session.end = "idle"
        work = self.queue()
        self.session.stream(lambda: False)
        self.answer()
        self.answer()
        self.assertEqual(self.session.events[-1]["stop_reason"], {"type": "end_turn"})
        self.model.receive_events("sesn_1", [{"type": "user.message", "content": []}])
        self.assertEqual(len(self.model.items), 1)
        self.model.stop("env_1", work, True)
        self.model.receive_events("sesn_1", [{"type": "user.interrupt"}])
        self.assertEqual(len(self.model.items), 2)
        self.session.stream(lambda: False)
        self.assertEqual(self.types()[-2:], ["agent.tool_use", "session.status_idle"])

    def test_a_holding_session_ends_when_told(self) -> None:
        """a session that holds stays running after its last result until it is finished"""
        self.session.end = "hold"
        self.session.stream(lambda: False)
        self.answer()
        self.answer()
        self.assertEqual(self.session.status, "running")
        self.session.finish()
        self.assertEqual(self.types()[-1], "session.status_terminated")


if __name__ == "__main__":
    unittest.main()
