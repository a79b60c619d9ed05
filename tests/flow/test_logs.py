# SPDX-License-Identifier: Apache-2.0
"""berth logs: what a session's container writes, and what is kept of it, without its tokens."""
import base64
import json
import os
import pty
import signal
import subprocess
from urllib.parse import quote

from flow import onpodman
from harness import Berth, FlowCase, berth_program, wait_until


OUT, ERR = "a line on stdout\n", "a line on stderr\n"


class LogsCase(FlowCase):
    def look(self, *arguments: str, code: int = 0) -> Berth:
        berth = self.start_logs(*arguments)
        self.assert_exit(berth, code)
        return berth

    def start_logs(self, *arguments: str) -> Berth:
        self.place.write_fleet()
        return self.place.start_plain("logs", "--config", str(self.place.fleet_file), *arguments)

    def run_one(self, *words: str, **options) -> dict:
        """A session whose container runs, with no berth beside it."""
        [item] = self.queue(**options)
        self.engine.worker(item["session_id"], *(words or ("hang",)))
        self.assert_exit(self.run_berth("drain", "--detach"), 0)
        self.cp.wait_state("active", [item["id"]])
        return item

    def end(self, item: dict) -> None:
        """Its worker ends in order, and a drain clears its container away."""
        self.signal_worker(item)
        self.wait_container(item, "exited")
        self.assert_exit(self.run_berth("drain", "--wait"), 0)
        self.assertEqual(self.engine.containers(), [])

    def kept(self) -> list:
        return sorted((self.place.state_dir / "logs").glob("*"))


class OfARunningSession(LogsCase):
    def test_keep_the_streams_apart(self) -> None:
        item = self.run_one()
        berth = self.look(item["session_id"])
        self.assertEqual((berth.stdout, berth.stderr), (OUT, ERR))

    def test_are_found_by_every_name_of_it(self) -> None:
        item = self.run_one()
        container = self.container_of(item)
        for name in (item["id"], container["id"], container["id"][:6], container["name"]):
            with self.subTest(name=name):
                self.assertEqual(self.look(name).stdout, OUT)
        self.assertIn("there is no container", self.look(container["id"][:5], code=66).stderr)

    def test_begin_where_they_are_told_to(self) -> None:
        item = self.run_one()
        self.engine.say(self.container_of(item)["id"], "more\n")
        self.assertEqual(self.look("--tail", "1", item["id"]).stdout, "more\n")
        self.assertEqual(self.look("--tail", "0", item["id"]).stdout, "")

    def test_are_followed_to_its_end(self) -> None:
        item = self.run_one()
        container = self.container_of(item)["id"]
        berth = self.start_logs("-f", item["id"])
        wait_until(lambda: berth.stdout == OUT)
        self.engine.say(container, "live\n")
        wait_until(lambda: berth.stdout == OUT + "live\n")
        self.engine.say(container, "last words", stderr=True)
        self.engine.exit_container(container)
        self.assert_exit(berth, 0)
        self.assertEqual(berth.stderr, ERR + "last words")

    def test_are_followed_from_before_its_start(self) -> None:
        container = self.leave_container("berth-work_1", "created", {
            "berth.schema": "1", "berth.instance": "flow", "berth.work": "work_1",
            "berth.session": "sesn_hang_1", "berth.environment": self.env["id"]})
        berth = self.start_logs("-f", "work_1")
        wait_until(lambda: len(self.engine.requests(op="inspect")) > 1 or not berth.is_running())
        self.assertEqual(self.engine.requests(op="logs"), [])
        self.assertEqual(self.engine.ask("POST", f"/containers/{container}/start").status, 204)
        wait_until(lambda: berth.stdout == OUT)
        self.engine.exit_container(container)
        self.assert_exit(berth, 0)

    def test_are_left_by_a_signal(self) -> None:
        item = self.run_one()
        berth = self.start_logs("-f", item["id"])
        wait_until(lambda: berth.stdout == OUT)
        berth.signal(signal.SIGINT)
        self.assert_exit(berth, 130)

    def test_end_with_69_where_the_engine_breaks_off(self) -> None:
        item = self.run_one()
        self.engine.rule(op="logs", cut="mid-body")
        self.assertIn("logs", self.look(item["id"], code=69).stderr)


class WhatATerminalWouldObey(LogsCase):
    HOSTILE = "\033]0;owned\a\033[2J\u009b6n"

    def on_terminal(self, *arguments: str) -> str:
        """stdout and stderr of `berth logs` on one."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        process = subprocess.Popen(
            [berth_program(), "logs", "--config", str(self.place.fleet_file), *arguments],
            stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=self.place.environ)
        os.close(theirs)
        text = b""
        while not text.endswith(b"end\r\n"):
            text += os.read(ours, 4096)
        self.assertEqual(process.wait(60), 0)
        return text.decode(errors="replace")

    def assert_shown_only_on_a_terminal(self, item: dict) -> None:
        self.assertIn(self.HOSTILE, self.look(item["id"]).stdout)
        text = self.on_terminal(item["id"])
        for control in "\033\a\u009b":
            self.assertNotIn(control, text)
        self.assertIn("^[]0;owned^G^[[2J", text)
        self.assertIn("^[]0;in red", text)

    def test_is_shown_there_and_passed_on_elsewhere(self) -> None:
        item = self.run_one()
        container = self.container_of(item)["id"]
        self.engine.say(container, "\033]0;in red\n", stderr=True)
        self.engine.say(container, f"{self.HOSTILE}\nend\n")
        self.assert_shown_only_on_a_terminal(item)
        self.end(item)
        self.assert_shown_only_on_a_terminal(item)


class TokensInTheOutput(LogsCase):
    def forms(self, item: dict) -> list[str]:
        token = item["token"]
        encoded = base64.b64encode(f"x{token}".encode()).decode()
        return [token, item["secret"], self.env["key"], quote(item["secret"], safe=""), encoded,
                "\n".join(encoded[i:i + 76] for i in range(0, len(encoded), 76))]

    def say_everything(self, item: dict) -> None:
        container = self.container_of(item)["id"]
        for form in self.forms(item):
            self.engine.say(container, f"TOKEN={form}\n")
            for cut in (1, len(form) // 2, len(form) - 1):
                self.engine.say(container, f"in two {form[:cut]}")
                self.engine.say(container, "the other stream", stderr=True)
                self.engine.say(container, f"{form[cut:]}\n")

    def assert_redacted(self, text: str) -> None:
        for name in ("sessions token", "work secret", "environment key"):
            self.assertIn(f"TOKEN=[redacted: {name}]\n", text)
            self.assertEqual(text.count(f"in two [redacted: {name}]\n") % 3, 0)
        self.assertEqual(self.secrets.found_in(text), set())

    def test_are_marked_live_and_in_what_is_kept(self) -> None:
        item = self.run_one()
        self.say_everything(item)
        self.assert_redacted(self.look(item["id"]).stdout)
        self.end(item)
        self.assert_redacted(self.look(item["id"]).stdout)
        [path] = self.kept()
        self.assertEqual(self.secrets.found_in(path.read_text()), set())

    def test_are_marked_where_the_engine_sends_byte_by_byte(self) -> None:
        item = self.run_one()
        self.engine.say(self.container_of(item)["id"], f"TOKEN={item['token']}.\n")
        self.engine.rule(op="logs", drip_ms=1, drip_bytes=7)
        self.assertEqual(self.look(item["id"]).stdout, f"{OUT}TOKEN=[redacted: sessions token].\n")


class OfASessionThatIsGone(LogsCase):
    def test_are_what_was_kept_of_each_stream(self) -> None:
        item = self.run_one()
        container = self.container_of(item)
        self.engine.say(container["id"], "no end of line")
        self.end(item)
        for name in (item["session_id"], item["id"], container["id"][:12], container["name"]):
            with self.subTest(name=name):
                berth = self.look(name)
                self.assertEqual((berth.stdout, berth.stderr), (OUT + "no end of line", ERR))
        self.assertEqual(self.look("--tail", "1", item["id"]).stdout, "no end of line")
        self.assertEqual(self.look("-f", item["id"]).stdout, OUT + "no end of line")

    def test_are_in_a_file_that_says_whose_they_are(self) -> None:
        item = self.run_one("hang", "exit-3")
        container = self.container_of(item)["id"]
        self.end(item)
        [path] = self.kept()
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(path.parent.stat().st_mode & 0o777, 0o700)
        head, *lines = path.read_text().splitlines()
        about = json.loads(head)
        self.assertRegex(about.pop("exited"), r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(about, {
            "environment": self.env["id"], "session": item["session_id"], "work": item["id"],
            "container": container, "name": f"berth-{item['id']}", "exit_code": 3, "cut": False})
        self.assertEqual(lines, ["stdout F a line on stdout", "stderr F a line on stderr"])

    def test_are_there_without_an_engine(self) -> None:
        item = self.run_one()
        self.end(item)
        self.engine.vanish()
        berth = self.look(item["id"])
        self.assertEqual(berth.stdout, OUT)
        self.assertIn("engine", berth.stderr)
        self.look("work_nobody", code=69)

    def test_are_those_of_its_newest_container(self) -> None:
        first = self.run_one()
        self.engine.say(self.container_of(first)["id"], "the first\n")
        self.end(first)
        second = self.run_one(session=first["session_id"])
        self.engine.say(self.container_of(second)["id"], "the second\n")
        self.assertIn("the second", self.look(first["session_id"]).stdout)
        self.end(second)
        self.assertIn("the second", self.look(first["session_id"]).stdout)
        self.assertIn("the first", self.look(first["id"]).stdout)

    def test_are_as_much_of_the_end_as_the_configuration_says(self) -> None:
        self.place.settings["logs"] = {"size": "1KiB", "keep": 2}
        item = self.run_one()
        for number in range(200):
            self.engine.say(self.container_of(item)["id"], f"line {number}\n")
        self.end(item)
        [path] = self.kept()
        berth = self.look(item["id"])
        lines = berth.stdout.splitlines()
        self.assertEqual(lines[-1], "line 199")
        self.assertEqual(lines, [f"line {number}" for number in range(200 - len(lines), 200)])
        self.assertGreater(len(lines), 40)
        self.assertLessEqual(path.stat().st_size, 1024 + len(path.read_text().splitlines()[0]) + 1)
        self.assertIn("logs.size", berth.stderr)

    def test_are_kept_of_so_many_sessions(self) -> None:
        self.place.settings["logs"] = {"keep": 2}
        items = []
        for _ in range(3):
            items.append(self.run_one())
            self.end(items[-1])
        self.assertEqual(len(self.kept()), 2)
        self.look(items[0]["id"], code=66)
        self.look(items[2]["id"])

    def test_are_not_kept_where_that_is_off(self) -> None:
        self.place.settings["logs"] = {"size": 0}
        item = self.run_one()
        self.end(item)
        self.assertEqual(self.engine.requests(op="logs"), [])
        self.assertIn("nothing was kept", self.look(item["id"], code=66).stderr)


class ContainersThatNeverRan(LogsCase):
    def test_leave_no_output(self) -> None:
        self.queue()
        self.engine.rule(op="start", status=500, times=0)
        self.start("drain", "--wait").wait()
        self.assertEqual(self.kept(), [])


class ManyContainers(LogsCase):
    def test_that_end_at_once_are_read_a_few_at_a_time(self) -> None:
        """Each may hold as much of berth's memory as logs.size says."""
        self.place.settings["host"]["sessions"] = self.place.environment["sessions"] = 20
        self.engine.worker("*", "hang")
        items = self.queue(20)
        self.assert_exit(self.run_berth("drain", "--detach"), 0)
        for item in items:
            self.signal_worker(item)
        for item in items:
            self.wait_container(item, "exited")
        self.engine.rule(op="logs", delay_ms=500, times=0)
        self.assert_exit(self.run_berth("drain", "--wait"), 0)
        times = sorted(request["time"] for request in self.engine.requests("logs"))
        for first, ninth in zip(times, times[8:]):
            self.assertGreater(ninth - first, 0.4)
        self.assertEqual(len(self.kept()), 20)


class AnEngineThatGivesNoOutput(LogsCase):
    def assert_removed_with_a_warning(self) -> None:
        item = self.run_one()
        self.signal_worker(item)
        self.wait_container(item, "exited")
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0)
        self.assertEqual(self.engine.containers(), [])
        self.assertEqual(len(berth.events("not_captured", level="warning")), 1)
        self.assertEqual(len(berth.events("removed")), 1)

    def test_keeps_no_session_from_its_removal(self) -> None:
        self.engine.rule(op="logs", status=500, times=0)
        self.assert_removed_with_a_warning()

    def test_does_not_by_its_silence_either(self) -> None:
        self.engine.rule(op="logs", hang="before", times=0)
        self.assert_removed_with_a_warning()

    def test_does_not_by_sending_something_else(self) -> None:
        self.engine.rule(op="logs", status=200, body="no frames at all", times=0)
        self.assert_removed_with_a_warning()


class AStateDirThatTakesNoFile(LogsCase):
    def test_costs_a_warning(self) -> None:
        item = self.run_one()
        (self.place.state_dir / "logs").write_text("in the way")
        self.signal_worker(item)
        self.wait_container(item, "exited")
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0)
        self.assertEqual(self.engine.containers(), [])
        self.assertIn(str(self.place.state_dir / "logs"),
                      berth.events("not_captured")[0]["msg"])


class OnPodman(onpodman.OnPodman, LogsCase):
    def test_are_the_same(self) -> None:
        item = self.run_one()
        berth = self.look(item["id"])
        self.assertEqual((berth.stdout, berth.stderr), (OUT, ERR))
        self.end(item)
        self.assertEqual(self.look(item["id"]).stdout, OUT)

    def test_end_although_nobody_sees_its_end(self) -> None:
        item = self.run_one()
        container = self.container_of(item)["id"]
        berth = self.start_logs("-f", item["id"])
        wait_until(lambda: berth.stdout == OUT)
        self.engine.lose_conmon(container)
        self.assert_exit(berth, 0)
        self.assert_exit(self.run_berth("drain", "--wait"), 0)
        self.assertEqual(self.engine.containers(), [])
        self.assertEqual(self.look(item["id"]).stdout, OUT)


class Usage(LogsCase):
    def test_is_one_session(self) -> None:
        for arguments in ((), ("one", "two"), ("--tail", "-1", "one")):
            with self.subTest(arguments=arguments):
                self.look(*arguments, code=64)
