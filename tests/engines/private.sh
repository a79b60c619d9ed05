# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What docker.sh and podman.sh share: processes known by pid files, a free block of addresses, and taking back.
# The script that sources it calls set_directory, and defines make_links and take_back.

start_seconds=60
stop_seconds=20

fail() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# set_directory DIR SOCKET - set dir, socket (below it), id (of that directory) and link.
set_directory() {
	dir=$(realpath -m "$1")
	socket=$dir/$2
	# sockaddr_un has room for 107 characters, and the longest socket is containerd's.
	[ ${#dir} -le 80 ] || fail "the path is too long for sockets: $dir"
	id=$(printf '%s' "$dir" | sha256sum | cut -c1-8)
	# shellcheck disable=SC2034 # for the script that sources this
	link=berth-$id
}

# needs COMMAND:PACKAGE... - fail unless these programs are there, and we are root.
needs() {
	local command
	[ "$(id -u)" = 0 ] || fail "needs root"
	for command in "$@"; do
		command -v "${command%:*}" >/dev/null || fail "needs ${command%:*} (Debian package ${command#*:})"
	done
}

# api ARGUMENT... - a request to the engine at $socket.
api() {
	curl --silent --fail --max-time 30 --noproxy '*' --unix-socket "$socket" "$@"
}

# --- processes: known by the pid in DIR/NAME.pid, and only if the command line names our directory ---

# names_us PID - whether it is ours. An engine may know DIR by a second name, $inside.
names_us() {
	tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | grep -F -e "$dir/" -e "${inside:-$dir}/" >/dev/null
}

pid_of() {
	local pid
	pid=$(cat "$dir/$1.pid" 2>/dev/null) || return 1
	# A pid file may outlive its process, and the pid be somebody else's by now.
	names_us "$pid" || return 1
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
	) >>"$dir/$name.log" 2>&1 </dev/null &
	echo $! >"$dir/$name.pid"
}

# end NAME [SIGNAL...] - SIGTERM, and SIGKILL to one that does not listen.
end() {
	local name=$1 pid signal deadline
	shift
	[ $# -gt 0 ] || set -- TERM KILL
	for signal; do
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

# end_naming TEXT - SIGKILL every process whose command line has TEXT, and its children before it: what watches
# over a container outlives its engine, and so do the containers.
end_naming() {
	local file process
	# The pattern goes in by a descriptor, so that grep does not find its own command line.
	{ grep -lsF -f <(printf '%s\n' "$1") /proc/[0-9]*/cmdline || true; } | while read -r file; do
		process=${file%/cmdline}
		xargs --no-run-if-empty kill -KILL <"$process/task/${process#/proc/}/children" 2>/dev/null || true
		kill -KILL "${process#/proc/}" 2>/dev/null || true
	done
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
			echo "${0##*/}: $why; the end of $dir/$name.log:" >&2
			tail -n 20 "$dir/$name.log" >&2
			take_back
			exit 1
		fi
		sleep 0.1
	done
}

# --- network: in a block of addresses that no route of the machine touches -----------------------

routes_touching() {
	{
		ip -4 route show table all match "$1"
		ip -4 route show table all root "$1"
	} | grep -v '^default'
}

# Prints "A.B" of a free block 10.A.B.0/20.
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

# Has make_links make what has the machine's address in the block, 10.A.B.1, and writes DIR/block and DIR/env.new.
make_network() {
	local block
	# One at a time, or two engines started together could choose the same block.
	exec 9>/run/berth-test-engines.lock
	flock --wait 30 9 || fail "another start holds /run/berth-test-engines.lock"
	block=$(find_block)
	echo "$block" >"$dir/block"
	make_links "$block"
	exec 9>&-
	cat >"$dir/env.new" <<-END
		ENGINE=unix://$socket
		BRIDGE_ADDRESS=10.$block.1
	END
}

# --- taking back -------------------------------------------------------------------------------

take_back_network() {
	local block name
	if block=$(cat "$dir/block" 2>/dev/null); then
		ip -4 -oneline address show to "10.$block.0/20" | awk '{ print $2 }' | while read -r name; do
			ip link delete "$name"
		done
	fi
	rm -f "$dir/block"
}

# take_back_mounts DIR - those below it.
take_back_mounts() {
	local mount
	awk -v dir="$1/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r mount; do
		umount --lazy "$mount"
	done
}

print_env() {
	cat "$dir/env" 2>/dev/null || fail "nothing was started in $dir"
}
