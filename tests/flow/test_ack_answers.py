# SPDX-License-Identifier: Apache-2.0
"""Whatever an ack is answered with: the container is started exactly once, or never and removed.

berth asks again where the answer may pass, looks the item up where it stays in doubt, and leaves
the item alone where it is not ours.
"""
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from environments import EnvironmentsCase, Row
from harness import FlowCase

HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
# The ack took effect, and berth does not get to know.
DONE = {"when": "after"}


@dataclass
class Answer:
    """A fault, what the acks are answered in their order, and whether the list must be asked."""

    fault: dict[str, Any]
    statuses: list
    is_looked_up: bool = False


STARTED = {
    "500": Answer({"status": 500}, [500, 200]),
    "502 and a page of HTML": Answer({"status": 502, "body": HTML, "content_type": "text/html"},
                                     [502, 200]),
    "503 twice": Answer({"status": 503, "times": 2}, [503, 503, 200]),
    "504 after processing": Answer({"status": 504, **DONE}, [504, 200]),
    "529": Answer({"status": 529}, [529, 200]),
    "408": Answer({"status": 408}, [408, 200]),
    "429": Answer({"status": 429}, [429, 200]),
    "302": Answer({"status": 302, "headers": {"location": "/trap"}}, [302, 200]),
    "a reset instead of processing": Answer({"reset": True}, ["reset", 200]),
    "a reset after processing": Answer({"reset": True, **DONE}, ["reset", 200]),
    "a truncated reply": Answer({"truncate": 40, **DONE}, [200, 200]),
    "malformed JSON": Answer({"body": b'{"id":', **DONE}, [200, 200]),
    "a page of HTML": Answer({"body": HTML, "content_type": "text/html", **DONE}, [200, 200]),
    "an array": Answer({"body": b"[]", **DONE}, [200, 200]),
    "another item": Answer({"body": b'{"id":"work_other","state":"starting"}', **DONE}, [200, 200]),
    "64 MiB": Answer({"huge": 64 << 20, **DONE}, [200, 200]),
    "64 MiB in chunks": Answer({"huge": 64 << 20, "chunked": True, **DONE}, [200, 200]),
    "5 bytes a second": Answer({"rate": 5, **DONE}, [200, 200]),
    "nothing for 11 s, and then processing": Answer({"delay": 11}, [409, 200]),
    "200 and an empty body": Answer({"body": b"", **DONE}, [200], True),
    "200 and an empty body without a type": Answer({"body": b"", "content_type": None, **DONE},
                                                   [200], True),
    "200 null": Answer({"body": b"null", **DONE}, [200], True),
    "200 and an empty object": Answer({"body": b"{}", **DONE}, [200], True),
    "204": Answer({"status": 204, **DONE}, [204], True),
    "409 after processing": Answer({"status": 409, **DONE}, [409], True),
    "503 three times after processing": Answer({"status": 503, "times": 3, **DONE}, [503] * 3,
                                               True),
    "three resets after processing": Answer({"reset": True, "times": 3, **DONE}, ["reset"] * 3,
                                            True),
}

# The item is not processed: it stays queued, whatever the answer says.
NOT_STARTED_ANSWERS = {
    "400": {"status": 400},
    "402": {"status": 402},
    "404": {"status": 404},
    "409": {"status": 409},
    "410": {"status": 410},
    "412": {"status": 412},
    "422": {"status": 422},
    "503 for ever": {"status": 503},
    "200 and an empty body": {"body": b""},
}

# What a 200 says of the item, where it is not starting without a heartbeat.
NOT_STARTED_ITEMS: dict[str, dict[str, Any]] = {
    "queued": {"state": "queued"},
    "active": {"state": "active", "latest_heartbeat_at": "2026-11-22T10:00:00Z"},
    "active without a heartbeat": {"state": "active"},
    "starting with a heartbeat": {"state": "starting",
                                  "latest_heartbeat_at": "2026-11-22T10:00:00Z"},
    "starting with a heartbeat that is no time": {"state": "starting",
                                                  "latest_heartbeat_at": "soon"},
    "starting with a heartbeat that is a number": {"state": "starting", "latest_heartbeat_at": 1},
    "stopping": {"state": "stopping"},
    "stopped": {"state": "stopped"},
    "in no state": {"state": None},
    "in an unknown state": {"state": "hibernating"},
    "in a state that is a number": {"state": 2},
}


class AckCase(EnvironmentsCase):
    def add_row(self, name: str, **fault: Any) -> Row:
        """An environment with an item whose acks meet this fault, and a good one behind it."""
        environment = self.add_environment()
        item = self.queue_in(environment)
        self.cp.fault("ack", work=item["id"], **fault)
        return Row(name, environment, item, self.queue_in(environment))

    def wait_good(self, rows: list[Row]) -> None:
        self.cp.wait_stopped([row.good["id"] for row in rows])

    def answers_to(self, item: dict) -> list:
        return [record.status for record in self.acks(item)]

    def assert_never_started(self, rows: list[Row]) -> None:
        """Only the good ones were; each container is removed, and berth has stopped no item."""
        self.assertEqual(len(self.engine.requests("start")), len(rows))
        for row in rows:
            with self.row(row):
                self.assertIn(f"berth-{row.item['id']}", self.created_names())
                self.assertEqual(self.cp.log.of(("heartbeat", "stop"), work=row.item["id"]), [])
                self.assertEqual(self.cp.item(row.item["id"])["state"], "queued")
                self.assert_ran_by_itself(row.good)
        self.assertEqual(self.stops(), [])
        self.assert_nothing_left()


class AnAckThatMayHaveHappened(AckCase):
    def test_is_repeated_or_looked_up_and_the_container_is_started_once(self) -> None:
        rows = [self.add_row(name, **self.with_trap(answer.fault))
                for name, answer in STARTED.items()]
        berth = self.start("run")
        self.wait_good(rows)
        self.cp.wait_stopped([row.item["id"] for row in rows])
        self.wait_no_containers()
        self.assertEqual(berth.terminate(), 0)
        for row in rows:
            # The last answer may come long after it matters.
            self.cp.wait_requests("ack", len(STARTED[row.name].statuses), work=row.item["id"])
            with self.row(row):
                self.assert_answers(row, STARTED[row.name])
                self.assert_ran_by_itself(row.item)
                self.assert_ran_by_itself(row.good)
        self.assertEqual(len(self.engine.requests("create")), 2 * len(rows))
        self.assertEqual(len(self.engine.requests("start")), 2 * len(rows))
        self.assertEqual(self.cp.log.of("unknown"), [], "a redirect was followed")
        self.assert_nothing_left()

    def with_trap(self, fault: dict[str, Any]) -> dict[str, Any]:
        """A redirect points to where the request log would show it."""
        if "headers" not in fault:
            return fault
        return {**fault, "headers": {"location": f"{self.cp.url}/trap"}}

    def assert_answers(self, row: Row, answer: Answer) -> None:
        """The acks were answered as foreseen, and the list was asked after them where they left
        a doubt, before the first heartbeat."""
        self.assertEqual(self.answers_to(row.item), answer.statuses)
        [beat] = self.first_heartbeats(row.item)
        last_ack = self.acks(row.item)[-1]
        looks = [look for look in self.cp.log.of("list", environment=row.environment)
                 if last_ack.seq < look.seq < beat.seq]
        self.assertEqual(bool(looks), answer.is_looked_up)


class AnAckThatIsNotOurs(AckCase):
    def run_rows(self, rows: list[Row]) -> None:
        """berth runs until each row's item was given up once, and the good ones have run."""
        berth = self.start("run")
        self.wait_good(rows)
        for row in rows:
            berth.wait_event("removed", work=row.item["id"])
            berth.wait_event("removed", work=row.good["id"])
        berth.terminate()

    def test_by_its_status_leaves_the_container_unstarted_and_removed(self) -> None:
        rows = [self.add_row(name, times=None, **fault)
                for name, fault in NOT_STARTED_ANSWERS.items()]
        self.run_rows(rows)
        self.assert_never_started(rows)
        for row in rows:
            with self.row(row):
                statuses = self.answers_to(row.item)
                # Each offer has its own acks, and one may have begun when berth was ended.
                attempts = 3 if row.name == "503 for ever" else 1
                self.assertLessEqual(len(statuses),
                                     attempts * self.cp.item(row.item["id"])["offers"])
                self.assertGreaterEqual(len(statuses), attempts)

    def test_by_what_the_reply_says_of_the_item_leaves_the_container_unstarted(self) -> None:
        rows = []
        for name, members in NOT_STARTED_ITEMS.items():
            environment = self.add_environment()
            item = self.queue_in(environment)
            with self.cp.model.lock:
                wire = self.cp.model.item(item["id"]).on_the_wire()
            self.cp.fault("ack", work=item["id"], times=None, body=json.dumps(
                {**wire, "acknowledged_at": "2026-11-22T09:59:59Z", **members}).encode())
            rows.append(Row(name, environment, item, self.queue_in(environment)))
        self.run_rows(rows)
        self.assert_never_started(rows)


class AnAckWithARejectedKey(FlowCase):
    def test_is_repeated_with_the_key_that_the_file_holds_by_then(self) -> None:
        # No poll beside it, which could meet the old key's end before the file has the new one.
        self.place.environment["sessions"] = 1
        [item] = self.queue()
        self.cp.fault("ack", hook=lambda record: self.place.write_key(self.rotate_key()),
                      status=401)
        self.assert_exit(self.start("drain", "--wait"), 0)
        self.assertEqual([record.status for record in self.acks(item)], [401, 200])
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assertEqual(len(self.engine.requests("start")), 1)
        self.assertEqual(self.stops(), [])
        self.assert_nothing_left()

    def test_that_is_the_only_one_ends_with_77_and_nothing_started(self) -> None:
        for status in (401, 403):
            for verb in ("drain", "run"):
                with self.subTest(status=status, verb=verb):
                    [item] = self.queue()
                    self.cp.fault("ack", work=item["id"], status=status, times=None)
                    self.assert_exit(self.start(verb), 77)
                    self.assertEqual([record.status for record in self.acks(item)], [status])
                    self.assertEqual(self.cp.item(item["id"])["state"], "queued")
                    self.assertEqual(self.engine.requests("start"), [])
                    self.assertEqual(self.stops(), [])
                    self.assert_nothing_left()
                    self.cp.remove(item["id"])


class AnAckToldToWait(FlowCase):
    def test_is_not_repeated_before_that(self) -> None:
        for status in (429, 503):
            with self.subTest(status=status):
                [item] = self.queue()
                self.cp.fault("ack", work=item["id"], status=status, headers={"retry-after": "1"})
                self.assert_exit(self.start("drain", "--wait"), 0)
                first, second = self.acks(item)
                self.assertGreaterEqual(second.time - first.time, 1.0)
                self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
