# SPDX-License-Identifier: Apache-2.0
"""The kinds of engine that these tests run on, and all that a test may know of their
differences."""
from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from harness import ROOT


@dataclass(frozen=True)
class Kind:
    name: str
    # Starts and stops it; `rootless` with a user of its own.
    script: str
    rootless: bool
    # The policy that its sessions run under, and the promises that the policy waives.
    policy: str
    policy_dir: Path
    unenforced: tuple[str, ...]
    # What a container has besides the worker's: process 1, network devices.
    init: str
    devices: tuple[str, ...]
    # Calls that the engine's own system call filter lets through although they need a privilege
    # elsewhere.
    unfiltered: tuple[str, ...]
    # What berth can learn of the end of a session whose image was removed by force.
    codes_without_image: tuple[int, ...]
    # Whether a container comes to the control plane from an address of its own.
    has_addresses: bool
    # The API in which it is asked what it made of a container, and whose words those are.
    inspect_api: str
    inspect_words: str
    # Where it is told of another runtime.
    runtime_remedy: str
    # How much longer than elsewhere everything may take.
    patience: float = 1
    # The session image is there already.
    has_image: bool = False

    @property
    def directory(self) -> Path:
        return ROOT / "build/engines" / self.name

    @property
    def mark(self) -> str:
        """What the script tells directories apart by."""
        return hashlib.sha256(str(self.directory).encode()).hexdigest()[:8]

    @property
    def inside(self) -> Path:
        """What the engine's service itself calls the directory."""
        return Path(f"/run/berth-{self.mark}") if self.rootless else self.directory

    @property
    def arguments(self) -> list[str]:
        """What the script's start takes: where, and as whom."""
        return [str(self.directory)] + [f"berth-test-{self.mark}"] * self.rootless


HARDENED = {"policy": "hardened", "policy_dir": ROOT / "policies", "unenforced": ()}

DOCKER = Kind("docker", "tests/engines/docker.sh", rootless=False, **HARDENED,
              init="docker-init", devices=("eth0", "lo"), has_addresses=True, unfiltered=(),
              codes_without_image=(0,), inspect_api="/v1.41", inspect_words="docker",
              runtime_remedy='"runtimes" of the engine\'s daemon.json')

# Podman's filter (containers-common 0.50) lets everybody have a user name space, and be root in it.
# With an image it ends and removes the containers that run it, perhaps before anybody has looked.
LIBPOD = {"init": "podman-init", "unfiltered": ("unshare --user true",),
          "codes_without_image": (0, -1),
          "inspect_api": "/v4.0.0/libpod", "inspect_words": "libpod",
          "runtime_remedy": "`runtime` of containers.conf"}

# slirp4netns gives each container a network device that only it has, and makes its connections as
# a process of this machine: so they come from the machine's own address.
SLIRP4NETNS = {"devices": ("lo", "tap0"), "has_addresses": False}

PODMAN = Kind("podman", "tests/engines/podman.sh", rootless=False, **HARDENED, **LIBPOD,
              **SLIRP4NETNS)

# Without root, cgroup v1 lets nobody limit anything (Podman 4.3.1).
ROOTLESS = Kind("rootless", "tests/engines/podman.sh", rootless=True, policy="rootless-v1",
                policy_dir=ROOT / "tests/policies",
                unenforced=("memory", "swap", "pids", "cpus"), **LIBPOD, **SLIRP4NETNS)

# A user's Podman under that user's own systemd, on cgroup v2, in the machine of tests/vm.
LINGER = Kind("linger", "tests/vm/engine.sh", rootless=False, **HARDENED, **LIBPOD, **SLIRP4NETNS,
              patience=8, has_image=True)

# Docker on cgroup v2, on a kernel with AppArmor, in the same machine.
CONFINED = replace(DOCKER, name="confined", script="tests/vm/docker.sh", patience=8, has_image=True)

KIND = {kind.name: kind for kind in (DOCKER, PODMAN, ROOTLESS, LINGER, CONFINED)}[
    os.environ.get("ENGINE_KIND", "docker")]
