# SPDX-License-Identifier: Apache-2.0
"""The fake worker leads a work item's life as the official SDK's worker does."""
from __future__ import annotations

import base64
import json
import os
import signal
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from fakeengine import IMAGE, FakeEngine, wait_until


class Queue(ThreadingHTTPServer):
    """Just enough of a control plane: remembers calls, answers as told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.calls: list[dict] = []
        self.statuses: dict[str, list[int]] = {}
        self.state = "active"
        self.session = "running"
        self.ttl = 60
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, *_: object) -> None:
        """Workers that are killed in a call are part of the tests."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def verbs(self) -> list[str]:
        return [call["verb"] for call in self.calls]


class Handler(BaseHTTPRequestHandler):
    server: Queue

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        verb = url.path.rsplit("/", 1)[1] if self.command == "POST" else "session"
        self.server.calls.append(
            {"verb": verb, "path": url.path, "query": parse_qs(url.query), "body": body,
             "headers": {name.lower(): value for name, value in self.headers.items()}}
        )
        planned = self.server.statuses.get(verb)
        status = planned.pop(0) if planned else 204 if verb == "stop" else 200
        count = len(self.server.calls)
        replies = {
            "heartbeat": {
                "last_heartbeat": f"2026-11-22T10:00:0{count % 10}.5+00:00",
                "lease_extended": self.server.state == "active",
                "state": self.server.state,
                "ttl_seconds": self.server.ttl,
            },
            "session": {"id": "sesn", "status": self.server.session},
        }
        text = json.dumps(replies.get(verb, {})).encode() if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def secret(token: str) -> str:
    text = json.dumps({"sessions_token": token}).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


class WorkerCase(unittest.TestCase):
    engine: FakeEngine

    @classmethod
    def setUpClass(cls) -> None:
        cls.engine = cls.enterClassContext(FakeEngine())

    def setUp(self) -> None:
        self.queue = Queue()
        self.addCleanup(self.queue.server_close)
        self.addCleanup(self.queue.shutdown)
        self.addCleanup(self.engine.reset)

    def run_session(self, session: str = "sesn_1", **more: str) -> None:
        self.run_on(self.engine, session, **more)

    def run_on(self, engine: FakeEngine, session: str, **more: str) -> None:
        env = {
            "ANTHROPIC_BASE_URL": self.queue.url + "/",
            "ANTHROPIC_SESSION_ID": session,
            "ANTHROPIC_WORK_ID": "work_1",
            "ANTHROPIC_ENVIRONMENT_ID": "env_1",
            "ANTHROPIC_ENVIRONMENT_KEY": "the-key",
            **more,
        }
        body = {"Image": IMAGE, "Env": [f"{name}={value}" for name, value in env.items()]}
        engine.ask("POST", "/containers/create?name=one", body)
        reply = engine.ask("POST", "/containers/one/start")
        self.assertEqual(reply.status, 204, reply.body)

    def exit_code(self) -> int:
        return self.engine.ask("POST", "/containers/one/wait").json()["StatusCode"]

    def state(self) -> dict:
        return self.engine.ask("GET", "/containers/one/json").json()["State"]

    def wait_for(self, verb: str, count: int = 1) -> None:
        wait_until(lambda: self.queue.verbs().count(verb) >= count, what=f"no {count} {verb}")


class Protocol(WorkerCase):
    def test_it_heartbeats_looks_up_its_session_and_force_stops(self):
        self.run_session()
        self.assertEqual(self.exit_code(), 0)
        self.assertEqual(self.queue.verbs(), ["heartbeat", "session", "stop"])
        beat, session, stop = self.queue.calls
        self.assertEqual(beat["path"], "/v1/environments/env_1/work/work_1/heartbeat")
        self.assertEqual(beat["query"], {"expected_last_heartbeat": ["NO_HEARTBEAT"]})
        self.assertEqual((beat["body"], beat["headers"]["content-length"]), (b"", "0"))
        self.assertNotIn("content-type", beat["headers"])
        self.assertEqual(session["path"], "/v1/sessions/sesn_1")
        self.assertEqual(stop["path"], "/v1/environments/env_1/work/work_1/stop")
        self.assertEqual(json.loads(stop["body"]), {"force": True})
        for call in self.queue.calls:
            self.assertEqual(call["headers"]["authorization"], "Bearer the-key")
            self.assertEqual(call["headers"]["anthropic-version"], "2023-06-01")
            self.assertEqual(call["headers"]["anthropic-beta"], "managed-agents-2026-04-01")
            self.assertNotIn("x-api-key", call["headers"])

    def test_the_token_of_the_work_secret_comes_before_the_key(self):
        self.run_session(ANTHROPIC_WORK_SECRET=secret("tök/en?~"))
        self.assertEqual(self.exit_code(), 0)
        sent = self.queue.calls[0]["headers"]["authorization"].encode("latin-1").decode()
        self.assertEqual(sent, "Bearer tök/en?~")

    def test_an_undecodable_secret_falls_back_to_the_key(self):
        self.run_session(ANTHROPIC_WORK_SECRET="!!!")
        self.assertEqual(self.exit_code(), 0)
        self.assertEqual(self.queue.calls[0]["headers"]["authorization"], "Bearer the-key")

    def test_without_any_credential_it_does_not_begin(self):
        self.run_session(ANTHROPIC_ENVIRONMENT_KEY="")
        self.assertEqual(self.exit_code(), 64)
        self.assertEqual(self.queue.calls, [])

    def test_further_heartbeats_echo_the_last_one(self):
        self.queue.ttl = 2
        self.run_session("sesn_run-1500_1")
        self.assertEqual(self.exit_code(), 0)
        self.assertEqual(self.queue.verbs(), ["heartbeat", "session", "heartbeat", "stop"])
        echoed = self.queue.calls[2]["query"]["expected_last_heartbeat"]
        self.assertEqual(echoed, ["2026-11-22T10:00:01.5+00:00"])

    def test_412_on_the_first_beat_means_leave_without_a_stop(self):
        self.queue.statuses["heartbeat"] = [412]
        self.run_session()
        self.assertEqual(self.exit_code(), 0)
        self.assertEqual(self.queue.verbs(), ["heartbeat"])

    def test_a_stopping_item_is_confirmed_at_once(self):
        self.queue.state = "stopping"
        self.run_session("sesn_hang_1")
        self.assertEqual(self.exit_code(), 0)
        self.assertEqual(self.queue.verbs(), ["heartbeat", "stop"])

    def test_a_terminated_session_is_stopped_at_once(self):
        self.queue.session = "terminated"
        self.run_session("sesn_hang_1")
        self.assertEqual(self.exit_code(), 0)
        self.assertEqual(self.queue.verbs(), ["heartbeat", "session", "stop"])

    def test_passing_errors_are_tried_again(self):
        self.queue.statuses = {"heartbeat": [503], "stop": [500]}
        self.run_session()
        self.assertEqual(self.exit_code(), 0)
        self.assertEqual(
            self.queue.verbs(), ["heartbeat", "heartbeat", "session", "stop", "stop"]
        )


class Words(WorkerCase):
    def test_crash_before_beat(self):
        self.run_session("sesn_crash-before-beat_1")
        self.assertEqual((self.exit_code(), self.queue.calls), (1, []))

    def test_crash_after_beat(self):
        self.run_session("sesn_crash-after-beat_1")
        self.assertEqual((self.exit_code(), self.queue.verbs()), (1, ["heartbeat"]))

    def test_no_stop_and_exit_n(self):
        self.run_session("sesn_no-stop_exit-9_1")
        self.assertEqual((self.exit_code(), self.queue.verbs()), (9, ["heartbeat", "session"]))

    def test_delay(self):
        started = time.monotonic()
        self.run_session("sesn_delay-300_1")
        self.assertEqual(self.exit_code(), 0)
        self.assertGreater(time.monotonic() - started, 0.29)

    def test_hang_heartbeats_until_sigterm_and_then_stops_its_work(self):
        self.queue.ttl = 2
        self.run_session("sesn_hang_1")
        self.wait_for("heartbeat", 2)
        reply = self.engine.ask("POST", "/containers/one/stop?t=10")
        self.assertEqual((reply.status, self.exit_code()), (204, 0))
        self.assertEqual(self.queue.verbs()[-1], "stop")

    def test_ignore_term_ends_by_the_kill_after_the_grace(self):
        self.run_session("sesn_ignore-term_1")
        self.wait_for("session")
        self.assertEqual(self.engine.ask("POST", "/containers/one/stop?t=1").status, 204)
        self.assertEqual(self.exit_code(), 137)
        self.assertNotIn("stop", self.queue.verbs())

    def test_silent_never_calls(self):
        self.run_session("sesn_silent_1")
        time.sleep(0.2)
        self.assertEqual(self.state()["Status"], "running")
        self.engine.ask("POST", "/containers/one/kill?signal=TERM")
        self.assertEqual((self.exit_code(), self.queue.calls), (0, []))

    def test_rules_give_words_to_sessions(self):
        self.engine.worker("sesn_a*", "exit-5", "no-stop", times=1)
        self.run_session("sesn_ab")
        self.assertEqual((self.exit_code(), self.queue.verbs()), (5, ["heartbeat", "session"]))


class Processes(WorkerCase):
    def test_the_worker_is_a_real_process_with_exactly_its_environment(self):
        self.run_session("sesn_hang_1", EXTRA="a b=c")
        pid = self.state()["Pid"]
        self.assertNotEqual(pid, self.engine.pid)
        wait_until(lambda: os.readlink(f"/proc/{pid}/exe").endswith("/fake-worker"))
        with open(f"/proc/{pid}/environ", encoding="utf-8") as environ:
            env = environ.read().rstrip("\0").split("\0")
        self.assertEqual(env, self.engine.container("one")["env"])
        self.assertIn("EXTRA=a b=c", env)

    def test_kill_answers_when_the_process_is_gone(self):
        self.run_session("sesn_hang_1")
        pid = self.state()["Pid"]
        self.assertEqual(self.engine.ask("POST", "/containers/one/kill").status, 204)
        self.assertFalse(os.path.exists(f"/proc/{pid}"))
        self.assertEqual(self.state()["ExitCode"], 137)

    def test_a_process_that_dies_by_itself_is_seen(self):
        self.run_session("sesn_hang_1")
        os.kill(self.state()["Pid"], signal.SIGKILL)
        self.assertEqual(self.exit_code(), 137)

    def test_forced_removal_waits_for_the_process(self):
        self.run_session("sesn_ignore-term_1")
        pid = self.state()["Pid"]
        self.assertEqual(self.engine.ask("DELETE", "/containers/one?force=1").status, 204)
        self.assertFalse(os.path.exists(f"/proc/{pid}"))

    def test_a_chosen_exit_code_replaces_the_processs(self):
        self.run_session("sesn_hang_1")
        self.engine.exit_container("one", 137, oom=True)
        self.assertEqual(self.exit_code(), 137)
        self.assertTrue(self.state()["OOMKilled"])

    def test_a_worker_that_cannot_be_run_fails_the_start(self):
        with FakeEngine(worker="no-such-program") as engine:
            engine.ask("POST", "/containers/create?name=one", {"Image": IMAGE})
            reply = engine.ask("POST", "/containers/one/start")
            self.assertEqual(reply.status, 400)
            state = engine.ask("GET", "/containers/one/json").json()["State"]
            self.assertEqual((state["Status"], state["ExitCode"]), ("created", 127))

    def test_workers_end_with_the_engine_however_it_ends(self):
        for beats, end in enumerate((signal.SIGTERM, signal.SIGKILL), 1):
            with FakeEngine() as engine:
                self.run_on(engine, "sesn_hang_1")
                self.wait_for("heartbeat", beats)
                pid = engine.container("one")["pid"]
                engine.die(end)
                wait_until(lambda pid=pid: not is_alive(pid), what=f"a worker outlived {end!r}")


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


if __name__ == "__main__":
    unittest.main()
