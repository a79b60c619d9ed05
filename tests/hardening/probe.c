/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe [NAME=VALUE...] - makes every attempt and prints a line for each: its name, a tab, and "ok"
 * or what came of it, an errno or a signal by name. Each is made by a child, which hands its
 * outcome over as its exit status, so that none can hurt the others.
 *
 * Further arguments: room=PATH:BYTES, a file system of that size, and programs=PATH, a directory;
 * either as often as wanted. "probe rooted" only says by its exit status whether it runs as root.
 */
#include "hardening/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ATTEMPT_SECONDS 20

struct surroundings here;

int outcome(long returned)
{
	return returned < 0 ? errno : 0;
}

static int made(const struct attempt *attempt)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		alarm(ATTEMPT_SECONDS);
		_exit(attempt->run());
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		perror("probe");
		exit(1);
	}
	return status;
}

static void print(const char *name, int status)
{
	int code = WEXITSTATUS(status);

	printf("%s\t", name);
	if (WIFSIGNALED(status))
		printf("SIG%s\n", sigabbrev_np(WTERMSIG(status)));
	else if (code == 0)
		puts("ok");
	else if (code == PROBE_EMPTY)
		puts("empty");
	else if (strerrorname_np(code))
		puts(strerrorname_np(code));
	else
		printf("%d\n", code);
	fflush(stdout);
}

static void make_all(const struct attempt *attempts)
{
	for (const struct attempt *each = attempts; each->name; each++)
		print(each->name, made(each));
}

/* --- attempts that have a path of the caller's ------------------------------------------------ */

static const char *path;
static long size;

static int overfill_path(void)
{
	return overfill(path, size);
}

static int run_copy_in_path(void)
{
	return run_copy_in(path);
}

static void make_at(const char *words, int (*run)(void))
{
	char name[256];

	snprintf(name, sizeof(name), "%s %s", words, path);
	print(name, made(&(struct attempt){name, run}));
}

static void make_room_attempt(char *value)
{
	char *colon = strrchr(value, ':');

	if (!colon)
		return;
	*colon = '\0';
	path = value;
	size = atol(colon + 1);
	make_at("overfill", overfill_path);
}

/* --- the command line ------------------------------------------------------------------------- */

static void take(const char *name, const char *value)
{
	if (strcmp(name, "engine_socket") == 0)
		here.engine_socket = value;
	else if (strcmp(name, "host_listener") == 0)
		here.host_listener = value;
	else if (strcmp(name, "sibling") == 0)
		here.sibling = value;
	else if (strcmp(name, "sibling_pid") == 0)
		here.sibling_pid = atoi(value);
	else if (strcmp(name, "host_disk") == 0)
		here.host_disk = value;
	else if (strcmp(name, "pids") == 0)
		here.pids = atol(value);
	else if (strcmp(name, "memory") == 0)
		here.memory = atol(value);
	else if (strcmp(name, "nofile") == 0)
		here.nofile = atol(value);
}

int main(int count, char **arguments)
{
	if (count == 2 && strcmp(arguments[1], "rooted") == 0)
		return geteuid() == 0 ? 0 : EPERM;
	for (int i = 1; i < count; i++) {
		char *equals = strchr(arguments[i], '=');

		if (!equals)
			continue;
		*equals = '\0';
		take(arguments[i], equals + 1);
	}
	make_all(kernel_attempts);
	make_all(file_attempts);
	make_all(process_attempts);
	make_all(network_attempts);
	make_all(limit_attempts);
	for (int i = 1; i < count; i++) {
		char *value = arguments[i] + strlen(arguments[i]) + 1;

		if (strcmp(arguments[i], "room") == 0)
			make_room_attempt(value);
		if (strcmp(arguments[i], "programs") == 0) {
			path = value;
			make_at("run a program in", run_copy_in_path);
		}
	}
	return 0;
}
