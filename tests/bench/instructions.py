# SPDX-License-Identifier: Apache-2.0
"""How many instructions one session costs berth, from claim to removal: counted by callgrind, so
that neither the machine nor its load matters.

Two drains of the fake engine, of few and of more sessions, one session after the other; what the
second takes more, by the sessions it has more. The start and the end of the process drop out. So do
lists: they go by the clock, at most one a second, however many sessions there are; here the key may
not list, as the number of seconds that callgrind needs would be counted, too.

    python3 tests/bench/instructions.py --record      # after a change that is worth it

The number is that of Debian 12's compiler and libraries and of an optimized build.
"""
from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "fake")]

from controlplane import ControlPlane  # noqa: E402
from fakeengine import IMAGE, FakeEngine  # noqa: E402
from harness import Berth, Place  # noqa: E402
from harness.place import berth_program  # noqa: E402

FEW, MORE = 10, 60
# What a container does takes long enough that it ends after berth has read the answer to its start.
RUN_MS = 50
TIMEOUT = 120.0

BUDGET_FILE = TESTS / "bench/budget"
BUDGET_TEXT = """\
# Instructions per session, as tests/bench/instructions.py counts them; it also writes this file.
# make instructions fails where it takes 3 % more.
"""


def per_session(profile: Path) -> int:
    """`profile` gets callgrind's profile of the longer drain."""
    return round((of_drain(MORE, profile) - of_drain(FEW, profile.with_suffix(".few"))) /
                 (MORE - FEW))


def of_drain(sessions: int, profile: Path) -> int:
    """The instructions of a whole `berth drain --wait` of so many sessions."""
    if not shutil.which("valgrind"):
        raise RuntimeError("valgrind is missing, which counts instructions; make deps-all "
                           "installs it")
    profile.parent.mkdir(parents=True, exist_ok=True)
    control_plane = ControlPlane().start()
    try:
        with (tempfile.TemporaryDirectory(prefix="berth-") as directory,
              FakeEngine(worker=None, run_ms=RUN_MS) as engine):
            drain(sessions, profile, control_plane, engine, Path(directory))
    finally:
        control_plane.stop()
    return total(profile)


def drain(sessions: int, profile: Path, control_plane: ControlPlane, engine: FakeEngine,
          directory: Path) -> None:
    environment = control_plane.create_environment()
    control_plane.fault("list", status=403, times=None)
    place = Place(directory / "place", environment_id=environment["id"], key=environment["key"],
                  base_url=control_plane.url, engine=engine.url, image=IMAGE)
    place.environment["sessions"] = 1
    place.write_fleet()
    control_plane.queue(environment["id"], sessions)
    berth = Berth(["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile.resolve()}",
                   berth_program(), "drain", "--wait", "--config", str(place.fleet_file)],
                  directory / "run", place.environ)
    try:
        code = berth.wait(TIMEOUT)
    finally:
        berth.kill()
    removed = [record for record in place.records() if "removed" in record]
    if code != 0 or len(removed) != sessions:
        raise RuntimeError(f"the drain that was to be counted ended with {code} after "
                           f"{len(removed)} of {sessions} sessions:\n{berth.tail()}")


def total(profile: Path) -> int:
    return next(int(line.split()[1]) for line in profile.read_text().splitlines()
                if line.startswith("totals:"))


def budget() -> int:
    return int(BUDGET_FILE.read_text().splitlines()[-1])


def main(*arguments: str) -> int:
    if arguments not in ((), ("--record",)):
        sys.exit("usage: instructions.py [--record]")
    profile = Path(berth_program()).parent / "bench/callgrind.out"
    count = per_session(profile)
    print(f"{count:,} instructions per session; callgrind_annotate --inclusive=yes {profile}")
    if arguments:
        BUDGET_FILE.write_text(f"{BUDGET_TEXT}{count}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
