# SPDX-License-Identifier: Apache-2.0
"""The session image with the probe in it: /opt/berth-probe/probe, and beside it a copy that is
root's and has the set-user-id bit. An image of an operator's own may have such programs, too."""
from __future__ import annotations

import functools
import io
import os
import tarfile
from pathlib import Path

import private_engine
from harness import berth_program

REFERENCE = "localhost/berth-session-node:probe"
PROBE = "/opt/berth-probe/probe"


def program() -> Path:
    """A static program, as nothing is known of the image's libraries."""
    return Path(berth_program()).parent / "tests/hardening/probe"


def start(command: str = "start") -> None:
    private_engine.start(command)
    try:
        private_engine.engine.derive_image(private_engine.SESSION_IMAGE, REFERENCE,
                                           "LABEL berth.probe=1", _files())
    except BaseException:
        stop()
        raise


def stop() -> None:
    try:
        private_engine.engine.remove_image(REFERENCE)
    finally:
        private_engine.stop()


start_gvisor = functools.partial(start, "start-gvisor")


def _files() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as files:
        for name, mode in ((PROBE, 0o755), (f"{PROBE}-root", 0o4755)):
            member = tarfile.TarInfo(name.lstrip("/"))
            member.mode, member.size = mode, os.path.getsize(program())
            with program().open("rb") as content:
                files.addfile(member, content)
    return packed.getvalue()
