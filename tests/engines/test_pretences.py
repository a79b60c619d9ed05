# SPDX-License-Identifier: Apache-2.0
"""An engine drops a promise from the request, and says so when it is asked what it made of it."""
from __future__ import annotations

import private_engine
from kinds import KIND
from pretence_case import PretenceCase
from tampering import PRETENCES

setUpModule, tearDownModule = private_engine.start, private_engine.stop


class AnEngineThatKeepsLessThanAsked(PretenceCase):
    def test_runs_no_session(self) -> None:
        self.assert_each_refused(PRETENCES[KIND.inspect_words])
