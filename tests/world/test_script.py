# SPDX-License-Identifier: Apache-2.0
"""The simulated world's control plane answers as the simulator of tests/controlplane does.

WORLD_SCRIPT names the program that runs a script through the former (plane_script.c).
"""
from __future__ import annotations

import difflib
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))
from controlplane.work import token_in  # noqa: E402
from world.script import make  # noqa: E402
from world.script.script import Script  # noqa: E402
from world.script.simulator import Runner  # noqa: E402

STEPS = TESTS / "world" / "script" / "steps.jsonl"


def run_model(steps: list[dict]) -> list[dict]:
    done = subprocess.run([os.environ["WORLD_SCRIPT"]], check=True, stdout=subprocess.PIPE,
                          input="".join(json.dumps(step) + "\n" for step in steps).encode())
    return [json.loads(line) for line in done.stdout.splitlines()]


class Names:
    """Ids and tokens are made up by each side: they are called by the order of their appearance."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def of(self, text: str, what: str) -> str:
        return self.known.setdefault(text, f"<{what} {len(self.known)}>")

    def replace(self, value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {name: self.replace(member, name) for name, member in value.items()}
        if isinstance(value, list):
            return [self.replace(member) for member in value]
        if not isinstance(value, str):
            return value
        if key == "secret":
            return self.of(token_in(value) or value, "token")
        if key == "token" or key == "key":
            return self.of(value, key)
        return self.of(value, "id") if value.startswith("work_") and key == "id" else value


def comparable(steps: list[dict], answers: list[dict]) -> list[list[str]]:
    """Each step and its answer as lines, in the order of the steps."""
    names, lines = Names(), []
    for answer in sorted(answers, key=lambda answer: answer["step"]):
        try:
            body = names.replace(json.loads(answer["body"]))
        except ValueError:
            body = answer["body"]
        lines.append([f"step {answer['step']}: {json.dumps(steps[answer['step']])}",
                      f"at {answer['at']} ms", f"status {answer['status']}",
                      *answer["headers"].splitlines(),
                      *json.dumps(body, indent=1, sort_keys=True).splitlines()])
    return lines


class Answers(unittest.TestCase):
    def test_both_answer_alike(self) -> None:
        """the modelled control plane and the simulator answer every step of the script alike"""
        steps = [json.loads(line) for line in STEPS.read_text().splitlines()]
        self.assertGreater(len(steps), 1000)
        modelled = comparable(steps, run_model(steps))
        simulated = comparable(steps, Runner(steps).run())
        self.assertEqual(len(modelled), len(steps))
        self.assertEqual(len(simulated), len(steps))
        different = [pair for pair in zip(simulated, modelled) if pair[0] != pair[1]]
        diffs = ["\n".join(difflib.unified_diff(*pair, "simulator", "model", n=20, lineterm=""))
                 for pair in different[:5]]
        if different:
            self.fail(f"{len(different)} steps differ\n" + "\n\n".join(diffs))

    def test_the_script_is_what_its_generator_writes(self) -> None:
        """the script is what its generator writes"""
        steps = [json.loads(line) for line in STEPS.read_text().splitlines()]
        self.assertEqual(steps, make.make())


class Alone(unittest.TestCase):
    """What the simulator does not have."""

    def setUp(self) -> None:
        self.script = Script()
        self.script.environment("e1")

    def answers(self) -> list[dict]:
        return sorted(run_model(self.script.steps), key=lambda answer: answer["step"])

    def statuses(self) -> list[int]:
        return [answer["status"] for answer in self.answers() if answer["status"]]

    def observed(self) -> list[str]:
        return [text.rpartition(" ")[0] for answer in self.answers() for text in answer["observed"]]

    def test_a_key_may_be_for_polls_alone(self) -> None:
        """list and stats can be denied to a key that may do the rest"""
        s = self.script
        s.add("options", environment="e1", options={"list_is_not_permitted": True})
        s.list("e1")
        s.stats("e1")
        s.poll("e1")
        self.assertEqual(self.statuses(), [403, 403, 200])

    def test_who_is_gone_claims_nothing(self) -> None:
        """a poll whose asker is gone is not answered and claims nothing"""
        s = self.script
        poll = s.poll("e1", query="block_ms=900")
        s.add("leave", 5, call=poll)
        s.work("e1", "sesn_1", 5)
        s.add("poll", 5, environment="e1")
        answers = self.answers()
        self.assertEqual([answer["step"] for answer in answers], [0, 2, 3, 4])
        self.assertIn("work_", answers[-1]["body"])

    def test_polls_are_served_in_the_order_of_their_arrival(self) -> None:
        """of several polls that wait, the first to come gets the first item"""
        s = self.script
        for _ in range(3):
            s.poll("e1", 1, query="block_ms=900")
        s.work("e1", "sesn_1", 5)
        s.work("e1", "sesn_2", 5)
        answers = self.answers()
        sessions = [(json.loads(answer["body"]) or {}).get("data", {}).get("id")
                    for answer in answers[1:4]]
        self.assertEqual(sessions, ["sesn_1", "sesn_2", None])
        self.assertEqual([answer["at"] for answer in answers[1:4]], [8, 13, 13])

    def test_what_is_stopped_can_be_forgotten(self) -> None:
        """an item that has been stopped for long is forgotten with its tokens, its session is not"""
        s = self.script
        old, young = s.work("e1", "sesn_1"), s.work("e1", "sesn_2")
        s.stop("e1", old, 1, force=True)
        s.stop("e1", young, 100, force=True)
        s.add("redeliver", work=f"{{{old}.id}}")
        forgotten = s.add("forget", 100, for_ms=150)
        s.ack("e1", old)
        s.ack("e1", young)
        s.ack("e1", young, bearer=f"{{{old}.token}}")
        s.poll("e1")
        s.work("e1", "sesn_1", 1)
        s.poll("e1")
        s.list("e1")
        answers = self.answers()
        by_name = {s.steps[answer["step"]]["name"]: answer for answer in answers}
        self.assertEqual(by_name[forgotten]["observed"],
                         ["forgotten " + json.loads(by_name[old]["body"])["id"]])
        self.assertEqual(self.statuses(), [204, 204, 404, 409, 401, 200, 200, 200])
        rows = json.loads(answers[-1]["body"])["data"]
        self.assertEqual([(row["data"]["id"], row["state"]) for row in rows],
                         [("sesn_2", "stopped"), ("sesn_1", "queued")])

    def test_the_observer_is_told_all(self) -> None:
        """who observes is told of each offer, ack, heartbeat, lapse and stop, as it happens"""
        s = self.script
        s.add("options", environment="e1", options={"ttl_ms": 1000})
        work = s.work("e1", "sesn_1")
        s.poll("e1")
        s.ack("e1", work)
        s.ack("e1", work)
        beat = s.beat("e1", work, "NO_HEARTBEAT", 1)
        s.beat("e1", work, "NO_HEARTBEAT", 1)
        s.beat("e1", work, beat, 1)
        s.poll("e1", 2000)
        s.ack("e1", work)
        s.stop("e1", work)
        s.beat("e1", work, "NO_HEARTBEAT")
        s.stop("e1", work, force=True)
        s.stop("e1", work)
        self.assertEqual(self.observed(), [
            "offered", "acked", "acked again", "beaten first", "beaten", "lapsed", "offered",
            "acked", "stopped when starting", "force-stopped when stopping",
            "stopped when stopped"])


if __name__ == "__main__":
    unittest.main()
