# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The demo's engine: one that runs on this machine already, or else a private Podman service, which is no daemon.
# Sourced by demo.sh, which sets $work, a directory that it removes at the end, and $instance.
#
#   find_engine     sets ENGINE, and says what was chosen and why
#   prepare_engine  loads the session image and sets BRIDGE_ADDRESS (where containers reach this machine), image,
#                   policy and policy_dir
#   leave_engine    takes back all that is there of the demo; a private engine keeps its images, in build/engines

: "${work:?}" "${instance:?}"
private_dir=build/engines/podman
image_tar=build/images/session-node.tar
is_private=
demo_image=
demo_link=

api() {
	curl --silent --fail --noproxy '*' --max-time 60 --unix-socket "${ENGINE#unix://}" "$@"
}

# The first named one, as berth has it; else the first that answers at its usual place.
find_engine() {
	local name place
	for name in BERTH_ENGINE DOCKER_HOST CONTAINER_HOST; do
		if [ -n "${!name-}" ]; then
			ENGINE=${!name}
			if ! api http://engine/_ping >/dev/null; then
				echo "demo.sh: no engine answers at $ENGINE, which $name names" >&2
				exit 1
			fi
			say "The engine at $ENGINE, because $name names it:"
			return
		fi
	done
	for place in /run/docker.sock /run/podman/podman.sock "/run/user/$(id -u)/podman/podman.sock"; do
		ENGINE=unix://$place
		if [ -S "$place" ] && api http://engine/_ping >/dev/null; then
			say "The engine at $ENGINE, because it runs on this machine and answers:"
			return
		fi
	done
	say "A private Podman service, because no engine answers at its usual place and none is named by BERTH_ENGINE:"
	start_private
}

start_private() {
	mkdir -p "$(dirname "$private_dir")"
	# The tests use the same directory.
	exec 9>"$private_dir.lock"
	flock --wait 600 9 || { echo "demo.sh: another process holds $private_dir.lock" >&2; exit 1; }
	is_private=yes
	tests/engines/podman.sh start "$private_dir" >"$work/engine.env"
	# shellcheck source=/dev/null
	. "$work/engine.env"
}

is_podman() {
	api --dump-header - --output /dev/null http://engine/_ping | grep -i '^libpod-api-version:' >/dev/null
}

# What rootless Podman cannot limit on cgroup v1 has to be waived; everywhere else nothing is.
# shellcheck disable=SC2034 # policy and policy_dir are demo.sh's
choose_policy() {
	policy_dir=$PWD/policies policy=hardened
	if is_podman && api http://engine/v4.0.0/libpod/info |
		jq -e '.host.security.rootless and .host.cgroupVersion == "v1"' >/dev/null; then
		policy_dir=$PWD/tests/policies policy=rootless-v1
		echo "policy rootless-v1, because rootless Podman limits nothing on cgroup v1"
	fi
}

# Containers of Docker reach this machine at its bridge; those of Podman, at any of its own addresses.
find_address() {
	local block
	[ -z "$is_private" ] || return 0
	BRIDGE_ADDRESS=$(api http://engine/networks/bridge | jq -r '.IPAM.Config[0].Gateway // empty' || true)
	if [ -n "$BRIDGE_ADDRESS" ] && ip -4 -oneline address show to "$BRIDGE_ADDRESS" | grep . >/dev/null; then
		return
	fi
	for block in {208..223}; do
		ip -4 route show table all match "10.$block.0.0/24" | grep -v '^default' >/dev/null || break
	done
	BRIDGE_ADDRESS=10.$block.0.1
	demo_link=berth-demo
	ip link add "$demo_link" type bridge
	ip address add "$BRIDGE_ADDRESS/24" dev "$demo_link"
	ip link set "$demo_link" up
}

# An engine that was there before gets the image under a name of the demo's, unless it has it.
load_image() {
	local digest
	images/session-node/build.sh "$image_tar"
	image=$(sed -n 's/^REFERENCE //p' "$image_tar.config")
	digest=$(sed -n 's/^LABEL berth\.image\.digest=//p' "$image_tar.config")
	if [ -z "$is_private" ] && ! api "http://engine/images/$image/json" |
		jq -e --arg digest "$digest" '.Config.Labels["berth.image.digest"] == $digest' >/dev/null; then
		demo_image=${image%:*}:demo-$$
		image=$demo_image
	fi
	ln -s "$PWD/$image_tar" "$work/image.tar"
	sed "s|^REFERENCE .*|REFERENCE $image|" "$image_tar.config" >"$work/image.tar.config"
	images/session-node/load.sh "$ENGINE" "$work/image.tar"
}

prepare_engine() {
	api http://engine/version | jq -r '"\(.Components[0].Name) \(.Version), API \(.ApiVersion)"' |
		sed 's/^Engine/Docker/; s/ Engine//'
	choose_policy
	find_address
	load_image
}

# What an interrupted berth has left: its containers and its network.
remove_sessions() {
	local filters container
	filters=$(jq -rn --arg mark "berth.instance=$instance" '{"label": [$mark]} | @json | @uri')
	for container in $(api "http://engine/v1.41/containers/json?all=1&filters=$filters" | jq -r '.[].Id'); do
		api --request DELETE "http://engine/v1.41/containers/$container?force=1&v=1&timeout=0" || true
	done
	api --request DELETE --output /dev/null "http://engine/v1.41/networks/berth-$instance" || true
}

leave_engine() {
	[ -n "$is_private" ] || remove_sessions
	if [ -n "$demo_image" ]; then
		api --request DELETE --output /dev/null "http://engine/images/$demo_image" || true
	fi
	if [ -n "$demo_link" ]; then
		ip link delete "$demo_link" || true
	fi
	if [ -n "$is_private" ]; then
		tests/engines/podman.sh stop "$private_dir" >/dev/null || true
	fi
}
