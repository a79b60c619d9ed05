# SPDX-License-Identifier: Apache-2.0
"""Faults: each does what it says, where it says, as often as it says, and shows in the log."""
from __future__ import annotations

import http.client
import socket
import threading
import time
import unittest
from urllib.parse import urlsplit

from controlplane import ControlPlane, Refused
from controlplane.client import VERSIONS, Answer, call


class FaultTest(unittest.TestCase):
    def setUp(self) -> None:
        self.cp = ControlPlane().start()
        self.addCleanup(self.cp.stop)
        self.env = self.cp.create_environment()
        self.base = f"/v1/environments/{self.env['id']}/work"

    def poll(self, query: str = "") -> Answer:
        return call(self.cp.url, "GET", f"{self.base}/poll{query}", self.env["key"])

    def post(self, work: str, what: str, body: object = None) -> Answer:
        return call(self.cp.url, "POST", f"{self.base}/{work}/{what}", self.env["key"], body)

    def assert_reset(self, *arguments) -> None:
        with self.assertRaises((ConnectionResetError, http.client.RemoteDisconnected)) as caught:
            call(self.cp.url, *arguments)
        self.assertIsInstance(caught.exception, ConnectionResetError)


class Choosing(FaultTest):
    def test_after_and_times_are_counted(self) -> None:
        """a fault lets `after` requests pass, fires `times` times, and then is over"""
        self.cp.fault("poll", status=503, after=1, times=2)
        self.assertEqual([self.poll().status for _ in range(5)], [200, 503, 503, 200, 200])
        self.assertEqual([record.fault for record in self.cp.log.of("poll")],
                         [None, "503 before", "503 before", None, None])

    def test_faults_choose_their_requests(self) -> None:
        """a fault hits its endpoint, work item and credential only, and times None never ends"""
        first, second = self.cp.queue(self.env["id"], count=2)
        self.cp.fault(["ack", "stop"], work=second["id"], status=500, times=None)
        self.assertEqual(self.post(first["id"], "ack").status, 200)
        self.assertEqual(self.post(second["id"], "ack").status, 500)
        self.assertEqual(self.post(second["id"], "stop").status, 500)
        self.cp.clear_faults()
        self.cp.fault("*", credential="session", status=529, times=None)
        self.assertEqual(self.post(first["id"], "ack").status, 200)
        self.assertEqual(call(self.cp.url, "POST", f"{self.base}/{first['id']}/ack",
                              first["token"]).status, 529)

    def test_polls_with_and_without_an_item_can_be_told_apart(self) -> None:
        """offer=False hits empty polls only, offer=True only those that hand out an item"""
        self.cp.fault("poll", when="after", offer=False, status=204, times=None)
        self.cp.fault("poll", when="after", offer=True, status=500)
        item = self.cp.queue(self.env["id"])[0]
        self.assertEqual(self.poll().status, 500)
        self.assertEqual(self.poll().status, 204)
        self.assertEqual(self.cp.item(item["id"])["offers"], 1)

    def test_mistakes_in_a_fault_are_refused(self) -> None:
        """an unknown endpoint, or a choice that cannot be made in time, is refused at once"""
        for endpoint, options in (("pol", {}), ("poll", {"when": "later"}),
                                  ("poll", {"offer": True}), ("poll", {"duplicate": True})):
            with self.assertRaises(Refused):
                self.cp.fault(endpoint, **options)


class Replies(FaultTest):
    def test_status_headers_and_body_are_replaced(self) -> None:
        """status, headers and body are sent as given, an error status alone with the API's shape"""
        self.cp.fault("poll", status=429, headers={"retry-after": "7"})
        self.cp.fault("poll", status=502, body=b"<html>\xff", content_type="text/html")
        limited, proxy = self.poll(), self.poll()
        self.assertEqual((limited.status, limited.headers["retry-after"]), (429, "7"))
        self.assertEqual(limited.json["error"]["type"], "rate_limit_error")
        self.assertEqual((proxy.status, proxy.content, proxy.headers["content-type"]),
                         (502, b"<html>\xff", "text/html"))

    def test_empty_replies_come_in_all_kinds(self) -> None:
        """204, null, and an empty body with and without a content type can all be sent"""
        self.cp.fault("poll", status=204)
        self.cp.fault("poll", body=b"null")
        self.cp.fault("poll", body=b"")
        self.cp.fault("poll", body=b"", content_type=None)
        got = [(answer.status, answer.content, answer.headers.get("content-type"))
               for answer in (self.poll() for _ in range(4))]
        self.assertEqual(got, [(204, b"", None), (200, b"null", "application/json"),
                               (200, b"", "application/json"), (200, b"", None)])

    def test_a_fault_before_has_no_effect_and_after_has(self) -> None:
        """before: the ack never happened; after: it did, and only the reply is lost"""
        item = self.cp.queue(self.env["id"])[0]
        path = f"{self.base}/{item['id']}/ack"
        self.cp.fault("ack", reset=True)
        self.assert_reset("POST", path, self.env["key"])
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        self.cp.fault("ack", reset=True, when="after")
        self.assert_reset("POST", path, self.env["key"])
        self.assertEqual(self.cp.item(item["id"])["state"], "starting")
        self.assertEqual([record.status for record in self.cp.log.of("ack")], ["reset", "reset"])

    def test_a_lost_poll_reply_leaves_the_item_claimed(self) -> None:
        """a poll whose reply is lost has claimed the item; it comes back with the reclaim"""
        item = self.cp.queue(self.env["id"])[0]
        self.cp.fault("poll", reset=True, when="after", offer=True)
        self.assert_reset("GET", f"{self.base}/poll", self.env["key"])
        self.assertTrue(self.cp.item(item["id"])["pending"])
        self.assertEqual(self.poll("?block_ms=999&reclaim_older_than_ms=100").json["id"],
                         item["id"])

    def test_delay_holds_the_reply(self) -> None:
        """delay holds the request for that long"""
        self.cp.fault("poll", delay=0.3)
        started = time.monotonic()
        self.assertEqual(self.poll().status, 200)
        self.assertGreaterEqual(time.monotonic() - started, 0.3)

    def test_hooks_run_between_the_effect_and_the_reply(self) -> None:
        """a hook sees the record, before the effect or between the effect and the reply"""
        item = self.cp.queue(self.env["id"])[0]
        seen: list[tuple] = []

        def look(record) -> None:
            seen.append((record.endpoint, record.seq, self.cp.item(item["id"])["state"]))

        self.cp.fault(("poll", "ack", "stop"), hook=look, after=1)
        self.cp.fault(("poll", "ack", "stop"), hook=look, after=1, when="after")
        self.poll()
        self.post(item["id"], "ack")
        self.assertEqual(seen, [("ack", 2, "queued"), ("ack", 2, "starting")])


class Bodies(FaultTest):
    def test_a_truncated_body_ends_early(self) -> None:
        """truncate promises the genuine body and sends the beginning of it"""
        self.cp.queue(self.env["id"])
        self.cp.fault("poll", truncate=10)
        with self.assertRaises(http.client.IncompleteRead) as caught:
            self.poll()
        self.assertEqual(caught.exception.partial, b'{"id": "wo')

    def test_a_slow_body_trickles(self) -> None:
        """rate sends the body at that many bytes per second"""
        self.cp.fault("poll", body=b"x" * 50, rate=100)
        started = time.monotonic()
        self.assertEqual(len(self.poll().content), 50)
        self.assertGreaterEqual(time.monotonic() - started, 0.4)

    def test_a_huge_body_is_streamed(self) -> None:
        """huge sends that many bytes, with a content-length or chunked"""
        for chunked in (False, True):
            self.cp.fault("poll", huge=64 << 20, chunked=chunked)
            answer = self.poll()
            self.assertEqual(len(answer.content), 64 << 20)
            self.assertEqual("content-length" in answer.headers, not chunked)

    def test_a_client_may_leave_a_huge_body(self) -> None:
        """a client that leaves in the middle of a body harms nobody"""
        self.cp.fault("poll", huge=64 << 20)
        where = urlsplit(self.cp.url)
        with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
            fields = {**VERSIONS, "host": "x", "authorization": f"Bearer {self.env['key']}"}
            connection.sendall((f"GET {self.base}/poll HTTP/1.1\r\n" + "".join(
                f"{key}: {value}\r\n" for key, value in fields.items()) + "\r\n").encode())
            connection.recv(1000)
        self.assertEqual(self.poll().status, 200)
        self.assertEqual(self.cp.errors, [])

    def test_a_genuine_body_can_be_chunked(self) -> None:
        """chunked sends the genuine body without a content-length"""
        item = self.cp.queue(self.env["id"])[0]
        self.cp.fault("poll", chunked=True)
        answer = self.poll()
        self.assertEqual(answer.json["id"], item["id"])
        self.assertNotIn("content-length", answer.headers)

    def test_duplicate_hands_the_item_out_twice(self) -> None:
        """duplicate hands the same item to the next poll as well, acked or not"""
        item = self.cp.queue(self.env["id"])[0]
        self.cp.fault("poll", duplicate=True, when="after", offer=True)
        first = self.poll().json
        self.post(item["id"], "ack")
        second = self.poll().json
        self.assertEqual((first["id"], second["id"]), (item["id"], item["id"]))
        self.assertEqual((second["state"], second["secret"]), ("starting", first["secret"]))
        self.assertIsNone(self.poll().json)

    def test_streams_are_cut_in_the_middle_of_a_frame(self) -> None:
        """truncate on a stream cuts the connection after that many bytes"""
        item = self.cp.queue(self.env["id"])[0]
        self.cp.fault("events_stream", truncate=20)
        with self.assertRaises((OSError, http.client.HTTPException)):
            call(self.cp.url, "GET", f"/v1/sessions/{item['session_id']}/events/stream",
                 item["token"])

    def test_open_streams_can_be_cut(self) -> None:
        """cut_streams ends a session's open stream without ending the session"""
        item = self.cp.queue(self.env["id"])[0]
        timer = threading.Timer(0.3, self.cp.cut_streams, (item["session_id"],))
        timer.start()
        self.addCleanup(timer.join)
        answer = call(self.cp.url, "GET", f"/v1/sessions/{item['session_id']}/events/stream",
                      item["token"])
        self.assertIn(b"event: agent.tool_use\ndata: {", answer.content)
        self.assertEqual(self.cp.session(item["session_id"])["status"], "idle")


if __name__ == "__main__":
    unittest.main()
