# SPDX-License-Identifier: Apache-2.0
"""The Nth request to the queue goes wrong, for every N: the session runs all the same."""
from flow.faultcase import FaultCase

# What a proxy says instead of the control plane, or under its name.
PAGE = b"<html><body><h1>Sign in to the guest network</h1></body></html>"


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

    def test_whichever_request_is_answered_with_429_and_retry_after(self) -> None:
        self.fail_every(status=429, headers={"retry-after": "1"})

    def test_whichever_request_is_answered_by_a_proxy_with_its_page(self) -> None:
        self.fail_every(status=502, body=PAGE, content_type="text/html")

    def test_whichever_reply_is_replaced_by_the_page_of_a_proxy(self) -> None:
        self.fail_every(status=502, body=PAGE, content_type="text/html", when="after")

    def test_whichever_request_is_answered_with_200_by_somebody_else(self) -> None:
        self.fail_every(body=PAGE, content_type="text/html")

    def test_whichever_reply_is_no_json_under_200(self) -> None:
        self.fail_every(body=PAGE, content_type="text/html", when="after")

    def test_whichever_reply_is_empty(self) -> None:
        self.fail_every(body=b"", content_type=None, when="after")

    def test_whichever_reply_is_cut_behind_its_head(self) -> None:
        self.fail_every(truncate=0, when="after")

    def test_whichever_reply_trickles(self) -> None:
        self.fail_every(rate=200, when="after")

    def test_whichever_request_takes_long(self) -> None:
        self.fail_every(delay=0.4)
