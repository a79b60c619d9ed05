# SPDX-License-Identifier: Apache-2.0
"""kill -9 at the Nth request, for every N: the next start finishes what it finds."""
import signal

from flow.faultcase import FaultCase, Round


class AKill(FaultCase):
    def at_engine_request(self, when: str) -> None:
        def inject(this: Round) -> int:
            return self.engine.kill_at(this.number, this.place.dir / "run-0" / "pid", when)
        self.for_every_request(inject, self.engine.hits)

    def at_queue_request(self, when: str) -> None:
        def inject(this: Round):
            return self.cp.fault(
                "*", credential="environment", after=this.number - 1, when=when, reset=True,
                hook=lambda record: this.place.berths[0].kill())
        self.for_every_request(inject, lambda fault: fault.fired > 0)

    def assert_exit_code(self, berth, code: int) -> None:
        self.assertIn(code, (0, -signal.SIGKILL), berth.tail())

    def test_before_any_engine_request_takes_effect_loses_nothing(self) -> None:
        self.at_engine_request("before")

    def test_after_any_engine_request_took_effect_loses_nothing(self) -> None:
        self.at_engine_request("after")

    def test_before_any_queue_request_takes_effect_loses_nothing(self) -> None:
        self.at_queue_request("before")

    def test_after_any_queue_request_took_effect_loses_nothing(self) -> None:
        self.at_queue_request("after")
