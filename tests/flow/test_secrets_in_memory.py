# SPDX-License-Identifier: Apache-2.0
"""What berth's memory keeps of the secrets that went through it. Not for a build with the address
sanitizer, which keeps what was freed for a while: the Makefile leaves it out there."""
from __future__ import annotations

from pathlib import Path

from harness import FlowCase, wait_until

SESSIONS = 160
# Of all their tokens and work secrets: what libraries have freed and nothing has overwritten yet.
REMAINS = 48


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
    def test_forgets_the_secrets_of_sessions_but_for_the_last_copies_of_libraries(self) -> None:
        self.place.environment["sessions"] = 4
        berth = self.start("run")
        items = self.queue(SESSIONS)
        berth.wait_event("removed", 60, count=SESSIONS)
        seen = self.cp.log.last_seq()
        wait_until(lambda: len(self.cp.log.of("poll", since=seen)) > 3)
        tokens = count_in_memory(berth.pid, *[item["token"] for item in items])
        secrets = count_in_memory(berth.pid, *[item["secret"] for item in items])
        keys = count_in_memory(berth.pid, self.env["key"])
        print(f"# after {SESSIONS} sessions: {tokens} tokens, {secrets} work secrets, "
              f"the environment key {keys} times", flush=True)
        self.assertLess(tokens + secrets, REMAINS)
        self.assertEqual(berth.terminate(), 0)
