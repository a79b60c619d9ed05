# SPDX-License-Identifier: Apache-2.0
"""What the process itself may do."""
from __future__ import annotations

import re
from pathlib import Path

from harness import FlowCase

# CAP_DAC_OVERRIDE and CAP_SYS_PTRACE, by their numbers in linux/capability.h.
KEPT = f"{1 << 1 | 1 << 19:016x}"


def status(pid: int) -> dict[str, str]:
    text = Path(f"/proc/{pid}/status").read_text()
    return dict(re.findall(r"^(\w+):\t(.*)$", text, re.MULTILINE))


class BerthItself(FlowCase):
    def test_has_two_capabilities_gains_none_and_leaves_no_core_file(self) -> None:
        berth = self.start("run")
        berth.wait_event("idle")
        found = status(berth.pid)
        self.assertEqual({name: found[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapInh",
                                                         "CapAmb", "NoNewPrivs")},
                         {"CapEff": KEPT, "CapPrm": KEPT, "CapBnd": KEPT, "CapInh": "0" * 16,
                          "CapAmb": "0" * 16, "NoNewPrivs": "1"})
        limits = Path(f"/proc/{berth.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        self.assertEqual(berth.terminate(), 0)
