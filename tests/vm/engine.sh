#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# engine.sh start|stop|crash|resume DIR - the Podman of the user that calls it, in the machine of build.sh: its
# socket is there whether it runs or not. With the words of docker.sh and podman.sh, for the suite of tests/engines.
set -euo pipefail

case ${1-} in
	start)
		systemctl --user start podman.socket
		echo "ENGINE=unix:///run/user/$(id -u)/podman/podman.sock"
		# An address of the machine's own, which slirp4netns reaches (the job makes it).
		echo "BRIDGE_ADDRESS=10.77.0.1"
		;;
	stop) ;;
	# systemd starts it again for the next connection.
	crash) systemctl --user kill --signal=KILL podman.service ;;
	resume) ;;
	*)
		echo "usage: engine.sh start|stop|crash|resume DIR" >&2
		exit 64
		;;
esac
