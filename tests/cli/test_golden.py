# SPDX-License-Identifier: Apache-2.0
"""What people and their scripts read: every help text, every table, every JSON, as it was reviewed.
What differs from run to run (versions, ids, digests, times) is replaced by a word."""
import json
import os
import re

from golden import FOLDER, assert_golden
from harness import FlowCase
from harness.doctor import UID, RootlessCase

from fakeengine import PODMAN_ROOTFUL, FakeEngine
from program import ROOT, PrintCase, berth

FLEET = """version: 1
instance: shop
state_dir: state
base_url: https://control.example
host: { sessions: 12 }
engines:
  docker: { socket: unix:///run/docker.sock }
  podman: { socket: unix:///run/podman/podman.sock }
defaults: { key: { file: key }, policy: hardened }
environments:
  - { id: env_1, name: build, engine: docker, sessions: 3, image: "example/worker:2", weight: 2 }
  - { id: env_2, engine: podman, policy: lax, credential: key }
"""
FILES = ("--unit", "berth.service", "fleet.yaml")


def verbs() -> list[str]:
    listed = berth("--help").stdout
    return [verb.strip() for verb in re.findall(r"^  (\S+(?: \S+)?)  ", listed, re.MULTILINE)]


class Help(PrintCase):
    def test_of_berth_itself_lists_its_commands(self) -> None:
        assert_golden(self, "help.txt", self.prints("--help"))
        self.assertEqual(self.prints("help"), self.prints("--help"))

    def test_of_each_command_lists_its_flags(self) -> None:
        for verb in verbs():
            with self.subTest(verb):
                text = self.prints(*verb.split(), "--help")
                assert_golden(self, f"help_{verb.replace(' ', '_')}.txt", text)
                self.assertEqual(self.prints("help", *verb.split()), text)

    def test_has_no_text_of_a_command_that_is_gone(self) -> None:
        kept = {file.name for file in FOLDER.glob("help_*.txt")}
        self.assertEqual(kept, {f"help_{verb.replace(' ', '_')}.txt" for verb in verbs()})

    def test_has_no_line_of_more_than_120_characters(self) -> None:
        for verb in verbs():
            for line in self.prints(*verb.split(), "--help").splitlines():
                self.assertLessEqual(len(line), 120, f"{verb}: {line}")


class WhatBerthPrints(PrintCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("fleet.yaml", FLEET)
        self.write("key", "sk-test\n", 0o600)
        self.write("policies/hardened.yaml", "tmpfs: [{ path: /tmp, size: 1MiB }]\n")
        self.write("policies/lax.yaml", "unenforced: [memory, pids]\n")
        # Not the unit of the machine that the tests run on.
        self.write("berth.service", (ROOT / "examples/berth.service").read_text())

    def stable(self, text: str) -> str:
        text = re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)
        text = re.sub(r"policies from (\S+), then \S+", r"policies from \1, then INSTALLED", text)
        return text.replace(str(self.dir), "DIR")

    def pretty(self, text: str) -> str:
        return json.dumps(json.loads(self.stable(text)), indent=2) + "\n"

    def test_about_a_configuration_that_is_fine(self) -> None:
        assert_golden(self, "check.txt", self.stable(self.prints("check", *FILES)))
        text = self.pretty(self.prints("check", *FILES, "-o", "json"))
        assert_golden(self, "check.json", text)

    def test_about_a_configuration_that_is_not(self) -> None:
        self.write("fleet.yaml", FLEET.replace("policy: lax", "polcy: lax"))
        result = berth("check", *FILES, "-o", "json", cwd=self.dir)
        self.assertEqual(result.returncode, 78)
        assert_golden(self, "check_bad.json", self.pretty(result.stdout))

    def test_about_the_container_of_an_item(self) -> None:
        for api in ("docker", "podman"):
            result = berth("plan", "--config", "fleet.yaml", "--environment-id", "env_1", "--api",
                           api, cwd=self.dir)
            self.assertEqual(result.returncode, 0, result.stderr)
            assert_golden(self, f"plan_{api}.txt", self.stable(result.stderr + result.stdout))

    def test_about_its_version(self) -> None:
        def without_numbers(text: str) -> str:
            return re.sub(r"\d+(\.\d+)+[\w.+~-]*", "VERSION", text)

        assert_golden(self, "version.txt", without_numbers(self.prints("version")))
        assert_golden(self, "version.json", without_numbers(self.prints("version", "-o", "json")))
        self.assertEqual(self.prints("--version"), self.prints("version"))


class TheListOfSessions(FlowCase):
    def stable(self, text: str, item: dict) -> str:
        # A table is as wide as what it shows, so words for ids are as long as the ids.
        for word, value in (("SESSION", item["session_id"]), ("WORK", item["id"]),
                            ("ENVIRONMENT", self.env["id"])):
            text = text.replace(value, word.ljust(len(value), "."))
        text = re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)
        text = re.sub(r"\b[0-9a-f]{12}\b", "CONTAINER...", text)
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
        return re.sub(r"(running +)\S+( +)", lambda m: m[1] + "AGE".ljust(len(m[0]) - len(m[1])), text)

    def test_is_a_table_or_json(self) -> None:
        [item] = self.queue()
        self.engine.worker(item["session_id"], "hang")
        self.assert_exit(self.run_berth("drain", "--detach"), 0)
        config = str(self.place.fleet_file)
        table = self.place.start_plain("ps", "--config", config)
        self.assert_exit(table, 0)
        assert_golden(self, "ps.txt", self.stable(table.stdout, item))
        rows = self.place.start_plain("ps", "--config", config, "-o", "json")
        self.assert_exit(rows, 0)
        text = json.dumps(json.loads(self.stable(rows.stdout, item)), indent=2) + "\n"
        assert_golden(self, "ps.json", text)


class WhatIsLeft(FlowCase):
    def stable(self, text: str) -> str:
        text = re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)
        return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)

    def test_is_a_table_or_json(self) -> None:
        self.place.write_fleet()
        self.engine.add_container("berth-work_1", created_at="2999-01-02T03:04:05Z", create={
            "Image": self.image, "Labels": {
                "berth.instance": "flow", "berth.environment": "env_gone", "berth.work": "work_1",
                "berth.session": "sesn_1", "berth.policy": "hardened", "berth.schema": "1"}})
        arguments = ["gc", "--dry-run", "--config", str(self.place.fleet_file)]
        table = self.place.start_plain(*arguments)
        self.assert_exit(table, 0)
        assert_golden(self, "gc.txt", self.stable(table.stdout))
        rows = self.place.start_plain(*arguments, "-o", "json")
        self.assert_exit(rows, 0)
        assert_golden(self, "gc.json",
                      json.dumps(json.loads(self.stable(rows.stdout)), indent=2) + "\n")


class ADoctorsReport(RootlessCase):
    """Of one host, and of each kind of engine that berth works with."""

    # Docker of today: it serves no API below 1.44, and is on cgroup v2.
    KINDS = {
        "docker_20.10": {"info": {"DockerRootDir": "/"}},
        "docker_28": {
            "api_min": "1.44", "api_max": "1.48", "args": ["--server-version", "28.0.1"],
            "info": {"DockerRootDir": "/", "CgroupVersion": "2", "CgroupDriver": "systemd"}},
        "podman_rootful": {"kind": "podman", "info": {**PODMAN_ROOTFUL,
                                                      "store": {"graphRoot": "/"}}},
        "podman_rootless": RootlessCase.engine_options,
    }

    def stable(self, text: str, url: str) -> str:
        for word, value in (("ENGINE", url), ("DIR", str(self.place.dir)),
                            ("CONTROL", self.cp.url), ("ENVIRONMENT", self.env["id"])):
            text = text.replace(value, word)
        text = re.sub(r"sha256:[0-9a-f]+", "sha256:DIGEST", text)
        text = re.sub(r"\b[0-9]+(MiB|GiB) free", "SIZE free", text)
        return re.sub(r"in \d+ ms", "in N ms", text)

    def report(self, name: str, options: dict) -> None:
        with FakeEngine(images=[self.image], **options) as engine:
            os.chown(engine.socket, UID, UID)
            self.place.settings["engine"] = {"socket": engine.url}
            table = self.ask()
            rows = json.loads(self.stable(self.ask("-o", "json").stdout, engine.url))
            # As wide as what is shown may be: the words for it are shorter.
            text = re.sub(r"\n {20,}", " ", table.stdout)
            assert_golden(self, f"doctor_{name}.txt", self.stable(text, engine.url))
            assert_golden(self, f"doctor_{name}.json", json.dumps(rows, indent=2) + "\n")
            for line in self.stable(table.stdout, engine.url).splitlines():
                if not line.lstrip().startswith("$ "):
                    self.assertLessEqual(len(line), 120, line)

    def test_is_a_table_or_json(self) -> None:
        self.secrets.add("an environment key", [self.env["key"]])
        for name, options in self.KINDS.items():
            with self.subTest(name):
                self.report(name, options)

    def test_says_what_to_do_where_something_is_missing(self) -> None:
        self.host.linger.unlink()
        self.host.write("etc/subuid", "")
        self.host.delegate("pids")
        self.place.key_file.chmod(0o640)
        self.engine.remove_image(self.image)
        table = self.ask(code=78)
        text = re.sub(r"\n {20,}", " ", table.stdout)
        assert_golden(self, "doctor_failures.txt", self.stable(text, self.engine.url))


class TheQueue(FlowCase):
    def stable(self, text: str, item: dict) -> str:
        for word, value in (("SESSION", item["session_id"]), ("WORK", item["id"]),
                            ("ENVIRONMENT", self.env["id"])):
            text = text.replace(value, word.ljust(len(value), "."))
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
        # How long ago is one word, after the state or the counts.
        return re.sub(r"((?:queued|stopped) +|test +\d+ +\d+ +)(\d\w*) *",
                      lambda m: f"{m[1]}AGE  ", text)

    def says(self, item: dict, *words: str, code: int = 0) -> str:
        call = self.place.start_plain("queue", *words, "--config", str(self.place.write_fleet()))
        self.assert_exit(call, code)
        return self.stable(call.stdout, item)

    def test_is_told_in_numbers_and_in_items(self) -> None:
        [item] = self.queue()
        for verb in ("stats", "list"):
            assert_golden(self, f"queue_{verb}.txt", self.says(item, verb))
            rows = json.loads(self.says(item, verb, "-o", "json"))
            assert_golden(self, f"queue_{verb}.json", json.dumps(rows, indent=2) + "\n")
        assert_golden(self, "queue_stop.txt", self.says(item, "stop", item["id"], "--force"))
        self.cp.wait_stopped([item["id"]])
        assert_golden(self, "queue_list_stopped.txt", self.says(item, "list"))
