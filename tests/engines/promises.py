# SPDX-License-Identifier: Apache-2.0
"""A policy's promises, one row per hardening field: what was asked, and a script which finds out in
a session what is true of it."""
from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "uts")

# pids.max, memory.max, swap on top of it, CPU quota and period; of cgroup v2 or v1, and "none"
# where there is no such file, as in the root of all cgroups.
READ_CGROUP = """show() { cat "$1" 2>/dev/null || echo none; }
    cd /sys/fs/cgroup
    if [ -e cgroup.controllers ]; then
        show pids.max; show memory.max; show memory.swap.max; show cpu.max | tr ' ' '\\n'
    else
        memory=$(show memory/memory.limit_in_bytes); both=$(show memory/memory.memsw.limit_in_bytes)
        show pids/pids.max; echo "$memory"
        # Without a limit the kernel names the largest multiple of a page that it can count.
        [ ${#both} -lt 19 ] && echo $((both - memory)) || echo max
        show cpu/cpu.cfs_quota_us; show cpu/cpu.cfs_period_us
    fi"""


@dataclass(frozen=True)
class Row:
    """`truth` is what `script` prints where the promise is kept. `waiver` is the field's name under
    `unenforced` of a policy; not every field has one."""

    field: str
    asked: str
    script: str
    truth: str
    waiver: str = ""


class Policy:
    """A policy file, read as far as the promises need it. Every key is on a line of its own."""

    def __init__(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        self.values = dict(re.findall(r"^(\w+): *(.+)$", text, re.MULTILINE))
        self.tmpfs = [dict(re.findall(r'(\w+): "?([^,"} ]+)', line))
                      for line in re.findall(r"^  - \{(.*)\}$", text, re.MULTILINE)]

    def __getitem__(self, key: str) -> str:
        return self.values[key].strip('"')

    def bytes(self, key: str) -> int:
        return size(self[key])

    def part(self, key: str, name: str) -> str:
        """One member of a value like { size: 10MiB }."""
        return re.search(rf"{name}: (\w+)", self[key]).group(1)


def size(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(\w*)", text).groups()
    return int(number) * UNITS.get(unit, 1)


# --- scripts -------------------------------------------------------------------------------------

def mount_script(path: str) -> str:
    return f"""echo $(df --block-size=1 --output=size {path} | tail -n 1) \
        $(stat -c '%u:%g %a' {path}) $(grep -F ' {path} ' /proc/self/mountinfo | cut -d' ' -f6 |
            tr , '\\n' | grep -xE 'ro|rw|nosuid|nodev|noexec' | sort)"""


def cgroup_script(line: int) -> str:
    return f"({READ_CGROUP}) | sed -n {line}p"


CPUS = f"""({READ_CGROUP}) | tail -n 2 | xargs | {{ read -r quota period
    [ "$quota" -gt 0 ] 2>/dev/null && echo $((quota / period)) || echo "$quota"; }}"""


def limit_script(name: str) -> str:
    return f"sed -nE 's/^Max {name} +([a-z0-9]+) +([a-z0-9]+).*/\\1 \\2/p' /proc/self/limits"


def status_script(names: str) -> str:
    """The values of these fields in all processes of the container, each value once."""
    return (f"cat /proc/[0-9]*/status | sed -nE 's/^({names}):\\t//p' | tr -s '\\t ' '\\n' | "
            "sort -u | xargs")


def namespace_script(name: str) -> str:
    host = os.readlink(f"/proc/self/ns/{name}")
    return f'[ "$(readlink /proc/self/ns/{name})" = "{host}" ] && echo "the host\'s" || echo own'


# What tells the engines' own filters apart.
USER_NAMESPACE = "unshare --user true"

# What Docker and Podman hide or make read-only in every container, as far as this kernel has it.
MASKED = """for p in /proc/acpi /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list \
        /proc/sched_debug /proc/scsi /sys/firmware; do
        [ ! -e $p ] || grep -qF " $p " /proc/self/mountinfo || echo "$p is not hidden"
    done
    for p in /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger; do
        [ ! -e $p ] || grep -qF " $p ro" /proc/self/mountinfo || echo "$p is not read-only"
    done
    echo checked"""



def fill_log(mib: int) -> str:
    """Writes that much to the log, by the descriptor that the worker writes its own output to."""
    return (f"head -c {mib}M /dev/zero | tr '\\0' x | fold -w 1000 >/proc/1/fd/1 && "
            f"echo {mib}M written")


# A sibling that anybody may connect to, and the addresses it has.
SERVE = """node -e 'require("node:net").createServer((c) => c.end()).listen(8000, "0.0.0.0")' \
    >/dev/null 2>&1 &
    until (</dev/tcp/127.0.0.1/8000) 2>/dev/null; do sleep 0.1; done
    node -p 'Object.values(require("node:os").networkInterfaces()).flat()
        .filter((a) => a.family === "IPv4" && !a.internal).map((a) => a.address).join(" ")'"""

# A process whose parent is gone before it ends is left to process 1.
ORPHAN = """(sleep 0.1 &); sleep 0.5; echo $(cat /proc/1/comm) \
    $(cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z ') zombies"""


def connect_script(*targets: tuple[str, int]) -> str:
    tries = "; ".join(f"timeout 3 bash -c '</dev/tcp/{address}/{port}' && echo reached {address}"
                      for address, port in targets)
    return f"({tries}) 2>/dev/null; echo tried {' '.join(address for address, _ in targets)}"


# --- rows ----------------------------------------------------------------------------------------

def rows(policy: Policy, init: str, unfiltered: tuple[str, ...]) -> list[Row]:
    return (_identity(policy, init, unfiltered) + _limits(policy)
            + [_tmpfs(policy, mount) for mount in policy.tmpfs] + _surroundings(policy))


def _identity(policy: Policy, init: str, unfiltered: tuple[str, ...]) -> list[Row]:
    return [
        Row("user", policy["user"], status_script("Uid|Gid"),
            " ".join(sorted(set(policy["user"].split(":"))))),
        Row("read-only root", policy["read_only_root"],
            "grep -F ' / / ' /proc/self/mountinfo | cut -d' ' -f6 | cut -d, -f1; "
            "touch /etc/probe 2>&1 | cut -d: -f3", "ro Read-only file system"),
        Row("capabilities", policy["capabilities"],
            status_script("Cap(Inh|Prm|Eff|Bnd|Amb)"), "0" * 16),
        Row("no new privileges", policy["no_new_privileges"], status_script("NoNewPrivs"), "1"),
        Row("seccomp", policy["seccomp"],
            f"{status_script('Seccomp')}; {USER_NAMESPACE} 2>/dev/null && echo {USER_NAMESPACE}",
            f"2 {USER_NAMESPACE if USER_NAMESPACE in unfiltered else ''}"),
        Row("init", "the engine's", ORPHAN, f"{init} 0 zombies"),
    ]


def _limits(policy: Policy) -> list[Row]:
    return [
        Row("pids", policy["pids"], cgroup_script(1), policy["pids"], "pids"),
        Row("memory", policy["memory"], cgroup_script(2), str(policy.bytes("memory")), "memory"),
        Row("swap", policy["swap"], cgroup_script(3), str(policy.bytes("swap")), "swap"),
        Row("cpus", policy["cpus"], CPUS, policy["cpus"], "cpus"),
        Row("nofile", policy["nofile"], limit_script("open files"), f"{policy['nofile']} " * 2,
            "ulimits"),
        Row("nproc", policy["nproc"], limit_script("processes"), f"{policy['nproc']} " * 2,
            "ulimits"),
        Row("core", policy["core"], limit_script("core file size"), f"{policy['core']} " * 2,
            "ulimits"),
        Row("OOM score", policy["oom_score_adj"], "cat /proc/self/oom_score_adj",
            policy["oom_score_adj"]),
        Row("/dev/shm", policy["shm"], "df --block-size=1 --output=size /dev/shm | tail -n 1",
            str(policy.bytes("shm"))),
    ]


def _tmpfs(policy: Policy, mount: dict[str, str]) -> Row:
    flags = ["nodev"] + ["noexec"] * (mount["exec"] == "false") + ["nosuid", "rw"]
    return Row(f"tmpfs {mount['path']}",
               f"{mount['size']}, {mount['mode']}{', exec' * (mount['exec'] == 'true')}",
               mount_script(mount["path"]),
               f"{size(mount['size'])} {policy['user']} {mount['mode'].lstrip('0')} "
               f"{' '.join(flags)}")


def _surroundings(policy: Policy) -> list[Row]:
    return [Row(f"{name} name space", "own", namespace_script(name), "own")
            for name in NAMESPACES] + [
        Row("masked paths", "the engine's", MASKED, "checked"),
        Row("log", f"at most {policy.part('log', 'size')}", fill_log(12), "12M written"),
    ]
