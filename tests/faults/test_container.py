# SPDX-License-Identifier: Apache-2.0
"""A container's name is taken, the container itself is taken away, or what is in it cannot run."""
from __future__ import annotations

import threading

import private_engine
from engine_case import SECONDS
from fault_case import ENDED_ITSELF, IS_DOCKER, QUEUED, DerivedImageCase, End, FaultCase
from meddling import FIRST_LOOK, START

setUpModule, tearDownModule = private_engine.start, private_engine.stop

# Of Podman's init, whatever the reason.
CATATONIT_CODE = 1


class AnEntryPointThatIsNotThere(DerivedImageCase):
    instruction = 'ENTRYPOINT ["/does/not/exist"]'
    what, code = "does not exist", 127 if IS_DOCKER else CATATONIT_CODE

    def test_costs_one_session_and_no_other(self) -> None:
        first, second = self.queue(2, script=["echo done"])
        berth = self.start("drain", "--wait", "--sessions", "1")
        self.assert_exit(berth, 75, SECONDS)
        self.assertIn(f"the command of image {self.image}", berth.wait_event("paused")["msg"])
        self.assert_end(f"entry point {self.what}", first,
                        End("stopped", (f"start_failed {self.code}",), stops=1))
        self.assert_end(f"entry point {self.what}: the next session", second, QUEUED)


class AnEntryPointThatIsNoProgram(AnEntryPointThatIsNotThere):
    instruction = 'ENTRYPOINT ["/etc/passwd"]'
    what, code = "is no program", 126 if IS_DOCKER else CATATONIT_CODE


class AVolumeThatIsAFile(DerivedImageCase):
    """The runtime itself fails: Docker's at the start, Podman's when the container is prepared,
    which is before the ack."""

    instruction = "VOLUME /etc/passwd"

    def test_costs_one_session_at_most(self) -> None:
        first, second = self.queue(2, script=["echo done"])
        berth = self.start("drain", "--wait", "--sessions", "1")
        self.assert_exit(berth, 75, SECONDS)
        self.assert_end("runtime cannot start the container", first,
                        End("stopped", ("start_failed, never ran",), stops=1) if IS_DOCKER
                        else QUEUED)
        self.assert_end("runtime cannot start the container: the next session", second, QUEUED)


class AContainersName(FaultCase):
    def occupy(self, item: dict, **labels: str) -> str:
        """A container of that name, which is there before berth's."""
        made = self.engine.call("POST", f"/containers/create?name=berth-{item['id']}", {
            "Image": self.image, "Cmd": ["sleep", "60"], "Entrypoint": [],
            "HostConfig": {"NetworkMode": "none"},
            "Labels": {f"berth.{name}": value for name, value in labels.items()}})
        return made["Id"]

    def test_that_somebody_else_has_is_left_to_it(self) -> None:
        [item] = self.queue(script=["echo done"])
        container = self.occupy(item)
        self.start("drain", "--wait").wait(SECONDS)
        self.assertEqual([row["Id"] for row in self.engine.containers()], [container])
        self.engine.call("DELETE", f"/containers/{container}?force=1&v=1&timeout=0")
        self.assert_end("name held by somebody else's container", item, QUEUED)

    def test_that_a_leftover_of_our_own_has_is_taken_from_it(self) -> None:
        """It comes between the claim and the create; one that is there before is adopted."""
        [item] = self.queue(script=["echo done"])
        self.cp.fault("poll", work=item["id"], when="after",
                      hook=lambda _: self.occupy(
                          item, schema="1", instance="engines", environment=self.env["id"],
                          work=item["id"], session=item["session_id"]))
        self.assert_exit(self.start("drain", "--wait"), 0, SECONDS)
        self.assert_end("name held by an own container that never ran", item, ENDED_ITSELF)

    def test_that_is_being_freed_is_taken_then(self) -> None:
        [item] = self.queue(script=["echo done"])
        container = self.occupy(item)
        self.engine.call("POST", f"/containers/{container}/start")
        removal = threading.Thread(target=self.engine.call, args=(
            "DELETE", f"/containers/{container}?force=1&v=1&timeout=0"))
        self.cp.fault("poll", work=item["id"], when="after", hook=lambda _: removal.start())
        berth = self.start("run")
        self.let_end(item, berth)
        removal.join()
        self.assert_end("name being freed at the create", item, ENDED_ITSELF)


class AContainerThatIsTakenAway(FaultCase):
    def test_before_the_ack_is_made_anew(self) -> None:
        [item] = self.queue(script=["echo done"])
        meddler = self.meddle(FIRST_LOOK, lambda: self.take_away(item))
        self.let_end(item, self.start("run"))
        self.assertTrue(meddler.done.is_set())
        self.assert_end("container removed before the ack", item, ENDED_ITSELF)

    def test_before_its_start_has_its_item_stopped(self) -> None:
        """It is acked, and without a container it would stay so for good."""
        [item] = self.queue(script=["echo done"])
        meddler = self.meddle(START, lambda: self.take_away(item))
        self.assert_exit(self.start("drain", "--wait"), 75, SECONDS)
        self.assertTrue(meddler.done.is_set())
        self.assert_end("container removed before its start", item,
                        End("stopped", ("start_failed, never ran",), stops=1))


class ASessionWhoseContainerIsTakenAway(FaultCase):
    environment_options = {"ttl_seconds": 6}

    def test_runs_again_when_its_lease_has_lapsed(self) -> None:
        item, berth = self.session_under_way()
        self.take_away(item)
        berth.wait_event("started", SECONDS, count=2, work=item["id"])
        self.let_end(item, berth)
        self.assert_end("container removed under a session", item,
                        *(End("stopped", (f"itself {code}", "itself 0")) for code in (137, -1)))
