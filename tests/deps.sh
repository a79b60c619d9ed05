#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what building and testing need: Debian packages, and below tests/ the official SDK and a
# current Node from npm, by lock file. Says what it does; does nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
	# the libraries berth is linked with, and the compiler
	gcc libc6-dev make pkg-config libcurl4-openssl-dev libjson-c-dev libyaml-dev libcap-dev
	libsystemd-dev libssl-dev uthash-dev
	# tests: unit, fake engine, simulator
	libcmocka-dev libmicrohttpd-dev python3 openssl procps
	# a private engine, and images without a registry
	docker.io containerd runc iptables iproute2 curl jq busybox-static mmdebstrap
	# static checks
	clang clang-format clang-tidy cppcheck valgrind gcovr shellcheck codespell
)
command -v npm >/dev/null || packages+=(npm)

missing=()
for package in "${packages[@]}"; do
	status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
	[ "$status" = "install ok installed" ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
	echo "installing Debian packages: ${missing[*]}"
	if [ "$(id -u)" -ne 0 ]; then
		echo "this needs root; as root: apt-get install ${missing[*]}" >&2
		exit 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# The daemons are only wanted as programs: nothing is started on this machine.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
		trap 'rm -f "$policy"' EXIT
	fi
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! cmp -s tests/package-lock.json tests/node_modules/.installed; then
	echo "installing npm packages below tests/: the official SDK and Node"
	npm ci --prefix tests --no-audit --no-fund --loglevel=error
	cp tests/package-lock.json tests/node_modules/.installed
fi
