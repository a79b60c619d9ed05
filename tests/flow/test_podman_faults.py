# SPDX-License-Identifier: Apache-2.0
"""A Podman that is away for a while, now and then or after the Nth request, for every N."""
from pathlib import Path

from flow import test_engine_trouble
from flow.faultcase import FaultCase, Round
from flow.onpodman import OnPodman
from harness import wait_until


class APodmanGoneForAWhile(OnPodman, test_engine_trouble.AnEngineGoneForAWhile):
    pass


class APodmanThatIsReplaced(OnPodman, test_engine_trouble.AnEngineThatIsReplaced):
    pass


class APodmanThatDoesNotListItsContainers(
        OnPodman, test_engine_trouble.AnEngineThatDoesNotListItsContainers):
    pass


class ALostEventOfPodman(OnPodman, test_engine_trouble.ALostEvent):
    pass


class AServiceThatIsGoneAfterAnyRequest(OnPodman, FaultCase):
    def test_and_is_back_soon_costs_no_session(self) -> None:
        self.for_every_request(
            lambda this: self.engine.rule(after=this.number - 1, times=1, away_ms=50),
            self.engine.hits)

    def drain_the_rest(self, this: Round) -> None:
        wait_until(lambda: Path(self.engine.url.removeprefix("unix://")).exists())
        super().drain_the_rest(this)
