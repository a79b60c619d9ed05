# SPDX-License-Identifier: Apache-2.0
"""A service manager's end of $NOTIFY_SOCKET: keeps what it is told, in order."""
from __future__ import annotations

import socket
import threading
from pathlib import Path

from harness import wait_until

# The test's own words to the listener, in one socket's order with the service's.
_END = "test: end"
_HERE = "test: here"


class NotifySocket:
    def __init__(self, directory: Path) -> None:
        self.path = directory / "notify"
        self._messages: list[dict[str, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._read_up_to_here = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            message = self._socket.recv(65536).decode()
            if message == _END:
                return
            if message == _HERE:
                self._read_up_to_here.set()
                continue
            self._messages.append(dict(line.partition("=")[::2] for line in message.splitlines()))

    def _send(self, message: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(message.encode(), str(self.path))

    def close(self) -> None:
        self._send(_END)
        self._thread.join()
        self._socket.close()

    def _so_far(self) -> list[dict[str, str]]:
        """All that was sent before this call, even by a process that has ended since."""
        self._read_up_to_here.clear()
        self._send(_HERE)
        self._read_up_to_here.wait()
        return list(self._messages)

    def told(self, name: str) -> list[str]:
        """The values of that assignment so far."""
        return [pairs[name] for pairs in self._so_far() if name in pairs]

    def order(self, *names: str) -> list[str]:
        """Which of these assignments came, in the order in which they did."""
        return [name for pairs in self._so_far() for name in names if name in pairs]

    def wait(self, name: str, count: int = 1) -> str:
        """The value of the count-th one."""
        wait_until(lambda: len(self.told(name)) >= count, what=f"{name} was not told {count} times")
        return self.told(name)[count - 1]

    def wait_status(self, *parts: str) -> str:
        """A status, of those to come or the last one, with all these parts."""
        def look() -> str | None:
            last = self.told("STATUS")[-1:]
            return last[0] if last and all(part in last[0] for part in parts) else None
        return wait_until(look, what=f"no status with {parts}: {self.told('STATUS')[-3:]}")

    def wait_more(self, name: str, count: int) -> None:
        """So many more than now."""
        self.wait(name, len(self.told(name)) + count)
