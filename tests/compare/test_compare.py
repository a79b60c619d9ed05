# SPDX-License-Identifier: Apache-2.0
"""berth and the official poller under the same scripts of answers: each does what its column of the
table says, so a difference that is new or gone fails here, by the name of its row."""
from __future__ import annotations

import time
import unittest

import table
from calls import has_parts, part_of
from events import agrees, is_complete, line
from harness import FlowCase
from rows import ROWS, Row
from script import Script
from sides import BerthPerQueue, OfficialPoller, Queue

# A pause may be measured too long on a busy machine; what is really different is so every time.
MEASUREMENTS = 4
# What a process does for the first time is slow, and not looked at.
WARM_UP = Script("session")
SECONDS = 15.0


class TheTable(FlowCase):
    def test_is_what_the_official_poller_does(self) -> None:
        self.compare(OfficialPoller, "official", "berth")

    def test_is_what_berth_does(self) -> None:
        self.compare(BerthPerQueue, "berth", "official")

    def compare(self, side: type, column: str, other: str) -> None:
        """Runs the scripts of all rows, and again those of the rows that seem to be wrong."""
        wrong = {row: [""] for row in ROWS}
        for _ in range(MEASUREMENTS):
            if not wrong:
                break
            runs = self.measure(side, list(wrong), column)
            wrong = {row: found for row in wrong
                     if (found := self.contradictions(row, column, other, runs))}
        if wrong:
            self.fail("\n".join([f"{column} does not do what the table says in the rows "
                                 f"{', '.join(row.what for row in wrong)}",
                                 *(text for row, found in wrong.items()
                                   for text in self.report(row, column, found))]))

    def report(self, row: Row, column: str, found: list[str]) -> list[str]:
        return [f"row {row.what!r} ({row.why or 'same'})",
                f"  documented: {getattr(row, column)}", *found]

    # --- running one side -----------------------------------------------------------------------

    def measure(self, side: type, rows: list[Row], column: str) -> dict[Script, Queue]:
        """Runs each script once, until all has been seen that the rows' cells are about."""
        runs: dict[Script, Queue] = {}
        for script in (WARM_UP, *(script for row in rows for script in row.scripts)):
            if script not in runs:
                runs[script] = Queue(*script.prepare(self.cp))
                self.secrets.add("an environment key", [runs[script].environment["key"]])
        running = side(self, list(runs.values()))
        pending = [(row, script) for row in rows for script in row.scripts]
        deadline = time.monotonic() + SECONDS
        while pending and time.monotonic() < deadline:
            time.sleep(0.1)
            running.look()
            pending = [(row, script) for row, script in pending
                       if not self.is_seen(row, getattr(row, column), runs[script])]
        running.stop()
        return runs

    def is_seen(self, row: Row, cell: str, queue: Queue) -> bool:
        if row.part:
            return has_parts(queue.records(self))
        return is_complete(cell, queue.events(self))

    def contradictions(self, row: Row, column: str, other: str,
                       runs: dict[Script, Queue]) -> list[str]:
        """What was seen of the row, unless it is what its cell says."""
        found = []
        for queue in (runs[script] for script in row.scripts):
            if not self.agrees(row, getattr(row, column), queue):
                found.append(f"  observed:   {self.seen(row, queue)}")
                if self.agrees(row, getattr(row, other), queue):
                    found.append(f"  the difference is gone: {other} does the same")
        return found

    def agrees(self, row: Row, cell: str, queue: Queue) -> bool:
        return self.seen(row, queue) == cell if row.part else agrees(cell, queue.events(self))

    def seen(self, row: Row, queue: Queue) -> str:
        return (part_of(queue.records(self), row.part) if row.part
                else line(queue.events(self)))


class TheTableAsItIsWritten(unittest.TestCase):
    def test_gives_a_reason_for_every_difference_and_for_nothing_else(self) -> None:
        for row in ROWS:
            with self.subTest(row=row.what):
                self.assertEqual(row.official == row.berth, not row.why)

    def test_stands_in_the_readme(self) -> None:
        self.assertEqual(table.in_readme(), list(table.lines()),
                         "replace README's table by what `make compare-table` prints")


if __name__ == "__main__":
    unittest.main()
