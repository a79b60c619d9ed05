# SPDX-License-Identifier: Apache-2.0
"""The policies that come with berth, whose sessions run under the engine's own runtime."""
from __future__ import annotations

import probe_image
from matrix_case import MatrixCase

setUpModule, tearDownModule = probe_image.start, probe_image.stop


class Hardened(MatrixCase):
    def test_refuses_what_leads_out_and_lets_a_session_work(self) -> None:
        self.try_everything("hardened")


class Strict(MatrixCase):
    def test_refuses_what_leads_out_and_lets_a_session_work(self) -> None:
        self.try_everything("strict")


class Trusted(MatrixCase):
    # Not every machine has as much of them.
    smaller = ("cpus: 1", "memory: 2GiB")

    def test_refuses_what_leads_out_and_lets_a_session_work(self) -> None:
        self.try_everything("trusted")
