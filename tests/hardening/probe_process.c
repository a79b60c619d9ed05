/* SPDX-License-Identifier: Apache-2.0 */
/* Becoming somebody else, gaining rights, and reaching processes of another session. */
#include "hardening/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define NOBODY 65534

/* --- rights ----------------------------------------------------------------------------------- */

static int become_root(void)
{
	return outcome(setuid(0));
}

static int become_root_group(void)
{
	return outcome(setgid(0));
}

static int become_another(void)
{
	return outcome(setresuid(NOBODY, NOBODY, NOBODY));
}

static int join_groups(void)
{
	gid_t root = 0;

	return outcome(setgroups(1, &root));
}

/* The program beside this one is root's, with the set-user-id bit. Who is root already gives that
   up first, or it would show nothing. */
static int run_as_root(void)
{
	char path[256];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 8);
	pid_t child;
	int status;

	if (length < 0)
		return errno;
	strcpy(path + length, "-root");
	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return errno;
	child = fork();
	if (child == 0) {
		execl(path, path, "rooted", (char *)NULL);
		_exit(errno);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static int set_capabilities(__u32 effective, __u32 inheritable)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = effective, .permitted = effective, .inheritable = inheritable},
	};

	return outcome(syscall(SYS_capset, &header, data));
}

static int gain_capability(void)
{
	return set_capabilities(1U << CAP_SYS_ADMIN, 0);
}

static int gain_ambient_capability(void)
{
	int result = set_capabilities(1U << CAP_NET_RAW, 1U << CAP_NET_RAW);

	return result ? result
		      : outcome(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0));
}

/* Without that right the kernel does not even look at the number. */
static int drop_from_bounding_set(void)
{
	return outcome(prctl(PR_CAPBSET_DROP, CAP_AUDIT_READ, 0, 0, 0));
}

static int keep_bounding_set(void)
{
	int has = prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0);

	return has < 0 ? errno : has ? 0 : EPERM;
}

static int lock_secure_bits(void)
{
	return outcome(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0));
}

static int run_sooner(void)
{
	return outcome(setpriority(PRIO_PROCESS, 0, -5));
}

static int run_in_real_time(void)
{
	struct sched_param parameters = {.sched_priority = 1};

	return outcome(sched_setscheduler(0, SCHED_FIFO, &parameters));
}

/* What is typed at the terminal that the engine, or whoever started us, may be looking at. */
static int type_at_terminal(void)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);

	return terminal < 0 ? errno : outcome(ioctl(terminal, TIOCSTI, "\n"));
}

/* --- another session's processes -------------------------------------------------------------- */

static int signal_sibling(void)
{
	return outcome(kill(here.sibling_pid, 0));
}

static int hold_sibling(void)
{
	return outcome(syscall(SYS_pidfd_open, here.sibling_pid, 0));
}

/* It runs on when we end. */
static int trace_sibling(void)
{
	return outcome(ptrace(PTRACE_SEIZE, here.sibling_pid, NULL, NULL));
}

static int read_sibling(void)
{
	char byte;
	struct iovec local = {&byte, 1}, remote = {(void *)0x1000, 1};

	return outcome(process_vm_readv(here.sibling_pid, &local, 1, &remote, 1, 0));
}

static int write_sibling(void)
{
	char byte = 0;
	struct iovec local = {&byte, 1}, remote = {(void *)0x1000, 1};

	return outcome(process_vm_writev(here.sibling_pid, &local, 1, &remote, 1, 0));
}

static int limit_sibling(void)
{
	struct rlimit limit;

	return outcome(prlimit(here.sibling_pid, RLIMIT_CORE, NULL, &limit));
}

/* --- its own children's ----------------------------------------------------------------------- */

static int trace_child(void)
{
	pid_t child = fork();
	int result;

	if (child == 0) {
		pause();
		_exit(0);
	}
	result = outcome(ptrace(PTRACE_SEIZE, child, NULL, NULL));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return result;
}

const struct attempt process_attempts[] = {
	{"setuid", become_root},
	{"setgid", become_root_group},
	{"setresuid", become_another},
	{"setgroups", join_groups},
	{"a set-user-id program", run_as_root},
	{"gain a capability", gain_capability},
	{"gain an ambient capability", gain_ambient_capability},
	{"change the bounding set", drop_from_bounding_set},
	{"a bounding set", keep_bounding_set},
	{"set secure bits", lock_secure_bits},
	{"a higher priority", run_sooner},
	{"real-time scheduling", run_in_real_time},
	{"TIOCSTI", type_at_terminal},
	{"kill a sibling", signal_sibling},
	{"pidfd_open a sibling", hold_sibling},
	{"ptrace a sibling", trace_sibling},
	{"process_vm_readv a sibling", read_sibling},
	{"process_vm_writev a sibling", write_sibling},
	{"prlimit a sibling", limit_sibling},
	{"ptrace a child", trace_child},
	{NULL, NULL},
};
