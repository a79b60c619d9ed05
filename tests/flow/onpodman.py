# SPDX-License-Identifier: Apache-2.0
"""The same on Podman: OnPodman before a FlowCase runs its tests on a rootless one on cgroup v1, with
the policy that waives what nobody but root can keep there."""
from __future__ import annotations

from typing import Any

from harness import ROOT, Place


class OnPodman:
    engine_options: dict[str, Any] = {"kind": "podman"}
    policy = "rootless-v1"
    ready_state = "initialized"

    def add_place(self, *arguments: Any, **settings: Any) -> Place:
        place = super().add_place(*arguments, **settings)
        place.settings["policy_dir"] = str(ROOT / "tests/policies")
        place.environment["policy"] = self.policy
        return place

    def leave_container(self, name: str, state: str, labels: dict[str, str], **more: Any) -> str:
        return self.engine.add_container(name, state=state, **more, create={
            "image": self.image, "labels": labels})
