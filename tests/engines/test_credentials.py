# SPDX-License-Identifier: Apache-2.0
"""Which secrets a session's container gets, by `credential`, and where else they show."""
from __future__ import annotations

import json
import secrets
from typing import Iterator

import private_engine
import processes
from engine_case import SECONDS, EngineCase

setUpModule, tearDownModule = private_engine.start, private_engine.stop

ENVIRONMENT_KEY, TOKEN = "an environment key", "a sessions token"


class Credentials(EngineCase):
    # Characters that look different in each encoding, where random keys may have none of them.
    @property
    def environment_options(self) -> dict:
        return {"key": f"sk-ant-oat01-{secrets.token_urlsafe(32)}+/~="}

    def hold(self, credential: str, **options: str) -> dict:
        """Starts berth and a session that stays, sets self.container, self.pids and self.berth."""
        self.place.environment["credential"] = credential
        [item] = self.queue(end="hold", script=["echo ready"], **options)
        self.berth = self.start("run")
        self.container = self.running(item)
        self.assertEqual(self.wait_result(item), ["ready"])
        self.pids = self.engine.pids(self.container["Id"])
        names = [processes.read(f"/proc/{pid}/comm").strip() for pid in self.pids]
        self.worker = self.pids[[name in ("node", "MainThread") for name in names].index(True)]
        return item

    def finish(self, item: dict) -> None:
        self.cp.finish_session(item["session_id"])
        self.berth.wait_event("removed", SECONDS)
        self.assertEqual(self.berth.terminate(), 0)
        self.assert_nothing_left()

    def finish_by_token(self, item: dict) -> None:
        self.finish(item)
        self.assert_stopped_by_its_container(item)
        self.assertEqual(self.stops_by_berth(), [])

    def assert_exposure_recorded(self, item: dict, exposed: bool) -> None:
        self.assertIs(self.place.records(item["id"])[-1]["environment_key_exposed"], exposed)
        self.assertEqual(len(self.berth.events("environment_key_exposed")), int(exposed))

    def outside(self) -> Iterator[tuple[str, str]]:
        """What others on this machine, and readers of berth's files, can see of the session."""
        yield "arguments of all processes", processes.command_lines()
        yield "berth's environment", processes.read(f"/proc/{self.berth.pid}/environ")
        yield "labels", json.dumps(self.container["Config"]["Labels"])
        yield "ps", self.place.run("ps").stdout
        yield "the container's output", self.engine.logs(self.container["Id"]).decode("latin-1")
        yield from self.place.texts()

    def inside(self) -> Iterator[tuple[str, str]]:
        """What the container was given, and all that its processes have in memory."""
        yield "inspect", self.engine.raw(
            "GET", f"/containers/{self.container['Id']}/json").decode("latin-1")
        for pid in self.pids:
            for name in ("environ", "cmdline", "maps", "mountinfo"):
                yield f"{name} of a process", processes.read(f"/proc/{pid}/{name}")
            for piece in processes.memory(pid):
                yield "memory of a process", piece

    def places_of(self, secret: str, texts: Iterator[tuple[str, str]]) -> set[str]:
        return {name for name, text in texts if secret in self.secrets.found_in(text)}

    def variables(self) -> dict[str, str]:
        """The worker's ANTHROPIC_* variables; the same ones that the engine names."""
        def ours(pairs: dict[str, str]) -> dict[str, str]:
            return {name: value for name, value in pairs.items() if name.startswith("ANTHROPIC_")}
        given = dict(entry.split("=", 1) for entry in self.container["Config"]["Env"])
        self.assertEqual(ours(given), ours(processes.environment(self.worker)))
        return ours(given)


class CredentialAuto(Credentials):
    def test_keeps_the_environment_key_away_from_the_session(self) -> None:
        item = self.hold("auto")
        self.assertEqual(self.places_of(ENVIRONMENT_KEY, self.inside()), set())
        self.assertEqual(self.places_of(ENVIRONMENT_KEY, self.outside()), set())
        # The same search finds what is there.
        self.assertEqual(self.places_of(TOKEN, self.inside()),
                         {"inspect", "environ of a process", "memory of a process"})
        self.finish_by_token(item)
        self.assert_exposure_recorded(item, False)

    def test_shows_the_sessions_token_to_the_session_only(self) -> None:
        item = self.hold("auto")
        self.assertEqual(self.places_of(TOKEN, self.outside()), set())
        self.assertEqual(self.variables(), {
            "ANTHROPIC_SESSION_ID": item["session_id"], "ANTHROPIC_WORK_ID": item["id"],
            "ANTHROPIC_ENVIRONMENT_ID": self.env["id"], "ANTHROPIC_BASE_URL": self.cp.urls[1],
            "ANTHROPIC_ENVIRONMENT_KEY": item["token"], "ANTHROPIC_WORK_SECRET": item["secret"]})
        self.finish_by_token(item)

    def test_gives_the_key_and_says_so_where_an_item_has_no_secret(self) -> None:
        item = self.hold("auto", secret="none")
        self.assertEqual(self.variables()["ANTHROPIC_ENVIRONMENT_KEY"], self.env["key"])
        self.assertNotIn("ANTHROPIC_WORK_SECRET", self.variables())
        self.finish(item)
        self.assert_exposure_recorded(item, True)


class CredentialKey(Credentials):
    def test_gives_the_five_documented_variables(self) -> None:
        item = self.hold("key")
        self.assertEqual(self.variables(), {
            "ANTHROPIC_SESSION_ID": item["session_id"], "ANTHROPIC_WORK_ID": item["id"],
            "ANTHROPIC_ENVIRONMENT_ID": self.env["id"], "ANTHROPIC_BASE_URL": self.cp.urls[1],
            "ANTHROPIC_ENVIRONMENT_KEY": self.env["key"]})
        self.assertEqual(self.places_of(ENVIRONMENT_KEY, self.outside()), set())
        self.assertIn("inspect", self.places_of(ENVIRONMENT_KEY, self.inside()))
        self.finish(item)
        self.assert_exposure_recorded(item, True)
        [stop] = self.cp.log.of("stop")
        self.assertEqual((stop.credential, stop.peer.rpartition(":")[0]),
                         (f"environment:{self.env['id']}", self.address_of(item)))


class CredentialSecret(Credentials):
    def test_gives_the_token_and_the_secret(self) -> None:
        item = self.hold("secret")
        self.assertEqual((self.variables()["ANTHROPIC_ENVIRONMENT_KEY"],
                          self.variables()["ANTHROPIC_WORK_SECRET"]),
                         (item["token"], item["secret"]))
        self.assertEqual(self.places_of(ENVIRONMENT_KEY, self.inside()), set())
        self.finish_by_token(item)
