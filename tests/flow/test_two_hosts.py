# SPDX-License-Identifier: Apache-2.0
"""Two berths with a state_dir, an instance and mostly an engine of their own work on one queue for a
while: every session runs once, each host takes what it has room for, and neither touches what is the
other's. The simulator's request log and the engines' journals say so.

HOSTS_SEED repeats the choices of an earlier run; the seed is printed.
"""
from __future__ import annotations

import os
import random
import time
from typing import Any

from flow.onpodman import OnPodman
from harness import ROOT, Berth, FlowCase, Place, wait_until

from fakeengine import FakeEngine

ITEMS = 200
ROOMY, SMALL = 6, 2
# Beats every two seconds: the longest sessions beat more than once.
TTL_S = 4
LONG = "run-2500"


class Host:
    """A place, its engine, and all berths that have served there."""

    def __init__(self, place: Place, engine: FakeEngine, sessions: int) -> None:
        self.place = place
        self.engine = engine
        place.settings["instance"] = place.dir.name
        place.settings["engine"]["socket"] = engine.url
        place.environment["sessions"] = sessions
        place.environment["poll"].update(reclaim_older_than_ms=1000, ack_within="800ms",
                                         idle_min="10ms", idle_max="20ms")

    @property
    def instance(self) -> str:
        return self.place.settings["instance"]

    @property
    def berth(self) -> Berth:
        return self.place.berths[-1]

    def serve(self) -> None:
        self.place.start("run", "--log-level", "info")

    def calls(self, op: str) -> list[dict[str, Any]]:
        """What its berths asked of the engine, and were not refused."""
        pids = {berth.pid for berth in self.place.berths}
        return [entry for entry in self.engine.requests(op)
                if entry["pid"] in pids and (entry["status"] or 500) < 300]


class HostsCase(FlowCase):
    environment_options = {"ttl_seconds": TTL_S}
    second_engine_options: dict[str, Any] = {}

    def setUp(self) -> None:
        super().setUp()
        self.seed = int(os.environ.get("HOSTS_SEED", time.time_ns() % 1_000_000))
        self.random = random.Random(self.seed)
        print(f"# seed {self.seed}", flush=True)
        self.roomy = Host(self.place, self.engine, ROOMY)
        self.small = Host(self.add_place("small"), self.add_engine(), SMALL)
        self.hosts = [self.roomy, self.small]
        self.items: list[dict] = []

    def add_engine(self) -> FakeEngine:
        engine = FakeEngine(images=[self.image], **self.second_engine_options)
        self.addCleanup(engine.__exit__)
        return engine.__enter__()

    # --- what happens ---------------------------------------------------------------------------

    def queue_all(self, long: int = 8) -> None:
        """`long` of them are queued last, so that they do not hold up the others."""
        for number in range(ITEMS):
            word = (LONG if number >= ITEMS - long else
                    f"run-{self.random.randint(40, 200)}")
            self.items += self.queue(session=f"sesn_{word}_{number}")

    def started(self) -> int:
        return sum(len(host.calls("start")) for host in self.hosts)

    def serve(self) -> None:
        for host in self.hosts:
            host.serve()

    def kill_often(self, times: int) -> None:
        """One or the other, and another one is started in its place at once."""
        for number in range(times):
            wait_until(lambda: self.started() >= ITEMS * (number + 1) / (times + 2))
            host = self.random.choice(self.hosts)
            self.random.choice((self.kill_at_once, self.kill_at_engine_request,
                                self.kill_at_queue_request))(host)
            host.engine.remove_rules()
            self.cp.clear_faults()
            host.serve()

    def kill_at_once(self, host: Host) -> None:
        time.sleep(self.random.uniform(0, 0.05))
        host.berth.kill()

    def kill_at_engine_request(self, host: Host) -> None:
        """Where the other one has the same engine, it may be that one's, which loses an answer."""
        host.engine.kill_at(1, host.berth.pid_file, self.random.choice(("before", "after")),
                            op=["create", "inspect", "init", "start", "remove"])
        host.berth.wait()

    def kill_at_queue_request(self, host: Host) -> None:
        """Of either host: the other one loses an answer."""
        self.cp.fault(self.random.choice(("poll", "ack")), credential="environment", reset=True,
                      when=self.random.choice(("before", "after")),
                      hook=lambda record: host.berth.kill())
        host.berth.wait()

    def finish(self) -> None:
        self.cp.wait_stopped(timeout=120)
        for host in self.hosts:
            wait_until(lambda: not host.engine.containers(), what="containers were left")
        for host in self.hosts:
            self.assertEqual(host.berth.terminate(), 0, host.berth.tail())
        for host in self.hosts:
            networks = host.engine.ask("GET", "/networks").json()
            self.assertEqual([row["Name"] for row in networks if "berth" in row["Name"]], [])

    # --- what must hold ---------------------------------------------------------------------------

    def assert_each_ran_once(self) -> None:
        """One first heartbeat in one lease that never lapsed, and its worker's own stop."""
        for item in self.items:
            with self.subTest(item["session_id"], seed=self.seed):
                self.assertEqual(len(self.first_heartbeats(item)), 1)
                self.assertEqual(len(self.worker_stops(item)), 1)
                self.assertEqual(self.cp.item(item["id"])["lapses"], 0)
        self.assertEqual(self.stops(), [])

    def assert_each_started_once(self) -> None:
        self.assertEqual(self.started(), ITEMS)
        self.assertEqual([beat.status for beat in self.cp.log.of("heartbeat", status=412)], [])

    def assert_load_by_capacity(self) -> None:
        """Three to one, within a factor of two."""
        roomy, small = len(self.roomy.calls("start")), len(self.small.calls("start"))
        self.assertGreater(roomy, 1.5 * small)
        self.assertLess(roomy, 6 * small)

    def assert_kept_apart(self) -> None:
        """What one has made, no other one starts, ends or removes."""
        hands: dict[str, set[str]] = {}
        for host in self.hosts:
            for op in ("init", "start", "kill", "stop", "remove"):
                for entry in host.calls(op):
                    container = entry["path"].partition("/containers/")[2].partition("/")[0]
                    hands.setdefault(container, set()).add(host.instance)
        self.assertGreaterEqual(len(hands), ITEMS)
        self.assertEqual({container: hosts for container, hosts in hands.items()
                          if len(hosts) > 1}, {})
        recorded = [{row["container"] for row in host.place.records()} for host in self.hosts]
        self.assertEqual(recorded[0] & recorded[1], set())
        for host in self.hosts:
            for berth in host.place.berths:
                self.assertEqual(berth.events("foreign"), [])


class Sharing:
    """What two hosts do with one queue, whatever engines they have."""

    def test_run_each_session_once_and_share_them_by_what_they_have_room_for(self) -> None:
        self.queue_all()
        self.serve()
        self.finish()
        self.assert_each_ran_once()
        self.assert_each_started_once()
        self.assert_load_by_capacity()
        self.assert_kept_apart()

    def test_run_each_session_once_though_they_are_killed_and_started_again(self) -> None:
        self.queue_all()
        self.serve()
        self.kill_often(times=8)
        self.finish()
        self.assert_each_ran_once()
        self.assert_kept_apart()


class TwoHosts(Sharing, HostsCase):
    pass


class TwoHostsOfWhichOneHasPodman(Sharing, HostsCase):
    second_engine_options = {"kind": "podman"}

    def setUp(self) -> None:
        super().setUp()
        self.small.place.settings["policy_dir"] = str(ROOT / "tests/policies")
        self.small.place.environment["policy"] = OnPodman.policy


class TwoInstancesOnOneEngine(Sharing, HostsCase):
    def add_engine(self) -> FakeEngine:
        return self.engine

    def test_leave_an_item_to_the_one_that_was_killed_when_it_had_made_its_container(self) -> None:
        """The name is taken: the other one is offered the item, and leaves it."""
        self.items = self.queue(session="sesn_run-100_1")
        self.engine.kill_at(1, self.place.dir / "run-0" / "pid", "after", op="create")
        self.roomy.serve()
        self.roomy.berth.wait()
        self.engine.remove_rules()
        self.small.serve()
        self.small.berth.wait_event("launch_failed", work=self.items[0]["id"])
        self.assertEqual(self.engine.stats()["created"], 1)
        self.roomy.serve()
        self.finish()
        self.assert_each_ran_once()
        self.assertEqual(len(self.engine.requests("remove")), 1)
        self.assertEqual(self.small.calls("create"), [])
