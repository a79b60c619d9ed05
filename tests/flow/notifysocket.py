# SPDX-License-Identifier: Apache-2.0
"""A service manager's end of $NOTIFY_SOCKET: keeps what it is told, in order, with the time."""
from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

from harness import wait_until


class NotifySocket:
    def __init__(self, directory: Path) -> None:
        self.path = directory / "notify"
        self.messages: list[tuple[float, dict[str, str]]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            message = self._socket.recv(65536).decode()
            if not message:
                return
            pairs = dict(line.partition("=")[::2] for line in message.splitlines())
            self.messages.append((time.monotonic(), pairs))

    def close(self) -> None:
        end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        end.sendto(b"", str(self.path))
        end.close()
        self._thread.join()
        self._socket.close()

    def told(self, name: str) -> list[str]:
        """The values of that assignment so far."""
        return [pairs[name] for _, pairs in list(self.messages) if name in pairs]

    def order(self, *names: str) -> list[str]:
        """Which of these assignments came, in the order in which they did."""
        return [name for _, pairs in list(self.messages) for name in names if name in pairs]

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
