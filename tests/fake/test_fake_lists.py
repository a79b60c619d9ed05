# SPDX-License-Identifier: Apache-2.0
"""Lists and events of the fake engine: what is there, what happened, and filters on both."""
from __future__ import annotations

import json
import time
import unittest
from urllib.parse import quote

from enginecase import EngineCase, filters
from fakeengine import IMAGE, FakeEngine, wait_until


class Lists(EngineCase):
    def names(self, query: str = "all=1") -> list[str]:
        return [row["Names"][0] for row in self.ask("GET", f"/containers/json?{query}").json()]

    def test_only_running_ones_unless_all_are_asked_for_newest_first(self):
        self.create("one")
        self.run_container("two")
        self.assertEqual(self.names(""), ["/two"])
        self.assertEqual(self.names("all=true"), ["/two", "/one"])

    def test_labels_filter_by_key_and_by_value_and_all_must_hold(self):
        self.create("one", Labels={"a": "1", "b": "x"})
        self.create("two", Labels={"a": "2"})
        self.assertEqual(self.names("all=1&filters=" + filters(label=["a"])), ["/two", "/one"])
        self.assertEqual(self.names("all=1&filters=" + filters(label=["a=1"])), ["/one"])
        self.assertEqual(self.names("all=1&filters=" + filters(label=["a=1", "b"])), ["/one"])
        self.assertEqual(self.names("all=1&filters=" + filters(label=["a=1", "c"])), [])
        old_form = quote(json.dumps({"label": {"a=2": True}}))
        self.assertEqual(self.names("all=1&filters=" + old_form), ["/two"])

    def test_names_filter_as_regular_expressions_with_and_without_slash(self):
        self.create("one")
        self.create("one-more")
        for pattern in ("^one$", "^/one$"):
            self.assertEqual(self.names("all=1&filters=" + filters(name=[pattern])), ["/one"])
        self.assertEqual(
            self.names("all=1&filters=" + filters(name=["one"])), ["/one-more", "/one"]
        )

    def test_a_status_filter_needs_no_all(self):
        self.create("one")
        self.run_container("two")
        self.assertEqual(self.names("filters=" + filters(status=["created"])), ["/one"])

    def test_filters_docker_does_not_know_are_refused(self):
        reply = self.ask("GET", "/containers/json?filters=" + filters(zork=["a"]))
        self.assertEqual((reply.status, reply.message()), (400, "Invalid filter 'zork'"))
        reply = self.ask("GET", "/containers/json?filters=" + filters(status=["zork"]))
        self.assertEqual((reply.status, reply.message()), (400, "Invalid filter 'status=zork'"))
        self.assertEqual(self.ask("GET", "/containers/json?filters=zork").status, 500)

    def test_a_row_tells_state_status_and_labels(self):
        self.run_container("one", Labels={"a": "b"}, Cmd=["x", "y"])
        self.engine.exit_container("one", 3)
        row = self.ask("GET", "/containers/json?all=1").json()[0]
        self.assertEqual((row["State"], row["Labels"]), ("exited", {"a": "b"}))
        self.assertRegex(row["Status"], r"^Exited \(3\) .* ago$")
        self.assertEqual((row["Image"], row["Command"]), (IMAGE, "/usr/local/bin/worker x y"))

    def test_two_ids_with_one_prefix_are_ambiguous(self):
        ids = [self.create(f"c{n}") for n in range(17)]
        shared = next(i[0] for i in ids if sum(j[0] == i[0] for j in ids) > 1)
        self.assertEqual(self.ask("GET", f"/containers/{shared}/json").status, 404)
        self.assertEqual(self.ask("GET", f"/containers/{ids[3][:20]}/json").json()["Id"], ids[3])


class Events(EngineCase):
    def read(self, query: str = "") -> list[dict]:
        """The kept events, to now."""
        body = self.ask("GET", f"/events?since=0&until={time.time():.6f}{query}").body
        return [json.loads(line) for line in body.splitlines()]

    def test_a_life_is_told_in_order_with_labels_name_and_image(self):
        container = self.run_container(Labels={"a": "b"})
        self.engine.exit_container("one", 4)
        self.ask("DELETE", "/containers/one")
        events = self.read()
        self.assertEqual([e["Action"] for e in events], ["create", "start", "die", "destroy"])
        self.assertEqual({e["Actor"]["ID"] for e in events}, {container})
        attributes = events[2]["Actor"]["Attributes"]
        self.assertEqual(attributes, {"a": "b", "exitCode": "4", "image": IMAGE, "name": "one"})
        self.assertEqual((events[0]["Type"], events[0]["status"]), ("container", "create"))
        self.assertEqual(events[0]["timeNano"] // 10**9, events[0]["time"])

    def test_out_of_memory_is_an_event_before_the_death_and_a_mark_in_the_state(self):
        self.run_container()
        self.engine.exit_container("one", 137, oom=True)
        self.assertEqual([e["Action"] for e in self.read()][-2:], ["oom", "die"])
        self.assertTrue(self.state("one")["OOMKilled"])

    def test_the_old_fields_stand_in_events_before_api_1_52_only(self):
        with FakeEngine(worker=None, api_min="1.44", api_max="1.52") as engine:
            engine.ask("POST", "/containers/create?name=one", {"Image": IMAGE})
            for version, old in (("/v1.51", True), ("/v1.52", False), ("", False)):
                until = f"{time.time():.6f}"
                reply = engine.ask("GET", f"{version}/events?since=0&until={until}")
                event = json.loads(reply.body)
                for field in ("status", "id", "from"):
                    self.assertEqual(field in event, old, version)
                self.assertEqual(event["Action"], "create")

    def test_streams_follow_and_filter(self):
        connection = self.engine.connect()
        self.addCleanup(connection.close)
        connection.request("GET", "/events?filters=" + filters(label=["a=b"], event=["die", "start"]))
        reply = connection.getresponse()
        self.assertEqual(self.engine.stats()["event_streams"], 1)
        self.run_container("other")
        self.run_container("one", Labels={"a": "b"})
        self.assertEqual(json.loads(reply.readline())["Action"], "start")
        self.ask("POST", "/containers/one/kill")
        self.assertEqual(json.loads(reply.readline())["Actor"]["Attributes"]["exitCode"], "137")

    def test_a_stream_with_until_ends_by_itself(self):
        self.create()
        before = time.time()
        body = self.ask("GET", f"/events?since=0&until={before + 0.2:.3f}").body
        self.assertGreaterEqual(time.time() - before, 0.19)
        self.assertEqual(json.loads(body)["Action"], "create")

    def test_since_leaves_out_what_was_before(self):
        self.create("one")
        now = time.time()
        self.create("two")
        body = self.ask("GET", f"/events?since={now:.6f}&until={time.time():.6f}").body
        self.assertEqual(json.loads(body)["Actor"]["Attributes"]["name"], "two")

    def test_the_history_is_the_last_256_events(self):
        for n in range(260):
            self.create(f"c{n}")
        names = [event["Actor"]["Attributes"]["name"] for event in self.read()]
        self.assertEqual(names, [f"c{n}" for n in range(4, 260)])

    def test_a_follower_that_leaves_is_forgotten(self):
        connection = self.engine.connect()
        connection.request("GET", "/events")
        connection.getresponse()
        connection.close()
        wait_until(lambda: self.engine.stats()["event_streams"] == 0)

    def test_a_time_that_is_no_number_is_500(self):
        self.assertEqual(self.ask("GET", "/events?until=zork").status, 500)


if __name__ == "__main__":
    unittest.main()
