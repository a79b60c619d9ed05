# SPDX-License-Identifier: Apache-2.0
"""What an engine's own inspect says of each promise (promises.py), in the words of its answer:
Docker's API 1.41, or Podman's own API (libpod 4.0.0). A dash stands for what it does not say."""
from __future__ import annotations

from typing import Any

# The members that answer for a row; a tmpfs is found by its path.
BOTH = {
    "user": ["Config.User"],
    "read-only root": ["HostConfig.ReadonlyRootfs"],
    "no new privileges": ["HostConfig.SecurityOpt"],
    "init": ["HostConfig.Init"],
    "pids": ["HostConfig.PidsLimit"],
    "memory": ["HostConfig.Memory"],
    "cpus": ["HostConfig.NanoCpus"],
    "nofile": ["HostConfig.Ulimits"],
    "nproc": ["HostConfig.Ulimits"],
    "core": ["HostConfig.Ulimits"],
    "OOM score": ["HostConfig.OomScoreAdj"],
    "/dev/shm": ["HostConfig.ShmSize"],
    "ipc name space": ["HostConfig.IpcMode"],
    "net name space": ["HostConfig.NetworkMode"],
    "pid name space": ["HostConfig.PidMode"],
    "uts name space": ["HostConfig.UTSMode"],
    "siblings": ["HostConfig.NetworkMode"],
    "host's loopback": ["HostConfig.NetworkMode"],
}
OWN = {
    "docker": {"capabilities": ["HostConfig.CapAdd", "HostConfig.CapDrop"],
               "cgroup name space": ["HostConfig.CgroupnsMode"],
               "masked paths": ["HostConfig.MaskedPaths"],
               "log": ["HostConfig.LogConfig.Config"]},
    "libpod": {"capabilities": ["EffectiveCaps", "BoundingCaps"],
               "cgroup name space": ["HostConfig.CgroupMode"],
               "log": ["HostConfig.LogConfig.Size"]},
}


def member(answer: dict, path: str) -> Any:
    for name in path.split("."):
        answer = (answer or {}).get(name)
    return answer


def text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {text(item)}" for name, item in value.items())
    if isinstance(value, list):
        return f"{len(value)} entries" if len(value) > 4 else " ".join(map(text, value)) or "[]"
    return {"": '""', "None": "null", "True": "true", "False": "false"}.get(str(value), str(value))


def ulimit(limits: list[dict] | None, name: str) -> str:
    for limit in limits or []:
        if limit["Name"].lower().removeprefix("rlimit_") == name:
            return f"{limit['Soft']} {limit['Hard']}"
    return "-"


def says(api: str, answer: dict, field: str) -> str:
    if field.startswith("tmpfs "):
        mounts = member(answer, "HostConfig.Tmpfs") or {}
        return mounts.get(field.removeprefix("tmpfs "), "-")
    if field == "swap":
        return text(member(answer, "HostConfig.MemorySwap") - member(answer, "HostConfig.Memory"))
    paths = {**BOTH, **OWN[api]}.get(field, [])
    if paths == ["HostConfig.Ulimits"]:
        return ulimit(member(answer, paths[0]), field)
    return "; ".join(text(member(answer, path)) for path in paths) or "-"
