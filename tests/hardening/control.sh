#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# control.sh PROBE DIR SOCKET [ARGUMENT...] - run the probe as this machine's root, with every right, on a terminal.
#
# What it makes of mounts, files and names goes when it ends: it has name spaces of its own for those, and an overlay
# over this machine's files, kept in DIR. Processes, network and kernel are the machine's, and so is the engine's
# SOCKET. DIR must be on a real disk, and is removed by the caller. Prints what the probe prints.
set -euo pipefail

probe=$(realpath "$1") dir=$(realpath "$2") socket=$3
shift 3

mkdir -p "$dir"/{upper/opt/berth-probe,work,root}
install -m 0755 "$probe" "$dir/upper/opt/berth-probe/probe"
install -m 4755 "$probe" "$dir/upper/opt/berth-probe/probe-root"
chmod 0755 "$dir/upper" "$dir"/upper/opt{,/berth-probe}

# shellcheck disable=SC2016 # for the inner shell
inside='
	set -e
	dir=$1 socket=$2
	shift 2
	mount -t overlay -o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/work" overlay "$dir/root"
	for place in proc sys dev; do
		mount --rbind "/$place" "$dir/root/$place"
	done
	mount --bind "$(dirname "$socket")" "$dir/root/$(dirname "$socket")"
	cd "$dir/root"
	mkdir -p workspace mnt/memory home/agent
	exec >"$dir/output"
	# Not chroot(1): the kernel gives nobody a user name space there.
	pivot_root . mnt/memory
	umount --lazy /mnt/memory
	exec /opt/berth-probe/probe "$@"'

# The terminal is for what types at it. The shell that reads the command is to know bash's own quoting.
SHELL=/bin/bash script --quiet --return --command "$(printf '%q ' unshare --mount --uts --ipc --cgroup bash -c "$inside" bash "$dir" \
	"$socket" "$@")" /dev/null </dev/null >&2
cat "$dir/output"
