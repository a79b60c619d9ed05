# SPDX-License-Identifier: Apache-2.0
"""Ten thousand sessions through one berth: every one runs once, and it holds no more afterwards.

The sessions come in tenths, and berth's footprint is taken between two of them, when it knows all
that there is to know of every session. What it holds then must not grow after the first fifth, by
which its caches and the allocator's heap have their size. SOAK_SESSIONS makes the run shorter.
"""
from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path

from controlplane.work import encode_secret
from harness import Berth, FlowCase, wait_until

from footprint import Footprint, footprint, growth, is_instrumented

SESSIONS = int(os.environ.get("SOAK_SESSIONS", "10000"))
ENVIRONMENTS = 4
TENTH = SESSIONS // 10

SLOTS = 8  # of each environment
# Connections are kept for the next call. There are as many as calls were under way at once: two
# sessions for each slot, as one that has ended gives its slot back before it is cleared away, with
# a call to the engine and one to the control plane each; a poll and a list of each environment; the
# events.
MOST_SOCKETS = ENVIRONMENTS * (SLOTS * 2 * 2 + 2) + 1

# What the footprint may seem to grow by after the first fifth. Samples scatter by some 110 KiB, as
# malloc() gives the heap's top back in steps of 128: that alone makes a slope of 15 bytes per
# session (standard deviation, for 9 samples 1,000 sessions apart), and this is four of them, or 64
# bytes. A session that is kept takes 2,800, an object of JSON 300.
MOST_GROWTH = 512 * 1024


class RecordReader:
    """Follows records.jsonl; of several lines about one session the last one counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.last: dict[str, dict] = {}

    def count(self, time_of: str) -> int:
        """The sessions by whose records that has happened."""
        self._read_on()
        return sum(time_of in record for record in self.last.values())

    def _read_on(self) -> None:
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[:text.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            record = json.loads(line)
            self.last[record["work"]] = record


class TenThousandSessions(FlowCase):
    engine_options = {"worker": "brief-worker"}

    def setUp(self) -> None:
        super().setUp()
        self.place.environment["sessions"] = SLOTS
        self.place.settings["engine"]["launches"] = SLOTS
        self.environments = [self.env, *(self.serve_another_environment()
                                         for _ in range(ENVIRONMENTS - 1))]
        self.works: list[str] = []
        self.seen = 0
        self.records = RecordReader(self.place.records_file)

    def test_run_once_each_and_leave_berth_as_small_as_it_was(self) -> None:
        began = time.monotonic()
        berth = self.start("run", "--log-level", "info")
        wait_until(self.place.records_file.exists)
        samples = []
        for tenth in range(10):
            self.run_a_tenth(tenth, berth)
            samples.append(footprint(berth.pid, len(self.works)))
            print(f"# {samples[-1]}", flush=True)
        seconds = time.monotonic() - began
        print(f"# {len(self.works)} sessions in {seconds:.0f} s, "
              f"{len(self.works) / seconds:.0f} a second", flush=True)
        instrumented = is_instrumented(berth.pid)
        self.assertEqual(berth.terminate(), 0)
        self.assert_records_are_whole()
        self.assert_nothing_left()
        self.assert_no_growth(samples[1:], instrumented)

    def run_a_tenth(self, tenth: int, berth: Berth) -> None:
        """Queues as many, and returns when berth has nothing more to find out about them."""
        works = []
        for environment in self.environments:
            works += self.cp.queue(environment["id"], TENTH // ENVIRONMENTS - 1)
        wait_until(lambda: not berth.is_running() or
                   self.records.count("exited") >= len(self.works) + len(works), 300)
        # A session that was over before a heartbeat was seen is looked up with the next list that
        # somebody needs, within half a minute. What exits with an error needs one at once.
        for number, environment in enumerate(self.environments):
            works += self.cp.queue(environment["id"], session=f"sesn_exit-1_{tenth}_{number}")
        self.works += [item["id"] for item in works]
        wait_until(lambda: not berth.is_running() or
                   self.records.count("removed") >= len(self.works), 300)
        self.assert_ran_once({item["id"] for item in works})
        self.assertEqual(self.engine.containers(), [])

    # --- what must hold -------------------------------------------------------------------------

    def assert_ran_once(self, works: set[str]) -> None:
        """By the control plane's log since the last time; then it forgets them, as nobody needs
        lists that grow."""
        calls = Counter((record.endpoint, record.credential.partition(":")[0], record.work)
                        for record in self.cp.log.of(("ack", "heartbeat", "stop"),
                                                     since=self.seen))
        self.seen = self.cp.log.last_seq()
        self.assertEqual(calls.keys(), {(*call, work) for work in works
                                        for call in (("ack", "environment"),
                                                     ("heartbeat", "session"),
                                                     ("stop", "session"))})
        self.assertEqual(calls.total(), 3 * len(works), "a call was made twice")
        self.assertEqual(self.engine.stats()["created"], len(self.works))
        for item in self.cp.items():
            self.assertEqual(item["state"], "stopped")
            self.cp.remove(item["id"])

    def assert_records_are_whole(self) -> None:
        self.assertEqual(self.records.last.keys(), set(self.works))
        for record in self.records.last.values():
            self.assertLessEqual({"claimed", "acked", "started", "first_heartbeat", "exited",
                                  "removed"}, record.keys())
            self.assertFalse(record["force_stopped"])

    def assert_no_growth(self, samples: list[Footprint], instrumented: bool) -> None:
        for member in ("resident", "private_dirty"):
            slope = growth(samples, member)
            print(f"# {member}: {slope:+.2f} bytes per session", flush=True)
            if not instrumented:
                self.assertLess(slope, MOST_GROWTH / (0.8 * SESSIONS), f"{member} memory grows")
        for member in ("files", "threads"):
            self.assertEqual(len({getattr(sample, member) for sample in samples}), 1,
                             f"{member} change")
        for sample in samples:
            self.assertLessEqual(sample.sockets, MOST_SOCKETS)

    def _check_everything(self) -> None:
        """As for any test; but each secret of thousands is looked for by what they begin with."""
        self.secrets.add("an environment key", ["sk-ant-oat01-"])
        self.secrets.add("a sessions token", ["sk-ant-req-"])
        self.secrets.add("a work secret", [encode_secret("sk-ant-req-")[:-4]])
        for berth in self._berths():
            self.assertEqual(berth.sanitizer_report(), "", "a sanitizer complained")
        for name, text in self.place.texts():
            self.assertEqual(self.secrets.found_in(text), set(), f"{name} gives away secrets")
