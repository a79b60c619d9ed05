/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker that is held back is a shell that reads from a socket: a line makes it the worker, the
 * end of the stream (we are gone) ends it. Its command line has the container's id, as a real one's
 * cgroup has. Its limits are set from outside, so that what the kernel refuses is known before the
 * answer.
 */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where the child has its end of the gate; everything above is closed. */
#define GATE	 3
#define GATE_WAY "exec <&3 3<&- && read -r go && exec </dev/null && exec \"$@\""

/* The worker's arguments behind those of the shell that waits for it; a list of the caller's. */
static char **gated(struct container *container, char **argv)
{
	static char shell[] = "/bin/sh", script[] = "-c", way[] = GATE_WAY;
	size_t count = 0;

	while (argv[count])
		count++;
	char **all = calloc(count + 6, sizeof(*all));
	if (!all)
		abort();
	all[0] = shell;
	all[1] = script;
	all[2] = way;
	all[3] = container->id;
	memcpy(all + 4, argv, count * sizeof(*all));
	all[4 + count] = container->id; /* a word that says nothing to the worker */
	return all;
}

static void __attribute__((noreturn)) wait_and_run(int gate, char **argv, char **env)
{
	sigset_t term;
	char byte = 'r';

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_SETMASK, &term, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (gate != GATE)
		(void)dup2(gate, GATE);
	(void)close_range(GATE + 1, ~0U, 0);
	(void)close(STDIN_FILENO);
	(void)open("/dev/null", O_RDONLY);
	if (write(GATE, &byte, 1) == 1)
		execve(argv[0], argv, env);
	_exit(127);
}

/* True once the child has closed what it inherited. */
static bool fork_worker(struct container *container, char **argv, char **env)
{
	int ends[2];
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	char **all = gated(container, argv);
	container->pid = fork();
	if (container->pid == 0)
		wait_and_run(ends[1], all, env);
	free(all);
	close(ends[1]);
	container->gate = ends[0];
	return container->pid > 0 && read(container->gate, &byte, 1) == 1;
}

/* One of runc's limits, which are named without a prefix; false with runc's words. */
static bool set_limit(struct container *container, struct json_object *limit)
{
	static const struct {
		const char *type;
		int resource;
	} resources[] = {
		{"as", RLIMIT_AS},	   {"core", RLIMIT_CORE},   {"cpu", RLIMIT_CPU},
		{"data", RLIMIT_DATA},	   {"fsize", RLIMIT_FSIZE}, {"memlock", RLIMIT_MEMLOCK},
		{"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC}, {"stack", RLIMIT_STACK}};
	const char *type = json_text(limit, "type", "");
	struct rlimit value = {.rlim_cur = (rlim_t)json_number(limit, "soft", 0),
			       .rlim_max = (rlim_t)json_number(limit, "hard", 0)};

	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		if (strcasecmp(resources[i].type, type) != 0)
			continue;
		if (prlimit(container->pid, (enum __rlimit_resource)resources[i].resource, &value,
			    NULL) == 0)
			return true;
		container->error = xasprintf(
			"runc: runc create failed: unable to start container process: error during "
			"container init: error setting rlimits for ready process: error setting "
			"rlimit type %d: operation not permitted: OCI permission denied",
			resources[i].resource);
		return false;
	}
	container->error = xasprintf("runc: runc create failed: wrong rlimit value: RLIMIT_%s: OCI "
				     "runtime error",
				     type);
	for (char *p = strstr(container->error, "RLIMIT_"); *p != ':'; p++)
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
	return false;
}

static bool set_limits(struct container *container)
{
	struct json_object *limits = json_member(container->spec, "r_limits");

	for (size_t i = 0; limits && i < json_object_array_length(limits); i++) {
		if (!set_limit(container, json_object_array_get_idx(limits, i)))
			return false;
	}
	return true;
}

bool worker_hold(struct container *container)
{
	const char *program = container->engine->options.worker;
	char **argv = worker_arguments(container);
	char **env = worker_environment(container);
	bool holds = false;

	free(container->error);
	container->error = NULL;
	if (access(program, X_OK) < 0)
		container->error = xasprintf(
			"runc: runc create failed: unable to start container process: exec: "
			"\"%s\": stat %s: no such file or directory: OCI runtime attempted to "
			"invoke a command that was not found",
			program, program);
	else if (!fork_worker(container, argv, env))
		container->error = xasprintf("runc: runc create failed: %s: OCI runtime error",
					     strerror(errno));
	else
		holds = set_limits(container);
	worker_free_list(argv);
	worker_free_list(env);
	if (holds)
		return true;
	if (container->pid > 0)
		(void)kill(container->pid, SIGKILL);
	if (container->gate >= 0)
		close(container->gate);
	container->gate = -1;
	container->pid = 0;
	return false;
}

void worker_release(struct container *container)
{
	if (container->gate < 0)
		return;
	(void)!write(container->gate, "go\n", 3);
	close(container->gate);
	container->gate = -1;
}
