# SPDX-License-Identifier: Apache-2.0
"""A crontab's weeks, shortened: hundreds of drains in a row, sessions that outlast the interval, new
items all the time, some drains killed, some on top of each other. The simulator's request log and
the engine's journal say what became of it.

CRON_SEED repeats the choices of an earlier run; the seed is printed.
"""
from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass, field

from flow.environments import EnvironmentsCase
from harness import Berth

CAP = 6
LIMIT_S = 2
KEPT_LOGS = 20
SESSION_MS = (150, 900)
# Of drains.
ONE_IN_KILLED = 8
ONE_IN_DOUBLED = 10
ONE_IN_PLAIN = 40
ONE_IN_LIMITED = 25
KILLED_WITHIN_S = 0.14
# Of items.
ONE_IN_HANGING = 20
ONE_IN_DYING = 25
ONE_IN_REFUSED = 25


@dataclass
class Moment:
    """What there was when a drain began, and how far both logs had come."""

    time: float
    containers: list[dict]
    queue_seq: int
    engine_seq: int
    berths: list[Berth] = field(default_factory=list)


class CronCase(EnvironmentsCase):
    """drain_often() is the crontab. What must hold after each drain is in assert_settled() and
    assert_truthful(), what must hold in the end in assert_all_ran_once()."""

    def setUp(self) -> None:
        super().setUp()
        self.seed = int(os.environ.get("CRON_SEED", time.time_ns() % 1_000_000))
        self.random = random.Random(self.seed)
        print(f"# seed {self.seed}", flush=True)
        self.healthy: list[dict] = []
        self.dying: list[dict] = []
        self.refused: list[dict] = []
        self.killed = self.locked = 0
        self.follows_killed = False

    def one_in(self, count: int) -> bool:
        return self.random.randrange(count) == 0

    # --- what happens ---------------------------------------------------------------------------

    def arrive(self, count: int) -> None:
        """New items, each in any of the queues; most of the sessions outlast a few drains."""
        for _ in range(count):
            environment = self.random.choice(self.queues)
            number = len(self.healthy) + len(self.dying)
            if self.one_in(ONE_IN_REFUSED):
                self.refused.append(self.cp.queue_healthcheck(environment))
            elif self.one_in(ONE_IN_DYING):
                self.dying.append(self.queue_in(
                    environment, session=f"sesn_crash-before-beat_{number}"))
            else:
                words = ("hang" if self.one_in(ONE_IN_HANGING) else
                         f"run-{self.random.randint(*SESSION_MS)}")
                self.healthy.append(self.queue_in(environment, session=f"sesn_{words}_{number}"))

    def drain_often(self, times: int) -> None:
        for _ in range(times):
            self.arrive(self.random.choice((0, 1, 1, 2)))
            self.drain_once()

    def drain_once(self) -> None:
        arguments = [] if self.one_in(ONE_IN_PLAIN) else ["--detach"]
        arguments += ["--max-sessions", "1"] if self.one_in(ONE_IN_LIMITED) else []
        is_killed, is_doubled = self.one_in(ONE_IN_KILLED), self.one_in(ONE_IN_DOUBLED)
        arguments += ["--quiet-if-locked"] if is_doubled else []
        began = Moment(time.time(), self.engine.containers(), self.cp.log.last_seq(),
                       self.engine.stats()["requests"])
        # The connection of the request is closed, whichever of two berths made it.
        at_request = is_killed and not is_doubled and self.one_in(2)
        rule = self.kill_at_request(self.random.randint(1, 20)) if at_request else None
        began.berths = [self.start("drain", *arguments) for _ in range(1 + is_doubled)]
        self.arrive(self.random.choice((0, 0, 1)))
        if is_killed:
            self.kill(began.berths.pop(0), rule)
        for berth in began.berths:
            berth.wait()
        # What a killed one had sent may reach the queue while the next one runs.
        is_alone = not (is_killed or is_doubled or self.follows_killed)
        self.follows_killed = is_killed
        self.assert_drained(began, is_alone)

    def kill_at_request(self, number: int) -> int:
        pid_file = self.place.dir / f"run-{len(self.place.berths)}" / "pid"
        return self.engine.kill_at(number, pid_file, self.random.choice(("before", "after")))

    def kill(self, berth: Berth, rule: int | None) -> None:
        """At any moment, or at that of a request; what has ended before that has escaped."""
        if rule is None:
            time.sleep(self.random.uniform(0, KILLED_WITHIN_S))
            berth.kill()
        else:
            berth.wait()
            self.engine.remove_rules(rule)
        self.killed += berth.process.returncode == -signal.SIGKILL

    # --- what must hold after a drain -------------------------------------------------------------

    def assert_drained(self, began: Moment, is_alone: bool) -> None:
        for berth in began.berths:
            if berth.events("locked"):
                self.locked += 1
                self.assert_exit(berth, 0)
                self.assertEqual(berth.event_names(), ["locked"])
                continue
            self.assert_settled(began, berth)
            if is_alone:
                self.assert_truthful(began, berth)

    def assert_settled(self, began: Moment, berth: Berth) -> None:
        """Of what was there before, nothing that had ended is left, nothing beyond its limit runs,
        and what runs is known."""
        left = {row["id"] for row in self.engine.containers()}
        adopted = {row["container"] for each in began.berths for row in each.events("adopted")}
        for row in began.containers:
            said = f"seed {self.seed}, {row['name']}: {berth.tail()}"
            self.assertIn(row["id"], adopted, said)
            if row["state"] == "exited" or began.time - (row["started"] or began.time) > LIMIT_S:
                self.assertNotIn(row["id"], left, said)
                self.assertEqual([record["adopted"] for record in self.place.records()
                                  if record["container"] == row["id"] and "removed" in record],
                                 [True], said)

    def assert_truthful(self, began: Moment, berth: Berth) -> None:
        """Its last line counts what the logs of both sides show, and its exit code is 75 if it had
        to force-stop the item of a container that died, else 0."""
        said = f"seed {self.seed}: {berth.tail()}"
        # One that is still being launched may be offered again.
        offered = {poll.work for poll in self.cp.log.of("poll", since=began.queue_seq) if poll.work}
        stopped = {stop.work for stop in self.cp.log.of("stop", credential="environment",
                                                        since=began.queue_seq)}
        refused = {item["id"] for item in self.refused}
        failed = stopped & {item["id"] for item in self.dying}
        calls = [entry["op"] for entry in self.engine.requests(after=began.engine_seq)
                 if entry["status"] == 204]
        [drained] = berth.events("drained")
        self.assertEqual(
            {name: int(drained[name]) for name in ("claimed", "refused", "failed", "started",
                                                   "ended", "environments")},
            {"claimed": len([work for work in offered if work not in refused]),
             "refused": len([work for work in offered if work in refused]),
             "failed": len(failed), "started": calls.count("start"),
             "ended": calls.count("remove"), "environments": len(self.queues)}, said)
        self.assertEqual(drained["level"], "warning" if failed else "info", said)
        self.assertEqual(berth.process.returncode, 75 if failed else 0, said)
        running = [row for row in self.engine.containers() if row["state"] == "running"]
        self.assertGreaterEqual(int(drained["left_running"]), len(running), said)

    # --- what must hold in the end ----------------------------------------------------------------

    def settle(self) -> None:
        """Drains until nothing is queued; what a killed drain had claimed comes back first."""
        every = [*self.healthy, *self.dying, *self.refused]
        for _ in range(20):
            berth = self.run_berth("drain", "--wait")
            self.assertIn(berth.process.returncode, (0, 75), berth.tail())
            if all(self.cp.item(item["id"])["state"] == "stopped" for item in every):
                return
            time.sleep(0.1)
        self.fail(f"seed {self.seed}: items are left")

    def assert_all_ran_once(self) -> None:
        for item in self.healthy:
            with self.subTest(item["id"], seed=self.seed):
                self.assert_ran_by_itself(item)
                self.assertEqual(self.cp.item(item["id"])["lapses"], 0)
                ended = {row["container"] for row in self.place.records(item["id"])
                         if "exited" in row}
                self.assertEqual(len(ended), 1)
        for item in self.dying:
            with self.subTest(item["id"], seed=self.seed):
                self.assertEqual(self.cp.log.of("heartbeat", work=item["id"]), [])
                self.assertTrue(self.stops(item))
        for item in self.refused:
            self.assertFalse(self.has_container(item))
            self.assertTrue(self.stops(item))

    def assert_nothing_accumulated(self) -> None:
        self.assert_nothing_left()
        self.assertEqual(sorted(path.name for path in self.place.state_dir.iterdir()),
                         ["lock", "logs", "records.jsonl"])
        logs = [path.name for path in (self.place.state_dir / "logs").iterdir()]
        self.assertLessEqual(len(logs), KEPT_LOGS + 1, "one may be unfinished")
        ran = len(self.healthy) + len(self.dying)
        # Ended, removed; what a killed drain had written is written again.
        self.assertLessEqual(len(self.place.records()), 2 * ran + 2 * CAP * self.killed)


class Cron(CronCase):
    def run_crontab(self, environments: int, drains: int) -> None:
        settings = {"sessions": CAP,
                    "poll": {"reclaim_older_than_ms": 300, "ack_within": "250ms",
                             "idle_min": "10ms", "idle_max": "20ms"},
                    "timeouts": {"session": f"{LIMIT_S}s"}}
        self.place.settings["logs"] = {"keep": KEPT_LOGS}
        self.place.environment.update(settings)
        self.queues = [self.env["id"]]
        self.queues += [self.add_environment(**settings) for _ in range(environments - 1)]
        self.drain_often(drains)
        self.settle()
        self.assert_all_ran_once()
        self.assert_nothing_accumulated()

    def test_of_one_environment_leaves_nothing_behind_and_loses_nothing(self) -> None:
        self.run_crontab(environments=1, drains=200)
        self.assertGreater(self.killed, 0)
        self.assertGreater(self.locked, 0)

    def test_of_three_environments_leaves_nothing_behind_and_loses_nothing(self) -> None:
        self.run_crontab(environments=3, drains=60)
