# SPDX-License-Identifier: Apache-2.0
"""What sessions can do although others are refused it, by policy and kind of engine, and why that
is no promise of the policy. Each is asserted: an engine that begins to refuse it fails the test,
too."""
from __future__ import annotations

ENGINES_FILTER = "hardened trusted"
PODMANS = "podman rootless"
EVERYWHERE = "docker podman rootless"

# What, under which policies, on which kinds of engine, and why.
LET_THROUGH = [
    # Filters of Docker 20.10 and containers-common 0.50. `strict` has one of berth's own.
    (("unshare user", "clone user", "clone3 user"), ENGINES_FILTER, PODMANS,
     "by Podman's filter; its root is nobody outside it"),
    (("io_uring_setup",), ENGINES_FILTER, "docker", "by Docker's filter"),
    (("keyctl", "name_to_handle_at"), ENGINES_FILTER, PODMANS, "by Podman's filter"),
    (("an AF_VSOCK socket",), ENGINES_FILTER, EVERYWHERE, "by the engine's filter"),
    (("ptrace a child",), ENGINES_FILTER, EVERYWHERE, "for debuggers"),
    # A session under gVisor asks its own kernel, which no other session shares.
    (("unshare user", "clone user", "unshare mount", "unshare cgroup", "io_uring_setup",
      "mknod of a disk", "mknod of memory", "open /dev/fuse", "a higher priority", "mark packets",
      "force a buffer", "pretend addresses", "ptrace a child"), "gvisor", "docker",
     "by its own kernel"),
    # Docker 20.10 gives the ports of a container's own network to everybody in it.
    (("bind a port below 1024",), "hardened strict trusted", "docker", "its own network's"),
]


def let_through(thing: str, policy: str, kind: str) -> str:
    """Why, or "" where it must be refused."""
    for names, policies, kinds, why in LET_THROUGH:
        if thing in names and policy in policies.split() and kind in kinds.split():
            return why
    return ""
