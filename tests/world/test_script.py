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


if __name__ == "__main__":
    unittest.main()
