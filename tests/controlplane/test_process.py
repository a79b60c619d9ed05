# SPDX-License-Identifier: Apache-2.0
"""The simulator as a process: ready file, admin interface, request log, TLS, several addresses."""
from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from controlplane import ControlPlane
from controlplane.client import call

TESTS = Path(__file__).resolve().parent.parent


class Process(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="controlplane-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def start(self, *arguments: str) -> dict:
        ready = self.folder / "ready.json"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "controlplane", "--ready-file", str(ready), *arguments],
            cwd=TESTS, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        deadline = time.monotonic() + 20
        while not ready.exists():
            self.assertIsNone(self.process.poll(), "the simulator ended at once")
            self.assertLess(time.monotonic(), deadline, "the simulator never got ready")
            time.sleep(0.02)
        return json.loads(ready.read_text())

    def end(self) -> tuple[int, str]:
        """End it with SIGTERM; its exit status and what it said on stderr."""
        if self.process.stderr is None or self.process.stderr.closed:
            return self.process.returncode, ""
        self.process.send_signal(signal.SIGTERM)
        try:
            _, text = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, text = self.process.communicate()
        return self.process.returncode, text

    def test_queue_poll_and_observe_through_admin(self) -> None:
        """environments, items, faults, waits and the log are all reached through admin"""
        log = self.folder / "log.jsonl"
        urls = self.start("--listen", "127.0.0.1:0", "--log", str(log))

        def admin(method: str, **arguments):
            answer = call(urls["admin"], "POST", f"/{method}", body=arguments)
            self.assertEqual(answer.status, 200, answer.content)
            return answer.json

        env = admin("create_environment", id="env_1", ttl_seconds=5)
        item, = admin("queue", environment="env_1", script=["true"], secret="none")
        raw = b'\xff\x00"'
        admin("queue_raw", environment="env_1", work="work_raw",
              body_base64=base64.b64encode(raw).decode())
        admin("fault", endpoint="poll", status=500, body="broken")
        poll = ("GET", "/v1/environments/env_1/work/poll", env["key"])
        answers = [call(urls["url"], *poll) for _ in range(3)]
        self.assertEqual([answer.status for answer in answers], [500, 200, 200])
        self.assertEqual(answers[0].content, b"broken")
        self.assertEqual(answers[1].json["id"], item["id"])
        self.assertEqual(answers[2].content, raw)

        admin("foreign_ack", work=item["id"])
        admin("foreign_stop", work=item["id"])
        admin("wait_stopped", works=[item["id"]], timeout=5)
        self.assertEqual(admin("item", work=item["id"])["state"], "stopped")
        self.assertEqual(len(admin("wait_requests", endpoint="poll", count=3, timeout=5)), 3)
        polls = admin("log", endpoint="poll")
        self.assertEqual([record["work"] for record in polls], [None, item["id"], "work_raw"])
        self.assertEqual(call(urls["admin"], "GET", "/state").json["requests"], 3)

        self.assertEqual(self.end(), (0, ""))
        written = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertEqual([(line["endpoint"], line["status"]) for line in written],
                         [("poll", 500), ("poll", 200), ("poll", 200)])
        self.assertNotIn(env["key"], log.read_text())

    def test_admin_mistakes_are_named(self) -> None:
        """unknown methods, arguments and ids are answered with what is wrong"""
        urls = self.start()
        for path, body, status in (("/nothing", {}, 404), ("/stop", {}, 404),
                                   ("/queue", {"environment": "env_x"}, 400),
                                   ("/queue", {"nonsense": 1}, 400), ("/queue", [], 400),
                                   ("/fault", {"endpoint": "pol"}, 400),
                                   ("/wait_stopped", {"timeout": "x"}, 400)):
            answer = call(urls["admin"], "POST", path, body=body)
            self.assertEqual((path, answer.status), (path, status))
            self.assertTrue(answer.json["error"])
        self.assertEqual(self.end(), (0, ""))

    def test_it_ends_while_a_stream_is_open(self) -> None:
        """SIGTERM ends it cleanly while a stream is open and a poll waits"""
        urls = self.start()
        call(urls["admin"], "POST", "/create_environment", body={"id": "env_1"})
        item, = call(urls["admin"], "POST", "/queue", body={"environment": "env_1"}).json
        url = urls["url"] + f"/v1/sessions/{item['session_id']}/events/stream"
        curl = subprocess.Popen(["curl", "-sN", "-H", f"authorization: Bearer {item['token']}",
                                 "-H", "anthropic-version: 2023-06-01", "-H",
                                 "anthropic-beta: managed-agents-2026-04-01", "-m", "30", url],
                                stdout=subprocess.PIPE)
        self.addCleanup(curl.wait)
        assert curl.stdout is not None
        self.addCleanup(curl.stdout.close)
        self.assertEqual(curl.stdout.readline(), b"event: session.status_running\n")
        started = time.monotonic()
        self.assertEqual(self.end(), (0, ""))
        self.assertLess(time.monotonic() - started, 5)


class Listening(unittest.TestCase):
    def test_several_addresses_share_one_port(self) -> None:
        """it listens on several addresses with one port, and all show the same queue"""
        with ControlPlane([("127.0.0.1", 0), ("127.0.0.2", 0)]) as cp:
            first, second = cp.urls
            self.assertEqual(first.rpartition(":")[2], second.rpartition(":")[2])
            env = cp.create_environment()
            item = cp.queue(env["id"])[0]
            answer = call(second, "GET", f"/v1/environments/{env['id']}/work/poll", env["key"])
            self.assertEqual(answer.json["id"], item["id"])

    def test_tls_serves_and_survives_plain_text(self) -> None:
        """over TLS it serves clients that trust it, and survives ones that speak plain text"""
        with tempfile.TemporaryDirectory(prefix="controlplane-tls-") as folder:
            cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                            "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                            "-keyout", key, "-out", cert], check=True, capture_output=True)
            with ControlPlane(tls_cert=cert, tls_key=key) as cp:
                env = cp.create_environment()
                item = cp.queue(env["id"])[0]
                with self.assertRaises(Exception):
                    call(cp.url.replace("https", "http"), "GET", "/", timeout=5)
                path = f"/v1/environments/{env['id']}/work/poll"
                cp.fault("poll", reset=True)
                with self.assertRaises(OSError):
                    call(cp.url, "GET", path, env["key"], ca_file=cert)
                answer = call(cp.url, "GET", path, env["key"], ca_file=cert)
                self.assertEqual(answer.json["id"], item["id"])


if __name__ == "__main__":
    unittest.main()
