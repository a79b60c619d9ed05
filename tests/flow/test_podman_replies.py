# SPDX-License-Identifier: Apache-2.0
"""The Nth request to a Podman goes wrong, for every N."""
from flow import test_engine_faults
from flow.onpodman import OnPodman


class TheSessionRunsOnPodman(OnPodman, test_engine_faults.TheSessionRuns):
    pass
