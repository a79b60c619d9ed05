# SPDX-License-Identifier: Apache-2.0
"""ps, logs and stop where a fleet has several engines: each finds what any of them has."""
import json

from harness import Berth
from twoengines import TwoEnginesCase


class TheCommands(TwoEnginesCase):
    def setUp(self) -> None:
        super().setUp()
        for engine in (self.engine, self.other):
            engine.worker("*", "hang")
        self.here, self.there = self.queue_in(self.env["id"]), self.queue_in(self.elsewhere)
        self.assert_exit(self.run_berth("drain", "--detach"), 0)
        self.cp.wait_state("active")

    def call(self, verb: str, *arguments: str, code: int = 0) -> Berth:
        berth = self.place.start_plain(verb, "--config", str(self.place.fleet_file), *arguments)
        self.assertEqual(berth.wait(), code, berth.stdout + berth.stderr)
        return berth

    def test_list_what_each_has(self) -> None:
        table = [line.split() for line in self.call("ps").stdout.splitlines()]
        self.assertEqual(table[0][-1], "ENGINE")
        self.assertEqual({(row[2], row[-1]) for row in table[1:]},
                         {(self.here["id"], "one"), (self.there["id"], "two")})
        rows = json.loads(self.call("ps", "-o", "json").stdout)
        self.assertEqual({row["engine"] for row in rows}, {"one", "two"})

    def test_find_a_session_wherever_it_is(self) -> None:
        self.other.say(f"berth-{self.there['id']}", "from the other\n")
        self.assertIn("from the other", self.call("logs", self.there["id"]).stdout)
        self.assertIn("is stopped", self.call("stop", self.there["id"]).stdout)
        self.assertEqual(len(self.other.requests(op="kill")), 1)
        self.assertEqual(self.engine.requests(op="kill"), [])

    def test_do_with_those_that_answer(self) -> None:
        self.other.vanish()
        berth = self.call("ps", code=69)
        self.assertIn(self.here["id"], berth.stdout)
        self.assertIn("engine two", berth.stderr)
        self.call("logs", self.here["id"])
        self.assertIn("is stopped", self.call("stop", self.here["id"]).stdout)
        self.call("stop", self.there["id"], code=69)
        self.call("logs", self.there["id"], code=69)
