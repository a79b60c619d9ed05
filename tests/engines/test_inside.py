# SPDX-License-Identifier: Apache-2.0
"""What policies/hardened.yaml promises, as a session's own tool calls find it in the container:
read from the kernel and, where a limit can be tried without harm, exceeded. What the policy of this
engine waives need not hold, and is then named in berth's log."""
from __future__ import annotations

import os
import re
from pathlib import Path

import private_engine
from engine_case import SECONDS, EngineCase
from kinds import KIND
from promises import NAMESPACES, READ_CGROUP

setUpModule, tearDownModule = private_engine.start, private_engine.stop

MIB = 1 << 20
PIDS, MEMORY, CPUS, FILES = 512, 2048 * MIB, 2, 4096
# Where a session may write, how much, and whether programs run from there.
WRITABLE = {"/workspace": (1024 * MIB, True), "/tmp": (512 * MIB, True),
            "/home/agent": (512 * MIB, True), "/mnt/memory": (64 * MIB, False),
            "/run": (16 * MIB, False), "/var/tmp": (64 * MIB, False)}
READ_ONLY = ["/", "/bin", "/etc", "/home", "/mnt", "/opt/berth-session", "/usr/local/bin",
             "/var/lib"]

OPEN_FILES = """(i=0; while [ $i -lt 9000 ] && exec {fd}</dev/null; do i=$((i + 1)); done
    echo $i) 2>/dev/null"""

START_PROCESSES = """node -e '
    const { spawn } = require("node:child_process");
    const children = [];
    const end = (why) => {
      console.log(children.length, why);
      for (const child of children) child.kill("SIGKILL");
      process.exit();
    };
    const next = () => {
      if (children.length === 700) return end("");
      const child = spawn("/bin/sleep", ["30"], { stdio: "ignore" });
      child.once("error", (error) => end(error.code));
      child.once("spawn", () => { children.push(child); next(); });
    };
    next();'"""

USE_MEMORY = """node -e '
    const kept = [];
    for (let used = 64; used <= 2560; used += 64) {
      kept.push(Buffer.alloc(64 << 20, 1));
      require("node:fs").writeSync(1, used + "\\n");
    }' 2>&1 | tail -n 1; echo ${PIPESTATUS[0]}"""

NOT_ALLOWED = ["mount -t tmpfs none /mnt/memory", "unshare --user true", "unshare --mount true",
               "/usr/sbin/chroot / true", "chown 0 /tmp", "ulimit -n 8192", "renice -n -5 $$",
               "mknod /tmp/disk b 8 0", "echo 1 >/proc/sysrq-trigger", "mkdir /sys/fs/cgroup/own"]


def mount_options(mountinfo: str) -> dict[str, list[str]]:
    """The options of each mount, by where it is (proc(5): the fifth and sixth fields)."""
    return {fields[4]: fields[5].split(",") for fields in map(str.split, mountinfo.splitlines())}


class AHardenedSession(EngineCase):
    def inside(self, *scripts: str) -> list[str]:
        """What these print as tool calls of one session, which berth runs from claim to removal."""
        [item] = self.queue(script=list(scripts))
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0, SECONDS)
        self.assert_waivers_named(berth)
        self.assert_stopped_by_its_container(item)
        self.assert_nothing_left()
        results = self.results(item)
        self.assertEqual(len(results), len(scripts))
        return results

    def test_is_not_root_and_has_no_capability_nor_a_way_to_one(self) -> None:
        # The script's own shell, the worker above it, and the engine's init.
        for text in self.inside(*(f"cat /proc/{pid}/status" for pid in ("self", "$PPID", "1"))):
            status = dict(re.findall(r"^(\w+):\s+(.*)$", text, re.MULTILINE))
            with self.subTest(process=status["Name"]):
                self.assertEqual(status["Uid"].split(), ["10001"] * 4)
                self.assertEqual(status["Gid"].split(), ["10001"] * 4)
                self.assertNotIn("0", status["Groups"].split())
                for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                    self.assertEqual(int(status[kind], 16), 0, kind)
                self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))

    def test_is_refused_what_only_the_privileged_may_do(self) -> None:
        programs = sorted({call.split()[0] for call in NOT_ALLOWED})
        found, *results = self.inside(
            f"for name in {' '.join(programs)}; do type $name >/dev/null && echo $name; done",
            *(f"({call}) >/dev/null 2>&1 && echo allowed || echo refused" for call in NOT_ALLOWED))
        # A refusal says something only about a program that is there.
        self.assertEqual(found.split(), programs)
        self.assertEqual(dict(zip(NOT_ALLOWED, map(str.strip, results))),
                         dict.fromkeys(NOT_ALLOWED, "refused")
                         | dict.fromkeys(KIND.unfiltered, "allowed"))

    def test_has_a_read_only_root(self) -> None:
        mounts, written = self.inside(
            "cat /proc/self/mountinfo",
            f"for d in {' '.join(READ_ONLY)}; do touch $d/probe 2>&1; done; echo end")
        options = mount_options(mounts)
        self.assertIn("ro", options["/"])
        # Not merely the permissions of the directories: they do not belong to the user either.
        self.assertEqual(written.splitlines(),
                         [f"touch: cannot touch '{place}/probe': Read-only file system"
                          for place in READ_ONLY] + ["end"])

    def test_writes_to_its_own_places_which_have_a_size(self) -> None:
        places = " ".join(WRITABLE)
        home, mounts, sizes, written, run, filled = self.inside(
            "echo $HOME",
            "cat /proc/self/mountinfo",
            f"df --block-size=1 --output=target,size {places} | tail -n +2",
            f"for d in {places}; do (>$d/probe) && echo $d; done",
            f"for d in {places}; do cp /bin/true $d/p; $d/p && echo $d; done 2>/dev/null",
            "head -c 1100M /dev/zero >/workspace/f 2>/dev/null; echo $?; stat -c %s /workspace/f")
        self.assertEqual(home.strip(), "/home/agent")
        self.assertEqual(dict(line.split() for line in sizes.splitlines()),
                         {place: str(size) for place, (size, _) in WRITABLE.items()})
        options = mount_options(mounts)
        for place, (_, runs_programs) in WRITABLE.items():
            self.assertLessEqual({"rw", "nosuid", "nodev"}, set(options[place]), place)
            self.assertEqual("noexec" not in options[place], runs_programs, place)
        self.assertEqual(written.split(), list(WRITABLE))
        self.assertEqual(run.split(), [place for place, (_, runs) in WRITABLE.items() if runs])
        status, size = map(int, filled.split())
        self.assertNotEqual(status, 0)
        self.assertLessEqual(size, WRITABLE["/workspace"][0])

    def test_has_limits_for_processes_memory_swap_and_cpu(self) -> None:
        [text] = self.inside(READ_CGROUP)
        pids, memory, swap, quota, period = text.split()
        self.assert_kept("pids", pids == str(PIDS), pids)
        self.assert_kept("memory", memory == str(MEMORY), memory)
        self.assert_kept("swap", swap == "0", swap)
        self.assert_kept("cpus", quota.isdigit() and int(quota) == CPUS * int(period),
                         f"{quota} of {period}")

    def test_has_limits_for_open_files_and_core_dumps(self) -> None:
        limits, opened = self.inside("ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc", OPEN_FILES)
        self.assertEqual(limits.split(), [str(FILES), str(FILES), "0", "0"])
        self.assertTrue(FILES - 64 < int(opened) < FILES, opened)

    def test_cannot_start_more_processes_than_its_limit(self) -> None:
        [text] = self.inside(START_PROCESSES)
        started, _, why = text.strip().partition(" ")
        self.assert_kept("pids", why == "EAGAIN" and PIDS // 2 < int(started) < PIDS, text)

    def test_cannot_use_more_memory_than_its_limit(self) -> None:
        [text] = self.inside(USE_MEMORY)
        reached, status = map(int, text.split())
        self.assert_kept("memory", status == 128 + 9 and MEMORY // 2 < reached * MIB < MEMORY, text)

    def test_has_namespaces_of_its_own(self) -> None:
        links, processes, interfaces = self.inside(
            "; ".join(f"readlink /proc/self/ns/{name}" for name in NAMESPACES),
            "cat /proc/[0-9]*/comm", "ls /sys/class/net")
        for name, link in zip(NAMESPACES, links.split(), strict=True):
            self.assertRegex(link, rf"^{name}:\[\d+\]$")
            self.assertNotEqual(link, os.readlink(f"/proc/self/ns/{name}"))
        self.assertLessEqual(set(processes.split()), {KIND.init, "node", "MainThread", "bash",
                                                      "cat"})
        self.assertEqual(interfaces.split(), list(KIND.devices))

    def test_finds_no_engine_socket(self) -> None:
        files, sockets = self.inside("find / -type s -not -path '/proc/*' 2>/dev/null; echo end",
                                     "cat /proc/net/unix")
        self.assertEqual(files.split(), ["end"])
        engine_words = re.compile(r"docker|containerd|podman")
        self.assertRegex(Path("/proc/net/unix").read_text(encoding="utf-8"), engine_words)
        self.assertNotRegex(sockets, engine_words)
