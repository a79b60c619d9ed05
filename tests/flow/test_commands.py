# SPDX-License-Identifier: Apache-2.0
"""The commands that look and do not touch: check, plan, ps, version, help."""
import json
import os
import subprocess

from harness import Berth, FlowCase, berth_program, wait_until


class CommandCase(FlowCase):
    def look(self, verb: str, *arguments: str, code: int = 0) -> Berth:
        self.place.write_fleet()
        berth = self.place.start_plain(verb, "--config", str(self.place.fleet_file), *arguments)
        self.assert_exit(berth, code)
        return berth


class Check(CommandCase):
    def test_says_what_it_understood(self) -> None:
        berth = self.look("check")
        self.assertIn(self.env["id"], berth.stdout)
        self.assertIn("hardened", berth.stdout)
        self.assertEqual(self.cp.log.of(), [])
        self.assertEqual(self.engine.requests(), [])

    def test_prints_json_for_programs(self) -> None:
        berth = self.look("check", "-o", "json")
        self.assertIn(self.env["id"], json.dumps(json.loads(berth.stdout)))

    def test_names_every_mistake_with_its_place(self) -> None:
        self.place.environment["sesions"] = 3
        self.place.environment["poll"]["block_ms"] = 2000
        self.place.settings["host"]["sessions"] = "many"
        berth = self.look("check", code=78)
        for word in ("did you mean 'sessions'", "block_ms", "sessions"):
            self.assertIn(word, berth.stderr)
        places = [line.split(": ")[0] for line in berth.stderr.splitlines()]
        self.assertEqual(sum(place.count(":") == 2 for place in places), 3, berth.stderr)


class Plan(CommandCase):
    def plan(self, *arguments: str) -> dict:
        berth = self.look("plan", *arguments)
        return json.loads(berth.stdout)

    def test_is_the_request_that_the_engine_gets(self) -> None:
        [item] = self.queue()
        planned = self.plan("--work-id", item["id"], "--session-id", item["session_id"])
        self.assert_exit(self.run_berth("drain", "--wait"), 0)
        [sent] = [json.loads(entry["body"]) for entry in self.engine.requests(op="create")]
        names = [[variable.split("=")[0] for variable in body.pop("Env")]
                 for body in (planned, sent)]
        self.assertEqual(names[0], names[1])
        # A plan is of no item that was claimed; its time is an example.
        times = [body["Labels"].pop("berth.claimed") for body in (planned, sent)]
        self.assertEqual(len(times[0]), len(times[1]))
        self.assertEqual(planned, sent)

    def test_shows_no_secret_and_asks_nobody(self) -> None:
        planned = self.plan()
        self.assertIn("ANTHROPIC_WORK_SECRET=***", planned["Env"])
        self.assertIn("ANTHROPIC_ENVIRONMENT_KEY=***", planned["Env"])
        self.assertEqual(self.cp.log.of(), [])
        self.assertEqual(self.engine.requests(), [])

    def test_refuses_what_the_policy_does_not_allow(self) -> None:
        self.place.environment["mounts"] = [{"source": "/etc", "target": "/host"}]
        berth = self.look("plan", code=78)
        self.assertIn("/etc", berth.stderr)


class Ps(CommandCase):
    def test_shows_the_sessions_of_this_instance(self) -> None:
        [item] = self.queue()
        self.engine.worker(item["session_id"], "hang")
        self.assert_exit(self.run_berth("drain", "--detach"), 0)
        berth = self.look("ps")
        for word in (item["session_id"], item["id"], "running", "hardened"):
            self.assertIn(word, berth.stdout)
        rows = json.loads(self.look("ps", "-o", "json").stdout)
        self.assertIn(item["id"], json.dumps(rows))

    def test_shows_nothing_of_another_instance(self) -> None:
        self.queue()
        self.assert_exit(self.run_berth("drain", "--detach"), 0)
        self.place.settings["instance"] = "other"
        berth = self.look("ps")
        self.assertNotIn("running", berth.stdout)

    def test_without_an_engine_ends_with_69(self) -> None:
        self.place.settings["engine"]["socket"] = f"unix://{self.dir}/nobody.sock"
        self.look("ps", code=69)


class StandardStreams(CommandCase):
    def run_with(self, redirection: str, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", berth_program(),
                               *arguments], env=self.place.environ, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60)

    def test_that_are_closed_are_not_taken_for_other_files(self) -> None:
        self.place.write_fleet()
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", berth_program(), "run",
             "--config", str(self.place.fleet_file)], env=self.place.environ)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: self.engine.requests(op="list"))
        for number in range(3):
            self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{number}"), "/dev/null")

    def test_that_take_nothing_are_no_success(self) -> None:
        result = self.run_with(">/dev/full", "version", "-o", "json")
        self.assertEqual(result.returncode, 70)
        self.assertIn("No space left", result.stderr)

    def test_that_nobody_reads_are_none_of_its_concern(self) -> None:
        self.place.write_fleet()
        result = self.run_with("| true", "ps", "--config", str(self.place.fleet_file))
        self.assertEqual((result.returncode, result.stderr), (0, ""))


class TheCommandLine(FlowCase):
    def test_version_names_itself_and_its_libraries(self) -> None:
        berth = self.place.start_plain("version", "-o", "json")
        self.assert_exit(berth, 0)
        self.assertRegex(json.dumps(json.loads(berth.stdout)), r"\d+\.\d+\.\d+")

    def test_an_unknown_command_is_a_mistake_in_usage(self) -> None:
        berth = self.place.start_plain("drian")
        self.assert_exit(berth, 64)
        self.assertIn("did you mean 'drain'", berth.stderr)

    def test_every_command_explains_itself(self) -> None:
        for verb in ("run", "drain", "check", "plan", "ps", "version"):
            with self.subTest(verb=verb):
                berth = self.place.start_plain(verb, "--help")
                self.assert_exit(berth, 0)
                self.assertIn(f"berth {verb}", berth.stdout)
