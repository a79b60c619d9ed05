# SPDX-License-Identifier: Apache-2.0
"""kill -9 at the Nth request, for every N: the next start finishes what it finds."""
import signal

from flow.faultcase import FaultCase, Round


class KillCase(FaultCase):
    faulty_exits = (-signal.SIGKILL,)

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


class AKill(KillCase):
    def test_before_any_engine_request_takes_effect_loses_nothing(self) -> None:
        self.at_engine_request("before")

    def test_after_any_engine_request_took_effect_loses_nothing(self) -> None:
        self.at_engine_request("after")

    def test_before_any_queue_request_takes_effect_loses_nothing(self) -> None:
        self.at_queue_request("before")

    def test_after_any_queue_request_took_effect_loses_nothing(self) -> None:
        self.at_queue_request("after")


class AKillAroundASessionThatDiesUnbeaten(KillCase):
    worker = "crash-before-beat"
    sound_exit = 75

    def assert_round(self, this: Round) -> None:
        """Its item is force-stopped, by berth, and never without a look after the ack."""
        [item] = this.items
        said = this.place.berths[0].tail()
        self.assertEqual(self.first_heartbeats(item), [], said)
        self.assertTrue(self.stops(item), said)
        for stop in self.stops(item):
            acked = [ack.time for ack in self.acks(item) if ack.time < stop.time][-1]
            self.assertTrue([look for look in self.cp.log.of("list", status=200)
                             if acked < look.time < stop.time], said)
        self.assert_nothing_left()

    def test_before_any_engine_request_takes_effect_has_its_item_stopped(self) -> None:
        self.at_engine_request("before")

    def test_after_any_engine_request_took_effect_has_its_item_stopped(self) -> None:
        self.at_engine_request("after")

    def test_before_any_queue_request_takes_effect_has_its_item_stopped(self) -> None:
        self.at_queue_request("before")

    def test_after_any_queue_request_took_effect_has_its_item_stopped(self) -> None:
        self.at_queue_request("after")
