#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# install.sh install|uninstall BUILD - puts what was built in BUILD below DESTDIR, or takes away
# exactly that. One list serves both. Folders that are berth's alone go, too; others stay. Run by
# `make install` and `make uninstall`, which set the variables.
set -euo pipefail
umask 022
cd "$(dirname "$0")/../.."
action=$1 build=$2
: "${DESTDIR=}" "${bindir:?}" "${datadir:?}" "${mandir:?}" "${docdir:?}" "${sysconfdir:?}" "${unitdir:?}"
: "${bashcompdir:?}" "${zshcompdir:?}" "${fishcompdir:?}"

# file MODE PATH COMMAND...: what COMMAND prints becomes PATH.
file() {
	local mode=$1 path=$DESTDIR$2
	shift 2
	if [ "$action" = uninstall ]; then
		rm -f "$path"
		return
	fi
	mkdir -p "$(dirname "$path")"
	# Replaced as a whole: a berth that runs keeps the file it was started from.
	"$@" >"$path.new"
	chmod "$mode" "$path.new"
	mv -f "$path.new" "$path"
}

# A file with the paths of this installation in place of those it is written with.
placed() {
	sed -e "s|/usr/local/bin/|$bindir/|g" -e "s|/etc/berth|$sysconfdir/berth|g" "$1"
}

# Deepest first.
mapfile -t own < <(find examples -type d | sort -r | sed "s|^|$docdir/|")
own+=("$docdir" "$datadir/berth/policies" "$datadir/berth")

file 755 "$bindir/berth" cat "$build/berth"
for policy in policies/*.yaml policies/*.json; do
	file 644 "$datadir/berth/$policy" cat "$policy"
done
for kind in fleet include policy; do
	name=berth-$kind.schema.json
	[ $kind != fleet ] || name=berth.schema.json
	file 644 "$datadir/berth/$name" "$build/berth" schema $kind
done
for page in "$build"/share/*.[15]; do
	file 644 "$mandir/man${page##*.}/$(basename "$page")" cat "$page"
done
file 644 "$bashcompdir/berth" "$build/berth" completion bash
file 644 "$zshcompdir/_berth" "$build/berth" completion zsh
file 644 "$fishcompdir/berth.fish" "$build/berth" completion fish
for text in README.md LICENSE; do
	file 644 "$docdir/$text" cat "$text"
done
while read -r example; do
	file 644 "$docdir/$example" placed "$example"
	# A user's own service manager has its own folder of units.
	case $example in
	*/rootless/*.service | */rootless/*.timer)
		file 644 "$unitdir/user/$(basename "$example")" placed "$example" ;;
	*.service | *.timer)
		file 644 "$unitdir/system/$(basename "$example")" placed "$example" ;;
	esac
done < <(find examples -type f | sort)

if [ "$action" = uninstall ]; then
	for folder in "${own[@]}"; do
		[ ! -d "$DESTDIR$folder" ] || rmdir --ignore-fail-on-non-empty "$DESTDIR$folder"
	done
fi
