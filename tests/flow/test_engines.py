# SPDX-License-Identifier: Apache-2.0
"""Several engines of which some are away, sick, or not fit: what is said, waited for and served."""
from __future__ import annotations

import signal

from harness import Berth, wait_until
from notifysocket import NotifySocket
from twoengines import TwoEnginesCase

OTHER_IMAGE = "localhost/berth-session-node:2"


class ServiceCase(TwoEnginesCase):
    def setUp(self) -> None:
        super().setUp()
        self.manager = NotifySocket(self.dir)
        self.addCleanup(self.manager.close)

    def start_service(self) -> Berth:
        return self.start("run", environ={"NOTIFY_SOCKET": str(self.manager.path)})

    def take_away(self, engine: str) -> None:
        """The engine, and with it its environments, out of the file."""
        del self.place.settings["engines"][engine]
        self.place.settings["environments"] = [
            entry for entry in self.place.settings["environments"] if entry["engine"] != engine]


class AService(ServiceCase):
    def test_is_ready_when_one_engine_cannot_list_what_it_holds(self) -> None:
        self.other.rule(op="list", status=500, times=0)
        berth = self.start_service()
        self.manager.wait("READY")
        waiting = self.queue_in(self.elsewhere)
        berth.wait_event("list_failed", count=3)
        self.assertEqual(self.cp.item(waiting["id"])["offers"], 0)
        self.other.remove_rules()
        berth.wait_event("removed", work=waiting["id"])
        self.assertEqual(berth.terminate(), 0)

    def test_is_not_ready_before_one_engine_is_settled(self) -> None:
        for engine in (self.engine, self.other):
            engine.rule(op="list", status=500, times=3)
        berth = self.start_service()
        berth.wait_event("list_failed", count=6)
        self.assertEqual(self.manager.told("READY"), [])
        self.manager.wait("READY")
        self.assertEqual(berth.terminate(), 0)

    def test_is_ready_when_the_engine_that_it_waited_for_is_taken_from_the_file(self) -> None:
        self.other.rule(op="ping", delay_ms=60000, times=0)
        waiting = self.queue_in(self.env["id"])
        berth = self.start_service()
        berth.wait_event("engine", name="one")
        self.assertEqual(self.manager.told("READY"), [])
        self.assertEqual(self.cp.item(waiting["id"])["offers"], 0)
        self.take_away("two")
        self.reload(berth)
        self.manager.wait("READY", 1)
        berth.wait_event("removed", work=waiting["id"])
        self.assertEqual(berth.events("engine", level="error"), [])
        self.assertEqual(berth.terminate(), 0)


class AServiceWithAnEngineThatIsNotFit(ServiceCase):
    other_options = {"api_min": "1.90", "api_max": "1.99"}

    def mend(self) -> None:
        """Another version of the second engine, on the same socket."""
        self.other.stop()
        self.other.command[self.other.command.index("--api-min") + 1] = "1.24"
        self.other.command[self.other.command.index("--api-max") + 1] = "1.41"
        self.other.start()

    def given_up(self, berth: Berth) -> None:
        wait_until(lambda: any("1.90" in row["msg"] for row in berth.events("engine")
                               if row["level"] == "error"))

    def test_is_ready_with_the_other(self) -> None:
        self.other.rule(op="version", delay_ms=500)
        berth = self.start_service()
        berth.wait_event("idle")
        self.given_up(berth)
        self.manager.wait("READY")
        self.assertEqual(berth.terminate(), 0)

    def test_ends_when_the_other_is_not_there(self) -> None:
        self.engine.stop()
        self.other.rule(op="version", delay_ms=500)
        berth = self.start_service()
        self.assert_exit(berth, 69)
        self.engine.start()

    def test_serves_it_after_a_reload_when_it_has_become_fit(self) -> None:
        waiting = self.queue_in(self.elsewhere)
        berth = self.start_service()
        self.given_up(berth)
        self.mend()
        wait_until(lambda: [row for row in berth.events("engine", name="two")
                            if row["level"] == "info"])
        self.reload(berth)
        berth.wait_event("removed", work=waiting["id"])
        self.assertEqual(berth.terminate(), 0)

    def test_serves_it_when_it_becomes_fit_after_a_reload(self) -> None:
        berth = self.start_service()
        self.given_up(berth)
        self.reload(berth)
        self.given_up(berth)
        self.mend()
        wait_until(lambda: [row for row in berth.events("engine", name="two")
                            if row["level"] == "info"])
        self.reload(berth)
        waiting = self.queue_in(self.elsewhere)
        berth.wait_event("removed", work=waiting["id"])
        self.assertEqual(berth.terminate(), 0)

    def test_ends_when_a_reload_leaves_no_other(self) -> None:
        berth = self.start_service()
        self.given_up(berth)
        berth.wait_event("idle")
        self.take_away("one")
        self.reload(berth)
        self.assert_exit(berth, 69)


class AReload(TwoEnginesCase):
    def test_to_nothing_but_an_engine_that_is_away_waits_for_it(self) -> None:
        berth = self.start("run")
        for environment in (self.env["id"], self.elsewhere):
            berth.wait_event("idle", environment=environment)
        self.other.vanish()
        self.place.settings["environments"].clear()
        coming = self.add_environment(engine="three")
        self.place.settings["engines"] = {"three": {"socket": f"{self.other.url}.new"}}
        self.reload(berth)
        wait_until(lambda: [row for row in berth.events("engine", name="three")
                            if row["level"] == "error"])
        self.place.settings["engines"]["three"]["socket"] = self.engine.url
        self.reload(berth)
        item = self.queue_in(coming)
        berth.wait_event("removed", work=item["id"])
        self.assertEqual(berth.terminate(), 0)


class APlaceOfTheHost(TwoEnginesCase):
    engine_options = {"images": [TwoEnginesCase.image, OTHER_IMAGE]}

    def test_goes_to_the_next_when_the_first_has_lost_its_engine(self) -> None:
        self.place.settings["host"]["sessions"] = 1
        self.engine.rule(op="image_inspect", path="*node:2*", delay_ms=1500)
        last = self.add_environment(engine="one", image=OTHER_IMAGE)
        self.place.settings["environments"].insert(1, self.place.settings["environments"].pop())
        self.engine.worker("*", "hang", times=1)
        first = self.queue_in(self.env["id"])
        berth = self.start("run")
        berth.wait_event("heartbeat", work=first["id"])
        # Then those wait for the place whose sessions it would be: on the other engine, and last.
        berth.wait_event("image", environment=last)
        waiting = self.queue_in(last)
        self.other.vanish()
        wait_until(lambda: [row for row in berth.events("engine", name="two")
                            if row["level"] == "error"])
        self.signal_worker(first)
        berth.wait_event("claimed", 20, work=waiting["id"])
        self.other.come_back()
        self.assertEqual(berth.terminate(), 0)


class TheEnd(TwoEnginesCase):
    def setUp(self) -> None:
        super().setUp()
        self.seconds = 30  # a removal of a network is given 120
        item = self.queue_in(self.elsewhere)
        self.berth = self.start("run")
        self.berth.wait_event("removed", work=item["id"])

    def test_does_not_wait_for_an_engine_that_does_not_answer(self) -> None:
        self.other.rule(op="network_remove", delay_ms=100000)
        self.assertEqual(self.berth.terminate(self.seconds), 0)
        self.assertEqual(len(self.berth.events("network_left")), 1)

    def test_does_not_ask_an_engine_that_is_away(self) -> None:
        self.other.vanish()
        wait_until(lambda: [row for row in self.berth.events("engine", name="two")
                            if row["level"] == "error"])
        self.assertEqual(self.berth.terminate(self.seconds), 0)
        self.assertEqual(self.berth.events("network_left"), [])
        self.other.come_back()


class AnExitCode(TwoEnginesCase):
    def test_does_not_tell_of_what_a_reload_has_mended(self) -> None:
        self.cp.fault("poll", environment=self.elsewhere, status=400)
        berth = self.start("run")
        berth.wait_event("given_up", environment=self.elsewhere)
        self.reload(berth)
        berth.wait_event("idle", environment=self.elsewhere)
        self.cp.fault("poll", status=401, times=None)
        self.assert_exit(berth, 77)


class ADrain(TwoEnginesCase):
    def test_settles_an_engine_that_no_environment_is_on_any_more(self) -> None:
        item = self.queue_in(self.elsewhere)
        self.other.worker("*", "hang")
        berth = self.start("run")
        berth.wait_event("heartbeat", work=item["id"])
        berth.kill()
        self.other.exit_container(f"berth-{item['id']}")
        self.place.settings["environments"][1]["engine"] = "one"
        self.other.rule(op="list", delay_ms=1500)
        self.assert_exit(self.run_berth("drain"), 0)
        self.assertEqual(self.other.containers(), [])
        self.assertIn("removed", self.place.records(item["id"])[-1])
