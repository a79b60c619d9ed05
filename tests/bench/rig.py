# SPDX-License-Identifier: Apache-2.0
"""What every row is measured with: the queue, an engine, berth and the baseline, each a process."""
from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Iterator

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "fake")]

from controlplane.sdk_runner import NODE, SDK  # noqa: E402
from fakeengine import FakeEngine  # noqa: E402, F401
from harness import Berth, Place, wait_until  # noqa: E402
from harness.place import berth_program  # noqa: E402

ROOT = TESTS.parent
IMAGE = "localhost/bench:1"
KEY = "sk-ant-oat01-bench"


def program(name: str) -> str:
    """A program of tests/bench, as it was built."""
    path = Path(berth_program()).parent / "tests" / f"bench-{name}"
    if not path.exists():
        raise RuntimeError(f"{path} is not there; run: make test-tools")
    return str(path)


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="berth-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Plane:
    """bench-plane. Items are in the order in which they were queued."""

    def __init__(self, environments: int = 1, session_seconds: float = -1,
                 tls: tuple[Path, Path] | None = None) -> None:
        command = [program("plane"), "--environments", str(environments),
                   "--session-seconds", str(session_seconds)]
        if tls:
            command += ["--cert", str(tls[0]), "--key", str(tls[1])]
        self.ca_file = tls and tls[0]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True)
        self.port = int(self._process.stdout.readline())
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}"

    def __enter__(self) -> Plane:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, method: str, what: str) -> Any:
        if self.ca_file:
            connection = http.client.HTTPSConnection(
                "localhost", self.port, timeout=30,
                context=ssl.create_default_context(cafile=self.ca_file))
        else:
            connection = http.client.HTTPConnection("localhost", self.port, timeout=30)
        try:
            connection.request(method, f"/bench/{what}")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def queue(self, count: int, environment: int = 0) -> None:
        self.ask("POST", f"queue/{environment}/{count}")

    def items(self) -> list[list[float]]:
        """[number, queued, polled, acked], seconds since the epoch."""
        return self.ask("GET", "items")

    def stats(self) -> dict[str, int]:
        return self.ask("GET", "stats")


def make_place(where: Path, plane: Plane, engine: str, environments: int = 1, *,
               image: str = IMAGE, poll: dict | None = None, sessions: int = 8,
               budget: int | None = None, **environment: Any) -> Place:
    """An installation of berth. What is not said has berth's default; `environment` are further
    keys of each."""
    place = Place(where, environment_id="env_0", key=KEY, base_url=plane.url, engine=engine,
                  image=image, instance="bench")
    place.settings["host"] = {"sessions": max(sessions, 32), "min_free_disk": "1MiB",
                              "min_free_memory": "1MiB"}
    if budget is not None:
        place.settings["host"]["requests_per_minute"] = budget
    if plane.ca_file:
        place.settings["ca_file"] = str(plane.ca_file)
    base = {**place.environment, "poll": poll or {}, "sessions": sessions, **environment}
    place.settings["environments"] = [{**base, "id": f"env_{number}", "name": f"env-{number}"}
                                      for number in range(environments)]
    return place


@contextlib.contextmanager
def running(place: Place, *arguments: str, level: str = "warning") -> Iterator[Berth]:
    """`berth run`, until the block is left."""
    place.write_fleet()
    berth = place.start_plain("run", "--config", str(place.fleet_file), "--log-level", level,
                              *arguments)
    try:
        yield berth
        if not berth.is_running():
            raise RuntimeError(f"berth ended ({berth.process.returncode}):\n{berth.tail()}")
        berth.terminate()
    finally:
        berth.kill()


def create_body(place: Place, kind: str) -> dict[str, Any]:
    """The create request that berth makes for an item, with a token that is as long as a real one
    of the queue's; for the baselines, so that they ask an engine for the same."""
    place.write_fleet()
    text = subprocess.run(
        [berth_program(), "plan", "--config", str(place.fleet_file), "--api", kind, "--work-id",
         "work_0", "--session-id", "sesn_0"], check=True, capture_output=True, text=True,
        env=place.environ).stdout
    return json.loads(text)


class Baseline:
    """The script with the official poller (baseline.mjs). `rows` are the lines it printed."""

    def __init__(self, where: Path, plane: Plane, engine: str, environments: int = 1,
                 body: dict | None = None, launches: int = 4, runs: bool = True,
                 **more: str) -> None:
        """Starts it at once, unless told not to: then `command` and `environ` are for others."""
        if not NODE.exists() or not SDK.exists():
            raise RuntimeError("the official SDK is not installed; run: make deps-check")
        where.mkdir(parents=True, exist_ok=True)
        self.output = where / "output"
        body_file = where / "create.json"
        body_file.write_text(json.dumps(body or {"Image": IMAGE}))
        environ = {"PATH": os.environ["PATH"], "HOME": str(where),
                   "ANTHROPIC_BASE_URL": plane.url, "ENVIRONMENT_KEY": KEY,
                   "ENVIRONMENTS": str(environments), "ENGINE": engine.removeprefix("unix://"),
                   "CREATE_BODY": str(body_file), "LAUNCHES": str(launches), **more}
        if plane.ca_file:
            environ["NODE_EXTRA_CA_CERTS"] = str(plane.ca_file)
        self.command = [str(NODE.resolve()), str(TESTS / "bench/baseline.mjs")]
        self.environ = environ
        self.process: subprocess.Popen | None = None
        if not runs:
            return
        with self.output.open("w") as output:
            self.process = subprocess.Popen(self.command, env=environ, stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output)

    def __enter__(self) -> Baseline:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self.process is None:
            return
        ended = self.process.poll()
        self.process.kill()
        self.process.wait()
        if ended is not None and kind is None:
            raise RuntimeError(f"the baseline ended ({ended}):\n{self.output.read_text()[-2000:]}")

    @property
    def pid(self) -> int:
        return self.process.pid


def wait_for(condition: Callable[[], Any], seconds: float, what: str, step: float = 0.05) -> Any:
    """As wait_until(), asking less often: whoever waits shall not take what is measured."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(step)
    return answer


__all__ = ["IMAGE", "Baseline", "FakeEngine", "Plane", "create_body", "directory", "make_place", "program",
           "running", "wait_for", "wait_until"]
