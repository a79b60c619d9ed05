# SPDX-License-Identifier: Apache-2.0
"""Run the real berth in tests: its process, its installation, and what must hold after every test.

    from harness import FlowCase            # with tests/ on sys.path, as tap.py has it

    class ADrain(FlowCase):
        def test_runs_what_is_queued(self):
            [item] = self.queue()
            berth = self.start("drain", "--wait")
            self.assertEqual(berth.wait(), 0)
            self.assertEqual(self.cp.item(item["id"])["state"], "stopped")

    berth.py    Berth: one process; its events, its exit code, its end
    place.py    Place: one installation (fleet file, key file, state_dir); starts Berths
    leaks.py    every form in which a secret could show
    case.py     BerthCase: control plane and place. FlowCase: and the fake engine
    doctor.py   DoctorCase: a FlowCase that asks `berth doctor`; RootlessCase: about a host

The binary is $BERTH (default build/default/berth).
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fake"))

from .berth import Berth, wait_until  # noqa: E402
from .case import IMAGE, BerthCase, FlowCase  # noqa: E402
from .leaks import Secrets  # noqa: E402
from .place import ROOT, Place, berth_program  # noqa: E402

__all__ = ["IMAGE", "ROOT", "Berth", "BerthCase", "FlowCase", "Place", "Secrets",
           "berth_program", "wait_until"]
