# SPDX-License-Identifier: Apache-2.0
"""Something stands between berth and the engine, and changes one member of what berth asks for, or
adds one; in some cases the engine also says that it did what was asked. berth notices before a tool
can run, or in the end. The tables are printed, and written beside the tested berth."""
from __future__ import annotations

import dataclasses
import importlib
import json
from pathlib import Path

import lies
import private_engine
from engine_case import SECONDS
from harness import ROOT, Berth, berth_program
from kinds import KIND
from policy_case import PolicyCase
from tampering import PretendingEngine, Pretence, both

setUpModule, tearDownModule = private_engine.start, private_engine.stop

TABLE = importlib.import_module(f"pretences_{KIND.inspect_words}")
DIALECT = {"docker": "docker", "libpod": "podman"}[KIND.inspect_words]
OTHER_IMAGE = "repo=localhost/berth-other&tag=1"
OTHER_IMAGE_NAME = "localhost/berth-other:1"
OTHER_CONTAINER = "other"
# The requests of tests/golden: those of the policies that come with berth, and one with everything.
REQUESTS = ("everything", "hardened", "strict", "gvisor", "trusted")


def members_of(golden: Path) -> set[str]:
    """The members of a create request, and of its parts that hold one limit each."""
    members: set[str] = set()
    for key, value in json.loads(golden.read_text()).items():
        parts = value if key in ("HostConfig", "resource_limits") else None
        members |= {f"{key}.{part}" for part in parts} if parts else {key}
    return members


class Pretending(PolicyCase):
    """One berth, one item and one pretence each."""

    table: list[tuple[str, ...]]

    def setUp(self) -> None:
        super().setUp()
        self.table = []
        self.input = self.dir / "input"
        self.input.mkdir()

    def drain(self, pretence: Pretence, *lines: str) -> tuple[int, dict, Berth]:
        """berth's exit code, its item, and berth, after one item on an engine that pretends."""
        self.place = self.add_place(f"place-{len(self.places)}")
        self.use("hardened", f"mounts: {{ roots: [{self.input}] }}", *lines)
        self.place.environment["mounts"] = [{"source": str(self.input), "target": "/mnt/input"}]
        if pretence.lie:
            # It says nothing of itself, so that its item can be stopped at once.
            self.place.environment["command"] = ["/bin/sleep", "60"]
        socket = self.place.dir / "engine.sock"
        self.place.settings["engine"] = {"socket": f"unix://{socket}"}
        [item] = self.queue(script=["true"])
        with PretendingEngine(self.engine.socket_path, socket, pretence) as engine:
            berth = self.place.start("drain", "--wait")
            code = berth.wait(SECONDS)
        self.creates = engine.changed
        return code, item, berth

    def judge(self, pretence: Pretence, when: str, field: str, *lines: str) -> None:
        """One row of the table. `when`: "before" the item was taken, "after" its start, or "never",
        where nothing came of it."""
        code, item, berth = self.drain(pretence, *lines)
        # Not for the next one, whatever comes of this.
        try:
            self.judge_run(pretence, when, field, code, item, berth)
        finally:
            self.cp.remove(item["id"])

    def judge_run(self, pretence: Pretence, when: str, field: str, code: int, item: dict,
                  berth: Berth) -> None:
        self.assertEqual(self.creates, 1)
        failed = [event["msg"] for event in berth.events("launch_failed")]
        acks = self.cp.log.of("ack", work=item["id"])
        found = "never" if not failed else "after" if acks else "before"
        self.table.append((pretence.member or "-", pretence.name, found,
                           failed[0].partition(":")[0] if failed else pretence.harmless or
                           ("waived" if pretence.waiver in KIND.unenforced else "?")))
        self.assertEqual(found, when, f"{failed}\n{berth.tail()}")
        if when != "never":
            self.assert_told(pretence, field, failed[0], code)
        if when == "before":
            self.assertEqual(self.cp.item(item["id"])["state"], "queued")
            self.assertEqual([seen.starts for seen in self.watcher.of(item["id"])
                              if seen.starts], [])
        if when == "after":
            self.assert_ended(item, berth)
        self.watcher.wait_removed()

    def assert_told(self, pretence: Pretence, field: str, message: str, code: int) -> None:
        """Which field, which engine and version, what became of it, what to change."""
        if field == "engine":
            self.assertRegex(message, "^(create|prepare) .*: HTTP [45]")
            return
        self.assertTrue(message.startswith(field), message)
        self.assertIn(self.engine.version().rpartition(" ")[2], message)
        remedy = message.partition(";")[2]
        self.assertRegex(remedy, "remove|use another|unenforced|choose|next attempt")
        self.assertEqual(code, 78)

    def assert_ended(self, item: dict, berth: Berth) -> None:
        """Killed, its item stopped by force, and a record that says why."""
        self.assertEqual(berth.events("stopping")[0]["reason"], "promise")
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        record = self.place.records(item["id"])[-1]
        self.assertEqual(record["ended_by"], "promise")

    def show(self, name: str) -> None:
        head = ("member", "what is changed", "noticed", "as")
        lines = ["| " + " | ".join(line) + " |" for line in [head, ("---",) * 4, *self.table]]
        for line in lines:
            print(f"# {line}", flush=True)
        title = f"{name}, {self.engine.version()} ({KIND.name})"
        path = Path(berth_program()).parent / f"{name}-{KIND.name}.md"
        path.write_text("\n".join([f"# {title}", "", *lines, ""]), encoding="utf-8")


class ACreateRequest(Pretending):
    def setUp(self) -> None:
        super().setUp()
        body = {"docker": {"Image": private_engine.SESSION_IMAGE},
                "libpod": {"image": private_engine.SESSION_IMAGE, "name": OTHER_CONTAINER}}
        self.engine.call("POST", f"/containers/create?name={OTHER_CONTAINER}",
                         body[KIND.inspect_words], KIND.inspect_api)
        self.engine.call("POST", f"/commit?container={OTHER_CONTAINER}&pause=false&"
                         + OTHER_IMAGE, {})
        self.addCleanup(self.engine.raw, "DELETE", f"/images/{OTHER_IMAGE_NAME}?force=1")

    def judge_all(self, pretences: list[Pretence], name: str) -> None:
        for pretence in pretences:
            if KIND.rootless and pretence.name in TABLE.ROOTLESS:
                field, harmless = TABLE.ROOTLESS[pretence.name]
                pretence = dataclasses.replace(pretence, field=field, harmless=harmless)
            with self.subTest(pretence.name):
                waived = pretence.waiver in KIND.unenforced
                when = "never" if waived or not pretence.field else "before"
                self.judge(pretence, when, pretence.field, "seccomp: strict-seccomp.json")
        self.show(name)

    def test_has_a_case_for_each_of_its_members(self) -> None:
        sent: set[str] = set()
        for policy in REQUESTS:
            sent |= members_of(ROOT / f"tests/golden/{DIALECT}_{policy}.json")
        self.assertEqual(sent - {pretence.member for pretence in TABLE.MEMBERS}, set())

    def test_that_is_changed_runs_no_session(self) -> None:
        self.judge_all(TABLE.MEMBERS, "changed")

    def test_that_is_added_to_runs_no_session(self) -> None:
        self.judge_all(TABLE.ADDED, "added")


class AnEngineThatLies(Pretending):
    """Changes what it is asked, and says in inspect that it did not."""

    def judge_each(self, pretence: Pretence, when: str, field: str) -> None:
        with self.subTest(pretence.name):
            waived = pretence.waiver in KIND.unenforced
            self.judge(pretence, "never" if waived else when, field)


class ADockerThatLies(AnEngineThatLies):
    def test_is_noticed_when_the_session_runs(self) -> None:
        if KIND.inspect_words != "docker":
            return
        for pretence in lies.DOCKER:
            self.judge_each(pretence, "after", pretence.field)
        self.show("lies")


class APodmanThatLies(AnEngineThatLies):
    def test_is_noticed_before_the_start_by_what_it_tells_its_runtime(self) -> None:
        if KIND.inspect_words != "libpod":
            return
        for pretence in lies.LIBPOD_LIMITS + [row for row, _ in lies.LIBPOD]:
            self.judge_each(pretence, "before", pretence.field)
        self.show("lies")

    def test_is_noticed_when_the_session_runs_where_that_cannot_be_read(self) -> None:
        if KIND.inspect_words != "libpod":
            return
        for row, field in lies.LIBPOD:
            hidden = Pretence(row.name, row.change, field, row.waiver,
                              both(row.lie, lies.unreadable))
            if field:
                self.judge_each(hidden, "after", field)
        self.show("hidden-lies")
