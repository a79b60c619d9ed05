# SPDX-License-Identifier: Apache-2.0
"""Test cases on a real engine: the control plane listens on loopback for berth and on the private
bridge's address for the containers, and every test begins and ends with an empty engine."""
from __future__ import annotations

from typing import Any

import private_engine
from harness import Berth, BerthCase, Place, wait_until
from kinds import KIND
from watcher import Seen, Watcher

SECONDS = 90 * KIND.patience


class EngineCase(BerthCase):
    """Adds self.engine (what it really has) and self.watcher (what it had)."""

    # Whether the engine's events are followed, which keeps a service from ever being idle.
    watches = True

    def setUp(self) -> None:
        self.engine = private_engine.engine
        self.listen = [("127.0.0.1", 0), (private_engine.bridge_address, 0)]
        self._empty_engine()
        self.addCleanup(self._empty_engine)
        self.watcher = Watcher(self.engine) if self.watches else None
        if self.watcher is not None:
            self.addCleanup(self.watcher.stop)
        super().setUp()

    def engine_url(self) -> str:
        return private_engine.url

    def add_place(self, name: str = "place", environment: dict[str, str] | None = None,
                  **settings: Any) -> Place:
        place = super().add_place(name, environment, **{
            "instance": "engines", "session_base_url": self.cp.urls[1], "allow_http": True,
            "policy_dir": str(KIND.policy_dir), **settings})
        place.environment["policy"] = KIND.policy
        if KIND.patience > 1:
            # What takes so long shall not be offered again meanwhile.
            place.environment["poll"].update(reclaim_older_than_ms=120000, ack_within="60s")
            place.environment["timeouts"].update(first_heartbeat="10m")
        return place

    def _empty_engine(self) -> None:
        """A test that fails leaves its containers; the next one shall not find them, nor one whose
        engine was started anew."""
        for container in self.engine.containers():
            self.engine.call("DELETE", f"/containers/{container['Id']}?force=1&v=1&timeout=0")
        self.engine.call("POST", "/networks/prune")
        self.engine.call("POST", "/volumes/prune")

    # --- observing ------------------------------------------------------------------------------

    def running(self, item: dict) -> dict:
        """What the engine says of the item's container, once it runs."""
        def look() -> dict | None:
            for row in self.engine.containers():
                if f"/berth-{item['id']}" in row["Names"] and row["State"] == "running":
                    return self.engine.inspect(row["Id"])
            return None
        return wait_until(look, SECONDS, f"no container of {item['id']} runs")

    def wait_result(self, item: dict, count: int = 1) -> list[str]:
        """The texts of the session's tool results, once there are that many."""
        self.cp.wait_requests("events_send", count, SECONDS, session=item["session_id"])
        return self.results(item)

    def results(self, item: dict) -> list[str]:
        results = self.cp.session(item["session_id"])["results"]
        return ["".join(part["text"] for part in result["content"]) for result in results]

    def stops_by_berth(self) -> list:
        return self.cp.log.of("stop", credential="environment")

    # --- what must hold -------------------------------------------------------------------------

    def the_container_of(self, item: dict) -> Seen:
        """The only container that the item ever had."""
        containers = self.watcher.of(item["id"])
        self.assertEqual(len(containers), 1, f"containers of {item['id']}")
        return containers[0]

    def assert_stopped_by_its_container(self, item: dict) -> None:
        """One stop, from where its container connects from, with the token of the item's own
        secret. berth has neither that address, as it talks to loopback, nor that token."""
        stops = self.cp.log.of("stop", work=item["id"])
        self.assertEqual([stop.token_of for stop in stops], [item["id"]])
        self.assertEqual(stops[0].credential, f"session:{item['session_id']}")
        self.assertEqual(stops[0].peer.rpartition(":")[0], self.address_of(item))
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")

    def address_of(self, item: dict) -> str | None:
        """Where the requests of the item's container come from: where it has no address of its
        own, this machine's, because a process outside the container makes its connections."""
        return (self.the_container_of(item).address if KIND.has_addresses
                else private_engine.bridge_address)

    def assert_waivers_named(self, berth: Berth) -> None:
        """What the policy waives on this engine is what the log calls unenforced."""
        named = [event["fields"] for event in berth.events("unenforced")]
        self.assertEqual(",".join(named), ",".join(KIND.unenforced))

    def assert_kept(self, promise: str, holds: bool, found: object) -> None:
        """A promise holds, unless the policy waives it by name; see assert_waivers_named()."""
        self.assertTrue(holds or promise in KIND.unenforced, f"{promise}: found {found}")

    def assert_nothing_left(self) -> None:
        if self.watcher is not None:
            self.watcher.wait_removed()
        self.assertEqual(self.engine.containers(), [])
        self.assertEqual(self.engine.volumes(), [])
        self.assertEqual(self.engine.networks(), [])
