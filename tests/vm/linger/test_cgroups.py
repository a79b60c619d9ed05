# SPDX-License-Identifier: Apache-2.0
"""A container that gets no cgroup although its limits are asked for, and inspect shows them."""
from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "engines"))

import private_engine  # noqa: E402
from pretence_case import PretenceCase  # noqa: E402
from tampering import LIES, Pretence  # noqa: E402

setUpModule, tearDownModule = private_engine.start, private_engine.stop

# crun runs it in the cgroup of Podman's own service (Podman 4.3.1).
DISABLED = Pretence("there is no cgroup", lambda body: body.update(cgroups_mode="disabled"),
                    "HostConfig.Cgroups", own_remedy="take `cgroups_mode` out")
HIDDEN = Pretence("there is no cgroup but in words", DISABLED.change, "memory", "memory",
                  lambda body: body["HostConfig"].update(Cgroups="default"))


class AContainerWithoutACgroup(PretenceCase):
    def test_is_noticed_before_its_item_is_taken(self) -> None:
        self.assert_refused(DISABLED)

    def test_is_noticed_by_what_the_kernel_says(self) -> None:
        self.assert_refused(HIDDEN)

    def test_or_with_a_wider_one_is_noticed_by_what_the_kernel_says(self) -> None:
        self.assert_refused(LIES[1])
