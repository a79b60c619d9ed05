# SPDX-License-Identifier: Apache-2.0
"""What a session costs berth does not grow unnoticed."""
from __future__ import annotations

import unittest
from pathlib import Path

import instructions
from harness.place import berth_program

MOST_GROWTH = 0.03


class ASession(unittest.TestCase):
    def test_takes_no_more_instructions_than_its_budget(self) -> None:
        """a session takes no more instructions than its budget and 3 %"""
        profile = Path(berth_program()).parent / "bench/callgrind.out"
        budget = instructions.budget()
        count = instructions.per_session(profile)
        change = count / budget - 1
        print(f"# {count:,} instructions per session, {change:+.1%} of the budget's {budget:,}",
              flush=True)
        self.assertLessEqual(
            change, MOST_GROWTH,
            f"What they are spent on: callgrind_annotate --inclusive=yes {profile}\n"
            "If the change is worth it: python3 tests/bench/instructions.py --record\n"
            "The budget is that of Debian 12's gcc and libraries.")
        if change < -MOST_GROWTH:
            print("# far less than the budget, which has room for a regression now: "
                  "python3 tests/bench/instructions.py --record", flush=True)
