# SPDX-License-Identifier: Apache-2.0
"""The engine goes wrong under a session: its service, its monitors, its images."""
from __future__ import annotations

import os
import signal
from typing import Sequence

import private_engine
from engine_case import SECONDS
from fault_case import (ENDED_ITSELF, IS_DOCKER, QUEUED, DerivedImageCase, End, FaultCase,
                        remove_cgroups)
from kinds import KIND
from meddling import CREATE, START

setUpModule, tearDownModule = private_engine.start, private_engine.stop

SERVICE = "Docker daemon (live-restore)" if IS_DOCKER else "Podman service"


class AnEngineThatIsKilled(FaultCase):
    environment_options = {"ttl_seconds": 6}

    def test_under_a_session_takes_it_not_along(self) -> None:
        item, berth = self.session_under_way()
        self.crash()
        berth.wait_event("engine", SECONDS, level="error")
        private_engine.resume()
        self.let_end(item, berth)
        self.assert_end(f"{SERVICE} killed under a session", item, ENDED_ITSELF)

    def run_through(self, fault: str, call, may_be_left: Sequence[str] = (), **options) -> None:
        """The engine is killed at that call and started again when berth has noticed."""
        meddler = self.meddle(call, self.crash, **options)
        [item] = self.queue(script=["echo done"])
        berth = self.start("run")
        berth.wait_event("engine", SECONDS, level="error")
        self.assertTrue(meddler.done.wait(SECONDS))
        private_engine.resume()
        self.cp.wait_stopped([item["id"]], SECONDS)
        self.leave(berth)
        self.assertEqual(self.results(item), ["done"])
        self.assert_end(f"{SERVICE} killed {fault}", item, ENDED_ITSELF, may_be_left=may_be_left)

    def test_before_a_create_loses_no_session(self) -> None:
        self.run_through("before the create", CREATE)

    def test_after_a_create_loses_no_session(self) -> None:
        self.run_through("after the create, unanswered", CREATE, loses_answer=True)

    def test_before_a_start_loses_no_session(self) -> None:
        self.run_through("before the start", START)

    def test_after_a_start_runs_it_once(self) -> None:
        """Docker may count the container as attached to its network for ever after, and names it
        there when it is gone."""
        self.run_through("after the start, unanswered", START, loses_answer=True,
                         may_be_left=["network berth-engines"] if IS_DOCKER else ())


if IS_DOCKER:
    class ADaemonWithoutLiveRestoreThatIsKilled(FaultCase):
        environment_options = {"ttl_seconds": 6}

        def without_live_restore(self) -> None:
            settings = KIND.directory / "daemon.json"
            kept = settings.read_text(encoding="utf-8")
            self.addCleanup(settings.write_text, kept, encoding="utf-8")
            settings.write_text(kept.replace('"live-restore": true', '"live-restore": false'),
                                encoding="utf-8")

        def test_asks_its_sessions_to_end_when_it_is_back(self) -> None:
            item, berth = self.session_under_way()
            self.crash()
            berth.wait_event("engine", SECONDS, level="error")
            self.without_live_restore()
            private_engine.resume()
            self.cp.wait_stopped([item["id"]], SECONDS)
            self.leave(berth)
            self.assert_end("Docker daemon (no live-restore) killed under a session", item,
                            ENDED_ITSELF)
else:
    class AMonitorThatIsKilled(FaultCase):
        environment_options = {"ttl_seconds": 6}

        def test_has_its_session_run_again(self) -> None:
            """slirp4netns ends with the monitor: the worker is cut off, and its lease lapses."""
            item, berth = self.session_under_way()
            state = self.engine.inspect(self.running(item)["Id"], KIND.inspect_api)["State"]
            os.kill(state["ConmonPid"], signal.SIGKILL)
            berth.wait_event("started", SECONDS, count=2, work=item["id"])
            self.let_end(item, berth)
            for container in self.watcher.of(item["id"]):
                self.addCleanup(remove_cgroups, container.id)
            # Only the monitor could have removed it. Without root there is none.
            self.assert_end("conmon killed under a session", item,
                            End("stopped", ("lease_lapsed -1", "itself 0")),
                            left_by_engine=() if KIND.rootless else ("empty cgroup",))


class AnImageThatIsRemoved(DerivedImageCase):
    def test_between_claim_and_create_costs_no_session(self) -> None:
        meddler = self.meddle(CREATE, self.remove_image)
        [item] = self.queue(script=["echo done"])
        self.assert_exit(self.start("drain", "--wait"), 75, SECONDS)
        self.assertTrue(meddler.done.is_set())
        self.assert_end("image removed before the create", item, QUEUED)
        self.make_image()
        self.let_end(item, self.start("run"))
        self.assert_end("image removed before the create, and made again", item, ENDED_ITSELF)

    def test_under_a_session_loses_none(self) -> None:
        """Docker takes only the name away. Podman asks the worker to end, as anybody may, and
        removes the container."""
        item, berth = self.session_under_way()
        self.remove_image()
        self.let_end(item, berth)
        self.assert_end("image removed under a session", item,
                        *(End("stopped", (f"itself {code}",))
                          for code in KIND.codes_without_image))
