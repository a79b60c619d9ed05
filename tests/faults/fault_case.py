# SPDX-License-Identifier: Apache-2.0
"""Sessions on a real engine of which one thing goes wrong. Each fault prints a row of what was
found: how its session ended, what was left behind, force-stops, records; table.py makes one table
of the rows of all engines."""
from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

import private_engine
from census import Census
from engine_case import SECONDS, EngineCase
from harness import Berth, wait_until
from kinds import KIND
from meddling import Meddler

IS_DOCKER = KIND.inspect_words == "docker"
IS_LIMITED = not KIND.unenforced

# Where the engine keeps what it knows of each container, one directory for each.
CONTAINERS = ("docker/containers", "docker/image/overlay2/layerdb/mounts") if IS_DOCKER \
    else ("storage/overlay-containers",)
# What berth keeps by itself.
STATE_FILES = {"lock", "records.jsonl", "logs"}
# An engine clears away a moment after it has answered.
CLEARING_SECONDS = 10
EVENT_SECONDS = 10


@dataclass(frozen=True)
class End:
    """How a session ends. `state`: its item's. `ways`: of each of its containers in turn, who ended
    it, with the exit code; none where there is no record. `stops`: force-stops."""

    state: str
    ways: tuple[str, ...] = ()
    stops: int = 0

    def __str__(self) -> str:
        return "; ".join([*([", then ".join(self.ways)] if self.ways else []),
                          f"item {self.state}"])


QUEUED = End("queued")
ENDED_ITSELF = End("stopped", ("itself 0",))


class FaultCase(EngineCase):
    """Adds self.census, and pull: never, as the images are here or nowhere."""

    def setUp(self) -> None:
        self.census = Census()
        self.addCleanup(self.census.stop)
        super().setUp()
        self.place.environment["pull"] = "never"

    # --- what happens ---------------------------------------------------------------------------

    def session_under_way(self, **options) -> tuple[dict, Berth]:
        """One that has done its first step and waits for more, run by a berth that stays."""
        [item] = self.queue(**{"end": "hold", "script": ["echo ready"], **options})
        berth = self.start("run")
        self.wait_result(item)
        return item, berth

    def meddle(self, call: re.Pattern, deed: Callable[[], object], **options) -> Meddler:
        """The place's engine is from now on one that does this at that call."""
        path = self.place.dir / "engine.sock"
        meddler = Meddler(self.engine.socket_path, path, call, deed, **options)
        self.addCleanup(meddler.__exit__)
        self.place.settings["engine"] = {"socket": f"unix://{path}"}
        return meddler.__enter__()

    def crash(self) -> None:
        """The engine's service gets SIGKILL; it runs again after the test."""
        self.addCleanup(private_engine.resume)
        private_engine.crash()

    def let_end(self, item: dict, berth: Berth) -> None:
        """The session is over: its worker stops the item by itself, and berth has no more to do."""
        self.cp.finish_session(item["session_id"])
        self.cp.wait_stopped([item["id"]], SECONDS)
        self.leave(berth)

    def leave(self, berth: Berth, code: int = 0) -> None:
        """When berth has seen the ends of all that it has started, which it then settles."""
        wait_until(lambda: len(berth.events("exited")) >= max(1, len(berth.events("started"))),
                   SECONDS, "berth has not seen the session's end")
        self.assertEqual(berth.terminate(), code)

    def take_away(self, item: dict) -> None:
        """Somebody removes the item's container, and kills what runs in it."""
        for row in self.containers_of_berth():
            if row["Labels"]["berth.work"] == item["id"]:
                self.engine.call("DELETE", f"/containers/{row['Id']}?force=1&v=1&timeout=0",
                                 api=KIND.inspect_api)

    # --- what was found -------------------------------------------------------------------------

    def containers_of_berth(self) -> list[dict]:
        return [row for row in self.engine.containers()
                if row["Labels"].get("berth.instance") == "engines"]

    def records_of(self, item: dict) -> list[dict]:
        """One for each container, in the order of their creation: the last line counts."""
        last = {line.get("container"): line for line in self.place.records(item["id"])}
        return sorted(last.values(), key=lambda line: line["created"])

    def end_of(self, item: dict) -> End:
        stops = [stop for stop in self.stops_by_berth() if stop.work == item["id"]]
        return End(self.cp.item(item["id"])["state"],
                   tuple(way(record) for record in self.records_of(item)), len(stops))

    def left(self, item: dict) -> list[str]:
        """All that there is of the item's containers, of berth's networks and volumes, and in the
        state_dir besides what belongs there."""
        found = [row["Names"][0] for row in self.containers_of_berth()]
        found += [f"network {name}" for name in self.engine.networks()]
        found += [f"volume {name}" for name in self.engine.volumes()]
        for seen in self.watcher.of(item["id"]):
            found += traces(seen.id)
        if self.place.state_dir.exists():
            found += [f"file {name}" for name in os.listdir(self.place.state_dir)
                      if name not in STATE_FILES]
        return sorted(found)

    def wait_left(self, item: dict) -> list[str]:
        try:
            wait_until(lambda: not self.left(item), CLEARING_SECONDS)
        except TimeoutError:
            pass
        return self.left(item)

    # --- what must hold -------------------------------------------------------------------------

    def assert_end(self, fault: str, item: dict, *ends: End, left_by_engine: Sequence[str] = (),
                   may_be_left: Sequence[str] = (), records_are_lost: bool = False) -> None:
        """The session has come to one of these ends, by the word of berth's record, the control
        plane, the engine and the kernel alike, and nothing is left but what the engine leaves."""
        found, left = self.end_of(item), self.wait_left(item)
        records = self.records_of(item)
        print(f"# | {fault} | {KIND.name} | {found} | {', '.join(left) or 'nothing'} | "
              f"{found.stops} | {len(records)} |", flush=True)
        self.assertIn(found, ends)
        self.assertEqual([name for name in left if name not in may_be_left], list(left_by_engine))
        if not records_are_lost:
            self.assert_one_record_each(item, records)
        self.assert_one_at_a_time(item)
        self.assertEqual(sum(record["force_stopped"] for record in records), found.stops)

    def assert_one_record_each(self, item: dict, records: list[dict]) -> None:
        """Every container that ran has its record, and none is closed twice."""
        recorded = {record["container"] for record in records}
        with contextlib.suppress(TimeoutError):  # events come a moment after the fact
            wait_until(lambda: recorded <= {container.id for container
                                            in self.watcher.of(item["id"])}, EVENT_SECONDS)
        seen = self.watcher.of(item["id"])
        ran = {container.id for container in seen if container.starts}
        self.assertLessEqual(ran, recorded)
        self.assertLessEqual(recorded, {container.id for container in seen})
        for record in records:
            self.assertIn("removed", record)
        closed = [line["container"] for line in self.place.records(item["id"])
                  if "removed" in line]
        self.assertEqual(len(closed), len(set(closed)))

    def assert_one_at_a_time(self, item: dict) -> None:
        self.assertLessEqual(self.census.most_at_once(item["id"]), 1)
        seen = self.watcher.of(item["id"])
        self.assertLessEqual(max((container.starts for container in seen), default=0), 1)
        self.assertLessEqual(self.census.containers_of(item["id"]),
                             sum(container.starts for container in seen))


def way(record: dict) -> str:
    if "exit_code" not in record:
        return f"{record.get('ended_by', 'not ended')}, never ran"
    return f"{record['ended_by']} {record['exit_code']}{' (OOM)' * record['oom_killed']}"


def traces(container: str) -> list[str]:
    """What the machine has of a container: processes that name it, mounts, cgroups, directories."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if container.encode() in command:
            found.append(f"process {pid}: " + command.split(b"\0")[0].decode(errors="replace"))
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    found += [f"mount {line.split()[4]}" for line in mounts if container in line]
    found += sorted({f"{'used' if cgroup_is_used(path) else 'empty'} cgroup"
                     for path in cgroups_of(container)})
    for place in CONTAINERS:
        found += [f"directory {place}/*"] * (KIND.directory / "data" / place / container).exists()
    return found


def cgroups_of(container: str) -> list[Path]:
    return [Path(path) / name for path, names, _ in os.walk("/sys/fs/cgroup")
            for name in names if container in name]


def cgroup_is_used(path: Path) -> bool:
    return (path / "cgroup.procs").read_text(encoding="utf-8") != ""


class DerivedImageCase(FaultCase):
    """Runs sessions of the session image with one more instruction, which is made anew for each
    test."""

    image = "localhost/berth-session-node:faulty"
    instruction = "LABEL derived=again"

    def setUp(self) -> None:
        self.make_image()
        self.addCleanup(self.remove_image)
        super().setUp()

    def make_image(self) -> None:
        private_engine.engine.derive_image(private_engine.SESSION_IMAGE, self.image,
                                           self.instruction)

    def remove_image(self) -> None:
        private_engine.engine.remove_image(self.image)


def remove_cgroups(container: str) -> None:
    for path in cgroups_of(container):
        path.rmdir()
