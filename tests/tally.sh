#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tally.sh FOLDER...: counts the TAP results of all suites; fails if one failed or none ran.
set -euo pipefail
count() { find "${folders[@]}" -name '*.tap' -exec grep -hE "$1" {} + | wc -l; }
folders=("$@")
failed=$(count '^not ok')
skipped=$(count '^ok.*# SKIP')
passed=$(($(count '^ok') - skipped))
find "${folders[@]}" -name '*.tap' -exec grep -H '^not ok' {} + || true
line="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || line+=", $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
