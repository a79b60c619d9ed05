#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# docker.sh start|stop|status|env DIR - a private Docker daemon for tests, complete in DIR.
#
#   start   start the daemon, wait until it answers, print its environment; nothing if it runs already
#   stop    remove its containers and networks, end it, and take back what start made on the machine
#   status  exit 0 and one line if it answers, else exit 3
#   env     print DIR/env: ENGINE=unix:///... and BRIDGE_ADDRESS=..., the address of this machine at which
#           containers of the default bridge reach a server that listens on it (or on 0.0.0.0)
#
# The daemon has its own containerd, data, sockets and bridge, so that several run at once and next to the
# system's. It writes no firewall rules (they would flush another daemon's): its containers reach this machine
# and each other, and nothing beyond. DIR/data stays after stop, with the images; DIR may then be removed.
# Needs root and the Debian packages docker.io, iproute2 and curl. No Docker client is used.
set -euo pipefail

start_seconds=60
stop_seconds=20

usage() {
	echo "usage: docker.sh start|stop|status|env DIR" >&2
	exit 64
}

fail() {
	echo "docker.sh: $*" >&2
	exit 1
}

api() {
	curl --silent --fail --max-time 30 --noproxy '*' --unix-socket "$dir/docker.sock" "$@"
}

# --- processes: known by the pid in DIR/NAME.pid, and only if the command line names DIR -------

pid_of() {
	local pid
	pid=$(cat "$dir/$1.pid" 2>/dev/null) || return 1
	# A pid file may outlive its process, and the pid be somebody else's by now.
	tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -F "$dir/" >/dev/null || return 1
	echo "$pid"
}

# detach NAME COMMAND... - run in the background, with no descriptor of ours that a caller might wait for.
detach() {
	local name=$1 fd
	shift
	(
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			[ "$fd" -le 2 ] || eval "exec $fd>&-"
		done
		exec setsid "$@"
	) >"$dir/$name.log" 2>&1 </dev/null &
	echo $! >"$dir/$name.pid"
}

# end NAME - SIGTERM, and SIGKILL to one that does not listen.
end() {
	local name=$1 pid signal deadline
	for signal in TERM KILL; do
		pid=$(pid_of "$name") || break
		kill -"$signal" "$pid" 2>/dev/null || true
		deadline=$((SECONDS + stop_seconds))
		while pid_of "$name" >/dev/null && [ $SECONDS -lt $deadline ]; do
			sleep 0.05
		done
	done
	if pid_of "$name" >/dev/null; then
		fail "$name, pid $pid, does not end"
	fi
	rm -f "$dir/$name.pid"
}

# The shims of our containerd name its socket; they and their containers outlive a containerd that was killed.
end_shims() {
	local file shim
	# The pattern goes in by a descriptor, so that grep does not find its own command line.
	{ grep -lsF -f <(printf '%s\n' "$dir/containerd.sock") /proc/[0-9]*/cmdline || true; } | while read -r file; do
		shim=${file%/cmdline}
		xargs --no-run-if-empty kill -KILL <"$shim/task/${shim#/proc/}/children" 2>/dev/null || true
		kill -KILL "${shim#/proc/}" 2>/dev/null || true
	done
}

# --- network: one bridge, in a block of addresses that no route of the machine touches ---------

routes_touching() {
	{
		ip -4 route show table all match "$1"
		ip -4 route show table all root "$1"
	} | grep -v '^default'
}

# Prints "A.B" of a free block 10.A.B.0/20: its first /22 is for the bridge, its second half for networks.
find_block() {
	local candidate start=$((16#${id:0:4})) i
	for ((i = 0; i < 256; i++)); do
		candidate=$((208 + (start + i) / 16 % 16)).$(((start + i) % 16 * 16))
		if ! routes_touching "10.$candidate.0/20" >/dev/null; then
			echo "$candidate"
			return
		fi
	done
	fail "no free block of addresses in 10.208.0.0/12"
}

make_bridge() {
	local block
	# One at a time, or two daemons started together could choose the same block.
	exec 9>/run/berth-test-engines.lock
	flock --wait 30 9 || fail "another start holds /run/berth-test-engines.lock"
	block=$(find_block)
	echo "$block" >"$dir/block"
	# With an address of its own: a bridge otherwise takes one of its ports', and changes it when a container
	# comes or goes, which cuts the others off until they ask for it again.
	ip link add name "$bridge" address "02:${id:0:2}:${id:2:2}:${id:4:2}:${id:6:2}:01" type bridge
	ip address add "10.$block.1/22" broadcast + dev "$bridge"
	ip link set "$bridge" up
	exec 9>&-
	cat >"$dir/env.new" <<-END
		ENGINE=unix://$dir/docker.sock
		BRIDGE_ADDRESS=10.$block.1
	END
}

# --- commands ----------------------------------------------------------------------------------

write_settings() {
	local block second_half
	block=$(cat "$dir/block")
	second_half=${block%.*}.$((${block#*.} + 8))
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
		  "hosts": ["unix://$dir/docker.sock"],
		  "containerd": "$dir/containerd.sock",
		  "bridge": "$bridge",
		  "default-address-pools": [{"base": "10.$second_half.0/21", "size": 26}],
		  "iptables": false,
		  "userland-proxy": false,
		  "shutdown-timeout": 5
		}
	END
}

# wait_until NAME COMMAND... - until COMMAND succeeds, while the process NAME lives.
wait_until() {
	local name=$1 deadline=$((SECONDS + start_seconds)) why=
	shift
	while ! "$@" >/dev/null 2>&1; do
		# Not pid_of: a child that has not come to its exec yet has our command line.
		if ! kill -0 "$(cat "$dir/$name.pid")" 2>/dev/null; then
			why="$name ended"
		elif [ $SECONDS -ge $deadline ]; then
			why="$name does not answer after $start_seconds s"
		fi
		if [ -n "$why" ]; then
			echo "docker.sh: $why; the end of $dir/$name.log:" >&2
			tail -n 20 "$dir/$name.log" >&2
			take_back
			exit 1
		fi
		sleep 0.1
	done
}

# Undoes every part of a start, also of one that came only half-way.
take_back() {
	local block link mount
	end dockerd
	end containerd
	end_shims
	if block=$(cat "$dir/block" 2>/dev/null); then
		ip -4 -oneline address show to "10.$block.0/20" | awk '{ print $2 }' | while read -r link; do
			ip link delete "$link"
		done
	fi
	if [ -e "/sys/class/net/$bridge" ]; then
		ip link delete "$bridge"
	fi
	awk -v dir="$dir/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r mount; do
		umount --lazy "$mount"
	done
	rm -rf "$dir/run"
	rm -f "$dir/env" "$dir/env.new" "$dir/block" "$dir/docker.sock" "$dir"/containerd.sock*
}

start() {
	local command
	if status >/dev/null; then
		cat "$dir/env"
		return
	fi
	[ "$(id -u)" = 0 ] || fail "needs root"
	for command in dockerd:docker.io containerd:containerd runc:runc ip:iproute2 curl:curl; do
		command -v "${command%:*}" >/dev/null || fail "needs ${command%:*} (Debian package ${command#*:})"
	done
	mkdir -p "$dir"
	chmod 0711 "$dir"
	take_back
	mkdir -p "$dir/run"
	make_bridge
	write_settings
	detach containerd containerd --config "$dir/containerd.toml"
	wait_until containerd test -S "$dir/containerd.sock"
	detach dockerd dockerd --config-file "$dir/daemon.json"
	wait_until dockerd api http://engine/_ping
	mv "$dir/env.new" "$dir/env"
	cat "$dir/env"
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
		echo "dockerd ${version:11:-1}, pid $pid, unix://$dir/docker.sock"
	else
		echo "no daemon in $dir"
		return 3
	fi
}

[ $# = 2 ] || usage
dir=$(realpath -m "$2")
# sockaddr_un has room for 107 characters, and the longest socket is containerd's.
[ ${#dir} -le 80 ] || fail "the path is too long for sockets: $dir"
id=$(printf '%s' "$dir" | sha256sum | cut -c1-8)
bridge=berth-$id

case $1 in
	start | stop | status) "$1" ;;
	env) cat "$dir/env" 2>/dev/null || fail "no daemon was started in $dir" ;;
	*) usage ;;
esac
