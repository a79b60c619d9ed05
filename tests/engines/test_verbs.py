# SPDX-License-Identifier: Apache-2.0
"""The operator's commands on a real engine: a session's output while it runs and after it is gone,
and its end on demand."""
from __future__ import annotations

import private_engine
from engine_case import SECONDS, EngineCase
from harness import Berth, wait_until

setUpModule, tearDownModule = private_engine.start, private_engine.stop

# The tokens as a careless script may show them.
SHOW = ("echo TOKEN=$ANTHROPIC_ENVIRONMENT_KEY; printf %s \"x$ANTHROPIC_ENVIRONMENT_KEY\" | base64; "
        "echo SECRET=$ANTHROPIC_WORK_SECRET")


class VerbCase(EngineCase):
    # A command of the session's own, whose output is what the tests look for; the worker behind it.
    command = ["sh", "-c", f"{SHOW}; echo to stderr >&2; exec node /opt/berth-session/worker.mjs"]

    def setUp(self) -> None:
        super().setUp()
        self.place.environment["command"] = self.command

    def hold(self) -> tuple[Berth, dict]:
        """A session that stays, and the berth that serves it."""
        [item] = self.queue(end="hold", script=["echo ready"])
        berth = self.start("run")
        self.running(item)
        self.wait_result(item)
        return berth, item

    def call(self, *arguments: str) -> Berth:
        verb, *rest = arguments
        return self.place.start_plain(verb, "--config", str(self.place.fleet_file), *rest)

    def look(self, *arguments: str, code: int = 0) -> Berth:
        berth = self.call(*arguments)
        self.assert_exit(berth, code, SECONDS)
        return berth

    def assert_shown(self, berth: Berth) -> None:
        lines = berth.stdout.splitlines()
        self.assertEqual(lines[0], "TOKEN=[redacted: sessions token]")
        self.assertIn("[redacted: sessions token]", lines[1])
        self.assertIn("SECRET=[redacted: work secret]", lines)
        self.assertIn("to stderr\n", berth.stderr)


class TheOutputOfASession(VerbCase):
    def test_is_shown_live_and_when_it_is_gone_without_its_tokens(self) -> None:
        berth, item = self.hold()
        self.assert_shown(self.look("logs", item["session_id"]))
        follower = self.call("logs", "-f", item["id"])
        wait_until(lambda: "SECRET=" in follower.stdout, SECONDS)
        self.assertTrue(follower.is_running())

        self.cp.finish_session(item["session_id"])
        self.assert_exit(follower, 0, SECONDS)
        self.assert_shown(follower)
        berth.wait_event("removed", SECONDS)
        self.assertEqual(berth.terminate(), 0)
        self.assert_nothing_left()
        self.assert_shown(self.look("logs", item["session_id"]))
        self.assertEqual(berth.events("not_captured"), [])


class ASession(VerbCase):
    def test_that_is_stopped_ends_by_its_worker(self) -> None:
        berth, item = self.hold()
        stop = self.look("stop", item["session_id"])
        self.assertIn("is stopped", stop.stdout)
        berth.wait_event("removed", SECONDS)
        self.assertEqual(berth.terminate(), 0)
        self.assert_stopped_by_its_container(item)
        self.assertEqual(self.stops_by_berth(), [])
        self.assert_nothing_left()

    def test_that_is_stopped_now_does_not_come_back(self) -> None:
        berth, item = self.hold()
        berth.wait_event("heartbeat", SECONDS)
        stop = self.look("stop", "--now", item["id"])
        self.assertIn("is force-stopped", stop.stdout)
        self.assertIn("the container is removed", stop.stdout)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assertEqual(len(self.stops_by_berth()), 1)
        berth.wait_event("removed", SECONDS)
        self.assertEqual(berth.terminate(), 0)
        self.assert_nothing_left()

    def test_that_no_berth_serves_is_left_to_the_next_drain(self) -> None:
        berth, item = self.hold()
        self.assertEqual(berth.terminate(), 0)
        stop = self.look("stop", item["id"])
        self.assertIn("next 'berth drain'", stop.stdout)
        self.assertEqual(len(self.engine.containers()), 1)
        self.assert_exit(self.start("drain", "--wait"), 0, SECONDS)
        self.assert_nothing_left()
        self.assert_shown(self.look("logs", item["id"]))
