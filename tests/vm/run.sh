#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh DIR SHARE SECONDS - boot the machine of build.sh in DIR, run SHARE/job in it as root, power off.
#
# The machine gets a copy of SHARE as /share, which is also where the job starts, and no network device. What the
# job prints comes out here, the two streams apart. Exit status: the job's; 124 when SECONDS have passed; 125 when
# the machine ended without a result. Needs the Debian packages qemu-system-x86 and e2fsprogs, not root. The
# processor is emulated (TCG), because a test machine is a virtual one itself: everything takes 5 to 20 times as long.
# Its memory also decides how many processes a user may have, of which the policy `hardened` wants 16384 (Linux
# gives one to each 256 KiB).
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

[ $# = 3 ] || { echo "usage: run.sh DIR SHARE SECONDS" >&2; exit 64; }
dir=$1 share=$2 limit=$3
for tool in qemu-system-x86_64:qemu-system-x86 mkfs.ext4:e2fsprogs; do
	command -v "${tool%:*}" >/dev/null ||
		{ echo "run.sh: needs the Debian package ${tool#*:}" >&2; exit 1; }
done

work=$(mktemp -d)
machine=
# shellcheck disable=SC2317 # called by the trap
clean_up() {
	[ -z "$machine" ] || kill -KILL "$machine" 2>/dev/null || true
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 143' INT TERM

truncate --size "$(($(du -sm "$share" | cut -f1) * 3 / 2 + 256))M" "$work/share.ext4"
mkfs.ext4 -q -F -O ^has_journal -E lazy_itable_init=1,root_owner=0:0 -d "$share" "$work/share.ext4"
: >"$work/status"

# TMPDIR is where the machine's writes to its root disk go; they are thrown away.
TMPDIR=$work qemu-system-x86_64 -accel tcg,thread=multi,tb-size=512 -cpu max,la57=off -M q35 -smp 2 -m 6144 \
	-nodefaults -no-user-config -nic none -display none -rtc base=utc \
	-kernel "$dir/vmlinuz" -serial "file:$work/console" \
	-append 'console=ttyS0 root=/dev/nvme0n1 rw quiet panic=-1 mitigations=off no5lvl random.trust_cpu=on' \
	-device nvme,id=nvme,serial=disks \
	-drive "file=$dir/root.ext4,if=none,id=root,format=raw,cache=unsafe,snapshot=on" \
	-device nvme-ns,bus=nvme,drive=root,nsid=1 \
	-drive "file=$work/share.ext4,if=none,id=share,format=raw,cache=unsafe" \
	-device nvme-ns,bus=nvme,drive=share,nsid=2 \
	-device virtio-serial-pci -object rng-builtin,id=rng -device virtio-rng-pci,rng=rng \
	-chardev file,id=out,path=/dev/fd/3,append=on -device virtserialport,chardev=out,name=vm.out \
	-chardev file,id=err,path=/dev/fd/4,append=on -device virtserialport,chardev=err,name=vm.err \
	-chardev "file,id=status,path=$work/status" -device virtserialport,chardev=status,name=vm.status \
	</dev/null 3> >(exec cat) 4> >(exec cat >&2) &
machine=$!

deadline=$((SECONDS + limit))
while kill -0 "$machine" 2>/dev/null; do
	if [ $SECONDS -ge $deadline ]; then
		echo "run.sh: the time limit of $limit s has passed" >&2
		exit 124
	fi
	sleep 0.2
done
wait "$machine" || true
machine=
status=$(cat "$work/status")
if [ -z "$status" ]; then
	echo "run.sh: the machine ended without a result; the end of its console:" >&2
	tail -n 20 "$work/console" >&2
	exit 125
fi
exit "$status"
