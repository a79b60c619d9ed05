# SPDX-License-Identifier: Apache-2.0
"""One table of all promises: what the policy asks, what the engine's inspect says, and what is true
for a session's own tool calls. It is printed, and written beside the tested berth."""
from __future__ import annotations

import socket
from pathlib import Path

import inspected
import private_engine
from engine_case import SECONDS, EngineCase
from harness import berth_program
from kinds import KIND
from promises import SERVE, Policy, Row, connect_script, rows, size

setUpModule, tearDownModule = private_engine.start, private_engine.stop


class EveryPromise(EngineCase):
    def test_is_true_inside(self) -> None:
        policy = Policy(KIND.policy_dir / f"{KIND.policy}.yaml")
        with socket.create_server(("127.0.0.1", 0)) as loopback:
            self.place.environment["sessions"] = 2
            [sibling] = self.queue(end="hold", script=[SERVE])
            berth = self.start("run")
            [addresses] = self.wait_result(sibling)
            self.assertTrue(addresses.split())
            promises = rows(policy, KIND.init, KIND.unfiltered) + self.network_rows(
                addresses.split(), loopback.getsockname()[1])
            [item] = self.queue(end="hold", script=[row.script for row in promises])
            container = self.running(item)
            results = self.wait_result(item, len(promises))
        found = {row.field: " ".join(text.split()) for row, text in zip(promises, results)}
        # What the session printed beyond the limit is gone.
        if len(self.engine.logs(container["Id"])) > 1.1 * size(policy.part("log", "size")):
            found["log"] = "all of it kept"
        says = self.engine.inspect(container["Id"], KIND.inspect_api)

        self.show([(row.field, row.asked, inspected.says(KIND.inspect_words, says, row.field),
                    found[row.field], self.verdict(row, found[row.field])) for row in promises])
        for row in promises:
            with self.subTest(promise=row.field):
                self.assertNotEqual(self.verdict(row, found[row.field]), "BROKEN", found[row.field])
        self.assert_waivers_named(berth)
        for each in (sibling, item):
            self.cp.finish_session(each["session_id"])
        berth.wait_event("removed", SECONDS, count=2)
        self.assertEqual(berth.terminate(), 0)
        self.assert_nothing_left()

    def network_rows(self, sibling: list[str], port: int) -> list[Row]:
        """A sibling's server, and one of the host that listens on its loopback only; the addresses
        are this machine's own, and slirp4netns's for it."""
        machine = [private_engine.bridge_address, "10.0.2.2", "127.0.0.1"]
        return [Row(name, "not reached", connect_script(*((address, at) for address in addresses)),
                    f"tried {' '.join(addresses)}")
                for name, addresses, at in [("siblings", sibling, 8000),
                                            ("host's loopback", machine, port)]]

    def verdict(self, row: Row, found: str) -> str:
        """Kept or waived; where nothing is waived a promise that does not hold is broken."""
        if found == " ".join(row.truth.split()):
            return "kept"
        return "waived" if row.waiver in KIND.unenforced else "BROKEN"

    def show(self, table: list[tuple[str, ...]]) -> None:
        head = ("field", "asked", "inspect says", "true inside", "")
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
                 for line in [head, ("---",) * len(head), *table]]
        for line in lines:
            print(f"# {line}", flush=True)
        title = f"Policy {KIND.policy} on {KIND.name}: {self.engine.version()}"
        path = Path(berth_program()).parent / f"hardening-{KIND.name}.md"
        path.write_text("\n".join([f"# {title}", "", *lines, ""]), encoding="utf-8")
