#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# podman.sh COMMAND DIR [USER] - a private Podman service for tests, complete in DIR; rootless with USER.
#
#   start            start the service, wait until it answers, print its environment; nothing if it runs already
#   start-activated  the same, but the service ends after three idle seconds and comes back with the next
#                    connection, as systemd's podman.socket has it
#   stop             remove its containers, end it, and take back what start made on the machine
#   status           exit 0 and one line if it answers, else exit 3
#   env              print DIR/env: ENGINE=unix:///... and BRIDGE_ADDRESS=..., an address of this machine that
#                    nothing but containers' requests come to
#   crash            SIGKILL the service and leave its containers; an activated one comes back when it is wanted
#   resume           start it again after that
#
# Nothing is shared with the system's Podman: storage, locks, settings and networks are DIR's own. A USER that does
# not exist is made, with subordinate ids, and removed by stop; its numbers come from DIR, so that the images in
# DIR/data are still its own after the next start. A rootless service sees DIR as $inside, because the way to DIR
# may be closed to its user, and a /dev/net/tun of its own. DIR/data stays after stop; DIR may then be removed.
# Needs root and the Debian packages podman, runc, conmon, netavark, catatonit, slirp4netns, iproute2 and curl; for
# rootless also uidmap.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/engines/private.sh
. "$here/private.sh"

usage() {
	echo "usage: podman.sh start|start-activated|stop|status|env|crash|resume DIR [USER]" >&2
	exit 64
}

# --- the user of a rootless service --------------------------------------------------------------

# Ids of our own choice, so that they are the same next time: useradd's would depend on who came before.
make_user() {
	local uid=$((600000 + 16#${id:0:4})) first=$((700000000 + 16#${id:4:3} * 65536)) range
	range=$first-$((first + 65535))
	if getent passwd "$uid" >/dev/null || getent group "$uid" >/dev/null || grep -s ":$first:" /etc/subuid /etc/subgid >/dev/null; then
		fail "user or group id $uid or the subordinate ids $range are taken"
	fi
	echo "$user" >"$dir/made-user"
	groupadd --system --key SYS_GID_MAX="$uid" --gid "$uid" "$user"
	useradd --system --key SYS_UID_MAX="$uid" --uid "$uid" --gid "$uid" --home-dir "$inside/data/home" --no-create-home \
		--shell /usr/sbin/nologin "$user"
	usermod --add-subuids "$range" --add-subgids "$range" "$user"
}

take_back_user() {
	local made
	made=$(cat "$dir/made-user" 2>/dev/null) || return 0
	if getent passwd "$made" >/dev/null; then
		# By force, because a dead process may not have been waited for yet.
		userdel --force "$made" 2>/dev/null
	fi
	# The user's group goes with it, unless the machine's login.defs has it stay.
	if getent group "$made" >/dev/null; then
		groupdel "$made"
	fi
	rm -f "$dir/made-user"
}

check_user() {
	local file
	for file in /etc/subuid /etc/subgid; do
		grep "^$user:" "$file" >/dev/null || fail "user $user has no line in $file"
	done
}

# What another user has left here cannot be used; if that one was made for it, it is of no use to anybody.
check_owner() {
	local owner
	owner=$(id -u "${user:-root}"):$(id -g "${user:-root}")
	if [ ! -e "$dir/data/storage" ] || [ "$(stat -c %u:%g "$dir/data/storage")" = "$owner" ]; then
		return
	fi
	[ -e "$dir/made-user" ] || fail "$dir/data belongs to another user; remove $dir"
	rm -rf "$dir/data"
}

# A bridge without ports, as any host that runs containers has one.
make_links() {
	ip link add name "$link" type bridge
	ip address add "10.$1.1/24" dev "$link"
	ip link set "$link" up
}

# --- settings ------------------------------------------------------------------------------------

# Podman that may not raise limits (CAP_SYS_RESOURCE) needs defaults below its own. Debian's crun 1.8.1 refuses
# cgroup v1 beside v2, and systemd may not be there: so runc and cgroupfs.
write_settings() {
	local mount_program=
	# Rootless overlay needs this version; before it, a program did the same more slowly.
	if [ -n "$user" ] && [ "$(printf '%s\n' 5.13 "$(uname -r)" | sort -V | head -n 1)" != 5.13 ]; then
		needs fuse-overlayfs:fuse-overlayfs
		mount_program="mount_program = \"$(command -v fuse-overlayfs)\""
	fi
	cat >"$dir/containers.conf" <<-END
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
		[engine]
		runtime = "runc"
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		lock_type = "file"
		tmp_dir = "$inside/run/tmp"
		image_copy_tmp_dir = "$inside/data/tmp"
		[network]
		network_backend = "netavark"
		network_config_dir = "$inside/data/networks"
	END
	cat >"$dir/storage.conf" <<-END
		[storage]
		driver = "overlay"
		graphroot = "$inside/data/storage"
		runroot = "$runroot"
		rootless_storage_path = "$inside/data/storage"
		[storage.options.overlay]
		$mount_program
	END
	chmod 0644 "$dir/containers.conf" "$dir/storage.conf"
}

# --- Podman's surroundings -----------------------------------------------------------------------

# In a mount name space of its own a rootless Podman gets DIR under a name it can reach, and devices that root may
# keep to itself on this machine. Each command becomes the next one, so the pid stays.
# shellcheck disable=SC2016 # for the inner shell
enter_as_user='
	set -e
	mount --make-rshared /
	mount --bind "$1" "$2"
	mount -t tmpfs -o mode=0755,size=64k tmpfs "$2/run/dev"
	mknod -m 0600 "$2/run/dev/tun" c 10 200
	mknod -m 0600 "$2/run/dev/fuse" c 10 229
	chown "$3" "$2/run/dev/tun" "$2/run/dev/fuse"
	mount --bind "$2/run/dev/tun" /dev/net/tun
	mount --bind "$2/run/dev/fuse" /dev/fuse
	user=$3
	shift 3
	exec setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all "$@"'

# Sets surroundings and podman: the one runs a command as the service runs, the other is the command.
set_commands() {
	# In a directory of its own, because conmon leaves a file named "oom" where it was started.
	surroundings=(env --chdir="$inside/run" -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$inside/data/home"
		XDG_RUNTIME_DIR="$inside/run/user" CONTAINERS_CONF="$inside/containers.conf"
		CONTAINERS_STORAGE_CONF="$inside/storage.conf")
	if [ -n "$user" ]; then
		surroundings=(unshare --mount --propagation slave sh -c "$enter_as_user" sh "$dir" "$inside" "$user"
			"${surroundings[@]}")
	fi
	podman=(podman --root "$inside/data/storage" --runroot "$runroot" --tmpdir "$inside/run/tmp"
		--network-config-dir "$inside/data/networks" --log-level warn)
}

start_service() {
	if [ -e "$dir/activated" ]; then
		detach podman "${surroundings[@]}" python3 "$here/activation.py" "$inside/run/podman.sock" "${podman[@]}" \
			system service
	else
		detach podman "${surroundings[@]}" "${podman[@]}" system service --time=0 "unix://$inside/run/podman.sock"
	fi
	wait_until podman api http://engine/_ping
}

make_directories() {
	local owner=${user:-root} place
	for place in data data/home data/networks data/tmp run run/dev run/tmp run/user; do
		install -d -o "$owner" -m 0711 "$dir/$place"
	done
	chmod 0700 "$dir/run/user"
	mkdir -p "/run/$link"
}

# Undoes every part of a start, also of one that came only half-way.
take_back() {
	local pause
	# Without the service, which may be dead: its containers live on.
	if [ -e "$dir/run" ]; then
		timeout --kill-after=5 60 "${surroundings[@]}" "${podman[@]}" rm --all --force --time 0 >/dev/null </dev/null ||
			true
	fi
	end podman
	# Monitors of containers name our runroot. What keeps a rootless user's name spaces names nothing.
	end_naming "$inside/run/"
	if pause=$(cat "$dir/run/tmp/pause.pid" 2>/dev/null) && grep -sx catatonit "/proc/$pause/comm" >/dev/null; then
		kill -KILL "$pause" 2>/dev/null || true
	fi
	take_back_network
	take_back_mounts "$dir"
	take_back_mounts "/run/$link"
	take_back_user
	rm -rf "$dir/run" "/run/$link"
	rm -f "$dir/env" "$dir/env.new" "$dir/activated" "$dir/user"
}

# begin [activated]
begin() {
	if status >/dev/null; then
		print_env
		return
	fi
	needs podman:podman runc:runc conmon:conmon catatonit:catatonit slirp4netns:slirp4netns ip:iproute2 curl:curl
	[ -z "$user" ] || needs newuidmap:uidmap
	mkdir -p "$dir"
	chmod 0711 "$dir"
	take_back
	rm -f "$dir"/*.log
	if [ -n "$user" ]; then
		echo "$user" >"$dir/user"
		getent passwd "$user" >/dev/null || make_user
		check_user
	fi
	check_owner
	make_directories
	make_network
	write_settings
	[ $# = 0 ] || : >"$dir/activated"
	start_service
	mv "$dir/env.new" "$dir/env"
	print_env
}

start() {
	begin
}

stop() {
	take_back
}

status() {
	local pid version
	if pid=$(pid_of podman) && version=$(api http://engine/v4.0.0/libpod/version | grep -o '"Version":"[^"]*"' | head -n 1); then
		echo "podman ${version:11:-1}${user:+ of user $user}, pid $pid, unix://$socket"
	else
		echo "no service in $dir"
		return 3
	fi
}

# A rootless service is two processes: SIGKILL to the first would leave the second, which serves. What holds the
# socket of an activated one is Python.
service_processes() {
	local file
	{ grep -lsF -f <(printf '%s\n' "$inside/run/tmp") /proc/[0-9]*/cmdline || true; } | while read -r file; do
		if grep -szx service "$file" >/dev/null && grep -sx podman "${file%cmdline}comm" >/dev/null; then
			basename "${file%/cmdline}"
		fi
	done
}

crash() {
	pid_of podman >/dev/null || fail "no service runs in $dir"
	service_processes | xargs --no-run-if-empty kill -KILL
	[ -e "$dir/activated" ] || end podman KILL
}

resume() {
	status >/dev/null && return
	[ -e "$dir/env" ] || fail "no service was started in $dir"
	start_service
}

[ $# = 2 ] || [ $# = 3 ] || usage
set_directory "$2" run/podman.sock
user=${3-$(cat "$dir/user" 2>/dev/null || true)}
inside=$dir
[ -z "$user" ] || inside=/run/$link
# Podman takes no path of more than 50 characters here.
runroot=/run/$link${user:+/run/containers}
set_commands

case $1 in
	start | stop | status | crash | resume) "$1" ;;
	start-activated) begin activated ;;
	env) print_env ;;
	*) usage ;;
esac
