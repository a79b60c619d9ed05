# SPDX-License-Identifier: Apache-2.0
"""The fake engine misbehaves exactly as it is told, and only then."""
from __future__ import annotations

import http.client
import json
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from enginecase import EngineCase
from fakeengine import IMAGE, FakeEngine, UnixConnection, wait_until


class Matching(EngineCase):
    def statuses(self, count: int, path: str = "/info") -> list[int]:
        return [self.ask("GET", path).status for _ in range(count)]

    def test_a_rule_skips_after_and_applies_times(self):
        rule = self.engine.rule(op="info", status=503, after=1, times=2)
        self.assertEqual(self.statuses(5), [200, 503, 503, 200, 200])
        self.assertEqual(self.engine.hits(rule), 2)
        self.assertEqual(self.engine.rules()[0]["seen"], 5)

    def test_times_0_is_for_ever_and_removal_ends_it(self):
        rule = self.engine.rule(op=["info", "version"], status=500, times=0)
        self.assertEqual(self.statuses(3), [500] * 3)
        self.assertEqual(self.statuses(1, "/version"), [500])
        self.assertEqual(self.statuses(1, "/_ping"), [200])
        self.engine.remove_rules(rule)
        self.assertEqual(self.statuses(1), [200])

    def test_method_and_path_select_whatever_the_version(self):
        self.engine.rule(method="GET", path="/containers/*/json", status=418, times=0)
        self.create("one")
        self.assertEqual(self.ask("GET", "/v1.30/containers/one/json").status, 418)
        self.assertEqual(self.ask("GET", "/containers/json").status, 200)

    def test_the_journal_names_the_rules_that_applied(self):
        first = self.engine.rule(op="info", delay_ms=1)
        second = self.engine.rule(op="info", status=500)
        self.statuses(2)
        self.assertEqual([e["rules"] for e in self.engine.requests()], [[first, second], []])

    def test_a_failed_nth_request_of_any_kind_is_the_nth(self):
        for n in range(1, 5):
            self.engine.reset()
            rule = self.engine.rule(after=n - 1, status=500)
            path = "/containers/create?name=one"
            asked = [("GET", "/_ping"), ("POST", path), ("POST", "/containers/one/start")]
            got = [self.engine.ask(m, p, {"Image": IMAGE}).status for m, p in asked]
            self.assertEqual(self.engine.hits(rule), int(n <= 3))
            self.assertEqual([i for i, status in enumerate(got, 1) if status == 500], [n][: n <= 3])


class Replies(EngineCase):
    def test_status_headers_and_body_come_back_verbatim(self):
        self.engine.rule(op="create", status=429, headers={"Retry-After": "7"}, body="not json")
        reply = self.ask("POST", "/containers/create", {"Image": IMAGE})
        self.assertEqual((reply.status, reply.headers["retry-after"]), (429, "7"))
        self.assertEqual(reply.body, b"not json")
        self.assertEqual(self.engine.containers(), [])

    def test_a_replaced_reply_may_still_have_its_effect(self):
        self.engine.rule(op="create", status=500, body={"message": "oops"}, process=True)
        self.assertEqual(self.ask("POST", "/containers/create", {"Image": IMAGE}).message(), "oops")
        self.assertEqual(len(self.engine.containers()), 1)

    def test_the_request_can_come_back_in_the_error(self):
        self.engine.rule(op="create", status=400, echo_body=True)
        reply = self.ask("POST", "/containers/create", {"Image": IMAGE, "Env": ["S=secret"]})
        self.assertIn("S=secret", reply.message())

    def test_inspect_can_lie_about_single_members(self):
        self.create("one", HostConfig={"PidsLimit": 64, "Memory": 134217728})
        self.engine.rule(op="inspect", set={"/HostConfig/PidsLimit": 0}, drop=["/HostConfig/Memory"])
        host = self.ask("GET", "/containers/one/json").json()["HostConfig"]
        self.assertEqual(host["PidsLimit"], 0)
        self.assertNotIn("Memory", host)
        host = self.ask("GET", "/containers/one/json").json()["HostConfig"]
        self.assertEqual((host["PidsLimit"], host["Memory"]), (64, 134217728))

    def test_create_can_warn(self):
        self.engine.rule(op="create", set={"/Warnings": ["limits are ignored"]})
        reply = self.ask("POST", "/containers/create", {"Image": IMAGE})
        self.assertEqual((reply.status, reply.json()["Warnings"]), (201, ["limits are ignored"]))

    def test_a_list_can_lose_a_row(self):
        self.create("one")
        self.create("two")
        self.engine.rule(op="list", drop=["/0"])
        names = [row["Names"] for row in self.ask("GET", "/containers/json?all=1").json()]
        self.assertEqual(names, [["/one"]])

    def test_json_can_be_malformed_in_a_well_formed_reply(self):
        self.engine.rule(op="info", malformed=True)
        reply = self.ask("GET", "/info")
        self.assertEqual(reply.status, 200)
        with self.assertRaises(json.JSONDecodeError):
            reply.json()

    def test_a_body_can_be_huge(self):
        self.engine.rule(op="info", body_bytes=5_000_000)
        self.assertEqual(len(self.ask("GET", "/info").body), 5_000_000)

    def test_raw_bytes_replace_http(self):
        self.engine.rule(op="info", raw="HTTP/9.9 what\r\n\r\n")
        with self.assertRaises(http.client.HTTPException):
            self.ask("GET", "/info")
        self.assertEqual(self.ask("GET", "/info").status, 200)


class Timing(EngineCase):
    def test_delays_hold_one_request_and_no_other(self):
        self.engine.rule(op="create", delay_ms=300)
        slow = threading.Thread(target=lambda: self.create("one"))
        started = time.monotonic()
        slow.start()
        wait_until(lambda: self.engine.requests(op="create"))
        self.assertEqual(self.engine.containers(), [])
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.assertLess(time.monotonic() - started, 0.25)
        slow.join()
        self.assertGreater(time.monotonic() - started, 0.29)

    def test_a_late_reply_comes_after_the_effect(self):
        self.engine.rule(op="create", reply_delay_ms=300)
        slow = threading.Thread(target=lambda: self.create("one"))
        slow.start()
        wait_until(self.engine.containers)
        self.assertTrue(slow.is_alive())
        slow.join()

    def test_a_body_can_drip(self):
        self.engine.rule(op="info", drip_ms=20, drip_bytes=200)
        started = time.monotonic()
        self.assertIn("NCPU", self.ask("GET", "/info").json())
        self.assertGreater(time.monotonic() - started, 0.1)

    def test_hanging_requests_end_only_with_their_client(self):
        for when, created in (("before", 0), ("after", 1)):
            self.engine.reset()
            self.engine.rule(op="create", hang=when)
            connection = self.engine.connect(timeout=0.2)
            with self.assertRaises(TimeoutError):
                connection.ask("POST", "/containers/create", {"Image": IMAGE})
            self.assertEqual(len(self.engine.containers()), created)
            connection.close()
            wait_until(lambda: self.engine.stats()["connections"] == 0)
            self.assertIsNone(self.engine.requests()[0]["status"])


class Cuts(EngineCase):
    def cut(self, when: str) -> None:
        self.engine.rule(op="create", cut=when)
        with self.assertRaises((http.client.HTTPException, ConnectionError)):
            self.ask("POST", "/containers/create", {"Image": IMAGE})

    def test_a_cut_before_processing_has_no_effect(self):
        self.cut("before")
        self.assertEqual(self.engine.containers(), [])

    def test_a_cut_after_processing_has_one(self):
        self.cut("after")
        self.assertEqual(len(self.engine.containers()), 1)

    def test_a_cut_of_the_body_leaves_the_head(self):
        self.engine.rule(op="create", cut="body")
        with self.assertRaises(http.client.IncompleteRead) as raised:
            self.ask("POST", "/containers/create", {"Image": IMAGE})
        self.assertEqual(raised.exception.partial, b"")
        self.assertEqual(len(self.engine.containers()), 1)

    def test_a_cut_in_the_body_leaves_half_of_it(self):
        self.engine.rule(op="create", cut="mid-body")
        with self.assertRaises(http.client.IncompleteRead) as raised:
            self.ask("POST", "/containers/create", {"Image": IMAGE})
        self.assertTrue(raised.exception.partial)
        self.assertEqual(len(self.engine.containers()), 1)

    def test_a_removal_can_take_several_requests(self):
        self.create("one")
        self.engine.hold_removal("one", 3)
        reply = self.ask("DELETE", "/containers/one")
        self.assertEqual(reply.status, 409)
        self.assertEqual(reply.message(), "removal of container one is already in progress")
        self.assertEqual(self.ask("GET", "/containers/one/json").json()["State"]["Status"], "removing")
        create = self.ask("POST", "/containers/create?name=one", {"Image": IMAGE})
        self.assertEqual(create.status, 409)
        self.create("one")


class EventRules(EngineCase):
    def follow(self) -> http.client.HTTPResponse:
        connection = self.engine.connect()
        self.addCleanup(connection.close)
        connection.request("GET", "/events")
        return connection.getresponse()

    def test_events_can_vanish_and_come_twice(self):
        self.engine.rule(event="start", suppress=True)
        self.engine.rule(event="die", duplicate=1)
        stream = self.follow()
        self.run_container("one")
        self.engine.exit_container("one", 3)
        actions = [json.loads(stream.readline())["Action"] for _ in range(3)]
        self.assertEqual(actions, ["create", "die", "die"])

    def test_a_late_event_comes_out_of_order_with_its_own_time(self):
        self.engine.rule(event="start", delay_ms=100, name="on*")
        stream = self.follow()
        self.run_container("one")
        self.engine.exit_container("one", 3)
        events = [json.loads(stream.readline()) for _ in range(3)]
        self.assertEqual([e["Action"] for e in events], ["create", "die", "start"])
        self.assertLess(events[2]["timeNano"], events[1]["timeNano"])

    def test_any_line_can_be_sent(self):
        stream = self.follow()
        self.engine.send_event('{"Action":"die"')
        self.assertEqual(stream.readline(), b'{"Action":"die"\n')

    def test_streams_end_in_order_or_in_the_middle(self):
        stream = self.follow()
        self.engine.close_events()
        self.assertEqual(stream.read(), b"")
        stream = self.follow()
        self.engine.close_events(cut=True)
        with self.assertRaises(http.client.IncompleteRead):
            stream.read()


class Surroundings(EngineCase):
    def test_foreign_containers_look_as_asked_for(self):
        container = self.engine.add_container(
            "foreign",
            state="running",
            created_at="2026-11-20T10:00:00Z",
            started_at="2026-11-20T10:00:01.5Z",
            create={"Image": "other:1", "Labels": {"x": "y"}, "Env": ["A=1"]},
        )
        inspect = self.ask("GET", f"/containers/{container}/json").json()
        self.assertEqual(inspect["State"]["StartedAt"], "2026-11-20T10:00:01.500000000Z")
        self.assertEqual(inspect["Created"], "2026-11-20T10:00:00.000000000Z")
        self.assertEqual(inspect["Config"]["Labels"], {"x": "y"})
        self.assertEqual(self.engine.stats()["running"], 1)
        self.engine.add_container("old", state="exited", exit_code=9)
        state = self.ask("GET", "/containers/old/json").json()["State"]
        self.assertEqual((state["Status"], state["ExitCode"]), ("exited", 9))

    def test_the_engine_can_go_away_and_come_back_with_its_containers(self):
        self.run_container("one")
        connection = self.engine.connect()
        self.addCleanup(connection.close)
        connection.request("GET", "/events")
        stream = connection.getresponse()
        self.engine.vanish()
        with self.assertRaises(http.client.IncompleteRead):
            stream.read()
        with self.assertRaises(FileNotFoundError):
            self.ask("GET", "/_ping")
        self.assertEqual(self.engine.stats()["running"], 1)
        self.engine.come_back()
        self.assertEqual(self.state("one")["Status"], "running")

    def test_vanish_spares_connections_unless_they_are_cut(self):
        connection = self.engine.connect()
        self.addCleanup(connection.close)
        self.assertEqual(connection.ask("GET", "/_ping").status, 200)
        self.engine.vanish(cut=False)
        self.assertEqual(connection.ask("GET", "/_ping").status, 200)
        self.engine.come_back()

    def test_a_full_accept_queue_refuses_at_once_until_it_is_emptied(self):
        with FakeEngine(worker=None, args=["--backlog", "0"]) as engine:
            engine.pause_accepting()
            waiting = self.enterContext(socket.socket(socket.AF_UNIX))
            waiting.connect(engine.socket)
            refused = self.enterContext(socket.socket(socket.AF_UNIX))
            refused.setblocking(False)
            with self.assertRaises(BlockingIOError):
                refused.connect(engine.socket)
            engine.resume_accepting()
            wait_until(lambda: engine.stats()["connections"] == 1)
            self.assertEqual(engine.ask("GET", "/_ping").status, 200)

    def test_reset_forgets_everything_and_ends_streams(self):
        connection = self.engine.connect()
        self.addCleanup(connection.close)
        connection.request("GET", "/events")
        stream = connection.getresponse()
        self.run_container("one")
        self.engine.rule(op="info", status=500)
        self.engine.reset()
        self.assertEqual(stream.read().count(b"\n"), 2)
        self.assertEqual((self.engine.containers(), self.engine.requests()), ([], []))
        self.assertEqual(self.ask("GET", "/info").status, 200)
        self.assertEqual(self.engine.stats()["peak_running"], 0)

    def test_the_log_has_every_request_and_bodies_only_if_asked_for(self):
        with tempfile.TemporaryDirectory() as folder:
            for flags, has_body in (([], False), (["--log-bodies"], True)):
                log = Path(folder) / f"log{len(flags)}"
                with FakeEngine(worker=None, args=["--log", str(log), *flags]) as engine:
                    engine.ask("POST", "/containers/create", {"Image": IMAGE})
                    engine.rule(op="info", cut="before")
                    with self.assertRaises((http.client.HTTPException, ConnectionError)):
                        engine.ask("GET", "/info")
                lines = [json.loads(line) for line in log.read_text().splitlines()]
                self.assertEqual([e["op"] for e in lines], ["create", "info"])
                self.assertEqual([e["status"] for e in lines], [201, None])
                self.assertEqual("body" in lines[0], has_body)

    def test_the_journal_keeps_only_the_newest(self):
        with FakeEngine(worker=None, args=["--keep-log", "3"]) as engine:
            for _ in range(5):
                engine.ask("GET", "/_ping")
            self.assertEqual([e["seq"] for e in engine.requests()], [3, 4, 5])
            self.assertEqual([e["seq"] for e in engine.requests(after=4)], [5])
            self.assertEqual(engine.stats()["requests"], 5)


CLIENT = """
import sys; sys.path.insert(0, sys.argv[1])
from fakeengine import UnixConnection
connection = UnixConnection(sys.argv[2])
for n in range(5):
    connection.ask("POST", f"/containers/create?name=c{n}", {"Image": sys.argv[3]})
"""


class Kills(EngineCase):
    def run_client(self, engine: FakeEngine, pid_file: Path) -> int:
        """A process that creates five containers; its pid is in the file before it begins."""
        command = ["python3", "-c", "import sys; sys.stdin.read()" + CLIENT]
        command += [str(Path(__file__).parent), engine.socket, IMAGE]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as client:
            pid_file.write_text(f"{client.pid}\n")
            client.communicate(timeout=20)
            return client.returncode

    def test_a_process_dies_at_its_nth_request_before_or_after_the_effect(self):
        for when, created in (("before", 2), ("after", 3)):
            self.engine.reset()
            pid_file = self.engine.dir / "pid"
            rule = self.engine.kill_at(3, pid_file, when)
            self.assertEqual(self.run_client(self.engine, pid_file), -9)
            self.assertEqual(self.engine.hits(rule), 1)
            self.assertEqual(len(self.engine.containers()), created)

    def test_a_loop_sees_when_a_run_is_no_longer_hit(self):
        pid_file = self.engine.dir / "pid"
        rule = self.engine.kill_at(6, pid_file)
        self.assertEqual(self.run_client(self.engine, pid_file), 0)
        self.assertEqual(self.engine.hits(rule), 0)

    def test_the_command_line_sets_the_same_switch(self):
        with tempfile.TemporaryDirectory() as folder:
            pid_file = Path(folder) / "pid"
            flags = ["--kill-pid-file", str(pid_file), "--kill-at", "2", "--kill-when", "after"]
            with FakeEngine(worker=None, args=flags) as engine:
                self.assertEqual(self.run_client(engine, pid_file), -9)
                self.assertEqual(len(engine.containers()), 2)


class Load(EngineCase):
    def test_a_thousand_containers_are_quick_on_one_connection(self):
        connection = UnixConnection(self.engine.socket)
        self.addCleanup(connection.close)
        started = time.monotonic()
        for n in range(1000):
            reply = connection.ask("POST", f"/containers/create?name=c{n}", {"Image": IMAGE})
            connection.ask("POST", f"/containers/{reply.json()['Id']}/start")
        self.assertEqual(len(connection.ask("GET", "/containers/json").json()), 1000)
        self.assertLess(time.monotonic() - started, 20)
        self.assertEqual(self.engine.stats()["peak_running"], 1000)


if __name__ == "__main__":
    unittest.main()
