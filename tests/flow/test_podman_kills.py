# SPDX-License-Identifier: Apache-2.0
"""kill -9 at the Nth request on Podman, for every N."""
from flow import test_kills
from flow.onpodman import OnPodman


class AKillOnPodman(OnPodman, test_kills.AKill):
    pass


class AKillAroundASessionThatDiesUnbeatenOnPodman(
        OnPodman, test_kills.AKillAroundASessionThatDiesUnbeaten):
    pass
