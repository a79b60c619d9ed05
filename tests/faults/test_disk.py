# SPDX-License-Identifier: Apache-2.0
"""A disk is full: where the engine keeps its containers, or where berth keeps its records."""
from __future__ import annotations

import subprocess

import private_engine
import processes
from engine_case import SECONDS
from fault_case import CONTAINERS, ENDED_ITSELF, QUEUED, End, FaultCase
from kinds import KIND
from promises import fill_log

setUpModule, tearDownModule = private_engine.start, private_engine.stop


class AFullDataRoot(FaultCase):
    def mount(self, options: str) -> None:
        """Where the engine keeps its containers is a file system of its own."""
        place = str(KIND.inside / "data" / CONTAINERS[0])
        in_service("mount", "-t", "tmpfs", "-o", f"{options},mode=0777", "tmpfs", place)
        self.addCleanup(in_service, "umount", "--lazy", place)
        self.place_of_containers = place

    def test_costs_no_session(self) -> None:
        [item] = self.queue(script=["echo done"])
        self.mount("size=4k,nr_inodes=2")
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 75, SECONDS)
        self.assertIn("no space left", berth.stderr)
        self.assert_end("data root full before the create", item, QUEUED)
        in_service("mount", "-o", "remount,size=64m,nr_inodes=10000", self.place_of_containers)
        self.let_end(item, self.start("run"))
        self.assert_end("data root full before the create, then not", item, ENDED_ITSELF)

    def test_that_a_session_has_filled_itself_ends_none(self) -> None:
        self.mount("size=3m")
        item, berth = self.session_under_way(script=[fill_log(12)])
        self.assertEqual(self.results(item), ["12M written"])
        self.let_end(item, berth)
        self.assert_end("data root filled by the session's output", item, ENDED_ITSELF)


def in_service(*command: str) -> None:
    """Runs it where the engine's service sees what is mounted."""
    name = "dockerd" if KIND.name == "docker" else "podman"
    pid = int((KIND.directory / f"{name}.pid").read_text(encoding="utf-8"))
    if KIND.rootless:
        [pid] = processes.children(pid)
    subprocess.run(["nsenter", "--mount", "--target", str(pid), *command], check=True)


class AFullStateDir(FaultCase):
    def setUp(self) -> None:
        super().setUp()
        self.place.state_dir.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs",
                        str(self.place.state_dir)], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(self.place.state_dir)],
                        check=True)

    def test_costs_its_record_and_no_session(self) -> None:
        item, berth = self.session_under_way()
        filler = self.place.state_dir / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096):
                    pass
            except OSError:
                pass
        self.cp.finish_session(item["session_id"])
        berth.wait_event("record_lost", SECONDS)
        self.cp.wait_stopped([item["id"]], SECONDS)
        self.leave(berth, 75)
        filler.unlink()
        self.assert_end("state_dir full when the session ends", item, End("stopped"),
                        records_are_lost=True)
