# SPDX-License-Identifier: Apache-2.0
"""The processes of this machine and what they hold, as the kernel shows it to root."""
from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Iterator

CHUNK = 4 << 20
# A form of a secret may lie across two chunks.
OVERLAP = 4096
# Mapped by the kernel for itself.
UNREADABLE = ("[vvar]", "[vvar_vclock]", "[vsyscall]")


def read(path: str) -> str:
    """A file's text, one character per byte; empty if its process has ended meanwhile."""
    try:
        return Path(path).read_bytes().decode("latin-1")
    except OSError:
        return ""


def command_lines() -> str:
    """The arguments of every process."""
    return "\n".join(read(f"/proc/{name}/cmdline") for name in os.listdir("/proc")
                     if name.isdigit())


def neighbours(pid: int) -> list[int]:
    """The processes in the same pid name space."""
    space = os.readlink(f"/proc/{pid}/ns/pid")
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{name}/ns/pid") == space:
                found.append(int(name))
    return found


def children(pid: int) -> list[int]:
    """Of all its threads."""
    return [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children")
            for child in read(str(path)).split()]


def environment(pid: int) -> dict[str, str]:
    pairs = (entry.partition("=") for entry in read(f"/proc/{pid}/environ").split("\0") if entry)
    return {name: value for name, _, value in pairs}


def memory(pid: int) -> Iterator[str]:
    """All that a process could read in its own memory, piece by piece."""
    regions = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) r\S+(?: +\S+){3} *(.*)$",
                         read(f"/proc/{pid}/maps"), re.MULTILINE)
    with open(f"/proc/{pid}/mem", "rb", 0) as pages:
        for start, end in ((int(start, 16), int(end, 16)) for start, end, name in regions
                           if name not in UNREADABLE):
            yield from _chunks(pages, start, end)


def _chunks(pages, start: int, end: int) -> Iterator[str]:
    for at in range(start, end, CHUNK):
        pages.seek(at)
        try:
            yield pages.read(min(CHUNK + OVERLAP, end - at)).decode("latin-1")
        except OSError:
            # Unmapped since it was listed, or a page of a file that has become shorter.
            return
