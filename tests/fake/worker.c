/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include "behaviour.h"
#include "rules.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_WORDS 16

static const char *session_of(const struct container *container)
{
	static const char name[] = "ANTHROPIC_SESSION_ID=";

	for (size_t i = 0; i < json_object_array_length(container->env); i++) {
		const char *variable =
			json_object_get_string(json_object_array_get_idx(container->env, i));

		if (variable && strncmp(variable, name, sizeof(name) - 1) == 0)
			return variable + sizeof(name) - 1;
	}
	return "";
}

/* The environment as execve() wants it; the strings stay the JSON's. */
char **worker_environment(const struct container *container)
{
	size_t count = json_object_array_length(container->env);
	char **list = xcalloc(count + 1, sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = xstrdup(
			json_object_get_string(json_object_array_get_idx(container->env, i)));
	return list;
}

void worker_free_list(char **list)
{
	for (size_t i = 0; list[i]; i++)
		free(list[i]);
	free(list);
}

/* argv: the program, our pid so that it can die with us, the words of the rules. */
char **worker_arguments(const struct container *container)
{
	struct json_object *rule = rules_for_worker(container->engine, session_of(container));
	struct json_object *words = json_member(rule, "words");
	char **list = xcalloc(MAX_WORDS + 3, sizeof(*list));
	size_t count = 0;

	list[count++] = xstrdup(container->engine->options.worker);
	list[count++] = xasprintf("%d", (int)getpid());
	if (json_object_is_type(words, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(words) && i < MAX_WORDS; i++)
			list[count++] = xstrdup(
				json_object_get_string(json_object_array_get_idx(words, i)));
	}
	json_object_put(rule);
	return list;
}

static int spawn(pid_t *pid, const char *program, char **argv, char **env)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t term, all;
	int error;

	/* The worker takes SIGTERM when it is ready for it, and none is lost before. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &term);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	error = posix_spawn(pid, program, &files, &attributes, argv, env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

bool worker_start(struct container *container)
{
	const char *program = container->engine->options.worker;
	char **argv = worker_arguments(container);
	char **env = worker_environment(container);
	int error = access(program, X_OK) == 0 ? spawn(&container->pid, program, argv, env) : errno;

	worker_free_list(argv);
	worker_free_list(env);
	if (error == 0)
		return true;
	container->pid = 0;
	free(container->error);
	container->error = xasprintf("exec: \"%s\": %s", program, strerror(error));
	return false;
}

void worker_imitate(struct container *container, int64_t *run_ms)
{
	const char *session = session_of(container);
	struct json_object *rule = rules_for_worker(container->engine, session);
	struct json_object *words = json_member(rule, "words");
	struct behaviour behaviour = {.run_ms = *run_ms};

	behaviour_read_session(&behaviour, session);
	if (json_object_is_type(words, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(words); i++)
			behaviour_read_word(
				&behaviour,
				json_object_get_string(json_object_array_get_idx(words, i)));
	}
	container->ignores_term = behaviour.ignore_term;
	container->idle_exit_code = behaviour.exit_code;
	*run_ms = behaviour.run_ms;
	json_object_put(rule);
}
