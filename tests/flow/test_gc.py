# SPDX-License-Identifier: Apache-2.0
"""gc removes what is left of ended sessions where nothing else does, and nothing else."""
from __future__ import annotations

import json
from typing import Any

from harness import Berth, FlowCase
from onpodman import OnPodman
from twoengines import TwoEnginesCase

LONG_AGO = "2026-01-02T03:04:05Z"


class Gc(FlowCase):
    not_running = ("created", "exited", "dead")

    def gc(self, *arguments: str, code: int = 0) -> Berth:
        self.place.write_fleet()
        berth = self.place.start_plain("gc", "--config", str(self.place.fleet_file), *arguments)
        self.assertEqual(berth.wait(), code, berth.stdout + berth.stderr)
        return berth

    def rows(self, *arguments: str, code: int = 0) -> dict[str, dict[str, Any]]:
        """What gc found, by name."""
        return {row["name"]: row
                for row in json.loads(self.gc(*arguments, "-o", "json", code=code).stdout)}

    def leave(self, work: str, state: str, environment: str = "env_gone", **labels: str) -> str:
        return self.leave_container(f"berth-{work}", state, {
            "berth.instance": "flow", "berth.environment": environment, "berth.session": "sesn_1",
            "berth.work": work, "berth.policy": "hardened", "berth.schema": "1", **labels})

    def ids(self) -> set[str]:
        return {row["id"] for row in self.engine.containers()}


class Leftovers(Gc):
    def test_that_do_not_run_are_removed_once_they_are_old_enough(self) -> None:
        for state in self.not_running:
            self.leave(f"work_{state}", state)
        self.assertEqual({row["action"] for row in self.rows().values()}, {"kept"})
        self.assertEqual(len(self.ids()), len(self.not_running))
        rows = self.rows("--older-than", "0s")
        self.assertEqual({name: (row["state"], row["action"]) for name, row in rows.items()},
                         {f"berth-work_{state}": (state, "removed") for state in self.not_running})
        self.assert_nothing_left()
        self.assertEqual(self.rows("--older-than", "0s"), {})

    def test_are_named_and_not_touched_by_a_dry_run(self) -> None:
        left = {self.leave(f"work_{state}", state) for state in self.not_running}
        rows = self.rows("--dry-run", "--older-than", "0s")
        self.assertEqual({row["action"] for row in rows.values()}, {"would remove"})
        self.assertEqual(self.ids(), left)
        self.assertEqual(self.engine.requests("remove"), [])

    def test_that_run_or_are_somebody_elses_are_not_touched(self) -> None:
        left = {self.leave("work_1", "running"),
                self.leave("work_2", "exited", **{"berth.instance": "other"}),
                self.leave("work_3", "exited", **{"berth.work": "work_4"}),
                self.leave_container("stranger", "exited", {})}
        self.assertEqual(self.rows("--older-than", "0s"), {})
        self.assertEqual(self.ids(), left)

    def test_that_cannot_be_removed_do_not_keep_the_others(self) -> None:
        stuck = self.leave("work_1", "exited")
        self.leave("work_2", "exited")
        self.engine.rule(op="remove", path=f"*{stuck}*", status=500, times=0)
        berth = self.gc("--older-than", "0s", code=75)
        self.assertIn("berth gc: berth-work_1: remove", berth.stderr)
        self.assertEqual(self.ids(), {stuck})

    def test_are_a_table_for_people(self) -> None:
        self.assertEqual(self.gc().stdout, "")
        self.leave("work_1", "exited")
        title, row = self.gc().stdout.splitlines()
        self.assertEqual(title.split(), ["NAME", "STATE", "AGE", "ENVIRONMENT", "SESSION",
                                         "ACTION", "REASON"])
        self.assertEqual(row.split()[:2], ["berth-work_1", "exited"])
        self.assertIn("not old enough", row)


class LeftoversOnPodman(OnPodman, Leftovers):
    not_running = ("created", "exited")


class ANewContainer(Gc):
    def test_that_was_never_started_is_left_by_its_age(self) -> None:
        new = self.leave("work_new", "created")
        self.engine.add_container("berth-work_old", created_at=LONG_AGO, create={
            "Image": self.image, "Labels": {
                "berth.instance": "flow", "berth.environment": "env_gone", "berth.session": "s",
                "berth.work": "work_old", "berth.policy": "hardened", "berth.schema": "1"}})
        rows = self.rows()
        self.assertEqual((rows["berth-work_old"]["action"], rows["berth-work_old"]["since"]),
                         ("removed", "2026-01-02T03:04:05.000Z"))
        self.assertEqual(rows["berth-work_new"]["action"], "kept")
        self.assertEqual(self.ids(), {new})


class ABerthAtWork(Gc):
    def test_keeps_what_it_serves_and_its_network(self) -> None:
        self.cp.fault("list", status=500, times=None)
        self.engine.worker("*", "crash-before-beat")
        [item] = self.queue()
        berth = self.start("run")
        berth.wait_event("undecided", work=item["id"])
        gone = self.leave("work_gone", "exited")
        rows = self.rows("--older-than", "0s")
        ours = f"berth-{item['id']}"
        self.assertEqual({name: row["action"] for name, row in rows.items()},
                         {ours: "kept", "berth-flow": "kept", "berth-work_gone": "removed"})
        self.assertIn("at work", rows[ours]["reason"])
        self.assertNotIn(gone, self.ids())
        self.cp.clear_faults()
        berth.wait_event("force_stopped", work=item["id"])
        berth.wait_event("removed", work=item["id"])
        self.assertEqual(berth.terminate(), 0)
        self.assert_nothing_left()

    def test_that_was_killed_leaves_its_network_too(self) -> None:
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start("run")
        berth.wait_event("started", work=item["id"])
        berth.kill()
        self.assertEqual({name: row["action"] for name, row in self.rows().items()},
                         {"berth-flow": "kept"})
        self.engine.exit_container(f"berth-{item['id']}")
        rows = self.rows("--older-than", "0s")
        self.assertEqual({row["action"] for row in rows.values()}, {"removed"})
        self.assert_nothing_left()


class ANetworkThatBerthDidNotMake(Gc):
    def test_is_not_touched(self) -> None:
        self.engine.ask("POST", "/networks/create", {"Name": "berth-flow", "Driver": "bridge"})
        self.assertEqual(self.rows("--older-than", "0s"), {})
        names = [row["Name"] for row in self.engine.ask("GET", "/networks").json()]
        self.assertIn("berth-flow", names)


class SeveralEngines(TwoEnginesCase):
    gc, rows = Gc.gc, Gc.rows

    def test_are_all_cleared_and_one_that_is_away_is_named(self) -> None:
        labels = {"berth.instance": "flow", "berth.environment": "env_gone",
                  "berth.session": "sesn_1", "berth.policy": "hardened", "berth.schema": "1"}
        for work, engine in (("work_1", self.engine), ("work_2", self.other)):
            engine.add_container(f"berth-{work}", state="exited", create={
                "Image": self.image, "Labels": {**labels, "berth.work": work}})
        self.other.vanish()
        berth = self.gc("--older-than", "0s", code=69)
        self.assertIn("engine two", berth.stderr)
        self.assertEqual(self.engine.containers(), [])
        self.other.come_back()
        rows = self.rows("--older-than", "0s")
        self.assertEqual([(row["name"], row["engine"], row["action"]) for row in rows.values()],
                         [("berth-work_2", "two", "removed")])
