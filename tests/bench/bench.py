# SPDX-License-Identifier: Apache-2.0
"""`make bench`: measures the rows that BENCH_ROWS names (all), and prints one table.

    python3 tests/bench/bench.py build/bench

Every row has its own file, row_*.py, whose text says what is compared with what. What was measured
goes to build/bench/bench.json, where rows that were not measured now keep what they had.
"""
from __future__ import annotations

import dataclasses
import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import table  # noqa: E402

ROWS = {"a": "row_latency", "b": "row_burst", "c": "row_items", "d": "row_idle", "e": "row_live", "f": "row_drain", "h": "row_sequential"}


def measure(row: str) -> list[dict]:
    began = time.monotonic()
    print(f"({row}) ...", file=sys.stderr, flush=True)
    figures = [dataclasses.asdict(figure)
               for figure in importlib.import_module(ROWS[row]).measure()]
    print(f"({row}) {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return figures


def machine() -> dict[str, object]:
    """In general terms."""
    return {"cores": os.cpu_count(), "kernel": platform.release().split("-")[0],
            "load": os.getloadavg()[0]}


def main(where: str) -> int:
    rows = os.environ.get("BENCH_ROWS", " ".join(ROWS)).split()
    if unknown := set(rows) - set(ROWS):
        sys.exit(f"BENCH_ROWS: there is no row {' '.join(sorted(unknown))}; there are "
                 f"{' '.join(ROWS)}")
    file = Path(where) / "bench.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    result = json.loads(file.read_text()) if file.exists() else {"rows": {}}
    for row in rows:
        result["machine"] = machine()
        result["rows"][row] = measure(row)
        file.write_text(json.dumps(result, indent=1) + "\n")
    figures = [figure for row in sorted(result["rows"]) for figure in result["rows"][row]]
    print(table.markdown(figures))
    missed = [figure for figure in figures if figure["row"] in rows and figure["met"] is False]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
