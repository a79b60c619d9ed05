# SPDX-License-Identifier: Apache-2.0
"""Rootless Podman gives every container a user name space, so that a policy can require one."""
from __future__ import annotations

import private_engine
from policy_case import PolicyCase

setUpModule, tearDownModule = private_engine.start, private_engine.stop


class ARequiredUserNamespace(PolicyCase):
    def test_is_there_and_root_in_it_is_not_the_hosts(self) -> None:
        self.use("hardened", "user_namespace: required")
        [root] = self.inside("awk '$1 == 0 { print ($2 == 0 ? \"root\" : \"nobody special\") }' "
                             "/proc/self/uid_map")
        self.assertEqual(root, "nobody special")
