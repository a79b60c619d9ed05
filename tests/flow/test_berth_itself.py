# SPDX-License-Identifier: Apache-2.0
"""What the process itself may do, and what its memory keeps of the secrets that went through it."""
from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "soak"))

from footprint import is_instrumented  # noqa: E402
from harness import FlowCase, wait_until  # noqa: E402

# CAP_DAC_OVERRIDE and CAP_SYS_PTRACE, by their numbers in linux/capability.h.
KEPT = f"{1 << 1 | 1 << 19:016x}"
SESSIONS = 160
# Of all their tokens and work secrets: what libraries have freed and nothing has overwritten yet.
REMAINS = 48


def status(pid: int) -> dict[str, str]:
    text = Path(f"/proc/{pid}/status").read_text()
    return dict(re.findall(r"^(\w+):\t(.*)$", text, re.MULTILINE))


def count_in_memory(pid: int, *texts: str) -> int:
    """How often they stand in what the process can write to."""
    found = 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if not rights.startswith("rw") or "[v" in line:
                continue
            begin, end = (int(part, 16) for part in span.split("-"))
            memory.seek(begin)
            content = memory.read(end - begin)
            found += sum(content.count(text.encode()) for text in texts)
    return found


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

    def test_forgets_the_secrets_of_sessions_but_for_the_last_copies_of_libraries(self) -> None:
        self.place.environment["sessions"] = 4
        berth = self.start("run")
        items = self.queue(SESSIONS)
        berth.wait_event("removed", 60, count=SESSIONS)
        if is_instrumented(berth.pid):
            self.assertEqual(berth.terminate(), 0)
            self.skipTest("a sanitizer keeps what was freed for a while")
        seen = self.cp.log.last_seq()
        wait_until(lambda: len(self.cp.log.of("poll", since=seen)) > 3)
        tokens = count_in_memory(berth.pid, *[item["token"] for item in items])
        secrets = count_in_memory(berth.pid, *[item["secret"] for item in items])
        keys = count_in_memory(berth.pid, self.env["key"])
        print(f"# after {SESSIONS} sessions: {tokens} tokens, {secrets} work secrets, "
              f"the environment key {keys} times", flush=True)
        self.assertLess(tokens + secrets, REMAINS)
        self.assertEqual(berth.terminate(), 0)
