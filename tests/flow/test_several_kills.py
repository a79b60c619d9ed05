# SPDX-License-Identifier: Apache-2.0
"""Three sessions of two environments at once, and kill -9 at the Nth request of them all."""
from flow.test_kills import KillCase


class AKillAmongSeveralSessions(KillCase):
    sessions = (2, 1)

    def test_before_any_engine_request_takes_effect_loses_none(self) -> None:
        self.at_engine_request("before")

    def test_after_any_engine_request_took_effect_loses_none(self) -> None:
        self.at_engine_request("after")

    def test_before_any_queue_request_takes_effect_loses_none(self) -> None:
        self.at_queue_request("before")

    def test_after_any_queue_request_took_effect_loses_none(self) -> None:
        self.at_queue_request("after")
