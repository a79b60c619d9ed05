#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run-tap.sh FILE COMMAND...: runs a test program, keeps its TAP in FILE, and shows what is not ok.
# A program that fails without saying why, or says nothing at all, is itself a failed test; with
# TEST_STRICT=1 so is a test that is skipped.
set -uo pipefail
file=$1
shift
mkdir -p "$(dirname "$file")"
start=$SECONDS
"$@" >"$file" 2>"$file.log"
code=$?
# cmocka says "not ok" of a test that is skipped, as it must be where nothing may be left out.
[ "${TEST_STRICT-}" = 1 ] || sed -i -E 's/^not ok ([0-9]+ # SKIP)/ok \1/' "$file"
if [ $code -ne 0 ] && ! grep -q '^not ok' "$file"; then
	echo "not ok - $(basename "$file" .tap) exited with $code" >>"$file"
elif ! grep -q '^\(not \)\?ok' "$file"; then
	echo "not ok - $(basename "$file" .tap) ran no test" >>"$file"
fi
failed=$(grep -c '^not ok' "$file")
printf '  TAP   %-28s %4d ok, %d not ok, %d s\n' "$(basename "$file" .tap)" \
	"$(grep -c '^ok' "$file")" "$failed" $((SECONDS - start))
if [ "$failed" -gt 0 ]; then
	grep -A 12 '^not ok' "$file" | head -n 200
	echo "--- the last lines of $file.log"
	tail -n 60 "$file.log"
	exit 1
fi
