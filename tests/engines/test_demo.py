# SPDX-License-Identifier: Apache-2.0
"""The demo (demo.sh) on an engine that runs already."""
from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import private_engine
from engine_case import SECONDS, EngineCase
from harness import ROOT, berth_program

setUpModule, tearDownModule = private_engine.start, private_engine.stop


class TheDemo(EngineCase):
    def demo(self) -> str:
        done = subprocess.run(
            [str(ROOT / "tests/demo.sh")], timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            env={"PATH": os.environ["PATH"], "BERTH": berth_program(),
                 "BERTH_ENGINE": private_engine.url})
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def state(self) -> dict:
        """What a demo could leave, here and on the engine."""
        return {"images": sorted((row["Id"], *sorted(row["RepoTags"] or []))
                                 for row in self.engine.call("GET", "/images/json")),
                "containers": self.engine.containers(), "networks": self.engine.networks(),
                "volumes": self.engine.volumes(),
                "links": sorted(name for name in os.listdir("/sys/class/net")
                                if name.startswith(("berth-demo", "br-")))}

    def be_alone(self) -> None:
        """Suites of other engines run beside this one, and there is one link of that name."""
        lock = open(ROOT / "build/demo.lock", "w", encoding="utf-8")
        self.addCleanup(lock.close)
        fcntl.flock(lock, fcntl.LOCK_EX)

    def test_says_which_engine_it_takes_and_leaves_what_it_found(self) -> None:
        """Even an image that has the session image's name and is another one."""
        self.be_alone()
        name = private_engine.SESSION_IMAGE
        self.addCleanup(self.engine.remove_image, "localhost/another:1")
        self.addCleanup(self.engine.untag_image, "localhost/kept:1")
        self.addCleanup(self.engine.tag_image, "localhost/kept:1", name)
        self.engine.tag_image(name, "localhost/kept:1")
        self.engine.derive_image(name, "localhost/another:1", "LABEL berth.image.digest=another")
        self.engine.tag_image("localhost/another:1", name)

        before = self.state()
        text = self.demo()
        self.assertIn(f"The engine at {private_engine.url}, because BERTH_ENGINE names it:", text)
        self.assertIn("loaded localhost/berth-session-node:demo-", text)
        self.assertIn("3 sessions: claimed, run, stopped by their own containers, removed.", text)
        self.assertEqual(self.state(), before)
