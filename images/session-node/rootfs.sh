#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# rootfs.sh ROOT - make the Debian root file system at ROOT the session image's: the user, the directories that
# are its own, and the programs from ROOT/opt/berth-session on the PATH.
set -euo pipefail

root=${1:?usage: rootfs.sh ROOT}

chroot "$root" groupadd --gid 10001 agent
chroot "$root" useradd --uid 10001 --gid 10001 --home-dir /home/agent --no-create-home --shell /bin/bash agent

# An engine gives a tmpfs the mode of the image's directory below it (runc 1.1), so these modes are the ones a
# session sees even where the policy asks for others.
install -d -o 10001 -g 10001 -m 0700 "$root/workspace" "$root/mnt/memory" "$root/home/agent"
chmod 1777 "$root/tmp"

ln -sfn /opt/berth-session/bin/node "$root/usr/local/bin/node"

# Nobody in a session becomes somebody else.
find "$root" -xdev -type f -perm /6000 -exec chmod ug-s {} +
rm -rf "$root"/var/cache/apt/* "$root"/var/cache/debconf/*-old "$root"/var/lib/apt/lists/* "$root"/var/log/* \
	"$root"/etc/*-
