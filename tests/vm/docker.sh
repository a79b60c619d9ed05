#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# docker.sh start|stop DIR - the Docker of the machine of build.sh, with the session image; needs root. With the words of
# tests/engines/docker.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."

case ${1-} in
	start)
		systemctl start docker.service
		images/session-node/load.sh unix:///run/docker.sock images/session-node.tar >&2
		echo "ENGINE=unix:///run/docker.sock"
		# An address of the machine's own (the job makes it).
		echo "BRIDGE_ADDRESS=10.77.0.1"
		;;
	stop) systemctl stop docker.service docker.socket ;;
	*)
		echo "usage: docker.sh start|stop DIR" >&2
		exit 64
		;;
esac
