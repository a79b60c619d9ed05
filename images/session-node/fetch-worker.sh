#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch-worker.sh DEST - put the SDK and Node into DEST/node_modules by the lock file next to this script.
#
# Any npm from 9 on will do (Debian 12 has one): lifecycle scripts are not run, and Node comes as the plain
# binary of the npm package node-linux-<cpu>, so the Node that runs npm may be older than the one it fetches.
set -euo pipefail
umask 022

dest=${1:?usage: fetch-worker.sh DEST}
here=$(cd "$(dirname "$0")" && pwd)

mkdir -p "$dest"
cp "$here/package.json" "$here/package-lock.json" "$dest"
npm ci --prefix "$dest" --ignore-scripts --omit=dev --no-audit --no-fund --no-update-notifier --loglevel=error >&2

# npm treats Node as optional, because each machine matches only one of the two; without any there is no image.
node=$(cd "$dest" && echo node_modules/node-linux-*/bin/node)
if [ ! -x "$dest/$node" ]; then
	echo "fetch-worker.sh: npm brought no Node for $(uname -m)" >&2
	exit 1
fi
mkdir -p "$dest/bin"
ln -sfn "../$node" "$dest/bin/node"

# Only what runs is kept: no C headers, manuals, change logs, type declarations, source maps or TypeScript.
rm -rf "$dest"/node_modules/node-linux-*/{include,share} "$dest"/node_modules/@anthropic-ai/sdk/src
find "$dest/node_modules" -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \
	-o -name 'CHANGELOG*' \) -delete
