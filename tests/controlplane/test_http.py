# SPDX-License-Identifier: Apache-2.0
"""The HTTP side: who may call what, how refusals look, and what the log keeps."""
from __future__ import annotations

import contextlib
import base64
import http.client
import io
import json
import socket
import threading
import time
import unittest
import zipfile
from urllib.parse import quote, urlsplit

from controlplane import ControlPlane
from controlplane.client import VERSIONS, Answer, call, connect

class HttpTest(unittest.TestCase):
    def setUp(self) -> None:
        self.cp = ControlPlane().start()
        self.addCleanup(self.cp.stop)
        self.env = self.cp.create_environment()
        self.base = f"/v1/environments/{self.env['id']}/work"

    def call(self, method: str, path: str, token: str | None = None, body: object = None,
             headers: dict[str, str] | None = None) -> Answer:
        return call(self.cp.url, method, path, token, body, headers)

    def poll(self, query: str = "") -> Answer:
        return self.call("GET", f"{self.base}/poll{query}", self.env["key"])

    def claim_and_ack(self) -> dict:
        item = self.cp.queue(self.env["id"])[0]
        self.assertEqual(self.poll().json["id"], item["id"])
        self.assertEqual(self.call("POST", f"{self.base}/{item['id']}/ack",
                                   self.env["key"]).status, 200)
        return item


class Credentials(HttpTest):
    def test_who_may_call_what(self) -> None:
        """each endpoint takes exactly the credentials that the API's documents give it"""
        item = self.cp.queue(self.env["id"])[0]
        work, session = f"{self.base}/{item['id']}", f"/v1/sessions/{item['session_id']}"
        tokens = {"E": self.env["key"], "T": item["token"], "A": self.cp.api_key}
        table = [("GET", f"{self.base}/poll", "E"), ("GET", self.base, "E"),
                 ("GET", f"{self.base}/stats", "EA"), ("GET", work, "A"),
                 ("POST", work, "A"), ("POST", f"{work}/ack", "ET"),
                 ("POST", f"{work}/heartbeat", "ET"), ("GET", session, "ETA"),
                 ("GET", f"{session}/events", "ETA"), ("POST", f"{work}/stop", "ETA"),
                 ("GET", "/v1/skills/skill_demo/versions/latest", "ETA")]
        for method, path, allowed in table:
            for letter, token in tokens.items():
                with self.subTest(path=path, credential=letter):
                    status = self.call(method, path, token, {} if method == "POST" else None).status
                    if letter in allowed:
                        self.assertNotIn(status, (401, 403))
                    else:
                        self.assertEqual(status, 403)
            self.assertEqual(self.call(method, path, "sk-ant-oat01-wrong").status, 401)
            self.assertEqual(self.call(method, path).status, 401)

    def test_an_api_key_header_is_refused_on_poll_and_list(self) -> None:
        """x-api-key is refused on poll and list, and next to a bearer token everywhere"""
        for path in (f"{self.base}/poll", self.base):
            reply = self.call("GET", path, headers={**VERSIONS, "x-api-key": self.cp.api_key})
            self.assertEqual(reply.status, 403)
        reply = self.call("GET", f"{self.base}/stats", self.env["key"],
                          headers={**VERSIONS, "x-api-key": self.cp.api_key})
        self.assertEqual(reply.status, 401)
        self.assertEqual(self.cp.log.all()[-1].credential, "both")

    def test_credentials_reach_no_further_than_their_own(self) -> None:
        """a key reaches its own environment only, and a token its own item and session only"""
        mine, other = self.cp.queue(self.env["id"], count=2)
        foreign = self.cp.create_environment()
        self.assertEqual(self.call("GET", f"{self.base}/poll", foreign["key"]).status, 403)
        self.assertEqual(self.call("GET", f"/v1/sessions/{mine['session_id']}",
                                   foreign["key"]).status, 403)
        self.assertEqual(self.call("POST", f"{self.base}/{other['id']}/stop", mine["token"],
                                   {"force": True}).status, 403)
        self.assertEqual(self.call("GET", f"/v1/sessions/{other['session_id']}/events",
                                   mine["token"]).status, 403)

    def test_what_does_not_exist_is_not_found(self) -> None:
        """unknown environments, items, sessions, skills and paths are 404"""
        foreign = self.cp.create_environment()
        item = self.cp.queue(foreign["id"])[0]
        for method, path in (("GET", "/v1/environments/env_unknown/work/poll"),
                             ("POST", f"{self.base}/work_unknown/ack"),
                             ("POST", f"{self.base}/{item['id']}/ack"),
                             ("GET", "/v1/sessions/sesn_unknown"),
                             ("GET", "/v1/skills/skill_unknown/versions/latest"),
                             ("GET", "/v1/unknown"), ("DELETE", self.base)):
            reply = self.call(method, path, self.env["key"])
            self.assertEqual((path, reply.status), (path, 404))
            self.assertEqual(reply.json["error"]["type"], "not_found_error")

    def test_a_rotated_key_is_refused(self) -> None:
        """after a rotation the old key is refused and the new one accepted"""
        key = self.cp.rotate_key(self.env["id"])
        self.assertEqual(self.poll().status, 401)
        self.assertEqual(self.call("GET", f"{self.base}/poll", key).status, 200)

    def test_version_and_beta_are_required(self) -> None:
        """anthropic-version is required everywhere, anthropic-beta everywhere but on skills"""
        for missing in VERSIONS:
            headers = {key: value for key, value in VERSIONS.items() if key != missing}
            reply = self.call("GET", f"{self.base}/poll", self.env["key"], headers=headers)
            self.assertEqual((missing, reply.status), (missing, 400))
        reply = self.call("GET", "/v1/skills/skill_demo/versions/latest", self.env["key"],
                          headers={"anthropic-version": "2023-06-01"})
        self.assertEqual(reply.status, 200)


class Queue(HttpTest):
    def test_every_reply_carries_id_and_date(self) -> None:
        """every reply carries request-id and Date, and errors repeat the id"""
        reply = self.call("GET", f"{self.base}/poll")
        self.assertIsNotNone(reply.headers.get("date"))
        self.assertEqual(reply.json["request_id"], reply.headers["request-id"])
        self.assertEqual(reply.json["type"], "error")
        self.assertEqual(reply.json["error"]["type"], "authentication_error")

    def test_empty_poll_is_null_after_block_ms(self) -> None:
        """an empty poll answers null, after block_ms have really passed"""
        started = time.monotonic()
        reply = self.poll("?block_ms=400&beta=true&unknown=1")
        self.assertEqual((reply.status, reply.content), (200, b"null"))
        self.assertGreaterEqual(time.monotonic() - started, 0.4)

    def test_a_blocked_poll_wakes_at_once(self) -> None:
        """a blocked poll answers as soon as an item is queued"""
        timer = threading.Timer(0.2, self.cp.queue, (self.env["id"],))
        timer.start()
        self.addCleanup(timer.join)
        started = time.monotonic()
        self.assertIsNotNone(self.poll("?block_ms=999").json)
        self.assertLess(time.monotonic() - started, 0.9)

    def test_numbers_out_of_range_are_refused(self) -> None:
        """block_ms outside 1..999, reclaim below 1 and limit outside 1..1000 are 400"""
        for query in ("block_ms=0", "block_ms=1000", "block_ms=-1", "block_ms=x", "block_ms=",
                      "block_ms=%D9%A1", "reclaim_older_than_ms=0"):
            self.assertEqual((query, self.poll(f"?{query}").status), (query, 400))
        for query in ("limit=0", "limit=1001", "page=x"):
            reply = self.call("GET", f"{self.base}?{query}", self.env["key"])
            self.assertEqual((query, reply.status), (query, 400))

    def test_heartbeat_and_stop_as_a_worker_sends_them(self) -> None:
        """an item is claimed, acked, heartbeated with its token, and stopped with 204"""
        item = self.claim_and_ack()
        beat = f"{self.base}/{item['id']}/heartbeat?expected_last_heartbeat="
        first = self.call("POST", beat + "NO_HEARTBEAT", item["token"])
        self.assertEqual((first.status, first.json["type"]), (200, "work_heartbeat"))
        echo = quote(first.json["last_heartbeat"], safe="")
        self.assertEqual(self.call("POST", beat + echo, item["token"]).status, 200)
        lost = self.call("POST", beat + echo, item["token"])
        self.assertEqual(lost.status, 412)
        self.assertEqual(lost.json["error"]["type"], "invalid_request_error")
        self.assertEqual(lost.json["error"]["details"]["error_code"],
                         "heartbeat_precondition_failed")
        stop = self.call("POST", f"{self.base}/{item['id']}/stop", item["token"], {"force": True})
        self.assertEqual((stop.status, stop.content), (204, b""))
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        record = self.cp.log.of("stop")[0]
        self.assertEqual((record.credential, record.token_of, record.body),
                         (f"session:{item['session_id']}", item["id"], {"force": True}))

    def test_list_pages_through_all_items(self) -> None:
        """list pages through all items of the environment, oldest first, without secrets"""
        works = [item["id"] for item in self.cp.queue(self.env["id"], count=5)]
        seen, page = [], ""
        while True:
            reply = self.call("GET", f"{self.base}?limit=2{page}", self.env["key"]).json
            seen += [work["id"] for work in reply["data"]]
            self.assertEqual({work["secret"] for work in reply["data"]}, {None})
            if reply["next_page"] is None:
                break
            page = f"&page={reply['next_page']}"
        self.assertEqual(seen, works)

    def test_retrieve_and_update_with_the_api_key(self) -> None:
        """the API key retrieves an item and merges metadata into it"""
        path = f"{self.base}/{self.cp.queue(self.env['id'])[0]['id']}"
        self.call("POST", path, self.cp.api_key, {"metadata": {"a": "1", "b": "2"}})
        self.call("POST", path, self.cp.api_key, {"metadata": {"a": None}})
        self.assertEqual(self.call("GET", path, self.cp.api_key).json["metadata"], {"b": "2"})
        refused = self.call("POST", path, self.cp.api_key, {"metadata": {"a": 1}})
        self.assertEqual((refused.status, refused.json["error"]["details"]["error_code"]),
                         (400, "invalid_metadata"))

    def test_healthchecks_and_items_without_a_secret(self) -> None:
        """healthcheck items and items without a secret are offered as they are"""
        self.cp.queue_healthcheck(self.env["id"])
        self.cp.queue_healthcheck(self.env["id"], type=None)
        self.cp.queue(self.env["id"], secret="none")
        first, second, third = self.poll().json, self.poll().json, self.poll().json
        self.assertEqual(first["data"]["type"], "healthcheck")
        self.assertNotIn("type", second["data"])
        self.assertIsNone(third["secret"])

    def test_raw_items_arrive_verbatim(self) -> None:
        """raw items arrive byte for byte and are acked and stopped under their id"""
        body = b'\xef\xbb\xbf{"id":"\xff\x00"}'
        self.cp.queue_raw(self.env["id"], body, work="../we ird")
        self.assertEqual(self.poll().content, body)
        path = f"{self.base}/{quote('../we ird', safe='')}"
        self.assertEqual(self.call("POST", f"{path}/ack", self.env["key"]).status, 200)
        self.assertEqual(self.call("POST", f"{path}/stop", self.env["key"],
                                   {"force": True}).status, 204)
        self.assertEqual(self.cp.item("../we ird")["state"], "stopped")

    def test_another_worker_can_take_the_item(self) -> None:
        """a foreign worker claims, acks and heartbeats, and ours meets 412"""
        item = self.cp.queue(self.env["id"])[0]
        self.cp.foreign_claim(item["id"])
        self.assertIsNone(self.poll().json)
        self.cp.foreign_ack(item["id"])
        self.cp.foreign_heartbeat(item["id"])
        self.cp.foreign_heartbeat(item["id"])
        reply = self.call("POST", f"{self.base}/{item['id']}/heartbeat"
                          "?expected_last_heartbeat=NO_HEARTBEAT", item["token"])
        self.assertEqual(reply.status, 412)

    def test_two_hundred_pollers_share_the_queue(self) -> None:
        """two hundred pollers wait at once, and each of 200 items reaches exactly one of them"""
        claimed: list[str] = []
        failures: list[str] = []

        def poller(number: int) -> None:
            connection = connect(self.cp.url, timeout=30)
            headers = {**VERSIONS, "authorization": f"Bearer {self.env['key']}",
                       "anthropic-worker-id": f"w{number}"}
            try:
                for _ in range(20):
                    connection.request("GET", f"{self.base}/poll?block_ms=999"
                                       "&reclaim_older_than_ms=60000", headers=headers)
                    work = json.loads(connection.getresponse().read())
                    if work is not None:
                        claimed.append(work["id"])
                        return
            except (OSError, ValueError, http.client.HTTPException) as error:
                failures.append(repr(error))
            finally:
                connection.close()

        threads = [threading.Thread(target=poller, args=(number,)) for number in range(200)]
        for thread in threads:
            thread.start()
        self.cp.wait_for(lambda cp: len(cp.log.of("poll")) >= 200, 30)
        queued = [item["id"] for item in self.cp.queue(self.env["id"], count=200)]
        for thread in threads:
            thread.join(60)
        self.assertEqual(failures, [])
        self.assertEqual(sorted(claimed), sorted(queued))


class Sessions(HttpTest):
    def test_history_pages_and_filters(self) -> None:
        """the history is paged, ordered and filtered as asked"""
        item = self.claim_and_ack()
        path = f"/v1/sessions/{item['session_id']}/events"
        stream = self.cp.model.session(item["session_id"]).stream(lambda: True)
        self.assertIsNotNone(stream)
        reply = self.call("GET", f"{path}?limit=2", item["token"]).json
        self.assertEqual([event["type"] for event in reply["data"]],
                         ["user.message", "session.status_running"])
        rest = self.call("GET", f"{path}?page={reply['next_page']}", item["token"]).json
        self.assertEqual(len(rest["data"]), 2)
        asked = self.call("GET", f"{path}?order=desc&types[]=agent.tool_use", item["token"]).json
        self.assertEqual([event["input"]["command"] for event in asked["data"]],
                         ["echo berth-$((6*7))"])

    def test_workers_send_tool_results_only(self) -> None:
        """a worker's token sends tool results and nothing else; the API key wakes a session"""
        item = self.claim_and_ack()
        path = f"/v1/sessions/{item['session_id']}/events"
        wake = {"events": [{"type": "user.interrupt"}]}
        self.assertEqual(self.call("POST", path, item["token"], wake).status, 403)
        self.assertEqual(self.call("POST", path, item["token"], {"events": "x"}).status, 400)
        self.cp.foreign_stop(item["id"])
        self.assertEqual(self.call("POST", path, self.cp.api_key, wake).status, 200)
        self.assertEqual(len(self.cp.items()), 2)

    def test_skills_are_zips_with_one_top_folder(self) -> None:
        """a skill is described by version and downloaded as a zip with one top folder"""
        version = self.call("GET", "/v1/skills/skill_demo/versions/latest", self.env["key"]).json
        self.assertEqual((version["type"], version["name"]), ("skill_version", "demo"))
        content = self.call("GET", f"/v1/skills/skill_demo/versions/{version['id']}/content",
                            self.env["key"]).content
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
        self.assertIn("demo/SKILL.md", names)
        self.assertEqual({name.split("/")[0] for name in names}, {"demo"})


class RequestLog(HttpTest):
    def test_the_log_holds_no_credential(self) -> None:
        """the log keeps who asked for what and when, and no credential in any form"""
        before = time.time()
        item = self.claim_and_ack()
        self.call("GET", f"{self.base}/poll", headers={**VERSIONS, "x-api-key": self.cp.api_key})
        records = self.cp.log.all()
        self.assertEqual([record.seq for record in records], [1, 2, 3])
        self.assertEqual((records[0].endpoint, records[0].work, records[0].status),
                         ("poll", item["id"], 200))
        self.assertTrue(before <= records[0].time <= records[1].time <= time.time())
        dump = json.dumps([record.as_dict() for record in records])
        for hidden in (self.env["key"], item["token"], item["secret"], self.cp.api_key):
            self.assertNotIn(hidden, dump)
            self.assertNotIn(base64.b64encode(hidden.encode()).decode(), dump)

    def test_wait_for_says_what_it_saw(self) -> None:
        """a wait that runs out says what it waited for and how things stood"""
        item = self.cp.queue(self.env["id"])[0]
        with self.assertRaises(TimeoutError) as caught:
            self.cp.wait_stopped(timeout=0.2)
        self.assertIn("all items stopped", str(caught.exception))
        self.assertIn(item["id"], str(caught.exception))


class HostileClients(HttpTest):
    def raw(self, data: bytes) -> bytes:
        where = urlsplit(self.cp.url)
        with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
            connection.sendall(data)
            with contextlib.suppress(OSError):  # the server may have closed already
                connection.shutdown(socket.SHUT_WR)
            received = b""
            try:
                while piece := connection.recv(65536):
                    received += piece
            except ConnectionResetError:
                pass
            return received

    def test_broken_requests_harm_nobody(self) -> None:
        """broken, oversized and abandoned requests end their own connection and nothing else"""
        poll = f"GET {self.base}/poll HTTP/1.1\r\nhost: x\r\n".encode()
        for data in (b"", b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n",
                     b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
                     poll + b"a: b\r\n" * 500 + b"\r\n", poll + b"content-length: -1\r\n\r\n",
                     poll + b"content-length: 99999999999\r\n\r\n",
                     poll + b"content-length: 50\r\n\r\nshort",
                     poll + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
                     poll + b"authorization: \xff\xfe\r\n\r\n",
                     poll + b"authorization: Bearer \xe2\x82\xac\r\n\r\n",
                     b"BREW /v1 HTTP/1.1\r\nhost: x\r\n\r\n",
                     b"POST /%00%ff/../.. HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n[["):
            self.raw(data)
        nested = b"[" * 200_000
        work = self.cp.queue(self.env["id"])[0]["id"]
        head = (f"POST {self.base}/{work}/stop HTTP/1.1\r\nhost: x\r\n"
                f"authorization: Bearer {self.env['key']}\r\ncontent-length: {len(nested)}\r\n"
                + "".join(f"{key}: {value}\r\n" for key, value in VERSIONS.items()) + "\r\n")
        self.assertIn(b" 400 ", self.raw(head.encode() + nested))
        self.assertEqual(self.cp.errors, [])
        self.assertEqual(self.poll().json["id"], work)

    def test_connections_are_kept_alive(self) -> None:
        """one connection carries many requests"""
        connection = connect(self.cp.url)
        self.addCleanup(connection.close)
        for _ in range(5):
            connection.request("GET", f"{self.base}/stats", headers={
                **VERSIONS, "authorization": f"Bearer {self.env['key']}"})
            self.assertEqual(connection.getresponse().read()[:1], b"{")
        self.assertEqual(len({record.peer for record in self.cp.log.of("stats")}), 1)


if __name__ == "__main__":
    unittest.main()
