#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh DIR - make the machine that run.sh boots: DIR/root.ext4 and DIR/vmlinuz.
#
# Debian 12 with systemd as PID 1, cgroup v2, AppArmor, Podman and Docker. The ordinary user "op" has subordinate ids, linger, and
# the session image in its store already, because an import takes minutes in an emulated machine. Nothing is done
# when DIR was made from the same inputs; remove DIR to have newer Debian packages.
# Needs root and the Debian packages mmdebstrap and e2fsprogs; packages come from where this machine has its own.
set -euo pipefail
umask 022

dir=$(realpath -m "${1:?usage: build.sh DIR}")
here=$(cd "$(dirname "$0")" && pwd)
images=$here/../../build/images
session_tar=$images/session-node.tar

packages=(
	systemd systemd-sysv dbus dbus-user-session libpam-systemd udev kmod iproute2 linux-image-cloud-amd64
	podman crun conmon uidmap slirp4netns netavark catatonit
	docker.io iptables apparmor
	# berth's libraries, and what the tests run with
	libcurl4 libjson-c5 libyaml-0-2 libcap2 libsystemd0 libssl3 python3 procps curl
)

# --- the root file system ------------------------------------------------------------------------

install_packages() {
	local sources=()
	for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
		if [ -s "$file" ]; then
			sources=("$file")
			break
		fi
	done
	mmdebstrap --quiet --variant=minbase --format=directory --include="$(IFS=, && echo "${packages[*]}")" \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		bookworm "$root" "${sources[@]}"
}

settings() {
	echo vm >"$root/etc/hostname"
	echo '127.0.0.1 localhost vm' >"$root/etc/hosts"
	echo '/dev/nvme0n1 / ext4 defaults 0 0' >"$root/etc/fstab"
	: >"$root/etc/resolv.conf"
	printf '%s\n' virtio_console virtio_pci overlay >"$root/etc/modules-load.d/vm.conf"
	# Podman asks for the module only after it has chosen vfs, which copies the whole image for each container.
	mkdir -p "$root/etc/containers" "$root/etc/systemd/user.conf.d"
	# A file of one's own must say the rest, too, for root.
	printf '%s\n' '[storage]' 'driver = "overlay"' 'runroot = "/run/containers/storage"' \
		'graphroot = "/var/lib/containers/storage"' >"$root/etc/containers/storage.conf"
	# A prepared container does not listen to SIGTERM, and would hold up the end of a user's session for 90 s.
	printf '[Manager]\nDefaultTimeoutStopSec=10s\n' >"$root/etc/systemd/user.conf.d/vm.conf"
	install -m 0755 "$here/guest/vm-job" "$here/guest/as-op" "$root/usr/local/sbin"
	install -m 0644 "$here/guest/vm-job.service" "$root/etc/systemd/system"
	chroot "$root" systemctl --quiet enable vm-job.service
	chroot "$root" systemctl --quiet --global enable podman.socket
	# Docker's suite starts it; AppArmor's own profiles are for programs that are not here.
	chroot "$root" systemctl --quiet disable docker.service docker.socket containerd.service apparmor.service
	# Nothing periodic, and nobody to log in.
	chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
		e2scrub_all.timer e2scrub_reap.service fstrim.timer getty@.service serial-getty@.service \
		systemd-update-utmp.service systemd-pstore.service ldconfig.service podman-auto-update.timer
}

make_user() {
	chroot "$root" useradd --create-home --uid 4242 --shell /bin/bash op
	chroot "$root" usermod --add-subuids 100000-165535 --add-subgids 100000-165535 op
	install -D /dev/null "$root/var/lib/systemd/linger/op"
}

# Its own Podman loads the image as op. Not in a chroot, where the kernel refuses user namespaces.
# shellcheck disable=SC2016 # for the inner shell
import_as_op='
	set -e
	cd "$1"
	mount --bind . .
	cd "$1"
	mount -t proc proc proc
	mount --rbind /dev dev
	mount --rbind /sys sys
	mount -t tmpfs tmpfs tmp
	exec <"$2"
	pivot_root . mnt
	umount --lazy /mnt
	shift 2
	chown op /tmp
	exec runuser --user op -- env -i PATH=/usr/bin:/bin HOME=/home/op XDG_RUNTIME_DIR=/tmp podman import "$@"'

import_image() {
	local line changes=()
	while read -r line; do
		changes+=(--change "$line")
	done < <(grep -v '^REFERENCE ' "$session_tar.config")
	unshare --mount --pid --fork sh -c "$import_as_op" sh "$root" "$session_tar" "${changes[@]}" - \
		"$(sed -n 's/^REFERENCE //p' "$session_tar.config")"
	# It remembers directories of this import; the images are elsewhere.
	rm -rf "$root/home/op/.local/share/containers/storage/libpod"
}

# --- the disk ------------------------------------------------------------------------------------

for tool in mmdebstrap:mmdebstrap mkfs.ext4:e2fsprogs; do
	command -v "${tool%:*}" >/dev/null || { echo "build.sh: needs the Debian package ${tool#*:}" >&2; exit 1; }
done
"$here/../../images/session-node/build.sh" "$session_tar"
key=$(cat "$0" "$here"/guest/* "$session_tar.config" | sha256sum | cut -d' ' -f1)
if [ -f "$dir/root.ext4" ] && [ "$(cat "$dir/key" 2>/dev/null)" = "$key" ]; then
	echo "build.sh: $dir is up to date"
	exit
fi

mkdir -p "$dir"
work=$(mktemp -d "$dir/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
install_packages
settings
make_user
import_image
# No initial RAM disk: this kernel has NVMe and ext4 built in.
mv "$root"/boot/vmlinuz-* "$work/vmlinuz"
rm -rf "${root:?}"/boot/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
truncate --size 8G "$work/root.ext4"
mkfs.ext4 -q -F -E lazy_itable_init=1,lazy_journal_init=1 -d "$root" "$work/root.ext4"
rm -f "$dir/key"
mv "$work/vmlinuz" "$work/root.ext4" "$dir"
echo "$key" >"$dir/key"
echo "build.sh: wrote $dir, $(du -m "$dir/root.ext4" | cut -f1) MiB"
