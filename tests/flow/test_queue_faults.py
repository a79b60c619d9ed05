# SPDX-License-Identifier: Apache-2.0
"""The Nth request to the queue goes wrong, for every N: the session runs all the same."""
from flow.faultcase import FaultCase


class TheSessionRuns(FaultCase):
    def fail_every(self, **fault) -> None:
        self.for_every_request(
            lambda this: self.cp.fault("*", credential="environment", after=this.number - 1,
                                       **fault),
            lambda fault: fault.fired > 0)

    def test_whichever_request_the_queue_answers_with_500(self) -> None:
        self.fail_every(status=500)

    def test_whichever_request_takes_effect_and_is_answered_with_500(self) -> None:
        self.fail_every(status=500, when="after")

    def test_whichever_request_is_reset_before_it_takes_effect(self) -> None:
        self.fail_every(reset=True)

    def test_whichever_reply_is_reset_after_the_effect(self) -> None:
        self.fail_every(reset=True, when="after")

    def test_whichever_reply_is_malformed(self) -> None:
        self.fail_every(body=b'{"id": "wo', when="after")

    def test_whichever_request_takes_long(self) -> None:
        self.fail_every(delay=0.4)
