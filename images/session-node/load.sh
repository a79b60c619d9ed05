#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# load.sh unix:///SOCKET TAR - import a root file system as an image into the engine at SOCKET.
#
# TAR.config says what the image is: "REFERENCE name:tag", then lines of a Containerfile (USER, ENV, LABEL, ...),
# among them LABEL berth.image.digest=..., which identifies the contents: an engine that has an image of this
# name and digest is left alone. Works with Docker and Podman; no client program is needed.
set -euo pipefail

usage='usage: load.sh unix:///SOCKET TAR'
socket=${1:?$usage}
socket=${socket#unix://}
tar=${2:?$usage}

api() {
	curl --silent --show-error --max-time 600 --noproxy '*' --unix-socket "$socket" "$@"
}

reference=$(sed -n 's/^REFERENCE //p' "$tar.config")
digest=$(sed -n 's/^LABEL berth\.image\.digest=//p' "$tar.config")
if [ -z "$reference" ] || [ -z "$digest" ]; then
	echo "load.sh: $tar.config has no REFERENCE or no berth.image.digest" >&2
	exit 1
fi
if ! headers=$(api --dump-header - --output /dev/null http://engine/_ping); then
	echo "load.sh: no engine answers at $socket" >&2
	exit 1
fi
# Not "grep -q", which would close the pipe on curl.
if api "http://engine/images/$reference/json" | grep -F "\"$digest\"" >/dev/null; then
	echo "load.sh: $reference is already there"
	exit 0
fi

query=()
while read -r change; do
	query+=(--url-query "changes=$change")
done < <(grep -v '^REFERENCE ' "$tar.config")

# Podman's Docker-compatible import drops the tag (Podman 4.3.1), so it is asked in its own words.
if grep -i '^libpod-api-version:' <<<"$headers" >/dev/null; then
	url=http://engine/v4.0.0/libpod/images/import
	query+=(--url-query "reference=$reference")
else
	url=http://engine/images/create
	query+=(--url-query "fromSrc=-" --url-query "repo=${reference%:*}" --url-query "tag=${reference##*:}")
fi
# Docker reports a failed import in the body of a 200 (API 1.41), so the image itself is the answer.
answer=$(api --request POST --upload-file "$tar" --header 'Content-Type: application/x-tar' --header 'Expect:' \
	"${query[@]}" "$url")
if ! api "http://engine/images/$reference/json" | grep -F "\"$digest\"" >/dev/null; then
	echo "load.sh: the engine did not take $reference: $answer" >&2
	exit 1
fi
echo "load.sh: loaded $reference"
