/* SPDX-License-Identifier: Apache-2.0 */
/* What there is a limit for: each attempt goes a little beyond it. */
#include "hardening/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MORE 8
#define MIB  (1L << 20)

static int fork_too_often(void)
{
	int result = 0;
	long started = 0;

	setpgid(0, 0);
	signal(SIGTERM, SIG_IGN);
	while (result == 0 && started < here.pids + MORE) {
		pid_t child = fork();

		if (child == 0) {
			signal(SIGTERM, SIG_DFL);
			for (;;)
				pause();
		}
		result = outcome(child);
		started += child > 0;
	}
	/* Those that have not come to listen yet get it, too, in the end. */
	do {
		kill(0, SIGTERM);
		usleep(1000);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			started--;
	} while (started > 0);
	return result;
}

/* The first to be ended when there is not enough: not the worker. */
static int use_too_much_memory(void)
{
	int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	long size = here.memory + 64 * MIB;
	char *memory;

	if (write(score, "1000", 4) < 0)
		return errno;
	memory = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return errno;
	for (long at = 0; at < size; at += 4096)
		memory[at] = 1;
	return 0;
}

static int open_too_many(void)
{
	int fd = 0;

	for (long count = 0; fd >= 0 && count <= here.nofile; count++)
		fd = dup(0);
	return outcome(fd);
}

static int raise_limit(int which, rlim_t value)
{
	return outcome(setrlimit(which, &(struct rlimit){value, value}));
}

static int raise_open_files(void)
{
	return raise_limit(RLIMIT_NOFILE, (rlim_t)here.nofile + 1);
}

static int raise_core_size(void)
{
	return raise_limit(RLIMIT_CORE, MIB);
}

/* Beyond what any policy gives. */
static int raise_processes(void)
{
	return raise_limit(RLIMIT_NPROC, 40000);
}

const struct attempt limit_attempts[] = {
	{"more processes", fork_too_often},
	{"more memory", use_too_much_memory},
	{"more open files", open_too_many},
	{"raise the open files", raise_open_files},
	{"raise the core size", raise_core_size},
	{"raise the processes", raise_processes},
	{NULL, NULL},
};

int overfill(const char *path, long size)
{
	char name[256];
	int fd, result;

	snprintf(name, sizeof(name), "%s/berth-probe-filler", path);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	/* There is room for something; else a full disk would look like a limit. */
	result = fallocate(fd, 0, 0, 64 << 10) < 0 ? EBADE
						   : outcome(fallocate(fd, 0, 0, size + MIB));
	unlink(name);
	return result;
}

int run_copy_in(const char *directory)
{
	char name[256];
	struct stat status;
	int source = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), copy, code;
	pid_t child;

	snprintf(name, sizeof(name), "%s/berth-probe-copy", directory);
	copy = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	if (source < 0 || copy < 0 || fstat(source, &status) < 0 ||
	    sendfile(copy, source, NULL, (size_t)status.st_size) < 0)
		return errno;
	close(copy);
	child = fork();
	if (child == 0) {
		execl(name, name, "rooted", (char *)NULL);
		_exit(errno == EPERM ? EACCES : errno);
	}
	waitpid(child, &code, 0);
	unlink(name);
	/* It ran, and told who it is. */
	return WEXITSTATUS(code) == EPERM ? 0 : WEXITSTATUS(code);
}
