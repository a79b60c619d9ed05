/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Init, start, kill and remove as Podman 4.3.1 does them. Its containers are watched by a conmon
 * each; one whose conmon has died stays "running" with its last pid whatever becomes of the
 * process, until somebody removes it.
 */
#include "events.h"
#include "handlers.h"
#include "podman.h"
#include "target.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void start_error(struct request *request, const struct container *container)
{
	const char *cause = strrchr(container->error, ':');
	size_t before = (size_t)(cause - container->error);

	podman_error(request, 500, cause + 2, "%.*s", (int)before, container->error);
}

/* It fails where runc cannot make what was asked for; the container stays "created". */
void handle_podman_init(struct request *request)
{
	struct container *container = target_container(request);

	if (!container)
		return;
	if (container->state == CONTAINER_INITIALIZED || container->state == CONTAINER_RUNNING)
		reply_empty(request, 304);
	else if (container_init(container))
		reply_empty(request, 204);
	else
		start_error(request, container);
}

/* One that has exited runs once more. */
void handle_podman_start(struct request *request)
{
	struct container *container = target_container(request);

	if (!container)
		return;
	if (container->state == CONTAINER_RUNNING)
		reply_empty(request, 304);
	else if (container_start(container))
		reply_empty(request, 204);
	else
		start_error(request, container);
}

/* SIGKILL waits for the end, which nobody sees where the conmon is gone: then it waits for ever. */
void handle_podman_kill(struct request *request)
{
	const char *name = request_arg(request, "signal");
	int signal = signal_number(name && *name ? name : "KILL");
	struct container *container = target_container(request);
	char *cause;

	if (!container)
		return;
	if (signal == 0) {
		cause = xasprintf("invalid signal: %s", name);
		podman_error_as(request, 500, cause, cause);
		free(cause);
	} else if (container->state != CONTAINER_RUNNING) {
		podman_error(request, 500, "container state improper",
			     "can only kill running containers. %s is in state %s", container->id,
			     container_state_name(container));
	} else if (container->lost_conmon && !container->pid) {
		podman_error_as(request, 500, "container state improper",
				"container state improper: stopped");
	} else if (signal == SIGKILL) {
		reply_after(request, container, false, NULL);
		send_signal(container, signal);
	} else {
		reply_empty(request, 204);
		send_signal(container, signal);
	}
}

/* The real one answers so after 5 s; the next removal finds it stopped and takes it away. */
static void give_up_on(struct request *request, struct container *container)
{
	if (container->pid)
		(void)kill(container->pid, SIGKILL);
	container_give_up(container);
	podman_error(request, 500, "internal libpod error",
		     "cannot remove container %s as it could not be stopped: timed out waiting for "
		     "file /run/libpod/exits/%s",
		     container->id, container->id);
}

static void on_grace_over(void *arg)
{
	container_signal(arg, SIGKILL);
}

static void end_container(struct container *container, int64_t grace_s)
{
	if (grace_s > 0)
		timer_start(container->engine->loop, &container->stop_timer, grace_s * 1000,
			    on_grace_over, container);
	container_signal(container, grace_s > 0 ? SIGTERM : SIGKILL);
}

/* `done` is what a removal is answered with: NULL is 204 without a body. */
static void remove_container(struct request *request, int64_t grace_s, struct json_object *done)
{
	struct container *container = target_container(request);

	if (!container) {
		json_object_put(done);
	} else if (container->state != CONTAINER_RUNNING) {
		container->remove_volumes = request_flag(request, "v");
		container_remove(container);
		if (done)
			reply_json(request, 200, done);
		else
			reply_empty(request, 204);
	} else if (!request_flag(request, "force")) {
		json_object_put(done);
		podman_error(request, 500, "container state improper",
			     "cannot remove container %s as it is running - running or paused "
			     "containers cannot be removed without force",
			     container->id);
	} else if (container->lost_conmon) {
		json_object_put(done);
		give_up_on(request, container);
	} else {
		container->remove_volumes = request_flag(request, "v");
		container->remove_on_exit = true;
		reply_after(request, container, true, done);
		end_container(container, grace_s);
	}
}

/* The compatible API has no `timeout`: the container's own is waited for, whatever is asked. */
void handle_podman_remove(struct request *request)
{
	const struct container *container = container_find(request->engine, request->target);

	remove_container(request, container ? container->stop_timeout : 0, NULL);
}

void handle_libpod_remove(struct request *request)
{
	const struct container *container = container_find(request->engine, request->target);
	const char *timeout = request_arg(request, "timeout");
	struct json_object *list = json_object_new_array();
	struct json_object *row = json_object_new_object();
	int64_t grace_s = container ? container->stop_timeout : 0;

	json_put(row, "Id", container ? container->id : "");
	json_put(row, "RawInput", request->target);
	json_object_array_add(list, row);
	remove_container(request, timeout ? atoll(timeout) : grace_s, list);
}
