#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds berth with one patch of tests/world/mutants/ at a time and has the world run until it
# notices. A mutant that survives, or does not apply any more, is a failure.
# Arguments: build folder, compiler, linker up to the object that is replaced, what follows it.
# MUTANTS: a pattern, for some of them. MUTANT_SEEDS: how many worlds each is given.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=$1
read -ra compile <<<"$2"
read -ra link <<<"$3"
read -ra libraries <<<"$4"
seeds=${MUTANT_SEEDS:-2000}
folder=$build/mutants
number=0
failed=0

# By the line about what must hold, not by the exit code: so few worlds do not take every edge. A
# world that dies says "not ok" too.
holds() {
	! grep -q '^not ok 1 ' "$1"
}

# Says why a mutant is as it is, or nothing.
try() {
	local patch=$1 name=$2 source
	source=$(sed -n 's|^+++ b/||p' "$patch")
	mkdir -p "$folder/$name" || return
	cp "$source" "$folder/$name/" || return
	if ! patch -s --no-backup-if-mismatch "$folder/$name/$(basename "$source")" "$patch" >&2; then
		echo "does not apply: write it anew"
		return
	fi
	# The object stands before the library, which then has nothing to add to it.
	if ! "${compile[@]}" -I"$(dirname "$source")" -c "$folder/$name/$(basename "$source")" -o "$folder/$name/mutant.o" ||
		! "${link[@]}" "$folder/$name/mutant.o" "${libraries[@]}" -o "$folder/$name/world"; then
		echo "does not compile"
		return
	fi
	"$folder/$name/world" --seeds "$seeds" --first >"$folder/$name/output"
	holds "$folder/$name/output" && echo "survives $seeds worlds"
	sed -n 's/^# \(seed [0-9]*: .*\)/# \1/p' "$folder/$name/output" | head -1 >&2
}

# Else it would notice anything.
"$build/tests/world/world" --seeds "$seeds" --first >"$folder.output"
number=1
if holds "$folder.output"; then
	echo "ok 1 - $seeds worlds of the code as it is hold"
else
	echo "not ok 1 - $seeds worlds of the code as it is hold"
	grep '^# seed' "$folder.output"
	failed=1
fi
for patch in tests/world/mutants/${MUTANTS:-*}.patch; do
	name=$(basename "$patch" .patch)
	number=$((number + 1))
	why=$(try "$patch" "$name" 2>"$folder.notes")
	if [ -n "$why" ]; then
		echo "not ok $number - noticed: ${name//-/ }: $why"
		cat "$folder.notes"
		failed=1
	else
		echo "ok $number - noticed: ${name//-/ }"
		grep '^# ' "$folder.notes"
	fi
done
echo "1..$number"
exit $failed
