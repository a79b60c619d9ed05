#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Socket activation without systemd: holds a listening socket and runs a service while it is
wanted.

    activation.py SOCKET COMMAND...

COMMAND gets the socket as descriptor 3 (sd_listen_fds(3)) and `--time=3`, with which Podman's
service ends when nobody speaks to it; it is started again whenever somebody connects.
"""
from __future__ import annotations

import os
import select
import signal
import socket
import sys


def spawn(listener: socket.socket, command: list[str]) -> int:
    child = os.fork()
    if child == 0:
        os.dup2(listener.fileno(), 3)
        # It may have been 3 already, and then still closes by itself.
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        os.execvp(command[0], command)
    return child


def main() -> None:
    path, command = sys.argv[1], sys.argv[2:] + ["--time=3"]
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # One that was there before belonged to a holder that is gone.
    if os.path.exists(path):
        os.unlink(path)
    listener.bind(path)
    listener.listen(64)
    child = 0

    def leave(*_: object) -> None:
        if child:
            os.kill(child, signal.SIGTERM)
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    while True:
        select.select([listener], [], [])
        child = spawn(listener, command)
        os.waitpid(child, 0)
        child = 0


if __name__ == "__main__":
    main()
