# SPDX-License-Identifier: Apache-2.0
"""The policy `gvisor`, as it comes with berth, on a Docker that has gVisor's runsc."""
from __future__ import annotations

import re
from pathlib import Path

import probe_image
import processes
from engine_case import SECONDS
from matrix_case import MatrixCase
from policy_case import PolicyCase
from things import GUEST

setUpModule, tearDownModule = probe_image.start_gvisor, probe_image.stop

MIB = 1 << 20
USE_MEMORY = "node -e 'for (const kept = [];;) kept.push(Buffer.alloc(64 << 20, 1))'; echo survived"


def cgroup_file(pid: int, v1: str, v2: str) -> str:
    """Of a process, as the host has it: v1 is "CONTROLLER/NAME"."""
    controller, _, name = v1.partition("/")
    for line in processes.read(f"/proc/{pid}/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return Path(f"/sys/fs/cgroup/{controller}{path}/{name}").read_text("utf-8").strip()
        if number == "0" and Path("/sys/fs/cgroup/cgroup.controllers").exists():
            return Path(f"/sys/fs/cgroup{path}/{v2}").read_text("utf-8").strip()
    return "none"


class Gvisor(MatrixCase):
    # The whole sandbox is limited, and what exceeds it ends the session.
    untried = ("pids", "memory")
    also_refusals = GUEST
    # Its statx does not know the flags that coreutils 9.1 gives it: ls and stat fail.
    not_working = dict.fromkeys(("/proc of its own", "temporary files", "modes and owners"),
                                "Invalid argument")

    def test_refuses_what_leads_out_and_lets_a_session_work(self) -> None:
        self.try_everything("gvisor")


class ASessionUnderGvisor(PolicyCase):
    def setUp(self) -> None:
        super().setUp()
        self.use("gvisor")

    def test_has_a_kernel_of_its_own_and_the_sandbox_around_it_is_what_is_confined(self) -> None:
        [item] = self.queue(end="hold", script=[
            "uname -r", "dmesg", "grep -E '^(Seccomp|Cap[A-Z][a-z]+|Uid):' /proc/self/status"])
        berth = self.start("run")
        version, messages, status = self.wait_result(item, 3)
        container = self.running(item)
        self.assertEqual(container["HostConfig"]["Runtime"], "runsc")
        self.assertEqual(version.strip(), "4.4.0")
        self.assertIn("Starting gVisor", messages)
        inside = dict(re.findall(r"^(\w+):\s+(.*)$", status, re.MULTILINE))
        self.assertEqual(inside["Uid"].split(), ["10001"] * 4)
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd"):
            self.assertEqual(int(inside[kind], 16), 0, kind)
        # Nothing filters what a session asks its own kernel. What that asks of the host's is.
        self.assertEqual(inside["Seccomp"], "0")
        pid = container["State"]["Pid"]
        outside = dict(re.findall(r"^(\w+):\s+(.*)$", processes.read(f"/proc/{pid}/status"),
                                  re.MULTILINE))
        self.assertEqual((outside["Seccomp"], outside["NoNewPrivs"]), ("2", "1"))

        self.assertEqual(cgroup_file(pid, "pids/pids.max", "pids.max"), "1024")
        self.assertEqual(cgroup_file(pid, "memory/memory.limit_in_bytes", "memory.max"),
                         str(2048 * MIB))
        self.cp.finish_session(item["session_id"])
        berth.wait_event("removed", SECONDS)
        self.assertEqual(berth.terminate(), 0)
        self.assert_stopped_by_its_container(item)
        self.assert_nothing_left()

    def test_that_takes_too_much_memory_is_ended_with_its_sandbox(self) -> None:
        [item] = self.queue(end="hold", script=[USE_MEMORY])
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0, SECONDS)
        self.assertEqual(self.results(item), [])
        record = self.place.records(item["id"])[-1]
        self.assertEqual((record["exit_code"], record["oom_killed"]), (128 + 9, True))
        self.assert_nothing_left()
