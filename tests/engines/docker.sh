#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# docker.sh COMMAND DIR - a private Docker daemon for tests, complete in DIR.
#
#   start   start the daemon, wait until it answers, print its environment; nothing if it runs already
#   start-gvisor  the same, and the daemon has a second runtime, gVisor's runsc
#   stop    remove its containers and networks, end it, and take back what start made on the machine
#   status  exit 0 and one line if it answers, else exit 3
#   env     print DIR/env: ENGINE=unix:///... and BRIDGE_ADDRESS=..., the address of this machine at which
#           containers reach a server that listens on it (or on 0.0.0.0)
#   crash   SIGKILL the daemon and leave its containers (it has live-restore)
#   resume  start it again after that
#
# The daemon has its own containerd, data and sockets, and a network name space in which it makes its bridges and
# writes its firewall rules, so that several run at once and next to the system's. Its containers reach this
# machine, with addresses of their own, and nothing beyond. DIR/data stays after stop, with the images; DIR may
# then be removed. Needs root and the Debian packages docker.io, iptables, iproute2 and curl. No Docker client is
# used.
set -euo pipefail

# shellcheck source=tests/engines/private.sh
. "$(dirname "$0")/private.sh"

usage() {
	echo "usage: docker.sh start|start-gvisor|stop|status|env|crash|resume DIR" >&2
	exit 64
}

# Prints "A.B" of the block's part that begins N networks of 256 addresses on: its first is for the link between
# machine and name space, the second quarter for the default bridge, the second half for networks.
part() {
	echo "${1%.*}.$((${1#*.} + $2))"
}

in_namespace() {
	nsenter --net="/run/netns/$link" "$@"
}

make_links() {
	ip netns add "$link"
	ip link add name "$link" type veth peer name outside netns "$link"
	ip address add "10.$1.1/30" dev "$link"
	ip link set "$link" up
	ip route add "10.$(part "$1" 4).0/22" via "10.$1.2"
	ip route add "10.$(part "$1" 8).0/21" via "10.$1.2"
	in_namespace ip link set lo up
	in_namespace ip address add "10.$1.2/30" dev outside
	in_namespace ip link set outside up
	in_namespace ip route add default via "10.$1.1"
	# Docker replaces the addresses of what leaves its bridges, but not where connections are not tracked. Then
	# answers are let in by their direction, in the chain that Docker leaves to others.
	in_namespace iptables -t raw -A PREROUTING -j CT --notrack
	in_namespace iptables -N DOCKER-USER
	in_namespace iptables -A DOCKER-USER -i outside -j ACCEPT
}

# write_settings [RUNTIMES] - members of daemon.json's "runtimes".
write_settings() {
	local block
	block=$(cat "$dir/block")
	cat >"$dir/containerd.toml" <<-END
		version = 2
		root = "$dir/data/containerd"
		state = "$dir/run/containerd"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
		[grpc]
		  address = "$dir/containerd.sock"
	END
	# A settings file of our own also keeps the system daemon's /etc/docker/daemon.json out.
	cat >"$dir/daemon.json" <<-END
		{
		  "data-root": "$dir/data/docker",
		  "exec-root": "$dir/run/docker",
		  "pidfile": "$dir/run/docker.pid",
		  "hosts": ["unix://$socket"],
		  "containerd": "$dir/containerd.sock",
		  "bip": "10.$(part "$block" 4).1/22",
		  "default-address-pools": [{"base": "10.$(part "$block" 8).0/21", "size": 26}],
		  "userland-proxy": false,
		  "live-restore": true,
		  "runtimes": {${1-}},
		  "shutdown-timeout": 5
		}
	END
}

# Undoes every part of a start, also of one that came only half-way.
take_back() {
	end dockerd
	end containerd
	# The shims of our containerd name its socket.
	end_naming "$dir/containerd.sock"
	take_back_network
	if [ -e "/run/netns/$link" ]; then
		ip netns delete "$link"
	fi
	take_back_mounts "$dir"
	rm -rf "$dir/run"
	rm -f "$dir/env" "$dir/env.new" "$socket" "$dir"/containerd.sock*
}

start_dockerd() {
	detach dockerd nsenter --net="/run/netns/$link" dockerd --config-file "$dir/daemon.json"
	wait_until dockerd api http://engine/_ping
}

# begin [RUNTIMES]
begin() {
	if status >/dev/null; then
		print_env
		return
	fi
	needs dockerd:docker.io containerd:containerd runc:runc iptables:iptables ip:iproute2 curl:curl
	mkdir -p "$dir"
	chmod 0711 "$dir"
	take_back
	mkdir -p "$dir/run"
	rm -f "$dir"/*.log
	make_network
	write_settings "$@"
	detach containerd containerd --config "$dir/containerd.toml"
	wait_until containerd test -S "$dir/containerd.sock"
	start_dockerd
	mv "$dir/env.new" "$dir/env"
	print_env
}

start() {
	begin
}

start_gvisor() {
	needs runsc:runsc
	begin '"runsc": {"path": "runsc", "runtimeArgs": ["--network=host"]}'
}

stop() {
	local container
	if api http://engine/_ping >/dev/null; then
		for container in $(api 'http://engine/containers/json?all=1' | grep -o '"Id":"[0-9a-f]*"' | cut -d'"' -f4); do
			api --request DELETE "http://engine/containers/$container?force=1&v=1" || true
		done
		api --request POST --output /dev/null http://engine/networks/prune || true
	fi
	take_back
}

status() {
	local pid version
	if pid=$(pid_of dockerd) && version=$(api http://engine/version | grep -o '"Version":"[^"]*"' | head -n 1); then
		echo "dockerd ${version:11:-1}, pid $pid, unix://$socket"
	else
		echo "no daemon in $dir"
		return 3
	fi
}

crash() {
	pid_of dockerd >/dev/null || fail "no daemon runs in $dir"
	end dockerd KILL
	# It would keep the next one from starting for as long as nobody has reaped the dead one.
	rm -f "$dir/run/docker.pid"
}

resume() {
	status >/dev/null && return
	pid_of containerd >/dev/null || fail "no daemon was started in $dir"
	start_dockerd
}

[ $# = 2 ] || usage
set_directory "$2" docker.sock

case $1 in
	start-gvisor) start_gvisor ;;
	start | stop | status | crash | resume) "$1" ;;
	env) print_env ;;
	*) usage ;;
esac
