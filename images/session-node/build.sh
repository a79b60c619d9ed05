#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh [--load unix:///SOCKET] [TAR] - build the session image without a registry and without an engine.
#
# Writes TAR (default: build/images/session-node.tar of the source tree), a root file system of Debian 12
# packages and npm packages, and TAR.config, the name and configuration that load.sh gives to it. Nothing is
# done when TAR was made from the same inputs; remove TAR to have newer Debian packages. With --load the image
# is then loaded into the engine at that socket. Needs root, mmdebstrap and npm.
set -euo pipefail
umask 022

here=$(cd "$(dirname "$0")" && pwd)
reference=localhost/berth-session-node:1
inputs=(Containerfile build.sh fetch-worker.sh rootfs.sh packages.txt package.json package-lock.json worker.mjs)

usage='usage: build.sh [--load unix:///SOCKET] [TAR]'

engine=
if [ "${1-}" = --load ]; then
	engine=${2:?$usage}
	shift 2
fi
case ${1-} in
	-*) echo "$usage" >&2 && exit 64 ;;
esac
tar=$(realpath -m "${1:-$here/../../build/images/session-node.tar}")

# The configuration in the form an engine's import takes, with the name in front: see load.sh.
config() {
	echo "REFERENCE $reference"
	echo "LABEL berth.image.digest=$digest"
	sed -n '/^USER /,$p' "$here/Containerfile"
}

build() {
	command -v mmdebstrap >/dev/null || { echo "build.sh: needs the Debian package mmdebstrap" >&2; exit 1; }
	command -v npm >/dev/null || { echo "build.sh: needs npm (Debian package npm)" >&2; exit 1; }
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	"$here/fetch-worker.sh" "$work/berth-session"
	install -m 0644 "$here/worker.mjs" "$work/berth-session/worker.mjs"

	export BUILD_HERE=$here BUILD_WORK=$work
	# shellcheck disable=SC2016 # the hooks are expanded by the shell that mmdebstrap runs them in
	mmdebstrap --quiet --variant=minbase --include="$(paste -sd, "$here/packages.txt")" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-include=/usr/share/doc/*/copyright' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--customize-hook='cp -R "$BUILD_WORK/berth-session" "$1/opt/berth-session"' \
		--customize-hook='"$BUILD_HERE/rootfs.sh" "$1"' \
		--customize-hook='rm -f "$1/etc/hostname" "$1/etc/resolv.conf"' \
		bookworm "$work/rootfs.tar"
	rm -f "$tar.config"
	mv "$work/rootfs.tar" "$tar"
	config >"$tar.config"
}

mkdir -p "$(dirname "$tar")"
exec 9>"$tar.lock"
flock 9
digest=$(cd "$here" && { dpkg --print-architecture; sha256sum "${inputs[@]}"; } | sha256sum | cut -d' ' -f1)
if [ -f "$tar" ] && [ -f "$tar.config" ] && [ "$(config)" = "$(cat "$tar.config")" ]; then
	echo "build.sh: $tar is up to date"
else
	build
	echo "build.sh: wrote $tar, $(du -m "$tar" | cut -f1) MiB"
fi
if [ -n "$engine" ]; then
	"$here/load.sh" "$engine" "$tar"
fi
