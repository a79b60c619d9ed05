#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tally.sh FOLDER...: counts the TAP results of all suites; fails if one failed or none ran.
set -euo pipefail
results=$(find "$@" -name '*.tap' -exec grep -HE '^(not )?ok' {} + || true)
# grep -c fails where it counts nothing.
count() { grep -cE "$1" <<<"$results" || true; }
failed=$(count '\.tap:not ok')
skipped=$(count '\.tap:ok.*# SKIP')
passed=$(($(count '\.tap:ok') - skipped))
grep -E '\.tap:not ok' <<<"$results" || true
line="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || line+=", $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
