#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh - see berth work: three queued sessions, a real engine, the official worker.
#
# Takes a Docker or Podman that runs on this machine (BERTH_ENGINE, DOCKER_HOST and CONTAINER_HOST name
# one, unix:///SOCKET), or else starts a private Podman service; starts the control-plane simulator,
# drains the queue once with "berth drain --wait", and prints when each session was queued, claimed,
# created, acked, started, heard of first, stopped by its own container, and removed. Exit 0 only if all
# of that happened to all of them. Leaves nothing on an engine that it did not find there; a private one
# keeps its images, in build/engines. Run by "make demo", which installs what is needed first.
set -euo pipefail
cd "$(dirname "$0")/.."

berth=$(realpath "${BERTH:-build/default/berth}")
sessions=3
instance=demo-$$

work=$(mktemp -d)
simulator=

# shellcheck disable=SC2317 # called by the trap
clean_up() {
	if [ -n "$simulator" ]; then
		kill "$simulator" 2>/dev/null || true
		wait "$simulator" 2>/dev/null || true
	fi
	leave_engine
	rm -rf "$work"
}

say() {
	printf '\n%s\n' "$*"
}

admin() {
	curl --silent --show-error --fail --noproxy '*' --max-time 30 --data "$2" \
		"$(jq -r .admin "$work/ready.json")/$1"
}

# shellcheck source=tests/demo-engine.sh
. tests/demo-engine.sh
trap clean_up EXIT
trap 'exit 130' INT TERM

find_engine
prepare_engine

say "A simulated control plane with $sessions queued sessions, each with one tool call:"
(cd tests && exec python3 -m controlplane --listen 127.0.0.1:0 --listen "$BRIDGE_ADDRESS:0" \
	--ready-file "$work/ready.json" >"$work/simulator.log" 2>&1 9>&-) &
simulator=$!
for ((i = 0; i < 100; i++)); do
	[ ! -e "$work/ready.json" ] || break
	sleep 0.1
done
[ -e "$work/ready.json" ] || { cat "$work/simulator.log" >&2; exit 1; }
admin create_environment '{"id": "env_demo"}' >"$work/environment.json"
(umask 077 && jq -r .key "$work/environment.json" >"$work/key")
# shellcheck disable=SC2016 # for the shell in the container
admin queue "$(jq -n --argjson count "$sessions" '{environment: "env_demo", count: $count,
	script: ["echo \"uid $(id -u) on $(hostname)\""]}')" | jq -r '.[] | "  \(.session_id)"'

cat >"$work/fleet.yaml" <<END
version: 1
instance: $instance
state_dir: $work/state
policy_dir: $policy_dir
engine: { socket: "$ENGINE" }
base_url: $(jq -r '.urls[0]' "$work/ready.json")
session_base_url: $(jq -r '.urls[1]' "$work/ready.json")
allow_http: true
environments:
  - { id: env_demo, name: demo, key: { file: $work/key }, image: "$image", policy: $policy }
END

say "berth drain --wait, and what became of the sessions, in seconds since each was queued:"
status=0
timeout --foreground --kill-after=10 180 "$berth" drain --wait --config "$work/fleet.yaml" \
	2>"$work/berth.log" 9>&- || status=$?
if [ $status != 0 ]; then
	cat "$work/berth.log" >&2
	echo "demo.sh: berth ended with $status" >&2
	exit 1
fi
admin state '{}' >"$work/state.json"
admin log '{}' >"$work/log.json"
python3 tests/demo.py "$work/state.json" "$work/log.json" "$work/state/records.jsonl"
