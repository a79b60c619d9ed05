#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every #include "folder/file.h" must name the file's own folder or one to the left of it.
set -euo pipefail
cd "$(dirname "$0")/.."

order=(base io policy plan engine config queue session daemon cli doctor share)
declare -A rank
for i in "${!order[@]}"; do rank[${order[i]}]=$i; done

failed=0
complain() {
	echo "$1" >&2
	failed=1
}

for file in runtime/*/*.[ch] orchestrator/*/*.[ch]; do
	folder=$(basename "$(dirname "$file")")
	[ -n "${rank[$folder]:-}" ] || { complain "$file: folder '$folder' has no place in the order"; continue; }
	while IFS=: read -r line include; do
		target=${include%%/*}
		if [ "$target" = "$include" ] || [ -z "${rank[$target]:-}" ]; then
			complain "$file:$line: include \"$include\" does not name a folder of the order"
		elif [ "${rank[$target]}" -gt "${rank[$folder]}" ]; then
			complain "$file:$line: $folder must not include $target"
		fi
	done < <(grep -n '^#include "' "$file" | sed 's/#include "\(.*\)".*/\1/' || true)
	case $folder in
	policy | plan)
		if grep -nE '#include <(curl|systemd|sys/socket|time\.h)|#include "io/' "$file" >&2; then
			complain "$file: $folder knows no network, no loop and no clock"
		fi
		;;
	esac
	if [ "$folder" != io ] && grep -nE '#include <(curl|systemd/sd-event)' "$file" >&2; then
		complain "$file: only io/ includes curl and sd-event"
	fi
done
exit $failed
