# SPDX-License-Identifier: Apache-2.0
"""Whatever the list and the force-stop are answered with, after a container died before its first
heartbeat: only what the list shows to be free is stopped, and a stop is repeated until it is known
to have happened."""
from __future__ import annotations

import json
from typing import Any, Callable

from environments import EnvironmentsCase, Row

HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
DONE = {"when": "after"}
TIME = "2026-11-22T10:00:00Z"
# In a session's id, these words make its worker leave without a heartbeat.
CRASH = "crash-before-beat"

# The fault, and how the stops are answered in their order.
STOPS: dict[str, tuple[dict[str, Any], list]] = {
    "204": ({}, [204]),
    "200 null": ({"body": b"null", **DONE}, [200]),
    "200 and an empty body": ({"body": b"", "content_type": None, **DONE}, [200]),
    "200 and a page of HTML": ({"body": HTML, "content_type": "text/html", **DONE}, [200]),
    "202": ({"status": 202, **DONE}, [202]),
    "409": ({"status": 409, **DONE}, [409]),
    "500": ({"status": 500}, [500, 204]),
    "502 and a page of HTML": ({"status": 502, "body": HTML, "content_type": "text/html"},
                               [502, 204]),
    "503 three times": ({"status": 503, "times": 3}, [503] * 3 + [204]),
    "429": ({"status": 429}, [429, 204]),
    "408": ({"status": 408}, [408, 204]),
    "a reset instead of processing": ({"reset": True}, ["reset", 204]),
    "401 for a moment": ({"status": 401}, [401, 204]),
    "a reset after processing": ({"reset": True, **DONE}, ["reset"]),
    "64 MiB": ({"huge": 64 << 20, **DONE}, [200]),
}

REFUSED_STOPS = (400, 403, 404, 410, 422)

# Asked again, and then it is seen that the item may be stopped.
PASSING_LISTS: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "502 and a page of HTML": {"status": 502, "body": HTML, "content_type": "text/html"},
    "429": {"status": 429},
    "a reset": {"reset": True},
    "a truncated list": {"truncate": 40, **DONE},
    "malformed JSON": {"body": b'{"data":[', **DONE},
    "an array": {"body": b"[]", **DONE},
    "null": {"body": b"null", **DONE},
    "data that is no list": {"body": b'{"data":{}}', **DONE},
    "64 MiB": {"huge": 64 << 20, **DONE},
}

# What the list shows, given the item as it stands: starting, without a heartbeat.
SHOWN: dict[str, Callable[[dict], list]] = {
    "nothing": lambda own: [],
    "rows that are no items": lambda own: [None, 7, own["id"], [], {}, {"id": 7}],
    "another item": lambda own: [{**own, "id": "work_other"}],
    "it queued": lambda own: [{**own, "state": "queued"}],
    "it active": lambda own: [{**own, "state": "active", "latest_heartbeat_at": TIME}],
    "it with a heartbeat": lambda own: [{**own, "latest_heartbeat_at": TIME}],
    "it with a heartbeat that is no time": lambda own: [{**own, "latest_heartbeat_at": [1]}],
    "it acked at another time": lambda own: [{**own, "acknowledged_at": TIME}],
    "it in an unknown state": lambda own: [{**own, "state": "hibernating"}],
    "it stopping": lambda own: [{**own, "state": "stopping"}],
    "it stopped": lambda own: [{**own, "state": "stopped"}],
}


class CrashCase(EnvironmentsCase):
    """Rows with an item whose worker dies before its first heartbeat."""

    def setUp(self) -> None:
        super().setUp()
        self._count = 0

    def queue_crash(self, environment: str) -> dict:
        self._count += 1
        return self.queue_in(environment, session=f"sesn_{CRASH}_{self._count}")

    def add_row(self, name: str) -> Row:
        environment = self.add_environment()
        return Row(name, environment, self.queue_crash(environment))

    def assert_not_stopped(self, row: Row, berth: Any) -> None:
        self.assertEqual(self.cp.log.of("stop", work=row.item["id"]), [])
        self.assertEqual(self.cp.item(row.item["id"])["state"], "starting")
        self.assertEqual(len(berth.events("undecided", work=row.item["id"])), 1)


class AForceStop(CrashCase):
    def test_is_repeated_until_it_has_happened_and_no_longer(self) -> None:
        rows = []
        for name, (fault, _) in STOPS.items():
            rows.append(self.add_row(name))
            self.cp.fault("stop", work=rows[-1].item["id"], **fault)
        berth = self.start("run")
        for row in rows:
            berth.wait_event("force_stopped", work=row.item["id"])
        berth.terminate()
        for row in rows:
            with self.row(row):
                stops = self.cp.log.of("stop", work=row.item["id"])
                self.assertEqual([stop.status for stop in stops], STOPS[row.name][1])
                self.assertEqual({json.dumps(stop.body) for stop in stops}, {'{"force": true}'})
                self.assertEqual({stop.credential for stop in stops},
                                 {f"environment:{row.environment}"})
                look = self.cp.log.of("list", environment=row.environment)[0]
                self.assertLess(look.seq, stops[0].seq)
                self.assertEqual(self.cp.item(row.item["id"])["state"], "stopped")
        self.assert_nothing_left()

    def test_that_is_refused_is_not_repeated_and_said_to_be_undecided(self) -> None:
        rows = []
        for status in REFUSED_STOPS:
            rows.append(self.add_row(str(status)))
            self.cp.fault("stop", work=rows[-1].item["id"], status=status, times=None)
        berth = self.start("drain", "--wait")
        berth.wait()
        for row in rows:
            with self.row(row):
                stops = self.cp.log.of("stop", work=row.item["id"])
                self.assertEqual([str(stop.status) for stop in stops], [row.name])
                self.assertEqual(len(berth.events("undecided", work=row.item["id"])), 1)
        self.assert_nothing_left()


class AListBeforeAForceStop(CrashCase):
    def test_that_fails_is_asked_for_again(self) -> None:
        rows = []
        for name, fault in PASSING_LISTS.items():
            rows.append(self.add_row(name))
            self.cp.fault("list", environment=rows[-1].environment, **fault)
        self.start("drain", "--wait").wait()
        for row in rows:
            with self.row(row):
                lists = self.cp.log.of("list", environment=row.environment)
                [stop] = self.cp.log.of("stop", work=row.item["id"])
                self.assertEqual(stop.status, 204)
                self.assertEqual(len([look for look in lists if look.seq < stop.seq]), 2)
        self.assert_nothing_left()

    def test_that_fails_again_and_again_leaves_the_item_and_its_container_to_the_next_drain(
            self) -> None:
        row = self.add_row("500 for ever")
        self.cp.fault("list", environment=row.environment, status=500, times=None)
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 75)
        self.assert_not_stopped(row, berth)
        # Three looks of three lists each.
        self.assertEqual(len(self.cp.log.of("list", environment=row.environment)), 9)
        self.assertEqual(self.container_of(row.item)["state"], "exited")
        self.cp.clear_faults()
        self.start("drain", "--wait").wait()
        self.assertEqual(len(self.stops(row.item)), 1)
        self.assertEqual(self.cp.item(row.item["id"])["state"], "stopped")
        self.assert_nothing_left()

    def test_that_shows_anything_but_a_free_item_of_ours_leaves_it_alone(self) -> None:
        rows = []
        for name, shown in SHOWN.items():
            rows.append(self.add_row(name))
            self.show(rows[-1], shown)
        self.start("drain", "--wait").wait()
        for row in rows:
            with self.row(row):
                self.assertEqual(self.cp.log.of("stop", work=row.item["id"]), [])
                self.assertTrue(self.cp.log.of("list", environment=row.environment))
                self.assertEqual(self.cp.item(row.item["id"])["state"], "starting")
        self.assert_nothing_left()

    def show(self, row: Row, shown: Callable[[dict], list]) -> None:
        """From now on the row's list shows this."""
        fault = self.cp.fault("list", environment=row.environment, times=None)

        def fill(_: object) -> None:
            with self.cp.model.lock:
                own = self.cp.model.item(row.item["id"]).on_the_wire()
            fault.body = json.dumps({"data": shown(own), "next_page": None}).encode()
        fault.hook = fill

    def test_that_is_not_permitted_is_warned_of_once_and_nothing_is_force_stopped(self) -> None:
        rows = []
        for status in (401, 403, 404):
            row = self.add_row(str(status))
            row.good = self.queue_crash(row.environment)
            rows.append(row)
            self.cp.fault("list", environment=row.environment, status=status, times=None)
        berth = self.start("run")
        for row in rows:
            for item in (row.item, row.good):
                berth.wait_event("undecided", work=item["id"])
        self.assertTrue(berth.is_running(), "a key that may not list is not rejected")
        good = [self.queue_in(row.environment) for row in rows]
        for item in good:
            berth.wait_event("removed", work=item["id"])
        berth.terminate()
        for row in rows:
            with self.row(row):
                self.assert_not_stopped(row, berth)
                self.assertEqual(len(self.cp.log.of("list", environment=row.environment)), 1)
                self.assertEqual(len(berth.events("list_not_permitted",
                                                  environment=row.environment)), 1)
        for item in good:
            self.assert_ran_by_itself(item)
            self.assertEqual(berth.events("undecided", work=item["id"]), [])
        self.assertEqual(self.stops(), [])
        self.assert_nothing_left()
