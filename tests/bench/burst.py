# SPDX-License-Identifier: Apache-2.0
"""The bursts of row_burst.py on one kind of engine, which $ENGINE_KIND names.

    python3 tests/bench/burst.py COUNT PAIRS

prints a JSON list of pairs: the seconds that berth took, and the bare loop.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / "engines")]
from rig import Plane, create_body, directory, make_place, program, running, wait_for  # noqa: E402

import private_engine  # noqa: E402
from engine_api import epoch, filters  # noqa: E402
from kinds import KIND  # noqa: E402
from private_engine import SESSION_IMAGE  # noqa: E402

# As many at once as berth launches where nobody says otherwise.
LAUNCHES = 4
SECONDS = 600
BRIDGE = "berth-bench"


def of_berth(place, plane: Plane, count: int) -> float:
    with running(place):
        wait_for(lambda: plane.stats()["empty_polls"], 60, "nothing is polled")
        began = time.time()
        plane.queue(count)
        took = last_start(count) - began
    clear()
    return took


def of_loop(place, where: Path, count: int) -> float:
    """The same requests, with nobody who polls, verifies or records."""
    is_docker = KIND.inspect_words == "docker"
    body = create_body(place, "docker" if is_docker else "podman")
    body.pop("name", None)  # which the engine then makes up
    create = where / "create.json"
    create.write_text(json.dumps(body))
    if is_docker:
        private_engine.engine.call("POST", "/networks/create", {
            "Name": BRIDGE, "Driver": "bridge",
            "Options": {"com.docker.network.bridge.enable_icc": "false"}})
    done = subprocess.run(
        [program("engine-loop"), private_engine.engine.socket_path, KIND.inspect_api, str(create),
         str(count), str(LAUNCHES), *([] if is_docker else ["init"])], check=True, stdout=subprocess.PIPE, text=True,
        timeout=SECONDS)
    took = last_start(count) - float(done.stdout)
    clear()
    return took


def last_start(count: int) -> float:
    """When the engine started the last of them."""
    running_only = "/containers/json?" + filters(status=["running"])
    engine = private_engine.engine
    wait_for(lambda: len(engine.call("GET", running_only)) == count, SECONDS,
             f"no {count} containers run", 0.5)
    return max(epoch(engine.inspect(row["Id"])["State"]["StartedAt"])
               for row in engine.containers())


def clear() -> None:
    engine = private_engine.engine
    with ThreadPoolExecutor(LAUNCHES) as pool:
        list(pool.map(lambda row: engine.call(
            "DELETE", f"/containers/{row['Id']}?force=1&v=1&timeout=0"), engine.containers()))
    engine.call("POST", "/networks/prune")


def measure(count: int, pairs: int) -> list[tuple[float, float]]:
    found = []
    with directory() as where:
        for number in range(pairs):
            with Plane() as plane:
                place = make_place(where / str(number), plane, private_engine.url,
                                   image=SESSION_IMAGE, sessions=count,
                                   command=["sleep", "infinity"], policy=KIND.policy)
                place.settings["policy_dir"] = str(KIND.policy_dir)
                # Whoever comes second may find something warm.
                sides = {}
                for is_berth in (True, False) if number % 2 else (False, True):
                    sides[is_berth] = (of_berth(place, plane, count) if is_berth
                                       else of_loop(place, where, count))
            found.append((sides[True], sides[False]))
            print(KIND.name, found[-1], file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    private_engine.start()
    try:
        clear()
        print(json.dumps(measure(*map(int, sys.argv[1:]))))
    finally:
        private_engine.stop()
        os.sync()
