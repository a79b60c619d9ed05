# SPDX-License-Identifier: Apache-2.0
"""An engine that does less than it was asked for and says that it did all of it: changes of a create
request, and of what inspect answers, which hide them. In the words of Docker's API 1.41, and of
Podman's own (libpod 4.0.0)."""
from __future__ import annotations

import pretences_docker as docker
import pretences_libpod as libpod
from tampering import Change, Pretence, both, drop, host, put


def says(**members: object) -> Change:
    """What inspect has in HostConfig, whatever holds."""
    return lambda answer: answer["HostConfig"].update(members)


def says_of_config(**members: object) -> Change:
    return lambda answer: answer["Config"].update(members)


def says_at(path: str, edit) -> Change:
    return lambda answer: answer["HostConfig"].update({path: edit(answer["HostConfig"][path])})


def as_asked(member: str, old: str, new: str) -> Change:
    """In one text of a member of HostConfig that has several."""
    return says_at(member, lambda texts: {key: text.replace(old, new)
                                          for key, text in texts.items()})


def lie(name: str, change: Change, hidden: Change, field: str, waiver: str = "") -> Pretence:
    return Pretence(name, change, field, waiver, hidden)


ULIMITS = [{"Name": name, "Soft": value, "Hard": value}
           for name, value in (("nofile", 4096), ("nproc", 16384), ("core", 0))]

MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug",
          "/proc/scsi", "/sys/firmware"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

# Noticed by what the kernel shows once the session runs.
DOCKER = [
    lie("root", put("User", "0:0"), says_of_config(User="10001:10001"), "user"),
    lie("another group", put("User", "10001:0"), says_of_config(User="10001:10001"), "user"),
    lie("a further group", host("GroupAdd", ["7"]), says(GroupAdd=None), "user"),
    lie("a writable root", host("ReadonlyRootfs", False), says(ReadonlyRootfs=True),
        "read_only_root"),
    lie("no capability dropped", host("CapDrop"), says(CapDrop=["ALL"]), "capabilities"),
    lie("a capability added", host("CapAdd", ["SYS_ADMIN"]), says(CapAdd=None), "capabilities"),
    lie("new privileges", host("SecurityOpt", []), says(SecurityOpt=["no-new-privileges"]),
        "no_new_privileges"),
    lie("no filter of system calls",
        host("SecurityOpt", ["no-new-privileges", "seccomp=unconfined"]),
        says(SecurityOpt=["no-new-privileges"]), "seccomp", "seccomp"),
    lie("privileged", host("Privileged", True),
        says(Privileged=False, SecurityOpt=["no-new-privileges"], MaskedPaths=MASKED,
             ReadonlyPaths=READ_ONLY), "capabilities"),
    lie("more processes", host("PidsLimit", 100000), says(PidsLimit=512), "pids", "pids"),
    lie("processes without a limit", host("PidsLimit"), says(PidsLimit=512), "pids", "pids"),
    lie("memory without a limit", both(host("MemorySwap"), host("Memory")),
        says(Memory=2 << 30, MemorySwap=2 << 30), "memory", "memory"),
    lie("swap", host("MemorySwap", -1), says(MemorySwap=2 << 30), "swap", "swap"),
    lie("CPU time without a limit", host("NanoCpus"), says(NanoCpus=2000000000), "cpus", "cpus"),
    lie("more open files", docker.ulimit("nofile", 8192), says(Ulimits=ULIMITS), "nofile",
        "ulimits"),
    lie("more processes of the user", docker.ulimit("nproc", 20000), says(Ulimits=ULIMITS),
        "nproc", "ulimits"),
    lie("core dumps", docker.ulimit("core", 1 << 20), says(Ulimits=ULIMITS), "core", "ulimits"),
    lie("a low OOM score", host("OomScoreAdj", 0), says(OomScoreAdj=500), "oom_score_adj"),
    lie("programs on a tmpfs", docker.tmpfs(lambda o: o.replace("noexec", "exec")),
        says_at("Tmpfs", lambda all: all | {"/var/tmp": all["/var/tmp"].replace(",exec",
                                                                               ",noexec")}),
        "tmpfs[/var/tmp]"),
    lie("set-user-id programs on a tmpfs", docker.tmpfs(lambda o: o.replace("nosuid", "suid")),
        as_asked("Tmpfs", ",suid", ",nosuid"), "tmpfs[/var/tmp]"),
    lie("devices on a tmpfs", docker.tmpfs(lambda o: o.replace("nodev", "dev")),
        as_asked("Tmpfs", ",dev", ",nodev"), "tmpfs[/var/tmp]"),
    lie("a larger tmpfs", docker.tmpfs(lambda o: o.replace("size=67108864", "size=8g")),
        as_asked("Tmpfs", "size=8g", "size=67108864"), "tmpfs[/var/tmp]"),
    lie("no tmpfs", lambda body: body["HostConfig"]["Tmpfs"].pop("/mnt/memory"),
        says_at("Tmpfs", lambda all: all | {
            "/mnt/memory": "rw,nosuid,nodev,noexec,size=67108864,mode=0700,uid=10001,gid=10001"}),
        "tmpfs[/mnt/memory]"),
    lie("more shared memory", host("ShmSize", 1 << 30), says(ShmSize=64 << 20), "shm"),
    lie("the host's IPC", host("IpcMode", "host"),
        says(IpcMode="private", SecurityOpt=["no-new-privileges"]), "ipc"),
    lie("the host's cgroups", host("CgroupnsMode", "host"), says(CgroupnsMode="private"),
        "cgroup"),
    lie("the host's processes", host("PidMode", "host"),
        says(PidMode="", SecurityOpt=["no-new-privileges"]), "processes"),
    lie("the host's name", host("UTSMode", "host"), says(UTSMode=""), "host name"),
    lie("nothing masked", host("MaskedPaths", []), says(MaskedPaths=MASKED), "/proc/"),
    lie("no path read-only", host("ReadonlyPaths", []), says(ReadonlyPaths=READ_ONLY),
        "/proc/"),
]

LIBPOD_ULIMITS = [{"Name": f"RLIMIT_{each['Name'].upper()}", "Soft": each["Soft"],
                   "Hard": each["Hard"]} for each in ULIMITS]

# What Podman does without a user's systemd on cgroup v2: no limit is set, and inspect has them all.
# Its prepared process shows that, before it is started.
LIBPOD_LIMITS = [
    lie("memory without a limit", libpod.no_limit("memory"),
        says(Memory=2 << 30, MemorySwap=2 << 30), "memory", "memory"),
    lie("swap", libpod.limits("memory", swap=16 << 30), says(MemorySwap=2 << 30), "swap",
        "swap"),
    lie("processes without a limit", libpod.no_limit("pids"), says(PidsLimit=512), "pids",
        "pids"),
    lie("CPU time without a limit", libpod.no_limit("cpu"), says(NanoCpus=2000000000), "cpus",
        "cpus"),
    lie("more open files", libpod.ulimit("nofile", 8192), says(Ulimits=LIBPOD_ULIMITS), "nofile",
        "ulimits"),
    lie("more processes of the user", libpod.ulimit("nproc", 20000),
        says(Ulimits=LIBPOD_ULIMITS), "nproc", "ulimits"),
    lie("core dumps", libpod.ulimit("core", 1 << 20), says(Ulimits=LIBPOD_ULIMITS), "core",
        "ulimits"),
]

# What Podman tells its runtime shows the rest, before the start too: `field`. Where berth cannot
# read that, the kernel shows it once the session runs: the second name.
LIBPOD = [
    (lie("root", put("user", "0:0"),
         both(says_of_config(User="10001:10001"),
              as_asked("Tmpfs", "uid=0,gid=0", "uid=10001,gid=10001")), "process.user"), "user"),
    (lie("a further group", put("groups", ["7"]), says(GroupAdd=[]),
         "process.user.additionalGids"), "user"),
    (lie("a writable root", put("read_only_filesystem", False), says(ReadonlyRootfs=True),
         "root.readonly"), "read_only_root"),
    (lie("a capability added", put("cap_add", ["CAP_SYS_ADMIN"]),
         lambda answer: answer.update(BoundingCaps=[]), "process.capabilities.bounding"),
     "capabilities"),
    (lie("no capability dropped", drop("cap_drop"),
         lambda answer: answer.update(BoundingCaps=[]), "process.capabilities.bounding"),
     "capabilities"),
    (lie("new privileges", put("no_new_privileges", False),
         says(SecurityOpt=["no-new-privileges"]), "process.noNewPrivileges"),
     "no_new_privileges"),
    (lie("no filter of system calls", put("seccomp_profile_path", "unconfined"), lambda _: None,
         "seccomp", "seccomp"), "seccomp"),
    (lie("a low OOM score", put("oom_score_adj", 0), says(OomScoreAdj=500),
         "process.oomScoreAdj"), "oom_score_adj"),
    (lie("programs on a tmpfs", libpod.mount("/var/tmp", libpod.option("noexec", "exec")),
         says_at("Tmpfs", lambda all: all | {"/var/tmp": all["/var/tmp"].replace(",exec",
                                                                                ",noexec")}),
         "mounts[/var/tmp]"), "tmpfs[/var/tmp]"),
    (lie("a larger tmpfs", libpod.mount("/var/tmp", libpod.option("size=67108864", "size=8g")),
         as_asked("Tmpfs", "size=8g", "size=67108864"), "mounts[/var/tmp]"), "tmpfs[/var/tmp]"),
    (lie("the host's name", put("utsns", {"nsmode": "host"}), says(UTSMode="private"),
         "linux.namespaces[uts]"), "host name"),
    (lie("the host's cgroups", put("cgroupns", {"nsmode": "host"}), says(CgroupMode="private"),
         "linux.namespaces[cgroup]"), "cgroup"),
    (lie("the host's network", lambda body: (body.update(netns={"nsmode": "host"}),
                                             body.pop("network_options")),
         says(NetworkMode="slirp4netns"), "linux.namespaces[network]"), "network"),
    (lie("nothing masked", put("unmask", ["ALL"]), lambda _: None, "linux.maskedPaths"),
     "/proc/"),
    (lie("a device", put("devices", [{"path": "/dev/fuse"}]), says(Devices=[]),
         "linux.devices"), ""),
    (lie("one more mount", libpod.more(type="bind", source=libpod.HOST_FOLDER,
                                       destination="/mnt/x", options=["rbind"]),
         lambda answer: answer.update(Mounts=[each for each in answer["Mounts"]
                                              if each["Destination"] != "/mnt/x"]),
         "mounts[/mnt/x]"), ""),
]


def unreadable(answer: dict) -> None:
    """As for a berth of another user than the engine's."""
    answer.update(OCIConfigPath="/nonexistent/config.json")
