/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: of the image, of the kernel, of the host and of another session. What is opened for
 * writing is not written to.
 */
#include "hardening/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char own[] = "/tmp/berth-probe-file";

static int opened(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int created(const char *path)
{
	int result = opened(path, O_WRONLY | O_CREAT | O_EXCL);

	if (result == 0)
		unlink(path);
	return result;
}

/* Reads a byte: what is hidden may look like an empty file. */
static int byte_of(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t count = fd < 0 ? -1 : read(fd, &byte, 1);

	return count < 0 ? errno : count == 0 ? PROBE_EMPTY : 0;
}

static int entry_of(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return errno;
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			return 0;
	return PROBE_EMPTY;
}

static int own_file(void)
{
	return opened(own, O_WRONLY | O_CREAT);
}

/* --- the image's ------------------------------------------------------------------------------ */

static int write_root(void)
{
	return created("/berth-probe");
}

static int write_etc(void)
{
	return created("/etc/berth-probe");
}

static int write_usr(void)
{
	return created("/usr/bin/berth-probe");
}

static int write_passwd(void)
{
	return opened("/etc/passwd", O_WRONLY);
}

static int give_away(void)
{
	int result = own_file();

	return result ? result : outcome(chown(own, 0, 0));
}

static int give_capability(void)
{
	struct vfs_cap_data capability = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = {{.permitted = 1U << CAP_NET_RAW}},
	};
	int result = own_file();

	return result ? result
		      : outcome(setxattr(own, "security.capability", &capability, XATTR_CAPS_SZ_2,
					 0));
}

static int make_node(const char *path, mode_t kind, dev_t device)
{
	int result = outcome(mknod(path, kind | 0600, device));

	if (result == 0)
		unlink(path);
	return result;
}

static int make_disk(void)
{
	return make_node("/tmp/berth-probe-disk", S_IFBLK, makedev(8, 0));
}

static int make_memory(void)
{
	return make_node("/tmp/berth-probe-mem", S_IFCHR, makedev(1, 1));
}

static int open_by_handle(void)
{
	char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	struct file_handle *handle = (struct file_handle *)space;
	int mount, root = open("/", O_RDONLY | O_CLOEXEC);

	handle->handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, "/tmp", handle, &mount, 0) < 0) {
		memset(space, 0, sizeof(space));
		handle->handle_bytes = 8;
		handle->handle_type = 1;
	}
	return outcome(open_by_handle_at(root, handle, O_RDONLY));
}

static int name_to_handle(void)
{
	char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	struct file_handle *handle = (struct file_handle *)space;
	int mount;

	handle->handle_bytes = MAX_HANDLE_SZ;
	return outcome(name_to_handle_at(AT_FDCWD, "/dev/shm", handle, &mount, 0));
}

/* --- the kernel's ----------------------------------------------------------------------------- */

static int write_core_pattern(void)
{
	return opened("/proc/sys/kernel/core_pattern", O_WRONLY);
}

static int write_sysctl(void)
{
	return opened("/proc/sys/vm/overcommit_memory", O_WRONLY);
}

static int write_own_sysctl(void)
{
	return opened("/proc/sys/net/ipv4/ip_forward", O_WRONLY);
}

static int write_sysrq(void)
{
	return opened("/proc/sysrq-trigger", O_WRONLY);
}

static int write_irq(void)
{
	return opened("/proc/irq/default_smp_affinity", O_WRONLY);
}

static int write_sys(void)
{
	return opened("/sys/kernel/profiling", O_WRONLY);
}

static int write_sys_memory(void)
{
	return opened("/sys/kernel/mm/transparent_hugepage/enabled", O_WRONLY);
}

static int write_power(void)
{
	return opened("/sys/power/state", O_WRONLY);
}

static int make_cgroup(void)
{
	int result = outcome(mkdir("/sys/fs/cgroup/pids/berth-probe", 0755));

	if (result == ENOENT)
		result = outcome(mkdir("/sys/fs/cgroup/berth-probe", 0755));
	rmdir("/sys/fs/cgroup/pids/berth-probe");
	rmdir("/sys/fs/cgroup/berth-probe");
	return result;
}

static int read_kcore(void)
{
	return byte_of("/proc/kcore");
}

static int read_keys(void)
{
	return byte_of("/proc/keys");
}

static int read_timers(void)
{
	return byte_of("/proc/timer_list");
}

static int read_firmware(void)
{
	return entry_of("/sys/firmware");
}

static int read_debug(void)
{
	return entry_of("/sys/kernel/debug");
}

static int read_slab(void)
{
	return byte_of("/proc/slabinfo");
}

/* --- devices ---------------------------------------------------------------------------------- */

static int open_memory(void)
{
	return opened("/dev/mem", O_RDONLY);
}

static int open_kernel_messages(void)
{
	return opened("/dev/kmsg", O_RDONLY);
}

static int open_disk(void)
{
	return opened(here.host_disk, O_RDONLY);
}

static int open_fuse(void)
{
	return opened("/dev/fuse", O_RDWR);
}

static int open_tun(void)
{
	return opened("/dev/net/tun", O_RDWR);
}

static int open_kvm(void)
{
	return opened("/dev/kvm", O_RDWR);
}

static int open_console(void)
{
	return opened("/dev/ttyS0", O_RDWR);
}

/* --- another session's ------------------------------------------------------------------------ */

static const char *sibling_path(const char *rest)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", here.sibling_pid, rest);
	return path;
}

static int read_sibling_environment(void)
{
	return byte_of(sibling_path("environ"));
}

static int read_sibling_memory(void)
{
	return opened(sibling_path("mem"), O_RDONLY);
}

static int read_sibling_workspace(void)
{
	return entry_of(sibling_path("root/workspace"));
}

const struct attempt file_attempts[] = {
	{"write /", write_root},
	{"write /etc", write_etc},
	{"write /usr", write_usr},
	{"write /etc/passwd", write_passwd},
	{"chown to root", give_away},
	{"give a file a capability", give_capability},
	{"mknod of a disk", make_disk},
	{"mknod of memory", make_memory},
	{"open_by_handle_at", open_by_handle},
	{"name_to_handle_at", name_to_handle},
	{"write core_pattern", write_core_pattern},
	{"write /proc/sys/vm", write_sysctl},
	{"write /proc/sys/net", write_own_sysctl},
	{"write /proc/sysrq-trigger", write_sysrq},
	{"write /proc/irq", write_irq},
	{"write /sys/kernel", write_sys},
	{"write /sys/kernel/mm", write_sys_memory},
	{"write /sys/power", write_power},
	{"mkdir in cgroup", make_cgroup},
	{"read /proc/kcore", read_kcore},
	{"read /proc/keys", read_keys},
	{"read /proc/timer_list", read_timers},
	{"read /proc/slabinfo", read_slab},
	{"read /sys/firmware", read_firmware},
	{"read /sys/kernel/debug", read_debug},
	{"open /dev/mem", open_memory},
	{"open /dev/kmsg", open_kernel_messages},
	{"open a disk", open_disk},
	{"open /dev/fuse", open_fuse},
	{"open /dev/net/tun", open_tun},
	{"open /dev/kvm", open_kvm},
	{"open /dev/ttyS0", open_console},
	{"read a sibling's environment", read_sibling_environment},
	{"read a sibling's /proc/mem", read_sibling_memory},
	{"read a sibling's workspace", read_sibling_workspace},
	{NULL, NULL},
};
