/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that need a privilege, or that a filter keeps from sessions. Their arguments are
 * such that a kernel which lets them through refuses them afterwards, or changes nothing (Linux 6.1
 * to 6.18): a caller with the privilege then sees another errno than one without.
 */
#include "hardening/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/quota.h>
#include <sys/reboot.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <sys/io.h>
#endif

/* --- mounts ----------------------------------------------------------------------------------- */

static int mount_tmpfs(void)
{
	return outcome(mount("none", "/srv", "tmpfs", 0, NULL));
}

static int mount_proc(void)
{
	return outcome(mount("none", "/srv", "proc", 0, NULL));
}

static int mount_bind(void)
{
	return outcome(mount("/", "/srv", NULL, MS_BIND, NULL));
}

static int mount_writable(void)
{
	return outcome(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
}

/* With this flag the first call only marks the mount. */
static int unmount(void)
{
	return outcome(umount2("/proc", MNT_EXPIRE));
}

static int open_file_system(void)
{
	return outcome(syscall(SYS_fsopen, "tmpfs", 0));
}

static int clone_tree(void)
{
	return outcome(syscall(SYS_open_tree, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */));
}

static int pivot(void)
{
	return outcome(syscall(SYS_pivot_root, "/", "/"));
}

static int change_root(void)
{
	return outcome(chroot("/"));
}

/* --- name spaces ------------------------------------------------------------------------------ */

static int unshare_user(void)
{
	return outcome(unshare(CLONE_NEWUSER));
}

static int unshare_mount(void)
{
	return outcome(unshare(CLONE_NEWNS));
}

static int unshare_pid(void)
{
	return outcome(unshare(CLONE_NEWPID));
}

static int unshare_net(void)
{
	return outcome(unshare(CLONE_NEWNET));
}

static int unshare_ipc(void)
{
	return outcome(unshare(CLONE_NEWIPC));
}

static int unshare_uts(void)
{
	return outcome(unshare(CLONE_NEWUTS));
}

static int unshare_cgroup(void)
{
	return outcome(unshare(CLONE_NEWCGROUP));
}

static int end_child(long child)
{
	if (child == 0)
		_exit(0);
	if (child > 0)
		waitpid((pid_t)child, NULL, 0);
	return outcome(child);
}

static int clone_user(void)
{
	return end_child(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
}

static int clone3_user(void)
{
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};

	return end_child(syscall(SYS_clone3, &args, sizeof(args)));
}

/* Whoever may have a user name space is root in it, over what it has made. */
static int writable_root_in_user(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return errno;
	return outcome(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int join_name_space(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : outcome(setns(fd, 0));
}

static int join_net(void)
{
	return join_name_space("/proc/self/ns/net");
}

static int join_uts(void)
{
	return join_name_space("/proc/self/ns/uts");
}

/* --- the machine ------------------------------------------------------------------------------ */

static int load_module(void)
{
	return outcome(syscall(SYS_init_module, NULL, 0UL, ""));
}

static int load_module_file(void)
{
	return outcome(syscall(SYS_finit_module, -1, "", 0));
}

static int remove_module(void)
{
	return outcome(syscall(SYS_delete_module, "no_such_module", O_NONBLOCK));
}

static int load_kernel(void)
{
	return outcome(syscall(SYS_kexec_load, 0UL, 0UL, NULL, ~0UL));
}

/* Without the second magic number. */
static int restart(void)
{
	return outcome(syscall(SYS_reboot, 0xfee1dead, 0, RB_AUTOBOOT, NULL));
}

static int set_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return outcome(clock_settime(CLOCK_REALTIME, &now));
}

static int set_tick(void)
{
	struct timex clock = {.modes = 0};

	if (adjtimex(&clock) < 0)
		return errno;
	clock.modes = ADJ_TICK;
	return outcome(adjtimex(&clock));
}

static int set_host_name(void)
{
	struct utsname name;

	uname(&name);
	return outcome(sethostname(name.nodename, strlen(name.nodename)));
}

static int set_domain_name(void)
{
	return outcome(setdomainname("", 0));
}

static int add_swap(void)
{
	return outcome(swapon("/no/such/file", 0));
}

static int remove_swap(void)
{
	return outcome(swapoff("/no/such/file"));
}

static int turn_quotas_on(void)
{
	return outcome(quotactl(QCMD(Q_QUOTAON, USRQUOTA), "/no/such/file", 0, NULL));
}

static int account(void)
{
	return outcome(acct("/no/such/file"));
}

static int read_kernel_log(void)
{
	char text[1];

	return outcome(klogctl(2 /* SYSLOG_ACTION_READ */, text, 0));
}

static int hang_up(void)
{
	setsid();
	return outcome(vhangup());
}

static int use_port(void)
{
#if defined(__x86_64__)
	return outcome(ioperm(0x80, 1, 1));
#else
	return ENOSYS;
#endif
}

static int use_all_ports(void)
{
#if defined(__x86_64__)
	return outcome(iopl(3));
#else
	return ENOSYS;
#endif
}

/* --- parts of the kernel that ways out of containers were found in ------------------------------
 */

static int add_key(void)
{
	return outcome(syscall(SYS_add_key, "user", "berth", "x", 1UL, KEY_SPEC_PROCESS_KEYRING));
}

static int use_key_ring(void)
{
	return outcome(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1));
}

/* With no such key the kernel says ENOKEY. */
static int request_key(void)
{
	return outcome(syscall(SYS_request_key, "user", "no-such-key", NULL, 0));
}

static int make_bpf_map(void)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.map_type = BPF_MAP_TYPE_ARRAY;
	attributes.key_size = 4;
	attributes.value_size = 4;
	attributes.max_entries = 1;
	return outcome(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)));
}

static int make_ring(void)
{
	struct io_uring_params parameters;

	memset(&parameters, 0, sizeof(parameters));
	return outcome(syscall(SYS_io_uring_setup, 1, &parameters));
}

/* Of a whole CPU. */
static int watch_performance(void)
{
	struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
					     .size = sizeof(attributes),
					     .config = PERF_COUNT_SW_CPU_CLOCK};

	return outcome(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, 0UL));
}

static int handle_page_faults(void)
{
	return outcome(syscall(SYS_userfaultfd, O_CLOEXEC));
}

static int watch_files(void)
{
	return outcome(fanotify_init(FAN_CLASS_CONTENT, O_RDONLY));
}

static int without_randomised_addresses(void)
{
	return outcome(personality(ADDR_NO_RANDOMIZE));
}

const struct attempt kernel_attempts[] = {
	{"mount a tmpfs", mount_tmpfs},
	{"mount a proc", mount_proc},
	{"mount the root elsewhere", mount_bind},
	{"make the root writable", mount_writable},
	{"umount", unmount},
	{"fsopen", open_file_system},
	{"open_tree", clone_tree},
	{"pivot_root", pivot},
	{"chroot", change_root},
	{"unshare user", unshare_user},
	{"unshare mount", unshare_mount},
	{"unshare pid", unshare_pid},
	{"unshare net", unshare_net},
	{"unshare ipc", unshare_ipc},
	{"unshare uts", unshare_uts},
	{"unshare cgroup", unshare_cgroup},
	{"clone user", clone_user},
	{"clone3 user", clone3_user},
	{"a writable root in a user name space", writable_root_in_user},
	{"setns net", join_net},
	{"setns uts", join_uts},
	{"init_module", load_module},
	{"finit_module", load_module_file},
	{"delete_module", remove_module},
	{"kexec_load", load_kernel},
	{"reboot", restart},
	{"clock_settime", set_clock},
	{"adjtimex", set_tick},
	{"sethostname", set_host_name},
	{"setdomainname", set_domain_name},
	{"swapon", add_swap},
	{"swapoff", remove_swap},
	{"quotactl", turn_quotas_on},
	{"acct", account},
	{"syslog", read_kernel_log},
	{"vhangup", hang_up},
	{"ioperm", use_port},
	{"iopl", use_all_ports},
	{"add_key", add_key},
	{"keyctl", use_key_ring},
	{"request_key", request_key},
	{"bpf", make_bpf_map},
	{"io_uring_setup", make_ring},
	{"perf_event_open", watch_performance},
	{"userfaultfd", handle_page_faults},
	{"fanotify_init", watch_files},
	{"personality", without_randomised_addresses},
	{NULL, NULL},
};
