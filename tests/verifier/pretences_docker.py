# SPDX-License-Identifier: Apache-2.0
"""What may come between berth and a Docker, member by member of a create request (API 1.41)."""
from __future__ import annotations

from tampering import Pretence, drop, host, put

# Listens to nobody and can be read by everybody; an engine's socket would do the same harm.
HOST_FOLDER = "/usr/share"


def first_mount(**members: object):
    return lambda body: body["HostConfig"]["Mounts"][0].update(members)


def variable(entry: str):
    """In place of the one of that name, or added."""
    name = entry.partition("=")[0] + "="
    return lambda body: body.update(
        Env=[each for each in body["Env"] if not each.startswith(name)] + [entry])


def options(edit):
    return lambda body: body["HostConfig"].update(
        SecurityOpt=edit(body["HostConfig"]["SecurityOpt"]))


def tmpfs(edit):
    def change(body: dict) -> None:
        mounts = body["HostConfig"]["Tmpfs"]
        mounts["/var/tmp"] = edit(mounts["/var/tmp"])
    return change


def ulimit(name: str, value: int):
    def change(body: dict) -> None:
        for each in body["HostConfig"]["Ulimits"]:
            if each["Name"] == name:
                each.update(Soft=value, Hard=value)
    return change


MEMBERS = [
    Pretence("another image", put("Image", "localhost/berth-other:1"), "Image", member="Image"),
    Pretence("another user", put("User", "0:0"), "Config.User", member="User"),
    Pretence("another entry point", put("Entrypoint", ["/bin/sh", "-c", "id"]),
             "Config.Entrypoint", member="Entrypoint"),
    Pretence("another command", put("Cmd", ["/bin/sh"]), "Config.Cmd", member="Cmd"),
    Pretence("a variable of another value", variable("ANTHROPIC_SESSION_ID=other"), "Config.Env",
             member="Env"),
    Pretence("a variable of the image's of another value", variable("PATH=/tmp:/usr/bin"),
             "Config.Env", member="Env"),
    Pretence("a preloaded library", variable("LD_PRELOAD=/tmp/x.so"), "Config.Env", member="Env"),
    Pretence("no labels", drop("Labels"), "Config.Labels[berth.instance]", member="Labels"),
    Pretence("a longer stop", put("StopTimeout", 9999), "Config.StopTimeout",
             member="StopTimeout"),
    Pretence("an attached input", put("AttachStdin", True), "Config.AttachStdin",
             member="AttachStdin"),
    Pretence("an attached output", put("AttachStdout", True), "Config.AttachStdout",
             member="AttachStdout"),
    Pretence("attached errors", put("AttachStderr", True), "Config.AttachStderr",
             member="AttachStderr"),
    Pretence("an open input", put("OpenStdin", True), "Config.OpenStdin", member="OpenStdin"),
    Pretence("a terminal", put("Tty", True), "Config.Tty", member="Tty"),
    Pretence("a health check", put("Healthcheck", {"Test": ["CMD", "id"]}),
             "Config.Healthcheck.Test", member="Healthcheck"),
    Pretence("a writable root", host("ReadonlyRootfs", False), "HostConfig.ReadonlyRootfs",
             member="HostConfig.ReadonlyRootfs"),
    Pretence("no capability dropped", host("CapDrop"), "HostConfig.CapDrop",
             member="HostConfig.CapDrop"),
    Pretence("a capability added", host("CapAdd", ["SYS_ADMIN"]), "HostConfig.CapAdd",
             member="HostConfig.CapAdd"),
    Pretence("new privileges", options(lambda o: [e for e in o if "privileges" not in e]),
             "HostConfig.SecurityOpt", member="HostConfig.SecurityOpt"),
    Pretence("no filter of system calls", options(lambda o: o + ["seccomp=unconfined"]),
             "HostConfig.SecurityOpt", member="HostConfig.SecurityOpt"),
    Pretence("another filter of system calls",
             options(lambda o: [e for e in o if not e.startswith("seccomp")]
                     + ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']),
             "HostConfig.SecurityOpt", member="HostConfig.SecurityOpt"),
    Pretence("no AppArmor", options(lambda o: o + ["apparmor=unconfined"]),
             "HostConfig.SecurityOpt", member="HostConfig.SecurityOpt"),
    Pretence("no SELinux", options(lambda o: o + ["label=disable"]), "HostConfig.SecurityOpt",
             member="HostConfig.SecurityOpt"),
    Pretence("open system paths", options(lambda o: o + ["systempaths=unconfined"]), "engine",
             member="HostConfig.SecurityOpt"),
    Pretence("more processes", host("PidsLimit", 100000), "HostConfig.PidsLimit", "pids",
             member="HostConfig.PidsLimit"),
    Pretence("processes without a limit", host("PidsLimit"), "HostConfig.PidsLimit", "pids",
             member="HostConfig.PidsLimit"),
    Pretence("more memory", lambda body: body["HostConfig"].update(Memory=8 << 30,
                                                                   MemorySwap=8 << 30),
             "HostConfig.Memory", "memory", member="HostConfig.Memory"),
    Pretence("swap", host("MemorySwap", -1), "HostConfig.MemorySwap", "swap",
             member="HostConfig.MemorySwap"),
    Pretence("CPU time without a limit", host("NanoCpus"), "HostConfig.NanoCpus", "cpus",
             member="HostConfig.NanoCpus"),
    Pretence("no ulimits", host("Ulimits"), "HostConfig.Ulimits", "ulimits",
             member="HostConfig.Ulimits"),
    Pretence("more open files", ulimit("nofile", 524288), "HostConfig.Ulimits", "ulimits",
             member="HostConfig.Ulimits"),
    Pretence("more processes of the user", ulimit("nproc", 524288), "HostConfig.Ulimits",
             "ulimits", member="HostConfig.Ulimits"),
    Pretence("core dumps", ulimit("core", 1 << 30), "HostConfig.Ulimits", "ulimits",
             member="HostConfig.Ulimits"),
    Pretence("a limit twice", lambda body: body["HostConfig"]["Ulimits"].append(
        {"Name": "nofile", "Soft": 524288, "Hard": 524288}), "HostConfig.Ulimits", "ulimits",
             member="HostConfig.Ulimits"),
    Pretence("a low OOM score", host("OomScoreAdj", 0), "HostConfig.OomScoreAdj",
             member="HostConfig.OomScoreAdj"),
    Pretence("programs on a tmpfs", tmpfs(lambda o: o.replace("noexec", "exec")),
             "HostConfig.Tmpfs[/var/tmp]", member="HostConfig.Tmpfs"),
    Pretence("set-user-id programs on a tmpfs", tmpfs(lambda o: o.replace("nosuid", "suid")),
             "HostConfig.Tmpfs[/var/tmp]", member="HostConfig.Tmpfs"),
    Pretence("devices on a tmpfs", tmpfs(lambda o: o.replace("nodev", "dev")),
             "HostConfig.Tmpfs[/var/tmp]", member="HostConfig.Tmpfs"),
    Pretence("a larger tmpfs", tmpfs(lambda o: o.replace("size=67108864", "size=8g")),
             "HostConfig.Tmpfs[/var/tmp]", member="HostConfig.Tmpfs"),
    Pretence("one more tmpfs", lambda body: body["HostConfig"]["Tmpfs"].update({"/mnt": "exec"}),
             "HostConfig.Tmpfs[/mnt]", member="HostConfig.Tmpfs"),
    Pretence("a writable mount", first_mount(ReadOnly=False), "Mounts",
             member="HostConfig.Mounts"),
    Pretence("a mount of something else", first_mount(Source=HOST_FOLDER), "Mounts",
             member="HostConfig.Mounts"),
    Pretence("a mount elsewhere", first_mount(Target="/opt/other"), "Mounts",
             member="HostConfig.Mounts"),
    Pretence("a mount that spreads", first_mount(BindOptions={"Propagation": "rslave"}), "Mounts",
             member="HostConfig.Mounts"),
    Pretence("a read-only mount with what is mounted below it",
             first_mount(BindOptions={"Propagation": "rprivate"}),
             "HostConfig.Mounts[/mnt/input].BindOptions.NonRecursive",
             member="HostConfig.Mounts"),
    Pretence("one more mount", lambda body: body["HostConfig"]["Mounts"].append(
        {"Type": "bind", "Source": HOST_FOLDER, "Target": "/mnt/x"}), "Mounts",
             member="HostConfig.Mounts"),
    Pretence("more shared memory", host("ShmSize", 1 << 30), "HostConfig.ShmSize",
             member="HostConfig.ShmSize"),
    Pretence("no init", host("Init", False), "HostConfig.Init", member="HostConfig.Init"),
    Pretence("the host's IPC", host("IpcMode", "host"), "HostConfig.IpcMode",
             member="HostConfig.IpcMode"),
    Pretence("the host's cgroups", host("CgroupnsMode", "host"), "HostConfig.CgroupnsMode",
             member="HostConfig.CgroupnsMode"),
    Pretence("the host's network", host("NetworkMode", "host"), "HostConfig.NetworkMode",
             member="HostConfig.NetworkMode"),
    Pretence("the daemon's own network", host("NetworkMode", "bridge"), "HostConfig.NetworkMode",
             member="HostConfig.NetworkMode"),
    Pretence("a log without a limit", host("LogConfig", {"Type": "json-file"}),
             "HostConfig.LogConfig", member="HostConfig.LogConfig"),
    Pretence("a log elsewhere", host("LogConfig", {"Type": "syslog"}), "HostConfig.LogConfig",
             member="HostConfig.LogConfig"),
    Pretence("restarts", host("RestartPolicy", {"Name": "always"}),
             "HostConfig.RestartPolicy.Name", member="HostConfig.RestartPolicy"),
    Pretence("another runtime", host("Runtime", "io.containerd.runc.v2"), "HostConfig.Runtime",
             member="HostConfig.Runtime"),
]

ADDED = [
    Pretence("privileged", host("Privileged", True), "HostConfig.Privileged"),
    Pretence("the host's processes", host("PidMode", "host"), "HostConfig.PidMode"),
    Pretence("the host's name", host("UTSMode", "host"), "HostConfig.UTSMode"),
    Pretence("the host's users", host("UsernsMode", "host"), "HostConfig.UsernsMode"),
    Pretence("a device", host("Devices", [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x",
                                           "CgroupPermissions": "rwm"}]), "HostConfig.Devices"),
    Pretence("a rule for devices", host("DeviceCgroupRules", ["c 1:1 rwm"]),
             "HostConfig.DeviceCgroupRules"),
    Pretence("devices by a driver", host("DeviceRequests", [{"Driver": "x", "Count": 1}]),
             "HostConfig.DeviceRequests"),
    Pretence("a bind", host("Binds", [f"{HOST_FOLDER}:/mnt/x"]), "HostConfig.Binds"),
    Pretence("a volume", lambda body: body.update(Volumes={"/mnt/x": {}}), "Mounts"),
    Pretence("a volume by name", host("Binds", ["own:/mnt/x"]), "HostConfig.Binds"),
    Pretence("volumes of another container", host("VolumesFrom", ["other"]),
             "HostConfig.VolumesFrom"),
    Pretence("a group", host("GroupAdd", ["0"]), "HostConfig.GroupAdd"),
    Pretence("a sysctl", host("Sysctls", {"net.ipv4.ip_unprivileged_port_start": "0"}),
             "HostConfig.Sysctls"),
    Pretence("a published port", lambda body: (
        body.update(ExposedPorts={"80/tcp": {}}),
        body["HostConfig"].update(PortBindings={"80/tcp": [{"HostPort": "0"}]})),
             "HostConfig.PortBindings"),
    Pretence("all ports published", host("PublishAllPorts", True), "HostConfig.PublishAllPorts"),
    Pretence("a link", lambda body: body.update(NetworkingConfig={"EndpointsConfig": {
        body["HostConfig"]["NetworkMode"]: {"Links": ["other:api"]}}}),
             "NetworkSettings.Networks"),
    Pretence("an address", lambda body: body.update(NetworkingConfig={"EndpointsConfig": {
        body["HostConfig"]["NetworkMode"]: {"IPAMConfig": {"IPv4Address": "10.0.0.9"}}}}),
             "NetworkSettings.Networks"),
    Pretence("a link of the old kind", host("Links", ["other:api"]), "", harmless=
             "it is for the daemon's own bridge only"),
    Pretence("another host's address", host("ExtraHosts", ["api.anthropic.com:10.0.0.1"]),
             "HostConfig.ExtraHosts"),
    Pretence("another name server", host("Dns", ["10.0.0.1"]), "HostConfig.Dns"),
    Pretence("options of name servers", host("DnsOptions", ["debug"]), "HostConfig.DnsOptions"),
    Pretence("another domain", host("DnsSearch", ["example.com"]), "HostConfig.DnsSearch"),
    Pretence("removed when it ends", host("AutoRemove", True), "HostConfig.AutoRemove"),
    Pretence("no OOM killer", host("OomKillDisable", True), "HostConfig.OomKillDisable"),
    Pretence("another cgroup", host("CgroupParent", "/other"), "HostConfig.CgroupParent"),
    Pretence("another's cgroup", host("Cgroup", "container:other"), "HostConfig.Cgroup"),
    Pretence("nothing masked", host("MaskedPaths", []), "HostConfig.MaskedPaths"),
    Pretence("less masked", host("MaskedPaths", ["/proc/kcore"]), "HostConfig.MaskedPaths"),
    Pretence("no path read-only", host("ReadonlyPaths", []), "HostConfig.ReadonlyPaths"),
    Pretence("fewer paths read-only", host("ReadonlyPaths", ["/proc/bus"]),
             "HostConfig.ReadonlyPaths"),
    Pretence("one more network", lambda body: body.update(NetworkingConfig={
        "EndpointsConfig": {"bridge": {}}}), "NetworkSettings.Networks"),
    Pretence("realtime", host("CpuRealtimeRuntime", 1000), "HostConfig.CpuRealtimeRuntime"),
    Pretence("another storage", host("StorageOpt", {"size": "1G"}), "engine"),
]
