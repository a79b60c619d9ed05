# SPDX-License-Identifier: Apache-2.0
"""(d) What polling an empty queue takes: memory and processor time, for 1, 100 and 1,000
environments at the default pace; over TLS, and on plain loopback without the budget of requests,
which would let a thousand environments poll less often. `idle` is an environment whose slots are
all taken, so that nothing is polled at all."""
from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from figures import Figure, slope
from process import memory, share_of_core
from rig import (IMAGE, Baseline, FakeEngine, Plane, directory, make_place, running, wait_for)

COUNTS = (1, 10, 100, 1000)
SECONDS = float(os.environ.get("BENCH_IDLE_SECONDS", "15"))
MEGABYTE = 1 << 20


@dataclass
class Idle:
    """MB, MB, percent of a core, polls in a second."""

    resident: float
    private_dirty: float
    cpu: float
    polls: float


def certificate(where: Path) -> tuple[Path, Path]:
    cert, key = where / "cert.pem", where / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out",
                    str(cert)], check=True, capture_output=True)
    return cert, key


def look_at(pid: int, plane: Plane, environments: int) -> Idle:
    """Once every environment has been polled twice."""
    wait_for(lambda: plane.stats()["empty_polls"] >= 2 * environments, 120, "not all are polled")
    time.sleep(2)
    polls = plane.stats()["polls"]
    share = share_of_core(pid, SECONDS)
    polled = (plane.stats()["polls"] - polls) / share.seconds
    resident, private_dirty = memory(pid)
    return Idle(resident / MEGABYTE, private_dirty / MEGABYTE, share.percent, polled)


def of_berth(where: Path, count: int, tls: tuple[Path, Path] | None) -> Idle:
    with FakeEngine(images=[IMAGE], worker=None) as engine, Plane(count, tls=tls) as plane:
        place = make_place(where, plane, engine.url, count, budget=0)
        # Each poll holds a place for what it may bring.
        place.settings["host"]["sessions"] = 10 * count
        with running(place) as berth:
            return look_at(berth.pid, plane, count)


def of_baseline(where: Path, count: int, tls: tuple[Path, Path] | None) -> Idle:
    with FakeEngine(images=[IMAGE], worker=None) as engine, Plane(count, tls=tls) as plane:
        with Baseline(where, plane, engine.url, count) as baseline:
            return look_at(baseline.pid, plane, count)


def measure() -> list[Figure]:
    berth: dict[tuple[str, int], Idle] = {}
    other: dict[tuple[str, int], Idle] = {}
    with directory() as where:
        ways = {"TLS": certificate(where), "plain": None}
        for way, tls in ways.items():
            for count in COUNTS:
                berth[way, count] = of_berth(where / f"{way}-{count}", count, tls)
        for way, count in (("TLS", 1), ("plain", 1), ("plain", 1000)):
            other[way, count] = of_baseline(where / f"{way}-{count}-sdk", count, ways[way])
    return figures(berth, other)


GOALS: dict[tuple[str, int], tuple[float, float | None, float]] = {
    ("TLS", 1): (16, 5, 0.2), ("plain", 1000): (24, None, 15)}


def figures(berth: dict, other: dict) -> list[Figure]:
    rows = []
    for (way, count), idle in berth.items():
        limits = GOALS.get((way, count), (None, None, None))
        base = other.get((way, count))
        name = f"{count:,} environment{'s' * (count > 1)}, {way}"
        for what, unit, limit, get in (
                ("RSS", "MB", limits[0], lambda idle: idle.resident),
                ("private dirty", "MB", limits[1], lambda idle: idle.private_dirty),
                ("CPU", "% of a core", limits[2], lambda idle: idle.cpu)):
            rows.append(_figure(f"{name}: {what}", unit, limit, get, idle, base))
        rows[-1].more["polls_per_second"] = idle.polls
    for way in ("plain", "TLS"):
        found = [berth[way, count] for count in COUNTS]
        for what, unit, get in (("memory of one more environment", "kB",
                                 lambda idle: idle.private_dirty * 1024),
                                ("CPU of one more environment", "% of a core",
                                 lambda idle: idle.cpu)):
            ys = [get(idle) for idle in found]
            rise, base_value = slope(COUNTS, ys)
            rows.append(Figure("d", f"{what}, {way}", unit, rise, more={
                "xs": list(COUNTS), "ys": ys, "slope": rise, "base": base_value}))
    return rows


def _figure(what: str, unit: str, limit: float | None, get: Callable, idle: Idle,
            base: Idle | None) -> Figure:
    value = get(idle)
    figure = Figure("d", what, unit, value)
    if base:
        figure.baseline, figure.against = get(base), "WorkPoller"
        figure.ratio = value / get(base) if get(base) else None
    if limit is not None:
        figure.goal, figure.met = f"at most {limit:g} {unit}", value <= limit
    return figure
