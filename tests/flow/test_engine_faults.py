# SPDX-License-Identifier: Apache-2.0
"""The Nth request to the engine goes wrong, for every N: the session runs all the same."""
from flow.faultcase import FaultCase

# What a proxy on the way to a service that does not answer says instead.
PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
HTML = {"Content-Type": "text/html"}


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

    def test_whichever_reply_is_cut_behind_its_head(self) -> None:
        self.fail_every(cut="body")

    def test_whichever_reply_trickles_byte_by_byte(self) -> None:
        self.fail_every(drip_ms=1)

    def test_whichever_request_is_answered_with_429(self) -> None:
        self.fail_every(status=429, headers={"Retry-After": "1"}, body={"message": "slow down"})

    def test_whichever_request_is_answered_by_a_proxy_with_its_page(self) -> None:
        self.fail_every(status=502, headers=HTML, body=PAGE)

    def test_whichever_reply_is_replaced_by_the_page_of_a_proxy(self) -> None:
        self.fail_every(status=502, headers=HTML, body=PAGE, process=True)

    def test_whichever_reply_is_no_json_under_its_own_status(self) -> None:
        self.fail_every(body=PAGE, process=True)

    def test_whichever_reply_is_empty(self) -> None:
        self.fail_every(body="", process=True)

    def test_whichever_request_is_answered_with_200_by_somebody_else(self) -> None:
        self.fail_every(status=200, headers=HTML, body=PAGE)

    def test_whichever_request_takes_long(self) -> None:
        self.fail_every(delay_ms=400)
