# SPDX-License-Identifier: Apache-2.0
"""gc removes what is left of ended sessions where nothing else does, and nothing else."""
from __future__ import annotations

import json
from typing import Any

from harness import Berth, FlowCase
from onpodman import OnPodman
from twoengines import TwoEnginesCase

LONG_AGO = "2026-01-02T03:04:05Z"


def labels_of(work: str, environment: str = "env_gone", **labels: str) -> dict[str, str]:
    return {"berth.instance": "flow", "berth.environment": environment, "berth.session": "sesn_1",
            "berth.work": work, "berth.policy": "hardened", "berth.schema": "1", **labels}


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
        """One of a moment ago."""
        return self.leave_container(f"berth-{work}", state, labels_of(work, environment, **labels))

    def leave_long_ago(self, work: str, state: str, environment: str = "env_gone") -> str:
        return self.leave_container(f"berth-{work}", state, labels_of(work, environment),
                                    created_at=LONG_AGO, finished_at=LONG_AGO)

    def ids(self) -> set[str]:
        return {row["id"] for row in self.engine.containers()}


class Leftovers(Gc):
    def test_that_do_not_run_are_removed_once_they_are_old_enough(self) -> None:
        for state in self.not_running:
            self.leave_long_ago(f"work_old_{state}", state)
        new = {self.leave(f"work_new_{state}", state) for state in self.not_running}
        rows = self.rows()
        for age, action in (("old", "removed"), ("new", "kept")):
            self.assertEqual({(row["state"], row["action"]) for name, row in rows.items()
                              if age in name},
                             {(state, action) for state in self.not_running})
        self.assertEqual(self.ids(), new)
        rows = self.rows("--older-than", "0s")
        self.assertEqual({name: row["action"] for name, row in rows.items()},
                         {f"berth-work_new_{state}": "kept" if state == "created" else "removed"
                          for state in self.not_running})

    def test_are_named_and_not_touched_by_a_dry_run(self) -> None:
        left = {self.leave_long_ago(f"work_{state}", state) for state in self.not_running}
        rows = self.rows("--dry-run")
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

    def test_that_cannot_be_looked_at_do_not_keep_the_others(self) -> None:
        stuck = self.leave("work_1", "exited")
        self.leave("work_2", "exited")
        self.engine.rule(op="inspect", path=f"*{stuck}*", status=500, times=0)
        rows = self.rows("--older-than", "0s", code=75)
        self.assertEqual({name: row["action"] for name, row in rows.items()},
                         {"berth-work_1": "failed", "berth-work_2": "removed"})
        self.assertEqual(self.ids(), {stuck})

    def test_of_an_environment_that_is_served_are_for_run_and_drain(self) -> None:
        left = {self.leave_long_ago(f"work_{state}", state, self.env["id"])
                for state in self.not_running}
        rows = self.rows("--older-than", "0s")
        self.assertEqual({(row["action"], row["reason"]) for row in rows.values()},
                         {("kept", "the next run or drain settles it")})
        self.assertEqual(self.ids(), left)

    def test_of_every_environment_are_removed_where_no_configuration_is_named(self) -> None:
        self.leave_long_ago("work_1", "exited", self.env["id"])
        berth = self.place.start_plain("gc", "--engine", self.engine.url, "--instance", "flow",
                                       "--state-dir", str(self.dir / "state"))
        self.assertEqual(berth.wait(), 0, berth.stderr)
        self.assertIn("removed", berth.stdout)
        self.assert_nothing_left()

    def test_are_a_table_for_people(self) -> None:
        self.assertEqual(self.gc().stdout, "")
        self.leave("work_1", "exited")
        title, row = self.gc().stdout.splitlines()
        self.assertEqual(title.split(), ["NAME", "STATE", "AGE", "ENVIRONMENT", "SESSION",
                                         "ACTION", "REASON"])
        self.assertEqual(row.split()[:2], ["berth-work_1", "exited"])
        self.assertIn("not old enough", row)


class ContainersOfADoctor(Gc):
    """Of one that was killed: a doctor removes its own in every other case."""

    def leave_looking(self, work: str, state: str, **options: str) -> str:
        labels = {**labels_of(work, self.env["id"]), "berth.instance": "flow-doctor"}
        return self.leave_container(f"berth-{work}", state, labels, **options)

    def test_are_removed_once_no_doctor_can_be_alive(self) -> None:
        for state in (*self.not_running, "running"):
            self.leave_looking(f"doctor_{state}", state, created_at=LONG_AGO)
        young = self.leave_looking("doctor_young", "running")
        rows = self.rows("--dry-run")
        self.assertEqual({row["action"] for name, row in rows.items() if "young" not in name},
                         {"would remove"})
        rows = self.rows()
        self.assertEqual({row["action"] for name, row in rows.items() if "young" not in name},
                         {"removed"})
        self.assertEqual((rows["berth-doctor_young"]["action"],
                          rows["berth-doctor_young"]["reason"]),
                         ("kept", "a doctor may be looking into it"))
        self.assertEqual(self.ids(), {young})

    def test_of_another_berth_are_left_alone(self) -> None:
        labels = {**labels_of("doctor_1"), "berth.instance": "other-doctor"}
        self.leave_container("berth-doctor_1", "exited", labels, created_at=LONG_AGO)
        self.assertEqual(self.rows(), {})


class LeftoversOnPodman(OnPodman, Leftovers):
    not_running = ("created", "exited")


class ANewContainer(Gc):
    def test_that_was_never_started_is_left_by_its_age(self) -> None:
        new = self.leave("work_new", "created")
        self.leave_long_ago("work_old", "created")
        rows = self.rows("--older-than", "0s")
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
        gone = self.leave_long_ago("work_gone", "exited")
        # As of an environment that its configuration had, and has until it is told.
        young = self.leave("work_young", "exited")
        rows = self.rows("--older-than", "0s")
        ours = f"berth-{item['id']}"
        self.assertEqual({name: row["action"] for name, row in rows.items()},
                         {ours: "kept", "berth-flow": "kept", "berth-work_young": "kept",
                          "berth-work_gone": "removed"})
        for name in (ours, "berth-work_young"):
            self.assertIn("at work", rows[name]["reason"])
        self.assertNotIn(gone, self.ids())
        self.engine.ask("DELETE", f"/containers/{young}")
        self.cp.clear_faults()
        berth.wait_event("force_stopped", work=item["id"])
        berth.wait_event("removed", work=item["id"])
        self.assertEqual(berth.terminate(), 0)
        self.assert_nothing_left()

    def test_that_was_killed_leaves_its_sessions_to_the_next_one(self) -> None:
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start("run")
        berth.wait_event("started", work=item["id"])
        berth.kill()
        ours = f"berth-{item['id']}"
        self.engine.exit_container(ours, code=1)
        rows = self.rows("--older-than", "0s")
        self.assertEqual({name: row["action"] for name, row in rows.items()},
                         {ours: "kept", "berth-flow": "kept"})
        self.start("drain", "--wait").wait()
        self.assertEqual(self.place.records(item["id"])[-1]["exit_code"], 1)
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
        # Its environment is one that nobody serves any more.
        self.place.environment["id"] = "env_another"
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

    def leave_one_on_each(self) -> None:
        for work, engine in (("work_1", self.engine), ("work_2", self.other)):
            engine.add_container(f"berth-{work}", state="exited", create={
                "Image": self.image, "Labels": labels_of(work)})

    def test_are_cleared_where_another_one_fails_in_between(self) -> None:
        for op in ("list", "inspect", "remove", "network_inspect"):
            with self.subTest(op=op):
                self.leave_one_on_each()
                rule = self.engine.rule(op=op, cut="before", times=0)
                self.assert_one_is_missed()
                self.engine.remove_rules(rule)
                self.gc("--older-than", "0s")

    def test_are_cleared_where_another_one_does_not_answer_any_more(self) -> None:
        self.leave_one_on_each()
        self.engine.rule(op="remove", hang="before", times=0)
        self.assert_one_is_missed()

    def assert_one_is_missed(self) -> None:
        berth = self.gc("--older-than", "0s", code=69)
        self.assertEqual(berth.stderr.count("berth gc: "), 1, berth.stderr)
        self.assertIn("engine one", berth.stderr)
        self.assertEqual(self.other.containers(), [])
    def test_are_all_cleared_and_one_that_is_away_is_named(self) -> None:
        self.leave_one_on_each()
        self.other.vanish()
        berth = self.gc("--older-than", "0s", code=69)
        self.assertIn("engine two", berth.stderr)
        self.assertEqual(self.engine.containers(), [])
        self.other.come_back()
        rows = self.rows("--older-than", "0s")
        self.assertEqual([(row["name"], row["engine"], row["action"]) for row in rows.values()],
                         [("berth-work_2", "two", "removed")])
