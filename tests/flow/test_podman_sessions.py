# SPDX-License-Identifier: Apache-2.0
"""The life of sessions on Podman: what holds on Docker holds here."""
from flow import (test_breaker, test_credentials, test_endings, test_launch, test_names,
                  test_restart, test_two_fleets)
from flow.onpodman import OnPodman


class ACreatedContainerOnPodman(OnPodman, test_restart.ACreatedContainer):
    pass


class ARunningContainerOnPodman(OnPodman, test_restart.ARunningContainer):
    pass


class AnExitedContainerOnPodman(OnPodman, test_restart.AnExitedContainer):
    pass


class AContainerThatDiesOnPodman(OnPodman, test_endings.AContainerThatDies):
    # Podman never says so: OOMKilled stays false (4.3.1, rootful and rootless).
    test_out_of_memory_is_recorded_so = None


class ASilentContainerOnPodman(OnPodman, test_endings.ASilentContainer):
    pass


class ASessionAtItsTimeLimitOnPodman(OnPodman, test_endings.ASessionAtItsTimeLimit):
    pass


class ALapsedLeaseOnPodman(OnPodman, test_endings.ALapsedLease):
    pass


class ASlowCreateOnPodman(OnPodman, test_launch.ASlowCreate):
    pass


class AFailedCreateOnPodman(OnPodman, test_launch.AFailedCreate):
    pass


class AFailedStartOnPodman(OnPodman, test_launch.AFailedStart):
    pass


class AnImageOnPodman(OnPodman, test_launch.AnImage):
    pass


class ATakenNameOnPodman(OnPodman, test_names.ATakenName):
    # It answers that the name is in use until the removal is done, which the others test.
    test_by_one_that_is_being_removed_is_waited_for = None


class AStrangerOnPodman(OnPodman, test_two_fleets.AStranger):
    pass


class ContainersThatDieBeforeAHeartbeatOnPodman(
        OnPodman, test_breaker.ContainersThatDieBeforeAHeartbeat):
    pass


class APodmanThatRepeatsTheRequest(OnPodman, test_credentials.AnEngineThatRepeatsTheRequest):
    pass
