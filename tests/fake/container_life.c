/* SPDX-License-Identifier: Apache-2.0 */
/* How a container starts, ends and goes, and who is told. */
#include "containers.h"
#include "events.h"
#include "volumes.h"
#include "worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>

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

/* Docker's worker runs at once, Podman's waits. Without workers the engine's own pid is shown. */
static bool make_worker(struct container *container)
{
	struct engine *engine = container->engine;

	container->shown_pid = getpid();
	if (!engine->options.worker)
		return true;
	if (!(engine->options.podman ? worker_hold(container) : worker_start(container)))
		return false;
	container->shown_pid = container->pid;
	HASH_ADD(by_pid, engine->processes, pid, sizeof(container->pid), container);
	return true;
}

bool container_init(struct container *container)
{
	timer_stop(container->engine->loop, &container->cleanup_timer);
	if (!make_worker(container)) {
		container->state = CONTAINER_CREATED;
		event_emit(container, "cleanup", NULL, NULL);
		return false;
	}
	container->state = CONTAINER_INITIALIZED;
	container->was_set_up = true;
	container->exit_code = 0;
	event_emit(container, "init", NULL, NULL);
	return true;
}

static void idle(struct container *container)
{
	struct engine *engine = container->engine;
	int64_t run_ms = engine->options.run_ms;

	worker_imitate(container, &run_ms);
	if (run_ms > 0)
		timer_start(engine->loop, &container->run_timer, run_ms, on_run_end, container);
}

bool container_start(struct container *container)
{
	struct engine *engine = container->engine;
	bool is_ready = container->state == CONTAINER_INITIALIZED;

	if (!is_ready && !(engine->options.podman ? container_init : make_worker)(container))
		return false;
	if (engine->options.worker)
		worker_release(container);
	else
		idle(container);
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
	if (container->gate >= 0)
		close(container->gate);
	container->pid = 0;
	container->gate = -1;
}

static void on_cleanup(void *arg)
{
	struct container *container = arg;

	container->state = CONTAINER_EXITED;
	event_emit(container, "cleanup", NULL, NULL);
}

/* The end of a process that was never let go is no event of its container's (Podman 4.3.1). */
static void lose_worker(struct container *container)
{
	forget_worker(container);
	if (container->state != CONTAINER_INITIALIZED)
		return;
	container->state = CONTAINER_CREATED;
	event_emit(container, "cleanup", NULL, NULL);
}

void container_exited(struct container *container, int exit_code)
{
	struct engine *engine = container->engine;
	char code[16];

	if (container->state != CONTAINER_RUNNING || container->lost_conmon) {
		lose_worker(container);
		return;
	}
	forget_worker(container);
	timer_stop(engine->loop, &container->run_timer);
	timer_stop(engine->loop, &container->stop_timer);
	engine->running--;
	container->state = engine->options.podman ? CONTAINER_STOPPED : CONTAINER_EXITED;
	container->exit_code = container->forced_exit >= 0 ? container->forced_exit : exit_code;
	container->forced_exit = -1;
	container->finished = now();
	snprintf(code, sizeof(code), "%d", container->exit_code);
	event_emit(container, "die", "exitCode", code);
	wake_waiters(container, false);
	if (container->remove_on_exit || container->auto_remove)
		container_remove(container);
	else if (engine->options.podman)
		timer_start(engine->loop, &container->cleanup_timer, engine->options.cleanup_ms,
			    on_cleanup, container);
}

void container_give_up(struct container *container)
{
	container->engine->running--;
	container->state = CONTAINER_STOPPED;
	container->exit_code = -1;
	container->finished = now();
}

void container_end(struct container *container, int exit_code, bool oom_killed)
{
	if (container->state != CONTAINER_RUNNING)
		return;
	/* Podman (4.3.1, cgroup v1) does not see what the kernel ended for its memory. */
	if (oom_killed && !container->engine->options.podman) {
		container->oom_killed = true;
		event_emit(container, "oom", NULL, NULL);
	}
	container->forced_exit = exit_code;
	if (container->pid)
		(void)kill(container->pid, SIGKILL);
	else
		container_exited(container, exit_code);
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
	timer_stop(engine->loop, &container->cleanup_timer);
	HASH_DELETE(by_id, engine->containers, container);
	HASH_DELETE(by_name, engine->names, container);
	container_discard(container);
}

void container_remove(struct container *container)
{
	if (container->remove_volumes || container->auto_remove)
		volumes_drop_anonymous(container);
	event_emit(container, container->engine->options.podman ? "remove" : "destroy", NULL, NULL);
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
