# SPDX-License-Identifier: Apache-2.0
"""Three sessions of two environments at once, and the Nth request of them all goes wrong."""
from flow.faultcase import FaultCase


class EverySessionRuns(FaultCase):
    sessions = (2, 1)

    def fail_every_call(self, **rule) -> None:
        self.for_every_request(lambda this: self.engine.rule(after=this.number - 1, **rule),
                               self.engine.hits)

    def fail_every_request(self, **fault) -> None:
        self.for_every_request(
            lambda this: self.cp.fault("*", credential="environment", after=this.number - 1,
                                       **fault),
            lambda fault: fault.fired > 0)

    def test_whichever_request_the_engine_answers_with_500(self) -> None:
        self.fail_every_call(status=500, body={"message": "out of order"})

    def test_whichever_reply_of_the_engine_is_cut_after_the_effect(self) -> None:
        self.fail_every_call(cut="after")

    def test_whichever_request_the_queue_answers_with_500(self) -> None:
        self.fail_every_request(status=500)

    def test_whichever_reply_of_the_queue_is_reset_after_the_effect(self) -> None:
        self.fail_every_request(reset=True, when="after")
