# SPDX-License-Identifier: Apache-2.0
"""What sessions may not do, one row per attempt of the probe (probe.h), and which outcomes say that
it was refused. What is let through all the same is in let_through.py."""
from __future__ import annotations

from dataclasses import dataclass

# A right is missing, or a filter does not let the call through. Podman's and berth's own answer ENOSYS
# to most of what they do not let through, as a kernel without the call does: see Thing.verdict().
REFUSED = frozenset(("EPERM", "EACCES", "ENOSYS"))
READ_ONLY = frozenset(("EROFS",))
# Of the kernel's files: mounted read-only, not the user's, or not there.
CLOSED = frozenset(("EROFS", "EACCES", "EPERM", "ENOENT"))
# An empty thing lies over what is to be hidden.
HIDDEN = CLOSED | {"empty"}
NO_DEVICE = frozenset(("ENOENT", "EACCES", "EPERM"))
NOT_SEEN = frozenset(("ESRCH", "ENOENT")) | REFUSED
NOT_REACHED = frozenset(("ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH"))
NO_TERMINAL = frozenset(("ENXIO", "ENOENT"))
# A family that the kernel lacks is not one that was refused.
NO_SOCKET = REFUSED | {"EAFNOSUPPORT"}


# gVisor's kernel: what it has nothing like, it refuses in the words that fit.
GUEST = frozenset(("ENOSYS", "EINVAL", "ENODEV", "ENOENT", "EACCES", "EOPNOTSUPP", "EAFNOSUPPORT",
                   "EPROTONOSUPPORT", "ENOPROTOOPT", "ENOTTY", "EIO"))

# The machine has no such call, file, device or address.
NOTHING_HERE = frozenset(("ENOSYS", "ENOENT", "empty", "EAFNOSUPPORT", "EOPNOTSUPP", "no address"))

PROVEN, BROKEN = "refused", "BROKEN"


@dataclass(frozen=True)
class Thing:
    """`waiver` is the promise that it belongs to, as a policy's `unenforced` names it."""

    name: str
    refusals: frozenset[str] = REFUSED
    waiver: str = "-"

    def verdict(self, outcome: str, control: str, also: frozenset[str] = frozenset()) -> str:
        """Only where this machine's root is not told the same was it the policy that refused.
        `also` are further refusals, of a kernel that is not the host's."""
        if outcome not in self.refusals | also:
            return BROKEN
        if control in NOTHING_HERE:
            return "nothing here"
        return "refused to root, too" if control in self.refusals else PROVEN


def things(*names: str, refusals: frozenset[str] = REFUSED, waiver: str = "-") -> list[Thing]:
    return [Thing(name, refusals, waiver) for name in names]


KERNEL = things(
    "mount a tmpfs", "mount a proc", "mount the root elsewhere", "make the root writable", "umount",
    "fsopen", "open_tree", "pivot_root", "chroot", "unshare user", "unshare mount", "unshare pid",
    "unshare net", "unshare ipc", "unshare uts", "unshare cgroup", "clone user", "clone3 user",
    "a writable root in a user name space", "setns net", "setns uts", "init_module", "finit_module", "delete_module", "kexec_load", "reboot",
    "clock_settime", "adjtimex", "sethostname", "setdomainname", "swapon", "swapoff", "quotactl",
    "acct", "syslog", "vhangup", "ioperm", "iopl", "add_key", "keyctl", "request_key", "bpf",
    "io_uring_setup", "perf_event_open", "userfaultfd", "fanotify_init", "personality")

FILES = (
    things("write /", "write /etc", "write /usr", refusals=READ_ONLY)
    + things("write /etc/passwd", refusals=READ_ONLY | {"EACCES"})
    + things("chown to root", "give a file a capability", "mknod of a disk", "mknod of memory",
             "open_by_handle_at", "name_to_handle_at")
    + things("write core_pattern", "write /proc/sys/vm", "write /proc/sys/net",
             "write /proc/sysrq-trigger", "write /proc/irq", "write /sys/kernel",
             "write /sys/kernel/mm", "write /sys/power", "mkdir in cgroup", refusals=CLOSED)
    + things("read /proc/kcore", "read /proc/keys", "read /proc/timer_list", "read /proc/slabinfo",
             "read /sys/firmware", "read /sys/kernel/debug", refusals=HIDDEN)
    + things("open /dev/mem", "open /dev/kmsg", "open a disk", "open /dev/fuse", "open /dev/net/tun",
             "open /dev/kvm", "open /dev/ttyS0", refusals=NO_DEVICE))

RIGHTS = (
    things("setuid", "setgid", "setresuid", "setgroups", "a set-user-id program",
           "gain a capability", "gain an ambient capability", "change the bounding set",
           "a bounding set", "set secure bits", "a higher priority", "real-time scheduling",
           "ptrace a child")
    + things("TIOCSTI", refusals=NO_TERMINAL))

SIBLINGS = (
    things("read a sibling's environment", "read a sibling's /proc/mem", "read a sibling's workspace",
           "kill a sibling", "pidfd_open a sibling", "ptrace a sibling",
           "process_vm_readv a sibling", "process_vm_writev a sibling", "prlimit a sibling",
           refusals=NOT_SEEN)
    + things("reach a sibling's server", "reach the host's loopback", refusals=NOT_REACHED)
    + things("reach the engine's socket", refusals=frozenset(("ENOENT",))))

NETWORK = (
    things("a raw socket", "a raw IPv6 socket", "a packet socket", "mark packets", "force a buffer",
           "pretend addresses", "set a device's flags", "read the firewall",
           "bind a port below 1024")
    # EINVAL is Podman's filter, the other what the kernel says in a user name space.
    + things("the audit system", refusals=REFUSED | {"EINVAL", "ECONNREFUSED"})
    + things("an AF_ALG socket", "an AF_VSOCK socket", "an AF_KEY socket", refusals=NO_SOCKET))

LIMITS = (
    things("more processes", refusals=frozenset(("EAGAIN",)), waiver="pids")
    + things("more memory", refusals=frozenset(("SIGKILL",)), waiver="memory")
    + things("more open files", refusals=frozenset(("EMFILE",)))
    + things("raise the open files", "raise the core size", "raise the processes"))

# What is looked at from outside.
OUTSIDE = (things("keep more log", refusals=frozenset(("cut",)))
           + things("read the environment's key", refusals=frozenset(("absent",))))

THINGS = KERNEL + FILES + RIGHTS + SIBLINGS + NETWORK + LIMITS + OUTSIDE


def rooms(paths: list[str]) -> list[Thing]:
    return things(*(f"overfill {path}" for path in paths), refusals=frozenset(("ENOSPC",)))


def no_programs(paths: list[str]) -> list[Thing]:
    return things(*(f"run a program in {path}" for path in paths), refusals=frozenset(("EACCES",)))
