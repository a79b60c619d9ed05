# SPDX-License-Identifier: Apache-2.0
"""Containers of the fake Podman live as those of a real one do."""
from __future__ import annotations

import http.client
import json
import os
import signal
import time
from pathlib import Path

from fakeengine import FakeEngine, wait_until
from podmancase import LIBPOD, REAL, PodmanCase, shape


def limits_of(pid: int) -> dict[str, tuple[str, str]]:
    """Soft and hard, as the kernel has them."""
    rows = {}
    for line in Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]:
        rows[line[:26].strip()] = (line[26:47].strip(), line[47:68].strip())
    return rows


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


class AContainer(PodmanCase):
    """Without a worker."""

    def wait_state(self, container: str, status: str) -> None:
        wait_until(lambda: self.state(container)["Status"] == status,
                   what=f"{self.state(container)} never became {status}")

    def test_is_initialized_once(self) -> None:
        container = self.create()
        self.assertEqual(self.libpod(container, "init"), 204)
        self.assertEqual(self.libpod(container, "init"), 304)
        self.assertEqual(self.state(container)["Status"], "initialized")
        [row] = self.listed()
        self.assertEqual((row["State"], row["Status"]), ("created", "Created"))

    def test_is_started_once_with_or_without_an_init(self) -> None:
        for container in (self.create("a"), self.create("b")):
            self.assertEqual(self.libpod(container, "start"), 204)
            self.assertEqual(self.libpod(container, "start"), 304)
            self.assertEqual(self.libpod(container, "init"), 304)
            self.assertEqual(self.state(container)["Status"], "running")

    def test_that_has_exited_runs_again(self) -> None:
        container = self.create()
        self.libpod(container, "start")
        self.engine.exit_container(container, 7)
        self.wait_state(container, "exited")
        self.assertEqual(self.libpod(container, "init"), 204)
        self.assertEqual(self.state(container)["ExitCode"], 0)
        self.assertEqual(self.libpod(container, "start"), 204)
        self.assertEqual(self.state(container)["Status"], "running")

    def test_that_is_missing_is_404(self) -> None:
        cause = "no such container"
        for method, path in (("GET", f"{LIBPOD}/containers/nope/json"),
                             ("POST", f"{LIBPOD}/containers/nope/init"),
                             ("POST", f"{LIBPOD}/containers/nope/start"),
                             ("DELETE", f"{LIBPOD}/containers/nope"),
                             ("DELETE", "/v1.41/containers/nope?force=true"),
                             ("POST", "/v1.41/containers/nope/kill"),
                             ("GET", "/v1.41/containers/nope/logs?stdout=true")):
            self.assert_error(self.ask(method, path), 404, cause,
                              f'no container with name or ID "nope" found: {cause}')

    def test_is_killed_only_while_it_runs(self) -> None:
        container = self.create()
        cause = "container state improper"
        for verb, state in ((None, "created"), ("init", "initialized")):
            if verb:
                self.libpod(container, verb)
            self.assert_error(
                self.ask("POST", f"/v1.41/containers/{container}/kill?signal=KILL"), 500, cause,
                f"can only kill running containers. {container} is in state {state}: {cause}")
        self.libpod(container, "start")
        self.assert_error(self.ask("POST", f"/v1.41/containers/{container}/kill?signal=ZORK"), 500,
                          "invalid signal: ZORK", "invalid signal: ZORK")
        self.assertEqual(
            self.ask("POST", f"/v1.41/containers/{container}/kill?signal=KILL").status, 204)
        self.assertEqual(self.state(container)["ExitCode"], 137)

    def test_that_runs_is_removed_by_force_only(self) -> None:
        container = self.create()
        self.libpod(container, "start")
        cause = "container state improper"
        self.assert_error(
            self.ask("DELETE", f"/v1.41/containers/{container}?v=true"), 500, cause,
            f"cannot remove container {container} as it is running - running or paused containers "
            f"cannot be removed without force: {cause}")
        self.assertEqual(
            self.ask("DELETE", f"/v1.41/containers/{container}?force=true").status, 204)
        self.assertEqual(self.engine.containers(), [])

    def test_that_is_initialized_is_removed_without_force(self) -> None:
        container = self.create()
        self.libpod(container, "init")
        self.assertEqual(self.ask("DELETE", f"/v1.41/containers/{container}").status, 204)

    def test_that_libpod_removes_is_named(self) -> None:
        container = self.create("x")
        self.libpod(container, "start")
        reply = self.ask("DELETE", f"{LIBPOD}/containers/x?force=true&timeout=0")
        self.assertEqual((reply.status, reply.json()),
                         (200, [{"Id": container, "RawInput": "x"}]))

    def test_waits_its_own_timeout_when_the_compatible_api_removes_it(self) -> None:
        # The libpod API reads `timeout`, the compatible one does not.
        self.engine.worker("*", "ignore-term")
        for name, path in (("slow", "/v1.41/containers/slow"),
                           ("fast", f"{LIBPOD}/containers/fast")):
            self.create(name, stop_timeout=2)
            self.libpod(name, "start")
            started = time.monotonic()
            self.ask("DELETE", f"{path}?force=true&timeout=0")
            took = time.monotonic() - started
            self.assertEqual(took > 1.9, name == "slow", took)

    def test_has_logs_in_frames_once_it_ran(self) -> None:
        container = self.create()
        path = f"/v1.41/containers/{container}/logs"
        reply = self.ask("GET", f"{path}?stdout=true&stderr=true&tail=5")
        self.assertEqual((reply.status, reply.body), (200, b""))
        self.libpod(container, "start")
        reply = self.ask("GET", f"{path}?stdout=true&stderr=true&tail=5")
        self.assertEqual(reply.headers["content-type"], "application/octet-stream")
        self.assertEqual(reply.body[:8], bytes([1, 0, 0, 0, 0, 0, 0, 17]))
        self.assertEqual(self.ask("GET", path).status, 400)


class AContainerThatHasEnded(PodmanCase):
    options = {"args": ["--cleanup-ms", "1000"]}

    def test_is_stopped_first_and_exited_when_all_is_cleaned_up(self) -> None:
        container = self.create()
        self.libpod(container, "start")
        self.engine.exit_container(container, 7)
        [row] = self.listed()
        self.assertEqual(row["State"], "stopped")
        self.assertRegex(row["Status"], r"^Exited \(7\) ")
        self.assertEqual(self.actions(), ["create", "init", "start", "die"])
        wait_until(lambda: self.state(container)["Status"] == "exited")
        self.assertEqual(self.state(container)["ExitCode"], 7)
        self.assertEqual(self.actions()[-1], "cleanup")


class ItsEvents(PodmanCase):
    def run_one(self) -> str:
        container = self.create("g1")
        self.libpod(container, "start")
        self.engine.exit_container(container, 7)
        wait_until(lambda: self.state(container)["Status"] == "exited")
        self.ask("DELETE", f"/v1.41/containers/{container}")
        return container

    def test_are_named_as_podman_names_them(self) -> None:
        self.run_one()
        self.assertEqual(self.actions(), ["create", "init", "start", "die", "cleanup", "remove"])

    def test_are_filtered_by_died_and_then_called_die(self) -> None:
        self.run_one()
        self.assertEqual(self.actions(event=["died"], label=["eng=1"]), ["die"])
        self.assertEqual(self.actions(event=["die"]), [])
        self.assertEqual(self.actions(event=["remove", "died"]), ["die", "remove"])

    def test_of_an_end_are_as_the_real_one(self) -> None:
        connection = self.engine.connect()
        self.addCleanup(connection.close)
        connection.request("GET", '/v1.41/events?filters={"event":["died"]}')
        reply = connection.getresponse()
        self.run_one()
        event = json.loads(reply.readline())
        real = {**REAL["event"]}
        self.assertEqual(shape(event), shape(real))
        self.assertEqual(event["Actor"]["Attributes"]["exitCode"], "7")
        self.assertEqual(event["Actor"]["Attributes"]["containerExitCode"], "7")

    def test_tell_of_no_end_when_an_initialized_one_is_removed(self) -> None:
        container = self.create()
        self.libpod(container, "init")
        self.ask("DELETE", f"/v1.41/containers/{container}?force=true")
        self.assertEqual(self.actions(), ["create", "init", "remove"])

    def test_are_kept_for_who_comes_late(self) -> None:
        for number in range(150):
            container = self.create(f"c{number}")
            self.ask("DELETE", f"/v1.41/containers/{container}")
        self.assertEqual(len(self.actions()), 300)


class WorkerCase(PodmanCase):
    """With workers, that know no session and hang."""

    options = {"worker": "fake-worker"}

    def setUp(self) -> None:
        super().setUp()
        self.engine.worker("*", "silent")

    def start(self, name: str = "one", **changes: object) -> tuple[str, int]:
        container = self.create(name, **changes)
        self.assertEqual(self.libpod(container, "start"), 204)
        return container, self.state(container)["Pid"]


class AnInit(WorkerCase):
    def test_makes_a_process_with_the_limits_that_were_asked_for(self) -> None:
        container = self.create()
        self.libpod(container, "init")
        pid = self.state(container)["Pid"]
        limits = limits_of(pid)
        self.assertEqual(limits["Max open files"], ("256", "256"))
        self.assertEqual(limits["Max processes"], ("4000", "4000"))
        self.assertEqual(limits["Max core file size"], ("0", "0"))
        self.assertEqual(self.state(container)["ConmonPid"], self.engine.pid)

    def test_holds_the_process_back_until_the_start(self) -> None:
        container = self.create()
        self.libpod(container, "init")
        pid = self.state(container)["Pid"]
        program = os.readlink(f"/proc/{pid}/exe")
        self.assertNotEqual(Path(program).name, "fake-worker")
        wait_until(lambda: len(os.listdir(f"/proc/{pid}/fd")) == 3,
                   what="it holds on to what is not its")
        self.libpod(container, "start")
        wait_until(lambda: Path(os.readlink(f"/proc/{pid}/exe")).name == "fake-worker")
        self.assertEqual(limits_of(pid)["Max open files"], ("256", "256"))
        self.assertEqual(self.state(container)["Pid"], pid)

    def test_leaves_no_process_when_the_container_is_removed(self) -> None:
        container = self.create()
        self.libpod(container, "init")
        pid = self.state(container)["Pid"]
        self.ask("DELETE", f"/v1.41/containers/{container}")
        wait_until(lambda: not is_alive(pid))

    def test_of_a_limit_that_may_not_be_set_fails_as_runc_does(self) -> None:
        most = limits_of(self.engine.pid)["Max open files"][1]
        beyond = 2 ** 31 if most == "unlimited" else int(most) + 1
        wrong = {"type": "RLIMIT_NOFILE", "soft": 1, "hard": 1}
        high = {"type": "nofile", "soft": beyond, "hard": beyond}
        denied = "OCI permission denied"
        for limit, cause, words in (
                (wrong, "OCI runtime error",
                 "runc: runc create failed: wrong rlimit value: RLIMIT_RLIMIT_NOFILE"),
                (high, denied, "runc: runc create failed: unable to start container process: error "
                 "during container init: error setting rlimits for ready process: error setting "
                 "rlimit type 7: operation not permitted")):
            container = self.create(r_limits=[limit])
            for verb in ("init", "start"):
                reply = self.ask("POST", f"{LIBPOD}/containers/{container}/{verb}")
                if reply.status == 204 and limit is high:
                    continue  # as root with CAP_SYS_RESOURCE
                self.assert_error(reply, 500, cause, f"{words}: {cause}")
                self.assertEqual(self.state(container)["Status"], "created")
            self.ask("DELETE", f"/v1.41/containers/{container}?force=true")

    def test_of_a_program_that_is_missing_fails(self) -> None:
        with FakeEngine(kind="podman", worker="no-such-worker") as engine:
            engine.add_image("localhost/probe:1", {"Cmd": ["sh"]})
            body = {"name": "x", "image": "localhost/probe:1"}
            engine.ask("POST", f"{LIBPOD}/containers/create", body)
            reply = engine.ask("POST", f"{LIBPOD}/containers/x/init")
        self.assertEqual(reply.status, 500)
        self.assertEqual(reply.json()["cause"],
                         "OCI runtime attempted to invoke a command that was not found")

    def test_whose_process_is_killed_leaves_the_container_created(self) -> None:
        container = self.create()
        self.libpod(container, "init")
        pid = self.state(container)["Pid"]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.state(container)["Status"] == "created")
        self.assertEqual(self.state(container)["Pid"], pid, "Podman keeps showing it")
        self.assertEqual(self.actions(), ["create", "init", "cleanup"])
        self.assertEqual(self.libpod(container, "start"), 204)
        self.assertNotEqual(self.state(container)["Pid"], pid)


class AContainerWithoutItsConmon(WorkerCase):
    def test_stays_running_with_its_last_pid(self) -> None:
        container, pid = self.start()
        self.engine.lose_conmon(container)
        wait_until(lambda: not is_alive(pid))
        state = self.state(container)
        self.assertEqual((state["Status"], state["Running"], state["Pid"]), ("running", True, pid))
        self.assertEqual(self.listed()[0]["State"], "running")
        self.assertEqual(self.actions(), ["create", "init", "start"])

    def test_cannot_be_killed_and_is_removed_at_the_second_try(self) -> None:
        container, pid = self.start()
        self.engine.lose_conmon(container)
        wait_until(lambda: not is_alive(pid))
        self.assert_error(self.ask("POST", f"/v1.41/containers/{container}/kill?signal=KILL"), 500,
                          "container state improper", "container state improper: stopped")
        path = f"/v1.41/containers/{container}?force=true&v=true"
        cause = "internal libpod error"
        self.assert_error(
            self.ask("DELETE", path), 500, cause,
            f"cannot remove container {container} as it could not be stopped: timed out waiting for "
            f"file /run/libpod/exits/{container}: {cause}")
        [row] = self.listed()
        self.assertEqual(row["State"], "stopped")
        self.assertRegex(row["Status"], r"^Exited \(-1\) ")
        self.assertEqual(self.ask("DELETE", path).status, 204)
        self.assertEqual(self.engine.containers(), [])

    def test_whose_process_lives_is_killed_without_an_answer(self) -> None:
        container, pid = self.start()
        self.engine.lose_conmon(container, worker=False)
        self.assertTrue(is_alive(pid))
        connection = self.engine.connect(timeout=0.5)
        self.addCleanup(connection.close)
        with self.assertRaises(TimeoutError):
            connection.ask("POST", f"/v1.41/containers/{container}/kill?signal=KILL")
        wait_until(lambda: not is_alive(pid))
        self.assertEqual(self.state(container)["Status"], "running")


class ARule(WorkerCase):
    def test_loses_a_part_of_a_request(self) -> None:
        self.engine.rule(op="create", lose=["/r_limits/0", "/cap_drop"],
                         amend={"/cap_add": ["NET_RAW"]})
        container = self.create()
        self.libpod(container, "init")
        inspect = self.inspect(container)
        self.assertEqual(inspect["EffectiveCaps"], ["CAP_NET_RAW"])
        self.assertNotEqual(limits_of(inspect["State"]["Pid"])["Max open files"], ("256", "256"))
        self.assertEqual(limits_of(inspect["State"]["Pid"])["Max processes"], ("4000", "4000"))

    def test_lets_inspect_lie(self) -> None:
        self.engine.rule(op="inspect", set={"/HostConfig/PidsLimit": 64}, times=0)
        self.assertEqual(self.inspect(self.create())["HostConfig"]["PidsLimit"], 64)

    def test_fails_a_call_in_podmans_shape(self) -> None:
        self.engine.rule(op="init", status=500)
        reply = self.ask("POST", f"{LIBPOD}/containers/{self.create()}/init")
        self.assertEqual(sorted(reply.json()), ["cause", "message", "response"])

    def test_takes_the_service_away_for_a_while(self) -> None:
        container, pid = self.start()
        idle = self.engine.connect()
        self.addCleanup(idle.close)
        idle.ask("GET", "/_ping")
        self.engine.rule(op="version", away_ms=300)
        self.assertEqual(self.ask("GET", "/version").status, 200)
        with self.assertRaises(OSError):
            self.ask("GET", "/_ping")
        with self.assertRaises((OSError, http.client.HTTPException)):
            idle.ask("GET", "/_ping")
        wait_until(lambda: self.engine.stats()["listening"])
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.assertEqual(self.state(container)["Pid"], pid)
        self.assertTrue(is_alive(pid))
