/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   bench-run-once PROGRAM ARGUMENT...
 *
 * runs it with its standard output thrown away, and prints how long it took, its processor time,
 * both in milliseconds, its peak memory (ru_maxrss, which is its VmHWM) in KiB, and its exit code.
 * A small program, because the peak of whoever makes a process counts as that of the process.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double of_timeval(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static double milliseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	pid_t pid;
	int status;

	if (argc < 2)
		return 64;
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	double began = milliseconds();
	if (posix_spawn(&pid, argv[1], &actions, NULL, argv + 1, environ) != 0 ||
	    wait4(pid, &status, 0, &usage) != pid)
		return 70;
	printf("%.3f %.3f %ld %d\n", milliseconds() - began,
	       of_timeval(usage.ru_utime) + of_timeval(usage.ru_stime), usage.ru_maxrss,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
