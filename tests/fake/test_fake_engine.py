# SPDX-License-Identifier: Apache-2.0
"""The fake engine answers as Docker 20.10.24 was measured to answer."""
from __future__ import annotations

import json
import threading
import unittest

from enginecase import EngineCase
from fakeengine import IMAGE, FakeEngine, wait_until


class Versions(EngineCase):
    def test_ping_tells_the_api_version_in_headers(self):
        for method, body in (("GET", b"OK"), ("HEAD", b"")):
            reply = self.ask(method, "/_ping")
            self.assertEqual((reply.status, reply.body), (200, body))
            self.assertEqual(reply.headers["api-version"], "1.41")
            self.assertEqual(reply.headers["server"], "Docker/20.10.24 (linux)")
            self.assertEqual(reply.headers["ostype"], "linux")
            self.assertEqual(reply.headers["docker-experimental"], "false")

    def test_a_client_too_new_is_refused_with_dockers_text(self):
        reply = self.ask("GET", "/v1.43/info")
        self.assertEqual(reply.status, 400)
        self.assertEqual(
            reply.message(),
            "client version 1.43 is too new. Maximum supported API version is 1.41",
        )

    def test_a_client_too_old_is_refused_in_plain_text_by_old_engines(self):
        reply = self.ask("GET", "/v1.10/_ping")
        self.assertEqual((reply.status, reply.headers["content-type"][:10]), (400, "text/plain"))
        self.assertIn(b"client version 1.10 is too old. Minimum supported API version is 1.12", reply.body)

    def test_a_newer_engine_has_its_own_minimum(self):
        with FakeEngine(worker=None, api_min="1.44", api_max="1.52") as engine:
            reply = engine.ask("GET", "/v1.24/version")
            self.assertEqual(reply.status, 400)
            self.assertEqual(
                reply.message(),
                "client version 1.24 is too old. Minimum supported API version is 1.44, "
                "please upgrade your client to a newer version",
            )
            version = engine.ask("GET", "/v1.44/version").json()
            self.assertEqual((version["MinAPIVersion"], version["ApiVersion"]), ("1.44", "1.52"))
            self.assertEqual(engine.ask("GET", "/_ping").headers["api-version"], "1.52")

    def test_extra_headers_stand_on_every_answer(self):
        headers = {"Libpod-Api-Version": "4.3.1", "Server": "Libpod/4.3.1"}
        with FakeEngine(worker=None, headers=headers) as engine:
            reply = engine.ask("GET", "/_ping")
            self.assertEqual(reply.headers["libpod-api-version"], "4.3.1")
            self.assertEqual(reply.headers["server"], "Libpod/4.3.1")

    def test_info_can_be_changed_at_the_start(self):
        with FakeEngine(worker=None, info={"CgroupVersion": "2", "PidsLimit": False}) as engine:
            info = engine.ask("GET", "/info").json()
            self.assertEqual((info["CgroupVersion"], info["PidsLimit"]), ("2", False))
            self.assertEqual((info["MemoryLimit"], info["CgroupDriver"]), (True, "cgroupfs"))
            self.assertGreater(info["NCPU"], 0)

    def test_unknown_pages_and_wrong_methods_are_404(self):
        for method, path in (("GET", "/v1.41/nope"), ("POST", "/containers/x"), ("GET", "/")):
            reply = self.ask(method, path)
            self.assertEqual((reply.status, reply.message()), (404, "page not found"))


class Create(EngineCase):
    def test_create_answers_201_with_an_id_and_no_warnings(self):
        reply = self.ask("POST", "/v1.41/containers/create?name=one", {"Image": IMAGE})
        self.assertEqual(reply.status, 201)
        self.assertRegex(reply.json()["Id"], "^[0-9a-f]{64}$")
        self.assertEqual(reply.json()["Warnings"], [])

    def test_inspect_echoes_the_request_over_dockers_defaults(self):
        limits = {"PidsLimit": 64, "Memory": 134217728, "NanoCpus": 500000000, "CapDrop": ["ALL"]}
        tmpfs = {"/tmp": "rw,noexec,size=16m"}
        container = self.create(
            User="10001:10001",
            Env=["A=1"],
            Labels={"a": "b"},
            HostConfig={**limits, "Tmpfs": tmpfs, "Init": True, "NetworkMode": "none", "Zork": 1},
        )
        inspect = self.ask("GET", f"/containers/{container[:12]}/json").json()
        host, config = inspect["HostConfig"], inspect["Config"]
        self.assertEqual((inspect["Id"], inspect["Name"]), (container, "/one"))
        self.assertEqual({key: host[key] for key in limits}, limits)
        self.assertEqual((host["Tmpfs"], host["Init"]), (tmpfs, True))
        self.assertEqual(host["MemorySwap"], 2 * 134217728)
        self.assertEqual((host["IpcMode"], host["Privileged"]), ("private", False))
        self.assertNotIn("Zork", host)
        self.assertEqual((config["User"], config["Env"]), ("10001:10001", ["A=1"]))
        self.assertEqual((config["Labels"], config["Hostname"]), ({"a": "b"}, container[:12]))
        self.assertEqual(inspect["Path"], "/usr/local/bin/worker")
        state = inspect["State"]
        self.assertEqual((state["Status"], state["Running"], state["Pid"]), ("created", False, 0))
        self.assertEqual(state["StartedAt"], "0001-01-01T00:00:00Z")

    def test_the_image_lends_its_labels_environment_and_command(self):
        self.engine.add_image(
            "img:1",
            {"Labels": {"from": "image", "a": "image"}, "Env": ["A=image", "B=2"], "Cmd": ["run"]},
        )
        self.create(Image="img:1", Labels={"a": "mine"}, Env=["A=1"])
        inspect = self.ask("GET", "/containers/one/json").json()
        self.assertEqual(inspect["Config"]["Labels"], {"from": "image", "a": "mine"})
        self.assertEqual(inspect["Config"]["Env"], ["A=1", "B=2"])
        self.assertEqual(inspect["Path"], "run")

    def test_a_taken_name_is_409_with_the_holders_id(self):
        container = self.create()
        reply = self.ask("POST", "/containers/create?name=one", {"Image": IMAGE})
        self.assertEqual(reply.status, 409)
        self.assertEqual(
            reply.message(),
            f'Conflict. The container name "/one" is already in use by container "{container}". '
            "You have to remove (or rename) that container to be able to reuse that name.",
        )

    def test_eight_creates_of_one_name_make_one_container(self):
        statuses = []

        def create() -> None:
            reply = self.ask("POST", "/containers/create?name=one", {"Image": IMAGE})
            statuses.append(reply.status)

        threads = [threading.Thread(target=create) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [201] + [409] * 7)

    def test_refusals_have_dockers_status_and_text(self):
        rows = [
            ({"Image": "nope"}, 404, "No such image: nope:latest"),
            ({"HostConfig": {"Memory": 1000}}, 400, "Minimum memory limit allowed is 6MB"),
            ({"HostConfig": {"Runtime": "zork"}}, 400, "Unknown runtime specified zork"),
            (
                {"HostConfig": {"AutoRemove": True, "RestartPolicy": {"Name": "always"}}},
                400,
                "can't create 'AutoRemove' container with restart policy",
            ),
        ]
        for body, status, text in rows:
            reply = self.ask("POST", "/containers/create?name=one", {"Image": IMAGE, **body})
            self.assertEqual((reply.status, reply.message()), (status, text))
        self.assertEqual(self.engine.containers(), [])

    def test_an_image_without_a_command_needs_one(self):
        self.engine.add_image("bare:1", {})
        reply = self.ask("POST", "/containers/create", {"Image": "bare:1"})
        self.assertEqual((reply.status, reply.message()), (400, "No command specified"))

    def test_invalid_names_are_400(self):
        for name in ("-a", "a", "a%20b", "a%2Fb"):
            reply = self.ask("POST", f"/containers/create?name={name}", {"Image": IMAGE})
            self.assertEqual(reply.status, 400, name)
            self.assertIn("only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", reply.message())

    def test_another_content_type_is_400(self):
        reply = self.engine.ask("POST", "/containers/create", b"{}", {"Content-Type": "text/plain"})
        self.assertEqual(reply.status, 400)
        self.assertIn("must be 'application/json'", reply.message())

    def test_a_body_that_is_no_json_is_500_before_api_1_42_and_400_later(self):
        headers = {"Content-Type": "application/json"}
        self.assertEqual(self.engine.ask("POST", "/containers/create", b"{bad", headers).status, 500)
        self.assertEqual(self.engine.ask("POST", "/containers/create", b"", headers).status, 500)
        with FakeEngine(worker=None, api_min="1.44", api_max="1.52") as engine:
            self.assertEqual(engine.ask("POST", "/containers/create", b"{bad", headers).status, 400)


class Life(EngineCase):
    def test_start_is_204_and_again_304(self):
        container = self.create()
        self.assertEqual(self.ask("POST", "/containers/one/start").status, 204)
        self.assertEqual(self.ask("POST", "/containers/one/start").status, 304)
        state = self.state(container)
        self.assertEqual((state["Status"], state["Pid"]), ("running", self.engine.pid))
        self.assertRegex(state["StartedAt"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")

    def test_whatever_is_absent_is_404(self):
        for method, path in (
            ("GET", "json"),
            ("POST", "start"),
            ("POST", "kill"),
            ("POST", "stop"),
            ("POST", "wait"),
            ("GET", "logs?stdout=1"),
            ("PUT", "archive?path=/"),
        ):
            reply = self.ask(method, f"/containers/zork/{path}")
            self.assertEqual((reply.status, reply.message()), (404, "No such container: zork"))
        for query in ("", "?force=1&v=1"):
            self.assertEqual(self.ask("DELETE", f"/containers/zork{query}").status, 404)

    def test_kill_ends_with_137_and_a_second_kill_is_409(self):
        container = self.run_container()
        self.assertEqual(self.ask("POST", "/containers/one/kill?signal=SIGKILL").status, 204)
        state = self.state(container)
        self.assertEqual((state["Status"], state["ExitCode"], state["Pid"]), ("exited", 137, 0))
        reply = self.ask("POST", "/containers/one/kill")
        self.assertEqual(reply.status, 409)
        self.assertEqual(
            reply.message(), f"Cannot kill container: one: Container {container} is not running"
        )

    def test_a_bogus_signal_is_400(self):
        self.run_container()
        reply = self.ask("POST", "/containers/one/kill?signal=ZORK")
        self.assertEqual((reply.status, reply.message()), (400, "Invalid signal: ZORK"))

    def test_a_running_container_is_removed_only_by_force(self):
        container = self.run_container()
        reply = self.ask("DELETE", "/containers/one")
        self.assertEqual(reply.status, 409)
        self.assertIn(f"You cannot remove a running container {container}", reply.message())
        self.assertEqual(self.ask("DELETE", "/containers/one?force=true&v=1").status, 204)
        self.assertEqual(self.ask("GET", f"/containers/{container}/json").status, 404)

    def test_stop_is_304_when_it_does_not_run_and_gives_sigterm_first(self):
        self.create()
        self.assertEqual(self.ask("POST", "/containers/one/stop").status, 304)
        self.ask("POST", "/containers/one/start")
        self.assertEqual(self.ask("POST", "/containers/one/stop?t=5").status, 204)
        self.assertEqual(self.state("one")["ExitCode"], 143)

    def test_stop_kills_what_ignores_sigterm_after_its_grace(self):
        self.run_container(Env=["ANTHROPIC_SESSION_ID=sesn_ignore-term_1"])
        self.assertEqual(self.ask("POST", "/containers/one/stop?t=0").status, 204)
        self.assertEqual(self.state("one")["ExitCode"], 137)

    def test_a_missing_network_fails_the_start_and_leaves_it_created(self):
        self.create(HostConfig={"NetworkMode": "nonet"})
        reply = self.ask("POST", "/containers/one/start")
        self.assertEqual((reply.status, reply.message()), (404, "network nonet not found"))
        state = self.state("one")
        self.assertEqual((state["Status"], state["ExitCode"]), ("created", 128))
        self.assertEqual(state["Error"], "network nonet not found")

    def test_wait_tells_the_exit_code_when_it_comes(self):
        self.run_container()
        codes = []
        waiting = threading.Thread(
            target=lambda: codes.append(self.ask("POST", "/containers/one/wait").json())
        )
        waiting.start()
        wait_until(lambda: "wait" in self.engine.ops())
        self.engine.exit_container("one", 7)
        waiting.join(5)
        self.assertEqual(codes, [{"Error": None, "StatusCode": 7}])

    def test_wait_answers_its_headers_before_the_exit(self):
        self.create()
        connection = self.engine.connect()
        self.addCleanup(connection.close)
        connection.request("POST", "/containers/one/wait?condition=next-exit")
        reply = connection.getresponse()
        self.assertEqual(reply.status, 200)
        self.ask("POST", "/containers/one/start")
        self.ask("POST", "/containers/one/kill")
        self.assertEqual(json.loads(reply.read())["StatusCode"], 137)

    def test_wait_for_removal_tells_the_exit_code_too(self):
        self.run_container()
        codes = []
        waiting = threading.Thread(
            target=lambda: codes.append(
                self.ask("POST", "/containers/one/wait?condition=removed").json()["StatusCode"]
            )
        )
        waiting.start()
        wait_until(lambda: "wait" in self.engine.ops())
        self.engine.exit_container("one", 5)
        self.ask("DELETE", "/containers/one")
        waiting.join(5)
        self.assertEqual(codes, [5])

    def test_a_client_that_leaves_a_wait_leaves_nothing_behind(self):
        self.run_container()
        connection = self.engine.connect()
        connection.request("POST", "/containers/one/wait")
        connection.getresponse()
        connection.close()
        wait_until(lambda: self.engine.stats()["connections"] == 0)
        self.assertEqual(self.ask("POST", "/containers/one/kill").status, 204)

    def test_autoremove_takes_the_container_away_at_its_exit(self):
        self.run_container(HostConfig={"AutoRemove": True})
        self.engine.exit_container("one", 0)
        self.assertEqual(self.ask("GET", "/containers/one/json").status, 404)

    def test_an_idle_container_ends_after_run_ms(self):
        with FakeEngine(worker=None, run_ms=20) as engine:
            engine.ask("POST", "/containers/create?name=one", {"Image": IMAGE})
            engine.ask("POST", "/containers/one/start")
            self.assertEqual(engine.ask("POST", "/containers/one/wait").json()["StatusCode"], 0)

    def test_logs_come_in_frames_and_need_a_stream(self):
        self.run_container()
        self.assertEqual(self.ask("GET", "/containers/one/logs").status, 400)
        body = self.ask("GET", "/containers/one/logs?stdout=1&stderr=1").body
        frames = []
        while body:
            length = int.from_bytes(body[4:8], "big")
            frames.append((body[0], body[1:4], body[8 : 8 + length]))
            body = body[8 + length :]
        self.assertEqual(
            frames, [(1, b"\0\0\0", b"a line on stdout\n"), (2, b"\0\0\0", b"a line on stderr\n")]
        )

    def test_logs_have_what_a_container_says_until_it_ends(self):
        self.run_container()
        connection = self.engine.connect()
        self.addCleanup(connection.close)
        connection.request("GET", "/containers/one/logs?stdout=1&stderr=1&follow=1&tail=1")
        reply = connection.getresponse()
        self.assertEqual(reply.read(8 + 17), b"\2\0\0\0\0\0\0\x11a line on stderr\n")
        self.engine.say("one", "more\n", stderr=True)
        self.assertEqual(reply.read(8 + 5), b"\2\0\0\0\0\0\0\5more\n")
        self.engine.exit_container("one", 0)
        self.assertEqual(reply.read(), b"")
        again = self.ask("GET", "/containers/one/logs?stdout=1&stderr=1&tail=1").body
        self.assertEqual(again[8:], b"more\n")

    def test_archives_are_accepted(self):
        self.create()
        put = self.engine.ask("PUT", "/containers/one/archive?path=/run", b"x" * 3_000_000)
        self.assertEqual((put.status, put.body), (200, b""))
        self.assertEqual(self.ask("PUT", "/containers/one/archive", b"x").status, 400)


if __name__ == "__main__":
    unittest.main()
