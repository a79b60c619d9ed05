# SPDX-License-Identifier: Apache-2.0
"""Test cases whose sessions run under a policy that comes with berth, or one that extends it."""
from __future__ import annotations

import shutil

from engine_case import SECONDS, EngineCase
from harness import ROOT
from kinds import KIND


class PolicyCase(EngineCase):
    def use(self, name: str, *lines: str) -> None:
        """The policy, with what this engine's kind waives and `lines` laid over it."""
        policies = self.dir / "policies"
        # Podman reads a seccomp profile itself, and may be another user's.
        self.dir.chmod(0o711)
        shutil.copytree(ROOT / "policies", policies, dirs_exist_ok=True)
        (policies / "own.yaml").write_text("\n".join(
            [f"extends: {name}", f"unenforced: [{', '.join(KIND.unenforced)}]", *lines, ""]))
        self.place.settings["policy_dir"] = str(policies)
        self.place.environment["policy"] = "own"

    def inside(self, *scripts: str) -> list[str]:
        """What these print as tool calls of one session."""
        [item] = self.queue(script=list(scripts))
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0, SECONDS)
        self.assert_stopped_by_its_container(item)
        self.assert_nothing_left()
        return [" ".join(text.split()) for text in self.results(item)]
