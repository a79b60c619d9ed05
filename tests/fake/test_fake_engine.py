# SPDX-License-Identifier: Apache-2.0
"""The fake engine answers as Docker 20.10.24 was measured to answer."""
from __future__ import annotations

import json
import sys
import threading
import time
import unittest
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent))
from fakeengine import IMAGE, FakeEngine, fingerprint, wait_until  # noqa: E402


def filters(**values: list[str]) -> str:
    return quote(json.dumps(values))


class EngineCase(unittest.TestCase):
    """One engine without workers per class, reset before each test."""

    engine: FakeEngine

    @classmethod
    def setUpClass(cls) -> None:
        cls.engine = cls.enterClassContext(FakeEngine(worker=None))

    def setUp(self) -> None:
        self.engine.reset()

    def create(self, name: str = "one", **body: object) -> str:
        reply = self.engine.ask("POST", f"/containers/create?name={name}", {"Image": IMAGE, **body})
        self.assertEqual(reply.status, 201, reply.body)
        return reply.json()["Id"]

    def run_container(self, name: str = "one", **body: object) -> str:
        container = self.create(name, **body)
        self.assertEqual(self.ask("POST", f"/containers/{container}/start").status, 204)
        return container

    def ask(self, method: str, path: str, body: object = None):
        return self.engine.ask(method, path, body)

    def state(self, container: str) -> dict:
        return self.ask("GET", f"/containers/{container}/json").json()["State"]


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

    def test_archives_are_accepted(self):
        self.create()
        put = self.engine.ask("PUT", "/containers/one/archive?path=/run", b"x" * 3_000_000)
        self.assertEqual((put.status, put.body), (200, b""))
        self.assertEqual(self.ask("PUT", "/containers/one/archive", b"x").status, 400)


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

    def test_a_follower_that_leaves_is_forgotten(self):
        connection = self.engine.connect()
        connection.request("GET", "/events")
        connection.getresponse()
        connection.close()
        wait_until(lambda: self.engine.stats()["event_streams"] == 0)

    def test_a_time_that_is_no_number_is_500(self):
        self.assertEqual(self.ask("GET", "/events?until=zork").status, 500)


class Images(EngineCase):
    def test_an_absent_image_is_404_and_a_pull_brings_it(self):
        reply = self.ask("GET", "/images/reg.example/x:2/json")
        self.assertEqual(reply.status, 404)
        pull = self.engine.ask(
            "POST", "/images/create?fromImage=reg.example/x&tag=2", headers={"X-Registry-Auth": "s3"}
        )
        lines = [json.loads(line) for line in pull.body.splitlines()]
        self.assertEqual(pull.status, 200)
        self.assertIn("Downloaded newer image for reg.example/x:2", lines[-1]["status"])
        image = self.ask("GET", "/images/reg.example/x:2/json").json()
        self.assertEqual(image["RepoTags"], ["reg.example/x:2"])
        self.create(Image=image["Id"])

    def test_registry_credentials_are_journalled_by_fingerprint_only(self):
        self.engine.ask("POST", "/images/create?fromImage=x", headers={"X-Registry-Auth": "s3cr3t"})
        self.ask("POST", "/images/create?fromImage=y")
        with_auth, without = self.engine.requests(op="image_pull")
        self.assertEqual(with_auth["registry_auth"], fingerprint("s3cr3t"))
        self.assertNotIn("registry_auth", without)
        self.assertNotIn("s3cr3t", json.dumps(with_auth))

    def test_names_are_compared_without_the_default_registry_and_tag(self):
        self.engine.add_image("docker.io/library/busybox")
        for name in ("busybox", "busybox:latest", "library/busybox", "docker.io/library/busybox"):
            self.assertEqual(self.ask("GET", f"/images/{name}/json").status, 200, name)
        self.engine.remove_image("busybox")
        self.assertEqual(self.ask("GET", "/images/busybox/json").status, 404)

    def test_a_pull_by_digest_is_found_by_digest(self):
        digest = "sha256:" + "a" * 64
        self.ask("POST", f"/images/create?fromImage=r/x&tag={digest}")
        image = self.ask("GET", f"/images/r/x@{digest}/json").json()
        self.assertEqual((image["RepoDigests"], image["RepoTags"]), ([f"r/x@{digest}"], []))


class NetworksAndVolumes(EngineCase):
    def test_a_network_is_made_once_and_inspected_by_name(self):
        body = {"Name": "n1", "Labels": {"a": "b"}, "Internal": True, "CheckDuplicate": True}
        self.assertEqual(self.ask("POST", "/networks/create", body).status, 201)
        reply = self.ask("POST", "/networks/create", body)
        self.assertEqual((reply.status, reply.message()), (409, "network with name n1 already exists"))
        network = self.ask("GET", "/networks/n1").json()
        self.assertEqual((network["Internal"], network["Labels"]), (True, {"a": "b"}))
        listed = self.ask("GET", "/networks?filters=" + filters(label=["a=b"])).json()
        self.assertEqual([n["Name"] for n in listed], ["n1"])
        self.create(HostConfig={"NetworkMode": "n1"})
        self.assertEqual(self.ask("POST", "/containers/one/start").status, 204)
        self.assertEqual(self.ask("DELETE", "/networks/n1").status, 204)
        self.assertEqual(self.ask("GET", "/networks/n1").status, 404)

    def test_predefined_networks_are_there_and_stay(self):
        names = {network["Name"] for network in self.ask("GET", "/networks").json()}
        self.assertEqual(names, {"bridge", "host", "none"})
        self.assertEqual(self.ask("DELETE", "/networks/bridge").status, 403)
        self.assertEqual(self.ask("POST", "/networks/create", {"Name": "none"}).status, 403)

    def test_volumes_live_until_removed_and_not_while_in_use(self):
        self.assertEqual(self.ask("POST", "/volumes/create", {"Name": "v"}).status, 201)
        mount = {"Type": "volume", "Source": "v", "Target": "/v", "ReadOnly": True}
        container = self.create(HostConfig={"Mounts": [mount]})
        mounts = self.ask("GET", "/containers/one/json").json()["Mounts"]
        self.assertEqual((mounts[0]["Name"], mounts[0]["RW"]), ("v", False))
        reply = self.ask("DELETE", "/volumes/v")
        self.assertEqual(reply.status, 409)
        self.assertEqual(reply.message(), f"remove v: volume is in use - [{container}]")
        self.ask("DELETE", "/containers/one?v=1")
        self.assertEqual(self.ask("DELETE", "/volumes/v").status, 204)
        self.assertEqual(self.ask("GET", "/volumes/v").message(), "get v: no such volume")

    def test_an_images_volume_stays_behind_unless_covered_or_removed_with_v(self):
        self.engine.add_image("vol:1", {"Cmd": ["x"], "Volumes": {"/workspace": {}}})
        self.create("covered", Image="vol:1", HostConfig={"Tmpfs": {"/workspace": "rw"}})
        self.assertEqual(self.engine.stats()["anonymous_volumes"], 0)
        for name, query, left in (("leaks", "", 1), ("cleans", "?v=1", 1)):
            self.create(name, Image="vol:1")
            self.ask("DELETE", f"/containers/{name}{query}")
            self.assertEqual(self.engine.stats()["anonymous_volumes"], left, name)


if __name__ == "__main__":
    unittest.main()
