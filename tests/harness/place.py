# SPDX-License-Identifier: Apache-2.0
"""One installation of berth: a directory with a fleet file, a key file and a state_dir.

The fleet file is written from `settings`, a dictionary that a test may change until start():

    place.environment["sessions"] = 2
    place.environment["timeouts"]["first_heartbeat"] = "2s"
    place.settings["on_shutdown"] = "stop"

Its values make tests fast (short polls and idle waits) and indifferent to the machine (no floor
for free disk and memory).
"""
from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Sequence

from .berth import TIMEOUT, Berth

ROOT = Path(__file__).resolve().parents[2]

# What a sanitizer build needs of the surroundings; nothing else gets through.
PASSED_ON = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "GCOV_PREFIX", "GCOV_PREFIX_STRIP")


def berth_program() -> str:
    return str((ROOT / os.environ.get("BERTH", "build/default/berth")).resolve())


class Place:
    def __init__(self, directory: Path, *, environment_id: str, key: str, base_url: str,
                 engine: str, image: str, **settings: Any) -> None:
        """`settings` are further members of the fleet file."""
        self.dir = directory
        self.dir.mkdir(parents=True, exist_ok=True)
        self.key_file = self.dir / "key"
        self.state_dir = self.dir / "state"
        self.fleet_file = self.dir / "fleet.yaml"
        self.berths: list[Berth] = []
        self.environ = {"PATH": "/usr/bin:/bin", "HOME": str(self.dir), "LC_ALL": "C.UTF-8"}
        self.environ |= {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self.settings: dict[str, Any] = {
            "version": 1,
            "instance": "flow",
            "state_dir": str(self.state_dir),
            "policy_dir": str(ROOT / "policies"),
            "engine": {"socket": engine},
            "host": {"min_free_disk": "1MiB", "min_free_memory": "1MiB",
                     "requests_per_minute": 100000},
            "base_url": base_url,
            "environments": [{
                "id": environment_id,
                "name": "test",
                "key": {"file": str(self.key_file)},
                "image": image,
                "poll": {"block_ms": 100, "idle_min": "50ms", "idle_max": "100ms"},
                "timeouts": {},
            }],
            **settings,
        }
        self.write_key(key)

    @property
    def environment(self) -> dict[str, Any]:
        return self.settings["environments"][0]

    def write_key(self, key: str, mode: int = 0o600) -> None:
        """Replaces the key file as an operator would: never readable by others on the way."""
        new = self.key_file.with_suffix(".new")
        new.touch(0o600)
        new.write_text(key + "\n")
        new.chmod(mode)
        new.rename(self.key_file)

    def write_fleet(self, text: str | None = None) -> Path:
        """The fleet file, from `settings` (JSON is YAML) or as given; whole at every moment, as
        another berth may be reading it."""
        if text is None:
            text = json.dumps(self.settings, indent=2) + "\n"
        new = self.fleet_file.with_suffix(".new")
        new.write_text(text)
        new.rename(self.fleet_file)
        return self.fleet_file

    # --- running berth --------------------------------------------------------------------------

    def start(self, verb: str, *arguments: str, environ: dict[str, str] | None = None) -> Berth:
        """`berth VERB --config ... --log-format json --log-level debug ARGUMENTS`."""
        self.write_fleet()
        return self.start_plain(verb, "--config", str(self.fleet_file), "--log-format", "json",
                                "--log-level", "debug", *arguments, environ=environ)

    def start_plain(self, *arguments: str, environ: dict[str, str] | None = None) -> Berth:
        """`berth ARGUMENTS`, nothing added. `environ` is added to the clean environment."""
        berth = Berth([berth_program(), *arguments], self.dir / f"run-{len(self.berths)}",
                      {**self.environ, **(environ or {})})
        self.berths.append(berth)
        return berth

    def run(self, verb: str, *arguments: str, seconds: float = TIMEOUT,
            environ: dict[str, str] | None = None) -> Berth:
        """start(), and wait for the end."""
        berth = self.start(verb, *arguments, environ=environ)
        berth.wait(seconds)
        return berth

    # --- what it left ---------------------------------------------------------------------------

    @property
    def records_file(self) -> Path:
        return self.state_dir / "records.jsonl"

    def records(self, work: str | None = None) -> list[dict[str, Any]]:
        """The lines of records.jsonl, oldest first."""
        if not self.records_file.exists():
            return []
        rows = [json.loads(line) for line in self.records_file.read_text().splitlines()]
        return [row for row in rows if work in (None, row.get("work"))]

    def texts(self) -> Sequence[tuple[str, str]]:
        """Everything that berth wrote or was called with, with a name for each."""
        texts = []
        for number, berth in enumerate(self.berths):
            texts.append((f"stderr of run {number}", berth.stderr))
            texts.append((f"stdout of run {number}", berth.stdout))
            texts.append((f"arguments of run {number}", "\0".join(berth.command)))
        if self.state_dir.exists():
            texts += [(path.name, path.read_text(errors="replace"))
                      for path in sorted(self.state_dir.rglob("*")) if path.is_file()]
        return texts
