# SPDX-License-Identifier: Apache-2.0
"""berth stop: ends one session, container and work item, with and without a berth beside it."""
import signal

from flow import onpodman
from harness import Berth, FlowCase, wait_until


class StopCase(FlowCase):
    def start_stop(self, *arguments: str) -> Berth:
        self.place.write_fleet()
        return self.place.start_plain("stop", "--config", str(self.place.fleet_file), *arguments)

    def stop(self, *arguments: str, code: int = 0) -> Berth:
        berth = self.start_stop(*arguments)
        self.assertEqual(berth.wait(), code, berth.stdout + berth.stderr)
        return berth

    def run_one(self, *words: str) -> dict:
        """A session whose worker has it, with no berth beside it."""
        [item] = self.queue()
        self.engine.worker(item["session_id"], *(words or ("hang",)))
        self.assert_exit(self.run_berth("drain", "--detach"), 0)
        if "silent" not in words:
            self.cp.wait_state("active", [item["id"]])
        return item

    def signals(self, item: dict) -> list[str]:
        return [entry["query"].removeprefix("signal=")
                for entry in self.engine.requests(op="kill")]

    def serve_one(self, *words: str) -> tuple[Berth, dict]:
        """The same with a berth that serves."""
        [item] = self.queue()
        self.engine.worker(item["session_id"], *(words or ("hang",)))
        berth = self.start("run")
        if "silent" in words:
            berth.wait_event("started")
        else:
            berth.wait_event("heartbeat")
        return berth, item


class ASessionThatIsStopped(StopCase):
    def test_ends_by_its_worker(self) -> None:
        item = self.run_one()
        berth = self.stop(item["session_id"])
        self.assertEqual(self.signals(item), ["TERM"])
        self.assertEqual(len(self.worker_stops(item)), 1)
        self.assertEqual(self.stops(item), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        for words in (item["session_id"], item["id"], "SIGTERM", "30s", "exit code 0",
                      "is stopped", "next 'berth drain'"):
            self.assertIn(words, berth.stdout)
        self.assertEqual(self.container_of(item)["state"], "exited")
        self.assert_exit(self.run_berth("drain", "--wait"), 0)
        self.assert_nothing_left()

    def test_is_killed_when_its_grace_is_over_and_its_item_force_stopped(self) -> None:
        self.place.environment["timeouts"]["stop_grace"] = "1s"
        item = self.run_one("ignore-term")
        berth = self.stop(item["id"])
        self.assertEqual(self.signals(item), ["TERM", "KILL"])
        self.assertIn("has 1s", berth.stdout)
        self.assertIn("exit code 137", berth.stdout)
        self.assertIn("is force-stopped", berth.stdout)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assertEqual([stop.body for stop in self.stops(item)], [{"force": True}])

    def test_now_is_killed_at_once_and_does_not_come_back(self) -> None:
        item = self.run_one()
        berth = self.stop("--now", self.container_of(item)["id"][:8])
        self.assertEqual(self.signals(item), ["KILL"])
        self.assertEqual(self.worker_stops(item), [])
        self.assertIn("is force-stopped", berth.stdout)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")

    def test_before_its_first_heartbeat_does_not_stay_starting(self) -> None:
        item = self.run_one("silent")
        self.assertIn("is force-stopped", self.stop(item["id"]).stdout)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")

    def test_after_it_has_ended_is_not_signalled(self) -> None:
        item = self.run_one()
        self.engine.exit_container(self.container_of(item)["id"], 9)
        berth = self.stop(item["id"])
        self.assertEqual(self.signals(item), [])
        self.assertIn("exit code 9", berth.stdout)
        self.assertIn("is force-stopped", berth.stdout)


class ASessionThatIsStoppedOnPodman(onpodman.OnPodman, ASessionThatIsStopped):
    def test_has_ended_as_the_engine_says_even_if_it_says_so_late(self) -> None:
        item = self.run_one()
        self.engine.rule(op="inspect", after=1, times=3,
                         set={"/State/Status": "running", "/State/Running": True})
        self.assertIn("exit code 0", self.stop(item["id"]).stdout)


class BesideARunningBerth(StopCase):
    def assert_seen_and_removed(self, berth: Berth, item: dict) -> None:
        berth.wait_event("removed")
        self.assertEqual(berth.terminate(), 0)
        self.assertEqual(len(self.engine.requests(op="remove")), 1)
        self.assertLessEqual(len(self.stops(item)), 1)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assert_nothing_left()

    def test_a_session_is_removed_by_it(self) -> None:
        berth, item = self.serve_one()
        self.assertIn("the container is removed", self.stop(item["id"]).stdout)
        self.assert_seen_and_removed(berth, item)
        self.assertEqual(self.stops(item), [])

    def test_a_session_that_is_killed_is_removed_by_it(self) -> None:
        berth, item = self.serve_one()
        stop = self.stop("--now", item["id"])
        self.assertIn("the container is removed", stop.stdout)
        self.assertIn("is force-stopped", stop.stdout)
        self.assert_seen_and_removed(berth, item)
        self.assertEqual(berth.events("undecided"), [])

    def test_an_item_that_never_began_is_stopped_once(self) -> None:
        berth, item = self.serve_one("silent")
        self.stop("--now", item["id"])
        self.assert_seen_and_removed(berth, item)
        self.assertEqual(len(self.stops(item)), 1)


class AnItemInDoubt(StopCase):
    def assert_undecided(self, item: dict, *words: str) -> None:
        berth = self.stop("--now", item["id"], code=75)
        for word in ("undecided", *words):
            self.assertIn(word, berth.stdout)
        self.assertEqual(self.stops(item), [])
        self.assertNotEqual(self.container_of(item)["state"], "running")

    def test_is_left_where_the_key_may_not_list(self) -> None:
        item = self.run_one()
        self.cp.fault("list", status=403, times=None)
        self.assert_undecided(item, "403")

    def test_is_left_where_another_host_has_it(self) -> None:
        item = self.run_one()
        work = self.cp.model.items[item["id"]]
        with self.cp.model.lock:
            work.acknowledged_at += 3600
        self.assert_undecided(item, "active", "not provably")

    def test_is_left_where_its_key_cannot_be_read(self) -> None:
        item = self.run_one()
        self.place.key_file.chmod(0o644)
        self.assert_undecided(item, "chmod 600")

    def test_is_left_where_its_environment_is_not_configured(self) -> None:
        item = self.run_one()
        self.place.environment["id"] = "env_another"
        self.assert_undecided(item, "--environment-id")

    def test_is_said_where_it_cannot_be_stopped(self) -> None:
        item = self.run_one()
        self.cp.fault("stop", status=400, times=None)
        berth = self.stop("--now", item["id"], code=75)
        self.assertIn("undecided", berth.stdout)


class NothingToStop(StopCase):
    def test_is_no_input(self) -> None:
        berth = self.stop("sesn_nobody", code=66)
        self.assertIn("sesn_nobody", berth.stderr)
        self.assertIn("berth ps", berth.stderr)

    def test_of_another_instance_is_left_alone(self) -> None:
        item = self.run_one()
        self.place.settings["instance"] = "other"
        self.stop(item["id"], code=66)
        self.assertEqual(self.signals(item), [])

    def test_without_an_engine_ends_with_69(self) -> None:
        self.place.settings["engine"]["socket"] = f"unix://{self.dir}/nobody.sock"
        self.stop("sesn_nobody", code=69)

    def test_before_its_start_is_to_be_tried_again(self) -> None:
        self.leave_container("berth-work_1", "created", {
            "berth.schema": "1", "berth.instance": "flow", "berth.work": "work_1",
            "berth.session": "sesn_1", "berth.environment": self.env["id"]})
        self.assertIn("try again", self.stop("sesn_1", code=75).stderr)

    def test_is_one_session(self) -> None:
        self.stop(code=64)
        self.stop("one", "two", code=64)


class ASignal(StopCase):
    def test_ends_the_wait_and_leaves_the_session(self) -> None:
        item = self.run_one("ignore-term")
        berth = self.start_stop(item["id"])
        wait_until(lambda: self.signals(item) == ["TERM"])
        berth.signal(signal.SIGINT)
        self.assert_exit(berth, 130)
        self.assertEqual(self.container_of(item)["state"], "running")
        self.assertEqual(self.stops(item), [])
