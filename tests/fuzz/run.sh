#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh FUZZER TARGET SECONDS: one fuzz target for that long, as TAP, from its corpus and with the
# words of its dictionary, if there is one. What it finds to be new goes below the fuzzer's folder,
# what breaks it too.
set -uo pipefail
fuzzer=$(realpath "$1")
target=$2
seconds=$3
here=$(dirname "$(realpath "$0")")
found=$(dirname "$fuzzer")/found/$target
options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1
	-artifact_prefix="$found.broken-by-")
[ ! -e "$here/dictionary/$target" ] || options+=(-dict="$here/dictionary/$target")
mkdir -p "$found"
"$fuzzer" "${options[@]}" "$found" "$here/corpus/$target" >"$found.log" 2>&1
code=$?
if [ $code -eq 0 ]; then
	echo "ok 1 - Nothing that libFuzzer thinks of breaks $target"
else
	echo "not ok 1 - Nothing that libFuzzer thinks of breaks $target"
	sed -n "s/.*Test unit written to /# to see it again: $(basename "$fuzzer") /p" "$found.log"
	grep -v '^#[0-9]' "$found.log" | tail -n 40 | sed 's/^/# /'
fi
inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found.log")
each_second=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$found.log")
edges=$(grep -o 'cov: [0-9]*' "$found.log" | tail -n 1 | cut -d ' ' -f 2)
echo "# $target: ${inputs:-?} inputs, ${each_second:-?} each second; ${edges:-?} edges covered"
echo "1..1"
exit $code
