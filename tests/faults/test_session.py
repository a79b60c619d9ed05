# SPDX-License-Identifier: Apache-2.0
"""Sessions that use up what they have, or do not end when they are told to."""
from __future__ import annotations

import os
import re
import signal
import subprocess
import time

import private_engine
import processes
from engine_case import SECONDS
from fault_case import CONTAINERS, ENDED_ITSELF, IS_DOCKER, IS_LIMITED, End, FaultCase
from kinds import KIND
from promises import fill_log

setUpModule, tearDownModule = private_engine.start, private_engine.stop

KIB, MIB = 1 << 10, 1 << 20
PIDS = 512
LOG_MIB = 400
# What the policy lets the engine keep of it; Docker has a second file of that size.
LOG_LIMIT = 10 * MIB
# What is kept of it when the container is gone, and one line that says whose it is.
CAPTURE_LIMIT = 257 * KIB
BERTH_MEMORY = 64 * MIB

# Podman 4.3.1 never tells on cgroup v1.
OOM_IS_SEEN = " (OOM)" * IS_DOCKER

# What lies on a tmpfs is memory, too. Of all processes the worker, which is the session, is then
# the first that the kernel kills.
USE_UP_MEMORY = """echo 1000 >/proc/$PPID/oom_score_adj
    for place in /workspace /tmp /home/agent /mnt/memory; do
        head -c 1G /dev/zero >$place/filler 2>/dev/null
    done"""

# Here the largest is killed: the tool.
USE_MEMORY = """node -e 'const kept = []; for (;;) kept.push(Buffer.alloc(64 << 20, 1))'
    echo ended with $?"""

# With the shell's own words alone, as nothing else can be started any more.
BOMB = """bomb() { bomb | bomb & }; bomb 2>/dev/null; read -t 2 <> <(:); echo still here"""

FILL_TMP = """head -c 4G /dev/zero 2>&1 >/tmp/filler | grep -o 'No space left on device'
    stat -c %s /tmp/filler; rm /tmp/filler; echo kept >/tmp/f && cat /tmp/f"""


# Nobody but the machine itself limits what the policy waives.
if IS_LIMITED:
    class ASessionThatUsesUpItsLimits(FaultCase):
        environment_options = {"ttl_seconds": 6}

        def test_of_memory_is_killed_and_runs_again(self) -> None:
            [item] = self.queue(end="hold", script=["echo ready", USE_UP_MEMORY, "echo again"])
            berth = self.start("run")
            berth.wait_event("started", SECONDS, count=2, work=item["id"])
            self.let_end(item, berth)
            self.assert_end("memory used up, worker killed by the kernel", item,
                            End("stopped", (f"itself 137{OOM_IS_SEEN}", "itself 0")))

        def test_of_memory_by_a_tool_goes_on_without_the_tool(self) -> None:
            [item] = self.queue(script=[USE_MEMORY])
            self.assert_exit(self.start("drain", "--wait"), 0, SECONDS)
            self.assertIn("ended with 137", self.results(item)[0])
            self.assert_end("memory used up, tool killed by the kernel", item,
                            End("stopped", (f"itself 0{OOM_IS_SEEN}",)))

        def test_of_processes_ends_at_its_time_limit_with_all_of_them(self) -> None:
            self.place.environment["timeouts"].update(session="8s", stop_grace="2s")
            [item] = self.queue(end="hold", script=[BOMB])
            berth = self.start("run")
            container = self.running(item)
            self.assertIn("still here", self.wait_result(item)[0])
            self.assertLessEqual(len(self.engine.pids(container["Id"])), PIDS)
            self.assert_machine_is_well()
            berth.wait_event("removed", SECONDS, work=item["id"])
            self.leave(berth)
            self.assert_end("fork bomb, at its time limit", item,
                            End("stopped", ("time_limit 0",)))

        def assert_machine_is_well(self) -> None:
            begin = time.monotonic()
            subprocess.run(["/bin/true"], check=True)
            self.engine.version()
            self.assertLess(time.monotonic() - begin, 2)


class ASessionThatFillsItsTmp(FaultCase):
    def test_is_told_so_and_goes_on(self) -> None:
        [item] = self.queue(script=[FILL_TMP])
        self.assert_exit(self.start("drain", "--wait"), 0, SECONDS)
        self.assertEqual(self.results(item)[0].splitlines(),
                         ["No space left on device", str(512 * MIB), "kept"])
        self.assert_end("/tmp of the session filled", item, ENDED_ITSELF)


class ASessionThatFloodsItsLog(FaultCase):
    def test_keeps_as_much_of_it_as_the_policy_says(self) -> None:
        item, berth = self.session_under_way(
            script=[fill_log(LOG_MIB)])
        self.assertEqual(self.results(item), [f"{LOG_MIB}M written"])
        self.assertLess(self.kept_by_engine(item), 2 * LOG_LIMIT + MIB)
        self.cp.finish_session(item["session_id"])
        berth.wait_event("removed", SECONDS)
        self.assertLess(memory_peak(berth.pid), BERTH_MEMORY)
        self.leave(berth)
        [captured] = (self.place.state_dir / "logs").iterdir()
        self.assertLess(captured.stat().st_size, CAPTURE_LIMIT)
        self.assert_end(f"{LOG_MIB} MiB written to its log", item, ENDED_ITSELF)

    def kept_by_engine(self, item: dict) -> int:
        """Bytes in the engine's directory of the container."""
        [container] = self.watcher.of(item["id"])
        root = KIND.directory / "data" / CONTAINERS[0] / container.id
        return sum(os.lstat(os.path.join(path, name)).st_blocks * 512
                   for path, _, names in os.walk(root) for name in names)


def memory_peak(pid: int) -> int:
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", processes.read(f"/proc/{pid}/status"))
    return int(peak) * KIB


class AWorkerThatIgnoresSigterm(FaultCase):
    def test_is_killed_at_its_limit_after_its_grace(self) -> None:
        self.place.environment["timeouts"].update(session="6s", stop_grace="4s")
        item, berth = self.session_under_way()
        # A process that is halted takes no signal but one.
        for pid in self.engine.pids(self.running(item)["Id"]):
            os.kill(pid, signal.SIGSTOP)
        berth.wait_event("removed", SECONDS, work=item["id"])
        self.leave(berth)
        [record] = self.records_of(item)
        self.assertGreaterEqual(record["ran_ms"], 9500)
        self.assertLess(record["ran_ms"], 20000)
        self.assert_end("SIGTERM ignored at the time limit", item,
                        End("stopped", ("time_limit 137",), stops=1))
