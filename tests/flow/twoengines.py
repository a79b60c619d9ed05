# SPDX-License-Identifier: Apache-2.0
"""One berth on two engines, "one" and "two", with an environment on each."""
from __future__ import annotations

import signal
from typing import Any

from environments import EnvironmentsCase
from fakeengine import FakeEngine
from harness import Berth


class TwoEnginesCase(EnvironmentsCase):
    """self.engine and self.other; self.env is on the first, self.elsewhere on the second."""

    other_options: dict[str, Any] = {}

    def setUp(self) -> None:
        self.other = FakeEngine(**{"images": [self.image], **self.other_options})
        self.other.__enter__()
        self.addCleanup(self.other.__exit__)
        super().setUp()
        del self.place.settings["engine"]
        self.place.settings["engines"] = {"one": {"socket": self.engine.url},
                                          "two": {"socket": self.other.url}}
        self.place.environment["engine"] = self._template["engine"] = "one"
        self.elsewhere = self.add_environment(engine="two")

    def reload(self, berth: Berth) -> None:
        """Returns when the file as it is now is in effect."""
        before = len(berth.events("reloaded"))
        self.place.write_fleet()
        berth.signal(signal.SIGHUP)
        berth.wait_event("reloaded", count=before + 1)
