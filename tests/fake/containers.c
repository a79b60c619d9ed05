/* SPDX-License-Identifier: Apache-2.0 */
#include "containers.h"

#include "events.h"
#include "volumes.h"
#include "worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>

struct container *container_new(struct engine *engine, const char *name, const char *image)
{
	struct container *container = xcalloc(1, sizeof(*container));

	container->engine = engine;
	random_hex(container->id, 64);
	container->name = name ? xstrdup(name) : xasprintf("fake_%.12s", container->id);
	container->image = xstrdup(image);
	container->created = now();
	container->forced_exit = -1;
	container->stop_timeout = 10;
	return container;
}

static char *json_keep(struct json_object **object)
{
	char *text = xstrdup(json_line(*object));

	json_object_put(*object);
	*object = NULL;
	return text;
}

static char *list_row(const struct container *container)
{
	struct text row = {0};

	text_addf(&row, "\"Id\":\"%s\",\"Names\":[\"/%s\"],\"Image\":", container->id,
		  container->name);
	text_add_json(&row, container->image);
	text_addf(&row, ",\"ImageID\":\"%s\",\"Command\":", container->image_id);
	text_add_json(&row, container->command ? container->command : "");
	text_addf(&row, ",\"Created\":%lld,\"Ports\":[],\"Labels\":%s",
		  (long long)container->created.tv_sec, json_line(container->labels));
	text_adds(&row, ",\"HostConfig\":{\"NetworkMode\":");
	text_add_json(&row, container->network ? container->network : "default");
	text_addf(&row, "},\"NetworkSettings\":{\"Networks\":{}},\"Mounts\":%s",
		  container->mounts_text);
	return row.data;
}

void container_seal(struct container *container)
{
	struct engine *engine = container->engine;

	container->config_text = json_keep(&container->config);
	container->host_config_text = json_keep(&container->host_config);
	container->mounts_text = json_keep(&container->mounts);
	container->list_text = list_row(container);
	HASH_ADD(by_id, engine->containers, id, 64, container);
	HASH_ADD_KEYPTR(by_name, engine->names, container->name, strlen(container->name),
			container);
	engine->created++;
}

struct container *container_by_name(struct engine *engine, const char *name)
{
	struct container *container = NULL;

	HASH_FIND(by_name, engine->names, name, strlen(name), container);
	return container;
}

static struct container *find_by_prefix(struct engine *engine, const char *prefix, size_t len)
{
	struct container *container, *next;
	struct container *found = NULL;

	HASH_ITER (by_id, engine->containers, container, next) {
		if (strncmp(container->id, prefix, len) != 0)
			continue;
		if (found)
			return NULL;
		found = container;
	}
	return found;
}

struct container *container_find(struct engine *engine, const char *reference)
{
	struct container *container = NULL;
	size_t len;

	if (*reference == '/')
		reference++;
	len = strlen(reference);
	if (len == 64)
		HASH_FIND(by_id, engine->containers, reference, 64, container);
	if (!container)
		container = container_by_name(engine, reference);
	if (!container && len > 0 && len < 64)
		container = find_by_prefix(engine, reference, len);
	return container;
}

static void set_running(struct container *container, struct timespec started)
{
	struct engine *engine = container->engine;

	container->state = CONTAINER_RUNNING;
	container->started = started;
	container->exit_code = 0;
	container->oom_killed = false;
	free(container->error);
	container->error = NULL;
	if (++engine->running > engine->peak_running)
		engine->peak_running = engine->running;
}

static void on_run_end(void *arg)
{
	struct container *container = arg;

	container_exited(container, container->idle_exit_code);
}

bool container_start(struct container *container)
{
	struct engine *engine = container->engine;
	int64_t run_ms = engine->options.run_ms;

	if (engine->options.worker) {
		if (!worker_start(container))
			return false;
		container->shown_pid = container->pid;
		HASH_ADD(by_pid, engine->processes, pid, sizeof(container->pid), container);
	} else {
		worker_imitate(container, &run_ms);
		container->shown_pid = getpid();
		if (run_ms > 0)
			timer_start(engine->loop, &container->run_timer, run_ms, on_run_end,
				    container);
	}
	set_running(container, now());
	event_emit(container, "start", NULL, NULL);
	return true;
}

void container_adopt(struct container *container, struct timespec started, pid_t shown_pid)
{
	container->shown_pid = shown_pid ? shown_pid : getpid();
	set_running(container, started);
}

void container_signal(struct container *container, int signal)
{
	if (container->pid) {
		(void)kill(container->pid, signal);
		return;
	}
	switch (signal) {
	case SIGKILL:
		container_exited(container, 128 + signal);
		break;
	case SIGTERM:
	case SIGINT:
	case SIGQUIT:
	case SIGHUP:
		if (!container->ignores_term)
			container_exited(container, 128 + signal);
		break;
	default:
		break;
	}
}

static void wake_waiters(struct container *container, bool removed)
{
	struct waiter *waiter, *next;

	DL_FOREACH_SAFE(container->waiters, waiter, next)
	{
		if (waiter->for_removal && !removed)
			continue;
		DL_DELETE(container->waiters, waiter);
		waiter->done(waiter);
	}
}

static void forget_worker(struct container *container)
{
	if (container->pid)
		HASH_DELETE(by_pid, container->engine->processes, container);
	container->pid = 0;
}

void container_exited(struct container *container, int exit_code)
{
	char code[16];

	if (container->state != CONTAINER_RUNNING)
		return;
	forget_worker(container);
	timer_stop(container->engine->loop, &container->run_timer);
	timer_stop(container->engine->loop, &container->stop_timer);
	container->engine->running--;
	container->state = CONTAINER_EXITED;
	container->exit_code = container->forced_exit >= 0 ? container->forced_exit : exit_code;
	container->forced_exit = -1;
	container->finished = now();
	snprintf(code, sizeof(code), "%d", container->exit_code);
	event_emit(container, "die", "exitCode", code);
	wake_waiters(container, false);
	if (container->remove_on_exit || container->auto_remove)
		container_remove(container);
}

void container_end(struct container *container, int exit_code, bool oom_killed)
{
	if (container->state != CONTAINER_RUNNING)
		return;
	if (oom_killed) {
		container->oom_killed = true;
		event_emit(container, "oom", NULL, NULL);
	}
	container->forced_exit = exit_code;
	if (container->pid)
		(void)kill(container->pid, SIGKILL);
	else
		container_exited(container, exit_code);
}

void container_discard(struct container *container)
{
	json_object_put(container->config);
	json_object_put(container->host_config);
	json_object_put(container->mounts);
	json_object_put(container->labels);
	json_object_put(container->env);
	json_object_put(container->args);
	free(container->command);
	free(container->entry);
	free(container->name);
	free(container->image);
	free(container->config_text);
	free(container->host_config_text);
	free(container->mounts_text);
	free(container->list_text);
	free(container->network);
	free(container->error);
	free(container);
}

static void container_free(struct container *container)
{
	struct engine *engine = container->engine;

	if (container->state == CONTAINER_RUNNING)
		engine->running--;
	if (container->pid)
		(void)kill(container->pid, SIGKILL);
	forget_worker(container);
	timer_stop(engine->loop, &container->run_timer);
	timer_stop(engine->loop, &container->stop_timer);
	HASH_DELETE(by_id, engine->containers, container);
	HASH_DELETE(by_name, engine->names, container);
	container_discard(container);
}

void container_remove(struct container *container)
{
	if (container->remove_volumes || container->auto_remove)
		volumes_drop_anonymous(container);
	event_emit(container, "destroy", NULL, NULL);
	wake_waiters(container, true);
	container_free(container);
}

bool container_still_removing(struct container *container)
{
	if (container->removing == 0)
		return false;
	if (--container->removing > 0)
		return true;
	container_remove(container);
	return true;
}

void container_wait(struct container *container, struct waiter *waiter, bool for_removal,
		    void (*done)(struct waiter *waiter))
{
	waiter->container = container;
	waiter->for_removal = for_removal;
	waiter->done = done;
	DL_APPEND(container->waiters, waiter);
}

void waiter_cancel(struct waiter *waiter)
{
	if (waiter->container)
		DL_DELETE(waiter->container->waiters, waiter);
	waiter->container = NULL;
}

const char *container_state_name(const struct container *container)
{
	static const char *const names[] = {
		[CONTAINER_CREATED] = "created",
		[CONTAINER_RUNNING] = "running",
		[CONTAINER_EXITED] = "exited",
		[CONTAINER_DEAD] = "dead",
	};

	return container->removing ? "removing" : names[container->state];
}

const char *container_label(const struct container *container, const char *key)
{
	return json_text(container->labels, key, NULL);
}

void containers_reap(struct engine *engine)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct container *container = NULL;

		HASH_FIND(by_pid, engine->processes, &pid, sizeof(pid), container);
		if (container)
			container_exited(container, WIFSIGNALED(status) ? 128 + WTERMSIG(status)
									: WEXITSTATUS(status));
	}
}

void containers_clear(struct engine *engine)
{
	struct container *container, *next;

	HASH_ITER (by_id, engine->containers, container, next) {
		wake_waiters(container, true);
		container_free(container);
	}
}
