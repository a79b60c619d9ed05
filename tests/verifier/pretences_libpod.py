# SPDX-License-Identifier: Apache-2.0
"""What may come between berth and a Podman, member by member of a create request (libpod 4.0.0)."""
from __future__ import annotations

from tampering import Pretence, drop, put

HOST_FOLDER = "/usr/share"


def limits(kind: str, **members: object):
    return lambda body: body["resource_limits"][kind].update(members)


def no_limit(kind: str):
    return lambda body: body["resource_limits"].pop(kind)


def ulimit(name: str, value: int):
    def change(body: dict) -> None:
        for each in body["r_limits"]:
            if each["type"] == name:
                each.update(soft=value, hard=value)
    return change


def variable(name: str, value: str):
    return lambda body: body["env"].update({name: value})


def mount(target: str, edit):
    """Of one mount, what `edit` makes of it."""
    def change(body: dict) -> None:
        [one] = [each for each in body["mounts"] if each["destination"] == target]
        edit(one)
    return change


def option(old: str, new: str):
    return lambda mount: mount.update(
        options=[new if each == old else each for each in mount["options"]])


def more(**members: object):
    return lambda body: body["mounts"].append(members)


# From here berth reads what Podman tells its runtime, which no inspect shows.
MEMBERS = [
    Pretence("another name", put("name", "berth-another"), "Name", member="name"),
    Pretence("another image", put("image", "localhost/berth-other:1"), "Image", member="image"),
    Pretence("another user", put("user", "0:0"), "Config.User", member="user"),
    Pretence("another entry point", put("entrypoint", ["/bin/sh", "-c", "id"]), "Args",
             member="entrypoint"),
    Pretence("a command", put("command", ["/bin/sh"]), "Args", member="entrypoint"),
    Pretence("a variable of another value", variable("ANTHROPIC_SESSION_ID", "other"),
             "Config.Env", member="env"),
    Pretence("a variable of the image's of another value", variable("PATH", "/tmp:/usr/bin"),
             "Config.Env", member="env"),
    Pretence("a preloaded library", variable("LD_PRELOAD", "/tmp/x.so"), "Config.Env",
             member="env"),
    Pretence("no labels", drop("labels"), "Config.Labels[berth.instance]", member="labels"),
    Pretence("a writable root", put("read_only_filesystem", False), "HostConfig.ReadonlyRootfs",
             member="read_only_filesystem"),
    Pretence("no capability dropped", drop("cap_drop"), "BoundingCaps", member="cap_drop"),
    Pretence("a capability added", put("cap_add", ["CAP_SYS_ADMIN"]), "BoundingCaps",
             member="cap_add"),
    Pretence("new privileges", put("no_new_privileges", False), "HostConfig.SecurityOpt",
             member="no_new_privileges"),
    Pretence("no filter of system calls", put("seccomp_profile_path", "unconfined"), "seccomp",
             "seccomp", member="seccomp_profile_path"),
    Pretence("the engine's filter of system calls", drop("seccomp_profile_path"), "seccomp",
             "seccomp", member="seccomp_profile_path"),
    Pretence("no AppArmor", put("apparmor_profile", "unconfined"), "",
             member="apparmor_profile", harmless="this host has none"),
    Pretence("no SELinux", put("selinux_opts", ["disable"]), "",
             member="selinux_opts", harmless="this host has none"),
    Pretence("more memory", limits("memory", limit=8 << 30, swap=8 << 30), "HostConfig.Memory",
             "memory", member="resource_limits.memory"),
    Pretence("swap", limits("memory", swap=16 << 30), "HostConfig.MemorySwap", "memory",
             member="resource_limits.memory"),
    Pretence("processes without a limit", no_limit("pids"), "HostConfig.PidsLimit", "pids",
             member="resource_limits.pids"),
    Pretence("more processes", limits("pids", limit=100000), "HostConfig.PidsLimit", "pids",
             member="resource_limits.pids"),
    Pretence("CPU time without a limit", no_limit("cpu"), "HostConfig.NanoCpus", "cpus",
             member="resource_limits.cpu"),
    Pretence("no ulimits", drop("r_limits"), "HostConfig.Ulimits", "ulimits", member="r_limits"),
    Pretence("more open files", ulimit("nofile", 8192), "HostConfig.Ulimits", "ulimits",
             member="r_limits"),
    Pretence("core dumps", ulimit("core", 1 << 20), "HostConfig.Ulimits", "ulimits",
             member="r_limits"),
    Pretence("a low OOM score", put("oom_score_adj", 0), "HostConfig.OomScoreAdj",
             member="oom_score_adj"),
    Pretence("more shared memory", put("shm_size", 1 << 30), "HostConfig.ShmSize",
             member="shm_size"),
    Pretence("programs on a tmpfs", mount("/var/tmp", option("noexec", "exec")),
             "HostConfig.Tmpfs[/var/tmp]", member="mounts"),
    Pretence("set-user-id programs on a tmpfs", mount("/var/tmp", option("nosuid", "suid")),
             "HostConfig.Tmpfs[/var/tmp]", member="mounts"),
    Pretence("devices on a tmpfs", mount("/var/tmp", option("nodev", "dev")),
             "HostConfig.Tmpfs[/var/tmp]", member="mounts"),
    Pretence("a larger tmpfs", mount("/var/tmp", option("size=67108864", "size=8g")),
             "HostConfig.Tmpfs[/var/tmp]", member="mounts"),
    Pretence("a writable mount", mount("/mnt/input", option("ro", "rw")), "Mounts",
             member="mounts"),
    Pretence("a mount of something else", mount("/mnt/input",
                                                lambda one: one.update(source=HOST_FOLDER)),
             "Mounts", member="mounts"),
    Pretence("a mount elsewhere", mount("/mnt/input",
                                        lambda one: one.update(destination="/opt/other")),
             "Mounts", member="mounts"),
    Pretence("a mount that spreads", mount("/mnt/input", option("rprivate", "rslave")), "Mounts",
             member="mounts"),
    Pretence("a read-only mount with what is mounted below it",
             mount("/mnt/input", option("bind", "rbind")), "Mounts", member="mounts"),
    Pretence("one more mount", more(type="bind", source=HOST_FOLDER, destination="/mnt/x",
                                    options=["rbind"]), "Mounts", member="mounts"),
    Pretence("one more tmpfs", more(type="tmpfs", source="tmpfs", destination="/opt/x",
                                    options=["exec"]), "HostConfig.Tmpfs[/opt/x]",
             member="mounts"),
    Pretence("volumes of the image", lambda body: (
        body.update(image_volume_mode="anonymous", volumes=[{"Name": "x", "Dest": "/opt/x"}])),
             "Mounts", member="image_volume_mode"),
    Pretence("no init", put("init", False), "HostConfig.Init", member="init"),
    Pretence("mounts for systemd", put("systemd", "always"), "engine",
             member="systemd"),
    Pretence("the host's IPC", put("ipcns", {"nsmode": "host"}), "engine",
             member="ipcns"),
    Pretence("the host's processes", put("pidns", {"nsmode": "host"}), "engine",
             member="pidns"),
    Pretence("the host's name", put("utsns", {"nsmode": "host"}), "HostConfig.UTSMode",
             member="utsns"),
    Pretence("the host's cgroups", put("cgroupns", {"nsmode": "host"}), "HostConfig.CgroupMode",
             member="cgroupns"),
    Pretence("the host's network", lambda body: (body.update(netns={"nsmode": "host"}),
                                                 body.pop("network_options")),
             "HostConfig.NetworkMode", member="netns"),
    Pretence("the host's loopback", put("network_options",
                                        {"slirp4netns": ["allow_host_loopback=true"]}),
             "", member="network_options",
             harmless="not provable: only slirp4netns is told, and nothing shows it"),
    Pretence("one more network", lambda body: (
        body.pop("network_options"),
        body.update(netns={"nsmode": "bridge"}, networks={"podman": {}})),
             "HostConfig.NetworkMode", member="networks"),
    Pretence("a longer stop", put("stop_timeout", 9999), "Config.StopTimeout",
             member="stop_timeout"),
    Pretence("an open input", put("stdin", True), "Config.OpenStdin", member="stdin"),
    Pretence("a terminal", put("terminal", True), "Config.Tty", member="terminal"),
    Pretence("a log without a limit", put("log_configuration", {"driver": "k8s-file"}),
             "HostConfig.LogConfig.Size", member="log_configuration"),
    Pretence("no log", put("log_configuration", {"driver": "none"}), "HostConfig.LogConfig.Type",
             member="log_configuration"),
    Pretence("a log elsewhere", lambda body: body["log_configuration"].update(
        path="/tmp/berth-pretence.log"), "HostConfig.LogConfig.Path",
             member="log_configuration"),
    Pretence("restarts", put("restart_policy", "always"), "HostConfig.RestartPolicy.Name",
             member="restart_policy"),
    Pretence("a health check", put("healthconfig", {"Test": ["CMD", "id"], "Interval": 10 ** 10,
                                                    "Timeout": 10 ** 9, "Retries": 1}),
             "Config.Healthcheck.Test", member="healthconfig"),
]

# On a rootless engine: the field instead, or why nothing comes of it.
ROOTLESS = {
    "a device": ("mounts[/dev/fuse]", ""),
    "a rule for devices": ("", "it has no cgroup of devices"),
    "another cgroup": ("engine", ""),
    "another file for the monitor": ("engine", ""),
    "one more network": ("engine", ""),
    "a log elsewhere": ("engine", ""),
}

ADDED = [
    Pretence("privileged", put("privileged", True), "BoundingCaps"),
    Pretence("nothing masked", put("unmask", ["ALL"]), "linux.maskedPaths"),
    Pretence("a path not read-only", put("unmask", ["/proc/sys"]), "linux.readonlyPaths"),
    Pretence("a device", put("devices", [{"path": "/dev/fuse"}]), "HostConfig.Devices"),
    Pretence("a rule for devices", put("device_cgroup_rule", [
        {"allow": True, "type": "c", "major": 1, "minor": 1, "access": "rwm"}]),
             "linux.resources.devices"),
    Pretence("a volume", put("volumes", [{"Name": "own", "Dest": "/mnt/x"}]), "Mounts"),
    Pretence("an overlay of the host's", put("overlay_volumes", [
        {"source": HOST_FOLDER, "destination": "/mnt/x"}]), "Mounts"),
    Pretence("an image as a volume", put("image_volumes", [
        {"source": "localhost/berth-session-node:1", "destination": "/mnt/x"}]), "Mounts"),
    Pretence("volumes of another container", put("volumes_from", ["other"]),
             "HostConfig.VolumesFrom"),
    Pretence("a group", put("groups", ["0"]), "HostConfig.GroupAdd"),
    Pretence("a sysctl", put("sysctl", {"net.ipv4.ip_unprivileged_port_start": "0"}),
             "linux.sysctl[net.ipv4.ip_unprivileged_port_start]"),
    Pretence("a published port", put("portmappings", [{"container_port": 80}]),
             "HostConfig.PortBindings"),
    Pretence("another host's address", put("hostadd", ["api.anthropic.com:10.0.0.1"]),
             "HostConfig.ExtraHosts"),
    Pretence("another name server", put("dns_server", ["10.0.0.1"]), "HostConfig.Dns"),
    Pretence("options of name servers", put("dns_option", ["debug"]), "HostConfig.DnsOptions"),
    Pretence("another domain", put("dns_search", ["example.com"]), "HostConfig.DnsSearch"),
    Pretence("removed when it ends", put("remove", True), "HostConfig.AutoRemove"),
    Pretence("another cgroup", put("cgroup_parent", "/other"), "HostConfig.CgroupParent"),
    Pretence("no cgroup", put("cgroups_mode", "disabled"), "engine"),
    Pretence("raw cgroup settings", put("unified", {"memory.max": "max"}), "",
             harmless="cgroup v1 has none"),
    Pretence("the service's variables", put("env_host", True), "Config.Env"),
    Pretence("the service's proxies", put("httpproxy", True), "", harmless="it has none"),
    Pretence("an end by the engine", put("timeout", 60), "Config.Timeout"),
    Pretence("the host's groups", put("annotations", {"run.oci.keep_original_groups": "1"}),
             "Config.Annotations[run.oci.keep_original_groups]"),
    Pretence("another file for the monitor", put("conmon_pid_file", "/tmp/berth-pretence.pid"),
             "ConmonPidFile"),
    Pretence("another user name space", put("userns", {"nsmode": "host"}), "",
             harmless="it has that anyhow"),
    Pretence("another root", put("chroot_directories", ["/mnt"]), "Config.ChrootDirs"),
    Pretence("a pod", put("pod", "other"), "engine"),
    Pretence("a root of the host's", lambda body: (body.pop("image"),
                                                   body.update(rootfs="/usr", command=["id"])),
             "Image"),
]
