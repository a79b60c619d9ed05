#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# probe-image.sh unix:///SOCKET [TAR] - load localhost/berth-probe:1, a tiny image to look around a container with.
#
# It has busybox (Debian package busybox-static) under every name it answers to, the session images' user 10001
# and directories, and no entry point: give a command such as ["sh", "-c", "id; grep Cap /proc/self/status"].
# TAR (default: build/images/probe.tar of the source tree) is made when it is not there or not of these inputs.
set -euo pipefail
umask 022

here=$(cd "$(dirname "$0")" && pwd)
engine=${1:?usage: probe-image.sh unix:///SOCKET [TAR]}
tar=$(realpath -m "${2:-$here/../../build/images/probe.tar}")
busybox=$(command -v busybox) || { echo "probe-image.sh: needs the Debian package busybox-static" >&2; exit 1; }
digest=$(cat "$0" "$busybox" | sha256sum | cut -d' ' -f1)

build() {
	root=$(mktemp -d)
	trap 'rm -rf "$root"' EXIT
	chmod 0755 "$root"
	mkdir -p "$root"/{bin,dev,etc,home,mnt,proc,run,sys,tmp,usr/bin,usr/sbin,sbin,var/tmp}
	cp "$busybox" "$root/bin/busybox"
	"$busybox" --list | grep -vx busybox | while read -r applet; do
		ln -s busybox "$root/bin/$applet"
	done
	printf '%s\n' root:x:0:0:root:/:/bin/sh agent:x:10001:10001::/home/agent:/bin/sh >"$root/etc/passwd"
	printf '%s\n' root:x:0: agent:x:10001: >"$root/etc/group"
	install -d -o 10001 -g 10001 -m 0755 "$root/workspace" "$root/mnt/memory"
	install -d -o 10001 -g 10001 -m 0700 "$root/home/agent"
	chmod 1777 "$root/tmp" "$root/var/tmp"
	tar --create --numeric-owner --directory "$root" --file "$tar" .
}

config() {
	cat <<-END
		REFERENCE localhost/berth-probe:1
		LABEL berth.image.digest=$digest
		USER 10001:10001
		WORKDIR /workspace
		ENV HOME=/home/agent
		ENV PATH=/bin
		CMD ["sh", "-c", "id"]
	END
}

mkdir -p "$(dirname "$tar")"
exec 9>"$tar.lock"
flock 9
if [ ! -f "$tar" ] || [ ! -f "$tar.config" ] || [ "$(config)" != "$(cat "$tar.config")" ]; then
	rm -f "$tar.config"
	build
	config >"$tar.config"
fi
"$here/../../images/session-node/load.sh" "$engine" "$tar"
