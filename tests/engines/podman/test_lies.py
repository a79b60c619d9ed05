# SPDX-License-Identifier: Apache-2.0
"""Podman drops a limit and says that it holds: berth reads what holds from the process of the
prepared container."""
from __future__ import annotations

import private_engine
from pretence_case import PretenceCase
from tampering import LIES

setUpModule, tearDownModule = private_engine.start, private_engine.stop


class AnEngineThatLies(PretenceCase):
    def test_runs_no_session(self) -> None:
        self.assert_each_refused(LIES)
