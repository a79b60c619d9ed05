# SPDX-License-Identifier: Apache-2.0
"""A Podman that does not answer the Nth request, for every N."""
from flow import test_silent_engine
from flow.onpodman import OnPodman


class ASilentPodman(OnPodman, test_silent_engine.ASilentEngine):
    pass
