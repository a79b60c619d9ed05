#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# deps.sh demo|check|vm|bench|all - install what is missing, say what; nothing when all is there.
#
#   demo   what builds berth and runs the demo: Debian packages
#   check  also what the tests need: Debian packages, and below tests/ the official SDK and a
#          current Node from npm, by lock file
#   vm     also the emulator of check-vm
#   bench  also what draws the figures, and counts instructions
#   all    also the tools of the static checks, sanitizers and coverage
#
# Run by "make deps", "make deps-check" and "make deps-all".
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
	# the compiler, and the libraries berth is linked with
	gcc libc6-dev make pkg-config libcurl4-openssl-dev libjson-c-dev libyaml-dev libcap-dev
	libsystemd-dev libssl-dev uthash-dev
	# a private Podman service, the session image without a registry, the simulator
	podman runc conmon netavark slirp4netns catatonit iproute2
	curl jq mmdebstrap ca-certificates python3
)
# Node's own packages of npm conflict with Debian's, and any npm will do.
command -v npm >/dev/null || packages+=(npm)

# The SDK's worker runs unzip for skills.
check_packages=(
	libcmocka-dev libmicrohttpd-dev openssl unzip busybox-static
	# what judges schemas, manual pages, completions and units
	python3-jsonschema python3-yaml man-db groff mandoc zsh fish bash-completion systemd
	# a private Docker daemon, with gVisor; what Podman needs to run without root
	docker.io containerd runsc iptables uidmap
)
static_packages=(clang libclang-rt-dev clang-format clang-tidy cppcheck valgrind gcovr shellcheck codespell git)

vm_packages=(qemu-system-x86 e2fsprogs)
bench_packages=(gnuplot-nox valgrind)

install_debian() {
	local package missing=() policy=/usr/sbin/policy-rc.d
	for package in "${packages[@]}"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "installing Debian packages: ${missing[*]}"
	if [ "$(id -u)" -ne 0 ]; then
		echo "this needs root; as root: apt-get install ${missing[*]}" >&2
		exit 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# The daemons are only wanted as programs: nothing is started on this machine.
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	# A machine that has just started may be installing its updates.
	apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 \
		"${missing[@]}" >/dev/null
}

install_npm() {
	if cmp -s tests/package-lock.json tests/node_modules/.installed; then
		return
	fi
	echo "installing npm packages below tests/: the official SDK and Node"
	npm ci --prefix tests --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	# Debian 12's npm 9.2 leaves out this link.
	(cd tests/node_modules/.bin && ln -sfn ../node-linux-*/bin/node node)
	cp tests/package-lock.json tests/node_modules/.installed
}

case ${1-} in
	demo) ;;
	check) packages+=("${check_packages[@]}") ;;
	vm) packages+=("${check_packages[@]}" "${vm_packages[@]}") ;;
	bench) packages+=("${check_packages[@]}" "${bench_packages[@]}") ;;
	all) packages+=("${check_packages[@]}" "${static_packages[@]}") ;;
	*)
		echo "usage: deps.sh demo|check|vm|bench|all" >&2
		exit 64
		;;
esac
install_debian
[ "$1" = demo ] || install_npm
