# SPDX-License-Identifier: Apache-2.0
"""A program from its start to its end."""
from __future__ import annotations

import subprocess
from dataclasses import dataclass

from rig import program


@dataclass
class Run:
    """By the clock, and of the processor, in milliseconds; memory in KiB."""

    milliseconds: float
    cpu: float
    peak_kib: int


def run_once(command: list[str], environ: dict[str, str], seconds: float = 300) -> Run:
    """Fails unless it ends with 0."""
    done = subprocess.run([program("run-once"), *command], env=environ, check=True,
                          capture_output=True, text=True, timeout=seconds)
    milliseconds, cpu, peak, code = done.stdout.split()
    if code != "0":
        raise RuntimeError(f"{' '.join(command)} ended with {code}:\n{done.stderr[-2000:]}")
    return Run(float(milliseconds), float(cpu), int(peak))
