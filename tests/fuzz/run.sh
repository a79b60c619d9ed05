#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh FUZZER CORPUS SECONDS: one fuzz target for that long, as TAP. What it finds to be new goes
# below the fuzzer's folder, what breaks it too.
set -uo pipefail
fuzzer=$(realpath "$1")
corpus=$(realpath "$2")
seconds=$3
target=$(basename "$corpus")
found=$(dirname "$fuzzer")/found/$target
mkdir -p "$found"
if "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 -verbosity=1 \
	-print_final_stats=1 -artifact_prefix="$found.broken-by-" "$found" "$corpus" >"$found.log" 2>&1; then
	echo "ok 1 - Nothing that libFuzzer thinks of breaks $target"
	verdict=0
else
	echo "not ok 1 - Nothing that libFuzzer thinks of breaks $target"
	grep -v '^#[0-9]' "$found.log" | tail -n 40 | sed 's/^/# /'
	verdict=1
fi
sed -n 's/^stat::number_of_executed_units: */# inputs: /p' "$found.log"
grep -o 'cov: [0-9]*' "$found.log" | tail -n 1 | sed 's/^/# edges /'
echo "1..1"
exit $verdict
