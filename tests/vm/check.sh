#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# check.sh DIR [SUITE...] - build the machine in DIR unless it is there, and run the suites of ./job in it, or only
# those named. TAP on stdout.
# $BERTH is the program to test. Needs root for the build.
set -euo pipefail
cd "$(dirname "$0")/../.."

dir=${1:?usage: check.sh DIR [SUITE...]}
shift
tests/vm/build.sh "$dir" >&2
share=$(mktemp -d)
trap 'rm -rf "$share"' EXIT
chmod 0755 "$share"
cp "$BERTH" "$share/berth"
cp -r policies examples "$share"
printf '%s\n' "$@" >"$share/suites"
mkdir -p "$share/tests" "$share/images"
cp -r images/session-node "$share/images"
cp build/images/session-node.tar{,.config} "$share/images"
cp -r tests/{controlplane,engines,fake,harness,policies,vm,tap.py} "$share/tests"
install -m 0755 tests/vm/job "$share/job"
# Plan for a slow day: on an idle machine of two cores this takes half of it.
tests/vm/run.sh "$dir" "$share" 1500
