# SPDX-License-Identifier: Apache-2.0
"""The official SDK against the simulator: what it does is read from the simulator's log.

This is what keeps the simulator from being our own reading of the protocol only.
"""
from __future__ import annotations

import json
import tempfile
import unittest

from controlplane import ControlPlane
from controlplane.sdk_runner import run_node


class SdkPoller(unittest.TestCase):
    def setUp(self) -> None:
        self.cp = ControlPlane().start()
        self.addCleanup(self.cp.stop)
        self.env = self.cp.create_environment()

    def drain(self):
        return run_node("drain.mjs", environment={
            "ANTHROPIC_BASE_URL": self.cp.url,
            "ANTHROPIC_ENVIRONMENT_ID": self.env["id"],
            "ANTHROPIC_ENVIRONMENT_KEY": self.env["key"]})

    def test_sdk_poller_drains_the_queue(self) -> None:
        """the SDK's poller claims, acks and stops every queued item in order, then leaves"""
        queued = [item["id"] for item in self.cp.queue(self.env["id"], count=3)]
        healthcheck = self.cp.queue_healthcheck(self.env["id"])["id"]
        done = self.drain()
        self.assertEqual(done.returncode, 0, done.stderr)
        printed = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([line["id"] for line in printed], [*queued, healthcheck])
        calls = [(record.endpoint, record.work, record.status) for record in self.cp.log.all()]
        expected = []
        for work in [*queued, healthcheck]:
            expected += [("poll", work, 200), ("ack", work, 200), ("stop", work, 204)]
        self.assertEqual(calls, [*expected, ("poll", None, 200)])
        for record in self.cp.log.all():
            self.assertEqual(record.credential, f"environment:{self.env['id']}")
        # Its stop is a plain one, and nobody beats: that parks the items.
        self.assertEqual({item["state"] for item in self.cp.items()}, {"stopping"})

    def test_sdk_poller_gives_up_on_a_rejected_key(self) -> None:
        """the SDK's poller gives up at once when its key has been rotated away"""
        self.cp.rotate_key(self.env["id"])
        done = self.drain()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("401", done.stderr)
        self.assertEqual([record.status for record in self.cp.log.of("poll")], [401])

    def test_sdk_poller_retries_after_rate_limit_and_reset(self) -> None:
        """the SDK's poller retries after a 429 and after a reset, and then gets the item"""
        work = self.cp.queue(self.env["id"])[0]["id"]
        self.cp.fault("poll", status=429, headers={"retry-after-ms": "50"})
        self.cp.fault("ack", reset=True)
        done = self.drain()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([record.status for record in self.cp.log.of("poll")], [429, 200, 200])
        self.assertEqual([record.status for record in self.cp.log.of("ack")], ["reset", 200])
        self.assertIn(work, done.stdout)


class SdkWorker(unittest.TestCase):
    def setUp(self) -> None:
        self.cp = ControlPlane().start()
        self.addCleanup(self.cp.stop)
        folder = tempfile.TemporaryDirectory(prefix="controlplane-sdk-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def claim(self, environment: dict, item: dict) -> None:
        """Somebody claims and acks the item, as the orchestrator would."""
        self.cp.foreign_claim(item["id"])
        self.cp.foreign_ack(item["id"])

    def serve(self, environment: dict, item: dict, **credentials: str):
        return run_node("handle-item.mjs", self.folder, environment={
            "ANTHROPIC_BASE_URL": self.cp.url,
            "ANTHROPIC_ENVIRONMENT_ID": environment["id"],
            "ANTHROPIC_WORK_ID": item["id"],
            "ANTHROPIC_SESSION_ID": item["session_id"], **credentials})

    def assert_whole_session(self, item: dict, credential: str) -> None:
        """A worker's calls from first to last, each made with the one credential."""
        records = self.cp.log.all()
        calls = [record.endpoint for record in records]
        # The first heartbeat and the session lookup are sent at the same time.
        self.assertEqual(sorted(calls[:2]), ["heartbeat", "session"])
        self.assertEqual([call for call in calls[2:] if call != "heartbeat"],
                         ["skill", "skill_download", "events_stream", "events_list",
                          "events_send", "stop"])
        self.assertEqual({record.credential for record in records}, {credential})
        self.assertEqual({record.status for record in records}, {200, 204})

        first = self.cp.log.of("heartbeat")[0]
        self.assertEqual(first.query["expected_last_heartbeat"], "NO_HEARTBEAT")
        stop = self.cp.log.of("stop")[0]
        self.assertEqual((stop.work, stop.body), (item["id"], {"force": True}))

        session = self.cp.session(item["session_id"])
        self.assertEqual(session["status"], "terminated")
        asked = [event["id"] for event in session["events"] if event["type"] == "agent.tool_use"]
        self.assertEqual([result["tool_use_id"] for result in session["results"]], asked)
        self.assertIs(session["results"][0]["is_error"], False)
        text = session["results"][0]["content"][0]["text"]
        self.assertEqual(text.splitlines(), ["berth-42", "name: demo"])
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")

    def queue_skilled(self, environment: dict, secret: str) -> dict:
        # The command reads the skill back, so that the download is proven by its content.
        command = "echo berth-$((6*7)); grep name: skills/demo/SKILL.md"
        item = self.cp.queue(environment["id"], script=[command], skills=["skill_demo"],
                             secret=secret)[0]
        self.claim(environment, item)
        return item

    def test_worker_completes_with_the_environment_key(self) -> None:
        """the SDK's worker completes a session with a skill and a bash call by environment key"""
        environment = self.cp.create_environment()
        item = self.queue_skilled(environment, secret="none")
        done = self.serve(environment, item, ANTHROPIC_ENVIRONMENT_KEY=environment["key"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_whole_session(item, f"environment:{environment['id']}")

    def test_worker_completes_with_the_secret_alone(self) -> None:
        """the SDK's worker completes a session with a skill and a bash call by work secret alone"""
        environment = self.cp.create_environment()
        item = self.queue_skilled(environment, secret="auto")
        done = self.serve(environment, item, ANTHROPIC_WORK_SECRET=item["secret"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_whole_session(item, f"session:{item['session_id']}")
        self.assertEqual({record.token_of for record in self.cp.log.all()}, {item["id"]})

    def test_worker_runs_several_calls_and_beats_with_the_echo(self) -> None:
        """the SDK's worker runs several calls in turn and echoes each heartbeat byte for byte"""
        environment = self.cp.create_environment(ttl_seconds=2)
        item = self.cp.queue(environment["id"], script=["echo one", "sleep 2.5", "echo three"])[0]
        self.claim(environment, item)
        done = self.serve(environment, item, ANTHROPIC_WORK_SECRET=item["secret"])
        self.assertEqual(done.returncode, 0, done.stderr)
        beats = self.cp.log.of("heartbeat")
        self.assertGreaterEqual(len(beats), 3)
        self.assertEqual({record.status for record in beats}, {200})
        results = self.cp.session(item["session_id"])["results"]
        self.assertEqual(len(results), 3)
        self.assertEqual(results[2]["content"][0]["text"].strip(), "three")

    def test_worker_reconnects_and_picks_the_call_from_history(self) -> None:
        """the SDK's worker finds the pending call in the history after its stream broke"""
        environment = self.cp.create_environment()
        item = self.cp.queue(environment["id"])[0]
        self.claim(environment, item)
        self.cp.fault("events_stream", truncate=40)
        done = self.serve(environment, item, ANTHROPIC_WORK_SECRET=item["secret"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.cp.log.of("events_stream")), 2)
        self.assertEqual(len(self.cp.session(item["session_id"])["results"]), 1)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")

    def test_worker_leaves_an_item_that_another_holds(self) -> None:
        """the SDK's worker runs no tool and sends no stop where its first heartbeat meets 412"""
        environment = self.cp.create_environment()
        item = self.cp.queue(environment["id"])[0]
        self.claim(environment, item)
        self.cp.foreign_heartbeat(item["id"])
        done = self.serve(environment, item, ANTHROPIC_WORK_SECRET=item["secret"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([record.status for record in self.cp.log.of("heartbeat")], [412])
        self.assertEqual(self.cp.log.of(("stop", "events_send")), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "active")

    def test_worker_stops_an_item_that_is_stopping(self) -> None:
        """the SDK's worker confirms a plain stop with a forced one and runs no tool"""
        environment = self.cp.create_environment()
        item = self.cp.queue(environment["id"])[0]
        self.claim(environment, item)
        self.cp.foreign_stop(item["id"], force=False)
        done = self.serve(environment, item, ANTHROPIC_WORK_SECRET=item["secret"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.cp.log.of("events_send"), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")

    def test_worker_ends_the_item_of_a_terminated_session(self) -> None:
        """the SDK's worker force-stops the item of a terminated session without running a tool"""
        environment = self.cp.create_environment()
        item = self.cp.queue(environment["id"])[0]
        self.claim(environment, item)
        self.cp.finish_session(item["session_id"])
        done = self.serve(environment, item, ANTHROPIC_WORK_SECRET=item["secret"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.cp.log.of(("events_stream", "events_send")), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")


if __name__ == "__main__":
    unittest.main()
