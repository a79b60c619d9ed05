# SPDX-License-Identifier: Apache-2.0
"""(h) One request after the other: through berth's own lane and loop, and by curl_easy_perform."""
from __future__ import annotations

import subprocess

from figures import Figure, median, quartiles
from rig import Plane, program

PAIRS = 9
REQUESTS = 10000
LEAST = 0.8


def measure() -> list[Figure]:
    rates: dict[str, list[float]] = {"lane-loop": [], "curl-loop": []}
    with Plane() as plane:
        url = f"{plane.url}/v1/environments/env_0/work/poll"
        for number in range(PAIRS):
            for which in sorted(rates, reverse=number % 2 == 1):
                output = subprocess.run([program(which), url, str(REQUESTS)], check=True,
                                        capture_output=True, text=True).stdout
                rates[which].append(float(output))
    ratio = median(ours / curls for ours, curls in zip(rates["lane-loop"], rates["curl-loop"]))
    return [Figure("h", "sequential requests through io/", "1/s", median(rates["lane-loop"]),
                   median(rates["curl-loop"]), "curl_easy_perform", ratio,
                   quartiles(rates["lane-loop"]), f"at least {LEAST} of it", ratio >= LEAST)]
