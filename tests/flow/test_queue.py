# SPDX-License-Identifier: Apache-2.0
"""berth queue: what waits, what there is, and stopping an item, each with the key that is right."""
import json
import threading
import time

from harness import Berth, FlowCase


class QueueCase(FlowCase):
    def setUp(self) -> None:
        super().setUp()
        self.secrets.add("an organization's key", [self.cp.api_key])

    def ask(self, *arguments: str, code: int = 0, api_key: bool = False) -> Berth:
        self.place.write_fleet()
        return self.ask_plain(*arguments, "--config", str(self.place.fleet_file), code=code,
                              environ={"ANTHROPIC_API_KEY": self.cp.api_key} if api_key else None)

    def ask_plain(self, *arguments: str, code: int = 0, environ=None) -> Berth:
        berth = self.place.start_plain("queue", *arguments, environ=environ)
        self.assertEqual(berth.wait(), code, berth.stdout + berth.stderr)
        self.assertEqual(self.engine.requests(), [], "an engine has nothing to do with it")
        return berth

    def rows(self, berth: Berth) -> list[list[str]]:
        return [line.split() for line in berth.stdout.splitlines()]

    def forget_key(self) -> None:
        del self.place.environment["key"]


class Stats(QueueCase):
    def test_are_a_line_for_each_environment(self) -> None:
        other = self.serve_another_environment()
        self.queue(3)
        rows = self.rows(self.ask("stats"))
        self.assertEqual(rows[0], ["ENVIRONMENT", "DEPTH", "PENDING", "OLDEST", "WORKERS"])
        self.assertEqual(rows[1][:3], ["test", "3", "0"])
        self.assertRegex(rows[1][3], r"^\d+s?$")
        self.assertEqual(rows[2], [other["id"], "0", "0", "-", "0"])

    def test_are_json_for_programs(self) -> None:
        self.queue(2)
        [row] = json.loads(self.ask("stats", "-o", "json").stdout)
        self.assertRegex(row.pop("oldest_queued"), r"^\d{4}-")
        self.assertEqual(row, {"environment": self.env["id"], "name": "test", "depth": 2,
                               "pending": 0, "workers_polling": 0})

    def test_say_nothing_of_what_the_control_plane_does_not(self) -> None:
        self.cp.fault("stats", status=200, body=json.dumps(
            {"depth": 1, "workers_polling": None, "oldest_queued_at": "yesterday"}).encode())
        self.assertEqual(self.rows(self.ask("stats"))[1], ["test", "1", "-", "-", "-"])

    def test_of_one_environment_do_not_depend_on_another(self) -> None:
        other = self.serve_another_environment()
        self.cp.rotate_key(self.env["id"])
        berth = self.ask("stats", code=77)
        self.assertIn("environment test", berth.stderr)
        self.assertEqual(self.rows(berth)[1][0], other["id"])

    def test_need_no_fleet_file(self) -> None:
        berth = self.ask_plain("stats", "--environment-id", self.env["id"],
                               "--environment-key-file", str(self.place.key_file),
                               environ={"ANTHROPIC_BASE_URL": self.cp.url})
        self.assertEqual(self.rows(berth)[1][0], self.env["id"])
        self.ask_plain("stats", code=78)

    def test_are_asked_for_again_where_that_may_help(self) -> None:
        self.cp.fault("stats", status=503)
        self.ask("stats")
        self.cp.fault("stats", status=400)
        self.ask("stats", code=78)

    def test_are_given_up_after_three_tries(self) -> None:
        self.cp.fault("stats", status=503, times=None)
        self.ask("stats", code=75)
        self.assertEqual(len(self.cp.log.of("stats")), 3)

    def test_are_not_waited_for_after_a_signal(self) -> None:
        is_asked = threading.Event()
        self.cp.fault("stats", hook=lambda record: is_asked.set() or time.sleep(2))
        self.place.write_fleet()
        berth = self.place.start_plain("queue", "stats", "--config", str(self.place.fleet_file))
        is_asked.wait(60)
        berth.signal(15)
        self.assert_exit(berth, 143)


class List(QueueCase):
    def test_shows_every_item_with_its_ages(self) -> None:
        waiting, held = self.queue(2)
        self.engine.worker("*", "hang")
        self.cp.model.poll(self.env["id"], "somebody", 1, None)
        rows = self.rows(self.ask("list"))
        self.assertEqual(rows[0], ["ENVIRONMENT", "WORK", "SESSION", "STATE", "AGE", "ACKED",
                                   "HEARTBEAT"])
        self.assertEqual([row[:4] for row in rows[1:]], [
            ["test", item["id"], item["session_id"], "queued"] for item in (waiting, held)])
        self.assertEqual([row[5:] for row in rows[1:]], [["-", "-"]] * 2)

    def test_reads_every_page(self) -> None:
        items = self.queue(1100)
        rows = self.rows(self.ask("list"))
        self.assertEqual({row[1] for row in rows[1:]}, {item["id"] for item in items})
        self.assertEqual(len(self.cp.log.of("list")), 2)

    def test_ends_where_a_page_leads_to_itself(self) -> None:
        self.cp.fault("list", status=200, times=None,
                      body=b'{"data": [{"id": "work_1"}], "next_page": "again"}')
        self.assertEqual(len(self.rows(self.ask("list"))), 3)

    def test_of_one_state_has_no_other(self) -> None:
        first, second = self.queue(2)
        self.cp.model.stop(self.env["id"], first["id"], True)
        [row] = json.loads(self.ask("list", "--state", "queued", "-o", "json").stdout)
        self.assertRegex(row.pop("created"), r"^\d{4}-")
        self.assertEqual(row, {"environment": self.env["id"], "work": second["id"],
                               "session": second["session_id"], "state": "queued",
                               "type": "session"})
        self.ask("list", "--state", "gone", code=64)

    def test_shows_nothing_that_moves_a_terminal(self) -> None:
        self.cp.fault("list", status=200, body=json.dumps({
            "data": [{"id": "work_\u001b[2J", "state": "a b", "data": {"id": "x\ny"}}],
            "next_page": None}).encode())
        self.assertEqual(self.rows(self.ask("list"))[1][1:4], ["work_?[2J", "x?y", "a?b"])

    def test_takes_the_environments_key_alone(self) -> None:
        self.ask("list", api_key=True)
        [call] = self.cp.log.of("list")
        self.assertEqual(call.credential, f"environment:{self.env['id']}")
        self.forget_key()
        berth = self.ask("list", code=78, api_key=True)
        self.assertIn("no organization's", berth.stderr)
        self.assertEqual(len(self.cp.log.of("list")), 1)


class Stop(QueueCase):
    def test_by_force_ends_an_item_that_nobody_holds(self) -> None:
        [item] = self.queue()
        berth = self.ask("stop", "--force", item["id"])
        self.assertIn("is stopped", berth.stdout)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")

    def test_of_an_item_that_is_stopped_says_so(self) -> None:
        [item] = self.queue()
        self.cp.model.stop(self.env["id"], item["id"], True)
        self.cp.model.environments[self.env["id"]].stopped_again = 409
        self.assertIn("stopped already", self.ask("stop", "--force", item["id"]).stdout)

    def test_tells_the_worker_that_holds_it(self) -> None:
        [item] = self.queue()
        self.assertIn("--force", self.ask("stop", item["id"]).stdout)
        [stop] = self.stops(item)
        self.assertEqual(stop.body, {})

    def test_of_an_item_that_is_not_there_is_no_input(self) -> None:
        self.assertIn("404", self.ask("stop", "work_nobody", code=66).stderr)

    def test_is_about_one_item_of_one_environment(self) -> None:
        [item] = self.queue()
        self.ask("stop", code=64)
        self.ask("stop", "one", "two", code=64)
        self.ask("stop", "../../x", code=64)
        self.serve_another_environment()
        self.assertIn("--environment-id", self.ask("stop", item["id"], code=64).stderr)
        self.ask("stop", "--force", item["id"], "--environment-id", self.env["id"])
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")


class AnOrganizationsKey(QueueCase):
    def test_is_used_where_an_environment_has_none(self) -> None:
        [item] = self.queue()
        self.forget_key()
        self.ask("stats", api_key=True)
        self.ask("stop", "--force", item["id"], api_key=True)
        for call in self.cp.log.of():
            self.assertEqual(call.credential, "api")

    def test_is_taken_from_a_file_that_only_its_owner_reads(self) -> None:
        self.forget_key()
        self.place.write_fleet()
        path = self.place.dir / "api-key"
        path.touch(0o600)
        path.write_text(self.cp.api_key)
        arguments = ("stats", "--config", str(self.place.fleet_file))
        environ = {"ANTHROPIC_API_KEY_FILE": str(path)}
        self.ask_plain(*arguments, environ=environ)
        path.chmod(0o644)
        self.assertIn("chmod 600", self.ask_plain(*arguments, environ=environ, code=78).stderr)

    def test_is_not_used_beside_the_environments_own(self) -> None:
        self.ask("stats", api_key=True)
        [call] = self.cp.log.of("stats")
        self.assertEqual(call.credential, f"environment:{self.env['id']}")

    def test_keeps_berth_from_serving_as_before(self) -> None:
        berth = self.start("drain", environ={"ANTHROPIC_API_KEY": self.cp.api_key})
        self.assert_exit(berth, 78)


class WithoutAnyKey(QueueCase):
    def test_says_what_is_missing(self) -> None:
        self.forget_key()
        self.assertIn("--environment-key-file", self.ask("stats", code=78).stderr)
