# SPDX-License-Identifier: Apache-2.0
"""The Nth request to the engine goes wrong, for every N: the session runs all the same."""
from flow.faultcase import FaultCase


class TheSessionRuns(FaultCase):
    def fail_every(self, **rule) -> None:
        self.for_every_request(lambda this: self.engine.rule(after=this.number - 1, **rule),
                               self.engine.hits)

    def test_whichever_request_the_engine_answers_with_500(self) -> None:
        self.fail_every(status=500, body={"message": "out of order"})

    def test_whichever_request_is_cut_before_it_takes_effect(self) -> None:
        self.fail_every(cut="before")

    def test_whichever_reply_is_cut_after_the_effect(self) -> None:
        self.fail_every(cut="after")

    def test_whichever_reply_is_cut_in_the_middle(self) -> None:
        self.fail_every(cut="mid-body")

    def test_whichever_reply_is_malformed(self) -> None:
        self.fail_every(malformed=True)

    def test_whichever_request_takes_long(self) -> None:
        self.fail_every(delay_ms=400)
