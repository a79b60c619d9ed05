# SPDX-License-Identifier: Apache-2.0
"""One berth process. Its stderr and stdout go to files, so nothing is lost when it is killed and
nothing blocks when nobody reads; every wait has an end, and says on failure what berth had said."""
from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Callable, Sequence

# Long enough for a sanitizer build on a busy machine; a wait that succeeds never takes it.
TIMEOUT = 60.0
TAIL_LINES = 40

# What a sanitizer prints before anything else.
SANITIZER_WORDS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:",
                   "AddressSanitizer:DEADLYSIGNAL")

# Writes its pid and becomes the program: whoever reads the file may kill by it from the first
# request on.
LAUNCHER = 'printf %s $$ >"$0.new" && mv "$0.new" "$0" && exec "$@"'


def wait_until(condition: Callable[[], Any], seconds: float = TIMEOUT, what: str = "") -> Any:
    """Asks until the answer is true, and returns it; TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(what or "the condition did not come true")
        time.sleep(0.01)


class Berth:
    """A running or finished process. `dir` is its own: stderr, stdout and pid are files there."""

    def __init__(self, command: Sequence[str], directory: Path, environ: dict[str, str]) -> None:
        self.command = list(command)
        self.environ = dict(environ)
        self.dir = directory
        self.dir.mkdir(parents=True)
        self.pid_file = self.dir / "pid"
        with open(self.dir / "stderr", "wb") as errors, open(self.dir / "stdout", "wb") as output:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", LAUNCHER, str(self.pid_file), *self.command],
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=self.environ,
                cwd=self.dir)

    @property
    def pid(self) -> int:
        return self.process.pid

    # --- what it said ---------------------------------------------------------------------------

    @property
    def stderr(self) -> str:
        return (self.dir / "stderr").read_text(errors="replace")

    @property
    def stdout(self) -> str:
        return (self.dir / "stdout").read_text(errors="replace")

    def events(self, event: str | None = None, **fields: str) -> list[dict[str, str]]:
        """The event lines so far, oldest first: those of that name, with those members."""
        found = []
        for line in self.stderr.splitlines(keepends=True):
            if not (line.startswith("{") and line.endswith("\n")):
                continue
            row = json.loads(line)
            if event in (None, row["event"]) and fields.items() <= row.items():
                found.append(row)
        return found

    def event_names(self, **fields: str) -> list[str]:
        return [row["event"] for row in self.events(**fields)]

    def tail(self) -> str:
        return "\n".join(self.stderr.splitlines()[-TAIL_LINES:])

    def sanitizer_report(self) -> str:
        """What a sanitizer had to say; empty if nothing."""
        return self.stderr if any(word in self.stderr for word in SANITIZER_WORDS) else ""

    # --- waiting --------------------------------------------------------------------------------

    def is_running(self) -> bool:
        return self.process.poll() is None

    def wait(self, seconds: float = TIMEOUT) -> int:
        """Its exit code, negative for a signal."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"berth did not end within {seconds} s:\n{self.tail()}") from None

    def wait_event(self, event: str, seconds: float = TIMEOUT, count: int = 1,
                   **fields: str) -> dict[str, str]:
        """The count-th event of that name with those members. Fails at once if berth has ended."""
        def look() -> dict[str, str] | None:
            has_ended = not self.is_running()
            found = self.events(event, **fields)
            if len(found) >= count:
                return found[count - 1]
            if has_ended:
                raise AssertionError(f"berth ended ({self.process.returncode}) without event "
                                     f"{event} {fields}:\n{self.tail()}")
            return None
        try:
            return wait_until(look, seconds)
        except TimeoutError:
            raise TimeoutError(f"no event {event} {fields} within {seconds} s:\n"
                               f"{self.tail()}") from None

    # --- ending ---------------------------------------------------------------------------------

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def terminate(self, seconds: float = TIMEOUT) -> int:
        """SIGTERM, and its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self) -> None:
        """SIGKILL; returns when it is dead. Harmless when it has ended."""
        self.process.kill()
        self.process.wait()
